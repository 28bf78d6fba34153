/* SPDX-License-Identifier: MIT
 *
 * The server on its socket: answers, rules, the port that closes and opens, and the events of all
 * that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/address.h"
#include "tests/fakedns/fixture.h"

static const char zone[] = "$ORIGIN example.com.\n"
                           "_sip._udp 300 SRV 10 10 5060 p1\n"
                           "p1 300 A 192.0.2.1\n"
                           "p1 300 AAAA 2001:db8::1\n";

#define A_1 "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\n"
#define AAAA_1 "NOERROR aa\nanswer p1.example.com. 300 AAAA 2001:db8::1\n"

#define QUERY_A                                                                                    \
  "\"kind\":\"dns\",\"to\":\"dns\",\"from_address\":\"CLIENT\",\"to_address\":\"SERVER\","         \
  "\"transport\":\"UDP\","                                                                         \
  "\"id\":4711,\"query\":true,\"qname\":\"p1.example.com.\",\"qtype\":\"A\""
#define ANSWER_TO_A                                                                                \
  "\"kind\":\"dns\",\"from\":\"dns\",\"from_address\":\"SERVER\",\"to_address\":\"CLIENT\","       \
  "\"transport\":\"UDP\","                                                                         \
  "\"id\":4711,\"query\":false,\"qname\":\"p1.example.com.\",\"qtype\":\"A\""
#define ANSWER_A                                                                                   \
  ANSWER_TO_A ",\"rcode\":\"NOERROR\",\"answers\":[{\"name\":\"p1.example.com.\",\"type\":\"A\","  \
              "\"ttl\":300,"                                                                       \
              "\"data\":\"192.0.2.1\"}]"
#define FROM_SERVER "\"from\":\"dns\",\"from_address\":\"SERVER\""
#define VERDICT_IN                                                                                 \
  "\"kind\":\"verdict\",\"to\":\"dns\",\"from_address\":\"CLIENT\",\"to_address\":\"SERVER\""
#define VERDICT_OUT                                                                                \
  "\"kind\":\"verdict\",\"from\":\"dns\",\"from_address\":\"SERVER\",\"to_address\":\"CLIENT\""
#define SOCKET(what, transport)                                                                    \
  "\"kind\":\"server\"," FROM_SERVER ",\"what\":\"" what "\",\"transport\":\"" transport "\""
#define LISTENING SOCKET("listening", "UDP")
#define LISTENING_TCP SOCKET("listening", "TCP")
#define CLOSED SOCKET("closed", "UDP")
#define CLOSED_TCP SOCKET("closed", "TCP")

static const struct rule_selector everything = {0};

static void query_a(struct fixture *fixture) {
  client_query(fixture, "p1.example.com", LDNS_RR_TYPE_A);
}

static void test_answers(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  query_a(&fixture);
  check_received(&fixture, A_1);
  check_event(&fixture, 0, LISTENING);
  check_event(&fixture, 1, LISTENING_TCP);
  check_event(&fixture, 2, QUERY_A);
  check_event(&fixture, 3, ANSWER_A);
  CU_ASSERT(fixture.event_count == 4);
  fixture_stop(&fixture);
}

static void test_additional_event(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  client_query(&fixture, "_sip._udp.example.com", LDNS_RR_TYPE_SRV);
  CU_ASSERT(run_until_events(&fixture, 4));
  check_event(&fixture, 3,
              "\"kind\":\"dns\",\"from\":\"dns\",\"from_address\":\"SERVER\",\"to_address\":"
              "\"CLIENT\",\"transport\":"
              "\"UDP\",\"id\":4711,\"query\":false,\"qname\":\"_sip._udp.example.com.\",\"qtype\":"
              "\"SRV\",\"rcode\":"
              "\"NOERROR\",\"answers\":[{\"name\":\"_sip._udp.example.com.\",\"type\":\"SRV\","
              "\"ttl\":300,\"data\":\"10 "
              "10 5060 "
              "p1.example.com.\"}],\"additional\":[{\"name\":\"p1.example.com.\",\"type\":\"A\","
              "\"ttl\":300,"
              "\"data\":\"192.0.2.1\"},{\"name\":\"p1.example.com.\",\"type\":\"AAAA\",\"ttl\":300,"
              "\"data\":\"2001:db8::"
              "1\"}]");
  fixture_stop(&fixture);
}

static void test_rubbish(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  client_send(&fixture, "rubbish", 7);
  client_send(&fixture, "", 0);
  query_a(&fixture);
  check_received(&fixture, A_1);
  check_event(&fixture, 2,
              "\"kind\":\"dns\",\"to\":\"dns\",\"from_address\":\"CLIENT\",\"to_address\":"
              "\"SERVER\",\"transport\":"
              "\"UDP\",\"malformed\":\"shorter than a DNS header\"");
  CU_ASSERT(fixture.event_count == 6);
  fixture_stop(&fixture);
}

static void test_drop_query(void) {
  struct fixture fixture;
  struct rule_selector selector = {.conditions = {{"qtype", "a"}}, .direction = RULE_INBOUND};
  fixture_start(&fixture, zone);
  CU_ASSERT(fakedns_add_rule(fixture.server, &selector,
                             &(struct rule_verdict){.kind = VERDICT_DROP}) == 1);
  query_a(&fixture);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA);
  check_received(&fixture, AAAA_1);
  check_event(&fixture, 2,
              "\"kind\":\"fault\"," FROM_SERVER
              ",\"action\":\"added\",\"rule\":1,\"verdict\":\"drop\"");
  check_event(&fixture, 3, QUERY_A);
  check_event(&fixture, 4, VERDICT_IN ",\"rule\":1,\"verdict\":\"drop\",\"name\":\"A\"");
  CU_ASSERT(fixture.event_count == 7);
  CU_ASSERT(fakedns_remove_rule(fixture.server, 1));
  CU_ASSERT(!fakedns_remove_rule(fixture.server, 1));
  check_event(&fixture, 7,
              "\"kind\":\"fault\"," FROM_SERVER
              ",\"action\":\"removed\",\"rule\":1,\"verdict\":\"drop\"");
  query_a(&fixture);
  check_received(&fixture, A_1);
  fixture_stop(&fixture);
}

static void test_drop_answer(void) {
  struct fixture fixture;
  struct rule_selector selector = {.direction = RULE_OUTBOUND, .first = 1};
  fixture_start(&fixture, zone);
  fakedns_add_rule(fixture.server, &selector, &(struct rule_verdict){.kind = VERDICT_DROP});
  query_a(&fixture);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA);
  check_received(&fixture, AAAA_1);
  check_event(&fixture, 3, QUERY_A);
  check_event(&fixture, 4, ANSWER_A);
  check_event(&fixture, 5, VERDICT_OUT ",\"rule\":1,\"verdict\":\"drop\",\"name\":\"A\"");
  fixture_stop(&fixture);
}

static void test_answer_rcode(void) {
  struct fixture fixture;
  struct rule_selector selector = {.first = 1};
  struct rule_verdict servfail = {.kind = VERDICT_ANSWER, .status = LDNS_RCODE_SERVFAIL};
  fixture_start(&fixture, zone);
  CU_ASSERT(fakedns_add_rule(fixture.server, &selector, &servfail) == 1);
  query_a(&fixture);
  check_received(&fixture, "SERVFAIL\n");
  query_a(&fixture);
  check_received(&fixture, A_1);
  check_event(&fixture, 4, VERDICT_IN ",\"rule\":1,\"verdict\":\"answer\",\"name\":\"A\"");
  check_event(&fixture, 5, ANSWER_TO_A ",\"rcode\":\"SERVFAIL\",\"answers\":[]");
  check_event(&fixture, 6, QUERY_A);
  check_event(&fixture, 7, ANSWER_A);
  fixture_stop(&fixture);
}

static void test_answer_rcode_outbound(void) {
  struct fixture fixture;
  struct rule_selector selector = {.direction = RULE_OUTBOUND};
  struct rule_verdict nxdomain = {.kind = VERDICT_ANSWER, .status = LDNS_RCODE_NXDOMAIN};
  fixture_start(&fixture, zone);
  fakedns_add_rule(fixture.server, &selector, &nxdomain);
  query_a(&fixture);
  check_received(&fixture, "NXDOMAIN aa\n");
  check_event(&fixture, 4, VERDICT_OUT ",\"rule\":1,\"verdict\":\"answer\",\"name\":\"A\"");
  check_event(&fixture, 5, ANSWER_TO_A ",\"rcode\":\"NXDOMAIN\",\"answers\":[]");
  fixture_stop(&fixture);
}

static void test_rcode_limits(void) {
  struct fixture fixture;
  uint8_t query[512];
  struct rule_verdict verdict = {.kind = VERDICT_ANSWER};
  fixture_start(&fixture, zone);
  verdict.status = -1;
  CU_ASSERT(fakedns_add_rule(fixture.server, &everything, &verdict) == 0);
  verdict.status = 4096;
  CU_ASSERT(fakedns_add_rule(fixture.server, &everything, &verdict) == 0);
  verdict.status = 4095;
  CU_ASSERT(fakedns_add_rule(fixture.server, &everything, &verdict) == 1);
  client_send(&fixture, query, make_query(query, "p1.example.com", LDNS_RR_TYPE_A, 1232));
  CU_ASSERT(run_until_events(&fixture, 6));
  check_event(&fixture, 5, ANSWER_TO_A ",\"rcode\":\"RCODE4095\",\"answers\":[]");
  fixture_stop(&fixture);
}

/* The client's socket reports the ICMP error, at once, because loopback is. */
static void check_port_unreachable(struct fixture *fixture) {
  uint8_t bytes[512];
  query_a(fixture);
  CU_ASSERT(client_receive(fixture, bytes, sizeof bytes) == -1 && errno == ECONNREFUSED);
}

