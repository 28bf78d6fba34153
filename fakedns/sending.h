/* SPDX-License-Identifier: MIT
 *
 * The last part of an exchange: telling the observer of what was received and is sent, and sending
 * answers, whole, damaged, in half or from elsewhere.
 */
#ifndef FAKEDNS_SENDING_H
#define FAKEDNS_SENDING_H

#include "fakedns/exchange.h"

struct exchange {
  struct fakedns *server;
  struct route route;
  struct query query;
  char *name, *type; /* texts of the question, see exchange.c; NULL: not made yet */
  uint8_t *message;  /* the query's bytes */
  size_t message_size;
  uint8_t *answer; /* NULL: there is none yet */
  size_t answer_size;
  struct exchange *next; /* on the server's list, while it is delayed */
  uv_timer_t timer;
};

/* "UDP", "TCP". */
const char *fakedns_exchange_transport(const struct exchange *exchange);

/* The server's address that the query came to. */
const struct sockaddr_storage *fakedns_exchange_address(const struct exchange *exchange);

/* Tells an event about a message between the server and a client, whose name the timeline knows. */
void fakedns_tell_exchange(const struct exchange *exchange, enum rule_direction direction,
                           struct event *event);
void fakedns_tell_message(const struct exchange *exchange, enum rule_direction direction,
                          const uint8_t *bytes, size_t size);

/* Tells of the answer and sends it, */
void fakedns_send_answer(const struct exchange *exchange);

/* likewise damaged in this manner (faults.h), */
void fakedns_send_corrupted(const struct exchange *exchange, const char *manner);

/* likewise from another address, over UDP; the timeline finds the name of its host. In vain, a text
 * on the timeline says why. */
void fakedns_send_diverted(const struct exchange *exchange, const struct sockaddr_storage *address);

/* Tells of the whole answer, sends a half of it and ends the connection. */
void fakedns_send_half(const struct exchange *exchange, enum connection_ending ending);

#endif
