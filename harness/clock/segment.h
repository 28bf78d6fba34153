/* SPDX-License-Identifier: MIT
 *
 * The shared clock's segment: the memory that every process of a lab maps, and who may run.
 *
 * A participant is a thread. The first thread of a process has the slot that was announced for the
 * process; each other one has a slot of its own with the same process id, announced when it is
 * created.
 *
 * The rule of the clock: only the participant that holds the turn runs. When it would block it
 * writes down when it wants to wake and passes the turn on. When nobody has anything to do, time
 * jumps to the earliest wake time. So nothing runs concurrently, and everything below is written by
 * the holder of the turn only, with these exceptions, which are atomic:
 *
 *   - participants are also woken by the watch (below) and by a process that starts;
 *   - the watch marks dead participants CLOCK_DEAD, and acts for a holder that died.
 *
 * Two kinds of user: the preloaded library (turn.c and the interposed calls), which takes part; and
 * the program that makes a lab (the runner, tests), which creates the segment, announces the first
 * process and watches, without taking part.
 *
 * The layout is the same on every architecture, so that processes of several can share a segment.
 */
#ifndef HARNESS_CLOCK_SEGMENT_H
#define HARNESS_CLOCK_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "harness/clock/network.h"
#include "harness/clock/process_ids.h"

/* "sip" and the version of the layout, which changes with struct clock_segment. */
#define CLOCK_SEGMENT_MAGIC UINT32_C(0x7369700b)

/* Names the segment in the environment of a lab's processes; the value is a path to open. */
#define CLOCK_SEGMENT_VARIABLE "SIPFALL_CLOCK"

/* Names the host that a process belongs to, for reports and for the names of random streams. */
#define CLOCK_HOST_VARIABLE "SIPFALL_HOST"

/* A lab of 200 phones with a few processes each fits; pages that are not used cost nothing. */
#define CLOCK_PARTICIPANTS_MAX 2048

/* Distinct names of random streams, one for each program on each host. */
#define CLOCK_STREAMS_MAX 2048

#define CLOCK_NAME_SIZE 48

/* "/proc/4194304/fd/2147483647" and a NUL. */
#define CLOCK_PATH_SIZE 28

#define CLOCK_NEVER INT64_MAX

/* Virtual time starts here: monotonic time as on a machine that has been up for a day (programs
 * take a monotonic time near 0 for "unset"), the date at 2026-01-01 00:00:00 UTC. */
#define CLOCK_MONOTONIC_START_NS (INT64_C(86400) * 1000000000)
#define CLOCK_REALTIME_START_NS (INT64_C(1767225600) * 1000000000)

enum clock_state {
  CLOCK_FREE,      /* no participant here */
  CLOCK_ANNOUNCED, /* a process that will start: time stands still until it has run and blocked */
  CLOCK_TAKING,    /* started; has or waits for the turn */
  CLOCK_DEAD       /* ended without saying so; freed by the next one who passes the turn */
};

/* What processes do when the network's state has changed: first all of them acknowledge what has
 * come, then all of them apply the state to their sockets. */
enum clock_summons { CLOCK_SUMMONS_ACKNOWLEDGE, CLOCK_SUMMONS_APPLY };

struct clock_participant {
  _Atomic uint32_t wakeup; /* futex word, counted up when the turn is given to this participant */
  _Atomic uint32_t state;  /* enum clock_state */
  _Atomic int32_t process_id;
  _Atomic int32_t thread_id;    /* of the kernel; 0: not started yet */
  int32_t announcer;            /* process that announced it */
  int32_t simulated_process_id; /* as programs see them (process_ids.h) */
  int32_t simulated_thread_id;
  uint32_t host;    /* of the simulated network; NETWORK_LAB_HOST where there is none */
  int64_t wake_ns;  /* when it wants the turn at the latest; CLOCK_NEVER: not by time */
  int64_t alarm_ns; /* its process's ITIMER_REAL, which an exec keeps; CLOCK_NEVER: none */
  int64_t alarm_interval_ns;
  char name[CLOCK_NAME_SIZE];
};

