/* SPDX-License-Identifier: MIT
 *
 * The futex system calls, for syscall().
 */
#ifndef HARNESS_CLOCK_FUTEX_CALLS_H
#define HARNESS_CLOCK_FUTEX_CALLS_H

/* The arguments and the result of syscall(SYS_futex, …), by a thread that takes part. */
long futex_call(const long arguments[6]);

/* The same of syscall(SYS_futex_waitv, …). */
long futex_waitv_call(const long arguments[6]);

#endif
