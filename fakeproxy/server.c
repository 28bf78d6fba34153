/* SPDX-License-Identifier: MIT
 *
 * The proxy as its user sees it: creating, destroying, rules, and the port that a refusal closes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakeproxy/client_transaction.h"
#include "fakeproxy/events.h"
#include "fakeproxy/fakeproxy_internal.h"
#include "fakeproxy/far_end.h"
#include "fakeproxy/registrar.h"
#include "fakeproxy/server_transaction.h"
#include "fakeproxy/udp.h"

/* When the port can't be opened again because another program took it, it is tried again this much
 * later. */
enum { REOPEN_DELAY_MS = 1000 };

/* Media ports are drawn from here: above the registered servers that a host may run, below the
 * range from which Linux takes ports by itself. A few draws find a free one. */
enum { MEDIA_PORT_FIRST = 16384, MEDIA_PORTS = 8192, MEDIA_PORT_DRAWS = 8 };

int64_t fakeproxy_now_ns(const struct fakeproxy *proxy) {
  return (int64_t)uv_hrtime() - proxy->start_ns;
}

bool fakeproxy_keep(struct fakeproxy *proxy, size_t bytes) {
  if (bytes > KEPT_BYTES_MAX - proxy->kept_bytes)
    return false;
  proxy->kept_bytes += bytes;
  return true;
}

void fakeproxy_release(struct fakeproxy *proxy, size_t bytes) {
  proxy->kept_bytes -= bytes;
}

void fakeproxy_tag(struct fakeproxy *proxy, char tag[TAG_SIZE]) {
  random_stream_hex(proxy->random, tag, TAG_DIGITS);
}

const char *fakeproxy_contact(const struct fakeproxy *proxy, char value[CONTACT_VALUE_SIZE]) {
  char address[ADDRESS_TEXT_SIZE];
  snprintf(value, CONTACT_VALUE_SIZE, "<sip:%s>", address_format(&proxy->address, address));
  return value;
}

const struct sockaddr_storage *fakeproxy_address(const struct fakeproxy *proxy) {
  return &proxy->address;
}

void fakeproxy_send(struct fakeproxy *proxy, const struct message *message,
                    const struct sockaddr_storage *target) {
  size_t size;
  const char *bytes = message_bytes(message, &size);
  struct event_link link = {.peer = target, .inbound = false};
  struct rule_subject subject = {.value = message_rule_value,
                                 .context = (void *)message,
                                 .direction = RULE_OUTBOUND,
                                 .source = &proxy->address,
                                 .now_ns = fakeproxy_now_ns(proxy)};
  uint64_t rule;
  events_sip(proxy, link, message, bytes, size);
  struct rule_verdict verdict = rule_chain_decide(proxy->rules, &subject, &rule);
  if (verdict.kind != VERDICT_PASS)
    events_verdict(proxy, link, rule, verdict.kind, message_name(message));
  else if (proxy->socket)
    udp_send(proxy->socket, bytes, size, target);
}

static void open_port(struct fakeproxy *proxy) {
  int status = udp_open(&proxy->socket, proxy, &proxy->address, true);
  if (status == 0) {
    proxy->socket_failed = false;
    events_server(proxy, "listening");
  } else if (!proxy->socket_failed) {
    char text[128], address[ADDRESS_TEXT_SIZE];
    proxy->socket_failed = true;
    snprintf(text, sizeof text, "%s can't be listened on again: %s",
             address_format(&proxy->address, address), uv_strerror(status));
    events_log(proxy, text);
  }
}

static void close_port(struct fakeproxy *proxy) {
  udp_close(proxy->socket);
  proxy->socket = NULL;
  events_server(proxy, "closed");
}

