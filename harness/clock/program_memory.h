/* SPDX-License-Identifier: MIT
 *
 * Memory that a program names in a call. The kernel answers EFAULT where it isn't the program's;
 * a library that reads it by itself would crash in the program's name.
 */
#ifndef HARNESS_CLOCK_PROGRAM_MEMORY_H
#define HARNESS_CLOCK_PROGRAM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Copies from the program's memory. False, with errno EFAULT, when it can't be read. */
bool program_memory_read(void *to, const void *from, size_t size);

#endif
