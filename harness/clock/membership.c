/* SPDX-License-Identifier: MIT
 *
 * Joining the clock and leaving it. The constructor joins the lab that the environment names;
 * outside a lab the library does nothing. Processes and threads are announced by who starts them
 * and take their slot before their own code runs.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/clock/audience.h"
#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/stdio_calls.h"
#include "harness/clock/timer_calls.h"
#include "harness/clock/timers.h"
#include "harness/clock/turn_internal.h"
#include "harness/clock/waiters.h"

uint32_t own_host = NETWORK_LAB_HOST;
static struct random_stream own_random;
static pthread_key_t thread_end;     /* its destructor frees the slot of a thread */
static unsigned threads;             /* of this process that take part */
static unsigned threads_started;     /* so far */
static __thread int child_slot = -1; /* see turn_forking() */
pid_t own_process_id;
__thread pid_t own_thread_id __attribute__((tls_model("initial-exec")));

bool turn_has_threads(void) {
  return threads > 1;
}

struct random_stream *turn_random(void) {
  return &own_random;
}

/* One stream for each process: named after host and program, and counted, so that a restarted phone
 * draws others than before. Which streams other processes draw from changes nothing. */
static void start_random_stream(const char *name) {
  uint32_t count = 0;
  for (int i = 0; i < CLOCK_STREAMS_MAX; i++) {
    struct clock_stream_use *use = &lab->stream[i];
    if (use->processes == 0)
      snprintf(use->name, sizeof use->name, "%s", name);
    if (strcmp(use->name, name) == 0) {
      count = ++use->processes;
      break;
    }
  }
  char full[CLOCK_NAME_SIZE + 16];
  snprintf(full, sizeof full, "%s#%u", name, count);
  random_stream_init(&own_random, lab->seed, full);
}

static void name_process(char name[CLOCK_NAME_SIZE]) {
  const char *host = getenv(CLOCK_HOST_VARIABLE);
  if (host)
    snprintf(name, CLOCK_NAME_SIZE, "%.24s (%.20s)", host, program_invocation_short_name);
  else
    snprintf(name, CLOCK_NAME_SIZE, "%.40s", program_invocation_short_name);
}

/* ---- announcing ---- */

int turn_announce(void) {
  char name[CLOCK_NAME_SIZE];
  snprintf(name, sizeof name, "%.40s child", lab->participant[own_slot].name);
  int slot = clock_announce(lab, name, REAL(getpid)());
  if (slot >= 0)
    clock_inherit(lab, (uint32_t)slot, (uint32_t)own_slot);
  return slot;
}

pid_t turn_announced(int slot, pid_t child) {
  if (child < 0) {
    clock_free(lab, (uint32_t)slot);
    return -1;
  }
  struct clock_participant *participant = &lab->participant[slot];
  pid_t id = participant->simulated_process_id;
  participant->process_id = child;
  process_ids_note(&lab->process_ids, id, child);
  return id;
}

void turn_forking(int slot) {
  child_slot = slot;
}

int turn_announce_thread(void) {
  char name[CLOCK_NAME_SIZE], *first = lab->participant[own_slot].name;
  const char *ordinal = strstr(first, " thread ");
  snprintf(name, sizeof name, "%.*s thread %u",
           ordinal ? (int)(ordinal - first) : CLOCK_NAME_SIZE - 20, first, ++threads_started);
  int slot = clock_announce(lab, name, REAL(getpid)());
  if (slot >= 0) {
    lab->participant[slot].process_id = REAL(getpid)();
    lab->participant[slot].simulated_process_id = own_process_id;
    clock_inherit(lab, (uint32_t)slot, (uint32_t)own_slot);
    threads++;
  }
  return slot;
}

void turn_unannounce_thread(int slot) {
  threads--;
  clock_free(lab, (uint32_t)slot);
}

/* ---- taking a slot ---- */

static void take_slot(int slot) {
  sigset_t all, own;
  own_slot = slot;
  struct clock_participant *self = &lab->participant[slot];
  self->process_id = REAL(getpid)();
  self->thread_id = REAL(gettid)();
  own_process_id = self->simulated_process_id;
  own_thread_id = self->simulated_thread_id;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &own);
  await_turn();
  process_ids_note(&lab->process_ids, self->simulated_thread_id, self->thread_id);
  sigprocmask(SIG_SETMASK, &own, NULL);
  pthread_setspecific(thread_end, (void *)1);
}

