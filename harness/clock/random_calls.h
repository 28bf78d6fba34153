/* SPDX-License-Identifier: MIT
 *
 * What the interposed read() and fopen() must know of seeded randomness.
 */
#ifndef HARNESS_CLOCK_RANDOM_CALLS_H
#define HARNESS_CLOCK_RANDOM_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* When `fd` is the random device, opened in a lab: fills `bytes` from this process's stream. */
bool random_device_read(int fd, void *bytes, size_t size);

/* When `path` is the random device and this process is in a lab: a stream of the same bytes. NULL
 * otherwise, and when out of memory. */
FILE *random_device_fopen(const char *path, const char *mode);

#endif
