/* SPDX-License-Identifier: MIT
 *
 * Incoming calls, and the requests that belong to no call. nta runs the server transaction: it
 * repeats our responses, answers CANCEL, and tells of the ACK.
 */
#define NTA_INCOMING_MAGIC_T struct call

#include "ua/call.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tagarg.h>
#include <stdio.h>
#include <string.h>

#include "ua/phone.h"

static struct line *find_line(struct phone *phone, const sip_t *sip) {
  const char *user = sip->sip_request->rq_url->url_user;
  for (unsigned i = 0; i < phone->line_count; i++)
    if (user && phone->lines[i].parameters.line_enable &&
        strcmp(phone->lines[i].parameters.user_id, user) == 0)
      return &phone->lines[i];
  return NULL;
}

/* The status that refuses the INVITE, or 0. */
static int refusal(const struct line *line) {
  size_t calls = 0;
  if (!line)
    return 404;
  for (const struct call *call = line->calls; call; call = call->next)
    calls++;
  if (calls >= CALLS_PER_LINE_MAX)
    return 486;
  if (line->parameters.do_register && !line->parameters.answer_call_without_reg &&
      !registration_is_valid(&line->registration))
    return 480;
  return 0;
}

static void reply_and_forget(nta_incoming_t *incoming, int status) {
  nta_incoming_treply(incoming, status, sip_status_phrase(status), SIPTAG_ALLOW_STR(PHONE_ALLOW),
                      TAG_END());
  nta_incoming_destroy(incoming);
}

static void end_incoming(struct call *call, int status) {
  nta_incoming_t *incoming = call->incoming;
  call->incoming = NULL;
  nta_incoming_bind(incoming, NULL, NULL);
  reply_and_forget(incoming, status);
}

/* The INVITE was cancelled, or our 2xx was acknowledged, or never was. */
static int on_ack_or_cancel(nta_incoming_magic_t *magic, nta_incoming_t *incoming,
                            const sip_t *sip) {
  struct call *call = magic;
  if (sip && sip->sip_request->rq_method == sip_method_cancel) {
    struct transaction_result result = {TRANSACTION_FINAL, .status = 487,
                                        .reason = sip_487_Request_terminated};
    end_incoming(call, 487);
    call_finish(call, "ended", &result);
    return 0;
  }
  call->incoming = NULL;
  nta_incoming_bind(incoming, NULL, NULL);
  nta_incoming_destroy(incoming);
  /* RFC 3261 section 13.3.1.4: a 2xx that is never acknowledged ends the session. */
  if (!sip && call->state == CALL_ANSWERED)
    call_send_bye(call);
  return 0;
}

static void tell_incoming(struct call *call, const sip_t *sip) {
  cJSON *event = line_event(call->line, "incoming");
  char *from = url_as_string(NULL, sip->sip_from->a_url);
  cJSON_AddNumberToObject(event, "call", call->id);
  cJSON_AddStringToObject(event, "from", from ? from : "");
  su_free(NULL, from);
  phone_tell(call->line->phone, event);
}

static void ring(struct line *line, nta_incoming_t *incoming, const sip_t *sip,
                 const struct target_address *source) {
  char contact[LINE_URI_SIZE];
  struct call *call = strlen(sip->sip_call_id->i_id) < CALL_ID_SIZE ? call_new(line) : NULL;
  if (!call) {
    reply_and_forget(incoming, 500);
    return;
  }
  snprintf(call->call_id, sizeof call->call_id, "%s", sip->sip_call_id->i_id);
  call->incoming = incoming;
  call->server = *source;
  call->state = CALL_RINGING;
  nta_incoming_tag(incoming, call->tag);
  nta_incoming_bind(incoming, on_ack_or_cancel, call);
  if (dialog_from_request(&call->dialog, sip, call->tag, source) < 0) {
    end_incoming(call, 500);
    call_destroy(call);
    return;
  }
  line_contact(line, &call->server, contact);
  nta_incoming_treply(incoming, SIP_180_RINGING, SIPTAG_CONTACT_STR(contact), TAG_END());
  tell_incoming(call, sip);
  call_tell(call, "ringing", NULL);
}

void call_receive(struct phone *phone, msg_t *msg, sip_t *sip) {
  sip_method_t method = sip->sip_request->rq_method;
  struct target_address source = {.any = {.sa_family = AF_UNSPEC}};
  const su_sockaddr_t *from = msg_addr(msg);
  if (from->su_family == AF_INET)
    source.v4 = from->su_sin;
  else if (from->su_family == AF_INET6)
    source.v6 = from->su_sin6;
  struct call *call = call_find(phone, sip->sip_call_id, sip->sip_to->a_tag);
  if (call) {
    call_receive_within(call, msg, sip);
    return;
  }
  if (method == sip_method_ack) {
    msg_destroy(msg);
    return;
  }
  nta_incoming_t *incoming =
      nta_incoming_create(phone->transport->agent, NULL, msg, sip, TAG_END());
  if (!incoming)
    return;
  struct line *line = find_line(phone, sip);
  if (sip->sip_to->a_tag && method != sip_method_options) {
    reply_and_forget(incoming, 481);
  } else if (method == sip_method_options) {
    reply_and_forget(incoming, 200);
  } else if (method == sip_method_cancel) {
    reply_and_forget(incoming, 481);
  } else if (method != sip_method_invite) {
    reply_and_forget(incoming, 405);
  } else if (refusal(line)) {
    reply_and_forget(incoming, refusal(line));
  } else {
    ring(line, incoming, sip, &source);
  }
}

int call_can_answer(const struct call *call, struct phone_error *error) {
  if (call->is_outgoing || call->state != CALL_RINGING)
    return phone_error_set(error, "call %u is not an incoming call that rings", call->id);
  return 0;
}

void call_answer(struct call *call) {
  char text[SDP_SIZE], contact[LINE_URI_SIZE];
  msg_t *request = nta_incoming_getrequest(call->incoming);
  const sip_payload_t *offer = sip_object(request)->sip_payload;
  int result = offer ? sdp_answer(text, &call->sdp, offer->pl_data, offer->pl_len)
                     : sdp_offer(text, &call->sdp);
  msg_destroy(request);
  if (result < 0) {
    struct transaction_result refused = {TRANSACTION_FINAL, .status = 488,
                                         .reason = sip_488_Not_acceptable};
    end_incoming(call, 488);
    call_finish(call, "failed", &refused);
    return;
  }
  line_contact(call->line, &call->server, contact);
  nta_incoming_treply(call->incoming, SIP_200_OK, SIPTAG_CONTACT_STR(contact),
                      SIPTAG_ALLOW_STR(PHONE_ALLOW), SIPTAG_CONTENT_TYPE_STR("application/sdp"),
                      SIPTAG_PAYLOAD_STR(text), TAG_END());
  call->state = CALL_ANSWERED;
  call_tell(call, "answered", NULL);
}

/* 486: the user doesn't want it here; the caller's proxy may still ring elsewhere (RFC 3261
 * section 21.4.24). */
void call_incoming_hang_up(struct call *call) {
  struct transaction_result result = {TRANSACTION_FINAL, .status = 486,
                                      .reason = sip_486_Busy_here};
  end_incoming(call, 486);
  call_finish(call, "ended", &result);
}
