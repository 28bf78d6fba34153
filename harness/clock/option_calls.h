/* SPDX-License-Identifier: MIT
 *
 * Socket options of which the kernel mustn't know in a lab, because it would time them in real
 * time, or because the library uses them itself.
 */
#ifndef HARNESS_CLOCK_OPTION_CALLS_H
#define HARNESS_CLOCK_OPTION_CALLS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Does what setsockopt() shall do, if the option is one of them: true, and `*result` is set. */
bool option_set(int fd, int level, int option, const void *value, socklen_t length, int *result);

/* Does what getsockopt() shall do, likewise. */
bool option_get(int fd, int level, int option, void *value, socklen_t *length, int *result);

/* An option has been set that is the kernel's. */
void option_changed(int fd, int level, int option, const void *value, socklen_t length);

/* What the kernel said to getsockopt(), which went well, becomes what the program shall see. */
void option_correct(int fd, int level, int option, void *value, socklen_t *length);

#endif
