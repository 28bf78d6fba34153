/* SPDX-License-Identifier: MIT
 *
 * Who can be reached in the simulated network: a table of the addresses that are not simply up. It
 * is part of the network (network.h) and lies in the lab's segment; the worker, or whoever has the
 * turn, sets it. The preloaded library gives the programs of the lab what a kernel would give them
 * on a real network in that state (pending.h, silence.h).
 *
 * Entries are few, so the table is walked.
 */
#ifndef HARNESS_CLOCK_REACH_H
#define HARNESS_CLOCK_REACH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct network;

/* A lab can break every address that it has, and some ports of a few. */
#define REACH_ENTRIES_MAX 2560

enum reach_state {
  REACH_UP,
  REACH_SILENT,     /* what is sent to it, or by it, is lost */
  REACH_REFUSED,    /* nobody listens: a reset, or an ICMP error "port unreachable" */
  REACH_UNREACHABLE /* a router says "host unreachable" */
};

struct reach_entry {
  struct in6_addr address; /* simulated; IPv4 in its mapped form */
  uint16_t port;           /* 0: all its ports */
  uint16_t protocol;       /* 0: all; IPPROTO_TCP, IPPROTO_UDP */
  uint16_t state;          /* enum reach_state */
  uint16_t witnessed;      /* datagrams that are lost or returned arrive all the same */
};

struct reach {
  uint32_t version; /* counted up with each change */
  uint32_t settled; /* the version that every process of the lab has applied to its sockets */
  uint32_t entries;
  struct reach_entry entry[REACH_ENTRIES_MAX];
};

/* Sets the state of an address of a host; port 0 means all its ports, protocol 0 all protocols. An
 * entry with a port is stronger than one with a protocol only, which is stronger than one without
 * either. REACH_UP takes the entry away. By the holder of the turn; what it does next, and all that
 * others do, meets the new state. Returns 0, or -1 when the table is full or it is no address that
 * can be in a state (localhost, another family). */
int reach_set(struct network *network, const struct sockaddr *address, int protocol,
              enum reach_state state);

/* The same for an address of a fake server, which sees the datagrams that don't reach it, tells of
 * them and does nothing with them: so they are on the timeline. */
int reach_set_witnessed(struct network *network, const struct sockaddr *address, int protocol,
                        enum reach_state state);

/* Whether somebody sees what doesn't reach this address and port. */
bool reach_is_witnessed(const struct network *network, const struct sockaddr *address,
                        int protocol);

/* The state of an address and port for a protocol. */
enum reach_state reach_of(const struct network *network, const struct sockaddr *address,
                          int protocol);

/* What becomes of what `local` sends to `peer`: as bad as the worse of both ends; between a
 * loopback address and another there is no network (it is the lab, which drives its phones).
 * `local` may be NULL. */
enum reach_state reach_between(const struct network *network, const struct sockaddr *local,
                               const struct sockaddr *peer, int protocol);

#endif
