/* SPDX-License-Identifier: MIT
 *
 * fakeproxy: a SIP proxy and registrar that phones take for a real one, and that can be made to
 * fail. It runs on the caller's libuv loop, tells an observer of each message (kind "sip" of
 * common/event.h, with its details), takes faults as rules, and knows nothing of labs or scenarios.
 * Messages are read and built by sofia-sip's parser, in one file.
 *
 * Today: UDP; registrar (bindings with expiry); a far end that rings, answers calls (SDP answer,
 * 200 retransmitted until ACK, RFC 3261 section 13.3.1.4) and can hang up; OPTIONS; other requests
 * are answered 405 or 481. A repeated request gets the same answer again (RFC 3261 section 17.2.2).
 */
#ifndef FAKEPROXY_FAKEPROXY_H
#define FAKEPROXY_FAKEPROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/error.h"
#include "common/event.h"
#include "common/random.h"
#include "common/rule_chain.h"

struct fakeproxy;

/* How the far end takes calls. */
struct fakeproxy_far_end {
  int status; /* final answer to INVITE (200 to 699); 0 means 200 */
  /* 180 at once and the final answer this much later; 0: at once, without 180. An INVITE whose
   * Expires is shorter is answered 487 at that time (RFC 3261 section 13.3.1). */
  int64_t ring_ms;
  int64_t hang_up_ms; /* BYE this long after the ACK; 0: never */
};

struct fakeproxy_options {
  uv_loop_t *loop;  /* borrowed; must outlive the proxy */
  const char *name; /* name of the host, for events and errors; copied */
  /* Address and port; port 0: the kernel chooses. One address, not a wildcard: the proxy puts it
   * into Contact, Via and session descriptions. */
  struct sockaddr_storage listen;
  struct random_stream *random; /* borrowed: tags, branches, media port, probabilities of rules */
  struct observer observer;     /* told of every message received and sent */
  int64_t start_ns;             /* uv_hrtime() at which lab time is 0, for rules with an interval */
  /* Longest binding that it grants; 0: whatever is asked for (3600 if nothing is). */
  uint32_t max_expires_s;
  struct fakeproxy_far_end far_end;
  rule_reach *reach; /* may be NULL */
  void *reach_context;
};

/* Binds and listens. Returns 0, or -1 with the text filled in; `*out` is untouched then. Also after
 * an error the loop must run before it is closed, because a socket may have been opened. */
int fakeproxy_create(struct fakeproxy **out, const struct fakeproxy_options *options,
                     struct error *error);

/* Closes the sockets and frees the proxy once the loop has run its close callbacks: run the loop
 * until it has no handles before closing it. Nobody is told anything any more. NULL is allowed. */
void fakeproxy_destroy(struct fakeproxy *proxy);

/* The address it listens on, with the port that the kernel chose. */
const struct sockaddr_storage *fakeproxy_address(const struct fakeproxy *proxy);

/* Adds a rule:
 *
 *   VERDICT_DROP    the message is lost. One that was dropped outbound is still told to the
 * observer, followed by the verdict event. VERDICT_ANSWER  requests are answered with `status` (100
 * to 699), `reason`, `retry_after_s` by the server transaction, which gives the same answer to
 * repetitions of the request. Only what is received can be answered, so a selector of either
 * direction means inbound; ACK and responses pass such a rule. VERDICT_REFUSE  of every message
 * closes the port while it stands, so that the kernel answers with ICMP port unreachable. Of some
 * messages, it is the same as VERDICT_DROP: an open UDP port can't refuse.
 *
 * VERDICT_UNREACHABLE and VERDICT_STALL of what arrives are the same as VERDICT_DROP. Of every
 * message over a transport, a verdict is also told to the callback `reach`, because a TCP connect
 * never arrives.
 *
 * Returns the handle, or 0 when out of memory or when `status` is none of SIP. Selector names are
 * methods; a response has that of its CSeq. Both directions are asked: RULE_INBOUND and
 * RULE_OUTBOUND; the source of an outbound message is the proxy. */
uint64_t fakeproxy_add_rule(struct fakeproxy *proxy, const struct rule_selector *selector,
                            const struct rule_verdict *verdict);

/* False when there is no rule of this handle (any more). */
bool fakeproxy_remove_rule(struct fakeproxy *proxy, uint64_t handle);

/* Current contacts of an address of record ("sip:alice@example.com"), at most `capacity`, as URI
 * texts that are valid until the loop runs again. Returns their number. */
size_t fakeproxy_contacts(const struct fakeproxy *proxy, const char *address_of_record,
                          const char **contacts, size_t capacity);

/* Handles one datagram as if it had come from `source`: what the fuzz target drives. Any bytes are
 * allowed. */
void fakeproxy_receive(struct fakeproxy *proxy, const void *bytes, size_t size,
                       const struct sockaddr_storage *source);

#endif
