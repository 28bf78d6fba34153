/* SPDX-License-Identifier: MIT
 *
 * Outgoing calls. The INVITE goes to one server at a time. When that server fails (no response at
 * all until Timer B, a transport error, a status that the profile takes for a failure), the same
 * request goes to the next one in a new transaction: same Call-ID, CSeq and From tag, another
 * branch (RFC 3263 section 4.3). Once a provisional response has come there is no failover (RFC
 * 3261 section 17.1.1.2 ends Timer B).
 */
#include "ua/call.h"

#include <sofia-sip/sip_header.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/phone.h"

/* The CSeq of each INVITE that makes a call; there is one for each Call-ID. */
#define INVITE_CSEQ 1

static void on_result(void *context, const struct transaction_result *result);

static const struct global_parameters *parameters_of(const struct call *call) {
  return &call->line->phone->configuration.global;
}

/* RFC 3261 section 9.1: after a CANCEL an answer is waited for 64*T1 at most. Before it, the timer
 * is INVITE Expires: a call that rings longer is given up. */
static void on_timer(void *context) {
  struct call *call = context;
  if (!call->is_cancelled) {
    call_outgoing_hang_up(call);
    return;
  }
  transaction_abort(call->invite);
  call->invite = NULL;
  call_finish(call, "ended", NULL);
}

static bool is_sip_uri(const char *text) {
  char copy[LINE_URI_SIZE];
  url_t url[1];
  int length = snprintf(copy, sizeof copy, "%s", text);
  return length >= 0 && (size_t)length < sizeof copy && !strpbrk(text, "<>\" \r\n") &&
         url_d(url, copy) == 0 && url->url_type == url_sip && url->url_host;
}

/* Returns 0, or -1 with the reason why the line can't make a call to `to`. */
static int check_call(const struct line *line, const char *to, struct phone_error *error) {
  const struct line_parameters *parameters = &line->parameters;
  int calls = 0;
  for (const struct call *other = line->calls; other; other = other->next)
    calls++;
  if (!is_sip_uri(to))
    return phone_error_set(
        error, "\"to\" is \"%.200s\": allowed is a SIP URI such as sip:bob@example.com", to);
  if (!parameters->line_enable)
    return phone_error_set(error, "line %u is off: \"Line Enable\" is No", line->number);
  if (parameters->do_register && !parameters->make_call_without_reg &&
      !registration_is_valid(&line->registration))
    return phone_error_set(error, "line %u is not registered and \"Make Call Without Reg\" is No",
                           line->number);
  if (calls >= CALLS_PER_LINE_MAX)
    return phone_error_set(error, "line %u has %d calls already", line->number, CALLS_PER_LINE_MAX);
  return 0;
}

struct call *call_create(struct line *line, const char *to, struct phone_error *error) {
  if (check_call(line, to, error) < 0)
    return NULL;
  struct call *call = call_new(line);
  char *target = strdup(to);
  if (!call || !target || phone_timer_init(&call->timer, line->phone->root, on_timer, call) < 0) {
    free(target);
    if (call)
      call_destroy(call);
    phone_error_set(error, "out of memory");
    return NULL;
  }
  call->is_outgoing = true;
  call->to = target;
  phone_new_call_id(line->phone, call->call_id);
  return call;
}

static msg_t *new_invite(struct call *call) {
  struct line *line = call->line;
  char own[LINE_URI_SIZE], from[LINE_URI_SIZE + 64], to[LINE_URI_SIZE + 8], contact[LINE_URI_SIZE];
  char expires[24], body[SDP_SIZE];
  line_own_uri(line, own);
  line_contact(line, &call->server, contact);
  snprintf(from, sizeof from, "<%s>;tag=%s", own, call->tag);
  snprintf(to, sizeof to, "<%s>", call->to);
  snprintf(expires, sizeof expires, "%d", (int)parameters_of(call)->invite_expires_s);
  if (sdp_offer(body, &call->sdp) < 0)
    return NULL;
  struct request_fields fields = {SIP_METHOD_INVITE,
                                  .uri = call->to,
                                  .from = from,
                                  .to = to,
                                  .call_id = call->call_id,
                                  .cseq = INVITE_CSEQ,
                                  .contact = contact,
                                  .content_type = "application/sdp",
                                  .body = body};
  if (parameters_of(call)->invite_expires_s > 0)
    fields.expires = expires;
  return transport_new_request(line->phone->transport, &fields);
}

static void fail_locally(struct call *call, const char *reason) {
  struct transaction_result result = {TRANSACTION_TRANSPORT_ERROR, .status = 503, .reason = reason,
                                      .is_local = true};
  call_finish(call, "failed", &result);
}

static void send_invite(struct call *call, const struct target *target) {
  struct line *line = call->line;
  target_history_add(&call->history, &target->address);
  call->server = target->address;
  call->state = CALL_CALLING;
  call->invite = transaction_start(line->phone->transport, new_invite(call), &target->address, NULL,
                                   on_result, call);
  if (!call->invite) {
    fail_locally(call, "out of memory");
    return;
  }
  call_tell(call, "calling", NULL);
}

static void start(struct call *call) {
  struct line *line = call->line;
  int64_t expires_s = parameters_of(call)->invite_expires_s;
  const struct target *target = line_first_target_for_call(line);
  if (!target) {
    fail_locally(call, "no server could be found");
    return;
  }
  if (!line->has_current)
    line_use(line, target);
  if (expires_s > 0)
    phone_timer_start(&call->timer, phone_now_ms() + expires_s * 1000);
  send_invite(call, target);
}

