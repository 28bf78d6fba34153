/* SPDX-License-Identifier: MIT
 *
 * Server transactions. The proxy's map owns them; each owns its request until the final answer, and
 * its last answer until it goes.
 */
#include "fakeproxy/server_transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state { PROCEEDING, ACCEPTED, COMPLETED, CONFIRMED };

struct server_transaction {
  struct fakeproxy *proxy;
  char *key;
  bool is_invite;
  enum state state;
  char tag[TAG_SIZE];
  struct message *request; /* NULL after the final answer */
  struct message *answer;  /* the last one; NULL: none yet */
  struct sockaddr_storage source, reply_to;
  struct server_transaction_owner owner;
  bool acknowledged;
  struct proxy_timer *repeat_timer; /* timer G; NULL unless INVITE */
  struct proxy_timer *end_timer;    /* timers C, H, I, J, L */
  uint64_t interval_ms;
  size_t kept;
};

struct server_transaction *server_transaction_find(struct fakeproxy *proxy,
                                                   const struct message *request) {
  /* RFC 3261 section 17.2.3: an ACK matches its INVITE. */
  const char *method = message_is_method(request, "ACK") ? "INVITE" : message_method(request);
  char *key = message_transaction_key(request, method);
  struct server_transaction *found = key ? text_map_find(&proxy->server_transactions, key) : NULL;
  free(key);
  return found;
}

struct server_transaction *server_transaction_find_invite(struct fakeproxy *proxy,
                                                          const struct message *cancel) {
  char *key = message_transaction_key(cancel, "INVITE");
  struct server_transaction *found = key ? text_map_find(&proxy->server_transactions, key) : NULL;
  free(key);
  return found;
}

/* Frees it; nobody is told. It is out of the map already. */
static void destroy(struct server_transaction *transaction) {
  proxy_timer_destroy(transaction->repeat_timer);
  proxy_timer_destroy(transaction->end_timer);
  message_destroy(transaction->request);
  message_destroy(transaction->answer);
  fakeproxy_release(transaction->proxy, transaction->kept);
  free(transaction->key);
  free(transaction);
}

static void on_end(void *context) {
  struct server_transaction *transaction = context;
  text_map_remove(&transaction->proxy->server_transactions, transaction->key);
  struct server_transaction_owner owner = transaction->owner;
  bool unacknowledged = transaction->state == ACCEPTED && !transaction->acknowledged;
  destroy(transaction);
  if (owner.gone)
    owner.gone(owner.context, unacknowledged);
}

static void send_answer(struct server_transaction *transaction) {
  if (transaction->answer)
    fakeproxy_send(transaction->proxy, transaction->answer, &transaction->reply_to);
}

/* Timer G, which doubles up to T2 (RFC 3261 section 17.2.1); the same for 2xx (section 13.3.1.4).
 */
static void on_repeat(void *context) {
  struct server_transaction *transaction = context;
  transaction->interval_ms *= 2;
  if (transaction->interval_ms > TIMER_T2_MS)
    transaction->interval_ms = TIMER_T2_MS;
  proxy_timer_start(transaction->repeat_timer, transaction->interval_ms);
  send_answer(transaction);
}

/* Answers without keeping anything, because there is too much already. The tag is the same for each
 * repetition of the request, as RFC 3261 section 8.2.7 wants of a stateless server. */
static void answer_overload(struct fakeproxy *proxy, const struct message *request, const char *key,
                            const struct sockaddr_storage *source) {
  if (message_is_method(request, "ACK"))
    return;
  uint64_t hash = proxy->stateless_key;
  for (; key && *key; key++)
    hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
  char tag[TAG_SIZE];
  snprintf(tag, sizeof tag, "%016llx", (unsigned long long)hash);
  struct message *response;
  if (message_create_response(&response, request, source, 503, NULL, tag))
    return;
  struct sockaddr_storage reply_to = message_reply_address(request, source);
  if (message_add_number(response, "Retry-After", OVERLOAD_RETRY_AFTER_S) == 0 &&
      message_finish(response) == 0)
    fakeproxy_send(proxy, response, &reply_to);
  message_destroy(response);
}

static struct server_transaction *allocate(struct fakeproxy *proxy, const char *method) {
  struct server_transaction *transaction = calloc(1, sizeof *transaction);
  if (!transaction)
    return NULL;
  transaction->proxy = proxy;
  transaction->is_invite = strcmp(method, "INVITE") == 0;
  transaction->end_timer = proxy_timer_create(proxy, on_end, transaction);
  if (transaction->is_invite)
    transaction->repeat_timer = proxy_timer_create(proxy, on_repeat, transaction);
  if (!transaction->end_timer || (transaction->is_invite && !transaction->repeat_timer)) {
    destroy(transaction);
    return NULL;
  }
  return transaction;
}

