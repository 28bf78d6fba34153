/* SPDX-License-Identifier: MIT
 *
 * NAPTR records: which services of SIP a domain offers, over which transports, in which order (RFC
 * 3263 section 4.1, RFC 3403).
 */
#ifndef UA_NAPTR_H
#define UA_NAPTR_H

#include "ua/dns_answer.h"

/* How many records of an answer count (CISCO-SRV-2: "up to six NAPTR records"). The books don't say
 * which are dropped when there are more: here the last ones in the order of RFC 3403. */
#define NAPTR_RECORDS_MAX 6

/* Where the servers of one service are to be looked for. */
struct service {
  char name[DNS_NAME_SIZE]; /* owner of its SRV records; of its addresses, if `is_host` */
  enum sip_transport transport;
  bool is_host; /* flag "a" instead of "s" (RFC 3404 section 4.3): there are no SRV records */
};

/* Writes the services that the records name, in the order in which they are to be used: order, then
 * preference. Left out is what isn't of the set `transports`, and what isn't for SIP: other
 * services, rewriting by regexp, a replacement that is missing.
 *
 * `keeps_to_one_order`: only the records that share the order of the first one. RFC 3403
 * section 4.1 forbids to go on to a higher order after a match; Cisco's phones walk all of them for
 * failover (CISCO-SRV-3). Returns how many there are. */
size_t naptr_select(struct service out[NAPTR_RECORDS_MAX], const struct dns_record *records,
                    size_t count, unsigned transports, bool keeps_to_one_order);

#endif
