/* SPDX-License-Identifier: MIT
 *
 * The registration of a line (registration.h). One timer serves the refresh and the next try. A
 * REGISTER is sent to one server at a time; when that server fails, the same chain goes on with the
 * next one until none is left.
 */
#include "ua/registration.h"

#include <sofia-sip/sip_header.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/line.h"
#include "ua/phone.h"

/* A registrar that goes on answering 423 with ever higher Min-Expires is treated as a failure (RFC
 * 3261 section 10.2.8 has no bound). */
#define TOO_BRIEF_MAX 2

static void send_register(struct registration *registration, const struct target *target,
                          enum registration_purpose purpose);

static const struct global_parameters *parameters_of(const struct registration *registration) {
  return &registration->line->phone->configuration.global;
}

static const struct policy *policy_of(const struct registration *registration) {
  return registration->line->phone->configuration.policy;
}

const char *registration_state_name(enum registration_state state) {
  switch (state) {
  case REGISTRATION_OFF:
    return "off";
  case REGISTRATION_RESOLVING:
    return "resolving";
  case REGISTRATION_PENDING:
    return "registering";
  case REGISTRATION_REGISTERED:
    return "registered";
  case REGISTRATION_WAITING:
    return "waiting";
  case REGISTRATION_FAILED:
    return "failed";
  }
  return "?";
}

bool registration_is_pending(const struct registration *registration) {
  return registration->transaction != NULL;
}

bool registration_is_valid(const struct registration *registration) {
  return registration->has_binding && registration->expires_at_ms > phone_now_ms();
}

static void on_timer(void *context) {
  struct registration *registration = context;
  if (registration_is_pending(registration))
    registration->is_overdue = true;
  else
    registration_begin(registration);
}

int registration_init(struct registration *registration, struct line *line) {
  registration->line = line;
  registration->asked_s = (uint32_t)line->parameters.register_expires_s;
  phone_new_call_id(line->phone, registration->call_id);
  phone_new_identifier(line->phone, registration->tag);
  return phone_timer_init(&registration->timer, line->phone->root, on_timer, registration);
}

void registration_release(struct registration *registration) {
  transaction_abort(registration->transaction);
  registration->transaction = NULL;
  phone_timer_release(&registration->timer);
}

static void tell_registered(struct registration *registration, const char *name) {
  cJSON *event = line_event(registration->line, name);
  event_add_address(event, "server", &registration->server);
  if (registration->purpose != REGISTER_TO_REMOVE && strcmp(name, "registered") == 0)
    cJSON_AddNumberToObject(event, "expires_s", registration->granted_s);
  phone_tell(registration->line->phone, event);
}

/* `retry_in_ms` < 0: not known to come, or another server is tried at once. */
static void tell_failed(struct registration *registration, const struct transaction_result *result,
                        int64_t retry_in_ms) {
  cJSON *event = line_event(registration->line, "registration_failed");
  event_add_address(event, "server", &registration->server);
  cJSON_AddNumberToObject(event, "status", result->status);
  cJSON_AddStringToObject(event, "reason", result->reason ? result->reason : "");
  cJSON_AddBoolToObject(event, "local", result->is_local);
  if (retry_in_ms >= 0)
    cJSON_AddNumberToObject(event, "retry_in_s", (double)retry_in_ms / 1000);
  phone_tell(registration->line->phone, event);
}

static int64_t random_delay_ms(struct registration *registration, int64_t bound_s) {
  if (bound_s == 0)
    return 0;
  return (int64_t)phone_random_below(&registration->line->phone->delays,
                                     (uint64_t)bound_s * 1000 + 1);
}

/* CISCO-REG-3 and REG-5: Reg Retry Intvl, doubled after each failure up to the cap if there is one.
 */
static int64_t short_retry_ms(struct registration *registration) {
  const struct global_parameters *parameters = parameters_of(registration);
  int64_t wait_s = parameters->reg_retry_s;
  if (parameters->reg_retry_cap_s > 0) {
    for (unsigned i = 0; i < registration->failures && wait_s < parameters->reg_retry_cap_s; i++)
      wait_s *= 2;
    if (wait_s > parameters->reg_retry_cap_s)
      wait_s = parameters->reg_retry_cap_s;
  }
  return wait_s * 1000 + random_delay_ms(registration, parameters->reg_retry_random_s);
}

