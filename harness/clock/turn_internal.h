/* SPDX-License-Identifier: MIT
 *
 * What turn.c (waiting), delivery.c (signals) and membership.c (joining and leaving) share.
 */
#ifndef HARNESS_CLOCK_TURN_INTERNAL_H
#define HARNESS_CLOCK_TURN_INTERNAL_H

#include <signal.h>

#include "harness/clock/turn.h"

/* NULL: not in a lab. */
extern struct clock_segment *lab;

/* This process's host, as its environment said when it started. */
extern uint32_t own_host;

/* The slot of this thread; -1: it doesn't take part. In static storage of the thread (the library
 * is there from the start), so that signal handlers may look. */
extern __thread int own_slot __attribute__((tls_model("initial-exec")));

/* The simulated ids of this process and thread; 0: they have none. */
extern pid_t own_process_id;
extern __thread pid_t own_thread_id __attribute__((tls_model("initial-exec")));

/* Sleeps until this thread has the turn. All signals must be blocked: handlers run only in turn. */
void await_turn(void);

/* ---- signals (delivery.c) ---- */

/* What the delivery of pending signals ran. */
enum delivery { NOTHING_RAN, RESTARTING_HANDLERS_RAN, HANDLER_RAN };

/* Lets pending signals be delivered under `mask`, and says what ran. */
enum delivery deliver_signals(const sigset_t *mask);

/* This thread is about to wait for its turn, in a wait in which it blocks these signals; NULL: it
 * has the turn again. */
void signals_waiting(const sigset_t *mask);

/* Blocks all signals; `*own` gets what the program itself blocks. */
void block_signals(sigset_t *own);
void unblock_signals(const sigset_t *own);

/* Looks which of the standard descriptors are pipes, see note_hidden_writes(). */
void find_pipes(void);

#endif