static void test_refuse(void) {
  struct fixture fixture;
  struct sockaddr_storage address;
  fixture_start(&fixture, zone);
  address = *fakedns_address(fixture.server);
  uint64_t rule =
      fakedns_add_rule(fixture.server, &everything, &(struct rule_verdict){.kind = VERDICT_REFUSE});
  check_port_unreachable(&fixture);
  CU_ASSERT(address_equal(&address, fakedns_address(fixture.server)));
  CU_ASSERT(fakedns_remove_rule(fixture.server, rule));
  query_a(&fixture);
  check_received(&fixture, A_1);
  check_event(&fixture, 2,
              "\"kind\":\"fault\"," FROM_SERVER
              ",\"action\":\"added\",\"rule\":1,\"verdict\":\"refuse\"");
  check_event(&fixture, 3, CLOSED);
  check_event(&fixture, 4, CLOSED_TCP);
  check_event(&fixture, 5,
              "\"kind\":\"fault\"," FROM_SERVER
              ",\"action\":\"removed\",\"rule\":1,\"verdict\":\"refuse\"");
  check_event(&fixture, 6, LISTENING);
  check_event(&fixture, 7, LISTENING_TCP);
  check_event(&fixture, 8, QUERY_A);
  fixture_stop(&fixture);
}

