/* SPDX-License-Identifier: MIT
 *
 * The resolution of a proxy's name (resolution.h): at most one NAPTR query, the SRV queries of the
 * services, then the address queries, one after another, in the order of the list. It owns itself
 * until its handler is called or it is cancelled.
 */
#include "ua/resolution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/timer.h"

struct resolution {
  struct resolution **owner; /* set to NULL when the resolution ends */
  struct resolution_options options;
  char asked[DNS_NAME_SIZE]; /* the name that `query` is for */
  struct resolver_query *query;
  struct service services[NAPTR_RECORDS_MAX];
  size_t service_count, service_index;
  /* In the order of their ranks; with room for an answer that has more than can be taken. */
  struct server servers[SERVERS_MAX + DNS_RECORDS_MAX];
  size_t server_count, server_index;
  size_t family_index; /* of the address query */
  unsigned rank;       /* the next one that is free */
  struct target_list list;
  uint32_t ttl_s;
  char name[DNS_NAME_SIZE]; /* the last name that gave nothing, and why */
  char reason[64];
  bool is_dns_failure, is_stale;
  bool takes_first_service; /* the services are alternatives (resolution_options) */
  bool is_host_ruled_out;   /* as a substitute for SRV records */
};

_Static_assert(NAPTR_RECORDS_MAX >= SIP_TRANSPORT_COUNT, "each transport may be a service");

static void note_failure(struct resolution *resolution, const char *name, const char *reason,
                         bool is_dns_failure) {
  resolution->is_dns_failure |= is_dns_failure;
  snprintf(resolution->name, sizeof resolution->name, "%s", name);
  snprintf(resolution->reason, sizeof resolution->reason, "%s", reason);
}

/* Ends the resolution: tells the handler and frees everything. */
static void finish(struct resolution *resolution) {
  const struct resolution_options *options = &resolution->options;
  servers_list_targets(&resolution->list, resolution->servers, resolution->server_count,
                       &options->order);
  if (!resolution->list.count && !*resolution->reason)
    note_failure(resolution, options->proxy->host, "no address of a family that the phone uses",
                 false);
  struct resolution_result result = {.name = resolution->name,
                                     .reason = resolution->reason,
                                     .is_dns_failure = resolution->is_dns_failure,
                                     .is_stale = resolution->is_stale};
  if (resolution->list.count) {
    int64_t ttl_ms = (int64_t)resolution->ttl_s * 1000;
    resolution->list.expires_at_ms =
        resolution->ttl_s == UINT32_MAX ? INT64_MAX : phone_now_ms() + ttl_ms;
    result.list = &resolution->list;
  }
  *resolution->owner = NULL;
  options->handler(options->context, &result);
  free(resolution);
}

/* What every answer does to the resolution, whatever it was for. */
static void take_note(struct resolution *resolution, const struct dns_answer *answer) {
  resolution->query = NULL;
  resolution->is_stale |= answer->is_stale;
  if (answer->ttl_s < resolution->ttl_s)
    resolution->ttl_s = answer->ttl_s;
  if (answer->outcome != DNS_RECORDS)
    note_failure(resolution, resolution->asked, answer->reason, answer->outcome == DNS_FAILED);
}

static void ask(struct resolution *resolution, const char *name, enum dns_type type,
                resolver_handler *handler) {
  snprintf(resolution->asked, sizeof resolution->asked, "%s", name);
  resolution->query =
      resolution->options.resolver
          ? resolver_ask(resolution->options.resolver, resolution->asked, type, handler, resolution)
          : NULL;
  if (resolution->query)
    return;
  bool has_resolver = resolution->options.resolver;
  note_failure(resolution, name, has_resolver ? "out of memory" : "no DNS server is configured",
               has_resolver);
  finish(resolution);
}

static void ask_next_address(struct resolution *resolution);

static void on_address(void *context, const struct dns_answer *answer) {
  struct resolution *resolution = context;
  struct server *server = &resolution->servers[resolution->server_index];
  take_note(resolution, answer);
  for (size_t i = 0; i < answer->count; i++)
    server_add_address(server, &answer->records[i].address);
  resolution->family_index++;
  ask_next_address(resolution);
}

