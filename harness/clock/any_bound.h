/* SPDX-License-Identifier: MIT
 *
 * Sockets that are bound to any address of their host, in the simulated network's table
 * (network.h). On a real host such a socket hears all of the host's addresses; here every address
 * is a loopback address of its own, and the socket can be bound to one of them only, its place: the
 * host's first address that it hears. So what is sent to another address of the host goes to the
 * place instead, if nobody is bound to the address itself, and three small tables keep what the
 * program must not notice:
 *
 *   - which ports of which hosts have a socket that is bound to any address. A mark may be out of
 *     date, since sockets die without saying so: who meets one asks the kernel (any_sockets.h);
 *   - pairs: a datagram to another address than the place has a source of its own, a loopback
 *     address that stands for its sender's address and the one that it was sent to;
 *   - associations: what the two ends of a connection (or of a connected UDP socket) are called,
 *     where that isn't what their loopback addresses are.
 */
#ifndef HARNESS_CLOCK_ANY_BOUND_H
#define HARNESS_CLOCK_ANY_BOUND_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Numbers above those of NETWORK_ADDRESSES_MAX, and below the void bits (network.c). */
#define ANY_PAIR_FIRST 0x1000
#define ANY_PAIRS_MAX 0x3000

/* The oldest is forgotten then: it is of a connection that ended long since, in any lab that has
 * fewer than so many to secondary addresses at once. */
#define ANY_ASSOCIATIONS_MAX 1024

/* NETWORK_HOSTS_MAX, which is asserted. */
#define ANY_HOSTS_MAX 512
#define ANY_PORTS 65536

/* What a socket that is bound to any address hears. */
enum any_kind {
  ANY_V4,   /* 0.0.0.0 */
  ANY_V6,   /* :: with IPV6_V6ONLY */
  ANY_DUAL, /* :: without */
  ANY_KINDS
};

/* Numbers of addresses (network.h). */
struct any_pair {
  uint16_t from, to;
};

/* One end of a connection as the kernel has it. */
struct any_end {
  uint32_t loopback; /* network byte order */
  in_port_t port;    /* realised, network byte order */
  uint16_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
};

/* A connection that one end has opened: what it calls itself, and whom it dialled. */
struct any_association {
  struct any_end own, peer;
  struct any_pair pair;
};

struct network;
struct network_address;

struct any_bound {
  uint32_t associations;     /* so many entries are in use */
  uint32_t next_association; /* the one that is overwritten next */
  struct any_association association[ANY_ASSOCIATIONS_MAX];
  struct any_pair pair[ANY_PAIRS_MAX]; /* a hash table; from 0: free */
  /* A bit for each kind and protocol. Mostly pages that nobody ever touches. */
  uint8_t port[ANY_HOSTS_MAX][ANY_PORTS];
};

/* Whether sockets of a kind hear an address. */
bool any_kind_hears(enum any_kind kind, const struct network_address *address);

/* The place of the sockets of a kind on a host. */
const struct network_address *any_place(const struct network *network, int host,
                                        enum any_kind kind);

/* Whether a port (simulated, host byte order) of a host is marked: it has or had a socket of this
 * kind. */
bool any_is_marked(const struct network *network, int host, int protocol, uint16_t port,
                   enum any_kind kind);
bool any_has_marks(const struct network *network, int host, int protocol, uint16_t port);
void any_mark(struct network *network, int host, int protocol, uint16_t port, enum any_kind kind,
              bool marked);

/* The loopback address (network byte order) that stands for a pair; that of `from` alone when there
 * is no room. */
uint32_t any_pair_loopback(struct network *network, struct any_pair pair);

/* The pair that a loopback address's last two octets stand for; zeros when none. */
struct any_pair any_pair_of_number(const struct any_bound *any, uint32_t number);

/* Notes what the ends are called. Replaces what was noted of the same ends; a pair of zeros only
 * takes that away. */
void any_associate(struct network *network, const struct any_end *own, const struct any_end *peer,
                   struct any_pair pair);

/* What was noted of a connection that `own` opened to `peer`; NULL: nothing. */
const struct any_pair *any_association(const struct network *network, const struct any_end *own,
                                       const struct any_end *peer);

/* An end begins anew: nothing that it opened before counts any more. */
void any_forget(struct network *network, const struct any_end *own);

#endif
