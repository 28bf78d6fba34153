/* SPDX-License-Identifier: MIT
 *
 * Interposed: syscall(), by which libraries make calls that the C library has no function for, or
 * had none once. What this clock knows goes to the interposed function; the rest goes to the
 * kernel.
 */
#include <stdarg.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/real.h"
#include "harness/clock/turn.h"

INTERPOSED long syscall(long number, ...) {
  long a[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++)
    a[i] = va_arg(arguments, long);
  va_end(arguments);
  if (turn_in_lab()) {
    switch (number) {
    case SYS_clock_gettime:
      return clock_gettime((clockid_t)a[0], (struct timespec *)a[1]);
    case SYS_getrandom:
      return getrandom((void *)a[0], (size_t)a[1], (unsigned)a[2]);
    case SYS_sendmmsg:
      return sendmmsg((int)a[0], (struct mmsghdr *)a[1], (unsigned)a[2], (int)a[3]);
    case SYS_close: /* libuv's way: somebody may wait for the end of what was written there */
      return close((int)a[0]);
    }
  }
  return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