struct server_transaction *server_transaction_create(struct fakeproxy *proxy,
                                                     struct message *request,
                                                     const struct sockaddr_storage *source) {
  struct server_transaction *transaction = NULL;
  size_t weight = message_weight(request);
  char *key = message_transaction_key(request, message_method(request));
  if (proxy->server_transactions.count + proxy->client_transactions.count >= TRANSACTIONS_MAX ||
      !fakeproxy_keep(proxy, weight)) {
    answer_overload(proxy, request, key, source);
    goto out;
  }
  transaction = key ? allocate(proxy, message_method(request)) : NULL;
  if (!transaction || text_map_add(&proxy->server_transactions, key, transaction)) {
    fakeproxy_release(proxy, weight);
    if (transaction)
      destroy(transaction);
    transaction = NULL;
    goto out;
  }
  transaction->key = key;
  transaction->kept = weight;
  transaction->source = *source;
  transaction->reply_to = message_reply_address(request, source);
  transaction->request = request;
  fakeproxy_tag(proxy, transaction->tag);
  /* No timer of RFC 3261 ends a server transaction that is never answered finally; this one does.
   */
  proxy_timer_start(transaction->end_timer, TIMER_C_MS);
  return transaction;
out:
  message_destroy(request);
  free(key);
  return transaction;
}

const struct message *server_transaction_request(const struct server_transaction *transaction) {
  return transaction->request;
}

const struct sockaddr_storage *
server_transaction_source(const struct server_transaction *transaction) {
  return &transaction->source;
}

const char *server_transaction_tag(const struct server_transaction *transaction) {
  return transaction->tag;
}

bool server_transaction_pending(const struct server_transaction *transaction) {
  return transaction->state == PROCEEDING;
}

void server_transaction_own(struct server_transaction *transaction,
                            struct server_transaction_owner owner) {
  transaction->owner = owner;
}

void server_transaction_forget(struct server_transaction *transaction) {
  if (transaction)
    transaction->owner = (struct server_transaction_owner){0};
}

void *server_transaction_context(const struct server_transaction *transaction) {
  return transaction->owner.context;
}

struct message *server_transaction_response(struct server_transaction *transaction, int status,
                                            const char *reason) {
  struct message *response;
  /* RFC 3261 section 8.2.6.2: a 100 needs no tag. */
  if (message_create_response(&response, transaction->request, &transaction->source, status, reason,
                              status == 100 ? NULL : transaction->tag))
    return NULL;
  return response;
}

/* The state after an answer, and its timers (RFC 3261 section 17.2.1 and 17.2.2, RFC 6026
 * section 7.1). */
static void enter_state(struct server_transaction *transaction, int status) {
  if (status < 200) {
    proxy_timer_start(transaction->end_timer, TIMER_C_MS);
    return;
  }
  transaction->state = transaction->is_invite && status < 300 ? ACCEPTED : COMPLETED;
  message_destroy(transaction->request);
  transaction->request = NULL;
  proxy_timer_start(transaction->end_timer, TIMER_64_T1_MS);
  if (transaction->is_invite) {
    transaction->interval_ms = TIMER_T1_MS;
    proxy_timer_start(transaction->repeat_timer, TIMER_T1_MS);
  }
}

void server_transaction_send(struct server_transaction *transaction, struct message *response) {
  if (!response)
    return;
  if (!transaction->request || message_finish(response)) {
    message_destroy(response);
    return;
  }
  message_destroy(transaction->answer);
  transaction->answer = response;
  enter_state(transaction, message_status(response));
  send_answer(transaction);
}

void server_transaction_answer(struct server_transaction *transaction, int status,
                               const char *reason) {
  server_transaction_send(transaction, server_transaction_response(transaction, status, reason));
}

void server_transaction_acknowledge(struct server_transaction *transaction) {
  transaction->acknowledged = true;
  proxy_timer_stop(transaction->repeat_timer);
}

void server_transaction_repeated(struct server_transaction *transaction,
                                 const struct message *message) {
  if (!message_is_method(message, "ACK")) {
    send_answer(transaction);
    return;
  }
  switch (transaction->state) {
  case COMPLETED:
    transaction->state = CONFIRMED;
    proxy_timer_stop(transaction->repeat_timer);
    proxy_timer_start(transaction->end_timer, TIMER_T4_MS); /* timer I */
    return;
  case ACCEPTED:
    /* An ACK for 2xx has a branch of its own (section 17.1.1.3), but some phones use that of the
     * INVITE: they are understood. The dialog learns of it by the caller. */
    server_transaction_acknowledge(transaction);
    return;
  case PROCEEDING:
  case CONFIRMED:
    return;
  }
}

void server_transactions_clear(struct fakeproxy *proxy) {
  struct server_transaction *transaction;
  while ((transaction = text_map_take(&proxy->server_transactions)))
    destroy(transaction);
  text_map_clear(&proxy->server_transactions);
}
