/* SPDX-License-Identifier: MIT
 *
 * The phone's DNS resolver: questions out through c-ares, answers read by dns_answer, kept for as
 * long as their times to live allow. It asks exactly what it is asked: no search lists, no hosts
 * file.
 */
#ifndef UA_RESOLVER_H
#define UA_RESOLVER_H

#include <sofia-sip/su_wait.h>

#include "ua/dns_answer.h"
#include "ua/error.h"
#include "ua/targets.h"

struct resolver;
struct resolver_query;

/* The answer is valid during the call. The handler may ask again and may cancel other queries. It
 * is never called from within resolver_ask(). */
typedef void resolver_handler(void *context, const struct dns_answer *answer);

/* `servers`: numeric addresses with ports, separated by commas, in the order in which they are
 * asked. `local`: the phone's own address, which queries are sent from (its port doesn't count). */
int resolver_create(struct resolver **out, su_root_t *root, const char *servers,
                    const union target_address *local, struct phone_error *error);

/* Forgets all queries without calling their handlers. NULL is allowed. Not from within a handler.
 */
void resolver_destroy(struct resolver *resolver);

/* Returns NULL when out of memory; the handler isn't called then. The query is gone after its
 * handler. */
struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_handler *handler, void *context);

/* The handler won't be called. NULL is allowed. */
void resolver_cancel(struct resolver_query *query);

#endif
