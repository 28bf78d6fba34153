/* SPDX-License-Identifier: MIT
 *
 * Client transactions (transaction.h). A transaction belongs to its transport, in whose list it
 * stands until its last timer has run out. A handler is called as the last thing in each path,
 * because it may abort the transaction.
 */
#include "ua/transaction.h"

#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ua/timer.h"

enum state {
  STATE_TRYING,     /* "Calling" of an INVITE */
  STATE_PROCEEDING, /* a provisional response has come */
  STATE_COMPLETED,  /* a final response; Timer D or K */
  STATE_ACCEPTED,   /* RFC 6026: a 2xx to INVITE; Timer M */
  STATE_UNSENT      /* it couldn't be sent; the handler is about to hear of it */
};

struct transaction {
  struct transport *transport;
  struct transaction *next;
  enum state state;
  bool is_invite, has_response;
  char branch[BRANCH_SIZE];
  struct target_address target;
  msg_t *request;
  msg_t *ack; /* of a non-2xx, for sending again */
  int64_t sent_at_ms;
  int64_t interval_ms;           /* of the next retransmission */
  struct phone_timer retransmit; /* Timers A, E */
  struct phone_timer timeout;    /* Timers B, F; then D, K, M */
  struct tport_s *tport;
  int watch;
  int error;                    /* STATE_UNSENT */
  transaction_handler *handler; /* NULL: detached */
  void *context;
};

static void stop_sending(struct transaction *transaction) {
  phone_timer_stop(&transaction->retransmit);
  transport_release(transaction->tport, transaction->watch, transaction->request, transaction);
  transaction->watch = 0;
}

void transaction_abort(struct transaction *transaction) {
  if (!transaction)
    return;
  struct transaction **link = &transaction->transport->transactions;
  while (*link != transaction)
    link = &(*link)->next;
  *link = transaction->next;
  stop_sending(transaction);
  phone_timer_release(&transaction->retransmit);
  phone_timer_release(&transaction->timeout);
  if (transaction->request)
    msg_destroy(transaction->request);
  if (transaction->ack)
    msg_destroy(transaction->ack);
  free(transaction);
}

/* Ends the transaction with an outcome that the phone makes itself. */
static void end_locally(struct transaction *transaction, enum transaction_outcome outcome,
                        int status, const char *reason) {
  transaction_handler *handler = transaction->handler;
  void *context = transaction->context;
  struct transaction_result result = {
      .outcome = outcome, .status = status, .reason = reason, .is_local = true};
  transaction_abort(transaction);
  if (handler)
    handler(context, &result);
}

static void on_transport_error(struct tp_stack_s *stack, struct transaction *transaction,
                               struct tport_s *tport, msg_t *msg, int error) {
  (void)stack;
  (void)tport;
  (void)msg;
  end_locally(transaction, TRANSACTION_TRANSPORT_ERROR, 503, strerror(error));
}

/* Sends the request for the first or another time. An error is reported from the loop, not from
 * here. */
static void send_request(struct transaction *transaction) {
  transport_release(transaction->tport, transaction->watch, transaction->request, transaction);
  transaction->watch = 0;
  transaction->tport =
      transport_send(transaction->transport, transaction->request, &transaction->target);
  if (transaction->tport) {
    transaction->watch =
        transport_watch(transaction->tport, transaction->request, on_transport_error, transaction);
    return;
  }
  transaction->error = errno;
  transaction->state = STATE_UNSENT;
  phone_timer_stop(&transaction->retransmit);
  phone_timer_start(&transaction->timeout, phone_now_ms());
}

/* Timer A doubles each time, Timer E up to T2; in Proceeding a request other than INVITE is sent
 * each T2 (RFC 3261 sections 17.1.1.2 and 17.1.2.2). */
static void on_retransmit(void *context) {
  struct transaction *transaction = context;
  int64_t now_ms = transaction->retransmit.due_ms;
  int64_t t2_ms = transaction->transport->parameters.t2_ms;
  /* When both timers are due at once, the transaction has timed out. */
  if (phone_timer_is_running(&transaction->timeout) && transaction->timeout.due_ms <= now_ms)
    return;
  send_request(transaction);
  if (transaction->state == STATE_UNSENT)
    return;
  transaction->interval_ms *= 2;
  if (!transaction->is_invite &&
      (transaction->interval_ms > t2_ms || transaction->state == STATE_PROCEEDING))
    transaction->interval_ms = t2_ms;
  phone_timer_start(&transaction->retransmit, now_ms + transaction->interval_ms);
}

static void on_timeout(void *context) {
  struct transaction *transaction = context;
  switch (transaction->state) {
  case STATE_TRYING:
  case STATE_PROCEEDING:
    end_locally(transaction, TRANSACTION_TIMEOUT, 408, "Request Timeout");
    return;
  case STATE_UNSENT:
    end_locally(transaction, TRANSACTION_TRANSPORT_ERROR, 503, strerror(transaction->error));
    return;
  case STATE_ACCEPTED:
    end_locally(transaction, TRANSACTION_GONE, 200, "OK");
    return;
  case STATE_COMPLETED:
    transaction_abort(transaction);
    return;
  }
}

static bool prepare(struct transaction *transaction, const char *branch) {
  struct transport *transport = transaction->transport;
  if (branch)
    snprintf(transaction->branch, BRANCH_SIZE, "%s", branch);
  else
    transport_new_branch(transport, transaction->branch);
  return phone_timer_init(&transaction->retransmit, transport->root, on_retransmit, transaction) ==
             0 &&
         phone_timer_init(&transaction->timeout, transport->root, on_timeout, transaction) == 0 &&
         transport_finish_request(transport, transaction->request, &transaction->target,
                                  transaction->branch);
}

