/* SPDX-License-Identifier: MIT
 *
 * Asks two DNS servers the same questions and says where their answers differ: every name of a
 * zone, names that it doesn't have, every type that it has and some that it doesn't, over UDP and
 * TCP, without EDNS and with several sizes of it. An answer is its rcode, the flags AA and TC, and
 * its sections as sets; of a cut answer (TC) only the flags and the rcode, because RFC 2181 section
 * 9 leaves open which records stay. What comes along with NAPTR records is left out: fake DNS
 * brings their targets, as RFC 3404 section 4.4 allows, and NSD doesn't.
 *
 *     alike ZONE-FILE ADDRESS PORT ADDRESS PORT
 *
 * Exit status: 0 alike, 1 not, 2 usage, 3 a question that a server didn't answer at all.
 */
#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Differences are shown up to this many; the rest is counted. */
enum { SHOWN_MAX = 20 };

enum { NO_EDNS = 0 };

struct server {
  const char *label;
  struct sockaddr_storage address;
  size_t length;
};

struct comparison {
  struct server servers[2];
  ldns_rdf **names;
  size_t name_count;
  ldns_rr_type types[64];
  size_t type_count;
  size_t questions, cut, differences;
};

static void fail(int status, const char *what, const char *text) {
  fprintf(stderr, "alike: %s: %s\n", what, text);
  exit(status);
}

/* ---- what to ask ---- */

static void add_name(struct comparison *comparison, ldns_rdf *name) {
  for (size_t i = 0; i < comparison->name_count; i++)
    if (ldns_rdf_compare(comparison->names[i], name) == 0) {
      ldns_rdf_deep_free(name);
      return;
    }
  comparison->names = realloc(comparison->names, (comparison->name_count + 1) * sizeof(ldns_rdf *));
  if (!comparison->names)
    fail(2, "out of memory", "names");
  comparison->names[comparison->name_count++] = name;
}

/* A name below this one, which the zone needn't have. */
static void add_child(struct comparison *comparison, const char *label, const ldns_rdf *parent) {
  ldns_rdf *child = ldns_dname_new_frm_str(label);
  if (child && ldns_dname_cat(child, parent) == LDNS_STATUS_OK)
    add_name(comparison, child);
}

static void add_type(struct comparison *comparison, ldns_rr_type type) {
  for (size_t i = 0; i < comparison->type_count; i++)
    if (comparison->types[i] == type)
      return;
  if (comparison->type_count < sizeof comparison->types / sizeof comparison->types[0])
    comparison->types[comparison->type_count++] = type;
}

/* Every owner, the names between it and the apex (RFC 4592 section 2.2.2: they exist without
 * records), names below each, the owner in capitals, and names of other zones. */
static void collect(struct comparison *comparison, const ldns_zone *zone) {
  static const ldns_rr_type others[] = {LDNS_RR_TYPE_A,     LDNS_RR_TYPE_AAAA, LDNS_RR_TYPE_SRV,
                                        LDNS_RR_TYPE_NAPTR, LDNS_RR_TYPE_TXT,  LDNS_RR_TYPE_PTR,
                                        LDNS_RR_TYPE_NS,    LDNS_RR_TYPE_SOA,  LDNS_RR_TYPE_MX,
                                        LDNS_RR_TYPE_CNAME};
  const ldns_rdf *apex = ldns_rr_owner(ldns_zone_soa(zone));
  const ldns_rr_list *records = ldns_zone_rrs(zone);
  add_type(comparison, LDNS_RR_TYPE_SOA);
  add_name(comparison, ldns_rdf_clone(apex));
  add_child(comparison, "absent", apex);
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records, i);
    ldns_rdf *name = ldns_rdf_clone(ldns_rr_owner(record));
    add_type(comparison, ldns_rr_get_type(record));
    add_child(comparison, "absent", name);
    while (name && ldns_dname_is_subdomain(name, apex)) {
      ldns_rdf *parent = ldns_dname_left_chop(name);
      add_name(comparison, name);
      name = parent;
    }
    ldns_rdf_deep_free(name);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    add_type(comparison, others[i]);
  add_type(comparison, (ldns_rr_type)65280); /* for private use, RFC 6895 section 3.1 */
  add_name(comparison, ldns_dname_new_frm_str("elsewhere.invalid."));
}

/* ---- asking ---- */

static ldns_pkt *ask(const struct server *server, const ldns_rdf *name, ldns_rr_type type,
                     bool over_tcp, uint16_t edns_size) {
  static uint16_t id;
  ldns_pkt *query = ldns_pkt_query_new(ldns_rdf_clone(name), type, LDNS_RR_CLASS_IN, 0),
           *answer = NULL;
  ldns_buffer *wire = ldns_buffer_new(LDNS_MIN_BUFLEN);
  uint8_t *bytes = NULL;
  size_t size = 0;
  struct timeval timeout = {.tv_sec = 5};
  ldns_pkt_set_id(query, ++id);
  ldns_pkt_set_edns_udp_size(query, edns_size);
  ldns_pkt2buffer_wire(wire, query);
  ldns_status status = (over_tcp ? ldns_tcp_send : ldns_udp_send)(
      &bytes, wire, &server->address, (socklen_t)server->length, timeout, &size);
  if (status == LDNS_STATUS_OK)
    status = ldns_wire2pkt(&answer, bytes, size);
  if (status != LDNS_STATUS_OK)
    fail(3, server->label, ldns_get_errorstr_by_id(status));
  if (ldns_pkt_id(answer) != ldns_pkt_id(query))
    fail(3, server->label, "an answer to another question");
  free(bytes);
  ldns_buffer_free(wire);
  ldns_pkt_free(query);
  return answer;
}

/* ---- comparing ---- */

