/* SPDX-License-Identifier: MIT
 *
 * What the server answers, without sockets: fakedns_respond over one zone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakedns/fixture.h"

#define SOA                                                                                        \
  "authority example.com. 60 SOA ns.example.com. hostmaster.example.com. 1 7200 900 604800 60\n"

static const char zone[] = "$ORIGIN example.com.\n"
                           "$TTL 300\n"
                           "@         SOA ns hostmaster 1 2h 15m 1w 60\n"
                           "ns        A 192.0.2.53\n"
                           "_sip._udp SRV 20 10 5060 p2\n"
                           "_sip._udp SRV 10 10 5060 p1\n"
                           "_sip._udp SRV 10 10 5070 p1\n"
                           "_sip._udp SRV 30 10 5060 p1.example.net.\n"
                           "_sip._udp SRV 40 10 5060 p3.wild\n"
                           "_sip._udp SRV 50 10 5060 p4.wild\n"
                           "p1        A 192.0.2.1\n"
                           "p1        AAAA 2001:db8::1\n"
                           "p1        A 192.0.2.11\n"
                           "p2        A 192.0.2.2\n"
                           "a         CNAME b\n"
                           "b         CNAME p2\n"
                           "loop      CNAME pool\n"
                           "pool      CNAME loop\n"
                           "gone      CNAME nowhere\n"
                           "out       CNAME p1.example.net.\n"
                           "bare      CNAME p2\n"
                           "*.wild    A 192.0.2.9\n"
                           "x.wild    TXT \"its own\"\n"
                           "*.alias   CNAME p2\n";

/* A zone with neither SOA nor NS. */
static const char plain_zone[] = "$ORIGIN example.com.\n"
                                 "_sip._udp 300 SRV 10 10 5060 p1\n"
                                 "p1 300 A 192.0.2.1\n";

static void check(const char *name, ldns_rr_type type, const char *expected) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  check_respond(&fixture, name, type, expected);
  fixture_stop(&fixture);
}

static void test_addresses(void) {
  check("p1.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\nanswer p1.example.com. 300 A "
        "192.0.2.11\n");
  check("P1.eXample.com", LDNS_RR_TYPE_AAAA,
        "NOERROR aa\nanswer P1.eXample.com. 300 AAAA 2001:db8::1\n");
}

static void test_srv(void) {
  check("_sip._udp.example.com", LDNS_RR_TYPE_SRV,
        "NOERROR aa\n"
        "answer _sip._udp.example.com. 300 SRV 20 10 5060 p2.example.com.\n"
        "answer _sip._udp.example.com. 300 SRV 10 10 5060 p1.example.com.\n"
        "answer _sip._udp.example.com. 300 SRV 10 10 5070 p1.example.com.\n"
        "answer _sip._udp.example.com. 300 SRV 30 10 5060 p1.example.net.\n"
        "answer _sip._udp.example.com. 300 SRV 40 10 5060 p3.wild.example.com.\n"
        "answer _sip._udp.example.com. 300 SRV 50 10 5060 p4.wild.example.com.\n"
        "additional p2.example.com. 300 A 192.0.2.2\n"
        "additional p1.example.com. 300 A 192.0.2.1\n"
        "additional p1.example.com. 300 A 192.0.2.11\n"
        "additional p1.example.com. 300 AAAA 2001:db8::1\n"
        "additional p3.wild.example.com. 300 A 192.0.2.9\n"
        "additional p4.wild.example.com. 300 A 192.0.2.9\n");
}

