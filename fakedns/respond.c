/* SPDX-License-Identifier: MIT
 *
 * An authoritative server's answer: RFC 1034 section 4.3.2 without delegations (an NS record below
 * the apex is data like any other), RFC 2308 for what doesn't exist. order.c has the order of sets.
 */
#include "fakedns/respond.h"

#include <string.h>
#include <strings.h>

#include "fakedns/order.h"

/* Longer than any chain in use; it also ends loops that wildcards make longer and longer. */
enum { CNAME_CHAIN_MAX = 16 };

static bool type_fits(const ldns_rr *record, ldns_rr_type type) {
  return type == LDNS_RR_TYPE_ANY || ldns_rr_get_type(record) == type;
}

static const ldns_rr *node_cname(const struct zone_node *node) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(node->records); i++)
    if (ldns_rr_get_type(ldns_rr_list_rr(node->records, i)) == LDNS_RR_TYPE_CNAME)
      return ldns_rr_list_rr(node->records, i);
  return NULL;
}

static int add(struct answer *answer, enum answer_section_kind section, const ldns_rr *record,
               const ldns_rdf *owner) {
  return fakedns_answer_add(
      answer, section,
      &(struct answer_record){.record = record, .owner = owner, .ttl = ldns_rr_ttl(record)});
}

/* Adds the node's records of the type under the name that was asked for, in the order of the zone.
 */
static int add_records(struct answer *answer, enum answer_section_kind section,
                       const struct zone_node *node, const ldns_rdf *owner, ldns_rr_type type) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(node->records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(node->records, i);
    if (type_fits(record, type) && add(answer, section, record, owner))
      return -1;
  }
  return 0;
}

/* RFC 2308 section 3: the SOA says how long this may be remembered, by the lesser of its TTL and
 * MINIMUM. */
static int add_soa(const struct zone *zone, struct answer *answer) {
  if (!zone->soa)
    return 0;
  uint32_t ttl = ldns_rr_ttl(zone->soa);
  uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(zone->soa, 6));
  return fakedns_answer_add(answer, SECTION_AUTHORITY,
                            &(struct answer_record){.record = zone->soa,
                                                    .owner = ldns_rr_owner(zone->soa),
                                                    .ttl = minimum < ttl ? minimum : ttl});
}

/* The zone's own servers come along with what it has, as other authoritative servers do it. */
static int add_servers(const struct zone *zone, struct answer *answer) {
  const struct zone_node *apex = zone_node(zone, zone->apex);
  for (size_t i = 0; apex && i < ldns_rr_list_rr_count(apex->records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(apex->records, i);
    if (ldns_rr_get_type(record) == LDNS_RR_TYPE_NS &&
        !fakedns_answer_has(answer, SECTION_ANSWER, record, zone->apex) &&
        add(answer, SECTION_AUTHORITY, record, zone->apex))
      return -1;
  }
  return 0;
}

/* The name that a record points to and whose records of that type its reader will want next, or
 * NULL: addresses of SRV targets (RFC 2782), of MX and NS (RFC 1035), and of a NAPTR whose flag
 * says "A"; SRV records of one whose flag says "S" (RFC 3404 section 4.4). */
static const ldns_rdf *pointed_name(const ldns_rr *record, ldns_rr_type *wanted) {
  static const struct {
    ldns_rr_type type;
    size_t field;
    const char *flag; /* of NAPTR: a text of one letter, its length before it */
    ldns_rr_type wanted;
  } pointers[] = {
      {LDNS_RR_TYPE_SRV, 3, NULL, LDNS_RR_TYPE_A},
      {LDNS_RR_TYPE_MX, 1, NULL, LDNS_RR_TYPE_A},
      {LDNS_RR_TYPE_NS, 0, NULL, LDNS_RR_TYPE_A},
      {LDNS_RR_TYPE_NAPTR, 5, "\1A", LDNS_RR_TYPE_A},
      {LDNS_RR_TYPE_NAPTR, 5, "\1S", LDNS_RR_TYPE_SRV},
  };
  for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
    if (ldns_rr_get_type(record) != pointers[i].type)
      continue;
    const ldns_rdf *flag = pointers[i].flag ? ldns_rr_rdf(record, 2) : NULL;
    if (flag && (ldns_rdf_size(flag) != 2 ||
                 strncasecmp((const char *)ldns_rdf_data(flag), pointers[i].flag, 2) != 0))
      continue;
    *wanted = pointers[i].wanted;
    return ldns_rr_rdf(record, pointers[i].field);
  }
  return NULL;
}

