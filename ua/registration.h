/* SPDX-License-Identifier: MIT
 *
 * The registration of a line: REGISTER, its refreshes, its failover, its retries. One Call-ID and a
 * CSeq that only grows, over all refreshes and servers (RFC 3261 section 10.2); never two REGISTER
 * at a time.
 */
#ifndef UA_REGISTRATION_H
#define UA_REGISTRATION_H

#include "ua/targets.h"
#include "ua/timer.h"
#include "ua/transaction.h"

struct line;

#define IDENTIFIER_SIZE 33
#define CALL_ID_SIZE (IDENTIFIER_SIZE + TARGET_TEXT_SIZE)

enum registration_state {
  REGISTRATION_OFF,       /* Register=No, Line Enable=No, or not started */
  REGISTRATION_RESOLVING, /* waits for targets */
  REGISTRATION_PENDING,   /* a REGISTER is under way */
  REGISTRATION_REGISTERED,
  REGISTRATION_WAITING, /* for the next try */
  REGISTRATION_FAILED,  /* Reg Retry Long Intvl is 0: no further try */
};

enum registration_purpose {
  REGISTER_NORMALLY,
  REGISTER_TO_FALL_BACK, /* a try at a preferred server, while the registration at another one
                            stands */
  REGISTER_TO_REMOVE,    /* Expires 0 */
};

struct registration {
  struct line *line;
  enum registration_state state;
  enum registration_purpose purpose; /* of the pending REGISTER */
  struct transaction *transaction;
  char call_id[CALL_ID_SIZE];
  char tag[IDENTIFIER_SIZE];
  uint32_t cseq;
  int64_t sent_at_ms; /* of the pending REGISTER */
  uint32_t asked_s;   /* what the next REGISTER asks for; more than configured after a 423 */
  uint32_t granted_s; /* 0: never registered */
  int64_t expires_at_ms;
  struct target_address server; /* of the pending REGISTER */
  bool has_binding;
  struct target_address bound_at; /* where the binding is */
  struct target_history history;
  unsigned failures, too_brief; /* since the last success */
  struct phone_timer timer;     /* the refresh, or the next try */
  bool is_overdue;              /* the timer ran while a REGISTER was pending */
};

int registration_init(struct registration *registration, struct line *line);
void registration_release(struct registration *registration);

/* Starts, refreshes or tries again. Does nothing while a REGISTER is pending. */
void registration_begin(struct registration *registration);

/* The resolution of the line that it waited for is over, with targets or without. */
void registration_targets_ready(struct registration *registration);

/* A request of another kind has moved the line (Auto Register When Failover, CISCO-FO-7). */
void registration_move(struct registration *registration, const struct target *target);

/* Tries a preferred server; the fallback hears how it ended. */
void registration_probe(struct registration *registration, const struct target *target);

/* Removes the binding, with one attempt. False when there is nothing to remove; else
 * phone_unregistered() is called at the end. */
bool registration_remove(struct registration *registration);

bool registration_is_pending(const struct registration *registration);

/* Whether a binding stands. */
bool registration_is_valid(const struct registration *registration);

const char *registration_state_name(enum registration_state state);

#endif