static int64_t retry_after_ms(const struct transaction_result *result) {
  const sip_retry_after_t *retry_after = result->sip ? result->sip->sip_retry_after : NULL;
  return retry_after ? (int64_t)retry_after->af_delta * 1000 : 0;
}

/* How long to wait after the chain has ended with this result; -1: no further try. Silence and a
 * code of Retry Reg RSC wait the short interval, another code the long one (CISCO-REG-3, REG-4);
 * 503 with Retry-After waits for that (CISCO-REG-6). */
static int64_t retry_wait_ms(struct registration *registration,
                             const struct transaction_result *result) {
  const struct global_parameters *parameters = parameters_of(registration);
  if (result->is_local)
    return short_retry_ms(registration);
  if (result->status == 503 && retry_after_ms(result) > 0)
    return retry_after_ms(result);
  if (policy_of(registration)->is_failover_status(parameters, result->status) ||
      code_list_matches(parameters->retry_reg_rsc, result->status))
    return short_retry_ms(registration);
  if (parameters->reg_retry_long_s == 0)
    return -1;
  return parameters->reg_retry_long_s * 1000 +
         random_delay_ms(registration, parameters->reg_retry_long_random_s);
}

static void wait_for_retry(struct registration *registration, int64_t wait_ms) {
  registration->failures++;
  registration->is_overdue = false;
  registration->state = wait_ms < 0 ? REGISTRATION_FAILED : REGISTRATION_WAITING;
  if (wait_ms < 0)
    phone_timer_stop(&registration->timer);
  else
    phone_timer_start(&registration->timer, phone_now_ms() + wait_ms);
}

/* The chain has ended without success: the line isn't registered. */
static void give_up(struct registration *registration, const struct transaction_result *result) {
  int64_t wait_ms = retry_wait_ms(registration, result);
  registration->has_binding = false;
  tell_failed(registration, result, wait_ms);
  wait_for_retry(registration, wait_ms);
  fallback_try(&registration->line->fallback);
}

/* CISCO-REG-1: what the registrar granted, within Reg Min Expires and Reg Max Expires. The
 * Contact's own expires parameter comes before the Expires field (RFC 3261 section 10.2.4). */
static uint32_t granted_expiry(const struct registration *registration, const sip_t *sip) {
  const struct global_parameters *parameters = parameters_of(registration);
  const struct target_address *own =
      transport_own_address(registration->line->phone->transport, &registration->server);
  int64_t granted_s = registration->asked_s;
  if (sip->sip_expires)
    granted_s = (int64_t)sip->sip_expires->ex_delta;
  for (const sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next) {
    char text[DNS_NAME_SIZE];
    struct target_address address;
    const url_t *url = contact->m_url;
    snprintf(text, sizeof text, "%s:%s", url->url_host ? url->url_host : "",
             url->url_port && *url->url_port ? url->url_port : "5060");
    if (contact->m_expires && target_address_parse(&address, text, 5060) &&
        target_address_equal(&address, own) && url->url_user &&
        strcmp(url->url_user, registration->line->parameters.user_id) == 0)
      granted_s = (int64_t)strtoul(contact->m_expires, NULL, 10);
  }
  if (granted_s > parameters->reg_max_expires_s)
    granted_s = parameters->reg_max_expires_s;
  if (granted_s < parameters->reg_min_expires_s)
    granted_s = parameters->reg_min_expires_s;
  /* A registrar that grants nothing isn't asked again without end at the same instant. */
  if (granted_s < 1)
    granted_s = 1;
  return (uint32_t)granted_s;
}

