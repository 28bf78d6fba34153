/* SPDX-License-Identifier: MIT
 *
 * Translating process ids (process_ids.h) in what a program hands to the kernel and gets from it.
 * Outside a lab nothing changes. The program and its C library functions see simulated ids; this
 * library's own uses and the segment's are the kernel's.
 */
#ifndef HARNESS_CLOCK_IDENTITY_CALLS_H
#define HARNESS_CLOCK_IDENTITY_CALLS_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* An id, or a group's as a negative one: the kernel's, and the program's. */
pid_t identity_realise(pid_t id);
pid_t identity_simulate(pid_t id);

/* Who sent the signal. */
void identity_simulate_sender(siginfo_t *information);

/* fcntl(), whose commands about owners of descriptors and locks carry ids. */
int identity_fcntl(int fd, int command, void *argument);

/* More than any path below /proc that names a process. */
enum { IDENTITY_PATH_SIZE = 256 };

/* The path for the kernel: /proc/5000001/fd has another number there. Returns `path` or `buffer`.
 */
const char *identity_path(const char *path, char buffer[IDENTITY_PATH_SIZE]);

#define REALISED_PATH(path) identity_path(path, (char[IDENTITY_PATH_SIZE]){0})

#endif
