/* SPDX-License-Identifier: MIT
 *
 * The simulated network's table: hosts, their addresses, and the loopback addresses that stand for
 * them. It lies in the lab's segment; the worker fills it in, the preloaded library translates by
 * it, both ways, so that a process of a lab sees and uses simulated addresses only.
 *
 * Every simulated address (IPv4 or IPv6) is realised as one IPv4 loopback address of the lab's
 * block, 127.BLOCK.x.y, whose last two octets are its number; IPv6 sockets use its IPv4-mapped
 * form, which Linux takes for bind and connect. Every host has localhosts of its own as well, so
 * that 127.0.0.1 on one host is not 127.0.0.1 on another.
 * Ports are moved around those from 1024 on: lower ones need privileges on loopback, and each lab
 * has its ports elsewhere, because the kernel keeps those of closed TCP connections for a minute
 * (TIME-WAIT), beyond the lab's end. There is no room for those above 64511: nobody can have one.
 *
 * Everything here is written by the holder of the turn.
 */
#ifndef HARNESS_CLOCK_NETWORK_H
#define HARNESS_CLOCK_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "harness/clock/any_bound.h"
#include "harness/clock/reach.h"

/* A lab of 200 phones and their servers, with a few addresses each; two of them are localhosts. The
 * number of an address is the last two octets of its loopback address, counted from 1. */
#define NETWORK_HOSTS_MAX 512
#define NETWORK_ADDRESSES_MAX 4095
#define NETWORK_NAME_SIZE 64

/* Ports below this one come after 64511, by NETWORK_PORT_SHIFT higher, before all are moved. */
#define NETWORK_PRIVILEGED_PORTS 1024
#define NETWORK_PORT_SHIFT (65536 - NETWORK_PRIVILEGED_PORTS)

/* The highest port that a host has. */
#define NETWORK_PORT_LAST (NETWORK_PORT_SHIFT - 1)

/* Ephemeral ports that hosts give to sockets that ask for none: RFC 6335 section 6, less what is
 * used for the privileged ones. */
#define NETWORK_EPHEMERAL_FIRST 49152
#define NETWORK_EPHEMERAL_LAST NETWORK_PORT_LAST

/* What a resolv.conf can have (resolv.conf(5), MAXNS). */
#define NETWORK_NAMESERVERS_MAX 3

/* The host of the worker's own sockets, which no scenario names. */
#define NETWORK_LAB_HOST 0

/* The interfaces that a host has, by their index: lo, and eth0 with its addresses. */
#define NETWORK_LOOPBACK_INTERFACE 1
#define NETWORK_ETHERNET_INTERFACE 2

struct network_host {
  char name[NETWORK_NAME_SIZE];
  uint16_t next_ephemeral;
  uint16_t localhost[2];  /* numbers of addresses: 127.0.0.1 and ::1 */
  uint16_t first[2];      /* its first IPv4 and its first IPv6 address; 0: it has none */
  int64_t date_offset_ns; /* how far its date is ahead of the lab's */
};

struct network_address {
  struct in6_addr simulated; /* IPv4 in its mapped form */
  uint32_t loopback;         /* network byte order */
  uint16_t host;
  bool is_localhost; /* 127.0.0.1 and ::1 of this host */
};

/* A datagram by which the library tells the lab that a process tried to reach an address that no
 * host has, or sent a SYN to one that isn't up. */
struct network_report {
  uint32_t host;    /* the process's */
  uint32_t type;    /* SOCK_STREAM or SOCK_DGRAM */
  uint32_t state;   /* enum reach_state of the address; REACH_UP: no host has it */
  uint32_t attempt; /* of the connect: 0 is its first SYN */
  struct sockaddr_storage target;
};

struct network {
  uint32_t block;       /* 127.BLOCK.x.y; 0: addresses are not simulated in this lab */
  uint32_t report_port; /* of the lab's localhost, where struct network_report goes; 0: nobody wants
                           it */
  uint32_t port_shift; /* how much higher a port is on loopback, around the end of the range; chosen
                          by who makes the segment */
  uint32_t hosts, addresses, nameservers;
  struct in6_addr
      nameserver[NETWORK_NAMESERVERS_MAX]; /* simulated, at port 53; IPv4 in its mapped form */
  struct network_host host[NETWORK_HOSTS_MAX];
  struct network_address address[NETWORK_ADDRESSES_MAX];
  struct reach reach;
  struct any_bound any; /* last, because it is large and nearly empty */
};

/* An address in the one form that the tables have; false for another family. */
bool network_normal_form(const struct sockaddr *address, struct in6_addr *out);

/* Whether an address in that form is a loopback address as programs know it. */
bool network_is_loopback(const struct in6_addr *address);

/* A shift for a lab that starts at this real time: those of the last minute, after which the kernel
 * has forgotten their connections (TCP_TIMEWAIT_LEN, 60 s), have others. */
