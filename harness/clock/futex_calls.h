/* SPDX-License-Identifier: MIT
 *
 * The futex system call, for syscall().
 */
#ifndef HARNESS_CLOCK_FUTEX_CALLS_H
#define HARNESS_CLOCK_FUTEX_CALLS_H

/* The arguments and the result of syscall(SYS_futex, …), by a thread that takes part. */
long futex_call(const long arguments[6]);

#endif
