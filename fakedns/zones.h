/* SPDX-License-Identifier: MIT
 *
 * The zones of one server: which of them answers for a name, and how a changed set of zones is made
 * from one. A set is never changed in place: a change makes another set, which takes the old one's
 * place only when all of it could be done.
 */
#ifndef FAKEDNS_ZONES_H
#define FAKEDNS_ZONES_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "fakedns/zone.h"

struct zones {
  struct zone **zone; /* owned, in the order in which they were given */
  size_t count;
};

/* Reads the zones. Returns 0, or -1 with the text filled in ("zone: line 3: …"); `*zones` is
 * untouched then. */
int zones_parse(struct zones *zones, const char *const *texts, size_t count, struct error *error);
void zones_clear(struct zones *zones);

/* The zone with the longest name that holds this one, or NULL. */
struct zone *zones_closest(const struct zones *zones, const ldns_rdf *name);

/* Takes the zone: in the place of one that has its name, or as a further one. Returns 0, or -1 when
 * out of memory: `zone` is the caller's then. */
int zones_put(struct zones *zones, struct zone *zone);

/* Whether a copy is to have this record, which is the copy's own and may be changed. */
typedef bool zones_filter(void *context, ldns_rr *record);

/* Copies all zones, without the records that the filter doesn't want (NULL: it wants all). Returns
 * 0, or -1 when out of memory; `*copy` is untouched then. */
int zones_copy(struct zones *copy, const struct zones *zones, zones_filter *filter, void *context);

/* Adds to `records` (borrowed from `zones`) the records that `others` has not, or with another TTL,
 * in the order of zones and names. Returns 0, or -1 when out of memory. */
int zones_difference(const struct zones *zones, const struct zones *others, ldns_rr_list *records);

#endif
