/* SPDX-License-Identifier: MIT
 *
 * The records of a zone, in a tree ordered by name. The tree owns the nodes, a node its name and
 * records. Each name between a record and the apex has a node too, so that "does this name exist"
 * is one search.
 */
#include "fakedns/zone.h"

#include <stdlib.h>

struct zone *zone_create(ldns_rdf *apex) {
  struct zone *zone = apex ? calloc(1, sizeof *zone) : NULL;
  ldns_rbtree_t *nodes = ldns_rbtree_create(ldns_dname_compare_v);
  if (!zone || !nodes) {
    ldns_rdf_deep_free(apex);
    free(zone);
    if (nodes)
      ldns_rbtree_free(nodes);
    return NULL;
  }
  zone->apex = apex;
  zone->nodes = nodes;
  return zone;
}

static void node_free(ldns_rbnode_t *link, void *unused) {
  (void)unused;
  struct zone_node *node = (struct zone_node *)link;
  ldns_rdf_deep_free((ldns_rdf *)link->key);
  ldns_rr_list_deep_free(node->records);
  free(node);
}

void zone_destroy(struct zone *zone) {
  if (!zone)
    return;
  ldns_traverse_postorder(zone->nodes, node_free, NULL);
  ldns_rbtree_free(zone->nodes);
  ldns_rdf_deep_free(zone->apex);
  free(zone);
}

bool zone_holds(const struct zone *zone, const ldns_rdf *name) {
  return ldns_dname_compare(name, zone->apex) == 0 || ldns_dname_is_subdomain(name, zone->apex);
}

const struct zone_node *zone_node(const struct zone *zone, const ldns_rdf *name) {
  return (const struct zone_node *)ldns_rbtree_search(zone->nodes, name);
}

/* Finds or makes the node of a name. */
static struct zone_node *node_make(struct zone *zone, const ldns_rdf *name) {
  struct zone_node *node = (struct zone_node *)ldns_rbtree_search(zone->nodes, name);
  if (node)
    return node;
  ldns_rdf *key = ldns_rdf_clone(name);
  ldns_rr_list *records = ldns_rr_list_new();
  node = calloc(1, sizeof *node);
  if (!key || !records || !node) {
    ldns_rdf_deep_free(key);
    ldns_rr_list_free(records);
    free(node);
    return NULL;
  }
  node->link.key = key;
  node->records = records;
  ldns_rbtree_insert(zone->nodes, &node->link);
  return node;
}

/* Makes the nodes from the name's parent up to the apex. */
static int make_parents(struct zone *zone, const ldns_rdf *name) {
  int labels = ldns_dname_label_count(name) - ldns_dname_label_count(zone->apex);
  for (int i = 1; i <= labels; i++) {
    ldns_rdf *parent = ldns_dname_clone_from(name, (uint16_t)i);
    /* ldns gives NULL for the root. */
    if (!parent)
      parent = ldns_dname_new_frm_str(".");
    struct zone_node *node = parent ? node_make(zone, parent) : NULL;
    ldns_rdf_deep_free(parent);
    if (!node)
      return -1;
  }
  return 0;
}

int zone_add(struct zone *zone, ldns_rr *record) {
  struct zone_node *node = node_make(zone, ldns_rr_owner(record));
  if (!node || make_parents(zone, ldns_rr_owner(record)))
    return -1;
  for (size_t i = 0; i < ldns_rr_list_rr_count(node->records); i++)
    if (ldns_rr_compare(ldns_rr_list_rr(node->records, i), record) == 0) {
      ldns_rr_free(record);
      return 0;
    }
  if (!ldns_rr_list_push_rr(node->records, record))
    return -1;
  if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA)
    zone->soa = record;
  return 0;
}

void zone_rotate(struct zone *zone, const ldns_rr *record) {
  const struct zone_node *node = zone_node(zone, ldns_rr_owner(record));
  size_t count = node ? ldns_rr_list_rr_count(node->records) : 0;
  size_t last = count; /* the place of the set's record before this one; `count`: there is none */
  for (size_t i = 0; i < count; i++) {
    ldns_rr *here = ldns_rr_list_rr(node->records, i);
    if (ldns_rr_get_type(here) != ldns_rr_get_type(record))
      continue;
    if (last < count) {
      ldns_rr_list_set_rr(node->records, ldns_rr_list_rr(node->records, last), i);
      ldns_rr_list_set_rr(node->records, here, last);
    }
    last = i;
  }
}

/* "*.ENCLOSER", or NULL when out of memory or too long to be a name. */
static ldns_rdf *wildcard_below(const ldns_rdf *encloser) {
  ldns_rdf *star = ldns_dname_new_frm_str("*");
  ldns_rdf *wildcard = star ? ldns_dname_cat_clone(star, encloser) : NULL;
  ldns_rdf_deep_free(star);
  return wildcard;
}

const struct zone_node *zone_find(const struct zone *zone, const ldns_rdf *name) {
  const struct zone_node *node = zone_node(zone, name);
  int labels = ldns_dname_label_count(name) - ldns_dname_label_count(zone->apex);
  /* The apex may have no node in an empty zone; otherwise the first name found upwards is the
   * closest encloser, and only a wildcard directly below it counts. */
  for (int i = 1; !node && i <= labels; i++) {
    ldns_rdf *encloser = ldns_dname_clone_from(name, (uint16_t)i);
    if (!encloser)
      encloser = ldns_dname_new_frm_str(".");
    bool exists = encloser && zone_node(zone, encloser);
    ldns_rdf *wildcard = exists ? wildcard_below(encloser) : NULL;
    if (wildcard)
      node = zone_node(zone, wildcard);
    ldns_rdf_deep_free(wildcard);
    ldns_rdf_deep_free(encloser);
    if (exists)
      break;
  }
  return node;
}
