/* SPDX-License-Identifier: MIT
 *
 * Reading zones: what a master file may look like, and what the error says when it is wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fakedns/fixture.h"

/* A server with this zone answers so. */
static void check_zone(const char *zone, const char *name, ldns_rr_type type,
                       const char *expected) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  if (!fixture.server)
    check_text("a zone without errors", fixture.error.text);
  else
    check_respond(&fixture, name, type, expected);
  fixture_stop(&fixture);
}

/* This zone is refused, with this text after "dns: zone: ". */
static void check_refused(const char *zone, const char *expected) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  CU_ASSERT(fixture.server == NULL);
  CU_ASSERT(strncmp(fixture.error.text, "dns: zone: ", 11) == 0);
  check_text(expected, fixture.error.text + 11);
  fixture_stop(&fixture);
}

#define A_1 "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\n"

static void test_indented(void) {
  const char *zone = "\n    $ORIGIN example.com.\n"
                     "    _sip._udp 300 IN SRV 10 10 5060 p1\n"
                     "    _sip._udp 300 IN SRV 20 10 5060 p2\n"
                     "    p1        300 IN A 127.100.1.1\n"
                     "    p2        300 IN A 127.100.1.2\n  ";
  check_zone(zone, "_sip._udp.example.com", LDNS_RR_TYPE_SRV,
             "NOERROR aa\n"
             "answer _sip._udp.example.com. 300 SRV 10 10 5060 p1.example.com.\n"
             "answer _sip._udp.example.com. 300 SRV 20 10 5060 p2.example.com.\n"
             "additional p1.example.com. 300 A 127.100.1.1\n"
             "additional p2.example.com. 300 A 127.100.1.2\n");
}

static void test_indented_after_first_line(void) {
  check_zone("$ORIGIN example.com.\n    p1 300 IN A 192.0.2.1\n    p2 300 IN A 192.0.2.2\n",
             "p1.example.com", LDNS_RR_TYPE_A, A_1);
}

static void test_indented_with_tabs(void) {
  check_zone("\t$ORIGIN example.com.\n\tp1\t300\tIN\tA\t192.0.2.1\n\t\t300\tIN\tA\t192.0.2.2\n",
             "p1.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\nanswer p1.example.com. 300 A "
             "192.0.2.2\n");
}

static void test_same_owner(void) {
  const char *zone = "  $ORIGIN example.com.\n"
                     "; a comment in the first column\n"
                     "  p1 300 IN A 192.0.2.1 ; the first\n"
                     "\n"
                     "     60   IN A 192.0.2.2\n"
                     "  p2 300 IN A 192.0.2.3\n";
  check_zone(zone, "p1.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\nanswer p1.example.com. 60 A "
             "192.0.2.2\n");
}

static void test_mixed_indentation(void) {
  check_refused("$ORIGIN example.com.\n\tp1 300 IN A 192.0.2.1\n        p2 300 IN A 192.0.2.2\n",
                "line 2: \"p1\" stands after blanks, which mean the owner of the record before, "
                "and there is none: "
                "begin all records in the same column, with the same blanks or tabs");
}

static void test_parentheses(void) {
  const char *zone = "$ORIGIN example.com.\r\n"
                     "@ 300 IN SOA ns hostmaster ( ; serial\n"
                     "1 2h 15m\n"
                     "      1w 1h30m )\r\n"
                     "p1 300 IN A(192.0.2.1)";
  check_zone(zone, "example.com", LDNS_RR_TYPE_SOA,
             "NOERROR aa\n"
             "answer example.com. 300 SOA ns.example.com. hostmaster.example.com. 1 7200 900 "
             "604800 5400\n");
  check_zone(zone, "p1.example.com", LDNS_RR_TYPE_A, A_1);
}

static void test_quotes(void) {
  check_zone("$ORIGIN example.com.\nt 300 TXT \"a (b; c)\" d\\;e \"q\\\"x\"\n", "t.example.com",
             LDNS_RR_TYPE_TXT,
             "NOERROR aa\nanswer t.example.com. 300 TXT \"a (b; c)\" \"d;e\" \"q\\\"x\"\n");
}

