/* SPDX-License-Identifier: MIT
 *
 * The timeline: an array of events that only grows, a digest that grows with it.
 */
#include "harness/lab/timeline.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct timeline {
  const struct hosts *hosts;
  FILE *output;
  struct event **events;
  uint64_t count, capacity;
  bool overflowed;
  EVP_MD_CTX *digest;
};

int timeline_create(struct timeline **out, const struct hosts *hosts, FILE *output) {
  struct timeline *timeline = calloc(1, sizeof *timeline);
  if (!timeline)
    return -1;
  timeline->hosts = hosts;
  timeline->output = output;
  timeline->digest = EVP_MD_CTX_new();
  if (!timeline->digest || EVP_DigestInit_ex(timeline->digest, EVP_sha256(), NULL) != 1) {
    timeline_destroy(timeline);
    return -1;
  }
  *out = timeline;
  return 0;
}

void timeline_destroy(struct timeline *timeline) {
  if (!timeline)
    return;
  for (uint64_t i = 0; i < timeline->count; i++)
    event_destroy(timeline->events[i]);
  free(timeline->events);
  EVP_MD_CTX_free(timeline->digest);
  free(timeline);
}

static void name_host(const struct hosts *hosts, char name[EVENT_HOST_SIZE],
                      const struct sockaddr_storage *address) {
  const char *found = name[0] ? NULL : hosts_name(hosts, address);
  if (found)
    snprintf(name, EVENT_HOST_SIZE, "%s", found);
}

static void record(struct timeline *timeline, const struct event *event) {
  char *line = event_format(event);
  if (!line)
    return;
  EVP_DigestUpdate(timeline->digest, line, strlen(line));
  EVP_DigestUpdate(timeline->digest, "\n", 1);
  if (timeline->output)
    fprintf(timeline->output, "%s\n", line);
  free(line);
}

void timeline_append(struct timeline *timeline, struct event *event, int64_t t_ns) {
  event->sequence = timeline->count;
  event->t_ns = t_ns;
  name_host(timeline->hosts, event->source, &event->source_address);
  name_host(timeline->hosts, event->target, &event->target_address);
  if (timeline->count == timeline->capacity && timeline->count < TIMELINE_EVENTS_MAX) {
    uint64_t capacity = timeline->capacity ? 2 * timeline->capacity : 1024;
    struct event **events = realloc(timeline->events, capacity * sizeof(struct event *));
    if (events) {
      timeline->events = events;
      timeline->capacity = capacity;
    }
  }
  if (timeline->count == timeline->capacity || timeline->count >= TIMELINE_EVENTS_MAX) {
    timeline->overflowed = true;
    event_destroy(event);
    return;
  }
  timeline->events[timeline->count++] = event;
  record(timeline, event);
}

const struct event *timeline_event(const struct timeline *timeline, uint64_t sequence) {
  return sequence < timeline->count ? timeline->events[sequence] : NULL;
}

uint64_t timeline_count(const struct timeline *timeline) {
  return timeline->count;
}

bool timeline_overflowed(const struct timeline *timeline) {
  return timeline->overflowed;
}

void timeline_digest(const struct timeline *timeline, char digest[TIMELINE_DIGEST_SIZE]) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_MD_CTX *copy = EVP_MD_CTX_new();
  if (copy && EVP_MD_CTX_copy_ex(copy, timeline->digest) == 1)
    EVP_DigestFinal_ex(copy, bytes, &size);
  EVP_MD_CTX_free(copy);
  digest[0] = '\0';
  for (unsigned i = 0; i < size && 2 * i + 2 < TIMELINE_DIGEST_SIZE; i++)
    snprintf(digest + 2 * i, 3, "%02x", bytes[i]);
}
