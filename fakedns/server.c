/* SPDX-License-Identifier: MIT
 *
 * The server: it owns the zones, the rule chain, the ports and a timer. ports.c opens and closes
 * the ports, exchange.c takes the queries, change.c changes the zones.
 */
#include <stdlib.h>
#include <string.h>

#include "fakedns/change.h"
#include "fakedns/events.h"
#include "fakedns/exchange.h"
#include "fakedns/faults.h"

#define NS_PER_MS INT64_C(1000000)

int64_t fakedns_lab_now(const struct fakedns *server) {
  return (int64_t)uv_hrtime() - server->start_ns;
}

uint64_t fakedns_ms_until(struct fakedns *server, int64_t at_ns) {
  int64_t at_ms = (at_ns + server->start_ns + NS_PER_MS - 1) / NS_PER_MS;
  uv_update_time(server->loop);
  int64_t loop_ms = (int64_t)uv_now(server->loop);
  return at_ms > loop_ms ? (uint64_t)(at_ms - loop_ms) : 0;
}

const char *fakedns_transport_name(enum transport transport) {
  return transport == TRANSPORT_UDP ? "UDP" : "TCP";
}

void fakedns_tell(struct fakedns *server, const struct sockaddr_storage *address,
                  struct event *event) {
  if (!event)
    return;
  memcpy(event->source, server->name, sizeof event->source);
  event->source_address = *address;
  observer_tell(&server->observer, event);
}

void fakedns_tell_text(struct fakedns *server, const struct sockaddr_storage *address,
                       const char *text) {
  struct event *event = event_create("log");
  if (event)
    event_add_text(event, "text", text);
  fakedns_tell(server, address, event);
}

/* ---- creating and destroying ---- */

static void release(struct fakedns *server) {
  zones_clear(&server->responder.zones);
  kept_destroy(server->kept);
  rule_chain_destroy(server->rules);
  free(server);
}

static int check_options(const struct fakedns_options *options, struct error *error) {
  if (options->listen_count < 1 || options->listen_count > FAKEDNS_LISTEN_MAX)
    return error_set(error, "a server listens at 1 to %d addresses, not %zu", FAKEDNS_LISTEN_MAX,
                     options->listen_count);
  if (options->udp_size != 0 && options->udp_size < MESSAGE_UDP_SIZE_PLAIN)
    return error_set(error, "the largest answer over UDP is %d bytes at least, not %u",
                     MESSAGE_UDP_SIZE_PLAIN, options->udp_size);
  return 0;
}

static struct fakedns *allocate(const struct fakedns_options *options) {
  struct fakedns *server = calloc(1, sizeof *server);
  if (!server)
    return NULL;
  server->loop = options->loop;
  server->observer = options->observer;
  server->start_ns = options->start_ns;
  server->reach = options->reach;
  server->reach_context = options->reach_context;
  server->udp_size = options->udp_size;
  server->responder = (struct responder){.order = options->order,
                                         .without_additional = options->without_additional,
                                         .random = options->random};
  strncpy(server->name, options->name, sizeof server->name - 1);
  server->port_count = options->listen_count;
  for (size_t i = 0; i < options->listen_count; i++)
    server->ports[i] = (struct port){.server = server, .address = options->listen[i]};
  /* Answers are the same each time unless their order isn't. */
  bool keeps = options->order == FAKEDNS_ORDER_ZONE;
  if (rule_chain_create(&server->rules, options->random) || (keeps && kept_create(&server->kept))) {
    release(server);
    return NULL;
  }
  return server;
}

int fakedns_create(struct fakedns **out, const struct fakedns_options *options,
                   struct error *error) {
  if (check_options(options, error))
    return error_prefix(error, "%s: ", options->name);
  struct fakedns *server = allocate(options);
  if (!server)
    return error_set(error, "out of memory");
  if (zones_parse(&server->responder.zones, options->zones, options->zone_count, error)) {
    error_prefix(error, "%s: ", server->name);
    release(server);
    return -1;
  }
  uv_timer_init(server->loop, &server->timer);
  server->timer.data = server;
  if (fakedns_open_ports(server, error)) {
    fakedns_destroy(server);
    return -1;
  }
  *out = server;
  return 0;
}

static void timer_closed(uv_handle_t *handle) {
  release(handle->data);
}

void fakedns_destroy(struct fakedns *server) {
  if (!server)
    return;
  fakedns_close_ports(server);
  fakedns_exchange_end_all(server);
  uv_close((uv_handle_t *)&server->timer, timer_closed);
}

const struct sockaddr_storage *fakedns_address(const struct fakedns *server) {
  return &server->ports[0].address;
}

/* ---- rules ---- */

/* Adds a condition on the transport that a verdict makes sense for, unless there is one. */
static void narrow_transport(struct rule_selector *selector, enum transport transport) {
  size_t at = 0;
  while (at < RULE_CONDITIONS_MAX && selector->conditions[at].name[0])
    if (strcmp(selector->conditions[at++].name, "transport") == 0)
      return;
  if (at == RULE_CONDITIONS_MAX)
    return;
  snprintf(selector->conditions[at].name, RULE_NAME_SIZE, "transport");
  snprintf(selector->conditions[at].pattern, RULE_PATTERN_SIZE, "%s",
           fakedns_transport_name(transport));
}

