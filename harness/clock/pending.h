/* SPDX-License-Identifier: MIT
 *
 * TCP connects to hosts that are silent: they wait in virtual time and repeat their SYN as Linux
 * does, until the host is back or they give up.
 */
#ifndef HARNESS_CLOCK_PENDING_H
#define HARNESS_CLOCK_PENDING_H

#include "harness/clock/network.h"
#include "harness/clock/socket_notes.h"

/* Starts a connect of the note's socket, which is bound, to `target` (simulated), which is silent.
 * As connect(). */
int pending_start(struct socket_note *note, int fd, const struct sockaddr *target,
                  socklen_t target_length);

/* connect() on a socket whose connect is pending, or over without any connect() having said so. */
int pending_again(struct socket_note *note, int fd);

/* The program has dissolved the socket's association: by connect(2) to AF_UNSPEC, or by shutdown(2)
 * of a connect that is pending. */
void pending_dissolve(int fd);

#endif
