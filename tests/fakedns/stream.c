/* SPDX-License-Identifier: MIT
 *
 * The server over TCP: several queries on a connection, messages in pieces, what rules do to
 * connections, and the limits.
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
                           "p1 300 A 192.0.2.1\n"
                           "p2 300 A 192.0.2.2\n";

#define A_1 "NOERROR aa\nanswer p1.example.com. 300 A 192.0.2.1\n"
#define A_2 "NOERROR aa\nanswer p2.example.com. 300 A 192.0.2.2\n"

/* The size of the answer A_1 with its length: header, question, one record with a pointer. */
enum { ANSWER_FRAME_SIZE = 2 + 12 + 20 + 16 };

static const struct rule_selector everything = {0};
static const struct rule_selector all_tcp = {.conditions = {{"transport", "TCP"}}};

/* Whether an event from `first` on has all of this text in it. */
static bool told(const struct fixture *fixture, size_t first, const char *text) {
  for (size_t i = first; i < fixture->event_count; i++)
    if (strstr(fixture->events[i], text))
      return true;
  return false;
}

static uint64_t add_rule(struct fixture *fixture, const struct rule_selector *selector,
                         enum rule_verdict_kind kind) {
  uint64_t rule = fakedns_add_rule(fixture->server, selector, &(struct rule_verdict){.kind = kind});
  CU_ASSERT(rule != 0);
  return rule;
}

static void test_answers(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_1);
  stream_query(stream, "p2.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_2);
  CU_ASSERT(strstr(fixture.events[2], "\"kind\":\"connection\"") &&
            strstr(fixture.events[2], "\"what\":\"accepted\",\"transport\":\"TCP\""));
  CU_ASSERT(strstr(fixture.events[3], "\"transport\":\"TCP\",\"id\":4711,\"query\":true") != NULL);
  CU_ASSERT(strstr(fixture.events[4], "\"transport\":\"TCP\",\"id\":4711,\"query\":false") != NULL);
  close(stream);
  CU_ASSERT(run_until_events(&fixture, 8));
  CU_ASSERT(strstr(fixture.events[7], "\"what\":\"closed\",\"transport\":\"TCP\"") != NULL);
  fixture_stop(&fixture);
}

/* RFC 7766 section 6.2.1.1. */
static void test_pipelined(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  int stream = stream_connect(&fixture);
  for (int i = 0; i < 10; i++) {
    stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
    stream_query(stream, "p2.example.com", LDNS_RR_TYPE_A);
  }
  for (int i = 0; i < 10; i++) {
    check_stream(&fixture, stream, A_1);
    check_stream(&fixture, stream, A_2);
  }
  close(stream);
  fixture_stop(&fixture);
}

/* RFC 7766 section 6.2.1.1: answers go out when they are ready, not in the order of the queries. */
static void test_out_of_order(void) {
  struct fixture fixture;
  struct rule_selector selector = {.conditions = {{"qname", "p1.*"}}};
  fixture_start(&fixture, zone);
  fakedns_add_rule(fixture.server, &selector,
                   &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = 10000000});
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  stream_query(stream, "p2.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_2);
  check_stream(&fixture, stream, A_1);
  close(stream);
  fixture_stop(&fixture);
}

static void test_pieces(void) {
  struct fixture fixture;
  uint8_t frame[2 + 512];
  fixture_start(&fixture, zone);
  int stream = stream_connect(&fixture);
  size_t size = make_query(frame + 2, "p1.example.com", LDNS_RR_TYPE_A, 0);
  frame[0] = 0;
  frame[1] = (uint8_t)size;
  for (size_t i = 0; i < 2 + size; i++) {
    CU_ASSERT(send(stream, frame + i, 1, 0) == 1);
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
  }
  check_stream(&fixture, stream, A_1);
  close(stream);
  fixture_stop(&fixture);
}

