/* SPDX-License-Identifier: MIT
 *
 * Addresses: an IP address with a port and the SIP transport over which it is reached; their text
 * form. Plain data.
 */
#ifndef UA_ADDRESS_H
#define UA_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A phone has one address of each family at most. */
#define OWN_ADDRESSES_MAX 2

/* Longest domain name as text: 253 characters (RFC 1035 section 2.3.4), a dot at the end and a NUL.
 */
#define DNS_NAME_SIZE 256

/* `[` INET6_ADDRSTRLEN `]:65535`. */
#define TARGET_TEXT_SIZE 64

/* SIP's transports, in the order in which a phone that may choose asks for them when no NAPTR
 * record says which is preferred (srv.h). */
enum sip_transport { SIP_UDP, SIP_TCP, SIP_TLS };
#define SIP_TRANSPORT_COUNT 3

/* A set of transports is a sum of these. */
#define SIP_TRANSPORT_BIT(transport) (1u << (transport))
#define SIP_TRANSPORTS_ALL ((1u << SIP_TRANSPORT_COUNT) - 1)

/* "UDP", "TCP", "TLS". */
const char *sip_transport_name(enum sip_transport transport);

/* 5060, over TLS 5061 (RFC 3261 section 19.1.2). */
uint16_t sip_transport_port(enum sip_transport transport);

/* The first transport of a set that isn't empty. */
enum sip_transport sip_transport_first(unsigned transports);

/* Where something is reached. The same address and port over another transport is another server.
 * The addresses of DNS servers have the transport 0, which says nothing there. */
struct target_address {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  };
  enum sip_transport transport;
};

/* Reads `A.B.C.D[:PORT]` or `[V6][:PORT]` or `V6`. False when the text is none of these. */
bool target_address_parse(struct target_address *out, const char *text, uint16_t default_port);
void target_address_set_port(struct target_address *address, uint16_t port);
bool target_address_equal(const struct target_address *a, const struct target_address *b);

/* Writes `192.0.2.1:5060` or `[2001:db8::1]:5060` and returns `text`. */
const char *target_address_format(const struct target_address *address,
                                  char text[TARGET_TEXT_SIZE]);

/* The host alone, an IPv6 address in brackets; and the port. */
const char *target_address_host(const struct target_address *address, char text[TARGET_TEXT_SIZE]);
uint16_t target_address_port(const struct target_address *address);

#endif
