/* SPDX-License-Identifier: MIT
 *
 * Waiting by calls that have a way not to block: such a call is made again whenever something was
 * done, until it doesn't say that it would block.
 */
#ifndef HARNESS_CLOCK_RETRIES_H
#define HARNESS_CLOCK_RETRIES_H

#include "harness/clock/turn.h"

struct retried_call {
  long (*make)(const void *arguments); /* without blocking; -1 with errno */
  const void *arguments;
  int busy; /* the errno of a call that would block */
  struct turn_deadline deadline;
  int late;        /* the errno at the deadline */
  unsigned manner; /* of enum turn_manner */
};

/* Returns as the call does. Only for threads that take part. */
long retry_until_done(const struct retried_call *call);

#endif
