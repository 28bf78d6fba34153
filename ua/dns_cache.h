/* SPDX-License-Identifier: MIT
 *
 * The cache of the resolver: answers by name and type, for as long as RFC 1035 (times to live), RFC
 * 2308 (absence, failures) and RFC 8767 (stale answers) allow.
 *
 *   records   for their time to live; after that, for a day, they may be revived when the DNS gives
 *             no answer
 *   absence   for the smaller one of the SOA's TTL and its MINIMUM; without SOA not at all.
 * NXDOMAIN stands for all types of the name (RFC 2308 section 5) failure   for DNS_FAILURE_TTL_S,
 * if there is nothing to be revived
 */
#ifndef UA_DNS_CACHE_H
#define UA_DNS_CACHE_H

#include "ua/dns_answer.h"

/* How long a failure is remembered before the DNS is asked again. RFC 2308 section 7 allows up to 5
 * minutes; RFC 8767 section 5 has 30 s both for that (failure recheck timer) and for the time to
 * live of a stale answer. A phone should notice a DNS that is back: so not longer. Cisco's books
 * say nothing of it. */
#define DNS_FAILURE_TTL_S 30

/* RFC 8767 section 5: the maximum stale timer should be between one day and three. */
#define DNS_STALE_MAX_S 86400

struct dns_cache;

struct dns_cache *dns_cache_create(void);
void dns_cache_destroy(struct dns_cache *cache);

/* Fills in the answer, with what is left of its time to live. False when there is none. */
bool dns_cache_find(struct dns_cache *cache, const char *name, enum dns_type type, int64_t now_ms,
                    struct dns_answer *out);

/* Takes a copy, in the place of what there was. A failure revives what there was, if it can. When
 * memory is short nothing is kept. */
void dns_cache_put(struct dns_cache *cache, const char *name, enum dns_type type, int64_t now_ms,
                   const struct dns_answer *answer);

/* Whether there are records that may be revived; and lets them live, marked as stale, for another
 * DNS_FAILURE_TTL_S (RFC 8767). */
bool dns_cache_can_revive(struct dns_cache *cache, const char *name, enum dns_type type,
                          int64_t now_ms);
bool dns_cache_revive(struct dns_cache *cache, const char *name, enum dns_type type,
                      int64_t now_ms);

#endif
