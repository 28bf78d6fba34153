/* SPDX-License-Identifier: MIT
 *
 * Client transactions. The proxy's map, by branch, owns them; each owns its request.
 */
#include "fakeproxy/client_transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"

enum state { TRYING, PROCEEDING, COMPLETED };

struct client_transaction {
  struct fakeproxy *proxy;
  char *branch;
  enum state state;
  struct message *request;
  struct sockaddr_storage target;
  struct proxy_timer *repeat_timer; /* timer E */
  struct proxy_timer *end_timer;    /* timers F, K */
  uint64_t interval_ms;
};

void client_transaction_via(struct fakeproxy *proxy, struct client_transaction_via *via) {
  char digits[BRANCH_DIGITS + 1], address[ADDRESS_TEXT_SIZE];
  random_stream_hex(proxy->random, digits, BRANCH_DIGITS);
  snprintf(via->branch, sizeof via->branch, "z9hG4bK%s", digits);
  snprintf(via->value, sizeof via->value, "SIP/2.0/UDP %s;branch=%s;rport",
           address_format(&proxy->address, address), via->branch);
}

static void destroy(struct client_transaction *transaction) {
  proxy_timer_destroy(transaction->repeat_timer);
  proxy_timer_destroy(transaction->end_timer);
  message_destroy(transaction->request);
  free(transaction->branch);
  free(transaction);
}

static void on_end(void *context) {
  struct client_transaction *transaction = context;
  text_map_remove(&transaction->proxy->client_transactions, transaction->branch);
  destroy(transaction);
}

/* Timer E: doubles up to T2; T2 at once when a provisional response came (section 17.1.2.2). */
static void on_repeat(void *context) {
  struct client_transaction *transaction = context;
  transaction->interval_ms *= 2;
  if (transaction->interval_ms > TIMER_T2_MS || transaction->state == PROCEEDING)
    transaction->interval_ms = TIMER_T2_MS;
  proxy_timer_start(transaction->repeat_timer, transaction->interval_ms);
  fakeproxy_send(transaction->proxy, transaction->request, &transaction->target);
}

static struct client_transaction *allocate(struct fakeproxy *proxy, const char *branch) {
  struct client_transaction *transaction = calloc(1, sizeof *transaction);
  if (!transaction)
    return NULL;
  transaction->proxy = proxy;
  transaction->branch = strdup(branch);
  transaction->repeat_timer = proxy_timer_create(proxy, on_repeat, transaction);
  transaction->end_timer = proxy_timer_create(proxy, on_end, transaction);
  if (!transaction->branch || !transaction->repeat_timer || !transaction->end_timer ||
      text_map_add(&proxy->client_transactions, branch, transaction)) {
    destroy(transaction);
    return NULL;
  }
  return transaction;
}

void client_transaction_start(struct fakeproxy *proxy, struct message *request, const char *branch,
                              const struct sockaddr_storage *target) {
  bool full =
      proxy->server_transactions.count + proxy->client_transactions.count >= TRANSACTIONS_MAX;
  struct client_transaction *transaction = full ? NULL : allocate(proxy, branch);
  if (!transaction) {
    fakeproxy_send(proxy, request, target);
    message_destroy(request);
    return;
  }
  transaction->request = request;
  transaction->target = *target;
  transaction->interval_ms = TIMER_T1_MS;
  proxy_timer_start(transaction->repeat_timer, TIMER_T1_MS);
  proxy_timer_start(transaction->end_timer, TIMER_64_T1_MS); /* timer F */
  fakeproxy_send(proxy, request, target);
}

void client_transaction_receive(struct fakeproxy *proxy, const struct message *response) {
  const char *branch = message_branch(response);
  struct client_transaction *transaction =
      branch ? text_map_find(&proxy->client_transactions, branch) : NULL;
  /* RFC 3261 section 17.1.3: the branch, and the method of CSeq. */
  if (!transaction ||
      strcmp(message_cseq_method(response), message_method(transaction->request)) != 0)
    return;
  if (message_status(response) < 200) {
    if (transaction->state == TRYING)
      transaction->state = PROCEEDING;
    return;
  }
  if (transaction->state == COMPLETED)
    return;
  transaction->state = COMPLETED;
  proxy_timer_stop(transaction->repeat_timer);
  proxy_timer_start(transaction->end_timer,
                    TIMER_T4_MS); /* timer K: repeated responses are absorbed */
}

void client_transactions_clear(struct fakeproxy *proxy) {
  struct client_transaction *transaction;
  while ((transaction = text_map_take(&proxy->client_transactions)))
    destroy(transaction);
  text_map_clear(&proxy->client_transactions);
}
