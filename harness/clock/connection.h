/* SPDX-License-Identifier: MIT
 *
 * What the library does to TCP sockets of its program: cutting them off from their peer, pointing
 * them elsewhere, and ending them with any error. In each case the kernel's socket is in the state
 * that it would have on a real network, so that what poll and its kind say is the kernel's own.
 */
#ifndef HARNESS_CLOCK_CONNECTION_H
#define HARNESS_CLOCK_CONNECTION_H

#include <stdbool.h>
#include <sys/socket.h>

#include "harness/clock/network.h"
#include "harness/clock/socket_notes.h"

/* TCP_ESTABLISHED and so on; TCP_CLOSE for what is no TCP socket. Keeps errno. */
int connection_state(int fd);

/* Its own and its peer's address, simulated. False when it has none. Keeps errno. */
bool connection_addresses(int fd, struct sockaddr_storage *local, struct sockaddr_storage *peer);
bool connection_own_address(int fd, struct sockaddr_storage *local);

/* What becomes of what the socket sends to a simulated address. */
enum reach_state connection_way(int fd, const struct sockaddr *target, int protocol);

/* Acknowledges what has come, before one end of the connection hears nothing any more. */
void connection_acknowledge(int fd);

/* From here on the socket hears nothing that a program could notice, or hears again. */
void connection_deafen(int fd);
void connection_hear(int fd);

/* As connect() to a realised address in non-blocking mode. */
int connection_start(int fd, const struct sockaddr *realised, socklen_t length);

/* Ends what the socket is doing, without a trace, and lets it connect elsewhere. */
void connection_redirect(int fd, const struct sockaddr *realised, socklen_t length);

/* Ends the connection, or the connecting, of the note's socket with an error. */
void connection_fail(struct socket_note *note, int fd, int error);

#endif