static void test_origins(void) {
  const char *zone = "$ORIGIN example.com.\n"
                     "p1 300 A 192.0.2.1\n"
                     "$ORIGIN sub\n"
                     "p2 300 A 192.0.2.2\n"
                     "@ 300 CNAME p2\n"
                     "p3.example.com. 300 PTR @\n";
  check_zone(zone, "p2.sub.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p2.sub.example.com. 300 A 192.0.2.2\n");
  check_zone(zone, "sub.example.com", LDNS_RR_TYPE_CNAME,
             "NOERROR aa\nanswer sub.example.com. 300 CNAME p2.sub.example.com.\n");
  check_zone(zone, "p3.example.com", LDNS_RR_TYPE_PTR,
             "NOERROR aa\nanswer p3.example.com. 300 PTR sub.example.com.\n");
}

static void test_ttls(void) {
  const char *last = "$ORIGIN example.com.\nx 60 A 192.0.2.9\np1 A 192.0.2.1\n";
  const char *directive = "$ORIGIN example.com.\n$TTL 5m\nx 60 A 192.0.2.9\np1 A 192.0.2.1\n";
  const char *zero = "$ORIGIN example.com.\n$TTL 0\np1 A 192.0.2.1\n";
  const char *largest = "$ORIGIN example.com.\np1 IN 2147483647 A 192.0.2.1\n";
  check_zone(last, "p1.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p1.example.com. 60 A 192.0.2.1\n");
  check_zone(directive, "p1.example.com", LDNS_RR_TYPE_A, A_1);
  check_zone(zero, "p1.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p1.example.com. 0 A 192.0.2.1\n");
  check_zone(largest, "p1.example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\nanswer p1.example.com. 2147483647 A 192.0.2.1\n");
  check_refused("$ORIGIN example.com.\np1 2147483648 A 192.0.2.1\n",
                "line 2: \"2147483648\" is not a TTL (seconds up to 2147483647, or 5m, 1h, 1d)");
  check_refused("$ORIGIN example.com.\np1 30x A 192.0.2.1\n",
                "line 2: \"30x\" is not a TTL (seconds up to 2147483647, or 5m, 1h, 1d)");
  check_refused("$ORIGIN example.com.\np1 IN A 192.0.2.1\n",
                "line 2: the record has no TTL, and there is none before it: write \"300\" after "
                "the owner, or \"$TTL "
                "300\" above");
}

static void test_apex(void) {
  check_zone("$ORIGIN com.\nexample 300 SOA ns.example hostmaster.example 1 2 3 4 5\np1.example "
             "300 A 192.0.2.1\n",
             "com", LDNS_RR_TYPE_A, "REFUSED\n");
  check_zone("$ORIGIN example.com.\np1 300 A 192.0.2.1\n", "example.com", LDNS_RR_TYPE_A,
             "NOERROR aa\n");
  check_zone("$ORIGIN .\np1.example.com 300 A 192.0.2.1\n", "p1.example.com", LDNS_RR_TYPE_A, A_1);
  check_zone("$ORIGIN example.com.\n", "example.com", LDNS_RR_TYPE_A, "NXDOMAIN aa\n");
  check_refused(
      "", "the zone has no name: begin it with \"$ORIGIN example.com.\", or give it an SOA record");
  check_refused(
      "p1.example.com. 300 A 192.0.2.1\n",
      "the zone has no name: begin it with \"$ORIGIN example.com.\", or give it an SOA record");
}

static void test_directive_errors(void) {
  check_refused(
      "$ORIGIN example.com\n",
      "line 1: \"example.com\" is a relative name and no $ORIGIN stands before it: write \"$ORIGIN "
      "example.com.\" above, or the whole name with a dot at its end");
  check_refused("\n$INCLUDE other\n",
                "line 2: \"$INCLUDE\" is not a directive that is known here: $ORIGIN or $TTL");
  check_refused("$ORIGIN\n", "line 1: $ORIGIN takes one value, such as \"$ORIGIN example.com.\"");
  check_refused("$TTL 1 2\n", "line 1: $TTL takes one value, such as \"$TTL 300\"");
  check_refused("$TTL x\n", "line 1: \"x\" is not a TTL (seconds up to 2147483647, or 5m, 1h, 1d)");
}