/* The call goes to the server that the line uses: while there is one, its DNS answers may be stale;
 * they are renewed with the next REGISTER. */
void call_begin(struct call *call) {
  struct line *line = call->line;
  call->state = CALL_RESOLVING;
  if (registration_is_valid(&line->registration) && line->targets.count)
    start(call);
  else if (line_has_targets(line))
    start(call);
}

void call_targets_ready(struct line *line) {
  struct call *call = line->calls;
  while (call) {
    struct call *next = call->next;
    if (call->is_outgoing && call->state == CALL_RESOLVING)
      start(call);
    call = next;
  }
}

/* CISCO-FO-7: with Auto Register When Failover the REGISTER goes to the new server before the
 * INVITE does; the INVITE doesn't wait for its answer. */
static void fail_over(struct call *call, const struct target *next,
                      const struct transaction_result *result) {
  struct line *line = call->line;
  struct target_address failed = call->server, server = next->address;
  char reason[FAILURE_TEXT_SIZE];
  line_describe_failure(result, reason);
  line_fail_over(line, &failed, next, reason);
  bool is_registered_there =
      line->registration.has_binding && target_address_equal(&line->registration.bound_at, &server);
  if (line->parameters.auto_register_when_failover && !is_registered_there)
    registration_move(&line->registration, next);
  send_invite(call, next);
}

static void end_unanswered(struct call *call, const struct transaction_result *result) {
  const struct policy *policy = call->line->phone->configuration.policy;
  bool is_failure = result->is_local
                        ? !call->is_cancelled
                        : policy->is_failover_status(parameters_of(call), result->status);
  call->invite = NULL;
  if (call->is_cancelled) {
    call_finish(call, "ended", result);
    return;
  }
  struct target *target = target_list_find(&call->line->targets, &call->server);
  const sip_retry_after_t *retry_after = result->sip ? result->sip->sip_retry_after : NULL;
  if (target && retry_after && result->status == 503 && !policy->keeps_server)
    target->avoid_until_ms = phone_now_ms() + (int64_t)retry_after->af_delta * 1000;
  const struct target *next =
      is_failure ? line_next_target(call->line, &call->server, &call->history) : NULL;
  if (next)
    fail_over(call, next, result);
  else
    call_finish(call, "failed", result);
}

static void send_ack(struct call *call) {
  struct transport *transport = call->line->phone->transport;
  if (!call->ack) {
    char branch[BRANCH_SIZE];
    msg_t *ack = dialog_new_request(&call->dialog, transport, SIP_METHOD_ACK, INVITE_CSEQ);
    transport_new_branch(transport, branch);
    if (!ack || !transport_finish_request(transport, ack, &call->dialog.next_hop, branch)) {
      if (ack)
        msg_destroy(ack);
      return;
    }
    call->ack = ack;
  }
  transport_send(transport, call->ack, &call->dialog.next_hop);
}

/* A 2xx: the first makes the dialog; a repeated one is acknowledged again; one of another branch of
 * a fork, or one that crossed our CANCEL, makes a dialog that is ended at once (RFC 3261
 * section 13.2.2.4). */
static void receive_success(struct call *call, const struct transaction_result *result) {
  const sip_t *sip = result->sip;
  const char *remote_tag = sip->sip_to->a_tag ? sip->sip_to->a_tag : "";
  if (call->dialog.home) {
    if (strcmp(call->dialog.remote_tag, remote_tag) == 0)
      send_ack(call);
    else
      orphan_receive(call->line->phone, sip);
    return;
  }
  if (dialog_from_response(&call->dialog, sip, &call->server) < 0) {
    fail_locally(call, "out of memory");
    return;
  }
  phone_timer_stop(&call->timer);
  send_ack(call);
  if (call->is_cancelled) {
    call_send_bye(call);
    return;
  }
  call->state = CALL_ANSWERED;
  call_tell(call, "answered", NULL);
}

static void on_result(void *context, const struct transaction_result *result) {
  struct call *call = context;
  if (result->outcome == TRANSACTION_GONE) {
    call->invite = NULL;
    return;
  }
  if (result->outcome != TRANSACTION_PROVISIONAL) {
    if (!result->is_local && result->status < 300)
      receive_success(call, result);
    else
      end_unanswered(call, result);
    return;
  }
  if (call->is_cancelled && call->state != CALL_ENDING) {
    call->state = CALL_ENDING;
    transaction_cancel(call->invite);
    phone_timer_start(&call->timer, phone_now_ms() + 64 * parameters_of(call)->t1_ms);
  } else if (call->state == CALL_CALLING && result->status > 100) {
    call->state = CALL_RINGING;
    call_tell(call, "ringing", result);
  }
}

void call_outgoing_hang_up(struct call *call) {
  if (call->state == CALL_RESOLVING) {
    call_finish(call, "ended", NULL);
    return;
  }
  if (call->is_cancelled)
    return;
  call->is_cancelled = true;
  phone_timer_stop(&call->timer);
  /* RFC 3261 section 9.1: no CANCEL before a provisional response; on_result() sends it then. */
  if (!transaction_has_response(call->invite))
    return;
  call->state = CALL_ENDING;
  transaction_cancel(call->invite);
  phone_timer_start(&call->timer, phone_now_ms() + 64 * parameters_of(call)->t1_ms);
}
