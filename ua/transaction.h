/* SPDX-License-Identifier: MIT
 *
 * Client transactions: RFC 3261 section 17.1 with RFC 6026's Accepted state, over UDP, to one
 * numeric destination each. Timers are the configured ones, exact to the millisecond, and Timers B
 * and F are separate. A transaction never tries another server and never makes up a response: who
 * started it learns how it ended.
 */
#ifndef UA_TRANSACTION_H
#define UA_TRANSACTION_H

#include <stdbool.h>

#include "ua/transport.h"

struct transaction;

enum transaction_outcome {
  TRANSACTION_PROVISIONAL,     /* 1xx */
  TRANSACTION_FINAL,           /* 2xx to 6xx; a 2xx to INVITE again for each retransmission of it */
  TRANSACTION_TIMEOUT,         /* Timer B or F without any final response: counts as 408 */
  TRANSACTION_TRANSPORT_ERROR, /* ICMP, or it couldn't be sent: counts as 503 */
  TRANSACTION_GONE /* an INVITE that was answered 2xx: no more retransmissions of that are expected
                    */
};

struct transaction_result {
  enum transaction_outcome outcome;
  int status;         /* 408 and 503 stand for the two local outcomes (RFC 3261 section 8.1.3.1) */
  const char *reason; /* reason phrase, or what the phone says of its own */
  bool is_local;      /* the phone made the status itself */
  const sip_t *sip;   /* the response, NULL for local outcomes; valid during the call */
};

/* The handler may detach or abort its transaction, and may start others. */
typedef void transaction_handler(void *context, const struct transaction_result *result);

/* Sends `msg` (taken; without Via) to `target`. `branch` NULL: a new one. The handler is never
 * called before this returns. Returns NULL when out of memory; the message is gone all the same. */
struct transaction *transaction_start(struct transport *transport, msg_t *msg,
                                      const struct target_address *target, const char *branch,
                                      transaction_handler *handler, void *context);

/* Whether any response has come. */
bool transaction_has_response(const struct transaction *transaction);

/* Sends a CANCEL (RFC 3261 section 9.1) for an INVITE that has a provisional response. Its answer
 * concerns nobody: the INVITE is answered 487. */
void transaction_cancel(struct transaction *transaction);

/* The handler won't be called any more; the transaction itself goes on to its end (retransmissions
 * of responses are absorbed, ACKs sent again). NULL is allowed. After a final response other than a
 * 2xx to an INVITE, after a local outcome and after TRANSACTION_GONE, it is detached by itself: its
 * pointer is dead. */
void transaction_detach(struct transaction *transaction);

/* Ends it at once: nothing more is sent. NULL is allowed. */
void transaction_abort(struct transaction *transaction);

/* For the transport: a response came. False when it belongs to no transaction. */
bool transactions_receive(struct transport *transport, const sip_t *sip);

#endif
