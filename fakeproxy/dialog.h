/* SPDX-License-Identifier: MIT
 *
 * Dialogs of the far end (RFC 3261 section 12): made by a phone's INVITE, found by Call-ID and
 * tags. What happens in them is the business of far_end.c; here is what they are and how requests
 * in them are made.
 */
#ifndef FAKEPROXY_DIALOG_H
#define FAKEPROXY_DIALOG_H

#include "fakeproxy/client_transaction.h"
#include "fakeproxy/fakeproxy_internal.h"
#include "fakeproxy/session_description.h"

struct server_transaction;

struct dialog {
  struct fakeproxy *proxy;
  char *key;
  char *call_id;
  char *local;         /* our side, the value of To with our tag: From of our requests */
  char *remote;        /* the phone's side, the value of From */
  char *remote_target; /* Contact of the phone: where our requests are addressed */
  char *route;         /* the route set; NULL: none */
  char tag[TAG_SIZE];
  uint32_t remote_cseq;         /* of the phone's last request */
  uint32_t invite_cseq;         /* of its last INVITE, which the ACK repeats */
  struct sockaddr_storage peer; /* from where the phone's last request came */
  struct session_owner session;

  struct server_transaction
      *invite;      /* without a final answer, or with a 2xx that has no ACK yet; or NULL */
  bool answered;    /* a 2xx was sent */
  bool established; /* and its ACK came */
  struct proxy_timer *timer; /* ringing; later the time until we hang up */
  int64_t ring_left_ms;
  int ring_status; /* the final answer after ringing */
  size_t kept;
};

/* A dialog for the INVITE of the transaction, in the proxy's map. NULL at a limit or when out of
 * memory. */
struct dialog *dialog_create(struct fakeproxy *proxy, struct server_transaction *invite,
                             proxy_timer_handler *on_timer);

/* Out of the map, and freed. */
void dialog_destroy(struct dialog *dialog);

/* The dialog that a request is in; NULL: none. */
struct dialog *dialog_find(struct fakeproxy *proxy, const struct message *request);

/* Sends a BYE. */
void dialog_send_bye(struct dialog *dialog);

#endif