static void test_two_refusals(void) {
  struct fixture fixture;
  struct rule_verdict refuse = {.kind = VERDICT_REFUSE};
  fixture_start(&fixture, zone);
  uint64_t one = fakedns_add_rule(fixture.server, &everything, &refuse);
  uint64_t other = fakedns_add_rule(fixture.server, &everything, &refuse);
  CU_ASSERT(fakedns_remove_rule(fixture.server, one));
  check_port_unreachable(&fixture);
  CU_ASSERT(fakedns_remove_rule(fixture.server, other));
  query_a(&fixture);
  check_received(&fixture, A_1);
  fixture_stop(&fixture);
}

static void test_refuse_some(void) {
  struct fixture fixture;
  struct rule_selector selector = {.conditions = {{"qtype", "A"}}};
  fixture_start(&fixture, zone);
  fakedns_add_rule(fixture.server, &selector, &(struct rule_verdict){.kind = VERDICT_REFUSE});
  query_a(&fixture);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_AAAA);
  check_received(&fixture, AAAA_1);
  check_event(&fixture, 4, VERDICT_IN ",\"rule\":1,\"verdict\":\"refuse\",\"name\":\"A\"");
  fixture_stop(&fixture);
}

static void test_refuse_interval(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  int64_t now_ns = fixture_now_ns();
  struct rule_selector selector = {.from_ns = now_ns + 20000000, .until_ns = now_ns + 40000000};
  fakedns_add_rule(fixture.server, &selector, &(struct rule_verdict){.kind = VERDICT_REFUSE});
  CU_ASSERT(fixture.event_count == 3);
  CU_ASSERT(run_until_events(&fixture, 5));
  CU_ASSERT(fixture_now_ns() >= selector.from_ns);
  check_event(&fixture, 3, CLOSED);
  check_event(&fixture, 4, CLOSED_TCP);
  CU_ASSERT(run_until_events(&fixture, 7));
  CU_ASSERT(fixture_now_ns() >= selector.until_ns);
  check_event(&fixture, 5, LISTENING);
  check_event(&fixture, 6, LISTENING_TCP);
  query_a(&fixture);
  check_received(&fixture, A_1);
  fixture_stop(&fixture);
}

