/* SPDX-License-Identifier: MIT
 *
 * A query's way through the server. An exchange lives from the query to its answer, or to the
 * verdict that ends it; those that a rule delays are on the server's list meanwhile, with a timer.
 * The observer may close ports and change rules while it is told, so nothing is believed to be open
 * after telling.
 */
#include "fakedns/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "fakedns/events.h"
#include "fakedns/faults.h"
#include "fakedns/sending.h"

/* ---- its life ---- */

static void freed(uv_handle_t *handle) {
  free(handle->data);
}

static void clear(struct exchange *exchange) {
  free(exchange->name);
  free(exchange->type);
  free(exchange->message);
  free(exchange->answer);
  fakedns_query_clear(&exchange->query);
}

/* An exchange that was delayed has a timer, which libuv needs until its close callback. */
static void end(struct exchange *exchange) {
  clear(exchange);
  if (exchange->timer.data)
    uv_close((uv_handle_t *)&exchange->timer, freed);
  else
    free(exchange);
}

/* The least of what the transport carries, the client takes and the server was told to send. */
static void set_limits(struct query *query, const struct fakedns *server,
                       enum transport transport) {
  if (server->udp_size) {
    query->own_size = server->udp_size;
    if (query->size_limit > server->udp_size)
      query->size_limit = server->udp_size;
  }
  if (transport == TRANSPORT_TCP)
    query->size_limit = MESSAGE_TCP_SIZE_MAX;
}

/* Reads a query. NULL when nothing can be answered. */
static struct exchange *begin(struct fakedns *server, const struct route *route,
                              const uint8_t *bytes, size_t size) {
  struct query query;
  if (fakedns_query_parse(&query, bytes, size))
    return NULL;
  struct exchange *exchange = calloc(1, sizeof *exchange);
  if (!exchange) {
    fakedns_query_clear(&query);
    return NULL;
  }
  exchange->server = server;
  exchange->route = *route;
  exchange->query = query;
  exchange->message = malloc(size);
  set_limits(&exchange->query, server, route->transport);
  if (!exchange->message) {
    end(exchange);
    return NULL;
  }
  memcpy(exchange->message, bytes, size);
  exchange->message_size = size;
  return exchange;
}

/* ---- the rules ---- */

/* The question's type and name (without its last dot) as texts, made when first asked for; NULL
 * when there is no readable question. */
static const char *type_of(struct exchange *exchange) {
  if (!exchange->type && exchange->query.name)
    exchange->type = ldns_rr_type2str(exchange->query.type);
  return exchange->type;
}

static const char *name_of(struct exchange *exchange) {
  if (exchange->name || !exchange->query.name)
    return exchange->name;
  exchange->name = ldns_rdf2str(exchange->query.name);
  size_t length = exchange->name ? strlen(exchange->name) : 0;
  if (length > 1)
    exchange->name[length - 1] = '\0';
  return exchange->name;
}

/* What rules may ask of a query or its answer. */
static const char *rule_value(void *context, const char *name) {
  struct exchange *exchange = context;
  if (strcmp(name, "qtype") == 0)
    return type_of(exchange);
  if (strcmp(name, "qname") == 0)
    return name_of(exchange);
  return strcmp(name, "transport") == 0 ? fakedns_exchange_transport(exchange) : NULL;
}

static struct rule_verdict decide(struct exchange *exchange, enum rule_direction direction,
                                  uint64_t *rule) {
  struct rule_subject subject = {
      .value = rule_value,
      .context = exchange,
      .direction = direction,
      .source =
          direction == RULE_INBOUND ? &exchange->route.client : fakedns_exchange_address(exchange),
      .now_ns = fakedns_lab_now(exchange->server),
  };
  return rule_chain_decide(exchange->server->rules, &subject, rule);
}

static void tell_verdict(struct exchange *exchange, enum rule_direction direction, uint64_t rule,
                         enum rule_verdict_kind verdict) {
  fakedns_tell_exchange(exchange, direction,
                        fakedns_event_verdict(rule, verdict, type_of(exchange)));
}

/* ---- delays ---- */

static void delay_over(uv_timer_t *timer);

/* Takes the exchange and goes on with it after that time: with its answer if there is one, else
 * with answering. */
static void delay(struct exchange *exchange, int64_t delay_ns) {
  struct fakedns *server = exchange->server;
  if (!exchange->timer.data)
    uv_timer_init(server->loop, &exchange->timer);
  exchange->timer.data = exchange;
  exchange->next = server->held;
  server->held = exchange;
  uv_timer_start(&exchange->timer, delay_over,
                 fakedns_ms_until(server, fakedns_lab_now(server) + delay_ns), 0);
}

static void take_off_list(struct exchange *exchange) {
  struct exchange **link = &exchange->server->held;
  while (*link != exchange)
    link = &(*link)->next;
  *link = exchange->next;
}

void fakedns_exchange_end_all(struct fakedns *server) {
  while (server->held) {
    struct exchange *exchange = server->held;
    take_off_list(exchange);
    end(exchange);
  }
}

/* ---- the answer's way out ---- */

/* Stops reading the connection, as long as the rule stands. */
static void stall(const struct exchange *exchange, uint64_t rule) {
  fakedns_tcp_stall(exchange->server->ports[exchange->route.port].tcp, exchange->route.connection,
                    rule);
}

static void answer_with_rcode(struct exchange *exchange, int rcode) {
  free(exchange->answer);
  exchange->answer = NULL;
  if (fakedns_respond_with_rcode(&exchange->query, rcode, &exchange->answer,
                                 &exchange->answer_size))
    exchange->answer = NULL;
}