/* The zone's servers come along with what it has, once, and not with what it hasn't. */
static void test_servers(void) {
  struct fixture fixture;
  fixture_start(&fixture, "$ORIGIN example.com.\n"
                          "$TTL 300\n"
                          "@  SOA ns hostmaster 1 2h 15m 1w 60\n"
                          "@  NS ns\n"
                          "ns A 192.0.2.53\n"
                          "p1 A 192.0.2.1\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\n"
                "authority example.com. 300 NS ns.example.com.\n"
                "additional ns.example.com. 300 A 192.0.2.53\n");
  check_respond(&fixture, "example.com", LDNS_RR_TYPE_NS,
                "NOERROR aa\nanswer example.com. 300 NS ns.example.com.\n"
                "additional ns.example.com. 300 A 192.0.2.53\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA, "NOERROR aa\n" SOA);
  fixture_stop(&fixture);
}

static void test_apex(void) {
  check("example.com", LDNS_RR_TYPE_SOA,
        "NOERROR aa\nanswer example.com. 300 SOA ns.example.com. hostmaster.example.com. 1 7200 "
        "900 604800 60\n");
}

static void test_any(void) {
  check("p1.example.com", LDNS_RR_TYPE_ANY,
        "NOERROR aa\n"
        "answer p1.example.com. 300 A 192.0.2.1\n"
        "answer p1.example.com. 300 AAAA 2001:db8::1\n"
        "answer p1.example.com. 300 A 192.0.2.11\n");
}

static void test_aliases(void) {
  check("a.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\n"
        "answer a.example.com. 300 CNAME b.example.com.\n"
        "answer b.example.com. 300 CNAME p2.example.com.\n"
        "answer p2.example.com. 300 A 192.0.2.2\n");
  check("a.example.com", LDNS_RR_TYPE_CNAME,
        "NOERROR aa\nanswer a.example.com. 300 CNAME b.example.com.\n");
  check("loop.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\n"
        "answer loop.example.com. 300 CNAME pool.example.com.\n"
        "answer pool.example.com. 300 CNAME loop.example.com.\n");
  check("gone.example.com", LDNS_RR_TYPE_A,
        "NXDOMAIN aa\nanswer gone.example.com. 300 CNAME nowhere.example.com.\n" SOA);
  check("out.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\nanswer out.example.com. 300 CNAME p1.example.net.\n");
  check("bare.example.com", LDNS_RR_TYPE_TXT,
        "NOERROR aa\nanswer bare.example.com. 300 CNAME p2.example.com.\n" SOA);
}

/* A chain of `links` aliases before an address. */
static void check_chain(int links, bool reaches_address) {
  char text[4096], expected[4096];
  int length = snprintf(text, sizeof text, "$ORIGIN example.com.\n$TTL 300\n");
  int expected_length = snprintf(expected, sizeof expected, "NOERROR aa\n");
  for (int i = 0; i < links; i++) {
    length += snprintf(text + length, sizeof text - (size_t)length, "c%d CNAME c%d\n", i, i + 1);
    expected_length +=
        snprintf(expected + expected_length, sizeof expected - (size_t)expected_length,
                 "answer c%d.example.com. 300 CNAME c%d.example.com.\n", i, i + 1);
  }
  snprintf(text + length, sizeof text - (size_t)length, "c%d A 192.0.2.1\n", links);
  if (reaches_address)
    snprintf(expected + expected_length, sizeof expected - (size_t)expected_length,
             "answer c%d.example.com. 300 A 192.0.2.1\n", links);
  struct fixture fixture;
  fixture_start(&fixture, text);
  check_respond(&fixture, "c0.example.com", LDNS_RR_TYPE_A, expected);
  fixture_stop(&fixture);
}

static void test_chain_limit(void) {
  check_chain(15, true);
  check_chain(16, false);
}

static void test_negative(void) {
  check("nope.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  check("below.p1.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  check("p2.example.com", LDNS_RR_TYPE_AAAA, "NOERROR aa\n" SOA);
  check("_udp.example.com", LDNS_RR_TYPE_SRV, "NOERROR aa\n" SOA);
}

static void test_negative_without_soa(void) {
  struct fixture fixture;
  fixture_start(&fixture, plain_zone);
  check_respond(&fixture, "nope.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA, "NOERROR aa\n");
  check_respond(&fixture, "example.com", LDNS_RR_TYPE_SOA, "NOERROR aa\n");
  fixture_stop(&fixture);
}

static void test_wildcards(void) {
  check("any.thing.wild.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\nanswer any.thing.wild.example.com. 300 A 192.0.2.9\n");
  check("any.wild.example.com", LDNS_RR_TYPE_AAAA, "NOERROR aa\n" SOA);
  check("x.wild.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" SOA);
  check("y.x.wild.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n" SOA);
  check("any.alias.example.com", LDNS_RR_TYPE_A,
        "NOERROR aa\nanswer any.alias.example.com. 300 CNAME p2.example.com.\nanswer "
        "p2.example.com. 300 A "
        "192.0.2.2\n");
}

static void test_outside(void) {
  check("example.net", LDNS_RR_TYPE_A, "REFUSED\n");
  check("com", LDNS_RR_TYPE_A, "REFUSED\n");
  check("xexample.com", LDNS_RR_TYPE_A, "REFUSED\n");
  check(".", LDNS_RR_TYPE_NS, "REFUSED\n");
  check("example.com", LDNS_RR_TYPE_AXFR, "REFUSED\n");
}

/* Asserts the answer to these bytes. */
static void check_bytes(const uint8_t *bytes, size_t size, const char *expected) {
  struct fixture fixture;
  uint8_t *answer = NULL;
  size_t length = 0;
  fixture_start(&fixture, zone);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, bytes, size, &answer, &length) == 0);
  char *text = answer_text(answer, length);
  check_text(expected, text);
  free(text);
  free(answer);
  fixture_stop(&fixture);
}

static void test_edns(void) {
  uint8_t query[512];
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 1400);
  check_bytes(query, size, "NOERROR aa edns\nanswer p2.example.com. 300 A 192.0.2.2\n");
  /* The OPT record is the last 11 bytes: a name, type, size, extended rcode, version, flags,
   * length. */
  query[size - 5] = 1;
  check_bytes(query, size, "NOERROR edns\n");
  struct fixture fixture;
  uint8_t *answer;
  size_t length;
  fixture_start(&fixture, zone);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  /* BADVERS is 16: 1 in the upper bits, 0 in the header. */
  CU_ASSERT(length == size && answer[length - 6] == 1 && (answer[3] & 0xf) == 0);
  free(answer);
  query[size - 5] = 0;
  query[size - 4] = 0x80;
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  CU_ASSERT(answer[length - 4] == 0x80);
  free(answer);
  fixture_stop(&fixture);
}

