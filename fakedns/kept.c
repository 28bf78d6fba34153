/* SPDX-License-Identifier: MIT
 *
 * Kept answers, in a table in which each query has one place: an answer that comes to a place that
 * is taken, takes it. What is found never depends on where the table lies in memory.
 */
#include "fakedns/kept.h"

#include <stdlib.h>
#include <string.h>

/* A phone asks a handful of questions again and again; this is room for many phones. */
enum { PLACES = 256 };

/* Longer queries are none of a phone's. */
enum { QUERY_SIZE_MAX = 512, ID_SIZE = 2 };

struct place {
  uint8_t *bytes; /* the query after its id, then the answer; NULL: the place is free */
  size_t query_size, answer_size, limit;
};

struct kept {
  struct place places[PLACES];
};

int kept_create(struct kept **out) {
  struct kept *kept = calloc(1, sizeof *kept);
  if (!kept)
    return -1;
  *out = kept;
  return 0;
}

void kept_clear(struct kept *kept) {
  for (size_t i = 0; i < PLACES; i++) {
    free(kept->places[i].bytes);
    kept->places[i] = (struct place){0};
  }
}

void kept_destroy(struct kept *kept) {
  if (!kept)
    return;
  kept_clear(kept);
  free(kept);
}

/* FNV-1a over the query after its id. */
static size_t place_of(const uint8_t *query, size_t size) {
  uint32_t hash = UINT32_C(2166136261);
  for (size_t i = ID_SIZE; i < size; i++)
    hash = (hash ^ query[i]) * UINT32_C(16777619);
  return hash % PLACES;
}

static bool is_keepable(size_t query_size) {
  return query_size > ID_SIZE && query_size <= QUERY_SIZE_MAX;
}

bool kept_find(const struct kept *kept, const uint8_t *query, size_t query_size, size_t limit,
               uint8_t **answer, size_t *size) {
  if (!is_keepable(query_size))
    return false;
  const struct place *place = &kept->places[place_of(query, query_size)];
  if (!place->bytes || place->query_size != query_size || place->limit != limit ||
      memcmp(place->bytes, query + ID_SIZE, query_size - ID_SIZE) != 0)
    return false;
  uint8_t *copy = malloc(place->answer_size);
  if (!copy)
    return false;
  memcpy(copy, place->bytes + query_size - ID_SIZE, place->answer_size);
  memcpy(copy, query, ID_SIZE);
  *answer = copy;
  *size = place->answer_size;
  return true;
}

void kept_add(struct kept *kept, const uint8_t *query, size_t query_size, size_t limit,
              const uint8_t *answer, size_t size) {
  if (!is_keepable(query_size))
    return;
  uint8_t *bytes = malloc(query_size - ID_SIZE + size);
  if (!bytes)
    return;
  memcpy(bytes, query + ID_SIZE, query_size - ID_SIZE);
  memcpy(bytes + query_size - ID_SIZE, answer, size);
  struct place *place = &kept->places[place_of(query, query_size)];
  free(place->bytes);
  *place =
      (struct place){.bytes = bytes, .query_size = query_size, .answer_size = size, .limit = limit};
}
