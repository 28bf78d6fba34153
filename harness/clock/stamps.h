/* SPDX-License-Identifier: MIT
 *
 * When a message came, as programs ask the kernel for it: by SO_TIMESTAMP and its relatives, or by
 * ioctl (socket(7)). It is the date at which the message is read; the kernel's own is of real time.
 */
#ifndef HARNESS_CLOCK_STAMPS_H
#define HARNESS_CLOCK_STAMPS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Corrects those among the control messages of a message that was received. */
void stamps_correct(struct msghdr *message);

/* Corrects what SIOCGSTAMP and SIOCGSTAMPNS gave; other requests have nothing to correct. */
void stamps_correct_request(unsigned long what, void *argument);

#endif
