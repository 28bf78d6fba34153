/* SPDX-License-Identifier: MIT
 *
 * Events: the JSON form to the byte, any bytes as text, and who owns what.
 */
#include "common/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "tests/unit.h"

/* Formats and frees the event. */
static void check_json(struct event *event, const char *expected) {
  char *text = event_format(event);
  CU_ASSERT_FATAL(text != NULL);
  CU_ASSERT_STRING_EQUAL(text, expected);
  if (strcmp(text, expected) != 0)
    fprintf(stderr, "\nexpected: %s\nactual:   %s\n", expected, text);
  free(text);
  event_destroy(event);
}

static void test_order(void) {
  struct event *event = event_create("sip");
  event_add_text(event, "transport", "udp");
  event_add_number(event, "status", 503);
  event_add_flag(event, "retransmission", 1);
  event_add_flag(event, "query", 0);
  event_add_text(event, "absent", NULL);
  event->sequence = 12;
  event->t_ns = 16000000000;
  snprintf(event->source, sizeof event->source, "alice");
  snprintf(event->target, sizeof event->target, "p2");
  address_parse(&event->source_address, "127.100.2.1:5060", 0, NULL);
  address_parse(&event->target_address, "[2001:db8::1]:5061", 0, NULL);
  check_json(event,
             "{\"seq\":12,\"t_ns\":16000000000,\"kind\":\"sip\",\"from\":\"alice\",\"to\":\"p2\","
             "\"from_address\":\"127.100.2.1:5060\",\"to_address\":\"[2001:db8::1]:5061\","
             "\"transport\":\"udp\",\"status\":503,\"retransmission\":true,\"query\":false}");
}

static void test_absent(void) {
  check_json(event_create("log"), "{\"seq\":0,\"t_ns\":0,\"kind\":\"log\"}");
}

/* 104 days of nanoseconds are the most that a JSON number (a double) holds exactly. */
static void test_numbers(void) {
  struct event *event = event_create("log");
  event->sequence = UINT64_C(9007199254740992);
  event->t_ns = INT64_C(9007199254740991);
  event_add_number(event, "id", 65535);
  event_add_number(event, "expires_s", 0.5);
  check_json(event,
             "{\"seq\":9007199254740992,\"t_ns\":9007199254740991,\"kind\":\"log\",\"id\":65535,"
             "\"expires_s\":0.5}");
}

static void check_bytes(const char *bytes, size_t length, const char *expected) {
  struct event *event = event_create("log");
  char json[512];
  event_add_bytes(event, "text", bytes, length);
  snprintf(json, sizeof json, "{\"seq\":0,\"t_ns\":0,\"kind\":\"log\",\"text\":\"%s\"}", expected);
  check_json(event, json);
}

#define R "\xef\xbf\xbd" /* U+FFFD */

static void test_bytes(void) {
  check_bytes("", 0, "");
  check_bytes("a\r\n\t\"\\b", 7, "a\\r\\n\\t\\\"\\\\b");
  check_bytes("a\0b", 3, "a" R "b");
  check_bytes("\x01\x1f\x7f", 3, "\\u0001\\u001f\x7f");
  check_bytes("\xff\xfe", 2, R R);
}

static void test_utf8(void) {
  check_bytes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  /* The first and last of each length, and of the gap that surrogates leave. */
  check_bytes("\xc2\x80\xdf\xbf", 4, "\xc2\x80\xdf\xbf");
  check_bytes("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12,
              "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf");
  check_bytes("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
  /* One past each: overlong forms, surrogates, beyond U+10FFFF. */
  check_bytes("\xc1\xbf", 2, R R);
  check_bytes("\xe0\x9f\xbf", 3, R R R);
  check_bytes("\xed\xa0\x80", 3, R R R);
  check_bytes("\xf0\x8f\xbf\xbf", 4, R R R R);
  check_bytes("\xf4\x90\x80\x80", 4, R R R R);
  check_bytes("\xf5\x80\x80\x80", 4, R R R R);
}

static void test_cut_utf8(void) {
  check_bytes("a\xe2\x82", 3, "a" R R);
  check_bytes("\xe2\x82z", 3, R R "z");
  check_bytes("\x80\xbf", 2, R R);
  /* The length counts, not what lies behind it. */
  check_bytes("\xc3\xa4", 1, R);
}

static void count(void *context, struct event *event) {
  (*(int *)context)++;
  event_destroy(event);
}

static void test_observer(void) {
  int told = 0;
  struct observer observer = {.handler = count, .context = &told};
  struct observer nobody = {0};
  observer_tell(&observer, event_create("log"));
  CU_ASSERT(told == 1);
  observer_tell(&observer, NULL);
  CU_ASSERT(told == 1);
  /* Nobody takes these, so that they must be freed: AddressSanitizer's leak check sees it. */
  observer_tell(&nobody, event_create("log"));
  observer_tell(NULL, event_create("log"));
  event_destroy(NULL);
}

static void test_format_twice(void) {
  struct event *event = event_create("log");
  event_add_text(event, "text", "once");
  char *first = event_format(event);
  char *second = event_format(event);
  CU_ASSERT_STRING_EQUAL(first, second);
  free(first);
  free(second);
  event_destroy(event);
}

static const struct unit_test tests[] = {
    {"the members stand in their order", test_order},
    {"absent members are left out", test_absent},
    {"numbers are exact up to 2^53", test_numbers},
    {"any bytes are text", test_bytes},
    {"UTF-8 stays, and what only looks like it is replaced", test_utf8},
    {"UTF-8 that is cut is replaced", test_cut_utf8},
    {"an event without observer is freed", test_observer},
    {"formatting doesn't change the event", test_format_twice},
};

UNIT_MAIN("common: event", tests)
