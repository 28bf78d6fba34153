/* SPDX-License-Identifier: MIT
 *
 * Waiting for the turn, and for anything else while others have it.
 *
 * While a participant waits for its turn all signals are blocked, so that handlers run only while
 * it has the turn: nothing in a lab runs concurrently, handlers included.
 */
#include "harness/clock/turn.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/timers.h"
#include "harness/clock/turn_internal.h"

/* How long a waiter sleeps in real time before it looks again by itself: for the case that who
 * passed it the turn was killed before waking it, or that the maker of the lab is gone. */
static const struct timespec look_again = {.tv_sec = 1};

/* One who is left alone never waits, so it looks for the lab's maker once in so many passes. */
enum { OWNER_LOOK_PASSES = 4096 };

/* How long everybody rests in real time when nobody waits for any time: only the outside can end
 * that. */
static const struct timespec rest = {.tv_nsec = 5000000};

/* A thread that yields this often in a row spins until somebody does something; if that one waits
 * for a time, time must pass. */
#define YIELDS_IN_A_ROW 1000

/* LeakSanitizer yields at the process's end until its tracer has run, which takes no part: it gets
 * so many milliseconds of real time before lab time passes. */
#define LEAK_CHECK_YIELDS 3000

struct clock_segment *lab;
__thread int own_slot __attribute__((tls_model("initial-exec"))) = -1;
static __thread unsigned yields __attribute__((tls_model("initial-exec")));

/* How to ask how much of standard output or error is unread, see note_hidden_writes(); 0: not. */
static unsigned long unread_request[3];

bool turn_in_lab(void) {
  return lab != NULL;
}

bool turn_taking_part(void) {
  return own_slot >= 0;
}

int turn_slot(void) {
  return own_slot;
}

int64_t turn_now_ns(void) {
  return lab->now_ns;
}

int64_t turn_realtime_ns(void) {
  return clock_date_ns(lab, own_host);
}

int64_t turn_deadline_ns(int64_t duration_ns) {
  int64_t now_ns = lab->now_ns;
  return duration_ns < 0 || duration_ns > CLOCK_NEVER - now_ns ? CLOCK_NEVER : now_ns + duration_ns;
}

int64_t turn_due_ns(const struct turn_deadline *deadline) {
  if (!deadline->is_date || deadline->ns == CLOCK_NEVER)
    return deadline->ns;
  int64_t left_ns = deadline->ns - turn_realtime_ns();
  return turn_deadline_ns(left_ns > 0 ? left_ns : 0);
}

void turn_activity(void) {
  turn_activity_for(TURN_EVERYBODY);
}

/* Wakes an audience by the two functions given. */
static void tell(int audience, void (*wake_all)(struct clock_segment *segment),
                 void (*wake_host)(struct clock_segment *segment, uint32_t host)) {
  if (!lab || audience == TURN_NOBODY)
    return;
  uint32_t from = own_slot >= 0 ? lab->participant[own_slot].host : NETWORK_LAB_HOST;
  bool knows_all = own_slot < 0 || from == NETWORK_LAB_HOST;
  if (audience == TURN_EVERYBODY || lab->network.block == 0 ||
      (audience == TURN_NEARBY && knows_all)) {
    wake_all(lab);
    return;
  }
  wake_host(lab, from);
  wake_host(lab, audience == TURN_NEARBY ? NETWORK_LAB_HOST : (uint32_t)audience);
}

void turn_activity_for(int audience) {
  tell(audience, clock_wake_all, clock_wake_host);
}

bool turn_room_is_wanted(void) {
  return lab && clock_room_is_wanted(lab);
}

void turn_made_room_for(int audience) {
  tell(audience, clock_wake_all_for_room, clock_wake_host_for_room);
}

struct network *turn_network(void) {
  return lab ? &lab->network : NULL;
}

void turn_wake(int slot) {
  clock_wake(lab, (uint32_t)slot);
}

uint64_t turn_futex_wakes(void) {
  return lab->futex_wakes;
}

void turn_count_futex_wake(void) {
  lab->futex_wakes++;
  turn_activity();
}

void turn_watch_files(void) {
  if (lab)
    lab->files_watched = 1;
}

bool turn_files_watched(void) {
  return lab->files_watched != 0;
}

/* stdio writes by calls inside libc that can't be interposed. What it wrote to a pipe or a pair of
 * sockets that somebody of the lab reads is still in there. */
static void note_hidden_writes(void) {
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
    int unread = 0;
    if (unread_request[fd] && ioctl(fd, unread_request[fd], &unread) == 0 && unread > 0)
      turn_activity_for(TURN_NEARBY);
  }
}

/* A pipe says at both ends what is unread, a pair of sockets at the writer's. (How much a TCP
 * connection has sent is the kernel's own affair: acknowledgements come in real time.) */
