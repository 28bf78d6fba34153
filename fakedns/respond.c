/* SPDX-License-Identifier: MIT
 *
 * An authoritative server's answer: RFC 1034 section 4.3.2 without delegations (an NS record below
 * the apex is data like any other), RFC 2308 for what doesn't exist.
 */
#include "fakedns/respond.h"

#include <string.h>

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

/* The host that a record points to, whose addresses its reader will want, or NULL. */
static const ldns_rdf *pointed_host(const ldns_rr *record) {
  static const struct {
    ldns_rr_type type;
    size_t field;
  } pointers[] = {{LDNS_RR_TYPE_SRV, 3}, {LDNS_RR_TYPE_MX, 1}, {LDNS_RR_TYPE_NS, 0}};
  for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
    if (ldns_rr_get_type(record) == pointers[i].type)
      return ldns_rr_rdf(record, pointers[i].field);
  return NULL;
}

static int add_addresses(struct answer *answer, const struct zone_node *node, const ldns_rdf *owner,
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

/* RFC 2782: the addresses of SRV targets come along where they are known; likewise MX and NS (RFC
 * 1035). */
static int add_additional(const struct zone *zone, struct answer *answer) {
  const struct answer_section *section = &answer->sections[SECTION_ANSWER];
  for (size_t i = 0; i < section->count; i++) {
    const ldns_rdf *host = pointed_host(section->records[i].record);
    const struct zone_node *node = host && zone_holds(zone, host) ? zone_find(zone, host) : NULL;
    if (node && (add_addresses(answer, node, host, LDNS_RR_TYPE_A) ||
                 add_addresses(answer, node, host, LDNS_RR_TYPE_AAAA)))
      return -1;
  }
  return 0;
}

/* Follows aliases from the name asked for to what was asked. The rcode is that of the last name
 * (RFC 6604). */
static int answer_name(const struct zone *zone, const struct query *query, struct answer *answer) {
  const ldns_rdf *name = query->name;
  for (int links = 0; links < CNAME_CHAIN_MAX; links++) {
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
      return none ? add_soa(zone, answer) : add_additional(zone, answer);
    }
    if (fakedns_answer_has(answer, SECTION_ANSWER, alias, name))
      return 0;
    if (add(answer, SECTION_ANSWER, alias, name))
      return -1;
    name = ldns_rr_rdf(alias, 0);
    if (!zone_holds(zone, name))
      return 0;
  }
  return 0;
}

/* Zone transfers and the obsolete mailbox types, which are no types of records (RFC 1035
 * section 3.2.3). */
static bool is_transfer(ldns_rr_type type) {
  return type >= LDNS_RR_TYPE_IXFR && type <= LDNS_RR_TYPE_MAILA;
}

int fakedns_respond_from_zone(const struct zone *zone, const struct query *query, uint8_t **bytes,
                              size_t *size) {
  if (query->rcode != LDNS_RCODE_NOERROR)
    return fakedns_respond_with_rcode(query, query->rcode, bytes, size);
  bool served = query->class == LDNS_RR_CLASS_IN || query->class == LDNS_RR_CLASS_ANY;
  if (!served || is_transfer(query->type) || !zone_holds(zone, query->name))
    return fakedns_respond_with_rcode(query, LDNS_RCODE_REFUSED, bytes, size);
  struct answer answer = {.rcode = LDNS_RCODE_NOERROR, .authoritative = true};
  int result = answer_name(zone, query, &answer);
  if (result == 0)
    result = fakedns_answer_encode(query, &answer, bytes, size);
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
