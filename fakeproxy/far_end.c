/* SPDX-License-Identifier: MIT
 *
 * Calls, as the user agent server of RFC 3261 sections 13.3, 14.2, 9.2 and 15.1.2.
 *
 *   INVITE ─▶ 100, [180], ring_ms later the final answer ─▶ ACK, hang_up_ms later our BYE
 *                 └─ CANCEL ─▶ 200, and 487 to the INVITE
 *
 * A dialog exists from the first INVITE on. It holds the transaction of an INVITE as long as there
 * is something to wait for, the final answer or the ACK; the transaction tells it when it goes.
 */
#include "fakeproxy/far_end.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fakeproxy/dialog.h"
#include "fakeproxy/server_transaction.h"

/* RFC 3261 section 13.3.1.1: a provisional answer is repeated every minute, or proxies would
 * cancel. */
enum { RING_REPEAT_MS = 60000 };

int far_end_add_allow(struct message *response) {
  return message_add(response, "Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER");
}

/* The transaction goes by itself: only its 2xx without ACK is news. Section 13.3.1.4: hang up then.
 */
static void on_transaction_gone(void *context, bool unacknowledged) {
  struct dialog *dialog = context;
  dialog->invite = NULL;
  if (unacknowledged)
    dialog_send_bye(dialog);
  if (unacknowledged || !dialog->answered)
    dialog_destroy(dialog);
}

static void hold_transaction(struct dialog *dialog, struct server_transaction *transaction) {
  if (dialog->invite)
    server_transaction_forget(dialog->invite);
  dialog->invite = transaction;
  server_transaction_own(transaction, (struct server_transaction_owner){
                                          .context = dialog, .gone = on_transaction_gone});
}

/* An answer that makes the dialog: with Contact and Record-Route (section 12.1.1). NULL when out of
 * memory. */
static struct message *dialog_response(struct dialog *dialog, int status) {
  char contact[CONTACT_VALUE_SIZE];
  struct message *response = server_transaction_response(dialog->invite, status, NULL);
  if (response &&
      (message_copy_record_route(response, server_transaction_request(dialog->invite)) ||
       message_add(response, "Contact", fakeproxy_contact(dialog->proxy, contact)) ||
       far_end_add_allow(response))) {
    message_destroy(response);
    return NULL;
  }
  return response;
}

/* Our side of the session: the answer to an offer, else an offer. `*unsupported` says that there is
 * an offer of another kind. malloc'd; NULL when nothing can be accepted. */
static char *describe_session(struct dialog *dialog, const struct message *invite,
                              bool *unsupported) {
  size_t size;
  const char *offer = message_body(invite, &size);
  const char *type = message_body_type(invite);
  *unsupported = offer && type && strcasecmp(type, "application/sdp") != 0;
  if (*unsupported)
    return NULL;
  dialog->session.version++;
  return offer ? session_description_answer(&dialog->session, offer, size)
               : session_description_offer(&dialog->session);
}

/* Refuses the INVITE. The dialog goes unless it was answered before: that one was a re-INVITE. */
static void refuse(struct dialog *dialog, int status) {
  struct server_transaction *transaction = dialog->invite;
  server_transaction_forget(transaction);
  dialog->invite = NULL;
  server_transaction_answer(transaction, status, NULL);
  if (!dialog->answered)
    dialog_destroy(dialog);
}

/* Section 13.3.1.4: 200 with a session description, repeated until the ACK comes. */
static void accept_invite(struct dialog *dialog, int status) {
  bool unsupported;
  char *description =
      describe_session(dialog, server_transaction_request(dialog->invite), &unsupported);
  if (!description) {
    refuse(dialog, unsupported ? 415 : 488);
    return;
  }
  struct message *response = dialog_response(dialog, status);
  if (response && message_set_body(response, "application/sdp", description)) {
    message_destroy(response);
    response = NULL;
  }
  free(description);
  dialog->answered = dialog->answered || response;
  if (response)
    server_transaction_send(dialog->invite, response);
  else
    refuse(dialog, 500);
}

static void answer_finally(struct dialog *dialog, int status) {
  if (status < 300)
    accept_invite(dialog, status);
  else
    refuse(dialog, status);
}

/* Rings, again every minute, for as long as is left of ringing. */
static void ring(struct dialog *dialog) {
  int64_t delay_ms = dialog->ring_left_ms < RING_REPEAT_MS ? dialog->ring_left_ms : RING_REPEAT_MS;
  dialog->ring_left_ms -= delay_ms;
  proxy_timer_start(dialog->timer, (uint64_t)delay_ms);
  server_transaction_send(dialog->invite, dialog_response(dialog, 180));
}

static void on_dialog_timer(void *context) {
  struct dialog *dialog = context;
  if (dialog->answered) {
    dialog_send_bye(dialog);
    dialog_destroy(dialog);
  } else if (dialog->ring_left_ms > 0) {
    ring(dialog);
  } else {
    answer_finally(dialog, dialog->ring_status);
  }
}

static void new_call(struct fakeproxy *proxy, struct server_transaction *transaction) {
  const struct fakeproxy_far_end *far_end = &proxy->far_end;
  struct dialog *dialog = dialog_create(proxy, transaction, on_dialog_timer);
  if (!dialog) {
    server_transaction_answer(transaction, 503, NULL);
    return;
  }
  hold_transaction(dialog, transaction);
  dialog->ring_left_ms = far_end->ring_ms;
  dialog->ring_status = far_end->status ? far_end->status : 200;
  /* Section 13.3.1: an invitation that expires before it is answered finally is answered 487. */
  uint32_t expires_s;
  if (message_expires(server_transaction_request(transaction), &expires_s) &&
      (int64_t)expires_s * 1000 < dialog->ring_left_ms) {
    dialog->ring_left_ms = (int64_t)expires_s * 1000;
    dialog->ring_status = 487;
  }
  server_transaction_answer(transaction, 100, NULL);
  if (far_end->ring_ms > 0)
    ring(dialog);
  else
    answer_finally(dialog, dialog->ring_status);
}

