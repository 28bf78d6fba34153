/* SPDX-License-Identifier: MIT
 *
 * The phone (phone.h): puts its parts together and finds the line or call that a message belongs
 * to.
 */
#include "ua/phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/call.h"

static void on_request(void *context, msg_t *msg, sip_t *sip) {
  call_receive(context, msg, sip);
}

static void on_stray(void *context, const sip_t *sip) {
  orphan_receive(context, sip);
}

static int open_network(struct phone *phone, struct phone_error *error) {
  const struct phone_configuration *configuration = &phone->configuration;
  struct transport_options options = {.root = phone->root,
                                      .addresses = configuration->addresses,
                                      .address_count = configuration->address_count,
                                      .parameters = &configuration->global,
                                      .identifiers = &phone->identifiers,
                                      .on_request = on_request,
                                      .on_stray = on_stray,
                                      .context = phone};
  if (transport_create(&phone->transport, &options, error) < 0)
    return -1;
  if (!configuration->dns_count)
    return 0;
  struct resolver_options resolver = {.root = phone->root,
                                      .servers = configuration->dns,
                                      .server_count = configuration->dns_count,
                                      .local = configuration->addresses,
                                      .local_count = configuration->address_count,
                                      .asks_all_at_once =
                                          configuration->global.dns_query_mode == DNS_PARALLEL,
                                      .caches = configuration->global.dns_caching};
  return resolver_create(&phone->resolver, &resolver, error);
}

int phone_create(struct phone **out, su_root_t *root,
                 const struct phone_configuration *configuration, phone_event_handler *on_event,
                 void *context, struct phone_error *error) {
  struct phone *phone = calloc(1, sizeof *phone);
  struct line *lines = calloc(configuration->line_count, sizeof *lines);
  if (!phone || !lines) {
    free(phone);
    free(lines);
    return phone_error_set(error, "out of memory");
  }
  phone->root = root;
  phone->configuration = *configuration;
  phone->on_event = on_event;
  phone->context = context;
  phone->lines = lines;
  phone_random_init(&phone->identifiers, configuration->seed, "identifiers");
  phone_random_init(&phone->weights, configuration->seed, "weights");
  phone_random_init(&phone->delays, configuration->seed, "delays");
  int result = open_network(phone, error);
  for (unsigned i = 0; result == 0 && i < configuration->line_count; i++) {
    result = line_init(&lines[i], phone, i + 1, &configuration->lines[i], error);
    phone->line_count++;
  }
  if (result < 0) {
    phone_destroy(phone);
    return -1;
  }
  *out = phone;
  return 0;
}

void phone_destroy(struct phone *phone) {
  if (!phone)
    return;
  for (unsigned i = 0; i < phone->line_count; i++)
    line_release(&phone->lines[i]);
  orphans_destroy(phone);
  resolver_destroy(phone->resolver);
  transport_destroy(phone->transport);
  free(phone->lines);
  free(phone);
}

void phone_begin(struct phone *phone) {
  for (unsigned i = 0; i < phone->line_count; i++)
    if (phone->lines[i].parameters.line_enable)
      registration_begin(&phone->lines[i].registration);
}

static bool is_unregistering(const struct phone *phone) {
  for (unsigned i = 0; i < phone->line_count; i++)
    if (registration_is_pending(&phone->lines[i].registration))
      return true;
  return false;
}

void phone_unregistered(struct phone *phone) {
  if (phone->on_stopped && !is_unregistering(phone))
    phone->on_stopped(phone->context);
}

void phone_stop(struct phone *phone, phone_stopped_handler *on_stopped) {
  for (unsigned i = 0; i < phone->line_count; i++) {
    fallback_stop(&phone->lines[i].fallback);
    registration_remove(&phone->lines[i].registration);
  }
  phone->on_stopped = on_stopped;
  phone_unregistered(phone);
}

struct line *phone_find_line(struct phone *phone, unsigned number) {
  return number >= 1 && number <= phone->line_count ? &phone->lines[number - 1] : NULL;
}

void phone_tell(struct phone *phone, cJSON *event) {
  if (event)
    phone->on_event(phone->context, event);
}

static cJSON *line_status(const struct line *line) {
  const struct registration *registration = &line->registration;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddNumberToObject(item, "line", line->number);
  cJSON_AddStringToObject(item, "state", registration_state_name(registration->state));
  if (line->has_current)
    event_add_address(item, "server", &line->current);
  if (registration_is_valid(registration))
    cJSON_AddNumberToObject(item, "expires_in_s",
                            (double)(registration->expires_at_ms - phone_now_ms()) / 1000);
  cJSON *calls = cJSON_AddArrayToObject(item, "calls");
  for (const struct call *call = line->calls; call; call = call->next) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddNumberToObject(entry, "call", call->id);
    cJSON_AddStringToObject(entry, "state", call_state_name(call));
    cJSON_AddItemToArray(calls, entry);
  }
  return item;
}

cJSON *phone_status(const struct phone *phone) {
  cJSON *lines = cJSON_CreateArray();
  for (unsigned i = 0; i < phone->line_count; i++)
    cJSON_AddItemToArray(lines, line_status(&phone->lines[i]));
  return lines;
}

void phone_new_identifier(struct phone *phone, char text[IDENTIFIER_SIZE]) {
  phone_random_hex(&phone->identifiers, text, 16);
}

void phone_new_call_id(struct phone *phone, char text[CALL_ID_SIZE]) {
  char identifier[IDENTIFIER_SIZE];
  phone_new_identifier(phone, identifier);
  snprintf(text, CALL_ID_SIZE, "%s@%s", identifier, phone->transport->host);
}
