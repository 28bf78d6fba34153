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

/* For whom a deed may mean something: a host of the simulated network (its index), whose processes
 * look then, and those of the own host; or one of these. In a lab that simulates no network it is
 * everybody always. */
enum turn_audience {
  TURN_EVERYBODY = -1,
  TURN_NEARBY =
      -2, /* with whom a process shares pipes and the like: those of its own host, and
             what the lab's host started or is; for a process of the lab's host everybody */
  TURN_NOBODY = -3
};

/* Something has happened that others may wait for (a send, a close, a signal …). Call it after the
 * deed. audience.h says whom the deeds on a descriptor concern; without argument it is everybody.
 */
void turn_activity_for(int audience);
void turn_activity(void);

/* Something has been read: of those whom that may concern, who waits for room looks again. Nearly
 * always nobody does, so ask first. */
bool turn_room_is_wanted(void);
void turn_made_room_for(int audience);

/* This process has a socket at an address of another host, as those of the lab may: what is done at
 * that host may mean something to it, too. */
void turn_attend(int host);

/* When a wait ends at the latest: a monotonic time or a date. A date is looked at afresh whenever
 * the waiter looks, because a scenario may step it. */
struct turn_deadline {
  int64_t ns; /* CLOCK_NEVER: not at all */
  bool is_date;
};

#define TURN_NEVER ((struct turn_deadline){.ns = CLOCK_NEVER})

/* The monotonic time that a deadline means as the date stands; now, when it has passed. */
int64_t turn_due_ns(const struct turn_deadline *deadline);

/* What else may end a wait. */
enum turn_manner {
  TURN_INTERRUPTED = 0, /* any signal handler ends it */
  TURN_RESTARTS = 1,    /* a handler that was set without SA_RESTART ends it */
  TURN_GOES_ON = 2,     /* no handler ends it */
  TURN_NO_CANCEL = 4,   /* may be added: it is no cancellation point */
  TURN_FOR_ROOM = 8     /* may be added: it may end when others read */
};

struct turn_request {
  /* Looks without blocking. Anything but 0 ends the wait. Asked once at least. */
  int (*ready)(void *context);
  void *context;
  struct turn_deadline deadline;
  const sigset_t *mask; /* under which signals are delivered; NULL: the thread's own */
  unsigned manner;      /* of enum turn_manner */
};

/* Waits while others run and time passes. Signals are delivered only while this participant has the
 * turn. Returns what `ready` returned, or 0 at the deadline, or -1 with errno EINTR after a signal
 * handler ran. A pthread_cancel unwinds from here. */
int turn_await(const struct turn_request *request);

/* turn_await() with TURN_INTERRUPTED until a monotonic time. */
int turn_wait(int (*ready)(void *context), void *context, int64_t deadline_ns,
              const sigset_t *mask);

/* Lets others run that have something to do; no time passes. */
void turn_yield(void);

/* Lets each other process of the lab apply the state of the network to its sockets (silence.h),
 * before anybody does anything else, and this one too. */
void turn_summon(void);

/* Whether this process has more than one participant. */
bool turn_has_threads(void);

/* The slot of this thread, -1: none; and making the participant in a slot worth the turn, because
 * what it waits for has come. */
int turn_slot(void);
void turn_wake(int slot);

/* A process is about to be started by this one: announces it. Returns the slot, or -1. */
int turn_announce(void);

/* What became of it: in the parent with the kernel's id of the child, or -1 when it could not be
 * started. Returns its simulated id, or -1. */
pid_t turn_announced(int slot, pid_t child);

/* Around fork(): its child takes `slot`, before the program's own fork handlers run in it. A child
 * that the C library forks by itself takes a slot of its own. */
void turn_forking(int slot);

/* A thread is about to be started by this one. Returns the slot, or -1. */
int turn_announce_thread(void);

/* It could not be started. */
void turn_unannounce_thread(int slot);

/* In a new thread, with all signals blocked: takes the slot and waits for the turn. The slot is
 * freed when the thread has ended, after its thread-specific destructors. */
void turn_start_thread(int slot);

/* Ends this thread's part at once: it is about to exit without the C library. */
void turn_end_thread(void);

/* Before this process exits: gives the turn away for good, for all its threads. */
void turn_leave(void);

/* Keeps the process's interval timer for the program that it may exec. */
void turn_keep_alarm(int64_t alarm_ns, int64_t interval_ns);

/* Kills a process (SIGKILL), named by the kernel's id, and returns when it is gone, its sockets
 * closed and its parent told. As kill(). */
int turn_kill(pid_t process_id);

/* Counts wakes of futexes that processes share; only while taking part. */
uint64_t turn_futex_wakes(void);
void turn_count_futex_wake(void);

/* Somebody in the lab waits for changes of files (inotify) from now on; whether anybody does. */
void turn_watch_files(void);
bool turn_files_watched(void);

/* Whether this is a pipe that the lab's first process had as its standard output or error: it leads
 * out of the lab. */
bool turn_leads_outside(int fd);

/* The lab's simulated network. NULL outside a lab. */
struct network *turn_network(void);

/* This process's own random stream. Only in a lab. */
struct random_stream *turn_random(void);

#endif