/* A set of participants, one bit for each slot. */
#define CLOCK_SET_WORDS (CLOCK_PARTICIPANTS_MAX / 64)

struct clock_set {
  _Atomic uint64_t word[CLOCK_SET_WORDS];
};

struct clock_stream_use {
  char name[CLOCK_NAME_SIZE];
  uint32_t processes; /* how many processes have drawn a stream of this name */
  uint32_t reserved;
};

struct clock_segment {
  uint32_t magic;
  uint32_t participants; /* slots in use lie below this index */
  uint64_t seed;
  int32_t owner; /* process that made the lab; nobody stays in it when that is gone */
  uint32_t reserved;
  int64_t realtime_offset_ns; /* date minus monotonic time, of hosts whose date was not stepped */
  _Atomic int64_t now_ns;     /* monotonic virtual time */
  _Atomic uint32_t turn;      /* index of the participant that runs */
  _Atomic uint32_t leaving;   /* process that gave the turn away because it exits: the next holder
                                 waits until it is gone. 0: none */
  _Atomic uint32_t leaving_thread; /* only this thread of it exits. 0: the whole process */
  uint32_t files_watched;          /* for changes (inotify) or for locks */
  _Atomic uint32_t summoner; /* 1 + index of who lends the turn to others only for applying the
                                network's state. 0: nobody does */
  uint32_t summons;          /* what for: enum clock_summons */
  _Atomic uint64_t passes;   /* how often the turn was passed */
  _Atomic uint64_t jumps;    /* how often time jumped */
  uint64_t futex_wakes;      /* wakes of futexes that several processes share */
  uint64_t outside_pipe[2];  /* inodes of the pipes that are the first process's standard output and
                                error; 0: none */
  struct clock_set present;  /* all participants */
  struct clock_set awake;    /* those that can have something to do: they have not run yet, or their
                                time has come or somebody did something since they last looked */
  struct clock_set wanting_room; /* those that wait until others read, because a pipe or a socket of
                                    theirs is full */
  struct clock_set at_host[NETWORK_HOSTS_MAX]; /* those of a host, and others that have a socket at
                                                  an address of it */
  struct clock_participant participant[CLOCK_PARTICIPANTS_MAX];
  struct clock_stream_use stream[CLOCK_STREAMS_MAX];
  struct network network;
  struct process_ids process_ids;
};

/* ---- For the program that makes a lab ---- */

struct clock_lab {
  struct clock_segment *segment;
  int descriptor;             /* close-on-exec; the processes open it by `path` */
  char path[CLOCK_PATH_SIZE]; /* value for CLOCK_SEGMENT_VARIABLE; valid while this process lives */
};

/* A path by which other processes can open a descriptor of this one, whatever they do to their own;
 * always of one length (leading slashes mean nothing), because the environment's size moves a
 * process's stack. */
void clock_descriptor_path(int descriptor, char path[CLOCK_PATH_SIZE]);

/* Creates a segment in anonymous memory (nothing is left behind, however the lab ends). Returns 0,
 * or -1 with the text filled in. */
int clock_lab_create(struct clock_lab *lab, uint64_t seed, struct error *error);
void clock_lab_destroy(struct clock_lab *lab);

/* Announces the first process, which this process is about to start; it holds the turn from the
 * start. */
void clock_lab_announce(struct clock_lab *lab, const char *name);

/* Virtual time since the start of the lab, ns. */
int64_t clock_lab_elapsed_ns(const struct clock_lab *lab);

/* What the watch saw. */
struct clock_watch {
  uint64_t passes;     /* when progress was last seen */
  int64_t look_ns;     /* real time of the last look */
  int64_t held_ns;     /* real time without progress */
  int64_t computed_ns; /* for how long the holder had had a processor by then */
  bool reported;
};

