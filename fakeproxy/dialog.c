/* SPDX-License-Identifier: MIT
 *
 * Dialogs. The proxy's map owns them. What a dialog keeps of the phone's INVITE is text, copied.
 */
#include "fakeproxy/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakeproxy/server_transaction.h"

/* A Call-ID has no white space in it, so the line end keeps the parts apart. NULL when out of
 * memory. */
static char *dialog_key(const char *call_id, const char *local_tag, const char *remote_tag) {
  char *key;
  if (asprintf(&key, "%s\n%s\n%s", call_id, local_tag, remote_tag ? remote_tag : "") < 0)
    return NULL;
  return key;
}

static size_t length_of(const char *text) {
  return text ? strlen(text) : 0;
}

/* The phone's Contact; its From when it gave none, which it must not (section 8.1.1.8). */
static char *remote_target_of(const struct message *invite) {
  struct message_contact contact;
  if (message_contact(invite, 0, &contact))
    return strdup(message_uri(invite));
  char *uri = contact.uri;
  contact.uri = NULL;
  message_contact_clear(&contact);
  return uri;
}

/* To with our tag. */
static char *local_side(const struct message *invite, const char *tag) {
  char *to = message_to_value(invite);
  char *local = NULL;
  if (to && asprintf(&local, "%s;tag=%s", to, tag) < 0)
    local = NULL;
  free(to);
  return local;
}

static void dialog_free(struct dialog *dialog) {
  proxy_timer_destroy(dialog->timer);
  fakeproxy_release(dialog->proxy, dialog->kept);
  free(dialog->key);
  free(dialog->call_id);
  free(dialog->local);
  free(dialog->remote);
  free(dialog->remote_target);
  free(dialog->route);
  free(dialog);
}

/* Copies what the dialog needs of the INVITE. Returns 0, or -1 when out of memory or at the limit.
 */
static int dialog_fill(struct dialog *dialog, const struct message *invite) {
  dialog->call_id = strdup(message_call_id(invite));
  dialog->key = dialog_key(message_call_id(invite), dialog->tag, message_from_tag(invite));
  dialog->local = local_side(invite, dialog->tag);
  dialog->remote = message_from_value(invite);
  dialog->remote_target = remote_target_of(invite);
  dialog->route = message_record_route_value(invite);
  dialog->remote_cseq = message_cseq(invite);
  dialog->invite_cseq = message_cseq(invite);
  if (!dialog->call_id || !dialog->key || !dialog->local || !dialog->remote ||
      !dialog->remote_target)
    return -1;
  size_t weight = sizeof *dialog + 2 * length_of(dialog->key) + length_of(dialog->local) +
                  length_of(dialog->remote) + length_of(dialog->remote_target) +
                  length_of(dialog->route);
  if (!fakeproxy_keep(dialog->proxy, weight))
    return -1;
  dialog->kept = weight;
  return 0;
}

struct dialog *dialog_create(struct fakeproxy *proxy, struct server_transaction *invite,
                             proxy_timer_handler *on_timer) {
  if (proxy->dialogs.count >= DIALOGS_MAX)
    return NULL;
  struct dialog *dialog = calloc(1, sizeof *dialog);
  if (!dialog)
    return NULL;
  dialog->proxy = proxy;
  dialog->peer = *server_transaction_source(invite);
  memcpy(dialog->tag, server_transaction_tag(invite), TAG_SIZE);
  dialog->timer = proxy_timer_create(proxy, on_timer, dialog);
  if (!dialog->timer || dialog_fill(dialog, server_transaction_request(invite)) ||
      text_map_add(&proxy->dialogs, dialog->key, dialog)) {
    dialog_free(dialog);
    return NULL;
  }
  dialog->invite = invite;
  dialog->session = (struct session_owner){
      .media = proxy->media, .session_id = ++proxy->next_session_id, .version = 0};
  return dialog;
}

void dialog_destroy(struct dialog *dialog) {
  text_map_remove(&dialog->proxy->dialogs, dialog->key);
  server_transaction_forget(dialog->invite);
  dialog_free(dialog);
}

struct dialog *dialog_find(struct fakeproxy *proxy, const struct message *request) {
  const char *local_tag = message_to_tag(request);
  char *key =
      local_tag ? dialog_key(message_call_id(request), local_tag, message_from_tag(request)) : NULL;
  struct dialog *dialog = key ? text_map_find(&proxy->dialogs, key) : NULL;
  free(key);
  return dialog;
}

/* Where our requests go: to the host that the phone's last request came from, and to the port of
 * its Contact if that names this host. A fake proxy never sends to a host that did not send to it
 * first, whatever a Contact or Route says: that would make it a weapon. */
static struct sockaddr_storage next_hop(const struct dialog *dialog) {
  struct sockaddr_storage address;
  if (message_uri_address(dialog->remote_target, &address) &&
      address_equal_host(&address, &dialog->peer))
    return address;
  return dialog->peer;
}

void dialog_send_bye(struct dialog *dialog) {
  struct message *bye;
  struct client_transaction_via via;
  struct sockaddr_storage target = next_hop(dialog);
  client_transaction_via(dialog->proxy, &via);
  if (message_create_request(&bye, "BYE", dialog->remote_target))
    return;
  /* Our first request in the dialog: CSeq starts at 1 (section 12.2.1.1 leaves it to us). */
  if (message_add(bye, "Via", via.value) || message_add(bye, "Max-Forwards", "70") ||
      (dialog->route && message_add(bye, "Route", dialog->route)) ||
      message_add(bye, "From", dialog->local) || message_add(bye, "To", dialog->remote) ||
      message_add(bye, "Call-ID", dialog->call_id) || message_add(bye, "CSeq", "1 BYE") ||
      message_finish(bye)) {
    message_destroy(bye);
    return;
  }
  client_transaction_start(dialog->proxy, bye, via.branch, &target);
}
