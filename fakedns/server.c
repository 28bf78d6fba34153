/* SPDX-License-Identifier: MIT
 *
 * The server: it owns the zone, the rule chain, one UDP socket and a timer. A datagram comes from
 * udp.c, the rules are asked, respond.c answers, events.c tells. The socket is closed while a rule
 * refuses everything; the timer wakes at the edges of such rules' intervals.
 */
#include <stdlib.h>
#include <string.h>

#include "fakedns/events.h"
#include "fakedns/fakedns.h"
#include "fakedns/respond.h"
#include "fakedns/udp.h"
#include "fakedns/zone.h"

#define NS_PER_MS INT64_C(1000000)

/* When the port can't be opened again because another program took it, it is tried again this much
 * later. */
#define REOPEN_DELAY_NS (1000 * NS_PER_MS)

struct fakedns {
  uv_loop_t *loop;
  char name[EVENT_HOST_SIZE];
  struct sockaddr_storage address;
  struct zone *zone;
  struct rule_chain *rules;
  struct udp_socket *udp; /* NULL while the port is closed */
  uv_timer_t timer;
  struct observer observer;
  int64_t start_ns;
};

static int64_t lab_now(const struct fakedns *server) {
  return (int64_t)uv_hrtime() - server->start_ns;
}

/* Tells an event about what the server did by itself. */
static void tell(struct fakedns *server, struct event *event) {
  if (!event)
    return;
  memcpy(event->source, server->name, sizeof event->source);
  event->source_address = server->address;
  observer_tell(&server->observer, event);
}

/* Tells an event about a message between the server and a client, whose name the timeline knows. */
static void tell_message(struct fakedns *server, struct event *event, enum rule_direction direction,
                         const struct sockaddr_storage *client) {
  if (!event)
    return;
  bool inbound = direction == RULE_INBOUND;
  memcpy(inbound ? event->target : event->source, server->name, sizeof event->target);
  event->source_address = inbound ? *client : server->address;
  event->target_address = inbound ? server->address : *client;
  observer_tell(&server->observer, event);
}

/* One query on its way through the server. */
struct exchange {
  struct fakedns *server;
  struct query query;
  char *name, *type; /* texts of the question, the name with its dot at the end; NULL: it can't be
                        read */
  const struct sockaddr_storage *client;
};

/* What rules may ask of a query or its answer: "qname" (its dot at the end left out), "qtype",
 * "transport". */
static const char *rule_value(void *context, const char *name) {
  const struct exchange *exchange = context;
  if (strcmp(name, "qtype") == 0)
    return exchange->type;
  if (strcmp(name, "qname") == 0)
    return exchange->name;
  return strcmp(name, "transport") == 0 ? "UDP" : NULL;
}

static struct rule_verdict decide(const struct exchange *exchange, enum rule_direction direction,
                                  uint64_t *rule) {
  struct fakedns *server = exchange->server;
  struct rule_subject subject = {
      .value = rule_value,
      .context = (void *)exchange,
      .direction = direction,
      .source = direction == RULE_INBOUND ? exchange->client : &server->address,
      .now_ns = lab_now(server),
  };
  return rule_chain_decide(server->rules, &subject, rule);
}

static void tell_verdict(const struct exchange *exchange, enum rule_direction direction,
                         uint64_t rule, enum rule_verdict_kind verdict) {
  tell_message(exchange->server, fakedns_event_verdict(rule, verdict, exchange->type), direction,
               exchange->client);
}

/* Tells of the answer and sends it; takes `bytes`. The observer may have closed the port meanwhile.
 */
static void send_answer(const struct exchange *exchange, uint8_t *bytes, size_t size) {
  struct fakedns *server = exchange->server;
  tell_message(server, fakedns_event_message("UDP", bytes, size), RULE_OUTBOUND, exchange->client);
  if (server->udp)
    fakedns_udp_send(server->udp, bytes, size, exchange->client);
  else
    free(bytes);
}

