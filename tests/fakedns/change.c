/* SPDX-License-Identifier: MIT
 *
 * Zones that change while the server runs: what it answers then, what it tells, and what it refuses
 * to do, without having done a part of it.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fakedns/fixture.h"

static const char zone[] = "$ORIGIN example.com.\n"
                           "$TTL 300\n"
                           "@ SOA ns hostmaster 1 2h 15m 1w 60\n"
                           "p1 A 192.0.2.1\n"
                           "p1 A 192.0.2.11\n"
                           "p1 AAAA 2001:db8::1\n"
                           "alias CNAME p1\n"
                           "a.b.c A 192.0.2.3\n";

#define SOA                                                                                        \
  "authority example.com. 60 SOA ns.example.com. hostmaster.example.com. 1 7200 900 604800 60\n"
#define TELLS "\"kind\":\"zone\",\"from\":\"dns\",\"from_address\":\"SERVER\","
#define RECORD(name, type, ttl, data)                                                              \
  "{\"name\":\"" name ".example.com.\",\"type\":\"" type "\",\"ttl\":" ttl ",\"data\":\"" data "\"}"

static void change(struct fixture *fixture, struct fakedns_change wanted) {
  struct error error = {{0}};
  CU_ASSERT(fakedns_change(fixture->server, &wanted, &error) == 0);
  check_text("", error.text);
}

static void check_refused(struct fixture *fixture, struct fakedns_change wanted,
                          const char *expected) {
  struct error error = {{0}};
  size_t events = fixture->event_count;
  CU_ASSERT(fakedns_change(fixture->server, &wanted, &error) == -1);
  check_text(expected, error.text);
  CU_ASSERT(fixture->event_count == events);
}

static void test_add(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  /* Asked before, so that a kept answer would be seen. */
  check_respond(&fixture, "p3.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_ADD,
                                           .text = "p3 30 A 192.0.2.3\np4 30 A 192.0.2.4"});
  check_respond(&fixture, "p3.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p3.example.com. 30 A 192.0.2.3\n");
  check_event(&fixture, 2,
              TELLS "\"change\":\"add\",\"removed\":[],\"added\":[" RECORD(
                  "p3", "A", "30", "192.0.2.3") "," RECORD("p4", "A", "30", "192.0.2.4") "]");
  fixture_stop(&fixture);
}

static void test_remove(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  change(&fixture, (struct fakedns_change){
                       .kind = FAKEDNS_REMOVE, .name = "p1", .type = "A", .data = "192.0.2.1"});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.11\n");
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .name = "p1", .type = "A"});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" SOA);
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .name = "p1.example.com."});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  check_event(&fixture, 2,
              TELLS "\"change\":\"remove\",\"removed\":[" RECORD("p1", "A", "300",
                                                                 "192.0.2.1") "],\"added\":[]");
  fixture_stop(&fixture);
}

/* The names above a record go with it (RFC 8020), and the SOA may go as well. */
static void test_remove_leaves_nothing(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  check_respond(&fixture, "b.c.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" SOA);
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .name = "a.b.c"});
  check_respond(&fixture, "b.c.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .type = "SOA"});
  check_respond(&fixture, "b.c.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n");
  fixture_stop(&fixture);
}

static void test_replace(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_REPLACE,
                                           .text = "p1 60 A 192.0.2.9\np1 60 A 192.0.2.11"});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 60 A 192.0.2.9\nanswer p1.example.com. 60 A "
                "192.0.2.11\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA,
                "NOERROR aa\nanswer p1.example.com. 300 AAAA 2001:db8::1\n");
  fixture_stop(&fixture);
}

static void test_set_ttl(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  change(&fixture,
         (struct fakedns_change){.kind = FAKEDNS_SET_TTL, .name = "p1", .type = "AAAA", .ttl = 5});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA,
                "NOERROR aa\nanswer p1.example.com. 5 AAAA 2001:db8::1\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\nanswer p1.example.com. 300 A "
                "192.0.2.11\n");
  check_event(&fixture, 2,
              TELLS "\"change\":\"set_ttl\",\"removed\":[" RECORD(
                  "p1", "AAAA", "300", "2001:db8::1") "],\"added\":[" RECORD("p1", "AAAA", "5",
                                                                             "2001:db8::1") "]");
  fixture_stop(&fixture);
}

static void test_set_zone(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  change(&fixture,
         (struct fakedns_change){.kind = FAKEDNS_SET_ZONE,
                                 .text = "$ORIGIN example.com.\n$TTL 9\np1 A 192.0.2.7\n"});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 9 A 192.0.2.7\n");
  check_respond(&fixture, "alias.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n");
  change(&fixture, (struct fakedns_change){.kind = FAKEDNS_SET_ZONE,
                                           .text = "$ORIGIN example.net.\n$TTL 9\n@ A 192.0.2.8"});
  check_respond(&fixture, "example.net", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer example.net. 9 A 192.0.2.8\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 9 A 192.0.2.7\n");
  fixture_stop(&fixture);
}

static void test_refused(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_ADD, .text = "p3 30 IN B x"},
                "dns: line 1: \"B\" is not a record type: a record is OWNER TTL IN TYPE VALUE…, "
                "such as \"p1 300 IN A 192.0.2.1\"");
  check_refused(&fixture,
                (struct fakedns_change){.kind = FAKEDNS_ADD,
                                        .text = "p3 30 A 192.0.2.3\nalias 30 A 192.0.2.3"},
                "dns: line 2: the owner has a CNAME and another record: a CNAME must stand alone "
                "(RFC 1034 section 3.6.2)");
  check_refused(&fixture,
                (struct fakedns_change){.kind = FAKEDNS_ADD, .text = "x.org. 1 A 1.1.1.1"},
                "dns: line 1: the record lies outside all zones of this server");
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_ADD, .text = " ; nothing"},
                "dns: there is no record in this text");
  check_refused(&fixture,
                (struct fakedns_change){.kind = FAKEDNS_REPLACE, .text = "p3 30 A 192.0.2.3"},
                "dns: line 1: there is no such record to replace: add it");
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .name = "p1.example.com"},
                "dns: there is no such record: p1.example.com.example.com. (a name without a dot "
                "at its end is relative to the first zone)");
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE},
                "dns: a name, a type or both are needed: which records?");
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .type = "SVR"},
                "dns: \"SVR\" is not a record type");
  check_refused(&fixture, (struct fakedns_change){.kind = FAKEDNS_REMOVE, .data = "192.0.2.1"},
                "dns: data \"192.0.2.1\" needs a type to be read by");
  check_refused(&fixture,
                (struct fakedns_change){.kind = FAKEDNS_SET_ZONE, .text = "p1 1 A 1.1.1.1"},
                "dns: line 1: \"p1\" is a relative name and no $ORIGIN stands before it: write "
                "\"$ORIGIN example.com.\" above, or the whole name with a dot at its end");
  /* Nothing has changed, not even what stood before the mistake. */
  check_respond(&fixture, "p3.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"records come", test_add},
    {"records go: one, a set, a name", test_remove},
    {"what stood above removed records goes with them", test_remove_leaves_nothing},
    {"sets are replaced, others stay", test_replace},
    {"TTLs change", test_set_ttl},
    {"a zone is replaced, or comes as a further one", test_set_zone},
    {"what can't be done is said, and nothing is done", test_refused},
};

UNIT_MAIN("fakedns: changes", tests)
