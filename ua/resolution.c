/* SPDX-License-Identifier: MIT
 *
 * The resolution of a proxy's name (resolution.h): at most one SRV query, then the address queries
 * one after another, in the order of the list. It owns itself until its handler is called or it is
 * cancelled.
 */
#include "ua/resolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/timer.h"

#define SIP_PORT 5060

struct resolution {
  struct resolution **owner; /* set to NULL when the resolution ends */
  struct resolution_options options;
  char host[DNS_NAME_SIZE];
  struct resolver_query *query;
  struct dns_record servers[SRV_RECORDS_MAX]; /* names to ask for, in order */
  size_t server_count, server_index;
  struct target_list list;
  uint32_t ttl_s;
  char name[DNS_NAME_SIZE]; /* the last name that gave nothing, and why */
  char reason[64];
  bool is_dns_failure;
};

void srv_order(struct dns_record *records, size_t count, struct phone_random *weights) {
  for (size_t next = 0; next < count; next++) {
    /* The lowest priority that is left, its records with weight 0 first (RFC 2782). */
    uint16_t priority = records[next].priority;
    uint64_t sum = 0;
    for (size_t i = next; i < count; i++)
      if (records[i].priority < priority)
        priority = records[i].priority;
    for (size_t i = next; i < count; i++)
      if (records[i].priority == priority)
        sum += records[i].weight;
    uint64_t draw = phone_random_below(weights, sum + 1);
    size_t chosen = count;
    for (int zero = 1; zero >= 0 && chosen == count; zero--) {
      for (size_t i = next; i < count && chosen == count; i++) {
        if (records[i].priority != priority || (records[i].weight == 0) != zero)
          continue;
        if (draw <= records[i].weight)
          chosen = i;
        else
          draw -= records[i].weight;
      }
    }
    struct dns_record record = records[chosen];
    memmove(&records[next + 1], &records[next], (chosen - next) * sizeof record);
    records[next] = record;
  }
}

/* Ends the resolution: tells the handler and frees everything. */
static void finish(struct resolution *resolution) {
  struct resolution_result result = {.name = resolution->name,
                                     .reason = resolution->reason,
                                     .is_dns_failure = resolution->is_dns_failure};
  if (resolution->list.count) {
    int64_t ttl_ms = (int64_t)resolution->ttl_s * 1000;
    resolution->list.expires_at_ms =
        resolution->ttl_s == UINT32_MAX ? INT64_MAX : phone_now_ms() + ttl_ms;
    result.list = &resolution->list;
  }
  *resolution->owner = NULL;
  resolution->options.handler(resolution->options.context, &result);
  free(resolution);
}

static void note_failure(struct resolution *resolution, const char *name, const char *reason,
                         bool is_dns_failure) {
  resolution->is_dns_failure |= is_dns_failure;
  snprintf(resolution->name, sizeof resolution->name, "%s", name);
  snprintf(resolution->reason, sizeof resolution->reason, "%s", reason);
}

static void lower_ttl(struct resolution *resolution, uint32_t ttl_s) {
  if (ttl_s < resolution->ttl_s)
    resolution->ttl_s = ttl_s;
}

static void ask_next_address(struct resolution *resolution);

static void on_address(void *context, const struct dns_answer *answer) {
  struct resolution *resolution = context;
  const struct dns_record *server = &resolution->servers[resolution->server_index++];
  resolution->query = NULL;
  if (answer->outcome == DNS_RECORDS)
    lower_ttl(resolution, answer->ttl_s);
  else
    note_failure(resolution, server->target, answer->reason, answer->outcome == DNS_FAILED);
  for (size_t i = 0; i < answer->count; i++) {
    struct target target = {.address = answer->records[i].address,
                            .priority = server->priority,
                            .weight = server->weight};
    target_address_set_port(&target.address, server->port);
    memcpy(target.name, server->target, sizeof target.name);
    target_list_add(&resolution->list, &target);
  }
  ask_next_address(resolution);
}

/* A target whose address isn't known is left out; the others serve (RFC 3263 section 4.3 by
 * analogy). */
