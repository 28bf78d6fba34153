/* SPDX-License-Identifier: MIT
 *
 * What the files of the server share: server.c owns all of it, exchange.c takes a query through it,
 * ports.c opens and closes its ports as the rules want it.
 */
#ifndef FAKEDNS_SERVER_INTERNAL_H
#define FAKEDNS_SERVER_INTERNAL_H

#include "common/event.h"
#include "fakedns/fakedns.h"
#include "fakedns/kept.h"
#include "fakedns/respond.h"
#include "fakedns/tcp.h"
#include "fakedns/udp.h"

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_COUNT };

/* One address with both transports. */
struct port {
  struct fakedns *server;
  struct sockaddr_storage address;
  struct udp_socket *udp; /* NULL while it is closed */
  struct tcp_port *tcp;   /* likewise */
};

struct exchange;

struct fakedns {
  uv_loop_t *loop;
  char name[EVENT_HOST_SIZE];
  struct port ports[FAKEDNS_LISTEN_MAX];
  size_t port_count;
  struct responder responder;
  uint16_t udp_size;
  struct kept *kept; /* NULL: answers aren't the same each time */
  struct rule_chain *rules;
  enum rule_verdict_kind down[TRANSPORT_COUNT]; /* as `reach` was told */
  uv_timer_t timer;                             /* for the edges of intervals of rules */
  struct exchange *held;                        /* those that rules hold up */
  struct observer observer;
  int64_t start_ns;
  rule_reach *reach;
  void *reach_context;
};

int64_t fakedns_lab_now(const struct fakedns *server);

/* How long a timer of the server's loop must run to end at the first whole millisecond at or after
 * that lab time: libuv's clock has no finer ones. */
uint64_t fakedns_ms_until(struct fakedns *server, int64_t at_ns);

/* "UDP", "TCP". */
const char *fakedns_transport_name(enum transport transport);

/* Tells an event about what the server did by itself at that address. */
void fakedns_tell(struct fakedns *server, const struct sockaddr_storage *address,
                  struct event *event);

/* Likewise, a text that nobody waits for but who reads the timeline. */
void fakedns_tell_text(struct fakedns *server, const struct sockaddr_storage *address,
                       const char *text);

/* Answers a parsed query, whose bytes are given too, from the zones or from what was kept. */
int fakedns_answer(struct fakedns *server, const struct query *query, const uint8_t *bytes,
                   size_t size, uint8_t **answer, size_t *length);

/* ---- ports.c ---- */

/* Opens all ports. Returns 0, or -1 with the text filled in. */
int fakedns_open_ports(struct fakedns *server, struct error *error);
void fakedns_close_ports(struct fakedns *server);

/* Opens, closes and stalls the ports as the rules want it now, tells `reach`, and sets the timer to
 * when that may change. */
void fakedns_follow_rules(struct fakedns *server);

#endif
