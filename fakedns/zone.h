/* SPDX-License-Identifier: MIT
 *
 * A zone: its records by name. zone.c holds and finds them, zone_build.c makes a zone of a master
 * file, which zone_parse.c reads. Records stay in the order of the text within a name, and names
 * are ordered as in RFC 4034 section 6.1, so that nothing depends on pointers or hashes.
 */
#ifndef FAKEDNS_ZONE_H
#define FAKEDNS_ZONE_H

#include <ldns/ldns.h>
#include <stdbool.h>

#include "common/error.h"

struct zone {
  ldns_rdf *apex;       /* the zone's name */
  const ldns_rr *soa;   /* borrowed from its node; NULL: the zone has none */
  ldns_rbtree_t *nodes; /* struct zone_node by name */
};

/* A name that exists: it has records, or it lies above one that has (an empty non-terminal, RFC
 * 8020). */
struct zone_node {
  ldns_rbnode_t link; /* its key is the name, owned */
  ldns_rr_list *records;
};

/* Reads the zone. Returns 0, or -1 with the text filled in ("line 3: …"); `*out` is untouched then.
 */
int zone_parse(struct zone **out, const char *text, struct error *error);

/* An empty zone, or NULL when out of memory; takes `apex`, also then. */
struct zone *zone_create(ldns_rdf *apex);
void zone_destroy(struct zone *zone);

/* Adds a record whose owner lies in the zone; takes it. A record that is there already is freed
 * (RFC 2181 section 5). Returns 0, or -1 when out of memory: `record` is the caller's then. */
int zone_add(struct zone *zone, ldns_rr *record);

/* Adds a copy of a record that stands at this line of a text, if it may stand beside what is there.
 * Returns 0, or -1 with the text filled in ("line 3: …"). */
int zone_insert(struct zone *zone, const ldns_rr *record, size_t line, struct error *error);

/* Moves the first record of this one's set to the set's end. */
void zone_rotate(struct zone *zone, const ldns_rr *record);

/* Whether the name is the apex or lies below it. */
bool zone_holds(const struct zone *zone, const ldns_rdf *name);

/* The node of exactly this name, or NULL. */
const struct zone_node *zone_node(const struct zone *zone, const ldns_rdf *name);

/* What answers for a name in the zone: its own node, or the wildcard at its closest encloser (RFC
 * 4592 section 3.3.1), or NULL when the name doesn't exist. */
const struct zone_node *zone_find(const struct zone *zone, const ldns_rdf *name);

#endif