static void test_port_taken(void) {
  struct fixture fixture;
  char expected[256];
  fixture_start(&fixture, zone);
  const struct sockaddr_storage *address = fakedns_address(fixture.server);
  uint64_t rule =
      fakedns_add_rule(fixture.server, &everything, &(struct rule_verdict){.kind = VERDICT_REFUSE});
  int thief = socket(AF_INET, SOCK_DGRAM, 0);
  CU_ASSERT_FATAL(bind(thief, (const struct sockaddr *)address, address_length(address)) == 0);
  fakedns_remove_rule(fixture.server, rule);
  snprintf(expected, sizeof expected,
           "\"kind\":\"log\"," FROM_SERVER
           ",\"text\":\"dns: cannot listen on UDP %s: address already in use\"",
           fixture.server_text);
  check_event(&fixture, 6, expected);
  check_event(&fixture, 7, LISTENING_TCP);
  close(thief);
  CU_ASSERT(run_until_events(&fixture, 9));
  check_event(&fixture, 8, LISTENING);
  query_a(&fixture);
  check_received(&fixture, A_1);
  fixture_stop(&fixture);
}

static void test_create_errors(void) {
  struct fixture fixture;
  struct fakedns *other = NULL;
  struct error error;
  char expected[256];
  fixture_start(&fixture, zone);
  struct fakedns_options options = {.loop = &fixture.loop,
                                    .name = "dns2",
                                    .listen = fakedns_address(fixture.server),
                                    .listen_count = 1,
                                    .random = &fixture.random};
  CU_ASSERT(fakedns_create(&other, &options, &error) == -1);
  CU_ASSERT(other == NULL);
  snprintf(expected, sizeof expected, "dns2: cannot listen on UDP %s: address already in use",
           fixture.server_text);
  check_text(expected, error.text);
  fixture_stop(&fixture);
  fakedns_destroy(NULL);
}

/* An observer that closes the port as soon as a query is seen: the answer has no way out, and
 * nothing breaks. */
struct closing {
  struct fakedns *server;
  int events;
};

static void close_on_query(void *context, struct event *event) {
  struct closing *closing = context;
  closing->events++;
  if (strcmp(event->kind, "dns") == 0)
    fakedns_add_rule(closing->server, &everything, &(struct rule_verdict){.kind = VERDICT_REFUSE});
  event_destroy(event);
}

