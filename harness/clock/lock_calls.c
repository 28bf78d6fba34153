/* SPDX-License-Identifier: MIT
 *
 * Interposed: locks of files (flock(2), F_SETLKW and F_OFD_SETLKW of fcntl(2), lockf(3)). They stay
 * the kernel's: waiting for one is trying it whenever somebody unlocks, closes a file or ends.
 * Unlocking is told only if somebody has waited for a lock (turn_watch_files()).
 *
 * The kernel's answer to processes that wait for each other, EDEADLK, doesn't come: their lab
 * hangs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/clock/identity_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/retries.h"
#include "harness/clock/turn.h"

static void note_change(void) {
  int saved_errno = errno;
  if (turn_in_lab() && turn_files_watched())
    turn_activity();
  errno = saved_errno;
}

/* Waits for a lock, with the waits of signal(7): a handler that was set with SA_RESTART doesn't end
 * them. Others must tell from now on what they do to files. */
static int await_lock(long (*make)(const void *arguments), const void *arguments, unsigned manner) {
  turn_watch_files();
  return (int)retry_until_done(&(struct retried_call){.make = make,
                                                      .arguments = arguments,
                                                      .busy = EAGAIN,
                                                      .deadline = TURN_NEVER,
                                                      .manner = TURN_RESTARTS | manner});
}

/* ---- flock ---- */

struct file_lock {
  int fd, operation;
};

static long try_flock(const void *arguments) {
  const struct file_lock *lock = arguments;
  return REAL(flock)(lock->fd, lock->operation | LOCK_NB);
}

/* A lock of the other kind that this file has is given back even when the new one isn't there yet
 * (flock(2)), so the first try may let somebody else go on, too. */
INTERPOSED int flock(int fd, int operation) {
  struct file_lock lock = {fd, operation};
  bool waits = turn_taking_part() && !(operation & (LOCK_NB | LOCK_UN));
  int result = waits ? (int)try_flock(&lock) : REAL(flock)(fd, operation);
  note_change();
  if (waits && result < 0 && errno == EWOULDBLOCK)
    result = await_lock(try_flock, &lock, TURN_NO_CANCEL);
  return result;
}

/* ---- fcntl ---- */

struct range_lock {
  int fd, command;
  struct flock *range;
};

static long try_range(const void *arguments) {
  const struct range_lock *lock = arguments;
  return REAL(fcntl)(lock->fd, lock->command, lock->range);
}

static int set_range(int fd, int command, struct flock *range) {
  struct range_lock lock = {fd, command, range};
  if (turn_taking_part() && command == F_SETLKW)
    lock.command = F_SETLK;
  else if (turn_taking_part() && command == F_OFD_SETLKW)
    lock.command = F_OFD_SETLK;
  int result = (int)(lock.command != command ? await_lock(try_range, &lock, 0) : try_range(&lock));
  if (result == 0)
    note_change();
  return result;
}

_Static_assert(sizeof(struct flock) == sizeof(struct flock64), "they are one on 64-bit machines");

static int control(int fd, int command, void *argument) {
  switch (command) {
  case F_SETLK:
  case F_SETLKW:
  case F_OFD_SETLK:
  case F_OFD_SETLKW:
    return set_range(fd, command, argument);
  }
  return identity_fcntl(fd, command, argument);
}

/* The argument is an int or a pointer, or isn't there: all fit a pointer's register. */
#define CONTROL(fd, command)                                                                       \
  va_list arguments;                                                                               \
  va_start(arguments, command);                                                                    \
  void *argument = va_arg(arguments, void *);                                                      \
  va_end(arguments);                                                                               \
  return control(fd, command, argument)

INTERPOSED int fcntl(int fd, int command, ...) {
  CONTROL(fd, command);
}

INTERPOSED int fcntl64(int fd, int command, ...) {
  CONTROL(fd, command);
}

/* ---- lockf ---- */

struct section {
  int fd, command;
  off_t size;
};

static long try_section(const void *arguments) {
  const struct section *section = arguments;
  return REAL(lockf)(section->fd, section->command, section->size);
}

INTERPOSED int lockf(int fd, int command, off_t size) {
  struct section section = {fd, command, size};
  bool waits = turn_taking_part() && command == F_LOCK;
  if (waits)
    section.command = F_TLOCK;
  int result = (int)(waits ? await_lock(try_section, &section, 0) : try_section(&section));
  if (result == 0)
    note_change();
  return result;
}

INTERPOSED int lockf64(int fd, int command, off64_t size) {
  return lockf(fd, command, size);
}
