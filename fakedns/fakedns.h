/* SPDX-License-Identifier: MIT
 *
 * fakedns: a DNS server that answers from one zone and can be made to fail. It runs on the caller's libuv
 * loop, tells an observer of each query and answer (kind "dns" of common/event.h), takes faults as rules,
 * and knows nothing of labs or scenarios. DNS messages are read and built by ldns.
 *
 * Served today: A, AAAA, SRV, CNAME, NS, SOA, TXT, PTR (whatever ldns reads from a master file) over UDP.
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
  uv_loop_t *loop;                 /* borrowed; must outlive the server */
  const char *name;                /* name of the host, for events and errors; copied */
  struct sockaddr_storage listen;  /* address and port; port 0: the kernel chooses */
  const char *zone;                /* master-file text (RFC 1035 section 5); copied */
  struct random_stream *random;    /* borrowed: probabilities of rules */
  struct observer observer;        /* told of every query and answer */
  int64_t start_ns;                /* uv_hrtime() at which lab time is 0, for rules with an interval */
};

/* Reads the zone, binds and listens. Returns 0, or -1 with the text filled in: an error of the zone names
 * the line within the zone text and the token; `*out` is untouched then. */
int fakedns_create(struct fakedns **out, const struct fakedns_options *options, struct error *error);

/* Closes the sockets and frees the server once the loop has run its close callbacks: run the loop until it
 * has no handles before closing it. NULL is allowed. */
void fakedns_destroy(struct fakedns *server);

/* The address it listens on, with the port that the kernel chose. */
const struct sockaddr_storage *fakedns_address(const struct fakedns *server);

/* Adds a rule (VERDICT_DROP; VERDICT_ANSWER with `status` as the rcode; VERDICT_REFUSE of every message
 * closes the port while it stands). Returns the handle, or 0 when out of memory. Selector names are query
 * types ("SRV"). Both directions are asked: RULE_INBOUND for queries, RULE_OUTBOUND for answers. */
uint64_t fakedns_add_rule(struct fakedns *server, const struct rule_selector *selector,
                          const struct rule_verdict *verdict);
bool fakedns_remove_rule(struct fakedns *server, uint64_t handle);

/* The part without sockets: answers the query in `bytes` from the zone. Any bytes are allowed. `*answer` is
 * malloc'd, `*length` its size. Returns 0, or -1 when there is to be no answer (not even a DNS header, or an
 * answer itself): nothing is allocated then. This is what the fuzz target drives. */
int fakedns_respond(const struct fakedns *server, const uint8_t *bytes, size_t size, uint8_t **answer,
                    size_t *length);

#endif