uint32_t network_port_shift(int64_t real_ns);

/* Starts an empty network, with the lab's own host; the shift stays. */
void network_init(struct network *network, unsigned block);

/* Adds a host; returns its index, or -1 when there is one of this name or no room. */
int network_add_host(struct network *network, const char *name);

/* The host of this name, or -1. */
int network_find_host(const struct network *network, const char *name);

/* Gives a host one more address (the port doesn't count). Returns 0, or -1 when somebody has it,
 * there is no room, or it is none that a host can have (unspecified, loopback, multicast). */
int network_add_address(struct network *network, int host, const struct sockaddr *address);

/* Makes an address one of the DNS servers that every host's resolver uses; more than
 * NETWORK_NAMESERVERS_MAX are left out, as resolvers do. */
void network_add_nameserver(struct network *network, const struct sockaddr *address);

/* How a simulated address is realised. */
enum network_realisation {
  NETWORK_REALISED, /* `*out` and `*length` are set */
  NETWORK_NOT_INET, /* another family: nothing to translate */
  NETWORK_NO_HOST,  /* nobody has this address, or can have this port */
  NETWORK_NO_ROUTE  /* somebody has, but the asking host has none of its family to send from */
};

/* Translates an address that a process of `host` wants to send or connect to. Its own loopback
 * addresses and the unspecified address mean itself, as on Linux. */
enum network_realisation network_realise(const struct network *network, int host,
                                         const struct sockaddr *address,
                                         struct sockaddr_storage *out, socklen_t *length);

/* Translates an address that a process of `host` wants to bind to, other than the unspecified one
 * (any_bound.h). The lab's own host may bind to every address. Port 0 stays 0. */
enum network_realisation network_realise_local(const struct network *network, int host,
                                               const struct sockaddr *address,
                                               struct sockaddr_storage *out, socklen_t *length);

/* The realised form of an address of the table, for a socket of this family; the port is simulated,
 * in network byte order. */
void network_place(const struct network *network, const struct network_address *entry,
                   sa_family_t family, in_port_t port, struct sockaddr_storage *out,
                   socklen_t *length);

/* The address that a process of `host` means when it sends to this one, which may be its localhost.
 * NULL: nobody has it. */
const struct network_address *network_find(const struct network *network, int host,
                                           const struct sockaddr *address);

/* The address that a realised one stands for; NULL when it is none of the lab. */
const struct network_address *network_of_loopback(const struct network *network,
                                                  const struct sockaddr *realised);

/* The address with this number; NULL for 0. */
const struct network_address *network_numbered(const struct network *network, uint16_t number);
uint16_t network_number(const struct network *network, const struct network_address *entry);

bool network_is_v4(const struct network_address *entry);

/* Writes 0.0.0.0 or :: over an address; the port stays. */
void network_write_unspecified(struct sockaddr *address);

/* The pair that a realised address stands for; zeros: none. */
struct any_pair network_pair(const struct network *network, const struct sockaddr *realised);

/* Whether a simulated address is 0.0.0.0 or ::, also in the mapped form. */
bool network_is_unspecified(const struct sockaddr *address);

/* Writes an address of the table over a realised one, and simulates the port. An IPv6 socket sees
 * an IPv4 address in its mapped form. */
void network_write(const struct network *network, const struct network_address *entry,
                   struct sockaddr *address);

/* The address that a process of `host` sends from to this one when it has not chosen: that one
 * itself if it is its own, or else its first of the same family (RFC 6724 section 5, rules 1 and 2
 * as far as the addresses of one interface differ). NULL: it has none. The lab's own host has its
 * localhost. */
const struct network_address *network_source(const struct network *network, int host,
                                             const struct network_address *destination);

/* Translates back, in place, what the kernel said: the family stays. False when it is no address of
 * the lab; then nothing is changed. */
bool network_simulate(const struct network *network, struct sockaddr *address);

/* Lets a realised address, in place, be that of its host in this state. The ones for "refused" and
 * "unreachable" mean the same simulated address, but nobody ever listens there: what is sent to
 * them is refused by the kernel. They are two, so that an ICMP error tells which of the two it
 * stands for. network_simulate() knows both. */
void network_point(struct sockaddr *realised, enum reach_state state);

/* Whether it is the one for "unreachable". */
bool network_is_unreachable(const struct sockaddr *realised);

/* The host that has a realised address (of any family and port), or -1. */
int network_host_at(const struct network *network, const struct sockaddr *realised);

/* The host's next ephemeral port, simulated; the caller tries until one is free. */
uint16_t network_next_port(struct network *network, int host);

/* The n-th address (0, 1, …) of a host, localhost left out; NULL when it has no more. */
const struct network_address *network_host_address(const struct network *network, int host,
                                                   unsigned n);

#endif
