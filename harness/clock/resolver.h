/* SPDX-License-Identifier: MIT
 *
 * A DNS resolver for the processes of a lab with a simulated network, in the place of the C
 * library's, whose socket calls lie inside it and can't be interposed. It asks the lab's name
 * servers, and waits and repeats as glibc 2.36 does (resolv/res_send.c and res_query.c there).
 * Messages are made and taken apart by the C library's own functions, which do no I/O.
 *
 * Its sockets are those of the interposed calls: simulated addresses, virtual time.
 */
#ifndef HARNESS_CLOCK_RESOLVER_H
#define HARNESS_CLOCK_RESOLVER_H

#include <resolv.h>

/* The longest DNS message: its length has two bytes over TCP (RFC 1035 section 4.2.2). */
#define RESOLVER_MESSAGE_MAX 65535

/* A header, a name and a question (RFC 1035 section 4.1), and an OPT record. */
#define RESOLVER_QUERY_MAX (NS_HFIXEDSZ + NS_MAXCDNAME + NS_QFIXEDSZ + NS_RRFIXEDSZ + 1)

/* Two at most: one for IPv4 addresses and one for IPv6, which glibc sends together. */
#define RESOLVER_QUERIES_MAX 2

struct resolver_query {
  const unsigned char *bytes; /* borrowed */
  int length;
};

struct resolver_answer {
  unsigned char *bytes; /* borrowed; a longer message is cut */
  int capacity;
  int length; /* 0: none came */
};

/* This thread's state (_res), filled in when the program hasn't. NULL when out of memory. */
struct __res_state *resolver_own_state(void);

/* Fills a state in as from the lab's resolv.conf: name servers, 5 s, 2 attempts, no search list.
 * Returns 0, or -1 when out of memory. */
int resolver_init(struct __res_state *state);

/* Sends the queries to the state's name servers until there are answers. answers[i] is
 * queries[i]'s; with two queries one of them may have none. Returns 0, or -1 with errno ETIMEDOUT,
 * ECONNREFUSED (no server was there at all), ESRCH (the state has none), ENOMEM or that of a TCP
 * connection. */
int resolver_send(struct __res_state *state, const struct resolver_query *queries,
                  struct resolver_answer *answers, int count);

/* Asks one question. Returns the answer's length when it has records, else -1 with h_errno (and the
 * state's) set. */
int resolver_query(struct __res_state *state, const char *name, int class, int type,
                   unsigned char *answer, int capacity);

/* Asks for IPv4 and for IPv6 addresses at once. Returns 0 when either answer has records, else -1
 * with h_errno set. */
int resolver_query_addresses(struct __res_state *state, const char *name,
                             struct resolver_answer answers[RESOLVER_QUERIES_MAX]);

/* Sets both, as the C library does. Returns -1. */
int resolver_fail(struct __res_state *state, int host_error);

#endif