/* What is truncated over UDP is whole over TCP. */
static void test_large(void) {
  enum { RECORDS = 100 };
  struct fixture fixture;
  uint8_t length[2], *bytes = malloc(65535);
  char text[RECORDS * 40];
  int at = snprintf(text, sizeof text, "$ORIGIN example.com.\n$TTL 300\n");
  for (int i = 0; i < RECORDS; i++)
    at += snprintf(text + at, sizeof text - (size_t)at, "t A 192.0.2.%d\n", i);
  fixture_start(&fixture, text);
  client_query(&fixture, "t.example.com", LDNS_RR_TYPE_A);
  CU_ASSERT(client_receive(&fixture, bytes, 512) > 12 && (bytes[2] & 0x02));
  int stream = stream_connect(&fixture);
  stream_query(stream, "t.example.com", LDNS_RR_TYPE_A);
  CU_ASSERT(stream_read(&fixture, stream, length, 2) == 2);
  size_t size = (size_t)length[0] << 8 | length[1];
  CU_ASSERT(stream_read(&fixture, stream, bytes, size) == size);
  CU_ASSERT(!(bytes[2] & 0x02) && ldns_read_uint16(bytes + 6) == RECORDS);
  close(stream);
  free(bytes);
  fixture_stop(&fixture);
}

static void test_rubbish(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  int stream = stream_connect(&fixture);
  CU_ASSERT(send(stream, "\0\0\0\7rubbish", 11, 0) == 11);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_1);
  CU_ASSERT(fixture.event_count == 7);
  CU_ASSERT(strstr(fixture.events[3], "shorter than a DNS header") != NULL);
  CU_ASSERT(strstr(fixture.events[4], "shorter than a DNS header") != NULL);
  close(stream);
  fixture_stop(&fixture);
}

static void test_drop(void) {
  struct fixture fixture;
  struct rule_selector selector = {.conditions = {{"transport", "tcp"}}, .first = 1};
  fixture_start(&fixture, zone);
  add_rule(&fixture, &selector, VERDICT_DROP);
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  stream_query(stream, "p2.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_2);
  close(stream);
  fixture_stop(&fixture);
}

/* Closes TCP only: connections are reset, new ones refused, UDP goes on. */
static void test_refuse(void) {
  struct fixture fixture;
  uint8_t bytes[16];
  fixture_start(&fixture, zone);
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_1);
  uint64_t rule = add_rule(&fixture, &all_tcp, VERDICT_REFUSE);
  CU_ASSERT(stream_read(&fixture, stream, bytes, 1) == 0 && errno == ECONNRESET);
  close(stream);
  const struct sockaddr_storage *address = fakedns_address(fixture.server);
  stream = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT(connect(stream, (const struct sockaddr *)address, address_length(address)) == -1 &&
            errno == ECONNREFUSED);
  close(stream);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_A);
  check_received(&fixture, A_1);
  CU_ASSERT(fakedns_remove_rule(fixture.server, rule));
  stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, stream, A_1);
  close(stream);
  fixture_stop(&fixture);
}

/* Connections are accepted and nothing is read until the rule is gone. */
static void test_stall(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  int before = stream_connect(&fixture);
  stream_query(before, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, before, A_1);
  uint64_t rule = add_rule(&fixture, &all_tcp, VERDICT_STALL);
  size_t events = fixture.event_count;
  int after = stream_connect(&fixture);
  stream_query(before, "p2.example.com", LDNS_RR_TYPE_A);
  stream_query(after, "p2.example.com", LDNS_RR_TYPE_A);
  /* UDP is answered meanwhile, so the server had its turn. */
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_A);
  check_received(&fixture, A_1);
  CU_ASSERT(told(&fixture, events, "accepted"));
  CU_ASSERT(!told(&fixture, events, "p2.example.com"));
  CU_ASSERT(fakedns_remove_rule(fixture.server, rule));
  check_stream(&fixture, before, A_2);
  check_stream(&fixture, after, A_2);
  close(before);
  close(after);
  fixture_stop(&fixture);
}