static void test_record_errors(void) {
  check_refused("p1 300 IN A 192.0.2.1\n", "line 1: \"p1\" is a relative name and no $ORIGIN "
                                           "stands before it: write \"$ORIGIN example.com.\" "
                                           "above, or the whole name with a dot at its end");
  check_refused("$ORIGIN example.com.\n\np1 300 IN SVR 10 10 5060 p1\n",
                "line 3: \"SVR\" is not a record type: a record is OWNER TTL IN TYPE VALUE…, such "
                "as \"p1 300 IN A "
                "192.0.2.1\"");
  check_refused("$ORIGIN example.com.\np1 300 IN\n",
                "line 2: the record ends before its type (OWNER TTL IN TYPE VALUE…)");
  check_refused("$ORIGIN example.com.\np1 300 CH A 192.0.2.1\n",
                "line 2: class \"CH\" is not served here, only IN");
  check_refused("$ORIGIN example.com.\na..b 300 A 192.0.2.1\n",
                "line 2: \"a..b\" is not a domain name (labels of 1 to 63 bytes between dots, 255 "
                "bytes together)");
}

static void test_value_errors(void) {
  check_refused(
      "$ORIGIN example.com.\np1 300 IN A 192.0.2.256\n",
      "line 2: \"192.0.2.256\" is not an IPv4 address; the record is written A 192.0.2.1");
  check_refused(
      "$ORIGIN example.com.\np1 300 IN AAAA 192.0.2.1\n",
      "line 2: \"192.0.2.1\" is not an IPv6 address; the record is written AAAA 2001:db8::1");
  check_refused("$ORIGIN example.com.\ns 300 IN SRV 10 10 65536 p1\n",
                "line 2: \"65536\" is not a number from 0 to 65535; the record is written SRV "
                "PRIORITY WEIGHT PORT "
                "TARGET");
  check_refused("$ORIGIN example.com.\ns 300 IN SRV 10 10 p1\n",
                "line 2: \"p1\" is not a number from 0 to 65535; the record is written SRV "
                "PRIORITY WEIGHT PORT "
                "TARGET");
  check_refused("$ORIGIN example.com.\ns 300 IN SRV 10 10 5060\n",
                "line 2: the record has 3 of at least 4 values; it is written SRV PRIORITY WEIGHT "
                "PORT TARGET");
  check_refused("$ORIGIN example.com.\n@ 300 SOA ns hostmaster (\n1 2 3\n x 5)\n",
                "line 4: \"x\" is not a number of seconds (or 5m, 1h, 1d); the record is written "
                "SOA SERVER MAILBOX "
                "SERIAL REFRESH RETRY EXPIRE MINIMUM");
  check_refused("$ORIGIN example.com.\np1 300 IN A 192.0.2.1 192.0.2.2\n",
                "line 2: Syntax error, superfluous text present in \"p1.example.com. 300 IN A "
                "192.0.2.1 192.0.2.2\"; "
                "the record is written A 192.0.2.1");
  check_zone("$ORIGIN example.com.\ns 300 IN SRV 65535 0 65535 p1\n", "s.example.com",
             LDNS_RR_TYPE_SRV,
             "NOERROR aa\nanswer s.example.com. 300 SRV 65535 0 65535 p1.example.com.\n");
}