static void test_two_opt(void) {
  uint8_t query[512];
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 1400);
  memcpy(query + size, query + size - 11, 11);
  query[11] = 2;
  check_bytes(query, size + 11, "FORMERR edns\n");
}

static void test_malformed(void) {
  uint8_t query[512];
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 0);
  for (size_t cut = 12; cut < size; cut++)
    check_bytes(query, cut, "FORMERR\n");
  query[5] = 2;
  check_bytes(query, size, "FORMERR\n");
  query[5] = 0;
  check_bytes(query, size, "FORMERR\n");
  query[5] = 1;
  query[11] = 1; /* an additional record that isn't there */
  check_bytes(query, size, "FORMERR\n");
  size = make_query(query, "p2.example.com", LDNS_RR_TYPE_OPT, 0);
  check_bytes(query, size, "FORMERR\n");
}

static void test_pointer_loop(void) {
  static const uint8_t query[] = {0x12, 0x67, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1};
  check_bytes(query, sizeof query, "FORMERR\n");
}

static void test_no_answer(void) {
  struct fixture fixture;
  uint8_t query[512], *answer = NULL;
  size_t length = 0;
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 0);
  fixture_start(&fixture, zone);
  for (size_t cut = 0; cut < 12; cut++)
    CU_ASSERT(fakedns_respond(fixture.server, query, cut, &answer, &length) == -1);
  query[2] |= 0x80;
  CU_ASSERT(fakedns_respond(fixture.server, query, size, &answer, &length) == -1);
  CU_ASSERT(answer == NULL);
  fixture_stop(&fixture);
}