/* A stall of some messages: what stands behind one on the connection waits; others don't. */
static void test_stall_some(void) {
  struct fixture fixture;
  struct rule_selector selector = {.conditions = {{"qname", "p1.*"}}};
  fixture_start(&fixture, zone);
  uint64_t rule = add_rule(&fixture, &selector, VERDICT_STALL);
  int stalled = stream_connect(&fixture), other = stream_connect(&fixture);
  stream_query(stalled, "p1.example.com", LDNS_RR_TYPE_A);
  stream_query(stalled, "p2.example.com", LDNS_RR_TYPE_A);
  uv_run(&fixture.loop, UV_RUN_NOWAIT);
  stream_query(other, "p2.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, other, A_2);
  uint8_t byte;
  CU_ASSERT(recv(stalled, &byte, 1, 0) == -1 && errno == EAGAIN);
  CU_ASSERT(fakedns_remove_rule(fixture.server, rule));
  check_stream(&fixture, stalled, A_2);
  close(stalled);
  close(other);
  fixture_stop(&fixture);
}

/* Half of the frame, then the end in this way; UDP isn't touched. */
static void check_half(enum rule_verdict_kind kind, int expected_errno) {
  struct fixture fixture;
  uint8_t bytes[512];
  fixture_start(&fixture, zone);
  add_rule(&fixture, &everything, kind);
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  size_t size = stream_read(&fixture, stream, bytes, sizeof bytes);
  CU_ASSERT(size == ANSWER_FRAME_SIZE / 2 && errno == expected_errno);
  CU_ASSERT(ldns_read_uint16(bytes) == ANSWER_FRAME_SIZE - 2);
  client_query(&fixture, "p1.example.com", LDNS_RR_TYPE_A);
  check_received(&fixture, A_1);
  close(stream);
  fixture_stop(&fixture);
}

static void test_close(void) {
  check_half(VERDICT_CLOSE, 0);
}

static void test_reset(void) {
  check_half(VERDICT_RESET, ECONNRESET);
}

static void test_end_on_query(void) {
  struct fixture fixture;
  uint8_t bytes[512];
  struct rule_selector selector = {.direction = RULE_INBOUND};
  fixture_start(&fixture, zone);
  uint64_t rule = add_rule(&fixture, &selector, VERDICT_CLOSE);
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  CU_ASSERT(stream_read(&fixture, stream, bytes, sizeof bytes) == 0 && errno == 0);
  close(stream);
  fakedns_remove_rule(fixture.server, rule);
  add_rule(&fixture, &selector, VERDICT_RESET);
  stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  CU_ASSERT(stream_read(&fixture, stream, bytes, sizeof bytes) == 0 && errno == ECONNRESET);
  close(stream);
  fixture_stop(&fixture);
}

/* An answer that comes when its connection is gone is told and lost. */
static void test_late(void) {
  struct fixture fixture;
  fixture_start(&fixture, zone);
  fakedns_add_rule(fixture.server, &everything,
                   &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = 10000000});
  int stream = stream_connect(&fixture);
  stream_query(stream, "p1.example.com", LDNS_RR_TYPE_A);
  CU_ASSERT(run_until_events(&fixture, 6)); /* 2 sockets, fault, connection, query, verdict */
  close(stream);
  CU_ASSERT(run_until_events(&fixture, 8));
  CU_ASSERT(strstr(fixture.events[6], "\"what\":\"closed\"") != NULL);
  CU_ASSERT(strstr(fixture.events[7], "\"query\":false") != NULL);
  fixture_stop(&fixture);
}

/* ---- who is told how a transport is down ---- */

struct reached {
  char text[256];
};

static void note_reach(void *context, const struct sockaddr_storage *address, const char *transport,
                       enum rule_verdict_kind down) {
  struct reached *reached = context;
  size_t length = strlen(reached->text);
  CU_ASSERT(address_port(address) != 0);
  snprintf(reached->text + length, sizeof reached->text - length, "%s %s\n", transport,
           rule_verdict_name(down));
}

static void test_reach(void) {
  struct fixture fixture;
  struct reached reached = {{0}};
  const char *zones[] = {zone};
  struct rule_selector some = {.conditions = {{"qtype", "A"}}};
  fixture_start_as(&fixture, &(struct fakedns_options){.zones = zones,
                                                       .zone_count = 1,
                                                       .reach = note_reach,
                                                       .reach_context = &reached});
  uint64_t drop = add_rule(&fixture, &everything, VERDICT_DROP);
  uint64_t unreachable = add_rule(&fixture, &all_tcp, VERDICT_UNREACHABLE);
  add_rule(&fixture, &some, VERDICT_DROP);
  fakedns_remove_rule(fixture.server, drop);
  fakedns_remove_rule(fixture.server, unreachable);
  check_text("UDP drop\nTCP drop\nUDP pass\nTCP unreachable\nTCP pass\n", reached.text);
  fixture_stop(&fixture);
}

