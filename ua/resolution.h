/* SPDX-License-Identifier: MIT
 *
 * From the name of a proxy to its target list: RFC 3263 section 4.2 with the switches of a desk
 * phone (Use DNS SRV, DNS SRV Auto Prefix).
 *
 *   numeric host       that address, no query
 *   explicit port      address of the host (RFC 3263 section 4.2; the same in Cisco's books)
 *   Use DNS SRV        SRV, then the address of each target; without SRV records that of the host,
 *                      with the default port
 *   otherwise          address of the host; all addresses have the same priority (CISCO-SRV-5)
 *
 * Addresses are A records for a phone with an IPv4 address, AAAA records for one with IPv6.
 *
 * Auto Prefix puts `_sip._udp.` in front (CISCO-SRV-6); without it the proxy's name itself is the
 * owner of the SRV records. At most 12 SRV records count (CISCO-SRV-2): the first in the order of
 * RFC 2782, since the books don't say which. Several addresses of one target take its place in the
 * list (CISCO-SRV-8).
 */
#ifndef UA_RESOLUTION_H
#define UA_RESOLUTION_H

#include "ua/random.h"
#include "ua/resolver.h"
#include "ua/targets.h"

/* CISCO-SRV-2. */
#define SRV_RECORDS_MAX 12

struct resolution;

/* What came out. `list` NULL: no target could be found; then `name` is the name that failed,
 * `reason` says why, and `is_dns_failure` whether that was for want of an answer, or the DNS said
 * that there is nothing. Valid during the call. */
struct resolution_result {
  const struct target_list *list;
  const char *name;
  const char *reason;
  bool is_dns_failure;
};

/* The resolution is gone when its handler is called. */
typedef void resolution_handler(void *context, const struct resolution_result *result);

struct resolution_options {
  struct resolver *resolver;    /* borrowed; NULL: only numeric hosts can be resolved */
  struct phone_random *weights; /* borrowed */
  const char *host;
  uint16_t port; /* 0: none was given */
  bool use_srv, auto_prefix;
  int family; /* AF_INET: hosts are asked for their A records; AF_INET6: AAAA */
  resolution_handler *handler;
  void *context;
};

/* Returns 0, or -1 when out of memory. A numeric host is answered before it returns; anything else
 * later.
 * `*out` is NULL once the handler has been called. */
int resolution_start(struct resolution **out, const struct resolution_options *options);

/* The handler won't be called. NULL is allowed. */
void resolution_cancel(struct resolution *resolution);

/* Puts SRV records in the order of RFC 2782: ascending priority, and within one priority a draw in
 * which a record's chance is proportional to its weight. */
void srv_order(struct dns_record *records, size_t count, struct phone_random *weights);

#endif