/* Every record of one list is in the other, with its TTL. */
static bool holds_all(const ldns_rr_list *list, const ldns_rr_list *of) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(of); i++) {
    const ldns_rr *record = ldns_rr_list_rr(of, i);
    bool found = false;
    for (size_t j = 0; j < ldns_rr_list_rr_count(list) && !found; j++)
      found = ldns_rr_compare(ldns_rr_list_rr(list, j), record) == 0 &&
              ldns_rr_ttl(ldns_rr_list_rr(list, j)) == ldns_rr_ttl(record);
    if (!found)
      return false;
  }
  return true;
}

static bool same_set(const ldns_rr_list *a, const ldns_rr_list *b) {
  return ldns_rr_list_rr_count(a) == ldns_rr_list_rr_count(b) && holds_all(a, b) && holds_all(b, a);
}

static bool has_naptr(const ldns_pkt *answer) {
  const ldns_rr_list *records = ldns_pkt_answer(answer);
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++)
    if (ldns_rr_get_type(ldns_rr_list_rr(records, i)) == LDNS_RR_TYPE_NAPTR)
      return true;
  return false;
}

/* NULL when they are alike. */
static const char *difference(const ldns_pkt *a, const ldns_pkt *b) {
  if (ldns_pkt_get_rcode(a) != ldns_pkt_get_rcode(b))
    return "rcode";
  if (ldns_pkt_aa(a) != ldns_pkt_aa(b))
    return "AA";
  if (ldns_pkt_tc(a) != ldns_pkt_tc(b))
    return "TC";
  if (ldns_pkt_edns(a) != ldns_pkt_edns(b))
    return "EDNS";
  if (ldns_pkt_tc(a))
    return NULL;
  if (!same_set(ldns_pkt_answer(a), ldns_pkt_answer(b)))
    return "answer section";
  if (!same_set(ldns_pkt_authority(a), ldns_pkt_authority(b)))
    return "authority section";
  if (!has_naptr(a) && !same_set(ldns_pkt_additional(a), ldns_pkt_additional(b)))
    return "additional section";
  return NULL;
}

static void compare(struct comparison *comparison, const ldns_rdf *name, ldns_rr_type type,
                    bool over_tcp, uint16_t edns_size) {
  ldns_pkt *answers[2];
  for (int i = 0; i < 2; i++)
    answers[i] = ask(&comparison->servers[i], name, type, over_tcp, edns_size);
  comparison->questions++;
  comparison->cut += ldns_pkt_tc(answers[0]) && ldns_pkt_tc(answers[1]);
  const char *what = difference(answers[0], answers[1]);
  if (what && comparison->differences++ < SHOWN_MAX) {
    char *name_text = ldns_rdf2str(name), *type_text = ldns_rr_type2str(type);
    printf("---- %s differs: %s %s over %s, EDNS %u\n", what, name_text, type_text,
           over_tcp ? "TCP" : "UDP", edns_size);
    for (int i = 0; i < 2; i++) {
      printf("-- %s says\n", comparison->servers[i].label);
      ldns_pkt_print(stdout, answers[i]);
    }
    free(name_text);
    free(type_text);
  }
  for (int i = 0; i < 2; i++)
    ldns_pkt_free(answers[i]);
}

static void compare_all(struct comparison *comparison) {
  static const uint16_t edns_sizes[] = {NO_EDNS, 512, 1232, 4096};
  for (size_t name = 0; name < comparison->name_count; name++)
    for (size_t type = 0; type < comparison->type_count; type++)
      for (size_t size = 0; size < sizeof edns_sizes / sizeof edns_sizes[0]; size++)
        for (int over_tcp = 0; over_tcp < 2; over_tcp++)
          compare(comparison, comparison->names[name], comparison->types[type], over_tcp,
                  edns_sizes[size]);
}

static void read_server(struct server *server, const char *address, const char *port) {
  ldns_rdf *rdf =
      ldns_rdf_new_frm_str(strchr(address, ':') ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, address);
  if (!rdf)
    fail(2, address, "no address");
  struct sockaddr_storage *read =
      ldns_rdf2native_sockaddr_storage(rdf, (uint16_t)strtoul(port, NULL, 10), &server->length);
  server->label = address;
  server->address = *read;
  free(read);
  ldns_rdf_deep_free(rdf);
}

static ldns_zone *read_zone(const char *path) {
  ldns_zone *zone = NULL;
  int line = 0;
  FILE *file = fopen(path, "r");
  if (!file)
    fail(2, path, "can't be opened");
  ldns_status status = ldns_zone_new_frm_fp_l(&zone, file, NULL, 0, LDNS_RR_CLASS_IN, &line);
  fclose(file);
  if (status != LDNS_STATUS_OK)
    fail(2, path, ldns_get_errorstr_by_id(status));
  if (!ldns_zone_soa(zone))
    fail(2, path, "has no SOA record");
  return zone;
}

int main(int argc, char **argv) {
  struct comparison comparison = {0};
  if (argc != 6)
    fail(2, "usage", "alike ZONE-FILE ADDRESS PORT ADDRESS PORT");
  ldns_zone *zone = read_zone(argv[1]);
  read_server(&comparison.servers[0], argv[2], argv[3]);
  read_server(&comparison.servers[1], argv[4], argv[5]);
  collect(&comparison, zone);
  compare_all(&comparison);
  printf("%zu questions, %zu answers cut, %zu differences\n", comparison.questions, comparison.cut,
         comparison.differences);
  for (size_t i = 0; i < comparison.name_count; i++)
    ldns_rdf_deep_free(comparison.names[i]);
  free(comparison.names);
  ldns_zone_deep_free(zone);
  return comparison.differences > 0;
}