/* The first thread of a process. */
static void take_process_slot(int slot) {
  threads = 1;
  /* A thread that made an exec goes on with its process's id. */
  lab->participant[slot].simulated_thread_id = lab->participant[slot].simulated_process_id;
  take_slot(slot);
  /* It may have sockets from before it was here, and others may have summoned meanwhile. */
  if (lab->network.reach.version != 0)
    silence_apply(CLOCK_SUMMONS_APPLY);
  start_random_stream(lab->participant[slot].name);
  find_pipes();
}

void turn_start_thread(int slot) {
  take_slot(slot);
}

static void join_after_fork(void) {
  own_process_id = own_thread_id = 0;
  if (own_slot < 0)
    return;
  int slot = child_slot >= 0 ? child_slot : turn_announce();
  child_slot = -1;
  timers_forked();
  silence_forked();
  waiters_forked();
  threads_started = 0;
  own_slot = -1;
  if (slot >= 0)
    take_process_slot(slot);
}

/* ---- leaving ---- */

void turn_end_thread(void) {
  /* The C library ends the process after its last thread, and destructors run then: they still have
   * the turn. */
  if (own_slot < 0 || threads == 1)
    return;
  int slot = own_slot;
  pid_t thread_id = lab->participant[slot].thread_id;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  threads--;
  own_slot = -1;
  if (thread_id !=
      REAL(getpid)()) { /* the kernel keeps a process's first thread as long as others live */
    lab->leaving_thread = (uint32_t)thread_id;
    lab->leaving = (uint32_t)REAL(getpid)();
  }
  clock_free(lab, (uint32_t)slot);
  clock_pass(lab, (uint32_t)slot);
}

/* Runs in each of the rounds in which the C library calls destructors of thread-specific data, and
 * ends the thread's part in the last one. */
static void end_thread_in_last_round(void *round) {
  uintptr_t number = (uintptr_t)round;
  if (number < PTHREAD_DESTRUCTOR_ITERATIONS)
    pthread_setspecific(thread_end, (void *)(number + 1));
  else
    turn_end_thread();
}

void turn_leave(void) {
  if (!turn_taking_part())
    return;
  reach_settle();
  pid_t self = REAL(getpid)();
  uint32_t slot = (uint32_t)own_slot;
  own_slot = -1;
  lab->leaving_thread = 0;
  lab->leaving = (uint32_t)self;
  for (uint32_t i = 0; i < lab->participants; i++)
    if (lab->participant[i].process_id == self && i != slot)
      clock_free(lab, i);
  clock_free(lab, slot);
  /* Freeing the slot has woken everybody else; nobody is left otherwise. */
  clock_pass(lab, slot);
}

static void leave_lab(void) {
  turn_leave();
}

/* ---- the host ---- */

void turn_attend(int host) {
  pid_t self = REAL(getpid)();
  if (own_slot < 0 || clock_attends(lab, (uint32_t)own_slot, (uint32_t)host))
    return;
  for (uint32_t i = 0; i < lab->participants; i++)
    if (lab->participant[i].process_id == self)
      clock_attend(lab, i, (uint32_t)host);
}

/* A socket that a process of the lab's host handed down stays at its address. Other things that it
 * handed down may have their other end anywhere, but for the standard streams, which are its own.
 */
static void attend_inherited(int fd, uint32_t previous_host) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  int host = REAL(getsockname)(fd, (struct sockaddr *)&address, &length)
                 ? -1
                 : network_host_at(&lab->network, (struct sockaddr *)&address);
  bool is_elsewhere = host >= 0 && (uint32_t)host != lab->participant[own_slot].host;
  if (is_elsewhere)
    turn_attend(host);
  if (is_elsewhere || (fd > STDERR_FILENO && audience_of(fd) == TURN_NEARBY))
    turn_attend((int)previous_host);
}

static void attend_all_inherited(uint32_t previous_host) {
  DIR *directory = opendir("/proc/self/fd");
  const struct dirent *entry;
  while (directory && (entry = readdir(directory)) != NULL) {
    int fd = (int)strtol(entry->d_name, NULL, 10);
    if (entry->d_name[0] != '.' && fd != dirfd(directory))
      attend_inherited(fd, previous_host);
  }
  if (directory)
    closedir(directory);
}