static void succeed(struct registration *registration, const sip_t *sip, int64_t sent_at_ms) {
  struct line *line = registration->line;
  bool falls_back = registration->purpose == REGISTER_TO_FALL_BACK;
  registration->purpose = REGISTER_NORMALLY;
  registration->granted_s = granted_expiry(registration, sip);
  registration->expires_at_ms = sent_at_ms + (int64_t)registration->granted_s * 1000;
  registration->has_binding = true;
  registration->bound_at = registration->server;
  registration->failures = 0;
  registration->too_brief = 0;
  registration->is_overdue = false;
  registration->state = REGISTRATION_REGISTERED;
  int64_t refresh_ms =
      policy_of(registration)
          ->refresh_after_ms(registration->granted_s, parameters_of(registration)->timer_f_ms);
  phone_timer_start(&registration->timer, sent_at_ms + refresh_ms);
  if (falls_back)
    fallback_succeeded(&line->fallback, &registration->server);
  tell_registered(registration, "registered");
  fallback_update(&line->fallback);
  fallback_try(&line->fallback);
}

/* CISCO-REG-2, RFC 3261 section 10.2.8: again at once, at the same server, with what it wants. */
static bool ask_for_more(struct registration *registration, const sip_t *sip) {
  const struct target *target =
      target_list_find(&registration->line->targets, &registration->server);
  if (sip->sip_status->st_status != 423 || !sip->sip_min_expires || !target ||
      registration->too_brief == TOO_BRIEF_MAX)
    return false;
  registration->too_brief++;
  registration->asked_s = (uint32_t)sip->sip_min_expires->me_delta;
  send_register(registration, target, registration->purpose);
  return true;
}

/* The try at the preferred server has failed: the registration where it was stands (CISCO-FB-11).
 */
static void probe_failed(struct registration *registration,
                         const struct transaction_result *result) {
  struct line *line = registration->line;
  struct target_address server = registration->server;
  bool is_overdue = registration->is_overdue;
  registration->is_overdue = false;
  registration->purpose = REGISTER_NORMALLY;
  registration->state = REGISTRATION_REGISTERED;
  tell_failed(registration, result, -1);
  fallback_failed(&line->fallback, &server);
  /* A refresh that fell due meanwhile comes before the try at another preferred server. */
  if (is_overdue)
    registration_begin(registration);
  else
    fallback_try(&line->fallback);
}

static void server_failed(struct registration *registration,
                          const struct transaction_result *result) {
  struct line *line = registration->line;
  struct target_address failed = registration->server;
  char reason[FAILURE_TEXT_SIZE];
  struct target *target = target_list_find(&line->targets, &failed);
  /* RFC 3261 section 21.5.4; Cisco's phones have Reg Retry Intvl for that (CISCO-REG-6). */
  if (target && result->status == 503 && !policy_of(registration)->keeps_server)
    target->avoid_until_ms = phone_now_ms() + retry_after_ms(result);
  const struct target *next = line_next_target(line, &failed, &registration->history);
  if (!next) {
    give_up(registration, result);
    return;
  }
  tell_failed(registration, result, -1);
  line_describe_failure(result, reason);
  line_fail_over(line, &failed, next, reason);
  send_register(registration, next, REGISTER_NORMALLY);
}

static void on_result(void *context, const struct transaction_result *result) {
  struct registration *registration = context;
  if (result->outcome == TRANSACTION_PROVISIONAL)
    return;
  int64_t sent_at_ms = registration->sent_at_ms;
  registration->transaction = NULL;
  if (registration->purpose == REGISTER_TO_REMOVE) {
    registration->has_binding = false;
    registration->state = REGISTRATION_OFF;
    tell_registered(registration, "unregistered");
    phone_unregistered(registration->line->phone);
    return;
  }
  bool is_failover =
      result->is_local ||
      policy_of(registration)->is_failover_status(parameters_of(registration), result->status);
  if (!result->is_local && result->status < 300)
    succeed(registration, result->sip, sent_at_ms);
  else if (!result->is_local && ask_for_more(registration, result->sip))
    return;
  else if (registration->purpose == REGISTER_TO_FALL_BACK)
    probe_failed(registration, result);
  else if (is_failover)
    server_failed(registration, result);
  else
    give_up(registration, result);
}

