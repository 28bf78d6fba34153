/* SPDX-License-Identifier: MIT
 *
 * SO_KEEPALIVE in virtual time. The kernel's own timer is never armed in a lab. While a path is up
 * each probe would be answered, so there are instants to wait for only when it is silent, or was:
 * then the peer may have forgotten the connection.
 */
#ifndef HARNESS_CLOCK_KEEPALIVE_H
#define HARNESS_CLOCK_KEEPALIVE_H

#include "harness/clock/socket_notes.h"

/* Waits for the next probe, if there is one to wait for. */
void keepalive_watch(struct socket_note *note);

/* The peer has been heard, or will be at once. */
void keepalive_heard(struct socket_note *note);

#endif
