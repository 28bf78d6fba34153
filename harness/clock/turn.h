/* SPDX-License-Identifier: MIT
 *
 * Taking part in the clock, as seen from the interposed calls of this library: whether this thread
 * takes part, the time, and waiting for something while others run.
 */
#ifndef HARNESS_CLOCK_TURN_H
#define HARNESS_CLOCK_TURN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/random.h"
#include "harness/clock/segment.h"

/* Whether this process is in a lab: then its time is virtual. */
bool turn_in_lab(void);

/* Whether this thread is a participant: then its calls wait in virtual time. A process that has
 * given its turn away in order to exit is none any more. */
bool turn_taking_part(void);

/* Monotonic virtual time, and the date, in ns. Only in a lab. */
int64_t turn_now_ns(void);
int64_t turn_realtime_ns(void);

/* `now` plus a duration that may be too long to add; negative means for ever. */
int64_t turn_deadline_ns(int64_t duration_ns);

/* Something has happened that others may wait for (a send, a close, a signal …). Call it after the
 * deed. */
void turn_activity(void);

/* Waits until `ready` returns something other than 0, or until `deadline_ns` (CLOCK_NEVER: for
 * ever), while others run and time passes. `ready` looks without blocking; it is asked once at
 * least. Signals are delivered only while this participant has the turn, under the mask `mask`
 * (NULL: the thread's own). Returns what `ready` returned, or 0 at the deadline, or -1 with errno
 * EINTR after a signal handler ran. */
int turn_wait(int (*ready)(void *context), void *context, int64_t deadline_ns,
              const sigset_t *mask);

/* A process is about to be started by this one: announces it. Returns the slot, or -1. */
int turn_announce(void);

/* What became of it: in the parent with the child's process id, or -1 when it could not be started.
 */
void turn_announced(int slot, pid_t child);

/* In the child of a fork: takes the slot and waits for the turn. */
void turn_take_slot(int slot);

/* Before this process exits: gives the turn away for good. */
void turn_leave(void);

/* Kills a process (SIGKILL) and returns when it is gone, its sockets closed and its parent told. As
 * kill(). */
int turn_kill(pid_t process_id);

/* The lab's simulated network. NULL outside a lab. */
struct network *turn_network(void);

/* This process's own random stream. Only in a lab. */
struct random_stream *turn_random(void);

#endif
