/* SPDX-License-Identifier: MIT
 *
 * What rules do to messages over UDP: late, more than once, damaged, from elsewhere.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/address.h"
#include "tests/fakedns/fixture.h"

static const char zone[] = "$ORIGIN example.com.\n"
                           "p1 300 A 192.0.2.1\n"
                           "p1 300 AAAA 2001:db8::1\n";

#define A_1 "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\n"
#define AAAA_1 "NOERROR aa\nanswer p1.example.com. 300 AAAA 2001:db8::1\n"

static const struct rule_selector everything = {0};
static const struct rule_selector inbound = {.direction = RULE_INBOUND};

static void query_a(struct fixture *fixture) {
  client_query(fixture, "p1.example.com", LDNS_RR_TYPE_A);
}

/* A server with one rule, and one query sent to it. */
static void start_with(struct fixture *fixture, const struct rule_selector *selector,
                       const struct rule_verdict *verdict) {
  fixture_start(fixture, zone);
  CU_ASSERT(fakedns_add_rule(fixture->server, selector, verdict) == 1);
  query_a(fixture);
}

static bool holds(const struct fixture *fixture, size_t index, const char *text) {
  return index < fixture->event_count && strstr(fixture->events[index], text) != NULL;
}

/* ---- delays ---- */

static void check_delay(const struct rule_selector *selector) {
  struct fixture fixture;
  start_with(&fixture, selector,
             &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = 20000000});
  int64_t sent_ns = fixture_now_ns();
  check_received(&fixture, A_1);
  CU_ASSERT(fixture_now_ns() - sent_ns >= 20000000);
  CU_ASSERT(holds(&fixture, 3, "\"query\":true") && holds(&fixture, 4, "\"verdict\":\"delay\"") &&
            holds(&fixture, 5, "\"query\":false"));
  fixture_stop(&fixture);
}

static void test_delay(void) {
  check_delay(&everything);
  check_delay(&inbound);
}

/* The chain draws the jitter; here it is added to the delay. */
static void test_jitter(void) {
  struct fixture fixture;
  start_with(
      &fixture, &everything,
      &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = 20000000, .jitter_ns = 20000000});
  int64_t sent_ns = fixture_now_ns();
  check_received(&fixture, A_1);
  CU_ASSERT(fixture_now_ns() - sent_ns >= 20000000);
  fixture_stop(&fixture);
}

/* One rule for queries, one for answers: both delays pass, and the other query isn't held up. */
static void test_both_ways(void) {
  struct fixture fixture;
  struct rule_selector queries = {.conditions = {{"qtype", "A"}}, .direction = RULE_INBOUND};
  struct rule_selector answers = {.conditions = {{"qtype", "A"}}, .direction = RULE_OUTBOUND};
  struct rule_verdict verdict = {.kind = VERDICT_DELAY, .delay_ns = 20000000};
  start_with(&fixture, &queries, &verdict);
  int64_t sent_ns = fixture_now_ns();
  fakedns_add_rule(fixture.server, &answers, &verdict);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA);
  check_received(&fixture, AAAA_1);
  check_received(&fixture, A_1);
  CU_ASSERT(fixture_now_ns() - sent_ns >= 40000000);
  fixture_stop(&fixture);
}

static void test_destroyed_meanwhile(void) {
  struct fixture fixture;
  start_with(&fixture, &everything,
             &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = INT64_C(3600000000000)});
  CU_ASSERT(run_until_events(&fixture, 5));
  fixture_stop(&fixture);
}

/* ---- duplicates ---- */

static void check_copies(const struct rule_selector *selector, const char *first,
                         const char *second) {
  struct fixture fixture;
  start_with(&fixture, selector, &(struct rule_verdict){.kind = VERDICT_DUPLICATE, .copies = 2});
  for (int i = 0; i < 3; i++)
    check_received(&fixture, A_1);
  CU_ASSERT(fixture.event_count == 8);
  CU_ASSERT(holds(&fixture, 3, first) && holds(&fixture, 4, second));
  for (size_t i = 5; i < 8; i++)
    CU_ASSERT(holds(&fixture, i, "\"query\":false"));
  fixture_stop(&fixture);
}