/* Which host that is stands in the environment of every program of a lab. */
static void move_to_own_host(void) {
  struct clock_participant *self = &lab->participant[own_slot];
  uint32_t previous_host = self->host;
  const char *name = getenv(CLOCK_HOST_VARIABLE);
  int host = name ? network_find_host(&lab->network, name) : NETWORK_LAB_HOST;
  self->host = own_host = host < 0 ? NETWORK_LAB_HOST : (uint32_t)host;
  clock_leave_hosts(lab, (uint32_t)own_slot);
  clock_attend(lab, (uint32_t)own_slot, self->host);
  attend_all_inherited(previous_host);
}

/* ---- joining ---- */

void turn_keep_alarm(int64_t alarm_ns, int64_t interval_ns) {
  pid_t self = REAL(getpid)();
  for (uint32_t i = 0; i < lab->participants; i++)
    if (lab->participant[i].process_id == self)
      lab->participant[i].alarm_ns = CLOCK_NEVER;
  lab->participant[own_slot].alarm_ns = alarm_ns;
  lab->participant[own_slot].alarm_interval_ns = interval_ns;
}

/* The slot that this process had before an exec, -1: none. It is that of the thread that made the
 * exec and has the turn; those of its other threads, which ended by it, are freed. */
static int find_slot_before_exec(pid_t self) {
  int found = -1;
  if (lab->participant[lab->turn].process_id == self)
    found = (int)lab->turn;
  for (uint32_t i = 0; i < lab->participants; i++) {
    struct clock_participant *participant = &lab->participant[i];
    if (participant->process_id != self || participant->state == CLOCK_FREE || (int)i == found)
      continue;
    if (found < 0) {
      found = (int)i;
      continue;
    }
    if (participant->alarm_ns != CLOCK_NEVER) {
      lab->participant[found].alarm_ns = participant->alarm_ns;
      lab->participant[found].alarm_interval_ns = participant->alarm_interval_ns;
    }
    clock_free(lab, i);
  }
  return found;
}

/* The slot that belongs to this process: its own from before an exec, or one announced by its
 * parent, or a new one. */
static int find_slot(pid_t self, pid_t parent, const char *name) {
  int own = find_slot_before_exec(self);
  if (own >= 0)
    return own;
  for (uint32_t i = 0; i < lab->participants; i++) {
    struct clock_participant *participant = &lab->participant[i];
    int32_t nobody = 0;
    if (participant->state == CLOCK_ANNOUNCED && participant->announcer == parent &&
        atomic_compare_exchange_strong(&participant->process_id, &nobody, self))
      return (int)i;
  }
  return clock_announce(lab, name, parent);
}

/* From the C library, and not tied to this library as atexit() would tie it. */
int __cxa_atexit(void (*function)(void *), void *argument, void *library);

static void leave_at_exit(void *unused) {
  (void)unused;
  stdio_flush();
  leave_lab();
}

/* The C library runs what was registered first last: after the destructors of the program and of
 * its libraries, which may still wait for something. */
static void watch_own_end(void) {
  __cxa_atexit(leave_at_exit, NULL, NULL);
  at_quick_exit(leave_lab);
  pthread_key_create(&thread_end, end_thread_in_last_round);
  pthread_atfork(NULL, NULL, join_after_fork);
}

__attribute__((constructor)) static void join_lab(void) {
  const char *path = getenv(CLOCK_SEGMENT_VARIABLE);
  if (!path)
    return;
  lab = clock_segment_open(path);
  if (!lab) {
    fprintf(stderr, "sipfall clock: %s=%s: no such segment, or of another version\n",
            CLOCK_SEGMENT_VARIABLE, path);
    _exit(127);
  }
  if (!stdio_take_over()) {
    fputs("sipfall clock: this C library's streams can't be in virtual time\n", stderr);
    _exit(127);
  }
  watch_own_end();
  char name[CLOCK_NAME_SIZE];
  name_process(name);
  int slot = find_slot(REAL(getpid)(), REAL(getppid)(), name);
  if (slot < 0) {
    fprintf(stderr, "sipfall clock: more than %d participants, or %d of them so far\n",
            CLOCK_PARTICIPANTS_MAX, PROCESS_IDS_MAX);
    _exit(127);
  }
  memcpy(lab->participant[slot].name, name, sizeof name);
  take_process_slot(slot);
  move_to_own_host();
  alarm_resume(lab->participant[slot].alarm_ns, lab->participant[slot].alarm_interval_ns);
  /* What an exec closed, others may wait for. */
  turn_activity();
}
