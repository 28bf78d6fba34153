/* SPDX-License-Identifier: MIT
 *
 * Interposed: who a process is, and calls that name a process and do nothing else that this clock
 * knows. In a lab ids are simulated (process_ids.h); here they are translated on their way to the
 * kernel and back. Starting, awaiting and signalling processes is in process_calls.c, with the same
 * translation.
 *
 * What the kernel writes into files of /proc, and what the C library does inside with its own ids
 * (raise, mutexes), stays the kernel's.
 */
#include "harness/clock/identity_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/program_memory.h"
#include "harness/clock/real.h"
#include "harness/clock/turn_internal.h"

pid_t identity_realise(pid_t id) {
  return lab ? process_ids_realise(&lab->process_ids, id) : id;
}

pid_t identity_simulate(pid_t id) {
  return lab ? process_ids_simulate(&lab->process_ids, id) : id;
}

/* sigaction(2): these say who sent them. */
void identity_simulate_sender(siginfo_t *information) {
  int code = information->si_code;
  if (code == SI_USER || code == SI_QUEUE || code == SI_TKILL || code == SI_MESGQ ||
      (information->si_signo == SIGCHLD && code > 0))
    information->si_pid = identity_simulate(information->si_pid);
}

/* ---- paths ---- */

/* The kernel's ids have no more digits than ours, so what fitted still fits. */
static size_t print_word(char *buffer, const char *word, size_t length) {
  char *end;
  long number = strtol(word, &end, 10);
  if (end != word + length || number < PROCESS_ID_FIRST || number > INT32_MAX) {
    memcpy(buffer, word, length);
    return length;
  }
  return (size_t)snprintf(buffer, length + 1, "%d", (int)identity_realise((pid_t)number));
}

const char *identity_path(const char *path, char buffer[IDENTITY_PATH_SIZE]) {
  if (!lab || !path || strncmp(path, "/proc/", 6) != 0 || strlen(path) >= IDENTITY_PATH_SIZE)
    return path;
  size_t used = 0;
  for (size_t length; *path; path += length) {
    length = *path == '/' ? 1 : strcspn(path, "/");
    used += print_word(buffer + used, path, length);
  }
  buffer[used] = '\0';
  return buffer;
}

INTERPOSED DIR *opendir(const char *path) {
  return REAL(opendir)(REALISED_PATH(path));
}

INTERPOSED int access(const char *path, int kind) {
  return REAL(access)(REALISED_PATH(path), kind);
}

INTERPOSED ssize_t readlink(const char *restrict path, char *restrict text, size_t size) {
  return REAL(readlink)(REALISED_PATH(path), text, size);
}

INTERPOSED int stat(const char *restrict path, struct stat *restrict status) {
  return REAL(stat)(REALISED_PATH(path), status);
}

INTERPOSED int stat64(const char *restrict path, struct stat64 *restrict status) {
  return REAL(stat64)(REALISED_PATH(path), status);
}

/* ---- the own ids ---- */

INTERPOSED pid_t getpid(void) {
  return own_process_id ? own_process_id : REAL(getpid)();
}

INTERPOSED pid_t gettid(void) {
  return own_thread_id ? own_thread_id : REAL(gettid)();
}

INTERPOSED pid_t getppid(void) {
  return identity_simulate(REAL(getppid)());
}

/* ---- groups, sessions and their terminal ---- */

INTERPOSED pid_t getpgrp(void) {
  return identity_simulate(REAL(getpgrp)());
}

INTERPOSED pid_t getpgid(pid_t id) {
  return identity_simulate(REAL(getpgid)(identity_realise(id)));
}

INTERPOSED int setpgid(pid_t id, pid_t group) {
  return REAL(setpgid)(identity_realise(id), identity_realise(group));
}

INTERPOSED pid_t getsid(pid_t id) {
  return identity_simulate(REAL(getsid)(identity_realise(id)));
}

INTERPOSED pid_t setsid(void) {
  return identity_simulate(REAL(setsid)());
}

