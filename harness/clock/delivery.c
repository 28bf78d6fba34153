/* SPDX-License-Identifier: MIT
 *
 * Signals of a participant. While it waits for its turn all are blocked; here pending ones are
 * delivered when it has the turn, in the thread that Linux would choose.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn_internal.h"

/* Signals that do nothing by default (signal(7)); the others end the process or stop it. */
static bool is_harmless(int number) {
  return number == SIGCHLD || number == SIGCONT || number == SIGURG || number == SIGWINCH;
}

static bool is_stopping(int number) {
  return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU || number == SIGSTOP;
}

/* What the process's first thread blocks while it waits for its turn in slot `first_thread_slot`;
 * NULL while it doesn't wait. */
static const sigset_t *first_thread_mask;
static int first_thread_slot;

void signals_waiting(const sigset_t *mask) {
  const struct clock_participant *self = &lab->participant[own_slot];
  if (self->thread_id == self->process_id) {
    first_thread_mask = mask;
    first_thread_slot = own_slot;
  }
}

/* Whether a pending signal was sent to this thread, and not to the process. */
static bool is_for_this_thread(int number) {
  char status[4096];
  int fd = REAL(open)("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : REAL(read)(fd, status, sizeof status - 1);
  if (fd >= 0)
    REAL(close)(fd);
  status[size > 0 ? size : 0] = '\0';
  const char *line = strstr(status, "\nSigPnd:");
  return !line || strtoull(line + strlen("\nSigPnd:"), NULL, 16) >> (number - 1) & 1;
}

/* Linux gives a signal for a process to its first thread if that doesn't block it (complete_signal
 * in kernel/signal.c). All threads block all signals while they wait here, so the kernel would give
 * it to whoever goes on next: that one adds it to its mask and to `left`. */
static void leave_to_first_thread(sigset_t *mask, sigset_t *left) {
  sigset_t pending;
  if (!first_thread_mask || sigpending(&pending) || sigisemptyset(&pending))
    return;
  for (int number = 1; number <= SIGRTMAX; number++)
    if (sigismember(&pending, number) == 1 && sigismember(mask, number) != 1 &&
        sigismember(first_thread_mask, number) != 1 && !is_for_this_thread(number)) {
      sigaddset(mask, number);
      sigaddset(left, number);
      turn_wake(first_thread_slot);
    }
}

/* What a thread that went on blocks only because it left it to the first one. */
static __thread sigset_t left_signals __attribute__((tls_model("initial-exec")));
static __thread bool has_left_signals __attribute__((tls_model("initial-exec")));

void block_signals(sigset_t *own) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, own);
  for (int number = 1; has_left_signals && number <= SIGRTMAX; number++)
    if (sigismember(&left_signals, number) == 1)
      sigdelset(own, number);
  has_left_signals = false;
}

void unblock_signals(const sigset_t *own) {
  sigset_t mask = *own;
  sigemptyset(&left_signals);
  leave_to_first_thread(&mask, &left_signals);
  has_left_signals = !sigisemptyset(&left_signals);
  sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* What the delivery of a pending signal does. One that ends the process takes the turn from it
 * first, so that the others needn't find out. */
static enum delivery foresee(int number) {
  struct sigaction action;
  if (REAL(sigaction)(number, NULL, &action) || action.sa_handler == SIG_IGN)
    return NOTHING_RAN;
  if (action.sa_handler != SIG_DFL)
    return action.sa_flags & SA_RESTART ? RESTARTING_HANDLERS_RAN : HANDLER_RAN;
  if (!is_harmless(number) && !is_stopping(number))
    turn_leave();
  return NOTHING_RAN;
}

enum delivery deliver_signals(const sigset_t *mask) {
  sigset_t pending, blocked = *mask, left = {0};
  struct timespec at_once = {0};
  if (sigpending(&pending) || sigisemptyset(&pending))
    return NOTHING_RAN;
  leave_to_first_thread(&blocked, &left);
  enum delivery delivery = NOTHING_RAN;
  for (int number = 1; number <= SIGRTMAX; number++)
    if (sigismember(&pending, number) == 1 && sigismember(&blocked, number) != 1) {
      enum delivery one = foresee(number);
      if (one > delivery)
        delivery = one;
    }
  REAL(ppoll)(NULL, 0, &at_once, &blocked);
  if (own_slot < 0) /* foresee() was wrong; without a turn there is no going on */
    REAL(_exit)(128 + SIGKILL);
  return delivery;
}
