/* SPDX-License-Identifier: MIT
 *
 * What happens to a datagram: the observer is told, the rules are asked, and the message goes to
 * the transaction that it belongs to or begins one.
 */
#include <string.h>
#include <strings.h>

#include "fakeproxy/client_transaction.h"
#include "fakeproxy/events.h"
#include "fakeproxy/fakeproxy_internal.h"
#include "fakeproxy/far_end.h"
#include "fakeproxy/registrar.h"
#include "fakeproxy/server_transaction.h"

/* RFC 5626 section 4.4.1 and many phones: line ends alone keep a NAT binding alive and are no
 * message. */
static bool is_keepalive(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != '\r' && bytes[i] != '\n')
      return false;
  return true;
}

/* The answer that a rule wants. */
static void answer_by_rule(struct server_transaction *transaction,
                           const struct rule_verdict *verdict) {
  struct message *response =
      server_transaction_response(transaction, verdict->status, verdict->reason);
  if (response && verdict->retry_after_s > 0 &&
      message_add_number(response, "Retry-After", (uint32_t)verdict->retry_after_s)) {
    message_destroy(response);
    response = NULL;
  }
  server_transaction_send(transaction, response);
}

/* RFC 3261 section 8.2.2.3: extensions that the request insists on, of which we know none. */
static void answer_unsupported(struct server_transaction *transaction, const char *extensions) {
  struct message *response = server_transaction_response(transaction, 420, NULL);
  if (response && message_add(response, "Unsupported", extensions)) {
    message_destroy(response);
    response = NULL;
  }
  server_transaction_send(transaction, response);
}

static void answer_not_allowed(struct server_transaction *transaction) {
  struct message *response = server_transaction_response(transaction, 405, NULL);
  if (response && far_end_add_allow(response)) {
    message_destroy(response);
    response = NULL;
  }
  server_transaction_send(transaction, response);
}

static bool scheme_supported(const struct message *request) {
  const char *scheme = message_uri_scheme(request);
  return scheme && (strcasecmp(scheme, "sip") == 0 || strcasecmp(scheme, "sips") == 0 ||
                    strcasecmp(scheme, "tel") == 0);
}

/* A request that nothing speaks against. */
static void serve(struct fakeproxy *proxy, struct server_transaction *transaction) {
  static const struct {
    const char *method;
    void (*serve)(struct fakeproxy *proxy, struct server_transaction *transaction);
  } methods[] = {
      {"REGISTER", registrar_register}, {"INVITE", far_end_invite},
      {"CANCEL", far_end_cancel},       {"BYE", far_end_bye},
      {"OPTIONS", far_end_options},
  };
  const struct message *request = server_transaction_request(transaction);
  /* Section 8.2.2.3: Require is ignored in a CANCEL. */
  const char *extensions = message_is_method(request, "CANCEL") ? NULL : message_require(request);
  if (!scheme_supported(request)) {
    server_transaction_answer(transaction, 416, NULL);
    return;
  }
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (!message_is_method(request, methods[i].method))
      continue;
    if (extensions)
      answer_unsupported(transaction, extensions);
    else
      methods[i].serve(proxy, transaction);
    return;
  }
  answer_not_allowed(transaction); /* section 8.2.1 */
}

/* A request that begins a transaction. Takes it over. */
static void receive_new_request(struct fakeproxy *proxy, struct message *request,
                                const struct sockaddr_storage *source,
                                const struct rule_verdict *verdict) {
  int malformed_status = message_malformed_status(request);
  const char *malformed = message_malformed(request);
  struct server_transaction *transaction = server_transaction_create(proxy, request, source);
  if (!transaction)
    return;
  if (verdict->kind == VERDICT_ANSWER)
    answer_by_rule(transaction, verdict);
  else if (malformed)
    server_transaction_answer(transaction, malformed_status, NULL);
  else
    serve(proxy, transaction);
}

/* A message that the rules let in. Takes it over. */
static void receive_message(struct fakeproxy *proxy, struct message *message,
                            const struct sockaddr_storage *source,
                            const struct rule_verdict *verdict) {
  bool useless = message_malformed(message) &&
                 (!message_malformed_status(message) || message_is_method(message, "ACK"));
  if (!useless && !message_is_request(message)) {
    client_transaction_receive(proxy, message);
  } else if (!useless) {
    struct server_transaction *transaction = server_transaction_find(proxy, message);
    bool acknowledgement = message_is_method(message, "ACK");
    if (transaction)
      server_transaction_repeated(transaction, message);
    if (acknowledgement)
      far_end_acknowledge(proxy, message);
    if (!transaction && !acknowledgement) {
      receive_new_request(proxy, message, source, verdict);
      return;
    }
  }
  message_destroy(message);
}

/* Asks the rules, and tells what they said. Only requests that can have an answer are answered. */
static struct rule_verdict decide(struct fakeproxy *proxy, const struct message *message,
                                  struct event_link link) {
  struct rule_subject subject = {.value = message_rule_value,
                                 .context = (void *)message,
                                 .direction = RULE_INBOUND,
                                 .source = link.peer,
                                 .now_ns = fakeproxy_now_ns(proxy)};
  uint64_t rule;
  struct rule_verdict verdict = rule_chain_decide(proxy->rules, &subject, &rule);
  bool answerable = message_is_request(message) && !message_is_method(message, "ACK") &&
                    (!message_malformed(message) || message_malformed_status(message));
  if (verdict.kind == VERDICT_ANSWER && !answerable)
    verdict.kind = VERDICT_PASS;
  if (verdict.kind != VERDICT_PASS)
    events_verdict(proxy, link, rule, verdict.kind, message_name(message));
  return verdict;
}

void fakeproxy_receive(struct fakeproxy *proxy, const void *bytes, size_t size,
                       const struct sockaddr_storage *source) {
  struct message *message;
  struct event_link link = {.peer = source, .inbound = true};
  if (is_keepalive(bytes, size))
    return;
  if (size > MESSAGE_SIZE_MAX)
    size = MESSAGE_SIZE_MAX; /* no datagram is longer; the Content-Length of the rest will tell */
  if (message_parse(&message, bytes, size))
    return;
  events_sip(proxy, link, message, bytes, size);
  struct rule_verdict verdict = decide(proxy, message, link);
  if (verdict.kind == VERDICT_PASS || verdict.kind == VERDICT_ANSWER)
    receive_message(proxy, message, source, &verdict);
  else
    message_destroy(message);
}
