/* SPDX-License-Identifier: MIT
 *
 * Taking part in the clock. The constructor joins the lab that the environment names; outside a lab
 * the library does nothing. One participant a process, its first thread.
 *
 * While a participant waits for its turn all signals are blocked, so that handlers run only while
 * it has the turn: nothing in a lab runs concurrently, handlers included.
 */
#include "harness/clock/turn.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/real.h"

/* How long a waiter sleeps in real time before it looks again by itself: for the case that who
 * passed it the turn was killed before waking it, or that the maker of the lab is gone. */
static const struct timespec look_again = {.tv_sec = 1};

/* One who is left alone never waits, so it looks for the lab's maker once in so many passes. */
enum { OWNER_LOOK_PASSES = 4096 };

/* How long everybody rests in real time when nobody waits for any time: only the outside can end
 * that. */
static const struct timespec rest = {.tv_nsec = 5000000};

static struct clock_segment *lab;
static int own_slot = -1;
static __thread bool own_thread; /* this thread is the participant */
static struct random_stream own_random;
static bool pipes[3]; /* standard output or error is a pipe, see note_hidden_writes() */

bool turn_in_lab(void) {
  return lab != NULL;
}

bool turn_taking_part(void) {
  return own_thread && own_slot >= 0;
}

int64_t turn_now_ns(void) {
  return lab->now_ns;
}

int64_t turn_realtime_ns(void) {
  return lab->now_ns + lab->realtime_offset_ns;
}

int64_t turn_deadline_ns(int64_t duration_ns) {
  int64_t now_ns = lab->now_ns;
  return duration_ns < 0 || duration_ns > CLOCK_NEVER - now_ns ? CLOCK_NEVER : now_ns + duration_ns;
}

void turn_activity(void) {
  if (lab)
    lab->activity++;
}

struct network *turn_network(void) {
  return lab ? &lab->network : NULL;
}

struct random_stream *turn_random(void) {
  return &own_random;
}

/* stdio writes by calls inside libc that can't be interposed. What it wrote to a pipe that somebody
 * of the lab reads is still in there. */
static void note_hidden_writes(void) {
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
    int unread = 0;
    if (pipes[fd] && ioctl(fd, FIONREAD, &unread) == 0 && unread > 0)
      lab->activity++;
  }
}

