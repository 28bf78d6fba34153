/* SPDX-License-Identifier: MIT
 *
 * What the interposed read() must know of seeded randomness.
 */
#ifndef HARNESS_CLOCK_RANDOM_CALLS_H
#define HARNESS_CLOCK_RANDOM_CALLS_H

#include <stdbool.h>
#include <stddef.h>

/* When `fd` is the random device, opened in a lab: fills `bytes` from this process's stream. */
bool random_device_read(int fd, void *bytes, size_t size);

#endif