struct transaction *transaction_start(struct transport *transport, msg_t *msg,
                                      const struct target_address *target, const char *branch,
                                      transaction_handler *handler, void *context) {
  struct transaction *transaction = msg ? calloc(1, sizeof *transaction) : NULL;
  if (!transaction) {
    if (msg)
      msg_destroy(msg);
    return NULL;
  }
  const struct global_parameters *timers = &transport->parameters;
  transaction->transport = transport;
  transaction->next = transport->transactions;
  transport->transactions = transaction;
  transaction->request = msg;
  transaction->target = *target;
  transaction->is_invite = sip_object(msg)->sip_request->rq_method == sip_method_invite;
  transaction->interval_ms = timers->t1_ms;
  if (!prepare(transaction, branch)) {
    transaction_abort(transaction);
    return NULL;
  }
  transaction->handler = handler;
  transaction->context = context;
  transaction->sent_at_ms = phone_now_ms();
  phone_timer_start(&transaction->retransmit, transaction->sent_at_ms + transaction->interval_ms);
  phone_timer_start(&transaction->timeout,
                    transaction->sent_at_ms +
                        (transaction->is_invite ? timers->timer_b_ms : timers->timer_f_ms));
  send_request(transaction);
  return transaction;
}

bool transaction_has_response(const struct transaction *transaction) {
  return transaction->has_response;
}

void transaction_cancel(struct transaction *transaction) {
  msg_t *msg =
      transport_new_related(transaction->transport, transaction->request, SIP_METHOD_CANCEL, NULL);
  transaction_start(transaction->transport, msg, &transaction->target, transaction->branch, NULL,
                    NULL);
}

void transaction_detach(struct transaction *transaction) {
  if (transaction)
    transaction->handler = NULL;
}

/* The ACK of a non-2xx goes where the INVITE went, with its branch (RFC 3261 section 17.1.1.3). */
static void acknowledge(struct transaction *transaction, const sip_t *sip) {
  struct transport *transport = transaction->transport;
  if (!transaction->ack) {
    msg_t *ack =
        transport_new_related(transport, transaction->request, SIP_METHOD_ACK, sip->sip_to);
    if (!ack)
      return;
    if (!transport_finish_request(transport, ack, &transaction->target, transaction->branch)) {
      msg_destroy(ack);
      return;
    }
    transaction->ack = ack;
  }
  transport_send(transport, transaction->ack, &transaction->target);
}

static void receive_provisional(struct transaction *transaction) {
  transaction->state = STATE_PROCEEDING;
  /* Timers A and B end with the first provisional response of an INVITE (RFC 3261
   * section 17.1.1.2); E and F go on, the next interval is T2 (section 17.1.2.2). */
  if (transaction->is_invite) {
    phone_timer_stop(&transaction->retransmit);
    phone_timer_stop(&transaction->timeout);
  }
}

static void receive_final(struct transaction *transaction, const sip_t *sip) {
  const struct global_parameters *timers = &transaction->transport->parameters;
  int64_t linger_ms = timers->t4_ms; /* Timer K */
  stop_sending(transaction);
  transaction->state = STATE_COMPLETED;
  if (transaction->is_invite && sip->sip_status->st_status < 300) {
    transaction->state = STATE_ACCEPTED;
    linger_ms = 64 * timers->t1_ms; /* Timer M */
  } else if (transaction->is_invite) {
    acknowledge(transaction, sip);
    linger_ms = timers->timer_d_ms;
  }
  phone_timer_start(&transaction->timeout, phone_now_ms() + linger_ms);
}

/* False when the response isn't for whoever started the transaction. */
static bool change_state(struct transaction *transaction, const sip_t *sip) {
  int status = sip->sip_status->st_status;
  switch (transaction->state) {
  case STATE_TRYING:
  case STATE_PROCEEDING:
    transaction->has_response = true;
    if (status < 200)
      receive_provisional(transaction);
    else
      receive_final(transaction, sip);
    return true;
  case STATE_COMPLETED:
    if (transaction->is_invite && status >= 300)
      acknowledge(transaction, sip);
    return false;
  case STATE_ACCEPTED:
    return status / 100 == 2;
  case STATE_UNSENT:
    return false;
  }
  return false;
}

static struct transaction *find(struct transport *transport, const sip_t *sip) {
  const sip_via_t *via = sip->sip_via;
  bool is_invite = sip->sip_cseq->cs_method == sip_method_invite;
  for (struct transaction *item = transport->transactions; item; item = item->next) {
    const sip_cseq_t *cseq = sip_object(item->request)->sip_cseq;
    if (via && via->v_branch && strcasecmp(via->v_branch, item->branch) == 0 &&
        item->is_invite == is_invite && cseq->cs_method == sip->sip_cseq->cs_method)
      return item;
  }
  return NULL;
}

bool transactions_receive(struct transport *transport, const sip_t *sip) {
  struct transaction *transaction = sip->sip_cseq ? find(transport, sip) : NULL;
  if (!transaction)
    return false;
  int status = sip->sip_status->st_status;
  bool is_wanted = change_state(transaction, sip);
  if (!is_wanted)
    return true;
  /* A detached INVITE that is accepted after all belongs to nobody: its dialog must be ended. */
  if (!transaction->handler)
    return status / 100 != 2 || !transaction->is_invite;
  struct transaction_result result = {.outcome = status < 200 ? TRANSACTION_PROVISIONAL
                                                              : TRANSACTION_FINAL,
                                      .status = status,
                                      .reason = sip->sip_status->st_phrase,
                                      .sip = sip};
  transaction_handler *handler = transaction->handler;
  if (status >= 200 && transaction->state == STATE_COMPLETED)
    transaction->handler = NULL;
  handler(transaction->context, &result);
  return true;
}