static void find_pipes(void) {
  struct stat status;
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    pipes[fd] = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Waits in real time until a process that is about to exit has closed its sockets and its parent
 * has got its SIGCHLD: nothing may happen in the lab before. `descriptor` is its pidfd and is
 * closed. */
static void await_exit(int descriptor) {
  if (descriptor < 0)
    return;
  struct pollfd exited = {.fd = descriptor, .events = POLLIN};
  while (REAL(poll)(&exited, 1, -1) < 0 && errno == EINTR) {
  }
  /* waitid takes the kernel's task list lock, which the exiting process holds until SIGCHLD is
   * sent. */
  siginfo_t information;
  REAL(waitid)(P_PIDFD, (id_t)descriptor, &information, WEXITED | WNOHANG | WNOWAIT);
  REAL(close)(descriptor);
  lab->activity++;
}

static int open_process(pid_t process_id) {
  return (int)REAL(syscall)(SYS_pidfd_open, (long)process_id, 0L);
}

static void await_leaving_process(void) {
  uint32_t process_id = lab->leaving;
  if (process_id == 0)
    return;
  lab->leaving = 0;
  await_exit(open_process((pid_t)process_id));
}

int turn_kill(pid_t process_id) {
  int descriptor = open_process(process_id);
  int result = REAL(kill)(process_id, SIGKILL), saved_errno = errno;
  if (result == 0)
    await_exit(descriptor);
  else if (descriptor >= 0)
    REAL(close)(descriptor);
  for (uint32_t i = 0; result == 0 && i < lab->participants; i++)
    if (lab->participant[i].process_id == process_id)
      clock_free(lab, i);
  errno = saved_errno;
  return result;
}

/* Nobody stays in a lab whose maker is gone: it can't end us any more, and the turn may have ended
 * with somebody who was killed. */
static void end_without_owner(void) {
  if (REAL(kill)(lab->owner, 0) < 0 && errno == ESRCH)
    REAL(kill)(getpid(), SIGKILL);
}

static void await_turn(void) {
  struct clock_participant *self = &lab->participant[own_slot];
  for (;;) {
    uint32_t wakeup = self->wakeup;
    if (lab->turn == (uint32_t)own_slot)
      break;
    if (REAL(syscall)(SYS_futex, (long)&self->wakeup, FUTEX_WAIT, (long)wakeup, (long)&look_again,
                      0L, 0L) < 0 &&
        errno == ETIMEDOUT)
      end_without_owner();
  }
  self->state = CLOCK_TAKING;
  await_leaving_process();
}

static void pass_turn(void) {
  int next = clock_pass(lab, (uint32_t)own_slot);
  if (lab->passes % OWNER_LOOK_PASSES == 0)
    end_without_owner();
  if (next < 0) {
    /* Nobody waits for any time. Everybody looks again after a rest, in case that something came
     * from outside the lab (a signal, a terminal). */
    REAL(nanosleep)(&rest, NULL);
    lab->activity++;
  } else if (next != own_slot) {
    await_turn();
  }
}

/* Lets pending signals be delivered under `mask`. Returns whether a handler ran: the kernel
 * restarts ppoll after signals that have none. */
static bool deliver_signals(const sigset_t *mask) {
  struct timespec at_once = {0};
  return REAL(ppoll)(NULL, 0, &at_once, mask) < 0 && errno == EINTR;
}

int turn_wait(int (*ready)(void *context), void *context, int64_t deadline_ns,
              const sigset_t *mask) {
  struct clock_participant *self = &lab->participant[own_slot];
  int saved_errno = errno;
  int result;
  sigset_t all, own;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &own);
  note_hidden_writes();
  for (;;) {
    self->seen = lab->activity;
    result = ready(context);
    if (result != 0 || lab->now_ns >= deadline_ns)
      break;
    if (deliver_signals(mask ? mask : &own)) {
      result = -1;
      saved_errno = EINTR;
      break;
    }
    self->wake_ns = deadline_ns;
    pass_turn();
  }
  if (result < 0 && saved_errno != EINTR)
    saved_errno = errno;
  sigprocmask(SIG_SETMASK, &own, NULL);
  errno = saved_errno;
  return result;
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

int turn_announce(void) {
  char name[CLOCK_NAME_SIZE];
  snprintf(name, sizeof name, "%.40s child", lab->participant[own_slot].name);
  return clock_announce(lab, name, getpid());
}

void turn_announced(int slot, pid_t child) {
  if (slot < 0)
    return;
  if (child < 0)
    clock_free(lab, (uint32_t)slot);
  else
    lab->participant[slot].process_id = child;
}

void turn_take_slot(int slot) {
  own_slot = slot;
  own_thread = slot >= 0;
  if (slot < 0)
    return;
  struct clock_participant *self = &lab->participant[slot];
  self->process_id = getpid();
  self->seen = lab->activity;
  sigset_t all, own;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &own);
  await_turn();
  sigprocmask(SIG_SETMASK, &own, NULL);
  start_random_stream(self->name);
  find_pipes();
}

void turn_leave(void) {
  if (!turn_taking_part())
    return;
  int slot = own_slot;
  own_slot = -1;
  lab->leaving = (uint32_t)getpid();
  clock_free(lab, (uint32_t)slot);
  /* Freeing the slot counted as activity, so everybody else is worth the turn; nobody is left
   * otherwise. */
  clock_pass(lab, (uint32_t)slot);
}

/* The slot that belongs to this process: its own from before an exec, or one announced by its
 * parent, or a new one. */
static int find_slot(pid_t self, pid_t parent, const char *name) {
  for (uint32_t i = 0; i < lab->participants; i++)
    if (lab->participant[i].process_id == self && lab->participant[i].state != CLOCK_FREE)
      return (int)i;
  for (uint32_t i = 0; i < lab->participants; i++) {
    struct clock_participant *participant = &lab->participant[i];
    int32_t nobody = 0;
    if (participant->state == CLOCK_ANNOUNCED && participant->announcer == parent &&
        atomic_compare_exchange_strong(&participant->process_id, &nobody, self))
      return (int)i;
  }
  return clock_announce(lab, name, parent);
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
  char name[CLOCK_NAME_SIZE];
  name_process(name);
  int slot = find_slot(getpid(), getppid(), name);
  if (slot < 0) {
    fprintf(stderr, "sipfall clock: more than %d participants\n", CLOCK_PARTICIPANTS_MAX);
    _exit(127);
  }
  memcpy(lab->participant[slot].name, name, sizeof name);
  turn_take_slot(slot);
  /* What an exec closed, others may wait for. */
  lab->activity++;
}

__attribute__((destructor)) static void leave_lab(void) {
  turn_leave();
}