/* ---- limits ---- */

/* fakedns/tcp.c: 256 connections; the next one is closed at once. */
static void test_connections(void) {
  enum { CONNECTIONS = 256 };
  struct fixture fixture;
  int streams[CONNECTIONS + 1];
  uint8_t byte;
  fixture_start(&fixture, zone);
  for (size_t i = 0; i <= CONNECTIONS; i++) {
    streams[i] = stream_connect(&fixture);
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
  }
  CU_ASSERT(stream_read(&fixture, streams[CONNECTIONS], &byte, 1) == 0 && errno == 0);
  stream_query(streams[CONNECTIONS - 1], "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, streams[CONNECTIONS - 1], A_1);
  close(streams[0]);
  close(streams[CONNECTIONS]);
  uv_run(&fixture.loop, UV_RUN_NOWAIT);
  int again = stream_connect(&fixture);
  stream_query(again, "p1.example.com", LDNS_RR_TYPE_A);
  check_stream(&fixture, again, A_1);
  close(again);
  for (size_t i = 1; i < CONNECTIONS; i++)
    close(streams[i]);
  fixture_stop(&fixture);
}

/* A client that asks on and on and never reads is cut off. The answers are some 60 KB each: the
 * limit in fakedns/tcp.c (4 MB) and what the kernel takes (4 MB for sending, next to nothing for
 * receiving) are full long before the last. */
static void test_unread(void) {
  enum { QUERIES = 400, RECORDS = 230 };
  struct fixture fixture;
  size_t room = RECORDS * 280, at;
  char *text = malloc(room);
  CU_ASSERT_FATAL(text != NULL);
  at = (size_t)snprintf(text, room, "$ORIGIN example.com.\n$TTL 300\n");
  for (int i = 0; i < RECORDS; i++)
    at += (size_t)snprintf(text + at, room - at, "t TXT \"%0250d\"\n", i);
  fixture_start(&fixture, text);
  int stream = stream_connect(&fixture), room_to_receive = 4096;
  setsockopt(stream, SOL_SOCKET, SO_RCVBUF, &room_to_receive, sizeof room_to_receive);
  for (int i = 0; i < QUERIES && !told(&fixture, 0, "\"what\":\"closed\""); i++) {
    stream_query(stream, "t.example.com", LDNS_RR_TYPE_TXT);
    uv_run(&fixture.loop, UV_RUN_ONCE);
  }
  CU_ASSERT(told(&fixture, 0, "\"what\":\"closed\""));
  close(stream);
  free(text);
  fixture_stop(&fixture);
}

static const struct unit_test tests[] = {
    {"several queries on a connection are answered, and all is told", test_answers},
    {"pipelined queries are answered in their order", test_pipelined},
    {"an answer that is held up doesn't hold up those behind it", test_out_of_order},
    {"a query may come byte by byte", test_pieces},
    {"what is truncated over UDP is whole over TCP", test_large},
    {"rubbish is told and not answered, and the connection goes on", test_rubbish},
    {"a lost query loses nothing behind it", test_drop},
    {"refusing TCP resets connections and refuses new ones, and UDP goes on", test_refuse},
    {"a stalled port accepts and reads nothing until the rule is gone", test_stall},
    {"a stall of some messages is about their connections", test_stall_some},
    {"a connection is closed in the middle of a message", test_close},
    {"a connection is reset in the middle of a message", test_reset},
    {"a connection is ended instead of an answer", test_end_on_query},
    {"an answer whose connection is gone is lost", test_late},
    {"who wants to know is told how each transport is down", test_reach},
    {"there may be so many connections and not one more", test_connections},
    {"a client that never reads is cut off", test_unread},
};

UNIT_MAIN("fakedns: streams", tests)
