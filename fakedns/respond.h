/* SPDX-License-Identifier: MIT
 *
 * What the zone answers to a query.
 */
#ifndef FAKEDNS_RESPOND_H
#define FAKEDNS_RESPOND_H

#include "fakedns/message.h"
#include "fakedns/zone.h"

/* Answers a parsed query from the zone. `*bytes` is malloc'd. Returns 0, or -1 when out of memory.
 */
int fakedns_respond_from_zone(const struct zone *zone, const struct query *query, uint8_t **bytes,
                              size_t *size);

/* Answers with a bare rcode (0 to 4095; above 15 a client without EDNS sees the lower four bits).
 */
int fakedns_respond_with_rcode(const struct query *query, int rcode, uint8_t **bytes, size_t *size);

#endif
