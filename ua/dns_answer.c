/* SPDX-License-Identifier: MIT
 *
 * Reading a DNS answer (dns_answer.h) with ldns.
 *
 * Format: RFC 1035 section 4, SRV: RFC 2782 (priority, weight, port, target), NAPTR: RFC 3403
 * (order, preference, flags, service, regexp, replacement), negative answers: RFC 2308 (the SOA in
 * the authority section says how long the absence may be believed). Examples, in text:
 *
 *   _sip._udp.example.com. 300 IN SRV 10 60 5060 p1.example.com.
 *   example.com. 300 IN NAPTR 50 50 "s" "SIP+D2U" "" _sip._udp.example.com.
 */
#include "ua/dns_answer.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest chain of CNAMEs that is followed: resolvers of phones stop at about that, and a loop ends
 * here. */
#define CNAME_MAX 8

const char *dns_type_name(enum dns_type type) {
  switch (type) {
  case DNS_A:
    return "A";
  case DNS_AAAA:
    return "AAAA";
  case DNS_SRV:
    return "SRV";
  case DNS_NAPTR:
    return "NAPTR";
  }
  return "?";
}

void dns_answer_fail(struct dns_answer *out, const char *reason) {
  out->outcome = DNS_FAILED;
  out->is_nxdomain = out->is_stale = false;
  out->ttl_s = 0;
  out->count = 0;
  snprintf(out->reason, sizeof out->reason, "%s", reason);
}

static void lower_ttl(uint32_t *ttl_s, uint32_t other) {
  /* A TTL with the top bit set means 0 (RFC 2181 section 8). */
  if (other > INT32_MAX)
    other = 0;
  if (other < *ttl_s)
    *ttl_s = other;
}

/* The rdata of `rr` at `index`, if it is of the wanted type. */
static const ldns_rdf *rdata(const ldns_rr *rr, size_t index, ldns_rdf_type type) {
  if (index >= ldns_rr_rd_count(rr))
    return NULL;
  const ldns_rdf *field = ldns_rr_rdf(rr, index);
  return field && ldns_rdf_get_type(field) == type ? field : NULL;
}

/* The name as text without the dot at the end, but for the root. */
static bool read_name(const ldns_rdf *field, char name[DNS_NAME_SIZE]) {
  char *text = field ? ldns_rdf2str(field) : NULL;
  size_t length = text ? strlen(text) : 0;
  bool fits = length > 0 && length < DNS_NAME_SIZE;
  if (fits) {
    memcpy(name, text, length + 1);
    if (length > 1 && text[length - 1] == '.')
      name[length - 1] = '\0';
  }
  free(text);
  return fits;
}

static bool read_srv(const ldns_rr *rr, struct dns_record *record) {
  const ldns_rdf *priority = rdata(rr, 0, LDNS_RDF_TYPE_INT16);
  const ldns_rdf *weight = rdata(rr, 1, LDNS_RDF_TYPE_INT16);
  const ldns_rdf *port = rdata(rr, 2, LDNS_RDF_TYPE_INT16);
  if (!priority || !weight || !port)
    return false;
  record->priority = ldns_rdf2native_int16(priority);
  record->weight = ldns_rdf2native_int16(weight);
  record->port = ldns_rdf2native_int16(port);
  return read_name(rdata(rr, 3, LDNS_RDF_TYPE_DNAME), record->target);
}

/* A <character-string> (RFC 1035 section 3.3): a length and so many bytes. */
static bool read_text(const ldns_rdf *field, char *text, size_t size) {
  if (!field || ldns_rdf_size(field) < 1)
    return false;
  const uint8_t *data = ldns_rdf_data(field);
  size_t length = data[0];
  if (length + 1 > ldns_rdf_size(field) || length >= size || memchr(data + 1, '\0', length))
    return false;
  memcpy(text, data + 1, length);
  text[length] = '\0';
  return true;
}

static bool read_naptr(const ldns_rr *rr, struct dns_record *record) {
  const ldns_rdf *order = rdata(rr, 0, LDNS_RDF_TYPE_INT16);
  const ldns_rdf *preference = rdata(rr, 1, LDNS_RDF_TYPE_INT16);
  const ldns_rdf *regexp = rdata(rr, 4, LDNS_RDF_TYPE_STR);
  if (!order || !preference || !regexp || ldns_rdf_size(regexp) < 1)
    return false;
  record->order = ldns_rdf2native_int16(order);
  record->preference = ldns_rdf2native_int16(preference);
  record->has_regexp = ldns_rdf_data(regexp)[0] > 0;
  return read_text(rdata(rr, 2, LDNS_RDF_TYPE_STR), record->flags, sizeof record->flags) &&
         read_text(rdata(rr, 3, LDNS_RDF_TYPE_STR), record->service, sizeof record->service) &&
         read_name(rdata(rr, 5, LDNS_RDF_TYPE_DNAME), record->target);
}