/* The delay after which uv_now() has reached lab time `at_ns`, in whole milliseconds. */
static uint64_t delay_until(const struct fakeproxy *proxy, int64_t at_ns) {
  uint64_t at_ms = ((uint64_t)(at_ns + proxy->start_ns) + 999999) / 1000000;
  uint64_t now_ms = uv_now(proxy->loop);
  return at_ms > now_ms ? at_ms - now_ms : 1;
}

static void tell_reach(struct fakeproxy *proxy, int64_t now_ns) {
  static const char *const transports[] = {"UDP", "TCP"};
  for (size_t i = 0; proxy->reach && i < 2; i++) {
    enum rule_verdict_kind down = rule_chain_down(proxy->rules, transports[i], now_ns);
    if (down != proxy->down[i])
      proxy->reach(proxy->reach_context, &proxy->address, transports[i], down);
    proxy->down[i] = down;
  }
}

void fakeproxy_apply_refusal(struct fakeproxy *proxy) {
  int64_t now_ns = fakeproxy_now_ns(proxy);
  tell_reach(proxy, now_ns);
  bool refuse = rule_chain_down(proxy->rules, "UDP", now_ns) == VERDICT_REFUSE;
  if (refuse && proxy->socket)
    close_port(proxy);
  else if (!refuse && !proxy->socket)
    open_port(proxy);
  int64_t edge_ns = rule_chain_next_edge(proxy->rules, now_ns);
  if (!refuse && !proxy->socket)
    proxy_timer_start(proxy->refusal_timer, REOPEN_DELAY_MS);
  else if (edge_ns != INT64_MAX)
    proxy_timer_start(proxy->refusal_timer, delay_until(proxy, edge_ns));
  else
    proxy_timer_stop(proxy->refusal_timer);
}

static void on_refusal_timer(void *context) {
  fakeproxy_apply_refusal(context);
}

static bool can_do(const struct rule_verdict *verdict) {
  switch (verdict->kind) {
  case VERDICT_PASS:
  case VERDICT_DROP:
  case VERDICT_REFUSE:
  case VERDICT_UNREACHABLE:
  case VERDICT_STALL:
    return true;
  case VERDICT_ANSWER:
    return verdict->status >= 100 && verdict->status <= 699;
  case VERDICT_DELAY:
  case VERDICT_DUPLICATE:
  case VERDICT_CORRUPT:
  case VERDICT_DIVERT:
  case VERDICT_CLOSE:
  case VERDICT_RESET:
    return false;
  }
  return false;
}

uint64_t fakeproxy_add_rule(struct fakeproxy *proxy, const struct rule_selector *selector,
                            const struct rule_verdict *verdict) {
  struct rule_selector adjusted = *selector;
  /* Only what was received can be answered; what the proxy sends must not count for such a rule. */
  if (verdict->kind == VERDICT_ANSWER && adjusted.direction == RULE_EITHER_DIRECTION)
    adjusted.direction = RULE_INBOUND;
  uint64_t handle = can_do(verdict) ? rule_chain_add(proxy->rules, &adjusted, verdict) : 0;
  if (!handle)
    return 0;
  events_fault(proxy, "added", handle, verdict->kind);
  fakeproxy_apply_refusal(proxy);
  return handle;
}

bool fakeproxy_remove_rule(struct fakeproxy *proxy, uint64_t handle) {
  struct rule_verdict verdict;
  if (!rule_chain_find(proxy->rules, handle, &verdict) || !rule_chain_remove(proxy->rules, handle))
    return false;
  events_fault(proxy, "removed", handle, verdict.kind);
  fakeproxy_apply_refusal(proxy);
  return true;
}

/* A socket that takes the media of calls and never reads it, so that phones see neither an ICMP
 * error nor an answer. Not having one is no reason to fail. */
static void open_media(struct fakeproxy *proxy) {
  proxy->media = proxy->address;
  for (int i = 0; i < MEDIA_PORT_DRAWS && !proxy->media_socket; i++) {
    uint64_t port = MEDIA_PORT_FIRST + 2 * random_stream_below(proxy->random, MEDIA_PORTS);
    address_set_port(&proxy->media, (uint16_t)port);
    udp_open(&proxy->media_socket, proxy, &proxy->media, false);
  }
}

