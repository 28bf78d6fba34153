/* SPDX-License-Identifier: MIT
 *
 * What the zones answer to a query.
 */
#ifndef FAKEDNS_RESPOND_H
#define FAKEDNS_RESPOND_H

#include <stdbool.h>

#include "common/random.h"
#include "fakedns/fakedns.h"
#include "fakedns/message.h"
#include "fakedns/zones.h"

struct responder {
  struct zones zones; /* owned by the server */
  enum fakedns_order order;
  bool without_additional;
  struct random_stream *random; /* borrowed */
};

/* Answers a parsed query from the zones. `*bytes` is malloc'd. Returns 0, or -1 when out of memory.
 */
int fakedns_respond_from_zones(struct responder *responder, const struct query *query,
                               uint8_t **bytes, size_t *size);

/* Answers with a bare rcode (0 to 4095; above 15 a client without EDNS sees the lower four bits).
 */
int fakedns_respond_with_rcode(const struct query *query, int rcode, uint8_t **bytes, size_t *size);

#endif
