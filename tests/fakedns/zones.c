/* SPDX-License-Identifier: MIT
 *
 * Several zones of one server, and what a server may be told of its answers: their order, their
 * additional section, their size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fakedns/fixture.h"

static const char parent[] = "$ORIGIN example.com.\n"
                             "$TTL 300\n"
                             "@ SOA ns hostmaster 1 2h 15m 1w 60\n"
                             "p1.sub A 192.0.2.66\n"
                             "alias CNAME p1.sub\n"
                             "away CNAME p1.example.org.\n"
                             "other CNAME p1.example.net.\n";
static const char child[] = "$ORIGIN sub.example.com.\n"
                            "p1 300 A 192.0.2.1\n";
static const char sibling[] = "$ORIGIN example.net.\n"
                              "p1 300 A 192.0.2.2\n";

static const char sets[] = "$ORIGIN example.com.\n"
                           "$TTL 300\n"
                           "@ NAPTR 10 10 \"s\" \"SIP+D2U\" \"\" _sip._udp\n"
                           "@ NAPTR 20 10 \"S\" \"SIP+D2T\" \"\" _sip._tcp\n"
                           "@ NAPTR 30 10 \"a\" \"SIP+D2U\" \"\" p2\n"
                           "@ NAPTR 40 10 \"u\" \"E2U+sip\" \"!^.*$!sip:p3@example.com!\" .\n"
                           "_sip._udp SRV 10 10 5060 p1\n"
                           "p1 A 192.0.2.1\n"
                           "p1 TXT \"between\"\n"
                           "p1 A 192.0.2.2\n"
                           "p1 A 192.0.2.3\n"
                           "p2 AAAA 2001:db8::2\n";

static void start(struct fixture *fixture, const char *zone, struct fakedns_options options) {
  options.zones = &zone;
  options.zone_count = 1;
  fixture_start_as(fixture, &options);
}

static void test_closest(void) {
  struct fixture fixture;
  const char *zones[] = {parent, child, sibling};
  fixture_start_as(&fixture, &(struct fakedns_options){.zones = zones, .zone_count = 3});
  check_respond(&fixture, "p1.sub.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer p1.sub.example.com. 300 A 192.0.2.1\n");
  check_respond(&fixture, "p2.sub.example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n");
  check_respond(&fixture, "alias.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer alias.example.com. 300 CNAME p1.sub.example.com.\n"
                "answer p1.sub.example.com. 300 A 192.0.2.1\n");
  check_respond(&fixture, "other.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer other.example.com. 300 CNAME p1.example.net.\n"
                "answer p1.example.net. 300 A 192.0.2.2\n");
  check_respond(&fixture, "away.example.com", LDNS_RR_TYPE_A,
                "NOERROR aa\nanswer away.example.com. 300 CNAME p1.example.org.\n");
  check_respond(&fixture, "p1.example.org", LDNS_RR_TYPE_A, "REFUSED\n");
  fixture_stop(&fixture);
}

static void test_errors(void) {
  struct fixture fixture;
  const char *wrong[] = {parent, "$ORIGIN example.net.\np1 300 A 192.0.2\n"};
  const char *twice[] = {parent, sibling, parent};
  fixture_start_as(&fixture, &(struct fakedns_options){.zones = wrong, .zone_count = 2});
  check_text("dns: zone 2: line 2: \"192.0.2\" is not an IPv4 address; the record is written A "
             "192.0.2.1",
             fixture.error.text);
  fixture_stop(&fixture);
  fixture_start_as(&fixture, &(struct fakedns_options){.zones = twice, .zone_count = 3});
  check_text("dns: zone 3: there is a zone of this name before it", fixture.error.text);
  fixture_stop(&fixture);
}

/* A server without zones refuses everything. */
static void test_none(void) {
  struct fixture fixture;
  fixture_start_as(&fixture, &(struct fakedns_options){.zone_count = 0});
  check_respond(&fixture, "example.com", LDNS_RR_TYPE_A, "REFUSED\n");
  fixture_stop(&fixture);
}

/* RFC 3404 section 4.4: what NAPTR records lead to comes along, and what that leads to. */
static void test_naptr(void) {
  struct fixture fixture;
  start(&fixture, sets, (struct fakedns_options){0});
  uint8_t query[512], *answer;
  size_t length, size = make_query(query, "example.com", LDNS_RR_TYPE_NAPTR, 1232);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
  char *text = answer_text(answer, length);
  check_text("NOERROR aa edns\n"
             "answer example.com. 300 NAPTR 10 10 \"s\" \"SIP+D2U\" \"\" _sip._udp.example.com.\n"
             "answer example.com. 300 NAPTR 20 10 \"S\" \"SIP+D2T\" \"\" _sip._tcp.example.com.\n"
             "answer example.com. 300 NAPTR 30 10 \"a\" \"SIP+D2U\" \"\" p2.example.com.\n"
             "answer example.com. 300 NAPTR 40 10 \"u\" \"E2U+sip\" "
             "\"!^.*$!sip:p3@example.com!\" .\n"
             "additional _sip._udp.example.com. 300 SRV 10 10 5060 p1.example.com.\n"
             "additional p2.example.com. 300 AAAA 2001:db8::2\n"
             "additional p1.example.com. 300 A 192.0.2.1\n"
             "additional p1.example.com. 300 A 192.0.2.2\n"
             "additional p1.example.com. 300 A 192.0.2.3\n",
             text);
  free(text);
  free(answer);
  fixture_stop(&fixture);
}

