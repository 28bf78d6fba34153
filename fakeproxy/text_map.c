/* SPDX-License-Identifier: MIT
 *
 * Chained hashing by FNV-1a; the table doubles when it is full. The keys come from the network, so
 * a peer could choose colliding ones: what that can cost is bounded by the limits of
 * fakeproxy_internal.h.
 */
#include "fakeproxy/text_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_AT_FIRST = 64 };

struct text_map_entry {
  struct text_map_entry *next;
  uint64_t hash;
  void *value;
  char key[];
};

static uint64_t hash_of(const char *key) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *key; key++)
    hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
  return hash;
}

static int grow(struct text_map *map) {
  size_t count = map->bucket_count ? 2 * map->bucket_count : BUCKETS_AT_FIRST;
  struct text_map_entry **buckets = calloc(count, sizeof *buckets);
  if (!buckets)
    return -1;
  for (size_t i = 0; i < map->bucket_count; i++)
    while (map->buckets[i]) {
      struct text_map_entry *entry = map->buckets[i];
      map->buckets[i] = entry->next;
      entry->next = buckets[entry->hash & (count - 1)];
      buckets[entry->hash & (count - 1)] = entry;
    }
  free(map->buckets);
  map->buckets = buckets;
  map->bucket_count = count;
  return 0;
}

int text_map_add(struct text_map *map, const char *key, void *value) {
  if (map->count >= map->bucket_count && grow(map))
    return -1;
  size_t size = strlen(key) + 1;
  struct text_map_entry *entry = malloc(sizeof *entry + size);
  if (!entry)
    return -1;
  memcpy(entry->key, key, size);
  entry->hash = hash_of(key);
  entry->value = value;
  struct text_map_entry **bucket = &map->buckets[entry->hash & (map->bucket_count - 1)];
  entry->next = *bucket;
  *bucket = entry;
  map->count++;
  return 0;
}

/* The link that points to the entry, or to NULL. */
static struct text_map_entry **link_to(const struct text_map *map, const char *key) {
  uint64_t hash = hash_of(key);
  struct text_map_entry **link = &map->buckets[hash & (map->bucket_count - 1)];
  while (*link && ((*link)->hash != hash || strcmp((*link)->key, key) != 0))
    link = &(*link)->next;
  return link;
}

void *text_map_find(const struct text_map *map, const char *key) {
  struct text_map_entry *entry = map->count ? *link_to(map, key) : NULL;
  return entry ? entry->value : NULL;
}

static void *unlink_entry(struct text_map *map, struct text_map_entry **link) {
  struct text_map_entry *entry = *link;
  void *value = entry->value;
  *link = entry->next;
  free(entry);
  map->count--;
  return value;
}

void *text_map_remove(struct text_map *map, const char *key) {
  struct text_map_entry **link = map->count ? link_to(map, key) : NULL;
  return link && *link ? unlink_entry(map, link) : NULL;
}

void *text_map_take(struct text_map *map) {
  for (size_t i = 0; map->count && i < map->bucket_count; i++)
    if (map->buckets[i])
      return unlink_entry(map, &map->buckets[i]);
  return NULL;
}

void text_map_clear(struct text_map *map) {
  while (map->count)
    text_map_take(map);
  free(map->buckets);
  *map = (struct text_map){0};
}
