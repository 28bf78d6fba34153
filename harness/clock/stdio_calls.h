/* SPDX-License-Identifier: MIT
 *
 * The C library's streams (stdio_calls.c), for membership.c.
 */
#ifndef HARNESS_CLOCK_STDIO_CALLS_H
#define HARNESS_CLOCK_STDIO_CALLS_H

#include <stdbool.h>

/* From now on the streams of this process read, write and close by calls of ours. False: the C
 * library isn't made as expected. */
bool stdio_take_over(void);

/* Writes what is left in buffers, as the C library does at exit, while this process can still wait
 * for room. */
void stdio_flush(void);

#endif
