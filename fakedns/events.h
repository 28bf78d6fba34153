/* SPDX-License-Identifier: MIT
 *
 * The events of a DNS server, as common/event.h describes them. Each function makes one, or gives
 * NULL when out of memory, which observer_tell() takes. Addresses and hosts are filled in by the
 * caller.
 */
#ifndef FAKEDNS_EVENTS_H
#define FAKEDNS_EVENTS_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "common/rule_chain.h"

/* kind "dns": what these bytes say, be they a query, an answer or rubbish. */
struct event *fakedns_event_message(const char *transport, const uint8_t *bytes, size_t size);

/* kind "verdict"; `name` (the query type) may be NULL. */
struct event *fakedns_event_verdict(uint64_t rule, enum rule_verdict_kind verdict,
                                    const char *name);

/* kind "fault"; `action` is "added" or "removed". */
struct event *fakedns_event_fault(const char *action, uint64_t rule,
                                  enum rule_verdict_kind verdict);

/* kind "server"; `what` is "listening" or "closed". */
struct event *fakedns_event_server(const char *what, const char *transport);

/* kind "connection": it was accepted, or it is gone. */
struct event *fakedns_event_connection(bool open, const char *transport);

/* kind "zone"; `change` is its name. */
struct event *fakedns_event_zone(const char *change, const ldns_rr_list *removed,
                                 const ldns_rr_list *added);

#endif
