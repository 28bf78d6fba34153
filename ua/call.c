/* SPDX-License-Identifier: MIT
 *
 * What outgoing and incoming calls have in common: their place in the line, their events, their
 * end.
 */
#include "ua/call.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tagarg.h>
#include <stdlib.h>
#include <string.h>

#include "ua/phone.h"

struct call *call_new(struct line *line) {
  struct phone *phone = line->phone;
  struct call *call = calloc(1, sizeof *call);
  if (!call)
    return NULL;
  call->line = line;
  phone_new_identifier(phone, call->tag);
  call->sdp = (struct sdp_own){.host = phone->transport->host,
                               .port = phone->configuration.rtp_port,
                               .session = (uint32_t)phone_random_u64(&phone->identifiers) >> 1,
                               .version = 1};
  call->id = ++phone->calls_made;
  struct call **last = &line->calls;
  while (*last)
    last = &(*last)->next;
  *last = call;
  return call;
}

void call_destroy(struct call *call) {
  struct call **link = &call->line->calls;
  while (*link != call)
    link = &(*link)->next;
  *link = call->next;
  transaction_detach(call->invite);
  transaction_detach(call->bye);
  if (call->incoming) {
    nta_incoming_bind(call->incoming, NULL, NULL);
    nta_incoming_destroy(call->incoming);
  }
  if (call->ack)
    msg_destroy(call->ack);
  phone_timer_release(&call->timer);
  dialog_release(&call->dialog);
  free(call->to);
  free(call);
}

const char *call_state_name(const struct call *call) {
  switch (call->state) {
  case CALL_RESOLVING:
  case CALL_CALLING:
    return "calling";
  case CALL_RINGING:
    return "ringing";
  case CALL_ANSWERED:
    return "answered";
  case CALL_ENDING:
    return "ended";
  }
  return "?";
}

void call_tell(struct call *call, const char *state, const struct transaction_result *result) {
  cJSON *event = line_event(call->line, "call_state");
  cJSON_AddNumberToObject(event, "call", call->id);
  cJSON_AddStringToObject(event, "state", state);
  if (result) {
    cJSON_AddNumberToObject(event, "status", result->status);
    cJSON_AddStringToObject(event, "reason", result->reason ? result->reason : "");
    cJSON_AddBoolToObject(event, "local", result->is_local);
  }
  if (call->server.any.sa_family)
    event_add_address(event, "server", &call->server);
  phone_tell(call->line->phone, event);
}

void call_finish(struct call *call, const char *state, const struct transaction_result *result) {
  struct line *line = call->line;
  if (state)
    call_tell(call, state, result);
  call_destroy(call);
  line_call_ended(line);
}

static void on_bye_result(void *context, const struct transaction_result *result) {
  struct call *call = context;
  if (result->outcome == TRANSACTION_PROVISIONAL)
    return;
  call->bye = NULL;
  call_finish(call, NULL, NULL);
}

void call_send_bye(struct call *call) {
  struct transport *transport = call->line->phone->transport;
  msg_t *msg = dialog_new_request(&call->dialog, transport, SIP_METHOD_BYE, 0);
  /* RFC 3261 section 15.1.1: the session is over when the BYE is sent, whatever its answer. */
  call->state = CALL_ENDING;
  call->bye = transaction_start(transport, msg, &call->dialog.next_hop, NULL, on_bye_result, call);
  call->server = call->dialog.next_hop;
  call_tell(call, "ended", NULL);
  if (!call->bye)
    call_finish(call, NULL, NULL);
}

int call_can_hang_up(const struct call *call, struct phone_error *error) {
  return call->state == CALL_ENDING ? phone_error_set(error, "call %u is over", call->id) : 0;
}

void call_hang_up(struct call *call) {
  switch (call->state) {
  case CALL_ENDING:
    return;
  case CALL_ANSWERED:
    call_send_bye(call);
    return;
  case CALL_RESOLVING:
  case CALL_CALLING:
  case CALL_RINGING:
    if (call->is_outgoing)
      call_outgoing_hang_up(call);
    else
      call_incoming_hang_up(call);
    return;
  }
}

struct call *call_find(struct phone *phone, const sip_call_id_t *call_id, const char *own_tag) {
  if (!own_tag || !call_id)
    return NULL;
  for (unsigned i = 0; i < phone->line_count; i++)
    for (struct call *call = phone->lines[i].calls; call; call = call->next)
      if (strcmp(call->call_id, call_id->i_id) == 0 && strcmp(call->tag, own_tag) == 0)
        return call;
  return NULL;
}

struct call *phone_find_call(struct phone *phone, unsigned id) {
  for (unsigned i = 0; i < phone->line_count; i++)
    for (struct call *call = phone->lines[i].calls; call; call = call->next)
      if (call->id == id)
        return call;
  return NULL;
}

/* A re-INVITE: hold and resume. The phone agrees to what it is offered (RFC 3264). */
static void receive_reinvite(struct call *call, nta_incoming_t *incoming, const sip_t *sip) {
  char text[SDP_SIZE], contact[LINE_URI_SIZE];
  const sip_payload_t *offer = sip->sip_payload;
  call->sdp.version++;
  int result = offer ? sdp_answer(text, &call->sdp, offer->pl_data, offer->pl_len)
                     : sdp_offer(text, &call->sdp);
  line_contact(call->line, &call->server, contact);
  if (result < 0)
    nta_incoming_treply(incoming, SIP_488_NOT_ACCEPTABLE, TAG_END());
  else
    nta_incoming_treply(incoming, SIP_200_OK, SIPTAG_CONTACT_STR(contact),
                        SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(text),
                        TAG_END());
  nta_incoming_destroy(incoming);
}

void call_receive_within(struct call *call, msg_t *msg, sip_t *sip) {
  sip_method_t method = sip->sip_request->rq_method;
  const char *remote_tag = sip->sip_from->a_tag;
  /* RFC 3261 section 13.2.2.4: the ACK of a 2xx whose transaction is over. */
  if (method == sip_method_ack) {
    msg_destroy(msg);
    return;
  }
  nta_incoming_t *incoming =
      nta_incoming_create(call->line->phone->transport->agent, NULL, msg, sip, TAG_END());
  if (!incoming)
    return;
  bool is_dialog =
      call->dialog.home && remote_tag && strcmp(call->dialog.remote_tag, remote_tag) == 0;
  if (!is_dialog || call->state == CALL_ENDING) {
    nta_incoming_treply(incoming, method == sip_method_bye && is_dialog ? 200 : 481,
                        method == sip_method_bye && is_dialog ? "OK"
                                                              : "Call/Transaction Does Not Exist",
                        TAG_END());
    nta_incoming_destroy(incoming);
  } else if (method == sip_method_bye) {
    nta_incoming_treply(incoming, SIP_200_OK, TAG_END());
    nta_incoming_destroy(incoming);
    call_finish(call, "ended", NULL);
  } else if (method == sip_method_invite) {
    receive_reinvite(call, incoming, sip);
  } else {
    nta_incoming_treply(incoming, SIP_405_METHOD_NOT_ALLOWED, SIPTAG_ALLOW_STR(PHONE_ALLOW),
                        TAG_END());
    nta_incoming_destroy(incoming);
  }
}
