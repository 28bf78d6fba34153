/* SPDX-License-Identifier: MIT
 *
 * The target list of a line: the servers of its proxy, in the order in which they are to be tried,
 * each UP or DOWN with its down-time (CISCO-FO-5). The state is one of an address, not of a name
 * (CISCO-SRV-8).
 */
#ifndef UA_TARGETS_H
#define UA_TARGETS_H

#include "ua/address.h"

/* 6 NAPTR records with 12 SRV records each (CISCO-SRV-2), each with an IPv4 and an IPv6 address.
 * What comes after is left out. */
#define TARGETS_MAX 144

struct target {
  struct target_address address;
  uint16_t priority, weight; /* of its SRV record */
  unsigned rank;             /* 0: the best. Equal within one service and priority (servers.h) */
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
  struct target_address tried[TARGETS_MAX];
  size_t count;
};

void target_history_add(struct target_history *history, const struct target_address *address);
bool target_history_has(const struct target_history *history, const struct target_address *address);

/* Adds a target at the end; false when the list is full or has this address already. */
bool target_list_add(struct target_list *list, const struct target *target);

struct target *target_list_find(struct target_list *list, const struct target_address *address);

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
