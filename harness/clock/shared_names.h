/* SPDX-License-Identifier: MIT
 *
 * Names of POSIX shared memory and semaphores (shm_overview(7), sem_overview(7)), which belong to
 * the machine. Each host of a lab with a simulated network has names of its own.
 */
#ifndef HARNESS_CLOCK_SHARED_NAMES_H
#define HARNESS_CLOCK_SHARED_NAMES_H

#include <limits.h>

/* "/NAME" or "NAME" becomes the name that it has on this machine. One that shm_open() refuses stays
 * as it is. */
void shared_name(unsigned block, int host, const char *name, char out[PATH_MAX]);

/* Removes what the programs of a lab have left. */
void shared_names_remove(unsigned block);

#endif
