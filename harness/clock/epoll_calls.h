/* SPDX-License-Identifier: MIT
 *
 * What an epoll instance waits for (epoll_calls.c).
 */
#ifndef HARNESS_CLOCK_EPOLL_CALLS_H
#define HARNESS_CLOCK_EPOLL_CALLS_H

#include <stdbool.h>

/* Whether any epoll instance of this process asks for room to write. */
bool epoll_is_for_room(void);

#endif
