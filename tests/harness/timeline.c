/* SPDX-License-Identifier: MIT
 *
 * The timeline: numbering, naming of hosts, and a digest that sees every difference.
 */
#include "harness/lab/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "tests/unit.h"

/* One of each kind, in real time, where a block has its own addresses. */
static struct hosts *some_hosts(unsigned block) {
  struct hosts *hosts = NULL;
  struct sockaddr_storage address;
  CU_ASSERT_EQUAL_FATAL(hosts_create(&hosts, block, NULL), 0);
  CU_ASSERT_EQUAL(hosts_add(hosts, HOST_PROXY, "p1", NULL, 0, &address, NULL), 0);
  CU_ASSERT_EQUAL(hosts_add(hosts, HOST_PHONE, "alice", NULL, 0, &address, NULL), 0);
  return hosts;
}

static struct event *an_event(const char *text) {
  struct event *event = event_create("log");
  event_add_text(event, "text", text);
  return event;
}

/* The digest of a timeline with these texts, one each millisecond. */
static void digest_of(const char *const *texts, size_t count, char digest[TIMELINE_DIGEST_SIZE]) {
  struct hosts *hosts = some_hosts(HOSTS_BLOCK_FIRST);
  struct timeline *timeline = NULL;
  CU_ASSERT_EQUAL_FATAL(timeline_create(&timeline, hosts, NULL), 0);
  for (size_t i = 0; i < count; i++)
    timeline_append(timeline, an_event(texts[i]), (int64_t)i * 1000000);
  timeline_digest(timeline, digest);
  timeline_destroy(timeline);
  hosts_destroy(hosts);
}

static void test_events(void) {
  struct hosts *hosts = some_hosts(HOSTS_BLOCK_FIRST);
  struct timeline *timeline = NULL;
  char *lines = NULL;
  size_t size = 0;
  FILE *output = open_memstream(&lines, &size);
  CU_ASSERT_EQUAL_FATAL(timeline_create(&timeline, hosts, output), 0);
  CU_ASSERT_EQUAL(timeline_count(timeline), 0);
  CU_ASSERT_PTR_NULL(timeline_event(timeline, 0));
  struct event *event = an_event("one");
  address_parse(&event->source_address, "127.100.2.1:40000", 0, NULL);
  address_parse(&event->target_address, "127.100.1.1:5060", 0, NULL);
  snprintf(event->target, sizeof event->target, "another name");
  timeline_append(timeline, event, 5);
  timeline_append(timeline, an_event("two"), INT64_C(3600000000001));
  CU_ASSERT_EQUAL(timeline_count(timeline), 2);
  CU_ASSERT_PTR_EQUAL(timeline_event(timeline, 0), event);
  CU_ASSERT_EQUAL(event->t_ns, 5);
  CU_ASSERT_STRING_EQUAL(event->source, "alice");        /* by its address, whatever the port */
  CU_ASSERT_STRING_EQUAL(event->target, "another name"); /* who has a name keeps it */
  CU_ASSERT_EQUAL(timeline_event(timeline, 1)->sequence, 1);
  CU_ASSERT_PTR_NULL(timeline_event(timeline, 2));
  CU_ASSERT_FALSE(timeline_overflowed(timeline));
  fflush(output);
  CU_ASSERT_PTR_NOT_NULL(
      strstr(lines, "{\"seq\":0,\"t_ns\":5,\"kind\":\"log\",\"from\":\"alice\""));
  CU_ASSERT_PTR_NOT_NULL(
      strstr(lines, "\n{\"seq\":1,\"t_ns\":3600000000001,\"kind\":\"log\",\"text\":\"two\"}\n"));
  timeline_destroy(timeline);
  fclose(output);
  free(lines);
  hosts_destroy(hosts);
  timeline_destroy(NULL);
}