static unsigned long find_unread_request(int fd, const struct stat *status) {
  int domain = 0;
  socklen_t length = sizeof domain;
  if (S_ISFIFO(status->st_mode))
    return FIONREAD;
  bool is_local = S_ISSOCK(status->st_mode) &&
                  REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
                  domain == AF_UNIX;
  return is_local ? SIOCOUTQ : 0;
}

/* Those of the first process lead out of the lab, also where others have them from it: what is
 * unread there depends on somebody's speed, and concerns nobody here. */
void find_pipes(void) {
  bool is_first = lab->participant[own_slot].announcer == lab->owner;
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
    struct stat status;
    unread_request[fd] = fstat(fd, &status) == 0 ? find_unread_request(fd, &status) : 0;
    if (unread_request[fd] && is_first)
      lab->outside_pipe[fd - STDOUT_FILENO] = status.st_ino;
    if (unread_request[fd] &&
        (status.st_ino == lab->outside_pipe[0] || status.st_ino == lab->outside_pipe[1]))
      unread_request[fd] = 0;
  }
}

bool turn_leads_outside(int fd) {
  struct stat status;
  return lab && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
         (status.st_ino == lab->outside_pipe[0] || status.st_ino == lab->outside_pipe[1]);
}

/* ---- the end of others ---- */

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
  turn_activity();
}

/* The same for one thread: until the kernel has let go of it, and who joins it is not made to wait.
 * There is no descriptor to wait for (PIDFD_THREAD came with Linux 6.9), but it has a few
 * instructions left only. */
static void await_thread_exit(pid_t process_id, pid_t thread_id) {
  while (REAL(syscall)(SYS_tgkill, (long)process_id, (long)thread_id, 0L) == 0)
    REAL(sched_yield)();
}

static int open_process(pid_t process_id) {
  return (int)REAL(syscall)(SYS_pidfd_open, (long)process_id, 0L);
}

static void await_leaving(void) {
  pid_t process_id = (pid_t)lab->leaving, thread_id = (pid_t)lab->leaving_thread;
  if (process_id == 0)
    return;
  lab->leaving = 0;
  lab->leaving_thread = 0;
  if (thread_id)
    await_thread_exit(process_id, thread_id);
  else
    await_exit(open_process(process_id));
}

int turn_kill(pid_t process_id) {
  reach_settle();
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

/* ---- the turn ---- */

/* Nobody stays in a lab whose maker is gone: it can't end us any more, and the turn may have ended
 * with somebody who was killed. */
static void end_without_owner(void) {
  if (REAL(kill)(lab->owner, 0) < 0 && errno == ESRCH)
    REAL(kill)(REAL(getpid)(), SIGKILL);
}

/* Somebody changed who can be reached: this process does what that means for its sockets, and
 * nothing else. Returns whether it had been summoned. */
static bool answer_summons(void) {
  uint32_t summoner = lab->summoner;
  if (summoner == 0 || summoner == (uint32_t)own_slot + 1)
    return false;
  silence_apply((enum clock_summons)lab->summons);
  clock_give(lab, summoner - 1);
  return true;
}

/* The first of a process's participants that waits for the turn stands for all of them. */
static bool stands_for_process(uint32_t slot) {
  const struct clock_participant *one = &lab->participant[slot];
  if (one->state != CLOCK_TAKING || one->process_id == REAL(getpid)())
    return false;
  for (uint32_t i = 0; i < slot; i++)
    if (lab->participant[i].state == CLOCK_TAKING &&
        lab->participant[i].process_id == one->process_id)
      return false;
  return true;
}

void await_turn(void) {
  struct clock_participant *self = &lab->participant[own_slot];
  for (;;) {
    uint32_t wakeup = self->wakeup;
    if (lab->turn == (uint32_t)own_slot && !answer_summons())
      break;
    if (REAL(syscall)(SYS_futex, (long)&self->wakeup, FUTEX_WAIT, (long)wakeup, (long)&look_again,
                      0L, 0L) < 0 &&
        errno == ETIMEDOUT)
      end_without_owner();
  }
  self->state = CLOCK_TAKING;
  await_leaving();
}

static void summon_for(enum clock_summons summons) {
  lab->summons = (uint32_t)summons;
  silence_apply(summons);
  for (uint32_t i = 0; i < lab->participants; i++)
    if (stands_for_process(i)) {
      clock_give(lab, i);
      await_turn();
    }
}

void turn_summon(void) {
  int saved_errno = errno;
  sigset_t all, own;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &own);
  lab->summoner = (uint32_t)own_slot + 1;
  summon_for(CLOCK_SUMMONS_ACKNOWLEDGE);
  summon_for(CLOCK_SUMMONS_APPLY);
  lab->summoner = 0;
  sigprocmask(SIG_SETMASK, &own, NULL);
  errno = saved_errno;
}

