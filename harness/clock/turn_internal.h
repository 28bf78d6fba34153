/* SPDX-License-Identifier: MIT
 *
 * What turn.c (waiting) and membership.c (joining and leaving) share.
 */
#ifndef HARNESS_CLOCK_TURN_INTERNAL_H
#define HARNESS_CLOCK_TURN_INTERNAL_H

#include "harness/clock/turn.h"

/* NULL: not in a lab. */
extern struct clock_segment *lab;

/* The slot of this thread; -1: it doesn't take part. In static storage of the thread (the library
 * is there from the start), so that signal handlers may look. */
extern __thread int own_slot __attribute__((tls_model("initial-exec")));

/* Sleeps until this thread has the turn. All signals must be blocked: handlers run only in turn. */
void await_turn(void);

/* Looks which of the standard descriptors are pipes, see note_hidden_writes(). */
void find_pipes(void);

#endif
