/* SPDX-License-Identifier: MIT
 *
 * Interposed: waiting for signals, and handlers that are told who sent one (process_ids.h). Awaited
 * signals are looked for among those that are pending; whoever sent one has counted that as
 * activity, and timers send theirs at their virtual instants.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>

#include "harness/clock/calls.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

struct signal_wait {
  const sigset_t *set;
  siginfo_t information;
};

/* The signal's number; 0: none is pending. */
static int take_signal(void *context) {
  struct signal_wait *wait = context;
  struct timespec at_once = {0};
  int number = REAL(sigtimedwait)(wait->set, &wait->information, &at_once);
  return number < 0 && errno == EAGAIN ? 0 : number;
}

/* The awaited ones are left to the wait: only others may run handlers meanwhile. */
static int await_signal(const sigset_t *set, siginfo_t *information, int64_t deadline_ns,
                        unsigned manner) {
  struct signal_wait wait = {.set = set};
  sigset_t own, mask;
  pthread_sigmask(SIG_SETMASK, NULL, &own);
  sigorset(&mask, &own, set);
  int number = turn_await(&(struct turn_request){.ready = take_signal,
                                                 .context = &wait,
                                                 .deadline.ns = deadline_ns,
                                                 .mask = &mask,
                                                 .manner = manner});
  if (number > 0 && information) {
    identity_simulate_sender(&wait.information);
    *information = wait.information;
  }
  return number;
}

INTERPOSED int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict information,
                            const struct timespec *restrict timeout) {
  if (!turn_taking_part())
    return REAL(sigtimedwait)(set, information, timeout);
  int64_t duration_ns = timeout ? ns_of_timespec(timeout) : INT64_MAX;
  if (duration_ns < 0) {
    errno = EINVAL;
    return -1;
  }
  int number = await_signal(set, information, turn_deadline_ns(duration_ns), TURN_INTERRUPTED);
  if (number == 0)
    errno = EAGAIN;
  return number > 0 ? number : -1;
}

INTERPOSED int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict information) {
  return turn_taking_part() ? sigtimedwait(set, information, NULL)
                            : REAL(sigwaitinfo)(set, information);
}

INTERPOSED int sigwait(const sigset_t *restrict set, int *restrict number) {
  if (!turn_taking_part())
    return REAL(sigwait)(set, number);
  int result = await_signal(set, NULL, CLOCK_NEVER, TURN_GOES_ON);
  if (result < 0)
    return errno;
  *number = result;
  return 0;
}

static int nothing_is_ready(void *context) {
  (void)context;
  return 0;
}

INTERPOSED int sigsuspend(const sigset_t *mask) {
  if (!turn_taking_part())
    return REAL(sigsuspend)(mask);
  return turn_wait(nothing_is_ready, NULL, CLOCK_NEVER, mask);
}

INTERPOSED int sigqueue(pid_t process_id, int number, const union sigval value) {
  int result = REAL(sigqueue)(identity_realise(process_id), number, value);
  turn_activity();
  return result;
}

/* ---- handlers ---- */

typedef void (*signal_action)(int number, siginfo_t *information, void *context);

/* The program's handlers that are told more than the number. */
static signal_action actions[NSIG];

static void run_action(int number, siginfo_t *information, void *context) {
  identity_simulate_sender(information);
  actions[number](number, information, context);
}

INTERPOSED int sigaction(int number, const struct sigaction *restrict action,
                         struct sigaction *restrict old) {
  if (!turn_in_lab() || number < 1 || number >= NSIG)
    return REAL(sigaction)(number, action, old);
  sigset_t all, own;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &own); /* kernel and table change together */
  signal_action former = actions[number];
  struct sigaction ours;
  if (action && action->sa_flags & SA_SIGINFO && action->sa_handler != SIG_DFL &&
      action->sa_handler != SIG_IGN) {
    ours = *action;
    actions[number] = action->sa_sigaction;
    ours.sa_sigaction = run_action;
    action = &ours;
  }
  int result = REAL(sigaction)(number, action, old);
  if (result)
    actions[number] = former;
  else if (old && old->sa_sigaction == run_action)
    old->sa_sigaction = former;
  pthread_sigmask(SIG_SETMASK, &own, NULL);
  return result;
}