/* The servers whose addresses stand there already are passed over. */
static void skip_known_servers(struct resolution *resolution) {
  while (resolution->server_index < resolution->server_count) {
    struct server *server = &resolution->servers[resolution->server_index];
    struct target_address address;
    if (resolution->family_index == 0 && server->address_count == 0 &&
        target_address_parse(&address, server->name, 0))
      server_add_address(server, &address);
    bool is_known = resolution->family_index == 0 && server->address_count > 0;
    if (!is_known && resolution->family_index < resolution->options.order.family_count)
      return;
    resolution->server_index++;
    resolution->family_index = 0;
  }
}

static void ask_next_address(struct resolution *resolution) {
  skip_known_servers(resolution);
  if (resolution->server_index == resolution->server_count) {
    finish(resolution);
    return;
  }
  int family = resolution->options.order.families[resolution->family_index];
  ask(resolution, resolution->servers[resolution->server_index].name,
      family == AF_INET6 ? DNS_AAAA : DNS_A, on_address);
}

/* The new server has the rank that is next. NULL when there are too many. */
static struct server *add_server(struct resolution *resolution, const char *name,
                                 enum sip_transport transport) {
  if (resolution->server_count == SERVERS_MAX)
    return NULL;
  struct server *server = &resolution->servers[resolution->server_count++];
  size_t length = strnlen(name, sizeof server->name - 1);
  memcpy(server->name, name, length);
  server->name[length] = '\0';
  server->transport = transport;
  server->rank = resolution->rank++;
  return server;
}

static void ask_for_host(struct resolution *resolution, enum sip_transport transport) {
  struct server *server = add_server(resolution, resolution->options.proxy->host, transport);
  server->port = resolution->options.proxy->port;
  ask_next_address(resolution);
}

/* Takes the servers of one service, which stand behind the others already: puts them in order,
 * gives them their ranks and leaves out what is too much. */
static void take_servers(struct resolution *resolution, size_t count,
                         enum sip_transport transport) {
  struct server *servers = &resolution->servers[resolution->server_count];
  size_t room = SERVERS_MAX - resolution->server_count;
  size_t most = room < SRV_RECORDS_MAX ? room : SRV_RECORDS_MAX;
  servers_order(servers, count, resolution->options.weights);
  for (size_t i = 0; i < count && i < most; i++) {
    if (i > 0 && servers[i].priority != servers[i - 1].priority)
      resolution->rank++;
    servers[i].transport = transport;
    servers[i].rank = resolution->rank;
    resolution->server_count++;
  }
  memset(servers + most, 0, count > most ? (count - most) * sizeof servers[0] : 0);
  resolution->rank++;
}

/* Returns how many offer the service: the target "." says that it isn't offered (RFC 2782). */
static size_t take_srv_records(struct resolution *resolution, const struct dns_answer *answer,
                               enum sip_transport transport) {
  size_t count = 0;
  for (size_t i = 0; i < answer->count; i++) {
    const struct dns_record *record = &answer->records[i];
    if (strcmp(record->target, ".") == 0)
      continue;
    struct server *server = &resolution->servers[resolution->server_count + count++];
    memcpy(server->name, record->target, sizeof server->name);
    server->port = record->port;
    server->priority = record->priority;
    server->weight = record->weight;
  }
  take_servers(resolution, count, transport);
  return count;
}

static void ask_next_service(struct resolution *resolution);

/* RFC 3263 section 4.2: without SRV records the host itself serves. Not when it isn't known whether
 * there are any, nor when they say that the service isn't offered. */
static void on_srv(void *context, const struct dns_answer *answer) {
  struct resolution *resolution = context;
  const struct service *service = &resolution->services[resolution->service_index++];
  take_note(resolution, answer);
  if (answer->outcome == DNS_RECORDS &&
      take_srv_records(resolution, answer, service->transport) == 0)
    note_failure(resolution, resolution->asked, "the service is not offered (target \".\")", false);
  resolution->is_host_ruled_out |= answer->outcome != DNS_NONE;
  if (resolution->server_count && resolution->takes_first_service)
    resolution->service_count = resolution->service_index;
  ask_next_service(resolution);
}

