/* SPDX-License-Identifier: MIT
 *
 * Answers that are kept encoded. Two queries that differ in nothing but their id have answers that
 * differ in nothing but their id, as long as the zones stay the same and nothing in the answer is
 * drawn or rotated; so the key is the whole query after its id, and the transport's limit.
 */
#ifndef FAKEDNS_KEPT_H
#define FAKEDNS_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept;

int kept_create(struct kept **out);
void kept_destroy(struct kept *kept);

/* Forgets all: the zones have changed. */
void kept_clear(struct kept *kept);

/* The answer to this query, with its id, malloc'd; false when none is kept or memory is out. */
bool kept_find(const struct kept *kept, const uint8_t *query, size_t query_size, size_t limit,
               uint8_t **answer, size_t *size);

/* Keeps a copy; another answer may be forgotten for it. Out of memory keeps nothing. */
void kept_add(struct kept *kept, const uint8_t *query, size_t query_size, size_t limit,
              const uint8_t *answer, size_t size);

#endif