static void test_duplicate(void) {
  check_copies(&everything, "\"query\":true", "\"verdict\":\"duplicate\"");
  check_copies(&inbound, "\"query\":true", "\"verdict\":\"duplicate\"");
}

/* ---- damage ---- */

/* Receives what became of the answer to a query that has its usual answer in `usual`. */
static size_t receive_damaged(const char *manner, const struct rule_selector *selector,
                              uint16_t udp_size, uint8_t damaged[512], uint8_t usual[512],
                              size_t *usual_size) {
  struct fixture fixture;
  struct rule_verdict verdict = {.kind = VERDICT_CORRUPT};
  uint8_t query[512], *answer;
  size_t size = make_query(query, "p1.example.com", LDNS_RR_TYPE_A, udp_size);
  strncpy(verdict.manner, manner, sizeof verdict.manner - 1);
  fixture_start(&fixture, zone);
  CU_ASSERT_FATAL(fakedns_add_rule(fixture.server, selector, &verdict) == 1);
  CU_ASSERT_FATAL(fakedns_respond(fixture.server, query, size, &answer, usual_size) == 0);
  memcpy(usual, answer, *usual_size);
  free(answer);
  client_send(&fixture, query, size);
  long received = client_receive(&fixture, damaged, 512);
  CU_ASSERT(received >= 0);
  fixture_stop(&fixture);
  return received < 0 ? 0 : (size_t)received;
}

