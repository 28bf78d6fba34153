/* SPDX-License-Identifier: MIT
 *
 * Changes of a server's zones. Each is a copy of all zones: a filter leaves out or alters what is
 * to go, then the records that are to come are put in. So a change that fails halfway has changed
 * nothing, and names that have nothing below them any more are gone by themselves.
 */
#include "fakedns/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakedns/zone_records.h"

const char *fakedns_change_name(enum fakedns_change_kind kind) {
  static const char *const names[] = {
      [FAKEDNS_ADD] = "add",         [FAKEDNS_REMOVE] = "remove",     [FAKEDNS_REPLACE] = "replace",
      [FAKEDNS_SET_TTL] = "set_ttl", [FAKEDNS_SET_ZONE] = "set_zone",
  };
  return names[kind];
}

/* Names are relative to the first zone. NULL: there is none. */
static const ldns_rdf *origin_of(const struct zones *zones) {
  return zones->count > 0 ? zones->zone[0]->apex : NULL;
}

/* ---- records that are described ---- */

struct description {
  ldns_rdf *name;    /* NULL: any */
  ldns_rr_type type; /* 0: any */
  ldns_rr *data;     /* NULL: any; its owner means nothing */
  bool removes;      /* whether what fits is left out; otherwise it gets `ttl` */
  uint32_t ttl;
  size_t fitted;
};

static bool data_fits(const ldns_rr *data, const ldns_rr *record) {
  /* A copy of the outer struct only, under the record's own name. */
  ldns_rr probe = *data;
  ldns_rr_set_owner(&probe, ldns_rr_owner(record));
  return ldns_rr_compare(&probe, record) == 0;
}

static bool filter_described(void *context, ldns_rr *record) {
  struct description *description = context;
  if ((description->name && ldns_dname_compare(description->name, ldns_rr_owner(record)) != 0) ||
      (description->type != 0 && description->type != ldns_rr_get_type(record)) ||
      (description->data && !data_fits(description->data, record)))
    return true;
  description->fitted++;
  if (!description->removes)
    ldns_rr_set_ttl(record, description->ttl);
  return !description->removes;
}

/* Reads one record "NAME 0 IN TYPE DATA", by which the parser of zones checks its parts. */
static ldns_rr *read_probe(const struct zones *zones, const char *name, const char *type,
                           const char *data, struct error *error) {
  struct zone_records records;
  ldns_rr *record = NULL;
  size_t size = strlen(name) + strlen(type) + strlen(data) + sizeof " 0 IN  ";
  char *text = malloc(size);
  if (!text) {
    error_set(error, "out of memory");
    return NULL;
  }
  snprintf(text, size, "%s 0 IN %s %s", name, type, data);
  if (zone_records_parse(&records, text, origin_of(zones), error) == 0) {
    if (ldns_rr_list_rr_count(records.list) == 1)
      record = ldns_rr_list_pop_rr(records.list);
    else
      error_set(error, "name, type and data of one record are wanted, not \"%s\"", text);
    zone_records_clear(&records);
  }
  free(text);
  return record;
}

static int read_description(struct description *description, const struct zones *zones,
                            const struct fakedns_change *change, struct error *error) {
  if (!change->name && !change->type && !change->data)
    return error_set(error, "a name, a type or both are needed: which records?");
  if (change->data && !change->type)
    return error_set(error, "data \"%s\" needs a type to be read by", change->data);
  /* Without data any will do that is read as it stands: RFC 3597 gives all types an empty one. */
  ldns_rr *probe = read_probe(zones, change->name ? change->name : "@",
                              change->data ? change->type : "TYPE65280",
                              change->data ? change->data : "\\# 0", error);
  if (!probe)
    return -1;
  if (change->name)
    description->name = ldns_rdf_clone(ldns_rr_owner(probe));
  if (change->data)
    description->data = probe;
  else
    ldns_rr_free(probe);
  description->type = change->type ? ldns_get_rr_type_by_name(change->type) : 0;
  if (change->type && description->type == 0)
    return error_set(error, "\"%s\" is not a record type", change->type);
  return change->name && !description->name ? error_set(error, "out of memory") : 0;
}

/* What was meant, in full, because a name without a dot at its end is a relative one. */
static int none_fits(const struct description *description, const struct fakedns_change *change,
                     struct error *error) {
  char *name = description->name ? ldns_rdf2str(description->name) : NULL;
  error_set(error,
            "there is no such record: %s%s%s%s%s (a name without a dot at its end is "
            "relative to the first zone)",
            name ? name : "any name", change->type ? " " : "", change->type ? change->type : "",
            change->data ? " " : "", change->data ? change->data : "");
  free(name);
  return -1;
}

