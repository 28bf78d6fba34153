/* SPDX-License-Identifier: MIT
 *
 * The cache of the resolver (dns_cache.h): a list, the newest entry first, which is short enough to
 * be walked.
 */
#include "ua/dns_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One NAPTR name, 6 SRV names and the addresses of 72 targets in two families (CISCO-SRV-2) are 151
 * answers. The oldest is given up when there are more. */
#define CACHE_MAX 192

struct entry {
  struct entry *next;
  char name[DNS_NAME_SIZE];
  enum dns_type type;
  int64_t expires_at_ms;
  int64_t stale_until_ms; /* not later than `expires_at_ms`: can't be revived */
  struct dns_answer answer;
};

struct dns_cache {
  struct entry *first;
};

struct dns_cache *dns_cache_create(void) {
  return calloc(1, sizeof(struct dns_cache));
}

static void drop(struct entry **link) {
  struct entry *entry = *link;
  *link = entry->next;
  free(entry);
}

void dns_cache_destroy(struct dns_cache *cache) {
  if (!cache)
    return;
  while (cache->first)
    drop(&cache->first);
  free(cache);
}

static bool fits(const struct entry *entry, const char *name, enum dns_type type) {
  return (entry->type == type || entry->answer.is_nxdomain) && strcasecmp(entry->name, name) == 0;
}

static struct entry *find_entry(struct dns_cache *cache, const char *name, enum dns_type type) {
  struct entry *entry = cache->first;
  while (entry && !fits(entry, name, type))
    entry = entry->next;
  return entry;
}

bool dns_cache_find(struct dns_cache *cache, const char *name, enum dns_type type, int64_t now_ms,
                    struct dns_answer *out) {
  const struct entry *entry = find_entry(cache, name, type);
  if (!entry || entry->expires_at_ms <= now_ms)
    return false;
  *out = entry->answer;
  out->ttl_s = (uint32_t)((entry->expires_at_ms - now_ms + 999) / 1000);
  return true;
}

bool dns_cache_can_revive(struct dns_cache *cache, const char *name, enum dns_type type,
                          int64_t now_ms) {
  const struct entry *entry = find_entry(cache, name, type);
  return entry && entry->stale_until_ms > now_ms;
}

bool dns_cache_revive(struct dns_cache *cache, const char *name, enum dns_type type,
                      int64_t now_ms) {
  struct entry *entry = find_entry(cache, name, type);
  if (!entry || entry->stale_until_ms <= now_ms)
    return false;
  /* Another query may have had its answer meanwhile. */
  if (entry->expires_at_ms > now_ms)
    return true;
  entry->answer.is_stale = true;
  entry->expires_at_ms = now_ms + DNS_FAILURE_TTL_S * 1000;
  return true;
}

/* What a new answer replaces: the old one of its type; and what says that the name doesn't exist,
 * or does. */
static void drop_replaced(struct dns_cache *cache, const char *name, enum dns_type type,
                          bool is_nxdomain) {
  struct entry **link = &cache->first;
  while (*link) {
    if (fits(*link, name, type) || (is_nxdomain && strcasecmp((*link)->name, name) == 0))
      drop(link);
    else
      link = &(*link)->next;
  }
}

static void drop_oldest(struct dns_cache *cache) {
  struct entry **link = &cache->first;
  for (size_t i = 0; *link && i < CACHE_MAX; i++)
    link = &(*link)->next;
  if (*link)
    drop(link);
}

void dns_cache_put(struct dns_cache *cache, const char *name, enum dns_type type, int64_t now_ms,
                   const struct dns_answer *answer) {
  bool is_failure = answer->outcome == DNS_FAILED;
  if (is_failure && dns_cache_revive(cache, name, type, now_ms))
    return;
  drop_replaced(cache, name, type, answer->is_nxdomain);
  int64_t ttl_s = is_failure ? DNS_FAILURE_TTL_S : answer->ttl_s;
  struct entry *entry = ttl_s > 0 ? calloc(1, sizeof *entry) : NULL;
  if (!entry)
    return;
  snprintf(entry->name, sizeof entry->name, "%s", name);
  entry->type = type;
  entry->answer = *answer;
  entry->expires_at_ms = now_ms + ttl_s * 1000;
  if (answer->outcome == DNS_RECORDS)
    entry->stale_until_ms = entry->expires_at_ms + DNS_STALE_MAX_S * 1000;
  entry->next = cache->first;
  cache->first = entry;
  drop_oldest(cache);
}
