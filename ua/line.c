/* SPDX-License-Identifier: MIT
 *
 * A line (line.h): its target list and the choice of its server. The list is resolved anew only
 * when it is needed and its DNS answers have run out; registration, calls and fallback wait for
 * that by their own state.
 */
#include "ua/line.h"

#include <stdio.h>
#include <string.h>

#include "ua/call.h"
#include "ua/phone.h"

unsigned line_transports(int sip_transport) {
  unsigned wanted = sip_transport == TRANSPORT_AUTO
                        ? SIP_TRANSPORTS_ALL
                        : SIP_TRANSPORT_BIT((enum sip_transport)sip_transport);
  return wanted & TRANSPORTS_SPOKEN;
}

int line_init(struct line *line, struct phone *phone, unsigned number,
              const struct line_parameters *parameters, struct phone_error *error) {
  line->phone = phone;
  line->number = number;
  line->parameters = *parameters;
  if (proxy_parse(&line->proxy, parameters->proxy, error) < 0)
    return phone_error_prefix(error, "line %u: \"Proxy\" is \"%.200s\": ", number,
                              parameters->proxy);
  if (registration_init(&line->registration, line) < 0 || fallback_init(&line->fallback, line) < 0)
    return phone_error_set(error, "out of memory");
  return 0;
}

void line_release(struct line *line) {
  resolution_cancel(line->resolution);
  while (line->calls)
    call_destroy(line->calls);
  registration_release(&line->registration);
  fallback_release(&line->fallback);
}

void line_own_uri(const struct line *line, char uri[LINE_URI_SIZE]) {
  snprintf(uri, LINE_URI_SIZE, "sip:%s@%s", line->parameters.user_id, line->proxy.host);
}

void line_contact(const struct line *line, const struct target_address *peer,
                  char contact[LINE_URI_SIZE]) {
  char text[TARGET_TEXT_SIZE];
  target_address_format(transport_own_address(line->phone->transport, peer), text);
  snprintf(contact, LINE_URI_SIZE, "<sip:%s@%s>", line->parameters.user_id, text);
}

cJSON *line_event(const struct line *line, const char *name) {
  cJSON *event = cJSON_CreateObject();
  cJSON_AddStringToObject(event, "event", name);
  cJSON_AddNumberToObject(event, "line", line->number);
  return event;
}

void event_add_address(cJSON *event, const char *name, const struct target_address *address) {
  char text[TARGET_TEXT_SIZE];
  cJSON_AddStringToObject(event, name, target_address_format(address, text));
}

static void tell_targets(const struct line *line, bool is_stale) {
  cJSON *event = line_event(line, "targets");
  cJSON *targets = cJSON_AddArrayToObject(event, "targets");
  for (size_t i = 0; i < line->targets.count; i++) {
    const struct target *target = &line->targets.items[i];
    cJSON *item = cJSON_CreateObject();
    event_add_address(item, "server", &target->address);
    cJSON_AddStringToObject(item, "transport", sip_transport_name(target->address.transport));
    cJSON_AddNumberToObject(item, "priority", target->priority);
    cJSON_AddNumberToObject(item, "weight", target->weight);
    cJSON_AddStringToObject(item, "name", target->name);
    cJSON_AddItemToArray(targets, item);
  }
  if (is_stale)
    cJSON_AddTrueToObject(event, "stale");
  phone_tell(line->phone, event);
}

static void tell_resolution_failed(const struct line *line,
                                   const struct resolution_result *result) {
  cJSON *event = line_event(line, "resolution_failed");
  cJSON_AddStringToObject(event, "name", result->name);
  cJSON_AddStringToObject(event, "reason", result->reason);
  phone_tell(line->phone, event);
}

static void on_resolved(void *context, const struct resolution_result *result) {
  struct line *line = context;
  if (result->list) {
    target_list_renew(&line->targets, result->list);
    if (line->has_current && !target_list_find(&line->targets, &line->current))
      line->has_current = false;
    tell_targets(line, result->is_stale);
  } else {
    tell_resolution_failed(line, result);
    /* What the DNS says doesn't exist any more is gone; only its silence leaves the old answers
     * (RFC 8767). */
    if (!result->is_dns_failure) {
      line->targets.count = 0;
      line->has_current = false;
    }
    line->targets.expires_at_ms = phone_now_ms() + STALE_RECHECK_MS;
  }
  if (line->registration.state == REGISTRATION_RESOLVING)
    registration_targets_ready(&line->registration);
  call_targets_ready(line);
  fallback_update(&line->fallback);
  fallback_try(&line->fallback);
}

/* The families that the phone uses: those of IP Mode of which it has an address, the preferred one
 * first (CISCO-SRV-10). */
static void choose_families(const struct line *line, struct target_order *order) {
  const struct phone_configuration *configuration = &line->phone->configuration;
  const struct global_parameters *parameters = &configuration->global;
  bool is_v6_first = parameters->sip_ip_preference == IP_PREFERENCE_V6;
  order->own = configuration->addresses;
  order->own_count = configuration->address_count;
  for (int i = 0; i < 2; i++) {
    int family = (i == 0) == is_v6_first ? AF_INET6 : AF_INET;
    bool is_of_mode = parameters->ip_mode == IP_MODE_DUAL ||
                      parameters->ip_mode == (family == AF_INET6 ? IP_MODE_V6 : IP_MODE_V4);
    for (size_t k = 0; is_of_mode && k < configuration->address_count; k++)
      if (configuration->addresses[k].any.sa_family == family)
        order->families[order->family_count++] = family;
  }
}

