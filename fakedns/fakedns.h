/* SPDX-License-Identifier: MIT
 *
 * fakedns: a DNS server that answers from its zones and can be made to fail. It runs on the
 * caller's libuv loop, tells an observer of each query, answer and change of its zones
 * (common/event.h), takes faults as rules, and knows nothing of labs or scenarios. DNS messages are
 * read and built by ldns.
 *
 * It serves whatever ldns reads from a master file (A, AAAA, SRV, NAPTR, CNAME, NS, SOA, PTR, TXT
 * and so on; any other type by RFC 3597), over UDP and TCP (RFC 7766: several queries on a
 * connection, pipelined), with CNAME chains, wildcards (RFC 4592), EDNS (RFC 6891) and truncation.
 * It is an authority without delegations: an NS record below the apex is data like any other. The
 * closest of its zones answers. A name that doesn't exist is NXDOMAIN; one without records of the
 * type has an empty answer; both come with the SOA, if the zone has one (RFC 2308). What lies
 * outside its zones is REFUSED.
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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "common/error.h"
#include "common/event.h"
#include "common/random.h"
#include "common/rule_chain.h"

struct fakedns;

/* In which order the records of a set stand in answers. */
enum fakedns_order {
  FAKEDNS_ORDER_ZONE,   /* as in the zone */
  FAKEDNS_ORDER_ROTATE, /* the first one goes to the end after each answer */
  FAKEDNS_ORDER_SHUFFLE /* drawn from the random stream */
};

struct fakedns_options {
  uv_loop_t *loop;                       /* borrowed; must outlive the server */
  const char *name;                      /* name of the host, for events and errors; copied */
  const struct sockaddr_storage *listen; /* addresses with ports; port 0: the kernel chooses;
                                            copied */
  size_t listen_count;                   /* 1 to FAKEDNS_LISTEN_MAX */
  const char *const *zones;              /* master-file texts; copied */
  size_t zone_count;
  enum fakedns_order order;
  bool without_additional; /* the additional section brings no addresses of targets */
  uint16_t udp_size;       /* the largest answer over UDP, said in OPT records; 512 or more; 0: as
                              large as the client says, and 1232 is said */
  struct random_stream *random; /* borrowed: probabilities and jitter of rules, order, garbage */
  struct observer observer;     /* told of every query and answer; it may add and remove rules */
  int64_t start_ns;             /* uv_hrtime() at which lab time is 0, for rules with an interval */
  rule_reach *reach;            /* may be NULL */
  void *reach_context;
};

/* More than any host has. */
#define FAKEDNS_LISTEN_MAX 16

/* Reads the zones, binds and listens. Returns 0, or -1 with the text filled in: an error of a zone
 * names the line within its text and the token ("NAME: zone: line 3: ..."; of several zones "zone
 * 2: line 3: ..."); `*out` is untouched then. Also after an error the loop must run its close
 * callbacks before it is closed. */
int fakedns_create(struct fakedns **out, const struct fakedns_options *options,
                   struct error *error);

/* Closes the sockets at once, of which the observer is told, and frees the server when the loop
 * runs its close callbacks: run the loop until it has no handles before closing it. NULL is
 * allowed. */
void fakedns_destroy(struct fakedns *server);

/* The first address it listens on, with the port that the kernel chose; the same while the port is
 * closed. */
const struct sockaddr_storage *fakedns_address(const struct fakedns *server);

/* Adds a rule. Conditions are "qname" (without the dot at its end), "qtype" and "transport" ("UDP",
 * "TCP"). Both directions are asked: RULE_INBOUND for queries, RULE_OUTBOUND for answers (whose
 * sender, for the selector `source`, is this server). What a verdict does:
 *
 * DROP, UNREACHABLE: a query isn't answered; an answer isn't sent, but the observer is told of it
 * first. Of a whole transport the callback `reach` makes the rest.
 *
 * REFUSE of a whole transport closes its port while the rule stands and its interval holds, so that
 * the kernel answers with ICMP port unreachable or RST; connections are reset. Of some messages it
 * is a DROP, because a port is closed for all or for none.
 *
 * STALL: as DROP over UDP. Over TCP the connection isn't read any more until the rule is removed;
 * of the whole transport connections are accepted and never read.
 *
 * ANSWER: `status` is the rcode of an answer without records (0 to 4095; of what exceeds 15 a
 * client without EDNS sees the lower four bits). Without a direction the rule is about queries.
 *
 * The others are about answers when they have no direction:
 *
 * DELAY: the message goes on after that time, rounded up to a millisecond.
 *
 * DUPLICATE: an answer is sent so many times more; a query is answered so many times more.
 *
 * CORRUPT: see fakedns/faults.h for the manners.
 *
 * DIVERT: over UDP, the answer is sent from `from` (port 0: this server's port, or any if that is
 * taken).
 *
 * CLOSE, RESET: over TCP, half of the answer is sent and the connection is closed, or reset. On a
 * query there is no half.
 *
 * Returns the handle, or 0 when out of memory, or when the verdict has no such status, manner,
 * number of copies (1 to FAKEDNS_COPIES_MAX) or direction (DIVERT is about answers). */
uint64_t fakedns_add_rule(struct fakedns *server, const struct rule_selector *selector,
                          const struct rule_verdict *verdict);

/* More are a flood and no duplicates. */
#define FAKEDNS_COPIES_MAX 100

/* Removes a rule; false when there is none of this handle. When the port can't be opened again
 * because another program has taken it, a "log" event says so, and it is tried again each second.
 */
bool fakedns_remove_rule(struct fakedns *server, uint64_t handle);

enum fakedns_change_kind {
  FAKEDNS_ADD,     /* the records of `text` */
  FAKEDNS_REMOVE,  /* those that have `name`, `type` and `data`, of which one at least is given */
  FAKEDNS_REPLACE, /* the sets that have names and types of records of `text`, by those */
  FAKEDNS_SET_TTL, /* of the records that have `name`, `type` and `data` becomes `ttl` */
  FAKEDNS_SET_ZONE /* the zone of the same name becomes that of `text`, or it is a further zone */
};

/* Names in it are relative to the server's first zone unless they end with a dot. */
struct fakedns_change {
  enum fakedns_change_kind kind;
  const char *text; /* records, or a zone, as in a master file */
  const char *name; /* NULL: any */
  const char *type; /* "SRV"; NULL: any */
  const char *data; /* "192.0.2.1", as in a master file; only with `type`; NULL: any */
  uint32_t ttl;
};

/* Changes what the server has, from the next query on, and tells what came and what went (kind
 * "zone"). Returns 0, or -1 with the text filled in: the text is wrong, or no record is as
 * described; nothing has changed then. */
int fakedns_change(struct fakedns *server, const struct fakedns_change *change,
                   struct error *error);

/* The part without sockets: answers the query in `bytes` from the zones, as over UDP. Any bytes are
 * allowed. `*answer` is malloc'd, `*length` its size. Returns 0, or -1 when there is to be no
 * answer (not even a DNS header, or an answer itself) or memory is out: nothing is allocated then.
 * This is what the fuzz target drives. */
int fakedns_respond(struct fakedns *server, const uint8_t *bytes, size_t size, uint8_t **answer,
                    size_t *length);

#endif
