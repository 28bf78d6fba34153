/* SPDX-License-Identifier: MIT
 *
 * Dialogs (dialog.h). The next hop is the topmost Route, else the far end's Contact, if that is a
 * numeric address of UDP; names within a dialog aren't resolved again: the request then goes where
 * the INVITE went.
 */
#include "ua/dialog.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/su_string.h>
#include <stdio.h>

static void set_next_hop(struct dialog *dialog, const url_t *target,
                         const struct target_address *server) {
  const url_t *url = dialog->route ? dialog->route->r_url : target;
  char text[DNS_NAME_SIZE + 8];
  dialog->next_hop = *server;
  if (!url || !url->url_host)
    return;
  const char *port = url->url_port && *url->url_port ? url->url_port : "5060";
  snprintf(text, sizeof text, "%s:%s", url->url_host, port);
  target_address_parse(&dialog->next_hop, text, 5060);
}

/* What both sides of a dialog have in common; `contact` may be NULL (then the request URI of later
 * requests is that of the far end's address of record). */
static int fill(struct dialog *dialog, const sip_t *sip, const sip_addr_t *local,
                const sip_addr_t *remote, const struct target_address *server) {
  const sip_contact_t *contact = sip->sip_contact;
  const url_t *target = contact ? contact->m_url : remote->a_url;
  dialog->call_id = su_strdup(dialog->home, sip->sip_call_id->i_id);
  dialog->local = sip_header_as_string(dialog->home, (const sip_header_t *)local);
  dialog->remote = sip_header_as_string(dialog->home, (const sip_header_t *)remote);
  dialog->remote_tag = su_strdup(dialog->home, remote->a_tag ? remote->a_tag : "");
  dialog->target = url_as_string(dialog->home, target);
  set_next_hop(dialog, target, server);
  if (dialog->call_id && dialog->local && dialog->remote && dialog->remote_tag && dialog->target)
    return 0;
  dialog_release(dialog);
  return -1;
}

int dialog_from_response(struct dialog *dialog, const sip_t *sip,
                         const struct target_address *server) {
  *dialog = (struct dialog){.home = su_home_new(sizeof *dialog->home)};
  if (!dialog->home)
    return -1;
  dialog->local_tag = su_strdup(dialog->home, sip->sip_from->a_tag ? sip->sip_from->a_tag : "");
  dialog->local_cseq = sip->sip_cseq->cs_seq;
  if (sip->sip_record_route)
    dialog->route = sip_route_reverse(dialog->home, sip->sip_record_route);
  return fill(dialog, sip, sip->sip_from, sip->sip_to, server);
}

int dialog_from_request(struct dialog *dialog, const sip_t *sip, const char *local_tag,
                        const struct target_address *server) {
  *dialog = (struct dialog){.home = su_home_new(sizeof *dialog->home)};
  sip_to_t *local = dialog->home ? sip_to_dup(dialog->home, sip->sip_to) : NULL;
  if (!local)
    return -1;
  if (!local->a_tag)
    sip_to_tag(dialog->home, local, local_tag);
  dialog->local_tag = su_strdup(dialog->home, local_tag);
  dialog->local_cseq = 0;
  if (sip->sip_record_route)
    dialog->route = sip_route_fixdup(dialog->home, sip->sip_record_route);
  return fill(dialog, sip, local, sip->sip_from, server);
}

void dialog_release(struct dialog *dialog) {
  if (dialog->home)
    su_home_unref(dialog->home);
  *dialog = (struct dialog){0};
}

msg_t *dialog_new_request(struct dialog *dialog, struct transport *transport, sip_method_t method,
                          const char *method_name, uint32_t ack_cseq) {
  struct request_fields fields = {.method = method,
                                  .method_name = method_name,
                                  .uri = dialog->target,
                                  .from = dialog->local,
                                  .to = dialog->remote,
                                  .call_id = dialog->call_id,
                                  .route = dialog->route};
  fields.cseq = method == sip_method_ack ? ack_cseq : ++dialog->local_cseq;
  return transport_new_request(transport, &fields);
}