static void ask_next_address(struct resolution *resolution) {
  if (resolution->server_index == resolution->server_count) {
    finish(resolution);
    return;
  }
  const struct dns_record *server = &resolution->servers[resolution->server_index];
  enum dns_type type = resolution->options.family == AF_INET6 ? DNS_AAAA : DNS_A;
  resolution->query =
      resolver_ask(resolution->options.resolver, server->target, type, on_address, resolution);
  if (!resolution->query) {
    note_failure(resolution, server->target, "out of memory", true);
    finish(resolution);
  }
}

static void ask_for_host(struct resolution *resolution) {
  struct dns_record *server = &resolution->servers[0];
  *server =
      (struct dns_record){.port = resolution->options.port ? resolution->options.port : SIP_PORT};
  memcpy(server->target, resolution->host, sizeof server->target);
  resolution->server_count = 1;
  ask_next_address(resolution);
}

static void on_srv(void *context, const struct dns_answer *answer) {
  struct resolution *resolution = context;
  char name[DNS_NAME_SIZE];
  memcpy(name, resolution->name, sizeof name);
  resolution->query = NULL;
  if (answer->outcome == DNS_NONE) {
    /* RFC 3263 section 4.2: no SRV record, so the host itself, with the default port. */
    lower_ttl(resolution, answer->ttl_s);
    ask_for_host(resolution);
    return;
  }
  if (answer->outcome == DNS_FAILED) {
    note_failure(resolution, name, answer->reason, true);
    finish(resolution);
    return;
  }
  struct dns_record records[DNS_RECORDS_MAX];
  size_t count = answer->count;
  memcpy(records, answer->records, count * sizeof records[0]);
  if (count == 1 && strcmp(records[0].target, ".") == 0) {
    note_failure(resolution, name, "the service is not offered (target \".\")", false);
    finish(resolution);
    return;
  }
  lower_ttl(resolution, answer->ttl_s);
  srv_order(records, count, resolution->options.weights);
  resolution->server_count = count < SRV_RECORDS_MAX ? count : SRV_RECORDS_MAX;
  memcpy(resolution->servers, records, resolution->server_count * sizeof records[0]);
  ask_next_address(resolution);
}

static void ask_for_srv(struct resolution *resolution) {
  const char *prefix = resolution->options.auto_prefix ? "_sip._udp." : "";
  int length =
      snprintf(resolution->name, sizeof resolution->name, "%s%s", prefix, resolution->host);
  if (length < 0 || (size_t)length >= sizeof resolution->name) {
    note_failure(resolution, resolution->host, "the name is too long", false);
    finish(resolution);
    return;
  }
  resolution->query =
      resolver_ask(resolution->options.resolver, resolution->name, DNS_SRV, on_srv, resolution);
  if (!resolution->query) {
    note_failure(resolution, resolution->host, "out of memory", true);
    finish(resolution);
  }
}

int resolution_start(struct resolution **out, const struct resolution_options *options) {
  struct resolution *resolution = calloc(1, sizeof *resolution);
  if (!resolution)
    return -1;
  *out = resolution;
  resolution->owner = out;
  resolution->options = *options;
  resolution->ttl_s = UINT32_MAX;
  snprintf(resolution->host, sizeof resolution->host, "%s", options->host);
  struct target target = {0};
  if (target_address_parse(&target.address, resolution->host, SIP_PORT)) {
    memcpy(target.name, resolution->host, sizeof target.name);
    if (options->port)
      target_address_set_port(&target.address, options->port);
    target_list_add(&resolution->list, &target);
    finish(resolution);
  } else if (!options->resolver) {
    note_failure(resolution, resolution->host, "no DNS server is configured", false);
    finish(resolution);
  } else if (options->use_srv && !options->port) {
    ask_for_srv(resolution);
  } else {
    ask_for_host(resolution);
  }
  return 0;
}

void resolution_cancel(struct resolution *resolution) {
  if (!resolution)
    return;
  resolver_cancel(resolution->query);
  *resolution->owner = NULL;
  free(resolution);
}