static int start_resolution(struct line *line) {
  const struct line_parameters *parameters = &line->parameters;
  const struct policy *policy = line->phone->configuration.policy;
  struct resolution_options options = {
      .resolver = line->phone->resolver,
      .weights = &line->phone->weights,
      .proxy = &line->proxy,
      .transports = line_transports(parameters->sip_transport),
      .use_naptr = parameters->sip_transport == TRANSPORT_AUTO,
      .use_srv = parameters->use_dns_srv,
      .auto_prefix = parameters->dns_srv_auto_prefix,
      .keeps_to_one_service = policy->keeps_to_one_service,
      .order = {.is_by_rfc6724 = policy->orders_by_rfc6724,
                .keeps_to_first_port =
                    parameters->proxy_redundancy_method == REDUNDANCY_BY_SRV_PORT},
      .handler = on_resolved,
      .context = line};
  choose_families(line, &options.order);
  return resolution_start(&line->resolution, &options);
}

bool line_has_targets(struct line *line) {
  if (line->targets.count && line->targets.expires_at_ms > phone_now_ms())
    return true;
  if (line->resolution)
    return false;
  struct resolution_result failure = {
      .name = line->proxy.host, .reason = "out of memory", .is_dns_failure = true};
  if (start_resolution(line) < 0)
    on_resolved(line, &failure);
  /* A numeric host was resolved, and whoever waited was woken, within start_resolution(). */
  return false;
}

/* The first that is UP; when all are DOWN, all get another chance. */
static struct target *first_up(struct line *line) {
  struct target *target = target_list_first_up(&line->targets, NULL, phone_now_ms());
  if (target)
    return target;
  target_list_mark_all_up(&line->targets);
  return target_list_first_up(&line->targets, NULL, phone_now_ms());
}

static struct target *current_if_up(struct line *line) {
  struct target *target =
      line->has_current ? target_list_find(&line->targets, &line->current) : NULL;
  return target && !target->down && target->avoid_until_ms <= phone_now_ms() ? target : NULL;
}

struct target *line_first_target_for_register(struct line *line) {
  struct target *first = first_up(line);
  struct target *current = current_if_up(line);
  /* Among equals the phone stays where it is (CISCO-SRV-5); a better one is taken. */
  bool stays = line->phone->configuration.policy->keeps_server && first && current &&
               current->rank == first->rank;
  return stays ? current : first;
}

struct target *line_first_target_for_call(struct line *line) {
  struct target *current = current_if_up(line);
  if (line->phone->configuration.policy->keeps_server && current)
    return current;
  return first_up(line);
}

void line_use(struct line *line, const struct target *target) {
  line->current = target->address;
  line->has_current = true;
}

/* The failed server is flagged DOWN (CISCO-FO-5). With Proxy Fallback Intvl 0 the marks of others
 * aren't honoured at the next failover (catalogue, X4; CISCO-FO-6). */
static void mark_failed(struct line *line, const struct target_address *failed) {
  if (!line->phone->configuration.policy->keeps_server)
    return;
  if (line->parameters.proxy_fallback_s == 0)
    target_list_mark_all_up(&line->targets);
  struct target *target = target_list_find(&line->targets, failed);
  if (!target)
    return;
  target->down = true;
  target->down_since_ms = phone_now_ms();
}

struct target *line_next_target(struct line *line, const struct target_address *failed,
                                const struct target_history *history) {
  mark_failed(line, failed);
  return target_list_first_up(&line->targets, history, phone_now_ms());
}

void line_fail_over(struct line *line, const struct target_address *failed,
                    const struct target *next, const char *reason) {
  bool keeps_server = line->phone->configuration.policy->keeps_server;
  if (keeps_server && line->has_current && !target_address_equal(&line->current, failed))
    return;
  line_use(line, next);
  cJSON *event = line_event(line, "failover");
  event_add_address(event, "from", failed);
  event_add_address(event, "to", &next->address);
  cJSON_AddStringToObject(event, "reason", reason);
  phone_tell(line->phone, event);
  fallback_restart(&line->fallback);
}

void line_describe_failure(const struct transaction_result *result, char text[FAILURE_TEXT_SIZE]) {
  switch (result->outcome) {
  case TRANSACTION_TIMEOUT:
    snprintf(text, FAILURE_TEXT_SIZE, "timeout");
    return;
  case TRANSACTION_TRANSPORT_ERROR:
    snprintf(text, FAILURE_TEXT_SIZE, "transport error");
    return;
  case TRANSACTION_PROVISIONAL:
  case TRANSACTION_FINAL:
  case TRANSACTION_GONE:
    snprintf(text, FAILURE_TEXT_SIZE, "response %d", result->status);
    return;
  }
}

bool line_has_preferred(struct line *line) {
  const struct target *current =
      line->has_current ? target_list_find(&line->targets, &line->current) : NULL;
  for (size_t i = 0; current && i < line->targets.count; i++)
    if (line->targets.items[i].rank < current->rank)
      return true;
  return false;
}

void line_call_ended(struct line *line) {
  fallback_try(&line->fallback);
}
