/* SPDX-License-Identifier: MIT
 *
 * Interposed: the calls that open what processes share under a name (shared_names.h).
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/shared_names.h"

/* The name on this machine, in `own` if it is another one. */
static const char *name_here(const char *name, char own[PATH_MAX]) {
  const struct network *network = address_network();
  if (!network || !name)
    return name;
  shared_name(network->block, address_own_host(network), name, own);
  return own;
}

INTERPOSED int shm_open(const char *name, int flags, mode_t mode) {
  char own[PATH_MAX];
  return REAL(shm_open)(name_here(name, own), flags, mode);
}

INTERPOSED int shm_unlink(const char *name) {
  char own[PATH_MAX];
  return REAL(shm_unlink)(name_here(name, own));
}

INTERPOSED sem_t *sem_open(const char *name, int flags, ...) {
  char own[PATH_MAX];
  mode_t mode = 0;
  unsigned value = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    value = va_arg(arguments, unsigned);
    va_end(arguments);
  }
  return REAL(sem_open)(name_here(name, own), flags, mode, value);
}

INTERPOSED int sem_unlink(const char *name) {
  char own[PATH_MAX];
  return REAL(sem_unlink)(name_here(name, own));
}
