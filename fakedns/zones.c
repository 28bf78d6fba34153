/* SPDX-License-Identifier: MIT
 *
 * A server's zones, which are few, so they are walked.
 */
#include "fakedns/zones.h"

#include <stdlib.h>

void zones_clear(struct zones *zones) {
  for (size_t i = 0; i < zones->count; i++)
    zone_destroy(zones->zone[i]);
  free(zones->zone);
  *zones = (struct zones){0};
}

static size_t find(const struct zones *zones, const ldns_rdf *apex) {
  size_t at = 0;
  while (at < zones->count && ldns_dname_compare(zones->zone[at]->apex, apex) != 0)
    at++;
  return at;
}

int zones_put(struct zones *zones, struct zone *zone) {
  size_t at = find(zones, zone->apex);
  if (at < zones->count) {
    zone_destroy(zones->zone[at]);
    zones->zone[at] = zone;
    return 0;
  }
  struct zone **grown = realloc(zones->zone, (zones->count + 1) * sizeof(struct zone *));
  if (!grown)
    return -1;
  zones->zone = grown;
  zones->zone[zones->count++] = zone;
  return 0;
}

static int parse_one(struct zones *zones, const char *text, struct error *error) {
  struct zone *zone;
  if (zone_parse(&zone, text, error))
    return -1;
  if (find(zones, zone->apex) < zones->count)
    error_set(error, "there is a zone of this name before it");
  else if (zones_put(zones, zone))
    error_set(error, "out of memory");
  else
    return 0;
  zone_destroy(zone);
  return -1;
}

int zones_parse(struct zones *zones, const char *const *texts, size_t count, struct error *error) {
  struct zones parsed = {0};
  for (size_t i = 0; i < count; i++)
    if (parse_one(&parsed, texts[i], error)) {
      zones_clear(&parsed);
      return count == 1 ? error_prefix(error, "zone: ") : error_prefix(error, "zone %zu: ", i + 1);
    }
  *zones = parsed;
  return 0;
}

struct zone *zones_closest(const struct zones *zones, const ldns_rdf *name) {
  struct zone *closest = NULL;
  for (size_t i = 0; i < zones->count; i++) {
    struct zone *zone = zones->zone[i];
    if (zone_holds(zone, name) &&
        (!closest || ldns_dname_label_count(zone->apex) > ldns_dname_label_count(closest->apex)))
      closest = zone;
  }
  return closest;
}

/* The nodes in the order of their names, and the records of each. */
static const struct zone_node *first_node(const struct zone *zone) {
  const ldns_rbnode_t *first = ldns_rbtree_first(zone->nodes);
  return first == LDNS_RBTREE_NULL ? NULL : (const struct zone_node *)first;
}

static const struct zone_node *next_node(const struct zone_node *node) {
  ldns_rbnode_t *next = ldns_rbtree_next((ldns_rbnode_t *)&node->link);
  return next == LDNS_RBTREE_NULL ? NULL : (const struct zone_node *)next;
}

static int copy_node(struct zone *copy, const struct zone_node *node, zones_filter *filter,
                     void *context) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(node->records); i++) {
    ldns_rr *record = ldns_rr_clone(ldns_rr_list_rr(node->records, i));
    if (!record)
      return -1;
    bool wanted = !filter || filter(context, record);
    if (wanted && zone_add(copy, record) == 0)
      continue;
    ldns_rr_free(record);
    if (wanted)
      return -1;
  }
  return 0;
}

static struct zone *copy_zone(const struct zone *zone, zones_filter *filter, void *context) {
  struct zone *copy = zone_create(ldns_rdf_clone(zone->apex));
  if (!copy)
    return NULL;
  for (const struct zone_node *node = first_node(zone); node; node = next_node(node))
    if (copy_node(copy, node, filter, context)) {
      zone_destroy(copy);
      return NULL;
    }
  return copy;
}

int zones_copy(struct zones *copy, const struct zones *zones, zones_filter *filter, void *context) {
  struct zones made = {0};
  for (size_t i = 0; i < zones->count; i++) {
    struct zone *zone = copy_zone(zones->zone[i], filter, context);
    if (!zone || zones_put(&made, zone)) {
      zone_destroy(zone);
      zones_clear(&made);
      return -1;
    }
  }
  *copy = made;
  return 0;
}

static bool has(const struct zone *zone, const ldns_rr *record) {
  const struct zone_node *node = zone ? zone_node(zone, ldns_rr_owner(record)) : NULL;
  for (size_t i = 0; node && i < ldns_rr_list_rr_count(node->records); i++) {
    const ldns_rr *other = ldns_rr_list_rr(node->records, i);
    if (ldns_rr_compare(other, record) == 0)
      return ldns_rr_ttl(other) == ldns_rr_ttl(record);
  }
  return false;
}

int zones_difference(const struct zones *zones, const struct zones *others, ldns_rr_list *records) {
  for (size_t i = 0; i < zones->count; i++) {
    const struct zone *zone = zones->zone[i];
    size_t at = find(others, zone->apex);
    const struct zone *other = at < others->count ? others->zone[at] : NULL;
    for (const struct zone_node *node = first_node(zone); node; node = next_node(node))
      for (size_t k = 0; k < ldns_rr_list_rr_count(node->records); k++) {
        ldns_rr *record = ldns_rr_list_rr(node->records, k);
        if (!has(other, record) && !ldns_rr_list_push_rr(records, record))
          return -1;
      }
  }
  return 0;
}