/* Asks the rules about an answer that is ready, and does what they say; takes `bytes`. */
static void release_answer(const struct exchange *exchange, uint8_t *bytes, size_t size) {
  uint64_t rule;
  struct rule_verdict verdict = decide(exchange, RULE_OUTBOUND, &rule);
  if (verdict.kind == VERDICT_PASS) {
    send_answer(exchange, bytes, size);
  } else if (verdict.kind == VERDICT_ANSWER) {
    free(bytes);
    tell_verdict(exchange, RULE_OUTBOUND, rule, verdict.kind);
    if (fakedns_respond_with_rcode(&exchange->query, verdict.status, &bytes, &size) == 0)
      send_answer(exchange, bytes, size);
  } else {
    tell_message(exchange->server, fakedns_event_message("UDP", bytes, size), RULE_OUTBOUND,
                 exchange->client);
    tell_verdict(exchange, RULE_OUTBOUND, rule, verdict.kind);
    free(bytes);
  }
}

static void answer_query(const struct exchange *exchange) {
  uint64_t rule;
  uint8_t *bytes;
  size_t size;
  int result = -1;
  struct rule_verdict verdict = decide(exchange, RULE_INBOUND, &rule);
  if (verdict.kind != VERDICT_PASS)
    tell_verdict(exchange, RULE_INBOUND, rule, verdict.kind);
  /* What is lost or refused (of some messages only: the port stays open for the others) has no
   * answer. */
  if (verdict.kind == VERDICT_PASS)
    result = fakedns_respond_from_zone(exchange->server->zone, &exchange->query, &bytes, &size);
  else if (verdict.kind == VERDICT_ANSWER)
    result = fakedns_respond_with_rcode(&exchange->query, verdict.status, &bytes, &size);
  if (result == 0)
    release_answer(exchange, bytes, size);
}

static void read_question(struct exchange *exchange) {
  exchange->type = ldns_rr_type2str(exchange->query.type);
  exchange->name = ldns_rdf2str(exchange->query.name);
  size_t length = exchange->name ? strlen(exchange->name) : 0;
  if (length > 1)
    exchange->name[length - 1] = '\0';
}

static void received(void *context, const uint8_t *bytes, size_t size,
                     const struct sockaddr_storage *source) {
  struct exchange exchange = {.server = context, .client = source};
  tell_message(exchange.server, fakedns_event_message("UDP", bytes, size), RULE_INBOUND, source);
  if (fakedns_query_parse(&exchange.query, bytes, size))
    return;
  if (exchange.query.name)
    read_question(&exchange);
  answer_query(&exchange);
  free(exchange.name);
  free(exchange.type);
  fakedns_query_clear(&exchange.query);
}

static int open_port(struct fakedns *server, const struct sockaddr_storage *address,
                     struct error *error) {
  if (fakedns_udp_open(&server->udp, server->loop, address, &server->address, received, server,
                       error))
    return error_prefix(error, "%s: ", server->name);
  tell(server, fakedns_event_server("listening", "UDP"));
  return 0;
}

static void close_port(struct fakedns *server) {
  if (!server->udp)
    return;
  fakedns_udp_close(server->udp);
  server->udp = NULL;
  tell(server, fakedns_event_server("closed", "UDP"));
}

static void edge_reached(uv_timer_t *timer);

/* Sets the timer to the first whole millisecond at or after the time: libuv's clock has no finer.
 */
static void wake_at(struct fakedns *server, int64_t at_ns) {
  if (at_ns > INT64_MAX - server->start_ns - NS_PER_MS)
    return;
  int64_t at_ms = (at_ns + server->start_ns + NS_PER_MS - 1) / NS_PER_MS;
  uv_update_time(server->loop);
  int64_t loop_ms = (int64_t)uv_now(server->loop);
  uv_timer_start(&server->timer, edge_reached, at_ms > loop_ms ? (uint64_t)(at_ms - loop_ms) : 0,
                 0);
}

/* The port could not be opened again because another program has taken it. Nobody waits for a
 * result here, so the timeline must say it. */
