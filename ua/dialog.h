/* SPDX-License-Identifier: MIT
 *
 * A dialog (RFC 3261 section 12): what is needed to send a request within it. Its requests take its
 * own route whatever becomes of the line's server (CISCO-FO-10).
 */
#ifndef UA_DIALOG_H
#define UA_DIALOG_H

#include "ua/transport.h"

struct dialog {
  su_home_t *home;                      /* owns the texts; NULL: no dialog */
  const char *call_id, *local, *remote; /* header values with their tags */
  const char *local_tag, *remote_tag;
  const char *target; /* URI of the far end's Contact */
  sip_route_t *route;
  uint32_t local_cseq;
  struct target_address next_hop;
};

/* The dialog that a 2xx to our INVITE makes; `server` is where the INVITE was sent. */
int dialog_from_response(struct dialog *dialog, const sip_t *sip,
                         const struct target_address *server);

/* The dialog that our 2xx to an INVITE makes; `local_tag` is ours, `server` is where the INVITE
 * came from. */
int dialog_from_request(struct dialog *dialog, const sip_t *sip, const char *local_tag,
                        const struct target_address *server);

void dialog_release(struct dialog *dialog);

/* A request within the dialog. ACK takes the CSeq of its INVITE, others the next one. */
msg_t *dialog_new_request(struct dialog *dialog, struct transport *transport, sip_method_t method,
                          const char *method_name, uint32_t ack_cseq);

#endif
