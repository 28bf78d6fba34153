/* SPDX-License-Identifier: MIT
 *
 * What a socket of the lab remembers of its options.
 */
#ifndef HARNESS_CLOCK_SOCKET_CALLS_H
#define HARNESS_CLOCK_SOCKET_CALLS_H

#include <stdbool.h>

/* Whether the program has set IPV6_V6ONLY. */
bool socket_is_v6only(int fd);

#endif
