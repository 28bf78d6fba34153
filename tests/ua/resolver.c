/* SPDX-License-Identifier: MIT
 *
 * The phone's resolver against real DNS servers: what is asked when, of whom, and for how long an
 * answer serves.
 */
#include <stdio.h>
#include <string.h>

#include "tests/ua/dns_lab.h"
#include "ua/dns_cache.h"

/* The SOA has a TTL of 600 and a MINIMUM of 60. */
static const char ZONE[] = "$ORIGIN example.com.\n"
                           "@    600 IN SOA ns root 1 7200 3600 86400 60\n"
                           "p1   300 IN A 192.0.2.1\n"
                           "zero   0 IN A 192.0.2.9\n"
                           "one  300 IN CNAME p1\n";
static const char OTHER_ZONE[] = "$ORIGIN example.com.\n"
                                 "p1   300 IN A 192.0.2.2\n";

static struct dns_lab lab;

/* What the last handler was told: "A 192.0.2.1:0 ttl 300", "none NXDOMAIN ttl 60", with its time in
 * front. */
static char told[512];

static void on_answer(void *context, const struct dns_answer *answer) {
  static const char *const outcomes[] = {
      [DNS_RECORDS] = "records", [DNS_NONE] = "none", [DNS_FAILED] = "failed"};
  (void)context;
  int size = snprintf(told, sizeof told, "%lld %s ttl %u%s", (long long)dns_lab_now(),
                      outcomes[answer->outcome], answer->ttl_s, answer->is_stale ? " stale" : "");
  if (answer->outcome != DNS_RECORDS) {
    snprintf(told + size, sizeof told - (size_t)size, " %s", answer->reason);
    return;
  }
  for (size_t i = 0; i < answer->count; i++) {
    char text[TARGET_TEXT_SIZE];
    target_address_host(&answer->records[i].address, text);
    size += snprintf(told + size, sizeof told - (size_t)size, " %s", text);
  }
}