static void tell_reopening_failed(struct fakedns *server, const struct error *error) {
  struct event *event = event_create("log");
  if (event)
    event_add_text(event, "text", error->text);
  tell(server, event);
}

/* Opens or closes the port as the rules want it now, and wakes when that may change. The observer
 * may add and remove rules while it is told of that, so the rules are asked again afterwards. */
static void follow_rules(struct fakedns *server) {
  struct error error;
  int64_t now_ns = lab_now(server);
  bool refuse = rule_chain_down(server->rules, "UDP", now_ns) == VERDICT_REFUSE;
  if (refuse)
    close_port(server);
  else if (!server->udp && open_port(server, &server->address, &error))
    tell_reopening_failed(server, &error);
  int64_t wake_ns = rule_chain_next_edge(server->rules, now_ns);
  if (!refuse && !server->udp && wake_ns > now_ns + REOPEN_DELAY_NS)
    wake_ns = now_ns + REOPEN_DELAY_NS;
  uv_timer_stop(&server->timer);
  wake_at(server, wake_ns);
}

static void edge_reached(uv_timer_t *timer) {
  follow_rules(timer->data);
}

static void release(struct fakedns *server) {
  zone_destroy(server->zone);
  rule_chain_destroy(server->rules);
  free(server);
}

int fakedns_create(struct fakedns **out, const struct fakedns_options *options,
                   struct error *error) {
  struct fakedns *server = calloc(1, sizeof *server);
  if (!server)
    return error_set(error, "out of memory");
  server->loop = options->loop;
  server->observer = options->observer;
  server->start_ns = options->start_ns;
  strncpy(server->name, options->name, sizeof server->name - 1);
  if (zone_parse(&server->zone, options->zone, error)) {
    error_prefix(error, "%s: zone: ", server->name);
    goto out;
  }
  if (rule_chain_create(&server->rules, options->random)) {
    error_set(error, "out of memory");
    goto out;
  }
  if (open_port(server, &options->listen, error))
    goto out;
  uv_timer_init(server->loop, &server->timer);
  server->timer.data = server;
  *out = server;
  return 0;

out:
  release(server);
  return -1;
}

static void timer_closed(uv_handle_t *handle) {
  release(handle->data);
}

void fakedns_destroy(struct fakedns *server) {
  if (!server)
    return;
  close_port(server);
  uv_close((uv_handle_t *)&server->timer, timer_closed);
}

const struct sockaddr_storage *fakedns_address(const struct fakedns *server) {
  return &server->address;
}

uint64_t fakedns_add_rule(struct fakedns *server, const struct rule_selector *selector,
                          const struct rule_verdict *verdict) {
  struct rule_selector narrowed = *selector;
  if (verdict->kind > VERDICT_ANSWER)
    return 0;
  if (verdict->kind == VERDICT_ANSWER) {
    if (verdict->status < 0 || verdict->status > RCODE_MAX)
      return 0;
    /* Otherwise the rule would be asked about its own answer, and count it. */
    if (narrowed.direction == RULE_EITHER_DIRECTION)
      narrowed.direction = RULE_INBOUND;
  }
  uint64_t handle = rule_chain_add(server->rules, &narrowed, verdict);
  if (!handle)
    return 0;
  tell(server, fakedns_event_fault("added", handle, verdict->kind));
  follow_rules(server);
  return handle;
}

bool fakedns_remove_rule(struct fakedns *server, uint64_t handle) {
  struct rule_verdict verdict;
  if (!rule_chain_find(server->rules, handle, &verdict) ||
      !rule_chain_remove(server->rules, handle))
    return false;
  tell(server, fakedns_event_fault("removed", handle, verdict.kind));
  follow_rules(server);
  return true;
}

int fakedns_respond(const struct fakedns *server, const uint8_t *bytes, size_t size,
                    uint8_t **answer, size_t *length) {
  struct query query;
  if (fakedns_query_parse(&query, bytes, size))
    return -1;
  int result = fakedns_respond_from_zone(server->zone, &query, answer, length);
  fakedns_query_clear(&query);
  return result;
}
