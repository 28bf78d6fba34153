/* SPDX-License-Identifier: MIT
 *
 * What reading a descriptor must know of timers that are read.
 */
#ifndef HARNESS_CLOCK_TIMERFD_CALLS_H
#define HARNESS_CLOCK_TIMERFD_CALLS_H

/* Before a read of `fd`: if it is a timer, what is read is the count of its expirations up to now.
 * Returns 0, or -1 with errno ECANCELED when the date has been stepped under a timer that asked for
 * that. */
int timerfd_before_read(int fd);

#endif