static void test_opcodes(void) {
  uint8_t query[512];
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 0);
  for (int opcode = 1; opcode < 16; opcode++) {
    query[2] = (uint8_t)(opcode << 3);
    check_bytes(query, size, "NOTIMPL\n");
  }
}

static void test_classes(void) {
  uint8_t query[512];
  size_t size = make_query(query, "p2.example.com", LDNS_RR_TYPE_A, 0);
  query[size - 1] = LDNS_RR_CLASS_CH;
  check_bytes(query, size, "REFUSED\n");
  query[size - 1] = LDNS_RR_CLASS_ANY;
  check_bytes(query, size, "NOERROR aa\nanswer p2.example.com. 300 A 192.0.2.2\n");
}

static void test_flags_come_back(void) {
  struct fixture fixture;
  uint8_t query[512], *answer;
  size_t length;
  size_t size = make_query(query, "P2.Example.com", LDNS_RR_TYPE_A, 0);
  fixture_start(&fixture, zone);
  query[2] |= 0x01; /* RD */
  query[3] |= 0x10; /* CD */
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  CU_ASSERT(answer[2] == 0x85 && answer[3] == 0x10);
  CU_ASSERT(memcmp(answer + 12, query + 12, size - 12) == 0);
  free(answer);
  fixture_stop(&fixture);
}

/* Answers of exactly known size. An SRV record: a pointer to the name, 10 fixed bytes, 6 of
 * numbers, and the target "pNN.example.com" in full (RFC 2782 forbids compression). Its address: a
 * label and a pointer, 10 fixed bytes, 4 of address. */
enum { SRV_SIZE = 2 + 10 + 6 + 17, QUESTION_SIZE = 12 + 23 + 4, A_SIZE = 6 + 10 + 4 };

static void big_zone(char *text, size_t size, int count) {
  int length = snprintf(text, size, "$ORIGIN example.com.\n$TTL 300\n");
  for (int i = 0; i < count; i++)
    length += snprintf(text + length, size - (size_t)length,
                       "_sip._udp SRV 10 10 5060 p%02d\np%02d A 192.0.2.%d\n", i, i, i);
}

/* Asks for `count` SRV records and counts what comes. */
static void ask_big(int count, uint16_t udp_size, bool *truncated, uint16_t *answers,
                    uint16_t *additional, size_t *length) {
  char text[8192];
  struct fixture fixture;
  uint8_t query[512], *answer;
  big_zone(text, sizeof text, count);
  fixture_start(&fixture, text);
  size_t size = make_query(query, "_sip._udp.example.com", LDNS_RR_TYPE_SRV, udp_size);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, length) == 0);
  *truncated = answer[2] & 0x02;
  *answers = ldns_read_uint16(answer + 6);
  *additional = ldns_read_uint16(answer + 10);
  free(answer);
  fixture_stop(&fixture);
}

static void test_truncation(void) {
  bool truncated;
  uint16_t answers, additional;
  size_t length;
  int fit = (512 - QUESTION_SIZE) / SRV_SIZE;
  ask_big(fit, 0, &truncated, &answers, &additional, &length);
  CU_ASSERT(!truncated && answers == fit && length <= 512);
  ask_big(fit + 1, 0, &truncated, &answers, &additional, &length);
  CU_ASSERT(truncated && answers == fit && additional == 0 && length <= 512);
  /* With EDNS the size that the client names counts, to the byte. */
  uint16_t exact = (uint16_t)(QUESTION_SIZE + 40 * SRV_SIZE + 11);
  ask_big(40, exact, &truncated, &answers, &additional, &length);
  CU_ASSERT(!truncated && answers == 40 && length == exact);
  ask_big(40, exact - 1, &truncated, &answers, &additional, &length);
  CU_ASSERT(truncated && answers == 39);
  /* Sizes under 512 mean 512 (RFC 6891 section 6.2.3). */
  ask_big(fit, 100, &truncated, &answers, &additional, &length);
  CU_ASSERT(!truncated && answers == fit);
}