static int add_set(struct answer *answer, const struct zone_node *node, const ldns_rdf *owner,
                   ldns_rr_type type) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(node->records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(node->records, i);
    if (ldns_rr_get_type(record) == type &&
        !fakedns_answer_has(answer, SECTION_ANSWER, record, owner) &&
        add(answer, SECTION_ADDITIONAL, record, owner))
      return -1;
  }
  return 0;
}

/* Adds what a record points to, where it is known here. */
static int add_pointed(const struct zones *zones, struct answer *answer, const ldns_rr *record) {
  ldns_rr_type wanted;
  const ldns_rdf *name = pointed_name(record, &wanted);
  const struct zone *zone = name ? zones_closest(zones, name) : NULL;
  const struct zone_node *node = zone ? zone_find(zone, name) : NULL;
  if (!node)
    return 0;
  if (wanted == LDNS_RR_TYPE_SRV)
    return add_set(answer, node, name, LDNS_RR_TYPE_SRV);
  return add_set(answer, node, name, LDNS_RR_TYPE_A) ||
                 add_set(answer, node, name, LDNS_RR_TYPE_AAAA)
             ? -1
             : 0;
}

/* What has come along may point further: NAPTR to SRV to addresses, which point nowhere. */
static int add_additional(const struct zones *zones, struct answer *answer) {
  for (int kind = SECTION_ANSWER; kind < SECTION_COUNT; kind++) {
    const struct answer_section *section = &answer->sections[kind];
    for (size_t i = 0; i < section->count; i++)
      if (add_pointed(zones, answer, section->records[i].record))
        return -1;
  }
  return 0;
}

/* Follows aliases from the name asked for to what was asked, from zone to zone. The rcode is that
 * of the last name (RFC 6604). */
static int answer_name(const struct zones *zones, const struct query *query,
                       struct answer *answer) {
  const ldns_rdf *name = query->name;
  for (int links = 0; links < CNAME_CHAIN_MAX; links++) {
    const struct zone *zone = zones_closest(zones, name);
    if (!zone)
      return 0;
    const struct zone_node *node = zone_find(zone, name);
    if (!node) {
      answer->rcode = LDNS_RCODE_NXDOMAIN;
      return add_soa(zone, answer);
    }
    const ldns_rr *alias = node_cname(node);
    if (!alias || type_fits(alias, query->type)) {
      size_t before = answer->sections[SECTION_ANSWER].count;
      if (add_records(answer, SECTION_ANSWER, node, name, query->type))
        return -1;
      bool none = answer->sections[SECTION_ANSWER].count == before;
      return none ? add_soa(zone, answer) : add_servers(zone, answer);
    }
    if (fakedns_answer_has(answer, SECTION_ANSWER, alias, name))
      return 0;
    if (add(answer, SECTION_ANSWER, alias, name))
      return -1;
    name = ldns_rr_rdf(alias, 0);
  }
  return 0;
}

/* Zone transfers and the obsolete mailbox types, which are no types of records (RFC 1035
 * section 3.2.3). */
static bool is_transfer(ldns_rr_type type) {
  return type >= LDNS_RR_TYPE_IXFR && type <= LDNS_RR_TYPE_MAILA;
}

int fakedns_respond_from_zones(struct responder *responder, const struct query *query,
                               uint8_t **bytes, size_t *size) {
  const struct zones *zones = &responder->zones;
  if (query->rcode != LDNS_RCODE_NOERROR)
    return fakedns_respond_with_rcode(query, query->rcode, bytes, size);
  bool served = query->class == LDNS_RR_CLASS_IN || query->class == LDNS_RR_CLASS_ANY;
  if (!served || is_transfer(query->type) || !zones_closest(zones, query->name))
    return fakedns_respond_with_rcode(query, LDNS_RCODE_REFUSED, bytes, size);
  struct answer answer = {.rcode = LDNS_RCODE_NOERROR, .authoritative = true};
  int result = answer_name(zones, query, &answer);
  if (result == 0 && !responder->without_additional)
    result = add_additional(zones, &answer);
  if (result == 0) {
    fakedns_order_answer(responder, &answer);
    result = fakedns_answer_encode(query, &answer, bytes, size);
  }
  fakedns_answer_clear(&answer);
  return result;
}

int fakedns_respond_with_rcode(const struct query *query, int rcode, uint8_t **bytes,
                               size_t *size) {
  /* NOERROR and NXDOMAIN are statements about data, which the server makes as the zone's authority.
   */
  struct answer answer = {
      .rcode = rcode, .authoritative = rcode == LDNS_RCODE_NOERROR || rcode == LDNS_RCODE_NXDOMAIN};
  return fakedns_answer_encode(query, &answer, bytes, size);
}
