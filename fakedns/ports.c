/* SPDX-License-Identifier: MIT
 *
 * The server's ports: each address has one for UDP and one for TCP. A port is closed while a rule
 * refuses its whole transport, and a TCP port isn't read while a rule stalls it; the timer wakes at
 * the edges of such rules' intervals.
 */
#include <stdlib.h>

#include "common/address.h"
#include "fakedns/events.h"
#include "fakedns/exchange.h"

/* When a port can't be opened again because another program took it, it is tried again this much
 * later. */
#define REOPEN_DELAY_NS INT64_C(1000000000)

/* The kernel chooses a port for UDP; that it is taken for TCP, so often in a row, is no chance. */
enum { CHOICES_MAX = 16 };

static size_t index_of(const struct port *port) {
  return (size_t)(port - port->server->ports);
}

static void udp_received(void *context, const uint8_t *bytes, size_t size,
                         const struct sockaddr_storage *source) {
  const struct port *port = context;
  struct route route = {.port = index_of(port), .transport = TRANSPORT_UDP, .client = *source};
  fakedns_exchange(port->server, &route, bytes, size);
}

static void tcp_received(void *context, uint64_t connection, const uint8_t *bytes, size_t size,
                         const struct sockaddr_storage *client) {
  const struct port *port = context;
  struct route route = {.port = index_of(port),
                        .transport = TRANSPORT_TCP,
                        .connection = connection,
                        .client = *client};
  fakedns_exchange(port->server, &route, bytes, size);
}

static void tcp_connection(void *context, bool open, const struct sockaddr_storage *client) {
  const struct port *port = context;
  struct event *event = fakedns_event_connection(open, fakedns_transport_name(TRANSPORT_TCP));
  if (!event)
    return;
  event->source_address = *client;
  event->target_address = port->address;
  observer_tell(&port->server->observer, event);
}

static bool is_open(const struct port *port, enum transport transport) {
  return transport == TRANSPORT_UDP ? port->udp != NULL : port->tcp != NULL;
}

/* Opens a port without telling of it; its address gets the number that the kernel chose. */
static int open_silently(struct port *port, enum transport transport, struct error *error) {
  struct fakedns *server = port->server;
  struct tcp_handler handler = {
      .message = tcp_received, .connection = tcp_connection, .context = port};
  int result = transport == TRANSPORT_UDP
                   ? fakedns_udp_open(&port->udp, server->loop, &port->address, &port->address,
                                      udp_received, port, error)
                   : fakedns_tcp_open(&port->tcp, server->loop, &port->address, &handler, error);
  return result ? error_prefix(error, "%s: ", server->name) : 0;
}

static void tell_opened(struct port *port, enum transport transport, bool opened) {
  fakedns_tell(
      port->server, &port->address,
      fakedns_event_server(opened ? "listening" : "closed", fakedns_transport_name(transport)));
}

static void close_port(struct port *port, enum transport transport) {
  if (!is_open(port, transport))
    return;
  if (transport == TRANSPORT_UDP) {
    fakedns_udp_close(port->udp);
    port->udp = NULL;
  } else {
    fakedns_tcp_close(port->tcp);
    port->tcp = NULL;
  }
  tell_opened(port, transport, false);
}

/* Opens both transports at one number. */
static int open_both(struct port *port, struct error *error) {
  struct sockaddr_storage wanted = port->address;
  for (int choice = 1;; choice++) {
    if (open_silently(port, TRANSPORT_UDP, error))
      return -1;
    if (open_silently(port, TRANSPORT_TCP, error) == 0)
      break;
    fakedns_udp_close(port->udp);
    port->udp = NULL;
    if (address_port(&wanted) != 0 || choice == CHOICES_MAX)
      return -1;
    port->address = wanted;
  }
  tell_opened(port, TRANSPORT_UDP, true);
  tell_opened(port, TRANSPORT_TCP, true);
  return 0;
}

int fakedns_open_ports(struct fakedns *server, struct error *error) {
  for (size_t i = 0; i < server->port_count; i++)
    if (open_both(&server->ports[i], error)) {
      fakedns_close_ports(server);
      return -1;
    }
  return 0;
}

void fakedns_close_ports(struct fakedns *server) {
  for (size_t i = 0; i < server->port_count; i++)
    for (int transport = 0; transport < TRANSPORT_COUNT; transport++)
      close_port(&server->ports[i], (enum transport)transport);
}

/* ---- as the rules want it ---- */

static void edge_reached(uv_timer_t *timer) {
  fakedns_follow_rules(timer->data);
}

static void wake_at(struct fakedns *server, int64_t at_ns) {
  uv_timer_stop(&server->timer);
  if (at_ns < INT64_MAX - server->start_ns - REOPEN_DELAY_NS)
    uv_timer_start(&server->timer, edge_reached, fakedns_ms_until(server, at_ns), 0);
}

static enum rule_verdict_kind down(const struct fakedns *server, enum transport transport) {
  return rule_chain_down(server->rules, fakedns_transport_name(transport), fakedns_lab_now(server));
}

/* Tells who wants to know how a transport is down now. */
static void tell_reach(struct fakedns *server, enum transport transport) {
  enum rule_verdict_kind now = down(server, transport);
  if (now == server->down[transport])
    return;
  server->down[transport] = now;
  for (size_t i = 0; server->reach && i < server->port_count; i++)
    server->reach(server->reach_context, &server->ports[i].address,
                  fakedns_transport_name(transport), now);
}

/* Nobody waits for the result of opening a port again, so the timeline must say it. */
static void open_again(struct port *port, enum transport transport) {
  struct error error;
  if (open_silently(port, transport, &error))
    fakedns_tell_text(port->server, &port->address, error.text);
  else
    tell_opened(port, transport, true);
}

/* Opens, closes or stalls one port. The rules are asked for each, because the observer may change
 * them while it is told of the one before. False when the port can't be opened. */
static bool follow(struct port *port, enum transport transport) {
  enum rule_verdict_kind now = down(port->server, transport);
  if (now == VERDICT_REFUSE)
    close_port(port, transport);
  else if (!is_open(port, transport))
    open_again(port, transport);
  if (transport == TRANSPORT_TCP)
    fakedns_tcp_stall_all(port->tcp, down(port->server, transport) == VERDICT_STALL);
  return is_open(port, transport) || down(port->server, transport) == VERDICT_REFUSE;
}

void fakedns_follow_rules(struct fakedns *server) {
  bool all_open = true;
  for (int transport = 0; transport < TRANSPORT_COUNT; transport++) {
    tell_reach(server, (enum transport)transport);
    for (size_t i = 0; i < server->port_count; i++)
      all_open &= follow(&server->ports[i], (enum transport)transport);
  }
  int64_t now_ns = fakedns_lab_now(server);
  int64_t wake_ns = rule_chain_next_edge(server->rules, now_ns);
  if (!all_open && wake_ns > now_ns + REOPEN_DELAY_NS)
    wake_ns = now_ns + REOPEN_DELAY_NS;
  wake_at(server, wake_ns);
}
