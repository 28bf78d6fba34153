/* SPDX-License-Identifier: MIT
 *
 * The part of the participant that looks names up, and its DNS servers.
 */
#ifndef TESTS_CLOCK_PARTICIPANT_NAMES_H
#define TESTS_CLOCK_PARTICIPANT_NAMES_H

#include <sys/types.h>

/* Usage: participant names SERVER… COMMAND…
 * A server is HOST=BEHAVIOUR, a command WHAT:ARGUMENT,… (participant_names.c). */
int part_names(char **arguments);

/* Starts a DNS server as a process of its own on the first address of `host` (participant_dns.c
 * has its zone). Behaviours: "answers", "is-silent", "fails" (SERVFAIL), "is-late" (by 7 s). It
 * says each query that it gets. The parent ends it. */
pid_t dns_server_start(const char *host, const char *behaviour);

#endif