/* Does to the answer what a verdict says; takes the exchange. */
static void carry_out(struct exchange *exchange, const struct rule_verdict *verdict,
                      uint64_t rule) {
  switch (verdict->kind) {
  case VERDICT_PASS:
    fakedns_send_answer(exchange);
    break;
  case VERDICT_DROP:
  case VERDICT_REFUSE:
  case VERDICT_UNREACHABLE:
    break;
  case VERDICT_STALL:
    stall(exchange, rule);
    break;
  case VERDICT_ANSWER:
    answer_with_rcode(exchange, verdict->status);
    if (exchange->answer)
      fakedns_send_answer(exchange);
    break;
  case VERDICT_DELAY:
    delay(exchange, verdict->delay_ns);
    return;
  case VERDICT_DUPLICATE:
    for (unsigned i = 0; i <= verdict->copies; i++)
      fakedns_send_answer(exchange);
    break;
  case VERDICT_CORRUPT:
    fakedns_send_corrupted(exchange, verdict->manner);
    break;
  case VERDICT_DIVERT:
    fakedns_send_diverted(exchange, &verdict->from);
    break;
  case VERDICT_CLOSE:
    fakedns_send_half(exchange, CONNECTION_CLOSES);
    break;
  case VERDICT_RESET:
    fakedns_send_half(exchange, CONNECTION_RESETS);
    break;
  }
  end(exchange);
}

/* Asks the rules about an answer that is ready. What is lost is told of before its verdict. */
static void release_answer(struct exchange *exchange) {
  uint64_t rule;
  struct rule_verdict verdict = decide(exchange, RULE_OUTBOUND, &rule);
  bool lost = verdict.kind == VERDICT_DROP || verdict.kind == VERDICT_REFUSE ||
              verdict.kind == VERDICT_UNREACHABLE || verdict.kind == VERDICT_STALL;
  if (lost)
    fakedns_tell_message(exchange, RULE_OUTBOUND, exchange->answer, exchange->answer_size);
  if (verdict.kind != VERDICT_PASS)
    tell_verdict(exchange, RULE_OUTBOUND, rule, verdict.kind);
  carry_out(exchange, &verdict, rule);
}

/* ---- the query's way in ---- */

/* Answers from the zones; takes the exchange. */
static void answer(struct exchange *exchange) {
  if (fakedns_answer(exchange->server, &exchange->query, exchange->message, exchange->message_size,
                     &exchange->answer, &exchange->answer_size)) {
    exchange->answer = NULL;
    end(exchange);
    return;
  }
  release_answer(exchange);
}

static void delay_over(uv_timer_t *timer) {
  struct exchange *exchange = timer->data;
  take_off_list(exchange);
  if (exchange->answer) {
    fakedns_send_answer(exchange);
    end(exchange);
  } else {
    answer(exchange);
  }
}

/* Answers the query as often as it is said to have come. */
static void answer_copies(struct exchange *exchange, unsigned copies) {
  for (unsigned i = 0; i < copies; i++) {
    struct exchange *copy =
        begin(exchange->server, &exchange->route, exchange->message, exchange->message_size);
    if (copy)
      answer(copy);
  }
  answer(exchange);
}

static void answer_corrupted(struct exchange *exchange, const char *manner) {
  uint8_t *bytes;
  size_t size;
  if (fakedns_corrupt(manner, exchange->server->responder.random, exchange->message,
                      exchange->message_size, &bytes, &size) == 0) {
    struct exchange *corrupted = begin(exchange->server, &exchange->route, bytes, size);
    if (corrupted)
      answer(corrupted);
    free(bytes);
  }
  end(exchange);
}

static void end_connection(const struct exchange *exchange, enum connection_ending ending) {
  fakedns_tcp_end(exchange->server->ports[exchange->route.port].tcp, exchange->route.connection,
                  ending);
}

/* Does to the query what a verdict says; takes the exchange. */
static void take_in(struct exchange *exchange, const struct rule_verdict *verdict, uint64_t rule) {
  switch (verdict->kind) {
  case VERDICT_PASS:
  case VERDICT_DIVERT: /* is about answers, and no such rule for queries is ever added */
    answer(exchange);
    return;
  case VERDICT_DROP:
  case VERDICT_REFUSE: /* of some messages only: the port stays open for the others */
  case VERDICT_UNREACHABLE:
    break;
  case VERDICT_STALL:
    stall(exchange, rule);
    break;
  case VERDICT_ANSWER:
    answer_with_rcode(exchange, verdict->status);
    if (!exchange->answer)
      break;
    release_answer(exchange);
    return;
  case VERDICT_DELAY:
    delay(exchange, verdict->delay_ns);
    return;
  case VERDICT_DUPLICATE:
    answer_copies(exchange, verdict->copies);
    return;
  case VERDICT_CORRUPT:
    answer_corrupted(exchange, verdict->manner);
    return;
  case VERDICT_CLOSE:
    end_connection(exchange, CONNECTION_CLOSES);
    break;
  case VERDICT_RESET:
    end_connection(exchange, CONNECTION_RESETS);
    break;
  }
  end(exchange);
}

void fakedns_exchange(struct fakedns *server, const struct route *route, const uint8_t *bytes,
                      size_t size) {
  struct exchange unread = {.server = server, .route = *route};
  uint64_t rule;
  fakedns_tell_message(&unread, RULE_INBOUND, bytes, size);
  struct exchange *exchange = begin(server, route, bytes, size);
  if (!exchange)
    return;
  struct rule_verdict verdict = decide(exchange, RULE_INBOUND, &rule);
  if (verdict.kind != VERDICT_PASS)
    tell_verdict(exchange, RULE_INBOUND, rule, verdict.kind);
  take_in(exchange, &verdict, rule);
}