static void test_additional_left_out(void) {
  bool truncated;
  uint16_t answers, additional;
  size_t length;
  ask_big(2, 0, &truncated, &answers, &additional, &length);
  CU_ASSERT(!truncated && answers == 2 && additional == 2);
  ask_big(12, 0, &truncated, &answers, &additional, &length);
  int room = (512 - QUESTION_SIZE - 12 * SRV_SIZE) / A_SIZE;
  CU_ASSERT(!truncated && answers == 12 && additional == room);
}

/* A set of additional addresses is whole or absent (RFC 2181 section 9). */
static void test_additional_sets_are_whole(void) {
  char text[4096];
  struct fixture fixture;
  uint8_t query[512], *answer;
  size_t length;
  int written =
      snprintf(text, sizeof text, "$ORIGIN example.com.\n$TTL 300\n_sip._udp SRV 1 1 1 p1\n");
  for (int i = 0; i < 40; i++)
    written += snprintf(text + written, sizeof text - (size_t)written, "p1 A 192.0.2.%d\n", i);
  fixture_start(&fixture, text);
  size_t size = make_query(query, "_sip._udp.example.com", LDNS_RR_TYPE_SRV, 0);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  char *seen = answer_text(answer, length);
  check_text("NOERROR aa\nanswer _sip._udp.example.com. 300 SRV 1 1 1 p1.example.com.\n", seen);
  free(seen);
  free(answer);
  fixture_stop(&fixture);
}

/* An answer near the largest message: 64 KB of records must not overrun it. */
static void test_largest(void) {
  enum { RECORDS = 300 };
  struct fixture fixture;
  uint8_t query[512], *answer;
  size_t length, size = 0, room = RECORDS * 300;
  char *text = malloc(room);
  CU_ASSERT_FATAL(text != NULL);
  size = (size_t)snprintf(text, room, "$ORIGIN example.com.\n$TTL 300\n");
  for (int i = 0; i < RECORDS; i++)
    size += (size_t)snprintf(text + size, room - size, "t TXT \"%0250d\"\n", i);
  fixture_start(&fixture, text);
  size = make_query(query, "t.example.com", LDNS_RR_TYPE_TXT, 65535);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  CU_ASSERT(length <= 65507 && length > 65507 - 263 && (answer[2] & 0x02));
  char *seen = answer_text(answer, length);
  CU_ASSERT(seen != NULL);
  free(seen);
  free(answer);
  free(text);
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"addresses come in the order of the zone, the name as it was asked", test_addresses},
    {"SRV records bring the addresses of their targets, once", test_srv},
    {"NS and SOA of the apex", test_apex},
    {"the zone's servers come along with what it has", test_servers},
    {"ANY gives all records of the name", test_any},
    {"CNAMEs are followed, through loops, out of the zone and into nothing", test_aliases},
    {"a chain of aliases ends at its limit", test_chain_limit},
    {"a name that doesn't exist is told from one without records; the SOA says how long",
     test_negative},
    {"a zone without SOA answers without", test_negative_without_soa},
    {"wildcards answer for names that don't exist", test_wildcards},
    {"outside the zone and for transfers: REFUSED", test_outside},
    {"an OPT record is answered by one; another version by BADVERS; DO comes back", test_edns},
    {"two OPT records are a format error", test_two_opt},
    {"a query cut anywhere after its header is a format error", test_malformed},
    {"a compression pointer to itself ends", test_pointer_loop},
    {"no header, or an answer: no answer", test_no_answer},
    {"other opcodes are not implemented", test_opcodes},
    {"class IN and ANY are served", test_classes},
    {"RD, CD and the question come back as they were", test_flags_come_back},
    {"an answer is truncated at the client's size, to the byte", test_truncation},
    {"additional records that don't fit are left out without TC", test_additional_left_out},
    {"additional sets are whole or absent", test_additional_sets_are_whole},
    {"the largest answer fits a datagram", test_largest},
};

UNIT_MAIN("fakedns: answers", tests)
