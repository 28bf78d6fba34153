/* SPDX-License-Identifier: MIT
 *
 * Interposed: the birth, the end and the awaiting of processes, and signals between them.
 *
 * A child is announced before it starts, so time stands still until it has run; it takes its place
 * before fork returns in it, and keeps it over an exec (membership.c finds it again by its process
 * id). What comes to life by calls inside the C library joins when it starts. Programs see
 * simulated ids (process_ids.h), the kernel its own.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock/identity_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/turn_internal.h"

INTERPOSED pid_t fork(void) {
  if (!turn_taking_part())
    return REAL(fork)();
  int slot = turn_announce();
  if (slot < 0) {
    errno = EAGAIN;
    return -1;
  }
  turn_forking(slot);
  pid_t child = REAL(fork)();
  if (child != 0) {
    turn_forking(-1);
    child = turn_announced(slot, child);
  }
  return child;
}

/* A child of vfork that waits for the turn in its parent's memory would wait for ever: a fork it
 * is, as POSIX allowed. */
INTERPOSED pid_t vfork(void) {
  return fork();
}

/* The real call returns when the child has become the new program; that one finds the announced
 * slot. */
#define SPAWN(call)                                                                                \
  if (!turn_taking_part())                                                                         \
    return REAL(call)(child, file, actions, attributes, arguments, environment);                   \
  int slot = turn_announce();                                                                      \
  if (slot < 0)                                                                                    \
    return EAGAIN;                                                                                 \
  pid_t started = -1;                                                                              \
  int error = REAL(call)(&started, file, actions, attributes, arguments, environment);             \
  started = turn_announced(slot, error ? -1 : started);                                            \
  if (!error && child)                                                                             \
    *child = started;                                                                              \
  return error;

INTERPOSED int
posix_spawn(pid_t *restrict child, const char *restrict file,
            const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attributes,
            char *const arguments[restrict], char *const environment[restrict]){SPAWN(posix_spawn)}

INTERPOSED
    int posix_spawnp(pid_t *restrict child, const char *restrict file,
                     const posix_spawn_file_actions_t *actions,
                     const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                     char *const environment[restrict]){SPAWN(posix_spawnp)}

INTERPOSED _Noreturn void _exit(int status) {
  turn_leave();
  REAL(_exit)(status);
  __builtin_unreachable();
}

INTERPOSED _Noreturn void _Exit(int status) {
  _exit(status);
}

/* ---- waiting for children ---- */

/* signal(7): these calls go on after a handler that was set with SA_RESTART. */
static int await_child(int (*ready)(void *request), void *request) {
  return turn_await(&(struct turn_request){
      .ready = ready, .context = request, .deadline = TURN_NEVER, .manner = TURN_RESTARTS});
}

struct wait_request {
  pid_t process_id; /* the kernel's */
  int *status;
  int options;
  struct rusage *usage;
};

/* WNOHANG gives 0 for "none yet", which is what turn_wait() takes for "not ready". */
static int child_ready(void *context) {
  struct wait_request *request = context;
  return REAL(wait4)(request->process_id, request->status, request->options | WNOHANG,
                     request->usage);
}

INTERPOSED pid_t wait4(pid_t process_id, int *status, int options, struct rusage *usage) {
  struct wait_request request = {identity_realise(process_id), status, options, usage};
  if (!turn_taking_part() || options & WNOHANG)
    return identity_simulate(REAL(wait4)(request.process_id, status, options, usage));
  return identity_simulate(await_child(child_ready, &request));
}

INTERPOSED pid_t waitpid(pid_t process_id, int *status, int options) {
  return wait4(process_id, status, options, NULL);
}

INTERPOSED pid_t wait(int *status) {
  return waitpid(-1, status, 0);
}

INTERPOSED pid_t wait3(int *status, int options, struct rusage *usage) {
  return wait4(-1, status, options, usage);
}

struct waitid_request {
  idtype_t type;
  id_t id;
  siginfo_t *information;
  int options;
};

static int waitid_ready(void *context) {
  struct waitid_request *request = context;
  request->information->si_pid = 0;
  int result =
      REAL(waitid)(request->type, request->id, request->information, request->options | WNOHANG);
  return result < 0 ? -1 : request->information->si_pid != 0;
}

INTERPOSED int waitid(idtype_t type, id_t id, siginfo_t *information, int options) {
  siginfo_t unwanted;
  struct waitid_request request = {type, id, information ? information : &unwanted, options};
  if (type == P_PID || type == P_PGID)
    request.id = (id_t)identity_realise((pid_t)id);
  int result = turn_taking_part() && !(options & WNOHANG)
                   ? await_child(waitid_ready, &request)
                   : REAL(waitid)(type, request.id, information, options);
  if (result >= 0 && information)
    information->si_pid = identity_simulate(information->si_pid);
  return result < 0 ? -1 : 0;
}

/* ---- signals ---- */

INTERPOSED int kill(pid_t process_id, int signal_number) {
  process_id = identity_realise(process_id);
  if (!turn_taking_part())
    return REAL(kill)(process_id, signal_number);
  if (signal_number == SIGKILL && process_id > 0)
    return turn_kill(process_id);
  sigset_t own;
  block_signals(&own); /* the process's own first thread may have to take it */
  int result = REAL(kill)(process_id, signal_number), saved_errno = errno;
  turn_activity();
  unblock_signals(&own);
  errno = saved_errno;
  return result;
}

INTERPOSED int killpg(pid_t group, int signal_number) {
  int result = REAL(killpg)(identity_realise(group), signal_number);
  turn_activity();
  return result;
}

INTERPOSED int tgkill(pid_t process_id, pid_t thread_id, int signal_number) {
  int result =
      REAL(tgkill)(identity_realise(process_id), identity_realise(thread_id), signal_number);
  turn_activity();
  return result;
}