static bool read_address(const ldns_rr *rr, enum dns_type type, struct dns_record *record) {
  const ldns_rdf *field = rdata(rr, 0, type == DNS_A ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA);
  struct target_address *address = &record->address;
  if (!field || ldns_rdf_size(field) != (type == DNS_A ? 4 : 16))
    return false;
  if (type == DNS_A) {
    address->v4.sin_family = AF_INET;
    memcpy(&address->v4.sin_addr, ldns_rdf_data(field), 4);
  } else {
    address->v6.sin6_family = AF_INET6;
    memcpy(&address->v6.sin6_addr, ldns_rdf_data(field), 16);
  }
  return true;
}

static bool read_record(const ldns_rr *rr, enum dns_type type, struct dns_record *record) {
  memset(record, 0, sizeof *record);
  switch (type) {
  case DNS_A:
  case DNS_AAAA:
    return read_address(rr, type, record);
  case DNS_SRV:
    return read_srv(rr, record);
  case DNS_NAPTR:
    return read_naptr(rr, record);
  }
  return false;
}

static void collect(struct dns_answer *out, const ldns_rr_list *answers, const ldns_rdf *owner,
                    enum dns_type type) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && out->count < DNS_RECORDS_MAX; i++) {
    const ldns_rr *rr = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_type(rr) != (ldns_rr_type)type || ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
      continue;
    if (ldns_dname_compare(ldns_rr_owner(rr), owner) != 0)
      continue;
    if (!read_record(rr, type, &out->records[out->count]))
      continue;
    lower_ttl(&out->ttl_s, ldns_rr_ttl(rr));
    out->count++;
  }
}

/* The CNAME record of `owner`, if there is one. */
static const ldns_rr *find_alias(const ldns_rr_list *answers, const ldns_rdf *owner) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(answers); i++) {
    const ldns_rr *rr = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME && rdata(rr, 0, LDNS_RDF_TYPE_DNAME) &&
        ldns_dname_compare(ldns_rr_owner(rr), owner) == 0)
      return rr;
  }
  return NULL;
}

/* How long an absence may be believed: RFC 2308 section 5. */
static uint32_t negative_ttl(const ldns_pkt *packet) {
  const ldns_rr_list *authority = ldns_pkt_authority(packet);
  for (size_t i = 0; authority && i < ldns_rr_list_rr_count(authority); i++) {
    const ldns_rr *rr = ldns_rr_list_rr(authority, i);
    const ldns_rdf *minimum = rdata(rr, 6, LDNS_RDF_TYPE_PERIOD);
    if (!minimum)
      minimum = rdata(rr, 6, LDNS_RDF_TYPE_INT32);
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || !minimum)
      continue;
    uint32_t ttl_s = INT32_MAX;
    lower_ttl(&ttl_s, ldns_rr_ttl(rr));
    lower_ttl(&ttl_s, ldns_rdf2native_int32(minimum));
    return ttl_s;
  }
  return 0;
}

static void fail_with_rcode(struct dns_answer *out, ldns_pkt_rcode rcode) {
  ldns_lookup_table *entry = ldns_lookup_by_id(ldns_rcodes, (int)rcode);
  char number[32];
  snprintf(number, sizeof number, "RCODE %d", (int)rcode);
  dns_answer_fail(out, entry && entry->name ? entry->name : number);
}

static void read_packet(struct dns_answer *out, const ldns_pkt *packet, const ldns_rdf *owner,
                        enum dns_type type) {
  ldns_pkt_rcode rcode = ldns_pkt_get_rcode(packet);
  if (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN) {
    fail_with_rcode(out, rcode);
    return;
  }
  /* Over UDP it is asked again over TCP before it comes here; a part of a set isn't the set (RFC
   * 2181 section 9). */
  if (ldns_pkt_tc(packet)) {
    dns_answer_fail(out, "truncated");
    return;
  }
  const ldns_rr_list *answers = ldns_pkt_answer(packet);
  out->ttl_s = INT32_MAX;
  for (int hops = 0; answers && owner && hops <= CNAME_MAX && !out->count; hops++) {
    collect(out, answers, owner, type);
    const ldns_rr *alias = out->count ? NULL : find_alias(answers, owner);
    if (alias)
      lower_ttl(&out->ttl_s, ldns_rr_ttl(alias));
    owner = alias ? ldns_rr_rdf(alias, 0) : NULL;
  }
  if (out->count) {
    out->outcome = DNS_RECORDS;
    return;
  }
  out->outcome = DNS_NONE;
  out->ttl_s = negative_ttl(packet);
  out->is_nxdomain = rcode == LDNS_RCODE_NXDOMAIN;
  if (out->is_nxdomain)
    snprintf(out->reason, sizeof out->reason, "NXDOMAIN");
  else
    snprintf(out->reason, sizeof out->reason, "no %s record", dns_type_name(type));
}

void dns_answer_parse(struct dns_answer *out, const uint8_t *bytes, size_t size, const char *name,
                      enum dns_type type) {
  memset(out, 0, sizeof *out);
  ldns_pkt *packet = NULL;
  ldns_rdf *owner = ldns_dname_new_frm_str(name);
  if (!owner)
    dns_answer_fail(out, "not a domain name");
  else if (ldns_wire2pkt(&packet, bytes, size) != LDNS_STATUS_OK)
    dns_answer_fail(out, "malformed answer");
  else
    read_packet(out, packet, owner, type);
  ldns_pkt_free(packet);
  ldns_rdf_deep_free(owner);
}
