/* SPDX-License-Identifier: MIT
 *
 * What becomes of the bytes of a message that a rule damages (VERDICT_CORRUPT), by manner:
 *
 *   truncate   an answer without records and with TC: its reader has to ask again over TCP
 *   id         another id, which is of no query
 *   question   another question: the first letter of the name is another one
 *   garbage    random bytes; only id and QR stay, so that the reader has to look at the rest
 *   short      cut short in the middle; over TCP the length says so too
 */
#ifndef FAKEDNS_FAULTS_H
#define FAKEDNS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/random.h"

/* Whether there is a manner of this name. */
bool fakedns_manner_exists(const char *manner);

/* Damages a message in a manner that exists. `*out` is malloc'd. What has no question, no header
 * and so on for the manner to damage comes back as it is. Returns 0, or -1 when out of memory. */
int fakedns_corrupt(const char *manner, struct random_stream *random, const uint8_t *bytes,
                    size_t size, uint8_t **out, size_t *out_size);

#endif
