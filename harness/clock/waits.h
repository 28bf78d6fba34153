/* SPDX-License-Identifier: MIT
 *
 * Waiting for one descriptor in blocking mode, for the files of interposed calls that do.
 */
#ifndef HARNESS_CLOCK_WAITS_H
#define HARNESS_CLOCK_WAITS_H

/* Waits in virtual time until a real call that reads (or accepts) will not block; at once when the
 * descriptor is in non-blocking mode. Returns 0, or -1 with errno EINTR after a signal. */
int await_readable(int fd);

#endif