static int change_described(struct zones *changed, const struct zones *zones,
                            const struct fakedns_change *change, struct error *error) {
  struct description description = {.removes = change->kind == FAKEDNS_REMOVE, .ttl = change->ttl};
  struct zones made = {0};
  int result = read_description(&description, zones, change, error);
  if (result == 0 && zones_copy(&made, zones, filter_described, &description))
    result = error_set(error, "out of memory");
  if (result == 0 && description.fitted == 0)
    result = none_fits(&description, change, error);
  if (result == 0)
    *changed = made;
  else
    zones_clear(&made);
  ldns_rdf_deep_free(description.name);
  ldns_rr_free(description.data);
  return result;
}

/* ---- records that come ---- */

static bool same_set(const ldns_rr *a, const ldns_rr *b) {
  return ldns_rr_get_type(a) == ldns_rr_get_type(b) &&
         ldns_dname_compare(ldns_rr_owner(a), ldns_rr_owner(b)) == 0;
}

static bool filter_replaced(void *context, ldns_rr *record) {
  const struct zone_records *records = context;
  for (size_t i = 0; i < ldns_rr_list_rr_count(records->list); i++)
    if (same_set(ldns_rr_list_rr(records->list, i), record))
      return false;
  return true;
}

/* Each set that is to be replaced must be there. */
static int check_replaced(const struct zones *zones, const struct zone_records *records,
                          struct error *error) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records->list); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records->list, i);
    const struct zone *zone = zones_closest(zones, ldns_rr_owner(record));
    const struct zone_node *node = zone ? zone_node(zone, ldns_rr_owner(record)) : NULL;
    bool found = false;
    for (size_t k = 0; node && k < ldns_rr_list_rr_count(node->records); k++)
      found |= same_set(ldns_rr_list_rr(node->records, k), record);
    if (!found)
      return error_set(error, "line %zu: there is no such record to replace: add it",
                       records->lines[i]);
  }
  return 0;
}

static int insert_records(struct zones *zones, const struct zone_records *records,
                          struct error *error) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records->list); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records->list, i);
    struct zone *zone = zones_closest(zones, ldns_rr_owner(record));
    if (!zone)
      return error_set(error, "line %zu: the record lies outside all zones of this server",
                       records->lines[i]);
    if (zone_insert(zone, record, records->lines[i], error))
      return -1;
  }
  return 0;
}

static int add_records(struct zones *changed, const struct zones *zones, const char *text,
                       bool replaces, struct error *error) {
  struct zone_records records;
  struct zones made = {0};
  if (zone_records_parse(&records, text, origin_of(zones), error))
    return -1;
  int result = ldns_rr_list_rr_count(records.list) > 0
                   ? 0
                   : error_set(error, "there is no record in this text");
  if (result == 0 && replaces)
    result = check_replaced(zones, &records, error);
  if (result == 0 && zones_copy(&made, zones, replaces ? filter_replaced : NULL, &records))
    result = error_set(error, "out of memory");
  if (result == 0)
    result = insert_records(&made, &records, error);
  if (result == 0)
    *changed = made;
  else
    zones_clear(&made);
  zone_records_clear(&records);
  return result;
}

static int set_zone(struct zones *changed, const struct zones *zones, const char *text,
                    struct error *error) {
  struct zones made = {0};
  struct zone *zone = NULL;
  if (zone_parse(&zone, text, error))
    return -1;
  if (zones_copy(&made, zones, NULL, NULL) == 0 && zones_put(&made, zone) == 0) {
    *changed = made;
    return 0;
  }
  zone_destroy(zone);
  zones_clear(&made);
  return error_set(error, "out of memory");
}

int fakedns_change_zones(struct zones *changed, const struct zones *zones,
                         const struct fakedns_change *change, struct error *error) {
  switch (change->kind) {
  case FAKEDNS_ADD:
    return add_records(changed, zones, change->text, false, error);
  case FAKEDNS_REPLACE:
    return add_records(changed, zones, change->text, true, error);
  case FAKEDNS_REMOVE:
  case FAKEDNS_SET_TTL:
    return change_described(changed, zones, change, error);
  case FAKEDNS_SET_ZONE:
    return set_zone(changed, zones, change->text, error);
  }
  return error_set(error, "this is no change");
}
