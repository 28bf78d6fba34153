/* SPDX-License-Identifier: MIT
 *
 * One event: one record of a timeline, and its JSON form. Fake servers make events and hand them to
 * an observer; the lab stamps them and keeps them. A capture file is read into the same form.
 *
 * JSON form, one object a line (JSON Lines), the members in this order, absent ones left out:
 *
 *   {"seq":12,"t_ns":16000000000,"kind":"sip","from":"alice","to":"p2",
 *    "from_address":"127.100.2.1:5060","to_address":"127.100.1.2:5060", …detail…}
 *
 * The kinds and their details (the members of `detail` stand beside the others):
 *
 *   lab       what: "start" (scenario, seed, epoch, time: "virtual" or "real") or
 *             "end" (result, reason)
 *   sip       one SIP message on the wire, whatever becomes of it:
 *             transport, request: "INVITE" or status: 200 with reason, uri (requests), cseq,
 *             cseq_method, call_id, branch,
 *             retransmission: true when these bytes were on this link before,
 *             message: the bytes as text;
 *             malformed: why it could not be parsed (then only message besides)
 *   dns       one DNS message, whatever becomes of it:
 *             transport, id, query: true or false, qname, qtype; in answers also
 *             rcode: "NXDOMAIN", truncated: true when it is (TC),
 *             answers [{name, type, ttl, data}], authority and additional likewise unless empty;
 *             malformed: why it could not be parsed (then only transport, id and query besides).
 *             Names and data are as in a zone file: names end with a dot
 *   verdict   what a rule did to a message: rule (its handle), verdict,
 *             name (method or query type)
 *   fault     a rule was added or removed: action: "added" or "removed", rule, verdict
 *   server    a fake server opened or closed a socket: what: "listening" or "closed", transport
 *   connection  a client's connection to a fake server: what: "accepted" or "closed" (by whomever),
 *             transport
 *   zone      a DNS server's records were changed: change: "add", "remove", "replace", "set_ttl" or
 *             "set_zone", removed and added [{name, type, ttl, data}]; a record with another TTL is
 *             in both
 *   phone     something a phone told its adapter: event, and what came with it
 *   process   a process of the lab: what: "started", "exited" (status or signal) or, by programs
 *             that a scenario names, "output" (a line of it: stream: "stdout" or "stderr", text)
 *   date      a host's date was stepped (from): date: the new one, UTC, "2026-03-29 01:59:50",
 *             by_s: by how many seconds, forward or back
 *   check     an expectation was met or not: result: "passed" or "failed", text, line, seen
 *   outside   a process tried to reach what no host of the lab has, to_address: transport
 *   connect   a process sent a TCP SYN to a host that can't be reached, to_address: transport,
 *             attempt: 0 for the first SYN of a connect, outcome: "silent", "refused" or
 *             "unreachable"
 *   log       text
 */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <sys/socket.h>

/* Names of hosts come from scenarios, where they are Lua identifiers; longer ones are refused
 * there. */
#define EVENT_HOST_SIZE 64

struct event {
  uint64_t sequence;            /* set by the timeline */
  int64_t t_ns;                 /* since the start of the lab; set by the timeline */
  const char *kind;             /* a literal of the list above */
  char source[EVENT_HOST_SIZE]; /* names of hosts; empty: the timeline finds them by address */
  char target[EVENT_HOST_SIZE];
  struct sockaddr_storage source_address; /* AF_UNSPEC: none */
  struct sockaddr_storage target_address;
  cJSON *detail; /* an object, owned by the event */
};

/* Who wants to know what happened. The handler takes ownership of the event. It must not destroy
 * the server that calls it. */
struct observer {
  void (*handler)(void *context, struct event *event);
  void *context;
};

/* A new event with an empty detail object. NULL when out of memory. */
struct event *event_create(const char *kind);
void event_destroy(struct event *event);

/* Adds a member to the detail. Out of memory leaves it out. `text` NULL adds nothing. The text is
 * made valid UTF-8 first: each byte that is not part of it becomes U+FFFD, so that any bytes from
 * the network can stand in a timeline. */
void event_add_text(struct event *event, const char *name, const char *text);
void event_add_bytes(struct event *event, const char *name, const void *bytes, size_t length);
void event_add_number(struct event *event, const char *name, double number);
void event_add_flag(struct event *event, const char *name, int flag);

/* Hands the event over to the observer, or destroys it when there is none. `event` may be NULL. */
void observer_tell(const struct observer *observer, struct event *event);

/* The JSON form, without the line end; free() it. NULL when out of memory. */
char *event_format(const struct event *event);

#endif
