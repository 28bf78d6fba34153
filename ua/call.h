/* SPDX-License-Identifier: MIT
 *
 * Calls: outgoing ones with the failover of their INVITE (call_outgoing.c), incoming ones
 * (call_incoming.c), what both do once they are answered (call.c), and the ends of dialogs that
 * nobody wanted (orphan.c).
 */
#ifndef UA_CALL_H
#define UA_CALL_H

#include <sofia-sip/nta.h>

#include "ua/dialog.h"
#include "ua/line.h"
#include "ua/sdp.h"

/* Calls at a time that a line takes: as many as a desk phone shows. A further incoming one is
 * answered 486. */
#define CALLS_PER_LINE_MAX 10

enum call_state {
  CALL_RESOLVING, /* outgoing: waits for targets */
  CALL_CALLING,   /* outgoing: INVITE sent */
  CALL_RINGING,   /* either direction */
  CALL_ANSWERED,
  CALL_ENDING /* over for the user; its last transaction isn't */
};

struct call {
  struct line *line;
  struct call *next; /* of the line */
  unsigned id;       /* of the phone */
  bool is_outgoing, is_cancelled;
  enum call_state state;
  char call_id[CALL_ID_SIZE];
  char tag[IDENTIFIER_SIZE]; /* ours */
  char *to;                  /* outgoing: the URI that was dialled */
  struct sdp_own sdp;
  struct dialog dialog; /* once answered */

  /* outgoing */
  struct transaction *invite;
  struct target_address server; /* where the INVITE is now */
  struct target_history history;
  struct phone_timer timer; /* INVITE Expires; after a CANCEL: the end of waiting for the 487 */
  msg_t *ack;               /* of the 2xx, for sending again */

  /* incoming */
  nta_incoming_t *incoming; /* until the final response, and its ACK */

  struct transaction *bye;
};

/* A new outgoing call to the SIP URI `to`; call_begin() sends it. NULL with a text when it isn't
 * possible. */
struct call *call_create(struct line *line, const char *to, struct phone_error *error);
void call_begin(struct call *call);

/* An INVITE outside of a dialog. Takes `msg`. */
void call_receive(struct phone *phone, msg_t *msg, sip_t *sip);

/* A request within a dialog of the phone's; takes `msg`. */
void call_receive_within(struct call *call, msg_t *msg, sip_t *sip);

/* BYE, CANCEL or a refusal, as the state wants. */
int call_can_hang_up(const struct call *call, struct phone_error *error);
void call_hang_up(struct call *call);

/* Answers an incoming call; one that offers no audio that the phone has is refused (488). */
int call_can_answer(const struct call *call, struct phone_error *error);
void call_answer(struct call *call);

/* The line's resolution is over: calls that wait go on. */
void call_targets_ready(struct line *line);

/* Frees it without a message. */
void call_destroy(struct call *call);

/* "calling", "ringing", "answered". */
const char *call_state_name(const struct call *call);

/* For the parts of this module. */
struct call *call_new(struct line *line);
void call_tell(struct call *call, const char *state, const struct transaction_result *result);
/* The call is over: tells so and frees it. `state` is "ended" or "failed". */
void call_finish(struct call *call, const char *state, const struct transaction_result *result);
/* Sends BYE; the call is over for the user. */
void call_send_bye(struct call *call);
/* Finds the call of the phone that has this Call-ID and our tag. */
struct call *call_find(struct phone *phone, const sip_call_id_t *call_id, const char *own_tag);
void call_outgoing_hang_up(struct call *call);
void call_incoming_hang_up(struct call *call);

/* A 2xx to an INVITE that nobody waits for (RFC 6026, RFC 3261 section 13.2.2.4): ACK and BYE. */
void orphan_receive(struct phone *phone, const sip_t *sip);
void orphans_destroy(struct phone *phone);

#endif
