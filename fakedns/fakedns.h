/* SPDX-License-Identifier: MIT
 *
 * fakedns: a DNS server that answers from one zone and can be made to fail. It runs on the caller's
 * libuv loop, tells an observer of each query and answer (kind "dns" of common/event.h), takes
 * faults as rules, and knows nothing of labs or scenarios. DNS messages are read and built by ldns.
 *
 * Served today: A, AAAA, SRV, CNAME, NS, SOA, TXT, PTR (whatever ldns reads from a master file)
 * over UDP, with CNAME chains, wildcards (RFC 4592), EDNS (RFC 6891) and truncation. It is an
 * authority without delegations: an NS record below the apex is data like any other. A name that
 * doesn't exist is NXDOMAIN; one without records of the type has an empty answer; both come with
 * the SOA, if the zone has one (RFC 2308). What lies outside the zone is REFUSED.
 *
 * Zones are master files (RFC 1035 section 5) with $ORIGIN and $TTL:
 *
 *     $ORIGIN example.com.
 *     _sip._udp 300 IN SRV 10 10 5060 p1
 *     _sip._udp 300 IN SRV 20 10 5060 p2
 *     p1        300 IN A 192.0.2.1
 *     p2        300 IN A 192.0.2.2
 *
 * The zone's name is the owner of its SOA record or, without one, the first $ORIGIN. No record may
 * lie outside it.
 *
 * A text may be indented, as this one is: the leading blanks that all records have in common are
 * taken off first, and only deeper ones mean "same owner as before". Directives, comments, blank
 * lines and the further lines of a record in parentheses may begin anywhere.
 *
 * A TTL that is left out is that of $TTL (RFC 2308 section 4), else the last one written before it;
 * there is no other default.
 */
#ifndef FAKEDNS_FAKEDNS_H
#define FAKEDNS_FAKEDNS_H

#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/error.h"
#include "common/event.h"
#include "common/random.h"
#include "common/rule_chain.h"

struct fakedns;

struct fakedns_options {
  uv_loop_t *loop;                /* borrowed; must outlive the server */
  const char *name;               /* name of the host, for events and errors; copied */
  struct sockaddr_storage listen; /* address and port; port 0: the kernel chooses */
  const char *zone;               /* master-file text; copied */
  struct random_stream *random;   /* borrowed: probabilities of rules */
  struct observer observer;       /* told of every query and answer; it may add and remove rules */
  int64_t start_ns; /* uv_hrtime() at which lab time is 0, for rules with an interval */
};

/* Reads the zone, binds and listens. Returns 0, or -1 with the text filled in: an error of the zone
 * names the line within the zone text and the token; `*out` is untouched then. Also after an error
 * the loop must run its close callbacks before it is closed. */
int fakedns_create(struct fakedns **out, const struct fakedns_options *options,
                   struct error *error);

/* Closes the sockets at once, of which the observer is told, and frees the server when the loop
 * runs its close callbacks: run the loop until it has no handles before closing it. NULL is
 * allowed. */
void fakedns_destroy(struct fakedns *server);

/* The address it listens on, with the port that the kernel chose; the same while the port is
 * closed. */
const struct sockaddr_storage *fakedns_address(const struct fakedns *server);

/* Adds a rule. Selector names are query types ("SRV"). Both directions are asked: RULE_INBOUND for
 * queries, RULE_OUTBOUND for answers (whose sender, for the selector `source`, is this server).
 *
 * VERDICT_DROP: a query isn't answered; an answer isn't sent, but the observer is told of it first.
 *
 * VERDICT_ANSWER: `status` is the rcode of an answer without records (0 to 4095; of what exceeds 15
 * a client without EDNS sees the lower four bits). Without a direction the rule is about queries.
 *
 * VERDICT_REFUSE of every message closes the port while the rule stands and its interval holds, so
 * that the kernel answers with ICMP port unreachable. Of some messages it is a VERDICT_DROP,
 * because a port is closed for all or for none.
 *
 * Returns the handle, or 0 when out of memory or `status` is no rcode. */
uint64_t fakedns_add_rule(struct fakedns *server, const struct rule_selector *selector,
                          const struct rule_verdict *verdict);

/* Removes a rule; false when there is none of this handle. When the port can't be opened again
 * because another program has taken it, a "log" event says so, and it is tried again each second.
 */
bool fakedns_remove_rule(struct fakedns *server, uint64_t handle);

/* The part without sockets: answers the query in `bytes` from the zone, as over UDP. Any bytes are
 * allowed. `*answer` is malloc'd, `*length` its size. Returns 0, or -1 when there is to be no
 * answer (not even a DNS header, or an answer itself) or memory is out: nothing is allocated then.
 * This is what the fuzz target drives. */
int fakedns_respond(const struct fakedns *server, const uint8_t *bytes, size_t size,
                    uint8_t **answer, size_t *length);

#endif
