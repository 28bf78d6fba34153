/* SPDX-License-Identifier: MIT
 *
 * SRV records: how many count, and the names under which those of SIP stand (RFC 3263 section 4.1).
 * Their order is that of servers (servers.h).
 */
#ifndef UA_SRV_H
#define UA_SRV_H

#include "ua/address.h"

/* How many records of an answer count (CISCO-SRV-2: "up to … twelve SRV records are supported in a
 * query"). The books don't say which are dropped when there are more: here the last ones in the
 * order of RFC 2782. */
#define SRV_RECORDS_MAX 12

/* "_sip._udp.", "_sip._tcp." or "_sips._tcp." (CISCO-SRV-6). */
const char *srv_prefix(enum sip_transport transport);

/* The transport whose prefix `name` has; false when it has none of them. */
bool srv_transport_of_name(const char *name, enum sip_transport *transport);

#endif
