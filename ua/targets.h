/* SPDX-License-Identifier: MIT
 *
 * The target list of a line: the servers of its proxy, in the order in which they are to be tried,
 * each UP or DOWN with its down-time (CISCO-FO-5). The state is one of an address, not of a name
 * (CISCO-SRV-8).
 */
#ifndef UA_TARGETS_H
#define UA_TARGETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* 12 SRV records (CISCO-SRV-2) with up to five addresses each. What comes after is left out. */
#define TARGETS_MAX 60

/* Longest domain name as text: 253 characters (RFC 1035 section 2.3.4), a dot at the end and a NUL.
 */
#define DNS_NAME_SIZE 256

/* `[` INET6_ADDRSTRLEN `]:65535`. */
#define TARGET_TEXT_SIZE 64

union target_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* Reads `A.B.C.D[:PORT]` or `[V6][:PORT]` or `V6`. False when the text is none of these. */
bool target_address_parse(union target_address *out, const char *text, uint16_t default_port);
void target_address_set_port(union target_address *address, uint16_t port);
bool target_address_equal(const union target_address *a, const union target_address *b);

/* Writes `192.0.2.1:5060` or `[2001:db8::1]:5060` and returns `text`. */
const char *target_address_format(const union target_address *address, char text[TARGET_TEXT_SIZE]);

/* The host alone, an IPv6 address in brackets; and the port. */
const char *target_address_host(const union target_address *address, char text[TARGET_TEXT_SIZE]);
uint16_t target_address_port(const union target_address *address);

struct target {
  union target_address address;
  uint16_t priority, weight;
  char name[DNS_NAME_SIZE];
  bool down;
  int64_t down_since_ms;  /* while down */
  int64_t avoid_until_ms; /* Retry-After of a 503 (RFC 3261 section 21.5.4); 0: none */
};

struct target_list {
  struct target items[TARGETS_MAX];
  size_t count;
  int64_t expires_at_ms; /* when the DNS answers run out; INT64_MAX: never */
};

/* Which servers one request has been sent to already. */
struct target_history {
  union target_address tried[TARGETS_MAX];
  size_t count;
};

void target_history_add(struct target_history *history, const union target_address *address);
bool target_history_has(const struct target_history *history, const union target_address *address);

/* Adds a target at the end; false when the list is full or has this address already. */
bool target_list_add(struct target_list *list, const struct target *target);

struct target *target_list_find(struct target_list *list, const union target_address *address);

/* The first that is UP, is not to be avoided at `now_ms`, and that `history` (NULL: none) doesn't
 * have. */
struct target *target_list_first_up(struct target_list *list, const struct target_history *history,
                                    int64_t now_ms);

void target_list_mark_all_up(struct target_list *list);

/* Replaces `list` by the freshly resolved `fresh`: addresses that stay keep their state. If nothing
 * but the expiry has changed, the old order stays too, so that a new draw of the weights doesn't
 * move a phone. */
void target_list_renew(struct target_list *list, const struct target_list *fresh);

#endif
