/* SPDX-License-Identifier: MIT
 *
 * Opening a FIFO, for the interposed calls that open files.
 */
#ifndef HARNESS_CLOCK_FIFO_H
#define HARNESS_CLOCK_FIFO_H

#include <stdbool.h>
#include <stdio.h>

/* When the path is a FIFO's (or leads to a pipe, as those in /dev/fd do): opens it, waiting in
 * virtual time for who opens its other end (fifo(7)). False: it is no FIFO, or this thread takes no
 * part. `*fd` is as of open(). */
bool fifo_open(int directory, const char *path, int flags, int *fd);

/* The same for fopen(). */
bool fifo_fopen(const char *path, const char *mode, FILE **file);

#endif