static bool is_wildcard(const struct sockaddr_storage *address) {
  struct sockaddr_storage any = {.ss_family = address->ss_family};
  return address_equal_host(address, &any);
}

static int check_options(const struct fakeproxy_options *options, struct error *error) {
  char address[ADDRESS_TEXT_SIZE];
  int status = options->far_end.status;
  if (strlen(options->name) >= EVENT_HOST_SIZE)
    return error_set(error, "proxy \"%s\": the name is longer than %d characters", options->name,
                     EVENT_HOST_SIZE - 1);
  if (address_length(&options->listen) == 0 || is_wildcard(&options->listen))
    return error_set(
        error, "proxy %s: can't listen on %s: it needs one address, which it puts into Contact",
        options->name, address_format(&options->listen, address));
  if (status != 0 && (status < 200 || status > 699))
    return error_set(error,
                     "proxy %s: the far end can't answer %d: a final status is from 200 to 699",
                     options->name, status);
  if (options->far_end.ring_ms < 0 || options->far_end.hang_up_ms < 0)
    return error_set(error, "proxy %s: ring_ms and hang_up_ms must not be negative", options->name);
  return 0;
}

/* The parts that can fail for want of memory. */
static int allocate_parts(struct fakeproxy *proxy) {
  proxy->refusal_timer = proxy_timer_create(proxy, on_refusal_timer, proxy);
  return !proxy->refusal_timer || rule_chain_create(&proxy->rules, proxy->random) ||
                 link_memory_init(&proxy->link_memory)
             ? -1
             : 0;
}

int fakeproxy_create(struct fakeproxy **out, const struct fakeproxy_options *options,
                     struct error *error) {
  if (check_options(options, error))
    return -1;
  struct fakeproxy *proxy = calloc(1, sizeof *proxy);
  if (!proxy)
    return error_set(error, "proxy %s: out of memory", options->name);
  memcpy(proxy->name, options->name, strlen(options->name));
  proxy->loop = options->loop;
  proxy->random = options->random;
  proxy->observer = options->observer;
  proxy->start_ns = options->start_ns;
  proxy->max_expires_s = options->max_expires_s;
  proxy->far_end = options->far_end;
  proxy->reach = options->reach;
  proxy->reach_context = options->reach_context;
  proxy->address = options->listen;
  if (allocate_parts(proxy)) {
    error_set(error, "proxy %s: out of memory", options->name);
    goto out;
  }
  int status = udp_open(&proxy->socket, proxy, &proxy->address, true);
  if (status) {
    char address[ADDRESS_TEXT_SIZE];
    error_set(error, "proxy %s: can't listen on %s: %s", options->name,
              address_format(&options->listen, address), uv_strerror(status));
    goto out;
  }
  open_media(proxy);
  proxy->stateless_key = random_stream_u64(proxy->random);
  events_server(proxy, "listening");
  *out = proxy;
  return 0;
out:
  fakeproxy_destroy(proxy);
  return -1;
}

void fakeproxy_handle_closed(struct fakeproxy *proxy) {
  proxy->open_handles--;
  if (proxy->closing && proxy->open_handles == 0)
    free(proxy);
}

void fakeproxy_destroy(struct fakeproxy *proxy) {
  if (!proxy)
    return;
  proxy->closing = true;
  far_end_clear(proxy);
  server_transactions_clear(proxy);
  client_transactions_clear(proxy);
  registrar_clear(proxy);
  udp_close(proxy->socket);
  udp_close(proxy->media_socket);
  proxy_timer_destroy(proxy->refusal_timer);
  rule_chain_destroy(proxy->rules);
  link_memory_clear(&proxy->link_memory);
  if (proxy->open_handles == 0)
    free(proxy);
}
