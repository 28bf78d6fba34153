/* SPDX-License-Identifier: MIT
 *
 * Telling and sending. The observer may close ports while it is told, so nothing is believed to be
 * open after telling.
 */
#include "fakedns/sending.h"

#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakedns/events.h"
#include "fakedns/faults.h"
#include "fakedns/framing.h"

const char *fakedns_exchange_transport(const struct exchange *exchange) {
  return fakedns_transport_name(exchange->route.transport);
}

const struct sockaddr_storage *fakedns_exchange_address(const struct exchange *exchange) {
  return &exchange->server->ports[exchange->route.port].address;
}

void fakedns_tell_exchange(const struct exchange *exchange, enum rule_direction direction,
                           struct event *event) {
  if (!event)
    return;
  const struct fakedns *server = exchange->server;
  bool inbound = direction == RULE_INBOUND;
  memcpy(inbound ? event->target : event->source, server->name, sizeof event->target);
  event->source_address = inbound ? exchange->route.client : *fakedns_exchange_address(exchange);
  event->target_address = inbound ? *fakedns_exchange_address(exchange) : exchange->route.client;
  observer_tell(&server->observer, event);
}

/* The event costs more than the answer, so it isn't made for nobody. */
void fakedns_tell_message(const struct exchange *exchange, enum rule_direction direction,
                          const uint8_t *bytes, size_t size) {
  if (!exchange->server->observer.handler)
    return;
  fakedns_tell_exchange(exchange, direction,
                        fakedns_event_message(fakedns_exchange_transport(exchange), bytes, size));
}

/* Sends bytes to the client, if they have a way; takes them. */
static void transmit(const struct exchange *exchange, uint8_t *bytes, size_t size,
                     enum connection_ending ending) {
  const struct port *port = &exchange->server->ports[exchange->route.port];
  if (exchange->route.transport == TRANSPORT_TCP)
    fakedns_tcp_send(port->tcp, exchange->route.connection, bytes, size, ending);
  else if (port->udp)
    fakedns_udp_send(port->udp, bytes, size, &exchange->route.client);
  else
    free(bytes);
}

/* What goes over the wire: the message, over TCP with its length, of which a half when the
 * connection is to end in the middle. */
static void send_bytes(const struct exchange *exchange, const uint8_t *bytes, size_t size,
                       enum connection_ending ending) {
  size_t wire_size = size;
  uint8_t *wire = exchange->route.transport == TRANSPORT_TCP
                      ? framing_write(bytes, size, &wire_size)
                      : malloc(size ? size : 1);
  if (!wire)
    return;
  if (exchange->route.transport == TRANSPORT_UDP)
    memcpy(wire, bytes, size);
  transmit(exchange, wire, ending == CONNECTION_STAYS ? wire_size : wire_size / 2, ending);
}

void fakedns_send_answer(const struct exchange *exchange) {
  fakedns_tell_message(exchange, RULE_OUTBOUND, exchange->answer, exchange->answer_size);
  send_bytes(exchange, exchange->answer, exchange->answer_size, CONNECTION_STAYS);
}

void fakedns_send_corrupted(const struct exchange *exchange, const char *manner) {
  uint8_t *bytes;
  size_t size;
  if (fakedns_corrupt(manner, exchange->server->responder.random, exchange->answer,
                      exchange->answer_size, &bytes, &size))
    return;
  fakedns_tell_message(exchange, RULE_OUTBOUND, bytes, size);
  send_bytes(exchange, bytes, size, CONNECTION_STAYS);
  free(bytes);
}

void fakedns_send_diverted(const struct exchange *exchange,
                           const struct sockaddr_storage *address) {
  struct fakedns *server = exchange->server;
  struct sockaddr_storage from = *address;
  struct error error;
  uint8_t *bytes = malloc(exchange->answer_size);
  if (!bytes)
    return;
  memcpy(bytes, exchange->answer, exchange->answer_size);
  if (address_port(&from) == 0)
    address_set_port(&from, address_port(fakedns_exchange_address(exchange)));
  struct event *event =
      fakedns_event_message(fakedns_exchange_transport(exchange), bytes, exchange->answer_size);
  if (fakedns_udp_send_from(server->loop, &from, bytes, exchange->answer_size,
                            &exchange->route.client, &error)) {
    event_destroy(event);
    fakedns_tell_text(server, fakedns_exchange_address(exchange), error.text);
    return;
  }
  if (event) {
    event->source_address = from;
    event->target_address = exchange->route.client;
  }
  observer_tell(&server->observer, event);
}

void fakedns_send_half(const struct exchange *exchange, enum connection_ending ending) {
  fakedns_tell_message(exchange, RULE_OUTBOUND, exchange->answer, exchange->answer_size);
  send_bytes(exchange, exchange->answer, exchange->answer_size, ending);
}
