/* SPDX-License-Identifier: MIT
 *
 * Parts of fakeproxy that have no network: session descriptions, the memory of links, the map of
 * texts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakeproxy/fakeproxy_internal.h"
#include "fakeproxy/session_description.h"
#include "tests/unit.h"

static struct session_owner owner(void) {
  struct session_owner owner = {.session_id = 3, .version = 4};
  CU_ASSERT_EQUAL(address_parse(&owner.media, "192.0.2.5:20000", 0, NULL), 0);
  return owner;
}

/* Asserts what is answered to an offer; `answer` NULL: nothing. */
static void expect_answer(const char *offer, const char *answer) {
  struct session_owner self = owner();
  char *text = session_description_answer(&self, offer, strlen(offer));
  if (answer && text) {
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "o=- 3 4 IN IP4 192.0.2.5\r\n"));
    CU_ASSERT_STRING_EQUAL(strstr(text, "t=0 0\r\n") + 7, answer);
  }
  CU_ASSERT_EQUAL(text != NULL, answer != NULL);
  free(text);
}

static void test_answer_codec(void) {
  expect_answer(
      "v=0\r\nm=audio 4000 RTP/AVP 9 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n"
      "a=fmtp:9 x=1\r\na=rtpmap:90 NO/1\r\n",
      "m=audio 20000 RTP/AVP 9\r\na=rtpmap:9 G722/8000\r\na=fmtp:9 x=1\r\na=sendrecv\r\n");
}

static void test_answer_streams(void) {
  expect_answer("v=0\nm=video 5000 RTP/AVP 96\nm=audio 0 RTP/AVP 0\nm=audio 4000 RTP/SAVP 0\n"
                "m=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\n",
                "m=video 0 RTP/AVP 96\r\nm=audio 0 RTP/AVP 0\r\nm=audio 0 RTP/SAVP 0\r\n"
                "m=audio 20000 RTP/AVP 8\r\na=sendrecv\r\nm=audio 0 RTP/AVP 0\r\n");
  expect_answer("v=0\nm=video 5000 RTP/AVP 96\n", NULL);
  expect_answer("v=0\nm=audio\n", NULL);
  expect_answer("m=", NULL);
  expect_answer("", NULL);
}

static void test_answer_direction(void) {
  expect_answer("a=inactive\nm=audio 4000 RTP/AVP 0\n",
                "m=audio 20000 RTP/AVP 0\r\na=inactive\r\n");
  expect_answer("a=inactive\nm=audio 4000 RTP/AVP 0\na=sendonly\n",
                "m=audio 20000 RTP/AVP 0\r\na=recvonly\r\n");
  expect_answer("m=audio 4000 RTP/AVP 0\na=recvonly\nm=video 1 RTP/AVP 96\na=inactive\n",
                "m=audio 20000 RTP/AVP 0\r\na=sendonly\r\nm=video 0 RTP/AVP 96\r\n");
}

static void test_answer_limit(void) {
  struct session_owner self = owner();
  for (int streams = 16; streams <= 17; streams++) {
    static const char line[] = "m=audio 4000 RTP/AVP 0\n";
    char offer[17 * sizeof line];
    size_t length = 0;
    for (int i = 0; i < streams; i++, length += sizeof line - 1)
      memcpy(offer + length, line, sizeof line - 1);
    char *text = session_description_answer(&self, offer, length);
    CU_ASSERT_EQUAL(text != NULL, streams == 16);
    free(text);
  }
  CU_ASSERT_PTR_NULL(session_description_answer(&self, "m=audio 4000 RTP/AVP 0\0\n", 24));
}

static void test_link_memory(void) {
  struct link_memory memory = {0};
  struct sockaddr_storage a, b;
  CU_ASSERT_EQUAL(link_memory_init(&memory), 0);
  CU_ASSERT_EQUAL(address_parse(&a, "192.0.2.1:1", 0, NULL), 0);
  CU_ASSERT_EQUAL(address_parse(&b, "192.0.2.1:2", 0, NULL), 0);
  CU_ASSERT_FALSE(link_memory_note(&memory, &a, true, "x", 1, 1000));
  CU_ASSERT_TRUE(link_memory_note(&memory, &a, true, "x", 1, 1000));
  CU_ASSERT_FALSE(link_memory_note(&memory, &b, true, "x", 1, 1000));
  CU_ASSERT_FALSE(link_memory_note(&memory, &a, false, "x", 1, 1000));
  CU_ASSERT_FALSE(link_memory_note(&memory, &a, true, "y", 1, 1000));
  CU_ASSERT_TRUE(link_memory_note(&memory, &b, true, "x", 1, 1000 + TIMER_64_T1_MS));
  CU_ASSERT_FALSE(link_memory_note(&memory, &a, true, "y", 1, 1001 + TIMER_64_T1_MS));
  link_memory_clear(&memory);
}

static void test_link_memory_limit(void) {
  struct link_memory memory = {0};
  struct sockaddr_storage a;
  CU_ASSERT_EQUAL(link_memory_init(&memory), 0);
  CU_ASSERT_EQUAL(address_parse(&a, "192.0.2.1:1", 0, NULL), 0);
  int found = 0;
  for (uint32_t i = 0; i <= LINK_MEMORY_MESSAGES; i++)
    found += link_memory_note(&memory, &a, true, &i, sizeof i, 1);
  CU_ASSERT_EQUAL(found, 0);
  CU_ASSERT_EQUAL(memory.end - memory.first, LINK_MEMORY_MESSAGES);
  uint32_t second = 1, first = 0;
  CU_ASSERT_TRUE(link_memory_note(&memory, &a, true, &second, sizeof second, 1));
  CU_ASSERT_FALSE(link_memory_note(&memory, &a, true, &first, sizeof first, 1));
  link_memory_clear(&memory);
}

static void test_text_map(void) {
  enum { COUNT = 1000 };
  struct text_map map = {0};
  static int values[COUNT];
  char key[16];
  CU_ASSERT_PTR_NULL(text_map_find(&map, "0"));
  CU_ASSERT_PTR_NULL(text_map_remove(&map, "0"));
  for (int i = 0; i < COUNT; i++) {
    snprintf(key, sizeof key, "%d", i);
    CU_ASSERT_EQUAL_FATAL(text_map_add(&map, key, &values[i]), 0);
  }
  CU_ASSERT_PTR_EQUAL(text_map_find(&map, "999"), &values[999]);
  CU_ASSERT_PTR_EQUAL(text_map_remove(&map, "500"), &values[500]);
  CU_ASSERT_PTR_NULL(text_map_find(&map, "500"));
  CU_ASSERT_EQUAL(map.count, COUNT - 1);
  int taken = 0;
  while (text_map_take(&map))
    taken++;
  CU_ASSERT_EQUAL(taken, COUNT - 1);
  text_map_clear(&map);
}

static const struct unit_test tests[] = {
    {"the first codec of the offer is answered", test_answer_codec},
    {"one audio stream is accepted, the others refused in their places", test_answer_streams},
    {"the direction is mirrored", test_answer_direction},
    {"an offer of too many streams or with a NUL is not answered", test_answer_limit},
    {"a link remembers its messages for 64*T1", test_link_memory},
    {"a link remembers at most LINK_MEMORY_MESSAGES", test_link_memory_limit},
    {"the map finds what was added", test_text_map},
};

UNIT_MAIN("fakeproxy parts", tests)