static void narrow_direction(struct rule_selector *selector, enum rule_direction direction) {
  if (selector->direction == RULE_EITHER_DIRECTION)
    selector->direction = direction;
}

/* Narrows the rule to what its verdict is about. False when the verdict is none. A rule for both
 * directions would be asked about its own answer, and would hold up or multiply one message twice.
 */
static bool narrow(struct rule_selector *selector, const struct rule_verdict *verdict) {
  switch (verdict->kind) {
  case VERDICT_PASS:
  case VERDICT_DROP:
  case VERDICT_REFUSE:
  case VERDICT_UNREACHABLE:
  case VERDICT_STALL:
    return true;
  case VERDICT_ANSWER:
    narrow_direction(selector, RULE_INBOUND);
    return verdict->status >= 0 && verdict->status <= RCODE_MAX;
  case VERDICT_DELAY:
    narrow_direction(selector, RULE_OUTBOUND);
    return verdict->delay_ns >= 0 && verdict->jitter_ns >= 0;
  case VERDICT_DUPLICATE:
    narrow_direction(selector, RULE_OUTBOUND);
    return verdict->copies >= 1 && verdict->copies <= FAKEDNS_COPIES_MAX;
  case VERDICT_CORRUPT:
    narrow_direction(selector, RULE_OUTBOUND);
    return fakedns_manner_exists(verdict->manner);
  case VERDICT_DIVERT:
    narrow_direction(selector, RULE_OUTBOUND);
    narrow_transport(selector, TRANSPORT_UDP);
    return selector->direction == RULE_OUTBOUND && verdict->from.ss_family != AF_UNSPEC;
  case VERDICT_CLOSE:
  case VERDICT_RESET:
    narrow_direction(selector, RULE_OUTBOUND);
    narrow_transport(selector, TRANSPORT_TCP);
    return true;
  }
  return false;
}

/* Names are asked for without their last dot. */
static void take_off_last_dots(struct rule_selector *selector) {
  for (size_t i = 0; i < RULE_CONDITIONS_MAX && selector->conditions[i].name[0]; i++) {
    char *pattern = selector->conditions[i].pattern;
    size_t length = strlen(pattern);
    if (strcmp(selector->conditions[i].name, "qname") == 0 && length > 1 &&
        pattern[length - 1] == '.')
      pattern[length - 1] = '\0';
  }
}

uint64_t fakedns_add_rule(struct fakedns *server, const struct rule_selector *selector,
                          const struct rule_verdict *verdict) {
  struct rule_selector narrowed = *selector;
  if (!narrow(&narrowed, verdict))
    return 0;
  take_off_last_dots(&narrowed);
  uint64_t handle = rule_chain_add(server->rules, &narrowed, verdict);
  if (!handle)
    return 0;
  fakedns_tell(server, fakedns_address(server),
               fakedns_event_fault("added", handle, verdict->kind));
  fakedns_follow_rules(server);
  return handle;
}

bool fakedns_remove_rule(struct fakedns *server, uint64_t handle) {
  struct rule_verdict verdict;
  if (!rule_chain_find(server->rules, handle, &verdict) ||
      !rule_chain_remove(server->rules, handle))
    return false;
  fakedns_tell(server, fakedns_address(server),
               fakedns_event_fault("removed", handle, verdict.kind));
  fakedns_follow_rules(server);
  for (size_t i = 0; i < server->port_count; i++)
    fakedns_tcp_resume(server->ports[i].tcp, handle);
  return true;
}

/* ---- zones ---- */

static void tell_change(struct fakedns *server, enum fakedns_change_kind kind,
                        const struct zones *before, const struct zones *after) {
  ldns_rr_list *removed = ldns_rr_list_new(), *added = ldns_rr_list_new();
  if (removed && added && zones_difference(before, after, removed) == 0 &&
      zones_difference(after, before, added) == 0)
    fakedns_tell(server, fakedns_address(server),
                 fakedns_event_zone(fakedns_change_name(kind), removed, added));
  ldns_rr_list_free(removed);
  ldns_rr_list_free(added);
}

int fakedns_change(struct fakedns *server, const struct fakedns_change *change,
                   struct error *error) {
  struct zones changed, before = server->responder.zones;
  if (fakedns_change_zones(&changed, &before, change, error))
    return error_prefix(error, "%s: ", server->name);
  server->responder.zones = changed;
  if (server->kept)
    kept_clear(server->kept);
  tell_change(server, change->kind, &before, &server->responder.zones);
  zones_clear(&before);
  return 0;
}

/* ---- answering ---- */

int fakedns_answer(struct fakedns *server, const struct query *query, const uint8_t *bytes,
                   size_t size, uint8_t **answer, size_t *length) {
  struct kept *kept = server->kept;
  if (kept && kept_find(kept, bytes, size, query->size_limit, answer, length))
    return 0;
  if (fakedns_respond_from_zones(&server->responder, query, answer, length))
    return -1;
  if (kept)
    kept_add(kept, bytes, size, query->size_limit, *answer, *length);
  return 0;
}

int fakedns_respond(struct fakedns *server, const uint8_t *bytes, size_t size, uint8_t **answer,
                    size_t *length) {
  struct query query;
  if (fakedns_query_parse(&query, bytes, size))
    return -1;
  int result = fakedns_answer(server, &query, bytes, size, answer, length);
  fakedns_query_clear(&query);
  return result;
}