static struct resolver_query *ask(const char *name, enum dns_type type) {
  told[0] = '\0';
  struct resolver_query *query = resolver_ask(lab.resolver, name, type, on_answer, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(query);
  return query;
}

/* Asks, and runs until the answer, or for a minute. */
static void check(const char *name, enum dns_type type, const char *expected) {
  ask(name, type);
  int64_t end_ms = dns_lab_now() + 60000;
  dns_lab_run(&lab, dns_lab_now());
  while (!*told && dns_lab_now() < end_ms)
    dns_lab_run(&lab, dns_lab_now() + 1);
  check_same(expected, told);
}

static void start(const char *second, bool asks_all_at_once) {
  dns_lab_start(&lab, ZONE, second);
  dns_lab_open(&lab, asks_all_at_once, true);
}

static void answers_live_for_their_ttl(void) {
  start(NULL, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  dns_lab_run(&lab, 299001);
  check("P1.example.com", DNS_A, "299001 records ttl 1 192.0.2.1");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n");
  dns_lab_run(&lab, 300000);
  check("p1.example.com", DNS_A, "300000 records ttl 300 192.0.2.1");
  dns_lab_check_log(&lab, "300000 ns1 A p1.example.com.\n");
  check("one.example.com", DNS_A, "300000 records ttl 300 192.0.2.1");
  check("zero.example.com", DNS_A, "300000 records ttl 0 192.0.2.9");
  check("zero.example.com", DNS_A, "300000 records ttl 0 192.0.2.9");
  dns_lab_check_log(&lab, "300000 ns1 A one.example.com.\n300000 ns1 A zero.example.com.\n"
                          "300000 ns1 A zero.example.com.\n");
  dns_lab_end(&lab);
}

/* RFC 2308 section 5: for the smaller one of TTL and MINIMUM; NXDOMAIN for all types of the name.
 */
static void absence_is_remembered(void) {
  start(NULL, false);
  check("p1.example.com", DNS_AAAA, "0 none ttl 60 no AAAA record");
  check("gone.example.com", DNS_SRV, "0 none ttl 60 NXDOMAIN");
  dns_lab_run(&lab, 59999);
  check("p1.example.com", DNS_AAAA, "59999 none ttl 1 no AAAA record");
  check("gone.example.com", DNS_A, "59999 none ttl 1 NXDOMAIN");
  dns_lab_check_log(&lab, "0 ns1 AAAA p1.example.com.\n0 ns1 SRV gone.example.com.\n");
  check("p1.example.com", DNS_A, "59999 records ttl 300 192.0.2.1");
  dns_lab_run(&lab, 60000);
  check("gone.example.com", DNS_A, "60000 none ttl 60 NXDOMAIN");
  dns_lab_check_log(&lab, "59999 ns1 A p1.example.com.\n60000 ns1 A gone.example.com.\n");
  dns_lab_end(&lab);
}

/* RFC 2308 section 5: without SOA it isn't. */
static void absence_without_soa_is_forgotten(void) {
  dns_lab_start(&lab, OTHER_ZONE, NULL);
  dns_lab_open(&lab, false, true);
  check("gone.example.com", DNS_A, "0 none ttl 0 NXDOMAIN");
  check("gone.example.com", DNS_A, "0 none ttl 0 NXDOMAIN");
  CU_ASSERT_EQUAL(lab.queries, 2);
  dns_lab_end(&lab);
}

/* 2, 4 and 8 s; then the failure is remembered for 30 s (RFC 2308 section 7, RFC 8767). */
static void a_silent_server_is_asked_three_times(void) {
  start(NULL, false);
  uint64_t silence = dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  check("p1.example.com", DNS_A, "14000 failed ttl 30 timeout");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n2000 ns1 A p1.example.com.\n"
                          "6000 ns1 A p1.example.com.\n");
  fakedns_remove_rule(lab.servers[0], silence);
  dns_lab_run(&lab, 43999);
  check("p1.example.com", DNS_A, "43999 failed ttl 1 timeout");
  dns_lab_run(&lab, 44000);
  check("p1.example.com", DNS_A, "44000 records ttl 300 192.0.2.1");
  dns_lab_check_log(&lab, "44000 ns1 A p1.example.com.\n");
  dns_lab_end(&lab);
}

static void a_server_that_fails_is_asked_three_times_at_once(void) {
  start(NULL, false);
  dns_lab_break(&lab, 0, VERDICT_ANSWER, 2);
  check("p1.example.com", DNS_A, "0 failed ttl 30 SERVFAIL");
  CU_ASSERT_EQUAL(lab.queries, 3);
  dns_lab_end(&lab);
  start(NULL, false);
  dns_lab_break(&lab, 0, VERDICT_REFUSE, 0);
  check("p1.example.com", DNS_A, "0 failed ttl 30 the DNS server can't be reached");
  dns_lab_end(&lab);
}

/* CISCO-SRV-12, Sequential. */
static void servers_are_asked_in_sequence(void) {
  start(OTHER_ZONE, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  CU_ASSERT_EQUAL(lab.queries, 1);
  dns_lab_end(&lab);
  start(OTHER_ZONE, false);
  dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  check("p1.example.com", DNS_A, "2000 records ttl 300 192.0.2.2");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n2000 ns2 A p1.example.com.\n");
  dns_lab_end(&lab);
  start(OTHER_ZONE, false);
  dns_lab_break(&lab, 0, VERDICT_ANSWER, 5);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.2");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n0 ns2 A p1.example.com.\n");
  dns_lab_end(&lab);
}

static void all_servers_may_be_silent(void) {
  start(OTHER_ZONE, false);
  dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  dns_lab_break(&lab, 1, VERDICT_DROP, 0);
  check("p1.example.com", DNS_A, "28000 failed ttl 30 timeout");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n2000 ns2 A p1.example.com.\n"
                          "4000 ns1 A p1.example.com.\n8000 ns2 A p1.example.com.\n"
                          "12000 ns1 A p1.example.com.\n20000 ns2 A p1.example.com.\n");
  dns_lab_end(&lab);
}

/* CISCO-SRV-12, Parallel: the first usable answer counts. */
static void servers_are_asked_at_once(void) {
  start(OTHER_ZONE, true);
  dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.2");
  dns_lab_check_log(&lab, "0 ns1 A p1.example.com.\n0 ns2 A p1.example.com.\n");
  dns_lab_break(&lab, 1, VERDICT_ANSWER, 2);
  check("other.example.com", DNS_A, "14000 failed ttl 30 timeout");
  dns_lab_check_log(&lab, "0 ns1 A other.example.com.\n0 ns2 A other.example.com.\n"
                          "2000 ns1 A other.example.com.\n2000 ns2 A other.example.com.\n"
                          "6000 ns1 A other.example.com.\n6000 ns2 A other.example.com.\n");
  dns_lab_end(&lab);
}

