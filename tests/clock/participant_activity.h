/* SPDX-License-Identifier: MIT
 *
 * What the parts of the participant share that are several processes on hosts of their own. The
 * test's network is that of exchange.h.
 */
#ifndef TESTS_CLOCK_PARTICIPANT_ACTIVITY_H
#define TESTS_CLOCK_PARTICIPANT_ACTIVITY_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/types.h>

/* Everybody's port. */
enum { PORT = 5000 };

struct sockaddr_in address_of(const char *text, uint16_t port);

/* A socket that is bound. */
int bound(const char *text, int type, uint16_t port);

/* To the port at an address. */
void connect_to(int fd, const char *text);

/* Starts this program again on a host; NULL: on the lab's. */
pid_t start(const char *host, const char *part, int a, int b);

/* Kills it. */
void stop(pid_t child);

#endif