/* A holder that keeps the turn for this long in real time without blocking is reported. */
#define CLOCK_HOLD_REPORT_NS (INT64_C(5) * 1000000000)

/* Time in which the holder waits for a processor or a disk isn't its own: a loaded machine is no
 * fault of a program. More than this between two looks is not the holder's either: the machine
 * stood still (a suspended laptop, a paused virtual machine), or the watch itself had no processor.
 * It counts as this much.
 */
#define CLOCK_WATCH_STEP_MAX_NS (INT64_C(500) * 1000000)

/* Looks after the lab; call it every few milliseconds of real time with `real_now_ns`, a monotonic
 * clock. Buries participants that died without saying so (killed) and passes the turn on for them.
 * Returns true, once for each hold, when a holder has had the turn for CLOCK_HOLD_REPORT_NS of real
 * time: `report` then says who, for how long and what may be the reason. `watch` starts as {0}. */
bool clock_lab_watch(struct clock_lab *lab, struct clock_watch *watch, int64_t real_now_ns,
                     char report[512]);

/* Kills (SIGKILL) every process that takes part, but for the calling one. */
void clock_lab_kill(struct clock_lab *lab);

/* ---- For both ---- */

/* Takes the lowest free slot, and an id, for a process or thread that `announcer` is about to
 * start. Returns the slot's index, or -1 when all slots or ids are taken. */
int clock_announce(struct clock_segment *segment, const char *name, pid_t announcer);

void clock_free(struct clock_segment *segment, uint32_t index);

/* The participant is at the hosts that another one is at: that of its parent, say. */
void clock_inherit(struct clock_segment *segment, uint32_t index, uint32_t parent);

/* What is done at a host may mean something to this participant from now on. */
void clock_attend(struct clock_segment *segment, uint32_t index, uint32_t host);

bool clock_attends(const struct clock_segment *segment, uint32_t index, uint32_t host);

/* Takes it away from all hosts' sets. */
void clock_leave_hosts(struct clock_segment *segment, uint32_t index);

/* Makes participants worth the turn, because something happened that they may wait for: one of
 * them, those at a host, all. */
void clock_wake(struct clock_segment *segment, uint32_t index);
void clock_wake_host(struct clock_segment *segment, uint32_t host);
void clock_wake_all(struct clock_segment *segment);

/* The participant waits for room from now on, or does no more; whether anybody does; and the same
 * wakes as above, of those only who do. */
void clock_want_room(struct clock_segment *segment, uint32_t index, bool wanted);
bool clock_room_is_wanted(const struct clock_segment *segment);
void clock_wake_host_for_room(struct clock_segment *segment, uint32_t host);
void clock_wake_all_for_room(struct clock_segment *segment);

/* The date on a host, ns since 1970; and stepping it: those who wait for a date there look afresh.
 */
int64_t clock_date_ns(const struct clock_segment *segment, uint32_t host);
void clock_set_date(struct clock_segment *segment, uint32_t host, int64_t date_ns);

/* The participant is about to look: what happened so far it will see. */
void clock_look(struct clock_segment *segment, uint32_t index);

/* Gives the turn to the next participant after `from` that is awake; lets time jump when nobody is.
 * Returns its index, or -1 when nobody waits for any time: then the turn stays. */
int clock_pass(struct clock_segment *segment, uint32_t from);

/* Gives the turn to this participant. */
void clock_give(struct clock_segment *segment, uint32_t to);

/* NULL is allowed. */
void clock_segment_close(struct clock_segment *segment);

/* The first moment after now at which anybody but `except` wants to wake. CLOCK_NEVER: none. */
int64_t clock_next_wake(const struct clock_segment *segment, uint32_t except);

/* Maps a segment by its path. NULL when there is none or it is of another version. */
struct clock_segment *clock_segment_open(const char *path);

#endif