static void ask_next_service(struct resolution *resolution) {
  for (; resolution->service_index < resolution->service_count; resolution->service_index++) {
    const struct service *service = &resolution->services[resolution->service_index];
    if (!service->is_host) {
      ask(resolution, service->name, DNS_SRV, on_srv);
      return;
    }
    add_server(resolution, service->name, service->transport);
  }
  if (!resolution->server_count && !resolution->is_host_ruled_out)
    ask_for_host(resolution, resolution->services[0].transport);
  else
    ask_next_address(resolution);
}

static bool add_service(struct resolution *resolution, const char *prefix,
                        enum sip_transport transport) {
  struct service *service = &resolution->services[resolution->service_count++];
  int length = snprintf(service->name, sizeof service->name, "%s%s", prefix,
                        resolution->options.proxy->host);
  service->transport = transport;
  return length >= 0 && (size_t)length < sizeof service->name;
}

/* The services of a domain that names none itself (RFC 3263 section 4.1): those of the transports
 * that may be used. */
static void ask_for_usual_services(struct resolution *resolution) {
  const struct resolution_options *options = &resolution->options;
  enum sip_transport transport = sip_transport_first(options->transports);
  bool fits = true;
  resolution->takes_first_service = options->keeps_to_one_service;
  if (!options->auto_prefix) {
    enum sip_transport named = transport;
    if (srv_transport_of_name(options->proxy->host, &named) &&
        options->transports & SIP_TRANSPORT_BIT(named))
      transport = named;
    fits = add_service(resolution, "", transport);
  }
  for (; options->auto_prefix && fits && transport <= SIP_TLS; transport++)
    if (options->transports & SIP_TRANSPORT_BIT(transport))
      fits = add_service(resolution, srv_prefix(transport), transport);
  if (fits) {
    ask_next_service(resolution);
    return;
  }
  note_failure(resolution, options->proxy->host, "the name is too long", false);
  finish(resolution);
}

/* Records of which none can be used are like none: the domain may still have SRV records for a
 * transport of the phone. The RFC doesn't say; Cisco's books neither. */
static void on_naptr(void *context, const struct dns_answer *answer) {
  struct resolution *resolution = context;
  const struct resolution_options *options = &resolution->options;
  take_note(resolution, answer);
  if (answer->outcome == DNS_FAILED) {
    finish(resolution);
    return;
  }
  resolution->service_count = naptr_select(resolution->services, answer->records, answer->count,
                                           options->transports, options->keeps_to_one_service);
  if (resolution->service_count)
    ask_next_service(resolution);
  else
    ask_for_usual_services(resolution);
}

/* CISCO-SRV-9. */
static void take_static_servers(struct resolution *resolution) {
  const struct proxy *proxy = resolution->options.proxy;
  memcpy(resolution->servers, proxy->servers, proxy->server_count * sizeof proxy->servers[0]);
  take_servers(resolution, proxy->server_count,
               sip_transport_first(resolution->options.transports));
  ask_next_address(resolution);
}

int resolution_start(struct resolution **out, const struct resolution_options *options) {
  struct resolution *resolution = calloc(1, sizeof *resolution);
  struct target_address address;
  if (!resolution)
    return -1;
  *out = resolution;
  resolution->owner = out;
  resolution->options = *options;
  resolution->ttl_s = UINT32_MAX;
  if (options->proxy->server_count)
    take_static_servers(resolution);
  else if (!options->use_srv || options->proxy->port ||
           target_address_parse(&address, options->proxy->host, 0))
    ask_for_host(resolution, sip_transport_first(options->transports));
  else if (options->use_naptr)
    ask(resolution, options->proxy->host, DNS_NAPTR, on_naptr);
  else
    ask_for_usual_services(resolution);
  return 0;
}

void resolution_cancel(struct resolution *resolution) {
  if (!resolution)
    return;
  resolver_cancel(resolution->query);
  *resolution->owner = NULL;
  free(resolution);
}