INTERPOSED pid_t tcgetpgrp(int fd) {
  return identity_simulate(REAL(tcgetpgrp)(fd));
}

INTERPOSED int tcsetpgrp(int fd, pid_t group) {
  return REAL(tcsetpgrp)(fd, identity_realise(group));
}

INTERPOSED pid_t tcgetsid(int fd) {
  return identity_simulate(REAL(tcgetsid)(fd));
}

/* ---- of descriptors ---- */

INTERPOSED int pidfd_open(pid_t id, unsigned flags) {
  return REAL(pidfd_open)(identity_realise(id), flags);
}

static int set_owner(int fd, const struct f_owner_ex *owner) {
  struct f_owner_ex realised;
  if (!program_memory_read(&realised, owner, sizeof realised))
    return REAL(fcntl)(fd, F_SETOWN_EX, owner);
  realised.pid = identity_realise(realised.pid);
  return REAL(fcntl)(fd, F_SETOWN_EX, &realised);
}

int identity_fcntl(int fd, int command, void *argument) {
  int result;
  switch (command) {
  case F_SETOWN:
    return REAL(fcntl)(fd, command, identity_realise((pid_t)(intptr_t)argument));
  case F_GETOWN:
    return identity_simulate(REAL(fcntl)(fd, command));
  case F_SETOWN_EX:
    return set_owner(fd, argument);
  case F_GETOWN_EX:
    result = REAL(fcntl)(fd, command, argument);
    if (result == 0)
      ((struct f_owner_ex *)argument)->pid =
          identity_simulate(((struct f_owner_ex *)argument)->pid);
    return result;
  case F_GETLK:
    result = REAL(fcntl)(fd, command, argument);
    if (result == 0 && ((struct flock *)argument)->l_type != F_UNLCK)
      ((struct flock *)argument)->l_pid = identity_simulate(((struct flock *)argument)->l_pid);
    return result;
  }
  return REAL(fcntl)(fd, command, argument);
}

/* ---- scheduling and limits ---- */

INTERPOSED int sched_getaffinity(pid_t id, size_t size, cpu_set_t *set) {
  return REAL(sched_getaffinity)(identity_realise(id), size, set);
}

INTERPOSED int sched_setaffinity(pid_t id, size_t size, const cpu_set_t *set) {
  return REAL(sched_setaffinity)(identity_realise(id), size, set);
}

INTERPOSED int sched_getscheduler(pid_t id) {
  return REAL(sched_getscheduler)(identity_realise(id));
}

INTERPOSED int sched_setscheduler(pid_t id, int policy, const struct sched_param *parameters) {
  return REAL(sched_setscheduler)(identity_realise(id), policy, parameters);
}

INTERPOSED int sched_getparam(pid_t id, struct sched_param *parameters) {
  return REAL(sched_getparam)(identity_realise(id), parameters);
}

INTERPOSED int sched_setparam(pid_t id, const struct sched_param *parameters) {
  return REAL(sched_setparam)(identity_realise(id), parameters);
}

INTERPOSED int getpriority(__priority_which_t which, id_t id) {
  return REAL(getpriority)(which, which == PRIO_USER ? id : (id_t)identity_realise((pid_t)id));
}

INTERPOSED int setpriority(__priority_which_t which, id_t id, int priority) {
  return REAL(setpriority)(which, which == PRIO_USER ? id : (id_t)identity_realise((pid_t)id),
                           priority);
}

INTERPOSED int prlimit(pid_t id, __rlimit_resource_t resource, const struct rlimit *new,
                       struct rlimit *old) {
  return REAL(prlimit)(identity_realise(id), resource, new, old);
}

INTERPOSED int prlimit64(pid_t id, __rlimit_resource_t resource, const struct rlimit64 *new,
                         struct rlimit64 *old) {
  return REAL(prlimit64)(identity_realise(id), resource, new, old);
}

INTERPOSED int clock_getcpuclockid(pid_t id, clockid_t *clock) {
  return REAL(clock_getcpuclockid)(identity_realise(id), clock);
}
