/* SPDX-License-Identifier: MIT
 *
 * The phone's DNS resolver: one question at a time to one or several servers, answers read by
 * dns_answer and kept by dns_cache. It asks exactly what it is asked: no search lists, no hosts
 * file.
 *
 * A server is asked up to three times. It has 2 s for the first answer, 4 s and 8 s for the others:
 * so a phone with one server that is dead says so after 14 s, less than its Reg Retry Intvl.
 *
 *   one after another  the next server is asked when the time of the one before is over, or when
 * all that were asked have failed (SERVFAIL, REFUSED, a closed port …); after the last one the
 * first again all at once        all of them are asked at each of the three times
 *
 * The first usable answer counts, from whichever server; "there is none" is one (RFC 2308),
 * SERVFAIL isn't. Cisco calls the two DNS Query Mode Sequential and Parallel (CISCO-SRV-12) and
 * says that the first reply is taken; how long a server is waited for it doesn't say: the times are
 * ours.
 *
 * When the DNS gives no answer, records that were known serve on (RFC 8767): at once after a
 * failure; after 1.8 s of waiting, while the question goes on (its client response timer); and
 * without asking for 30 s from then. `is_stale` marks them.
 */
#ifndef UA_RESOLVER_H
#define UA_RESOLVER_H

#include <sofia-sip/su_wait.h>

#include "ua/dns_answer.h"
#include "ua/error.h"

/* A phone has two servers configured and some from DHCP. */
#define RESOLVER_SERVERS_MAX 8

struct resolver;
struct resolver_query;

/* The answer is valid during the call. The handler may ask again and may cancel other queries. It
 * is never called from within resolver_ask(). */
typedef void resolver_handler(void *context, const struct dns_answer *answer);

struct resolver_options {
  su_root_t *root;
  const struct target_address *servers; /* in the order in which they are asked; copied */
  size_t server_count;
  const struct target_address *local; /* the phone's own addresses, see dns_channel.h; copied */
  size_t local_count;
  bool asks_all_at_once;
  bool caches; /* false: every question goes out, and nothing stale is served */
};

int resolver_create(struct resolver **out, const struct resolver_options *options,
                    struct phone_error *error);

/* Forgets all queries without calling their handlers. NULL is allowed. Not from within a handler.
 */
void resolver_destroy(struct resolver *resolver);

/* Returns NULL when out of memory; the handler isn't called then. For the caller the query is gone
 * after its handler. */
struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_handler *handler, void *context);

/* The handler won't be called. NULL is allowed. The question goes on: the cache takes its answer.
 */
void resolver_cancel(struct resolver_query *query);

#endif