static void test_digest(void) {
  static const char *const some[] = {"a", "b"}, *const others[] = {"a", "c"},
                           *const swapped[] = {"b", "a"}, *const joined[] = {"ab", ""};
  char first[TIMELINE_DIGEST_SIZE], again[TIMELINE_DIGEST_SIZE], other[TIMELINE_DIGEST_SIZE];
  digest_of(some, 2, first);
  digest_of(some, 2, again);
  CU_ASSERT_STRING_EQUAL(first, again);
  CU_ASSERT_EQUAL(strlen(first), TIMELINE_DIGEST_SIZE - 1);
  CU_ASSERT_EQUAL(strspn(first, "0123456789abcdef"), TIMELINE_DIGEST_SIZE - 1);
  digest_of(others, 2, other);
  CU_ASSERT_STRING_NOT_EQUAL(first, other);
  digest_of(swapped, 2, other);
  CU_ASSERT_STRING_NOT_EQUAL(first, other);
  digest_of(joined, 2, other);
  CU_ASSERT_STRING_NOT_EQUAL(first, other);
  digest_of(some, 1, other);
  CU_ASSERT_STRING_NOT_EQUAL(first, other);
  /* SHA-256 of nothing. */
  digest_of(some, 0, other);
  CU_ASSERT_STRING_EQUAL(other, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* Asking changes nothing; an event at another instant, or between others, is another timeline. */
static void test_digest_grows(void) {
  struct hosts *hosts = some_hosts(HOSTS_BLOCK_FIRST);
  struct timeline *one = NULL, *other = NULL;
  char digest[2][TIMELINE_DIGEST_SIZE];
  timeline_create(&one, hosts, NULL);
  timeline_create(&other, hosts, NULL);
  timeline_append(one, an_event("a"), 1);
  timeline_digest(one, digest[0]);
  timeline_digest(one, digest[1]);
  CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
  timeline_append(one, an_event("b"), 2);
  timeline_append(other, an_event("a"), 1);
  timeline_append(other, an_event("b"), 2);
  timeline_digest(one, digest[0]);
  timeline_digest(other, digest[1]);
  CU_ASSERT_STRING_EQUAL(digest[0], digest[1]);
  timeline_append(one, an_event("c"), 1000000000);
  timeline_append(other, an_event("c"), 1000000001); /* one nanosecond */
  timeline_digest(one, digest[0]);
  timeline_digest(other, digest[1]);
  CU_ASSERT_STRING_NOT_EQUAL(digest[0], digest[1]);
  timeline_destroy(one);
  timeline_destroy(other);
  hosts_destroy(hosts);
}

static void test_limit(void) {
  struct hosts *hosts = some_hosts(HOSTS_BLOCK_FIRST);
  struct timeline *timeline = NULL;
  char full[TIMELINE_DIGEST_SIZE], digest[TIMELINE_DIGEST_SIZE];
  timeline_create(&timeline, hosts, NULL);
  for (int i = 0; i < TIMELINE_EVENTS_MAX; i++)
    timeline_append(timeline, an_event("a storm"), i);
  CU_ASSERT_EQUAL(timeline_count(timeline), TIMELINE_EVENTS_MAX);
  CU_ASSERT_FALSE(timeline_overflowed(timeline));
  timeline_digest(timeline, full);
  timeline_append(timeline, an_event("one too many"), TIMELINE_EVENTS_MAX);
  CU_ASSERT_TRUE(timeline_overflowed(timeline));
  CU_ASSERT_EQUAL(timeline_count(timeline), TIMELINE_EVENTS_MAX);
  CU_ASSERT_PTR_NULL(timeline_event(timeline, TIMELINE_EVENTS_MAX));
  timeline_digest(timeline, digest);
  CU_ASSERT_STRING_EQUAL(full, digest);
  timeline_destroy(timeline);
  hosts_destroy(hosts);
}

static const struct unit_test tests[] = {
    {"events are numbered, stamped, named and written", test_events},
    {"the digest sees what is said, its order and its number", test_digest},
    {"a storm of events is cut off at its limit, and said", test_limit},
    {"the digest grows with the timeline, to the nanosecond", test_digest_grows},
};

UNIT_MAIN("timeline", tests)
