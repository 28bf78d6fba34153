/* SPDX-License-Identifier: MIT
 *
 * A map from texts to things: transactions by their key, address of records by their URI, dialogs
 * by their identity. Nothing ever walks it in its own order except to free everything, so hashing
 * shows nowhere.
 */
#ifndef FAKEPROXY_TEXT_MAP_H
#define FAKEPROXY_TEXT_MAP_H

#include <stddef.h>

struct text_map_entry;

/* An initialiser of {0} is an empty map. */
struct text_map {
  struct text_map_entry **buckets;
  size_t bucket_count; /* a power of two, or 0 */
  size_t count;
};

/* Adds `value` (borrowed) under a key (copied) that is not in the map yet. Returns 0, or -1 when
 * out of memory. */
int text_map_add(struct text_map *map, const char *key, void *value);

/* NULL when there is none. */
void *text_map_find(const struct text_map *map, const char *key);

/* Removes and returns the value; NULL when there is none. */
void *text_map_remove(struct text_map *map, const char *key);

/* Removes and returns any value; NULL when the map is empty. For freeing everything. */
void *text_map_take(struct text_map *map);

/* Frees the map itself; the values are the caller's. */
void text_map_clear(struct text_map *map);

#endif