/* Section 12.2.2: requests in a dialog come in the order of their CSeq. Notes where the phone is
 * now. */
static bool in_order(struct dialog *dialog, struct server_transaction *transaction) {
  uint32_t cseq = message_cseq(server_transaction_request(transaction));
  if (cseq < dialog->remote_cseq)
    return false;
  dialog->remote_cseq = cseq;
  dialog->peer = *server_transaction_source(transaction);
  return true;
}

/* Section 14.2. */
static void repeated_invite(struct dialog *dialog, struct server_transaction *transaction) {
  if (!in_order(dialog, transaction)) {
    server_transaction_answer(transaction, 500, NULL);
    return;
  }
  if (dialog->invite && server_transaction_pending(dialog->invite)) {
    /* The first one is still ringing: come again after a random time up to ten seconds. */
    struct message *response = server_transaction_response(transaction, 500, NULL);
    uint32_t retry_after_s = (uint32_t)random_stream_below(dialog->proxy->random, 11);
    if (response && message_add_number(response, "Retry-After", retry_after_s) == 0)
      server_transaction_send(transaction, response);
    else
      message_destroy(response);
    return;
  }
  if (dialog->invite)
    server_transaction_acknowledge(dialog->invite); /* the phone goes on, so it has our last 2xx */
  struct message_contact contact;
  if (message_contact(server_transaction_request(transaction), 0, &contact) == 0) {
    /* Section 12.2.2: a re-INVITE moves the remote target. */
    char *previous = dialog->remote_target;
    dialog->remote_target = contact.uri;
    contact.uri = previous;
    message_contact_clear(&contact);
  }
  dialog->invite_cseq = dialog->remote_cseq;
  hold_transaction(dialog, transaction);
  accept_invite(dialog, 200);
}

void far_end_invite(struct fakeproxy *proxy, struct server_transaction *transaction) {
  const struct message *request = server_transaction_request(transaction);
  if (!message_to_tag(request)) {
    new_call(proxy, transaction);
    return;
  }
  struct dialog *dialog = dialog_find(proxy, request);
  if (dialog)
    repeated_invite(dialog, transaction);
  else
    server_transaction_answer(transaction, 481, NULL);
}

/* The dialog of a transaction that has no final answer yet. */
static void end_pending(struct dialog *dialog) {
  if (dialog->invite && server_transaction_pending(dialog->invite))
    refuse(dialog, 487);
}

void far_end_cancel(struct fakeproxy *proxy, struct server_transaction *transaction) {
  const struct message *cancel = server_transaction_request(transaction);
  struct server_transaction *invite = server_transaction_find_invite(proxy, cancel);
  struct dialog *dialog = invite ? server_transaction_context(invite) : NULL;
  server_transaction_answer(transaction, invite ? 200 : 481, NULL);
  if (dialog)
    end_pending(dialog);
  else if (invite && server_transaction_pending(invite))
    server_transaction_answer(invite, 487, NULL);
}

void far_end_bye(struct fakeproxy *proxy, struct server_transaction *transaction) {
  struct dialog *dialog = dialog_find(proxy, server_transaction_request(transaction));
  if (!dialog) {
    server_transaction_answer(transaction, 481, NULL);
    return;
  }
  if (!in_order(dialog, transaction)) {
    server_transaction_answer(transaction, 500, NULL);
    return;
  }
  server_transaction_answer(transaction, 200, NULL);
  if (!dialog->answered) {
    end_pending(dialog); /* section 15.1.2: the INVITE is answered 487; that ends the dialog */
    return;
  }
  if (dialog->invite)
    server_transaction_acknowledge(
        dialog->invite); /* nobody waits for a 2xx of a call that is over */
  dialog_destroy(dialog);
}

void far_end_options(struct fakeproxy *proxy, struct server_transaction *transaction) {
  const struct message *request = server_transaction_request(transaction);
  bool in_dialog = message_to_tag(request) != NULL;
  if (in_dialog && !dialog_find(proxy, request)) {
    server_transaction_answer(transaction, 481, NULL);
    return;
  }
  struct message *response = server_transaction_response(transaction, 200, NULL);
  if (response &&
      (far_end_add_allow(response) || message_add(response, "Accept", "application/sdp"))) {
    message_destroy(response);
    response = NULL;
  }
  server_transaction_send(transaction, response);
}

void far_end_acknowledge(struct fakeproxy *proxy, const struct message *acknowledgement) {
  struct dialog *dialog = dialog_find(proxy, acknowledgement);
  if (!dialog || !dialog->answered || !dialog->invite ||
      message_cseq(acknowledgement) != dialog->invite_cseq)
    return;
  if (server_transaction_pending(dialog->invite))
    return;
  server_transaction_acknowledge(dialog->invite);
  server_transaction_forget(dialog->invite);
  dialog->invite = NULL;
  if (!dialog->established && proxy->far_end.hang_up_ms > 0)
    proxy_timer_start(dialog->timer, (uint64_t)proxy->far_end.hang_up_ms);
  dialog->established = true;
}

void far_end_clear(struct fakeproxy *proxy) {
  struct dialog *dialog;
  while ((dialog = text_map_take(&proxy->dialogs))) {
    /* It is out of the map already, which dialog_destroy allows. */
    dialog_destroy(dialog);
  }
  text_map_clear(&proxy->dialogs);
}