/* RFC 8767: after 1.8 s; then for 30 s without asking; and the question goes on meanwhile. */
static void stale_records_serve_while_the_dns_is_silent(void) {
  start(NULL, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  uint64_t silence = dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  dns_lab_run(&lab, 300000);
  check("p1.example.com", DNS_A, "301800 records ttl 30 stale 192.0.2.1");
  dns_lab_run(&lab, 331799);
  check("p1.example.com", DNS_A, "331799 records ttl 1 stale 192.0.2.1");
  CU_ASSERT_EQUAL(lab.queries, 4);
  dns_lab_run(&lab, 331800);
  check("p1.example.com", DNS_A, "333600 records ttl 30 stale 192.0.2.1");
  fakedns_remove_rule(lab.servers[0], silence);
  dns_lab_run(&lab, 334000); /* the second try */
  check("p1.example.com", DNS_A, "334000 records ttl 300 192.0.2.1");
  CU_ASSERT_EQUAL(lab.queries, 6);
  dns_lab_end(&lab);
}

static void stale_records_serve_at_once_after_a_failure(void) {
  start(NULL, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  dns_lab_break(&lab, 0, VERDICT_ANSWER, 2);
  dns_lab_run(&lab, 300000 + DNS_STALE_MAX_S * 1000LL - 1);
  check("p1.example.com", DNS_A, "86699999 records ttl 30 stale 192.0.2.1");
  dns_lab_run(&lab, dns_lab_now() + 30000);
  check("p1.example.com", DNS_A, "86729999 failed ttl 30 SERVFAIL");
  dns_lab_end(&lab);
}

/* What the DNS says is gone, is gone. */
static void absence_ends_what_is_stale(void) {
  start(NULL, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  uint64_t gone = dns_lab_break(&lab, 0, VERDICT_ANSWER, 3);
  dns_lab_run(&lab, 300000);
  check("p1.example.com", DNS_A, "300000 none ttl 0 NXDOMAIN");
  fakedns_remove_rule(lab.servers[0], gone);
  dns_lab_break(&lab, 0, VERDICT_ANSWER, 2);
  check("p1.example.com", DNS_A, "300000 failed ttl 30 SERVFAIL");
  dns_lab_end(&lab);
}

/* A zone in which `name` has so many addresses. */
static void start_with_addresses(const char *name, unsigned count) {
  static char zone[16384];
  size_t size = (size_t)snprintf(zone, sizeof zone, "$ORIGIN example.com.\n");
  for (unsigned i = 1; i <= count; i++)
    size += (size_t)snprintf(zone + size, sizeof zone - size, "%s 300 IN A 192.0.2.%u\n", name, i);
  dns_lab_start(&lab, zone, NULL);
  dns_lab_open(&lab, false, true);
}

/* RFC 6891: more than the 512 bytes of plain DNS, in one datagram. */
static void edns_makes_room(void) {
  start_with_addresses("many", 60);
  check("none.example.com", DNS_A, "0 none ttl 0 NXDOMAIN");
  ask("many.example.com", DNS_A);
  dns_lab_run(&lab, 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(told, " 192.0.2.1 "));
  dns_lab_check_log(&lab, "0 ns1 A none.example.com.\n0 ns1 A many.example.com.\n");
  dns_lab_end(&lab);
}

/* RFC 7766: what is truncated is asked for again over TCP. */
static void truncated_answers_come_over_tcp(void) {
  start_with_addresses("many", 100);
  ask("many.example.com", DNS_A);
  dns_lab_run(&lab, 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(told, "0 records ttl 300 192.0.2.1 "));
  dns_lab_check_log(&lab, "0 ns1 A many.example.com.\n0 ns1 TCP A many.example.com.\n");
  dns_lab_end(&lab);
}

static void tcp_may_be_closed(void) {
  start_with_addresses("many", 100);
  dns_lab_break_transport(&lab, 0, "TCP", VERDICT_REFUSE, 0);
  check("many.example.com", DNS_A, "0 failed ttl 30 the DNS server can't be reached");
  dns_lab_check_log(&lab, "0 ns1 A many.example.com.\n0 ns1 A many.example.com.\n"
                          "0 ns1 A many.example.com.\n");
  dns_lab_end(&lab);
  start_with_addresses("many", 100);
  dns_lab_break_transport(&lab, 0, "TCP", VERDICT_CLOSE, 0);
  check("many.example.com", DNS_A, "0 failed ttl 30 the DNS server can't be reached");
  dns_lab_end(&lab);
  start_with_addresses("many", 100);
  dns_lab_break_transport(&lab, 0, "TCP", VERDICT_DROP, 0);
  check("many.example.com", DNS_A, "14000 failed ttl 30 timeout");
  dns_lab_end(&lab);
}

/* DNS Caching Enable = No. */
static void nothing_may_be_kept(void) {
  dns_lab_start(&lab, ZONE, NULL);
  dns_lab_open(&lab, false, false);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  check("gone.example.com", DNS_A, "0 none ttl 60 NXDOMAIN");
  check("gone.example.com", DNS_A, "0 none ttl 60 NXDOMAIN");
  CU_ASSERT_EQUAL(lab.queries, 4);
  dns_lab_end(&lab);
}

static void a_cancelled_question_fills_the_cache(void) {
  start(NULL, false);
  resolver_cancel(ask("p1.example.com", DNS_A));
  dns_lab_run(&lab, 1000);
  check_same("", told);
  check("p1.example.com", DNS_A, "1000 records ttl 299 192.0.2.1");
  CU_ASSERT_EQUAL(lab.queries, 1);
  resolver_cancel(ask("p1.example.com", DNS_A)); /* whose answer is there already */
  dns_lab_run(&lab, 2000);
  check_same("", told);
  dns_lab_end(&lab);
}

/* The end of a resolver that waits for all that it can wait for. */
static void a_resolver_ends_at_any_time(void) {
  start(OTHER_ZONE, true);
  check("p1.example.com", DNS_A, "0 records ttl 300 192.0.2.1");
  dns_lab_break(&lab, 0, VERDICT_DROP, 0);
  dns_lab_break(&lab, 1, VERDICT_DROP, 0);
  dns_lab_run(&lab, 300000);
  ask("p1.example.com", DNS_A);
  ask("other.example.com", DNS_A);
  dns_lab_run(&lab, 302500);
  ask("p1.example.com", DNS_A);
  told[0] = '\0';
  dns_lab_end(&lab);
  check_same("", told);
}

static void the_cache_has_a_limit(void) {
  struct dns_cache *cache = dns_cache_create();
  struct dns_answer answer = {.outcome = DNS_NONE, .ttl_s = 60};
  char name[32];
  CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
  for (int i = 0; i <= 192; i++) {
    snprintf(name, sizeof name, "n%d", i);
    dns_cache_put(cache, name, DNS_A, 0, &answer);
    CU_ASSERT_EQUAL(dns_cache_find(cache, "n0", DNS_A, 0, &answer), i < 192);
  }
  CU_ASSERT_TRUE(dns_cache_find(cache, "n1", DNS_A, 0, &answer));
  dns_cache_destroy(cache);
}

static const struct unit_test tests[] = {
    {"answers live for their TTL", answers_live_for_their_ttl},
    {"absence is remembered", absence_is_remembered},
    {"absence without SOA is forgotten", absence_without_soa_is_forgotten},
    {"a silent server is asked three times", a_silent_server_is_asked_three_times},
    {"a server that fails is asked three times at once",
     a_server_that_fails_is_asked_three_times_at_once},
    {"servers are asked in sequence", servers_are_asked_in_sequence},
    {"all servers may be silent", all_servers_may_be_silent},
    {"servers are asked at once", servers_are_asked_at_once},
    {"stale records serve while the DNS is silent", stale_records_serve_while_the_dns_is_silent},
    {"stale records serve at once after a failure", stale_records_serve_at_once_after_a_failure},
    {"absence ends what is stale", absence_ends_what_is_stale},
    {"EDNS makes room", edns_makes_room},
    {"truncated answers come over TCP", truncated_answers_come_over_tcp},
    {"TCP may be closed", tcp_may_be_closed},
    {"nothing may be kept", nothing_may_be_kept},
    {"a cancelled question fills the cache", a_cancelled_question_fills_the_cache},
    {"a resolver ends at any time", a_resolver_ends_at_any_time},
    {"the cache has a limit", the_cache_has_a_limit},
};

UNIT_MAIN("ua resolver", tests)
