/* SPDX-License-Identifier: MIT
 *
 * Whom a deed on a descriptor or to an address concerns, so that a lab with many idle participants
 * costs no more for each message than one with few. In doubt it is everybody: who isn't woken would
 * see what happened too late.
 */
#ifndef HARNESS_CLOCK_AUDIENCE_H
#define HARNESS_CLOCK_AUDIENCE_H

#include <sys/socket.h>

/* An audience is a host's index or one of enum turn_audience (turn.h). */

/* Of what is sent to or done on a descriptor. Ask before the deed, after which the socket may have
 * no peer or the descriptor may be gone. Keeps errno. */
int audience_of(int fd);

/* Something has been read from a descriptor: those who may wait for room there look again. Call it
 * after the read; it costs nothing while nobody waits. Keeps errno. */
void audience_read(int fd);

/* Of a connection to an address, as the kernel gets it. */
int audience_at(const struct sockaddr *realised);

/* Of a message sent to an address, as the kernel gets it; NULL: to the socket's peer. */
int audience_of_message(int fd, const struct sockaddr *realised);

#endif