static void pass_turn(void) {
  int next = clock_pass(lab, (uint32_t)own_slot);
  if (lab->passes % OWNER_LOOK_PASSES == 0)
    end_without_owner();
  if (next < 0) {
    /* Nobody waits for any time. Everybody looks again after a rest, in case that something came
     * from outside the lab (a signal, a terminal). */
    REAL(nanosleep)(&rest, NULL);
    turn_activity();
  } else if (next != own_slot) {
    await_turn();
  }
}

/* Passes the turn in a wait in which `mask` is blocked. */
static void let_others_run(const sigset_t *mask) {
  signals_waiting(mask);
  pass_turn();
  signals_waiting(NULL);
}

static bool is_ended_by(unsigned manner, enum delivery delivery) {
  if (delivery == NOTHING_RAN || manner & TURN_GOES_ON)
    return false;
  return delivery == HANDLER_RAN || !(manner & TURN_RESTARTS);
}

static void restore_mask(void *mask) {
  unblock_signals(mask);
}

/* Where a pthread_cancel takes effect: nowhere else in a wait, so that no look at anything is cut
 * short. */
static void test_cancel(int cancel_state, sigset_t *own) {
  pthread_cleanup_push(restore_mask, own);
  pthread_setcancelstate(cancel_state, NULL);
  pthread_testcancel();
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  pthread_cleanup_pop(0);
}

/* ---- waiting ---- */

/* The wait itself, with all signals blocked but for `mask`. */
static int await_ready(const struct turn_request *request, int cancel_state, sigset_t *own) {
  struct clock_participant *self = &lab->participant[own_slot];
  for (;;) {
    if (cancel_state == PTHREAD_CANCEL_ENABLE && !(request->manner & TURN_NO_CANCEL))
      test_cancel(cancel_state, own);
    int64_t timer_ns = timers_run();
    clock_look(lab, (uint32_t)own_slot);
    int result = request->ready(request->context);
    int64_t due_ns = turn_due_ns(&request->deadline);
    if (result != 0 || lab->now_ns >= due_ns)
      return result;
    enum delivery delivery = deliver_signals(request->mask ? request->mask : own);
    if (is_ended_by(request->manner, delivery)) {
      errno = EINTR;
      return -1;
    }
    if (delivery != NOTHING_RAN) /* the handler may have waited itself, or done what we wait for */
      continue;
    self->wake_ns = timer_ns < due_ns ? timer_ns : due_ns;
    if (request->manner & TURN_FOR_ROOM)
      clock_want_room(lab, (uint32_t)own_slot, true);
    let_others_run(request->mask ? request->mask : own);
    if (request->manner & TURN_FOR_ROOM)
      clock_want_room(lab, (uint32_t)own_slot, false);
  }
}

int turn_await(const struct turn_request *request) {
  reach_settle();
  int saved_errno = errno, cancel_state;
  sigset_t own;
  block_signals(&own);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  yields = 0;
  note_hidden_writes();
  int result = await_ready(request, cancel_state, &own);
  if (result < 0)
    saved_errno = errno;
  pthread_setcancelstate(cancel_state, NULL);
  unblock_signals(&own);
  errno = saved_errno;
  return result;
}

int turn_wait(int (*ready)(void *context), void *context, int64_t deadline_ns,
              const sigset_t *mask) {
  return turn_await(&(struct turn_request){
      .ready = ready, .context = context, .deadline.ns = deadline_ns, .mask = mask});
}

static bool has_leak_check(void) {
  static int known;
  if (!known)
    known = dlsym(RTLD_DEFAULT, "__lsan_do_leak_check") ? 1 : -1;
  return known > 0;
}

/* When one who yields wants to go on at the latest. */
static int64_t yield_until_ns(int64_t timer_ns) {
  if (++yields < YIELDS_IN_A_ROW)
    return 0;
  if (yields < YIELDS_IN_A_ROW + LEAK_CHECK_YIELDS && has_leak_check()) {
    REAL(nanosleep)(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return 0;
  }
  int64_t next_ns = clock_next_wake(lab, (uint32_t)own_slot);
  return timer_ns < next_ns ? timer_ns : next_ns;
}

void turn_yield(void) {
  reach_settle();
  struct clock_participant *self = &lab->participant[own_slot];
  int saved_errno = errno, cancel_state;
  sigset_t own;
  block_signals(&own);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  int64_t timer_ns = timers_run();
  clock_look(lab, (uint32_t)own_slot);
  self->wake_ns = yield_until_ns(timer_ns);
  let_others_run(&own);
  pthread_setcancelstate(cancel_state, NULL);
  unblock_signals(&own);
  errno = saved_errno;
}
