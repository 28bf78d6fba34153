/* SPDX-License-Identifier: MIT
 *
 * Makes a zone of the records of a master file: what the zone's name is, and what records may stand
 * together in it.
 */
#include <stdlib.h>

#include "fakedns/zone.h"
#include "fakedns/zone_records.h"

/* RFC 1034 section 3.6.2: where a CNAME is, nothing else is. Section 4.2.1: one SOA. */
static const char *wrong_company(const ldns_rr *record, const ldns_rr *other) {
  ldns_rr_type type = ldns_rr_get_type(record), other_type = ldns_rr_get_type(other);
  if (ldns_rr_compare(record, other) == 0)
    return NULL;
  if (type == LDNS_RR_TYPE_CNAME || other_type == LDNS_RR_TYPE_CNAME)
    return "the owner has a CNAME and another record: a CNAME must stand alone (RFC 1034 section "
           "3.6.2)";
  if (type == LDNS_RR_TYPE_SOA && other_type == LDNS_RR_TYPE_SOA)
    return "a second SOA record: a zone has one";
  return NULL;
}

static int check_company(const struct zone *zone, const ldns_rr *record, size_t line,
                         struct error *error) {
  const struct zone_node *node = zone_node(zone, ldns_rr_owner(record));
  for (size_t i = 0; node && i < ldns_rr_list_rr_count(node->records); i++) {
    const char *wrong = wrong_company(record, ldns_rr_list_rr(node->records, i));
    if (wrong)
      return error_set(error, "line %zu: %s", line, wrong);
  }
  return 0;
}

int zone_insert(struct zone *zone, const ldns_rr *record, size_t line, struct error *error) {
  if (check_company(zone, record, line, error))
    return -1;
  ldns_rr *copy = ldns_rr_clone(record);
  if (copy && zone_add(zone, copy) == 0)
    return 0;
  ldns_rr_free(copy);
  return error_set(error, "out of memory");
}

/* A SOA names its zone, wherever it stands in the text; two of different names name none. */
static int find_apex(const struct zone_records *records, const ldns_rdf **apex,
                     const char **named_by, struct error *error) {
  *apex = records->first_origin;
  *named_by = "first $ORIGIN";
  const ldns_rr *soa = NULL;
  for (size_t i = 0; i < ldns_rr_list_rr_count(records->list); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records->list, i);
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_SOA)
      continue;
    if (soa)
      return error_set(error, "line %zu: a second SOA record: a zone has one", records->lines[i]);
    soa = record;
    *apex = ldns_rr_owner(record);
    *named_by = "SOA";
  }
  if (!*apex)
    return error_set(
        error,
        "the zone has no name: begin it with \"$ORIGIN example.com.\", or give it an SOA record");
  return 0;
}

static int check_inside(const struct zone *zone, const char *named_by, const ldns_rr *record,
                        size_t line, struct error *error) {
  if (zone_holds(zone, ldns_rr_owner(record)))
    return 0;
  char *owner = ldns_rdf2str(ldns_rr_owner(record));
  char *apex = ldns_rdf2str(zone->apex);
  error_set(error, "line %zu: \"%s\" lies outside the zone \"%s\", which its %s names", line,
            owner ? owner : "", apex ? apex : "", named_by);
  free(owner);
  free(apex);
  return -1;
}

static int fill(struct zone *zone, const struct zone_records *records, const char *named_by,
                struct error *error) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records->list); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records->list, i);
    if (check_inside(zone, named_by, record, records->lines[i], error) ||
        zone_insert(zone, record, records->lines[i], error))
      return -1;
  }
  return 0;
}

int zone_parse(struct zone **out, const char *text, struct error *error) {
  struct zone_records records;
  const ldns_rdf *apex;
  const char *named_by;
  if (zone_records_parse(&records, text, NULL, error))
    return -1;
  struct zone *zone = NULL;
  int result = find_apex(&records, &apex, &named_by, error);
  if (result == 0) {
    zone = zone_create(ldns_rdf_clone(apex));
    result = zone ? fill(zone, &records, named_by, error) : error_set(error, "out of memory");
  }
  zone_records_clear(&records);
  if (result == 0)
    *out = zone;
  else
    zone_destroy(zone);
  return result;
}