static msg_t *new_register(struct registration *registration, uint32_t expires_s) {
  struct line *line = registration->line;
  char uri[LINE_URI_SIZE], own[LINE_URI_SIZE], from[LINE_URI_SIZE + 64], to[LINE_URI_SIZE + 8];
  char contact[LINE_URI_SIZE], expires[16];
  if (line->proxy.port)
    snprintf(uri, sizeof uri, "sip:%s:%u", line->proxy.host, line->proxy.port);
  else
    snprintf(uri, sizeof uri, "sip:%s", line->proxy.host);
  line_own_uri(line, own);
  line_contact(line, &registration->server, contact);
  snprintf(from, sizeof from, "<%s>;tag=%s", own, registration->tag);
  snprintf(to, sizeof to, "<%s>", own);
  snprintf(expires, sizeof expires, "%u", expires_s);
  struct request_fields fields = {SIP_METHOD_REGISTER,
                                  .uri = uri,
                                  .from = from,
                                  .to = to,
                                  .call_id = registration->call_id,
                                  .contact = contact,
                                  .expires = expires};
  fields.cseq = ++registration->cseq;
  return transport_new_request(line->phone->transport, &fields);
}

static void send_register(struct registration *registration, const struct target *target,
                          enum registration_purpose purpose) {
  struct line *line = registration->line;
  struct transport *transport = line->phone->transport;
  registration->server = target->address;
  registration->purpose = purpose;
  target_history_add(&registration->history, &target->address);
  msg_t *msg =
      new_register(registration, purpose == REGISTER_TO_REMOVE ? 0 : registration->asked_s);
  registration->sent_at_ms = phone_now_ms();
  registration->transaction =
      transaction_start(transport, msg, &target->address, NULL, on_result, registration);
  if (!registration->transaction) {
    struct transaction_result result = {TRANSACTION_TRANSPORT_ERROR, .status = 503,
                                        .reason = "out of memory", .is_local = true};
    give_up(registration, &result);
    return;
  }
  registration->state = REGISTRATION_PENDING;
  if (purpose == REGISTER_TO_REMOVE)
    return;
  if (purpose == REGISTER_NORMALLY)
    line_use(line, target);
  cJSON *event = line_event(line, "registering");
  event_add_address(event, "server", &target->address);
  phone_tell(line->phone, event);
}

void registration_begin(struct registration *registration) {
  struct line *line = registration->line;
  if (!line->parameters.do_register || registration_is_pending(registration))
    return;
  phone_timer_stop(&registration->timer);
  registration->state = REGISTRATION_RESOLVING;
  if (line_has_targets(line))
    registration_targets_ready(registration);
}

void registration_targets_ready(struct registration *registration) {
  struct line *line = registration->line;
  registration->history.count = 0;
  const struct target *preferred = fallback_at_refresh(&line->fallback);
  if (preferred && registration_is_valid(registration)) {
    send_register(registration, preferred, REGISTER_TO_FALL_BACK);
    registration->is_overdue = true; /* should it fail, the refresh itself is still to be done */
    return;
  }
  const struct target *target = line_first_target_for_register(line);
  if (target)
    send_register(registration, target, REGISTER_NORMALLY);
  else
    wait_for_retry(registration, short_retry_ms(registration));
}

void registration_move(struct registration *registration, const struct target *target) {
  if (!registration->line->parameters.do_register || registration_is_pending(registration) ||
      registration->state == REGISTRATION_OFF)
    return;
  phone_timer_stop(&registration->timer);
  registration->history.count = 0;
  send_register(registration, target, REGISTER_NORMALLY);
}

void registration_probe(struct registration *registration, const struct target *target) {
  registration->history.count = 0;
  send_register(registration, target, REGISTER_TO_FALL_BACK);
}

bool registration_remove(struct registration *registration) {
  transaction_abort(registration->transaction);
  registration->transaction = NULL;
  phone_timer_stop(&registration->timer);
  registration->state = REGISTRATION_OFF;
  if (!registration_is_valid(registration))
    return false;
  struct target target = {.address = registration->bound_at};
  send_register(registration, &target, REGISTER_TO_REMOVE);
  return true;
}