static void test_without_additional(void) {
  struct fixture fixture;
  start(&fixture, sets, (struct fakedns_options){.without_additional = true});
  check_respond(&fixture, "_sip._udp.example.com", LDNS_RR_TYPE_SRV,
                "NOERROR aa\nanswer _sip._udp.example.com. 300 SRV 10 10 5060 p1.example.com.\n");
  fixture_stop(&fixture);
}

#define A(n) "answer p1.example.com. 300 A 192.0.2." n "\n"

static void test_rotate(void) {
  struct fixture fixture;
  start(&fixture, sets, (struct fakedns_options){.order = FAKEDNS_ORDER_ROTATE});
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" A("1") A("2") A("3"));
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" A("2") A("3") A("1"));
  /* Other sets of the name don't turn it. */
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_TXT,
                "NOERROR aa\nanswer p1.example.com. 300 TXT \"between\"\n");
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" A("3") A("1") A("2"));
  check_respond(&fixture, "p1.example.com", LDNS_RR_TYPE_A, "NOERROR aa\n" A("1") A("2") A("3"));
  fixture_stop(&fixture);
}

/* What a server with this order answers to ten queries in a row, as one text. */
static char *ten_answers(enum fakedns_order order) {
  struct fixture fixture;
  char *text = calloc(10, 512);
  CU_ASSERT_FATAL(text != NULL);
  start(&fixture, sets, (struct fakedns_options){.order = order});
  for (int i = 0; i < 10; i++) {
    uint8_t query[512], *answer;
    size_t length, size = make_query(query, "p1.example.com", LDNS_RR_TYPE_A, 0);
    CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, &length) == 0);
    char *one = answer_text(answer, length);
    CU_ASSERT(strstr(one, A("1")) && strstr(one, A("2")) && strstr(one, A("3")));
    strncat(text, one, 511);
    free(one);
    free(answer);
  }
  fixture_stop(&fixture);
  return text;
}

static void test_shuffle(void) {
  char *one = ten_answers(FAKEDNS_ORDER_SHUFFLE), *again = ten_answers(FAKEDNS_ORDER_SHUFFLE);
  char *sorted = ten_answers(FAKEDNS_ORDER_ZONE);
  check_text(one, again);
  CU_ASSERT(strcmp(one, sorted) != 0);
  free(one);
  free(again);
  free(sorted);
}

/* What a client may take and what the server was told to send: the lesser of both, to the byte: 35
 * addresses of 16 bytes beside header, question and OPT record. */
static void test_udp_size(void) {
  enum { RECORDS = 60, FIT = (600 - 12 - 19 - 11) / 16 };
  struct fixture fixture;
  uint8_t query[512], bytes[1024];
  char text[RECORDS * 32];
  int at = snprintf(text, sizeof text, "$ORIGIN example.com.\n$TTL 300\n");
  for (int i = 0; i < RECORDS; i++)
    at += snprintf(text + at, sizeof text - (size_t)at, "t A 192.0.2.%d\n", i);
  start(&fixture, text, (struct fakedns_options){.udp_size = 600});
  client_send(&fixture, query, make_query(query, "t.example.com", LDNS_RR_TYPE_A, 4096));
  long received = client_receive(&fixture, bytes, sizeof bytes);
  CU_ASSERT_FATAL(received > 11 && received <= 600);
  CU_ASSERT((bytes[2] & 0x02) && ldns_read_uint16(bytes + 6) == FIT);
  /* The OPT record is the last one: its class says 600. */
  CU_ASSERT(ldns_read_uint16(bytes + received - 8) == 600);
  fixture_stop(&fixture);
  start(&fixture, sets, (struct fakedns_options){.udp_size = 511});
  check_text("dns: the largest answer over UDP is 512 bytes at least, not 511", fixture.error.text);
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"the closest zone answers, and aliases lead from zone to zone", test_closest},
    {"an error says which zone it is in", test_errors},
    {"a server without zones refuses", test_none},
    {"NAPTR records bring what they lead to", test_naptr},
    {"the additional section can be left out", test_without_additional},
    {"sets rotate, each by itself", test_rotate},
    {"sets are shuffled, and one seed gives one order", test_shuffle},
    {"a server may send less over UDP than its client takes", test_udp_size},
};

UNIT_MAIN("fakedns: zones", tests)
