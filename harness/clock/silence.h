/* SPDX-License-Identifier: MIT
 *
 * Established connections whose path is silent. Nothing passes either way; what the program sends
 * is held and retransmitted in virtual time, until the path is up again or Linux would give up.
 */
#ifndef HARNESS_CLOCK_SILENCE_H
#define HARNESS_CLOCK_SILENCE_H

#include "harness/clock/segment.h"
#include "harness/clock/socket_notes.h"

/* Does to all sockets of this process what it was summoned for; applies the table as it stands. */
void silence_apply(enum clock_summons summons);

/* The same for one that was just accepted; it has options of its listener. */
void silence_accepted(int listener, int fd);

/* Ends a connection with an error. */
void silence_fail(struct socket_note *note, int fd, int error);

/* In the child of a fork: what is held is its parent's to send. */
void silence_forked(void);

/* Whether what the program sends doesn't go to the kernel. */
bool silence_holds(const struct socket_note *note);

/* As sendmsg() then, but it doesn't wait: what there is no room for is EAGAIN. */
ssize_t silence_send(struct socket_note *note, int fd, const struct msghdr *message, int flags);

bool silence_has_room(const struct socket_note *note);

/* As shutdown() then. */
int silence_shutdown(struct socket_note *note, int fd, int how);

#endif
