/* SPDX-License-Identifier: MIT
 *
 * The way back to a preferred server after a failover. When it is due says the profile; never
 * during a call (CISCO-FB-7), never without priorities from SRV (CISCO-FB-9), and a try that fails
 * costs nothing: the line stays where it is (CISCO-FB-10, FB-11).
 *
 * Reference instant: the moment when the request was sent to the new server; after a failed try the
 * moment when it failed. Cisco doesn't say (catalogue, section 4).
 */
#ifndef UA_FALLBACK_H
#define UA_FALLBACK_H

#include "ua/targets.h"
#include "ua/timer.h"

struct line;

struct fallback {
  struct line *line;
  struct phone_timer timer;
  int64_t since_ms;              /* the reference instant */
  bool is_due;                   /* but a call, a REGISTER or a DNS answer has to be waited for */
  struct target_history history; /* servers tried in this round */
};

int fallback_init(struct fallback *fallback, struct line *line);
void fallback_release(struct fallback *fallback);

/* The phone is stopping: no way back any more. */
void fallback_stop(struct fallback *fallback);

/* The line has moved to another server because of a failure. */
void fallback_restart(struct fallback *fallback);

/* Computes the due time anew: the line's server, its list or the granted expiry has changed. */
void fallback_update(struct fallback *fallback);

/* Goes back now, if it is due and nothing stands in the way. */
void fallback_try(struct fallback *fallback);

/* The REGISTER that was to bring the line back has ended. After a failure the caller goes on with a
 * refresh that is overdue, or with fallback_try(). */
void fallback_succeeded(struct fallback *fallback, const struct target_address *server);
void fallback_failed(struct fallback *fallback, const struct target_address *server);

/* At a refresh (profiles that fall back only then, CISCO-FB-1): the server to go back to, or NULL.
 */
struct target *fallback_at_refresh(struct fallback *fallback);

#endif