static void test_lexical_errors(void) {
  check_refused("$ORIGIN example.com.\n@ 300 SOA a b (1 2\n3 4 5\n",
                "line 2: the \"(\" is never closed by a \")\"");
  check_refused("$ORIGIN example.com.\np1 300 A 192.0.2.1 )\n",
                "line 2: \")\" without a \"(\" before it");
  check_refused("$ORIGIN example.com.\n@ 300 SOA a b (1\n(2 3\n",
                "line 3: \"(\" inside the \"(\" of line 2: they don't nest");
  check_refused("$ORIGIN example.com.\nt 300 TXT \"open\nend\"\n",
                "line 2: \"open\nend\"\n… has no closing \" on its line");
}

static void test_zone_rules(void) {
  check_refused("$ORIGIN example.com.\np1 300 A 192.0.2.1\np1.example.net. 300 A 192.0.2.2\n",
                "line 3: \"p1.example.net.\" lies outside the zone \"example.com.\", which its "
                "first $ORIGIN names");
  check_refused("$ORIGIN com.\np1 300 A 192.0.2.1\nexample 300 SOA a b 1 2 3 4 5\n",
                "line 2: \"p1.com.\" lies outside the zone \"example.com.\", which its SOA names");
  check_refused("$ORIGIN example.com.\n@ 300 SOA a b 1 2 3 4 5\n@ 300 SOA a b 2 2 3 4 5\n",
                "line 3: a second SOA record: a zone has one");
  check_refused("$ORIGIN example.com.\np1 300 A 192.0.2.1\np1 300 CNAME p2\n",
                "line 3: the owner has a CNAME and another record: a CNAME must stand alone (RFC "
                "1034 section 3.6.2)");
  check_refused("$ORIGIN example.com.\np1 300 CNAME p2\np1 300 A 192.0.2.1\n",
                "line 3: the owner has a CNAME and another record: a CNAME must stand alone (RFC "
                "1034 section 3.6.2)");
  check_zone("$ORIGIN example.com.\np1 300 A 192.0.2.1\nP1 300 A 192.0.2.1\n", "p1.example.com",
             LDNS_RR_TYPE_A, A_1);
}

/* A name of 63-byte labels, and one byte more than that. */
static void test_name_limits(void) {
  char zone[512], label[65];
  memset(label, 'x', 64);
  label[64] = '\0';
  snprintf(zone, sizeof zone, "$ORIGIN example.com.\n%.63s 300 A 192.0.2.1\n", label);
  char expected[512], name[128];
  snprintf(name, sizeof name, "%.63s.example.com", label);
  snprintf(expected, sizeof expected, "NOERROR aa\nanswer %s. 300 A 192.0.2.1\n", name);
  check_zone(zone, name, LDNS_RR_TYPE_A, expected);
  snprintf(zone, sizeof zone, "$ORIGIN example.com.\n%.64s 300 A 192.0.2.1\n", label);
  snprintf(expected, sizeof expected,
           "line 2: \"%.64s\" is not a domain name (labels of 1 to 63 bytes between dots, 255 "
           "bytes together)",
           label);
  check_refused(zone, expected);
}

static const struct unit_test tests[] = {
    {"an indented zone means what its author meant", test_indented},
    {"the first line may stand without the indentation of the others",
     test_indented_after_first_line},
    {"tabs indent too", test_indented_with_tabs},
    {"deeper blanks repeat the owner; comments and blank lines don't count", test_same_owner},
    {"tabs and blanks mixed are an error that says so", test_mixed_indentation},
    {"parentheses join lines, CRLF ends them", test_parentheses},
    {"quotes and backslashes protect", test_quotes},
    {"$ORIGIN changes and may be relative", test_origins},
    {"a TTL left out is that of $TTL, else the last; zero stays zero", test_ttls},
    {"the zone's name is the SOA's owner, else the first $ORIGIN", test_apex},
    {"wrong directives are named", test_directive_errors},
    {"wrong records are named by line and token", test_record_errors},
    {"wrong values are named, at the limit and past it", test_value_errors},
    {"open parentheses and quotes are named where they were opened", test_lexical_errors},
    {"records outside the zone, a second SOA, a CNAME with company", test_zone_rules},
    {"a label has up to 63 bytes", test_name_limits},
};

UNIT_MAIN("fakedns: zones", tests)
