/* SPDX-License-Identifier: MIT
 *
 * The little lab for the resolver (dns_lab.h).
 */
#include "tests/ua/dns_lab.h"

#include <sofia-sip/su_log.h>
#include <stdio.h>
#include <string.h>

#include "common/address.h"
#include "ua/timer.h"

/* sofia's hook for tests: it may change the time that su_now() is about to give. */
extern void (*_su_time)(su_time_t *time);

/* Seconds of sofia's epoch (1900) at the start. */
#define START_S 4000000000UL

/* Turns of both loops without a query and without a timer that is due, after which nothing is on
 * its way: a connect, a query, its answer, and what follows from it, over TCP. */
#define QUIET_TURNS 12

static int64_t now_ms;

static void set_time(su_time_t *time) {
  time->tv_sec = START_S + (unsigned long)(now_ms / 1000);
  time->tv_usec = (unsigned long)(now_ms % 1000) * 1000;
}

int64_t dns_lab_now(void) {
  return now_ms;
}

struct seen {
  struct dns_lab *lab;
  const char *name;
};

static struct seen seen[DNS_LAB_SERVERS];

static void on_event(void *context, struct event *event) {
  const struct seen *server = context;
  struct dns_lab *lab = server->lab;
  size_t length = strlen(lab->log);
  if (strcmp(event->kind, "dns") == 0 &&
      cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(event->detail, "query"))) {
    const char *type =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event->detail, "qtype"));
    const char *name =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event->detail, "qname"));
    const char *transport =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event->detail, "transport"));
    lab->queries++;
    snprintf(lab->log + length, sizeof lab->log - length, "%lld %s %s%s %s\n", (long long)now_ms,
             server->name, transport && strcmp(transport, "TCP") == 0 ? "TCP " : "",
             type ? type : "?", name ? name : "?");
    CU_ASSERT_FATAL(strlen(lab->log) + 1 < sizeof lab->log);
  }
  event_destroy(event);
}

static void start_server(struct dns_lab *lab, const char *zone) {
  static const char *const names[DNS_LAB_SERVERS] = {"ns1", "ns2"};
  size_t i = lab->server_count++;
  struct error error = {""};
  struct sockaddr_storage listen;
  CU_ASSERT_FATAL(address_parse(&listen, "127.0.0.1", 0, NULL) == 0);
  seen[i] = (struct seen){.lab = lab, .name = names[i]};
  struct fakedns_options options = {.loop = &lab->loop,
                                    .name = names[i],
                                    .listen = &listen,
                                    .listen_count = 1,
                                    .zones = &zone,
                                    .zone_count = 1,
                                    .random = &lab->random,
                                    .observer = {.handler = on_event, .context = &seen[i]},
                                    .start_ns = (int64_t)uv_hrtime()};
  int result = fakedns_create(&lab->servers[i], &options, &error);
  if (result < 0)
    fprintf(stderr, "%s\n", error.text);
  CU_ASSERT_FATAL(result == 0);
}

void dns_lab_start(struct dns_lab *lab, const char *first, const char *second) {
  memset(lab, 0, sizeof *lab);
  now_ms = 0;
  _su_time = set_time;
  su_init();
  su_log_set_level(su_log_default, 0);
  lab->root = su_root_create(NULL);
  su_root_threading(lab->root, 0);
  CU_ASSERT_FATAL(uv_loop_init(&lab->loop) == 0);
  random_stream_init(&lab->random, 1, "dns");
  phone_random_init(&lab->weights, 7, "weights");
  start_server(lab, first);
  if (second)
    start_server(lab, second);
}

void dns_lab_open(struct dns_lab *lab, bool asks_all_at_once, bool caches) {
  struct target_address servers[DNS_LAB_SERVERS];
  struct target_address local = {.v4 = {.sin_family = AF_INET}};
  local.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (size_t i = 0; i < lab->server_count; i++) {
    char text[ADDRESS_TEXT_SIZE];
    address_format(fakedns_address(lab->servers[i]), text);
    CU_ASSERT_FATAL(target_address_parse(&servers[i], text, 53));
  }
  struct resolver_options options = {.root = lab->root,
                                     .servers = servers,
                                     .server_count = lab->server_count,
                                     .local = &local,
                                     .local_count = 1,
                                     .asks_all_at_once = asks_all_at_once,
                                     .caches = caches};
  CU_ASSERT_FATAL(resolver_create(&lab->resolver, &options, NULL) == 0);
}

void dns_lab_end(struct dns_lab *lab) {
  resolver_destroy(lab->resolver);
  su_root_destroy(lab->root);
  for (size_t i = 0; i < lab->server_count; i++)
    fakedns_destroy(lab->servers[i]);
  uv_run(&lab->loop, UV_RUN_DEFAULT);
  CU_ASSERT(uv_loop_close(&lab->loop) == 0);
  _su_time = NULL;
  su_deinit();
}

static su_duration_t settle(struct dns_lab *lab) {
  su_duration_t wait = 0;
  for (int quiet = 0; quiet < QUIET_TURNS; quiet++) {
    unsigned queries = lab->queries;
    wait = su_root_step(lab->root, 0);
    uv_run(&lab->loop, UV_RUN_NOWAIT);
    if (wait == 0 || lab->queries != queries)
      quiet = -1;
  }
  return wait;
}

void dns_lab_run(struct dns_lab *lab, int64_t t_ms) {
  for (;;) {
    su_duration_t wait = settle(lab);
    if (now_ms >= t_ms)
      return;
    now_ms = wait < 0 || wait > t_ms - now_ms ? t_ms : now_ms + wait;
  }
}

uint64_t dns_lab_break_transport(struct dns_lab *lab, size_t server, const char *transport,
                                 enum rule_verdict_kind kind, int status) {
  struct rule_selector selector = {.first = 0};
  struct rule_verdict verdict = {.kind = kind, .status = status};
  if (transport) {
    snprintf(selector.conditions[0].name, RULE_NAME_SIZE, "transport");
    snprintf(selector.conditions[0].pattern, RULE_PATTERN_SIZE, "%s", transport);
  }
  uint64_t handle = fakedns_add_rule(lab->servers[server], &selector, &verdict);
  CU_ASSERT_FATAL(handle != 0);
  return handle;
}

uint64_t dns_lab_break(struct dns_lab *lab, size_t server, enum rule_verdict_kind kind,
                       int status) {
  return dns_lab_break_transport(lab, server, NULL, kind, status);
}

void check_same(const char *expected, const char *actual) {
  bool is_same = strcmp(expected, actual) == 0;
  CU_ASSERT_TRUE(is_same);
  if (!is_same)
    fprintf(stderr, "\nexpected:\n%s\nactual:\n%s\n", expected, actual);
}

void dns_lab_check_log(struct dns_lab *lab, const char *expected) {
  check_same(expected, lab->log);
  lab->log[0] = '\0';
}