static void test_wrong_id(void) {
  uint8_t damaged[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("id", &everything, 0, damaged, usual, &usual_size);
  CU_ASSERT(size == usual_size && ldns_read_uint16(damaged) != 4711);
  CU_ASSERT(memcmp(damaged + 2, usual + 2, size - 2) == 0);
}

static void test_wrong_question(void) {
  uint8_t damaged[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("question", &everything, 0, damaged, usual, &usual_size);
  char *text = answer_text(damaged, size);
  CU_ASSERT(size == usual_size);
  check_text("NOERROR aa\nanswer x1.example.com. 300 A 192.0.2.1\n", text);
  free(text);
}

/* The server sees another question than was asked, and answers that one. */
static void test_wrong_question_of_query(void) {
  uint8_t damaged[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("question", &inbound, 0, damaged, usual, &usual_size);
  char *text = answer_text(damaged, size);
  check_text("NXDOMAIN aa\n", text);
  free(text);
}

static void test_garbage(void) {
  uint8_t damaged[512], again[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("garbage", &everything, 0, damaged, usual, &usual_size);
  CU_ASSERT(size == usual_size && ldns_read_uint16(damaged) == 4711 && (damaged[2] & 0x80));
  CU_ASSERT(memcmp(damaged + 2, usual + 2, size - 2) != 0);
  /* It comes from the seed. */
  CU_ASSERT(receive_damaged("garbage", &everything, 0, again, usual, &usual_size) == size);
  CU_ASSERT(memcmp(damaged, again, size) == 0);
}

static void test_short(void) {
  uint8_t damaged[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("short", &everything, 0, damaged, usual, &usual_size);
  CU_ASSERT(size == usual_size / 2 && memcmp(damaged, usual, size) == 0);
}

static void test_truncate(void) {
  uint8_t damaged[512], usual[512];
  size_t size, usual_size;
  size = receive_damaged("truncate", &everything, 0, damaged, usual, &usual_size);
  char *text = answer_text(damaged, size);
  check_text("NOERROR aa tc\n", text);
  free(text);
  size = receive_damaged("truncate", &everything, 1232, damaged, usual, &usual_size);
  text = answer_text(damaged, size);
  check_text("NOERROR aa tc edns\n", text);
  free(text);
}

/* ---- diversion ---- */

static void test_divert(void) {
  struct fixture fixture;
  struct sockaddr_storage source = {0};
  socklen_t length = sizeof source;
  uint8_t query[512], bytes[512];
  struct rule_verdict verdict = {.kind = VERDICT_DIVERT};
  fixture_start(&fixture, zone);
  const struct sockaddr_storage *address = fakedns_address(fixture.server);
  CU_ASSERT_FATAL(address_parse(&verdict.from, "127.0.0.2", 0, NULL) == 0);
  CU_ASSERT(fakedns_add_rule(fixture.server, &everything, &verdict) == 1);
  /* A socket that isn't connected sees where answers come from. */
  int client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  size_t size = make_query(query, "p1.example.com", LDNS_RR_TYPE_A, 0);
  CU_ASSERT(sendto(client, query, size, 0, (const struct sockaddr *)address,
                   address_length(address)) == (ssize_t)size);
  CU_ASSERT(run_until_events(&fixture, 6));
  CU_ASSERT(recvfrom(client, bytes, sizeof bytes, 0, (struct sockaddr *)&source, &length) > 12);
  CU_ASSERT(address_equal_host(&source, &verdict.from));
  CU_ASSERT(address_port(&source) == address_port(address));
  CU_ASSERT(holds(&fixture, 5, "\"from_address\":\"127.0.0.2:") && !holds(&fixture, 5, "\"from\""));
  close(client);
  fixture_stop(&fixture);
}

/* An address that nobody here has: the timeline says that the answer had no way out. */
static void test_divert_in_vain(void) {
  struct fixture fixture;
  struct rule_verdict verdict = {.kind = VERDICT_DIVERT};
  CU_ASSERT_FATAL(address_parse(&verdict.from, "192.0.2.99", 0, NULL) == 0);
  start_with(&fixture, &everything, &verdict);
  CU_ASSERT(run_until_events(&fixture, 6));
  CU_ASSERT(holds(&fixture, 5, "\"kind\":\"log\"") &&
            holds(&fixture, 5, "cannot listen on UDP 192.0.2.99:0"));
  fixture_stop(&fixture);
}

/* ---- what is no rule ---- */

static bool accepts(struct fixture *fixture, const struct rule_selector *selector,
                    struct rule_verdict verdict) {
  return fakedns_add_rule(fixture->server, selector, &verdict) != 0;
}

static void test_no_rules(void) {
  struct fixture fixture;
  struct rule_verdict divert = {.kind = VERDICT_DIVERT};
  fixture_start(&fixture, zone);
  CU_ASSERT(!accepts(&fixture, &everything,
                     (struct rule_verdict){.kind = VERDICT_CORRUPT, .manner = "somehow"}));
  CU_ASSERT(!accepts(&fixture, &everything, (struct rule_verdict){.kind = VERDICT_DUPLICATE}));
  CU_ASSERT(
      accepts(&fixture, &everything,
              (struct rule_verdict){.kind = VERDICT_DUPLICATE, .copies = FAKEDNS_COPIES_MAX}));
  CU_ASSERT(
      !accepts(&fixture, &everything,
               (struct rule_verdict){.kind = VERDICT_DUPLICATE, .copies = FAKEDNS_COPIES_MAX + 1}));
  CU_ASSERT(!accepts(&fixture, &everything,
                     (struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = -1}));
  CU_ASSERT(!accepts(&fixture, &everything, divert));
  address_parse(&divert.from, "127.0.0.2", 0, NULL);
  CU_ASSERT(!accepts(&fixture, &inbound, divert));
  CU_ASSERT(accepts(&fixture, &everything, divert));
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"a query or its answer comes late", test_delay},
    {"jitter comes on top", test_jitter},
    {"delays of both ways add up, and hold up nobody else", test_both_ways},
    {"a server may be destroyed while answers are held up", test_destroyed_meanwhile},
    {"a query or its answer comes several times", test_duplicate},
    {"an answer with another id", test_wrong_id},
    {"an answer to another question", test_wrong_question},
    {"an answer to a damaged query", test_wrong_question_of_query},
    {"garbage with the right id, from the seed", test_garbage},
    {"an answer that is cut short", test_short},
    {"an answer truncated, its OPT record kept", test_truncate},
    {"an answer from another address", test_divert},
    {"an answer from an address that can't be had is told of", test_divert_in_vain},
    {"verdicts that make no sense are no rules", test_no_rules},
};

UNIT_MAIN("fakedns: faults", tests)