static void test_observer_adds_rule(void) {
  struct fixture fixture;
  struct closing closing = {0};
  fixture_start(&fixture, zone);
  struct sockaddr_storage listen;
  struct fakedns_options options = {.loop = &fixture.loop,
                                    .name = "dns2",
                                    .listen = &listen,
                                    .listen_count = 1,
                                    .random = &fixture.random,
                                    .observer = {.handler = close_on_query, .context = &closing}};
  address_parse(&listen, "127.0.0.1", 0, NULL);
  CU_ASSERT_FATAL(fakedns_create(&closing.server, &options, NULL) == 0);
  const struct sockaddr_storage *address = fakedns_address(closing.server);
  CU_ASSERT_FATAL(
      connect(fixture.client, (const struct sockaddr *)address, address_length(address)) == 0);
  query_a(&fixture);
  while (closing.events < 6) /* listening, query, fault, closed; twice where two sockets are */
    uv_run(&fixture.loop, UV_RUN_ONCE);
  check_port_unreachable(&fixture);
  fakedns_destroy(closing.server);
  fixture_stop(&fixture);
}

/* Each address of a server answers, in its own family, and is the one that the answer comes from.
 */
static void test_addresses(void) {
  struct fixture fixture;
  struct sockaddr_storage listen[2];
  const char *zones[] = {zone};
  uint8_t query[512], bytes[512];
  address_parse(&listen[0], "127.0.0.1", 0, NULL);
  address_parse(&listen[1], "::1", 0, NULL);
  fixture_start_as(&fixture,
                   &(struct fakedns_options){
                       .listen = listen, .listen_count = 2, .zones = zones, .zone_count = 1});
  query_a(&fixture);
  check_received(&fixture, A_1);
  CU_ASSERT_FATAL(fixture.event_count == 6);
  /* The second address is known from what was told of it. */
  char *at = strstr(fixture.events[2], "[::1]:");
  CU_ASSERT_FATAL(at != NULL);
  address_parse(&listen[1], "::1", (uint16_t)strtoul(at + 6, NULL, 10), NULL);
  close(fixture.client);
  fixture.client = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  CU_ASSERT_FATAL(connect(fixture.client, (const struct sockaddr *)&listen[1],
                          address_length(&listen[1])) == 0);
  client_send(&fixture, query, make_query(query, "p1.example.com", LDNS_RR_TYPE_A, 0));
  CU_ASSERT(client_receive(&fixture, bytes, sizeof bytes) > 12);
  fixture_stop(&fixture);
}

static void test_destroy_tells(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  fakedns_destroy(fixture.server);
  fixture.server = NULL;
  check_event(&fixture, 2, CLOSED);
  check_event(&fixture, 3, CLOSED_TCP);
  CU_ASSERT(fixture.event_count == 4);
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"a query is answered, and both are told", test_answers},
    {"the additional section is told", test_additional_event},
    {"rubbish is told and not answered", test_rubbish},
    {"a dropped query has no answer until the rule is removed", test_drop_query},
    {"a dropped answer is told before its verdict", test_drop_answer},
    {"an rcode rule answers queries and counts them once", test_answer_rcode},
    {"an rcode rule for answers replaces them", test_answer_rcode_outbound},
    {"rcodes go from 0 to 4095", test_rcode_limits},
    {"refusing everything closes the port, and removing the rule opens it", test_refuse},
    {"the port stays closed until the last refusal is removed", test_two_refusals},
    {"refusing some messages loses them", test_refuse_some},
    {"a refusal with an interval begins and ends by itself", test_refuse_interval},
    {"a port that was taken meanwhile is told of and tried again", test_port_taken},
    {"an address in use is an error that names it", test_create_errors},
    {"the observer may close the port under an answer", test_observer_adds_rule},
    {"a server has several addresses, of both families", test_addresses},
    {"destroying tells that the ports closed", test_destroy_tells},
};

UNIT_MAIN("fakedns: server", tests)
