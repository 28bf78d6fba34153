/* SPDX-License-Identifier: MIT
 *
 * Dialogs that nobody wants: a 2xx to an INVITE that was given up (its request has moved to another
 * server), or of a second branch of a fork. It is acknowledged, and the dialog ended with BYE (RFC
 * 3261 section 13.2.2.4, RFC 6026 section 7.2). Each stays known for 64*T1, so that repeated 2xx
 * get their ACK and no second BYE.
 */
#include "ua/call.h"

#include <sofia-sip/sip_header.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/phone.h"

struct orphan {
  struct phone *phone;
  struct orphan *next;
  struct dialog dialog;
  uint32_t invite_cseq;
  struct phone_timer timer;
};

static void destroy(struct orphan *orphan) {
  struct orphan **link = &orphan->phone->orphans;
  while (*link && *link != orphan)
    link = &(*link)->next;
  if (*link)
    *link = orphan->next;
  phone_timer_release(&orphan->timer);
  dialog_release(&orphan->dialog);
  free(orphan);
}

static void on_timer(void *context) {
  destroy(context);
}

void orphans_destroy(struct phone *phone) {
  while (phone->orphans)
    destroy(phone->orphans);
}

static void acknowledge(struct orphan *orphan) {
  struct transport *transport = orphan->phone->transport;
  char branch[BRANCH_SIZE];
  msg_t *ack = dialog_new_request(&orphan->dialog, transport, SIP_METHOD_ACK, orphan->invite_cseq);
  transport_new_branch(transport, branch);
  if (ack && transport_finish_request(transport, ack, &orphan->dialog.next_hop, branch))
    transport_send(transport, ack, &orphan->dialog.next_hop);
  if (ack)
    msg_destroy(ack);
}

/* Where the response's own Contact doesn't say it, the ACK goes to the server of the line that
 * called. */
static const struct target_address *find_server(struct phone *phone, const sip_t *sip) {
  const char *user = sip->sip_from->a_url->url_user;
  for (unsigned i = 0; i < phone->line_count; i++)
    if (user && phone->lines[i].has_current &&
        strcmp(phone->lines[i].parameters.user_id, user) == 0)
      return &phone->lines[i].current;
  return NULL;
}

static struct orphan *create(struct phone *phone, const sip_t *sip) {
  const struct target_address *server = find_server(phone, sip);
  struct orphan *orphan = server ? calloc(1, sizeof *orphan) : NULL;
  if (!orphan)
    return NULL;
  orphan->phone = phone;
  orphan->invite_cseq = sip->sip_cseq->cs_seq;
  if (dialog_from_response(&orphan->dialog, sip, server) < 0 ||
      phone_timer_init(&orphan->timer, phone->root, on_timer, orphan) < 0) {
    destroy(orphan);
    return NULL;
  }
  orphan->next = phone->orphans;
  phone->orphans = orphan;
  phone_timer_start(&orphan->timer, phone_now_ms() + 64 * phone->configuration.global.t1_ms);
  return orphan;
}

void orphan_receive(struct phone *phone, const sip_t *sip) {
  const char *remote_tag = sip->sip_to->a_tag ? sip->sip_to->a_tag : "";
  for (struct orphan *orphan = phone->orphans; orphan; orphan = orphan->next) {
    if (strcmp(orphan->dialog.call_id, sip->sip_call_id->i_id) == 0 &&
        strcmp(orphan->dialog.remote_tag, remote_tag) == 0) {
      acknowledge(orphan);
      return;
    }
  }
  struct orphan *orphan = create(phone, sip);
  if (!orphan)
    return;
  acknowledge(orphan);
  transaction_start(phone->transport,
                    dialog_new_request(&orphan->dialog, phone->transport, SIP_METHOD_BYE, 0),
                    &orphan->dialog.next_hop, NULL, NULL, NULL);
}
