/* SPDX-License-Identifier: MIT
 *
 * The rule chain: each selector at its limit and past it, the order of rules, and their handles.
 */
#include "common/rule_chain.h"

#include <stdio.h>
#include <string.h>

#include "common/address.h"
#include "tests/unit.h"

static const struct rule_verdict drop = {.kind = VERDICT_DROP};
static const struct rule_verdict pass = {.kind = VERDICT_PASS};
static const struct rule_verdict refuse = {.kind = VERDICT_REFUSE};
static const struct rule_verdict busy = {.kind = VERDICT_ANSWER, .status = 486};

static struct random_stream stream;

/* The value of "method"; a message has no other. */
static const char *method_of(void *context, const char *name) {
  return strcmp(name, "method") == 0 ? context : NULL;
}

#define METHOD(text) .value = method_of, .context = (void *)(text)

static struct rule_chain *new_chain(uint64_t seed) {
  struct rule_chain *chain = NULL;
  random_stream_init(&stream, seed, "rules");
  CU_ASSERT_FATAL(rule_chain_create(&chain, &stream) == 0);
  return chain;
}

/* Which rule decides about an INVITE that comes in at `now_ns`. */
static uint64_t decide_at(struct rule_chain *chain, int64_t now_ns) {
  uint64_t handle = 99;
  struct rule_subject subject = {METHOD("INVITE"), .direction = RULE_INBOUND, .now_ns = now_ns};
  rule_chain_decide(chain, &subject, &handle);
  return handle;
}

/* Whether a chain of this one rule decides about the subject. */
static bool selects(const struct rule_selector *selector, const struct rule_subject *subject) {
  struct rule_chain *chain = new_chain(1);
  rule_chain_add(chain, selector, &drop);
  struct rule_verdict verdict = rule_chain_decide(chain, subject, NULL);
  rule_chain_destroy(chain);
  return verdict.kind == VERDICT_DROP;
}

static void test_empty(void) {
  struct rule_chain *chain = new_chain(1);
  CU_ASSERT(decide_at(chain, 0) == 0);
  CU_ASSERT(rule_chain_decide(chain, &(struct rule_subject){0}, NULL).kind == VERDICT_PASS);
  CU_ASSERT(rule_chain_down(chain, "UDP", 0) == VERDICT_PASS);
  CU_ASSERT(rule_chain_next_edge(chain, 0) == INT64_MAX);
  rule_chain_destroy(chain);
  rule_chain_destroy(NULL);
}

static void test_conditions(void) {
  struct rule_subject invite = {METHOD("INVITE")}, inv = {METHOD("INVIT")}, unknown = {0};
  CU_ASSERT(selects(&(struct rule_selector){.conditions = {{"method", "INVITE"}}}, &invite));
  CU_ASSERT(selects(&(struct rule_selector){.conditions = {{"method", "invite"}}}, &invite));
  CU_ASSERT(!selects(&(struct rule_selector){.conditions = {{"method", "INVITE"}}}, &inv));
  CU_ASSERT(!selects(&(struct rule_selector){.conditions = {{"method", "INVIT"}}}, &invite));
  CU_ASSERT(!selects(&(struct rule_selector){.conditions = {{"method", "INVITE"}}}, &unknown));
  CU_ASSERT(selects(&(struct rule_selector){0}, &unknown));
  CU_ASSERT(selects(&(struct rule_selector){.conditions = {{"method", "inv*"}}}, &invite));
  CU_ASSERT(!selects(&(struct rule_selector){.conditions = {{"status", "*"}}}, &invite));
  CU_ASSERT(!selects(
      &(struct rule_selector){.conditions = {{"method", "INVITE"}, {"status", "200"}}}, &invite));
  CU_ASSERT(selects(
      &(struct rule_selector){.conditions = {{"method", "INVITE"}, {"method", "*TE"}}}, &invite));
}

static void test_direction(void) {
  struct rule_subject in = {.direction = RULE_INBOUND}, out = {.direction = RULE_OUTBOUND};
  CU_ASSERT(selects(&(struct rule_selector){.direction = RULE_INBOUND}, &in));
  CU_ASSERT(!selects(&(struct rule_selector){.direction = RULE_INBOUND}, &out));
  CU_ASSERT(selects(&(struct rule_selector){.direction = RULE_OUTBOUND}, &out));
  CU_ASSERT(!selects(&(struct rule_selector){.direction = RULE_OUTBOUND}, &in));
  CU_ASSERT(selects(&(struct rule_selector){0}, &in) && selects(&(struct rule_selector){0}, &out));
}

static void test_source(void) {
  struct sockaddr_storage host, port, other, v6;
  struct rule_selector by_host = {0}, by_port = {0};
  address_parse(&host, "192.0.2.1:0", 0, NULL);
  address_parse(&port, "192.0.2.1:5060", 0, NULL);
  address_parse(&other, "192.0.2.1:5061", 0, NULL);
  address_parse(&v6, "[2001:db8::1]:5060", 0, NULL);
  by_host.source = host;
  by_port.source = port;
  CU_ASSERT(selects(&by_host, &(struct rule_subject){.source = &port}));
  CU_ASSERT(selects(&by_host, &(struct rule_subject){.source = &other}));
  CU_ASSERT(selects(&by_port, &(struct rule_subject){.source = &port}));
  CU_ASSERT(!selects(&by_port, &(struct rule_subject){.source = &other}));
  CU_ASSERT(!selects(&by_host, &(struct rule_subject){.source = &v6}));
  CU_ASSERT(!selects(&by_host, &(struct rule_subject){.source = NULL}));
}

static void test_interval(void) {
  struct rule_selector bounded = {.from_ns = 10, .until_ns = 20}, open = {.from_ns = 10};
  CU_ASSERT(!selects(&bounded, &(struct rule_subject){.now_ns = 9}));
  CU_ASSERT(selects(&bounded, &(struct rule_subject){.now_ns = 10}));
  CU_ASSERT(selects(&bounded, &(struct rule_subject){.now_ns = 19}));
  CU_ASSERT(!selects(&bounded, &(struct rule_subject){.now_ns = 20}));
  CU_ASSERT(!selects(&open, &(struct rule_subject){.now_ns = 9}));
  CU_ASSERT(selects(&open, &(struct rule_subject){.now_ns = INT64_MAX}));
}

/* Decides `count` times and writes a character each: x for decided, - for passed. */
static const char *pattern(const struct rule_selector *selector, uint64_t seed, int count) {
  static char text[128];
  struct rule_chain *chain = new_chain(seed);
  rule_chain_add(chain, selector, &drop);
  for (int i = 0; i < count; i++)
    text[i] = decide_at(chain, 0) ? 'x' : '-';
  text[count] = '\0';
  rule_chain_destroy(chain);
  return text;
}

static void test_first(void) {
  CU_ASSERT_STRING_EQUAL(pattern(&(struct rule_selector){.first = 1}, 1, 4), "x---");
  CU_ASSERT_STRING_EQUAL(pattern(&(struct rule_selector){.first = 3}, 1, 5), "xxx--");
}

static void test_every(void) {
  CU_ASSERT_STRING_EQUAL(pattern(&(struct rule_selector){.every = 1}, 1, 3), "xxx");
  CU_ASSERT_STRING_EQUAL(pattern(&(struct rule_selector){.every = 3}, 1, 7), "--x--x-");
  CU_ASSERT_STRING_EQUAL(pattern(&(struct rule_selector){.every = 2, .first = 5}, 1, 8),
                         "-x-x----");
}

/* Only messages that fit otherwise are counted. */
static void test_counting(void) {
  struct rule_chain *chain = new_chain(1);
  struct rule_subject other = {METHOD("REGISTER"), .direction = RULE_INBOUND};
  uint64_t handle;
  rule_chain_add(
      chain,
      &(struct rule_selector){.conditions = {{"method", "INVITE"}}, .first = 2, .from_ns = 5},
      &drop);
  rule_chain_decide(chain, &other, &handle);
  CU_ASSERT(handle == 0);
  CU_ASSERT(decide_at(chain, 4) == 0);
  CU_ASSERT(decide_at(chain, 5) == 1);
  CU_ASSERT(decide_at(chain, 5) == 1);
  CU_ASSERT(decide_at(chain, 5) == 0);
  rule_chain_destroy(chain);
}

static void test_probability(void) {
  struct rule_selector half = {.by_chance = true, .probability = 0.5},
                       never = {.by_chance = true, .probability = 1e-18},
                       nearly = {.by_chance = true, .probability = 0.999999999};
  char first[101];
  int hits = 0;
  snprintf(first, sizeof first, "%s", pattern(&half, 5, 100));
  CU_ASSERT_STRING_EQUAL(pattern(&half, 5, 100), first);
  CU_ASSERT_STRING_NOT_EQUAL(pattern(&half, 6, 100), first);
  for (const char *c = first; *c; c++)
    hits += *c == 'x';
  CU_ASSERT(hits > 35 && hits < 65);
  CU_ASSERT(strchr(pattern(&never, 5, 100), 'x') == NULL);
  CU_ASSERT(strchr(pattern(&nearly, 5, 100), '-') == NULL);
  CU_ASSERT(strchr(pattern(&(struct rule_selector){.probability = 0}, 5, 100), '-') == NULL);
  CU_ASSERT(strchr(pattern(&(struct rule_selector){.by_chance = true}, 5, 100), 'x') == NULL);
  CU_ASSERT(strchr(pattern(&(struct rule_selector){.by_chance = true, .probability = 1}, 5, 100),
                   '-') == NULL);
}

/* A draw is made only for messages that fit otherwise, so that other traffic doesn't change the
 * outcome. */
static void test_probability_draws(void) {
  struct rule_chain *chain = new_chain(5);
  struct random_stream untouched = stream;
  struct rule_subject other = {METHOD("REGISTER")};
  rule_chain_add(chain,
                 &(struct rule_selector){
                     .conditions = {{"method", "INVITE"}}, .by_chance = true, .probability = 0.5},
                 &drop);
  rule_chain_decide(chain, &other, NULL);
  CU_ASSERT(memcmp(&stream, &untouched, sizeof stream) == 0);
  decide_at(chain, 0);
  CU_ASSERT(memcmp(&stream, &untouched, sizeof stream) != 0);
  rule_chain_destroy(chain);
}

static void test_order(void) {
  struct rule_chain *chain = new_chain(1);
  uint64_t handle;
  struct rule_subject invite = {METHOD("INVITE")};
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){.conditions = {{"method", "REGISTER"}}},
                           &drop) == 1);
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &pass) == 2);
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &busy) == 3);
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &drop) == 4);
  struct rule_verdict verdict = rule_chain_decide(chain, &invite, &handle);
  CU_ASSERT(handle == 3 && verdict.kind == VERDICT_ANSWER && verdict.status == 486);
  CU_ASSERT(rule_chain_remove(chain, 3));
  verdict = rule_chain_decide(chain, &invite, &handle);
  CU_ASSERT(handle == 4 && verdict.kind == VERDICT_DROP);
  rule_chain_destroy(chain);
}

static void test_handles(void) {
  struct rule_chain *chain = new_chain(1);
  struct rule_verdict verdict = pass;
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &busy) == 1);
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &drop) == 2);
  CU_ASSERT(rule_chain_find(chain, 1, &verdict) && verdict.status == 486);
  CU_ASSERT(rule_chain_remove(chain, 2));
  CU_ASSERT(!rule_chain_remove(chain, 2) && !rule_chain_remove(chain, 0) &&
            !rule_chain_remove(chain, 99));
  CU_ASSERT(!rule_chain_find(chain, 2, &verdict) && verdict.status == 486);
  CU_ASSERT(rule_chain_add(chain, &(struct rule_selector){0}, &drop) == 3);
  CU_ASSERT(rule_chain_remove(chain, 1) && rule_chain_remove(chain, 3));
  CU_ASSERT(decide_at(chain, 0) == 0);
  rule_chain_destroy(chain);
}

/* How a host with this one rule is down over TCP. */
static enum rule_verdict_kind down(const struct rule_selector *selector,
                                   enum rule_verdict_kind kind, int64_t now_ns) {
  struct rule_chain *chain = new_chain(1);
  rule_chain_add(chain, selector, &(struct rule_verdict){.kind = kind, .status = 503});
  enum rule_verdict_kind result = rule_chain_down(chain, "TCP", now_ns);
  rule_chain_destroy(chain);
  return result;
}

static bool refuses(const struct rule_selector *selector, int64_t now_ns) {
  return down(selector, VERDICT_REFUSE, now_ns) == VERDICT_REFUSE;
}

static void test_down(void) {
  struct rule_selector some = {0};
  CU_ASSERT(refuses(&some, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.conditions = {{"qtype", "*"}}}, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.direction = RULE_INBOUND}, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.first = 1}, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.every = 1}, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.by_chance = true, .probability = 0.5}, 0));
  address_parse(&some.source, "192.0.2.1", 0, NULL);
  CU_ASSERT(!refuses(&some, 0));
  struct rule_selector interval = {.from_ns = 10, .until_ns = 20};
  CU_ASSERT(!refuses(&interval, 9) && refuses(&interval, 10) && refuses(&interval, 19) &&
            !refuses(&interval, 20));
}

static void test_down_by_transport(void) {
  CU_ASSERT(refuses(&(struct rule_selector){.conditions = {{"transport", "tcp"}}}, 0));
  CU_ASSERT(!refuses(&(struct rule_selector){.conditions = {{"transport", "UDP"}}}, 0));
  CU_ASSERT(
      !refuses(&(struct rule_selector){.conditions = {{"transport", "TCP"}, {"method", "*"}}}, 0));
}

static void test_down_in_each_way(void) {
  static const enum rule_verdict_kind ways[] = {VERDICT_DROP, VERDICT_REFUSE, VERDICT_UNREACHABLE,
                                                VERDICT_STALL},
                                      others[] = {VERDICT_PASS, VERDICT_ANSWER, VERDICT_DELAY,
                                                  VERDICT_CLOSE};
  for (size_t i = 0; i < 4; i++) {
    CU_ASSERT(down(&(struct rule_selector){0}, ways[i], 0) == ways[i]);
    CU_ASSERT(down(&(struct rule_selector){0}, others[i], 0) == VERDICT_PASS);
  }
}

/* The jitter is drawn for each message, and added. */
static void test_delay(void) {
  struct rule_chain *chain = new_chain(5);
  struct rule_subject subject = {0};
  rule_chain_add(chain, &(struct rule_selector){0},
                 &(struct rule_verdict){.kind = VERDICT_DELAY, .delay_ns = 100, .jitter_ns = 50});
  int64_t least = INT64_MAX, most = 0;
  for (int i = 0; i < 1000; i++) {
    int64_t delay_ns = rule_chain_decide(chain, &subject, NULL).delay_ns;
    least = delay_ns < least ? delay_ns : least;
    most = delay_ns > most ? delay_ns : most;
  }
  CU_ASSERT(least >= 100 && least < 105 && most < 150 && most > 144);
  rule_chain_destroy(chain);
}

static void test_next_edge(void) {
  struct rule_chain *chain = new_chain(1);
  rule_chain_add(chain, &(struct rule_selector){.from_ns = 5, .until_ns = 6}, &busy);
  rule_chain_add(chain, &(struct rule_selector){.from_ns = 30, .until_ns = 40}, &refuse);
  rule_chain_add(chain, &(struct rule_selector){.from_ns = 10, .until_ns = 35}, &refuse);
  rule_chain_add(chain, &(struct rule_selector){0}, &refuse);
  CU_ASSERT(rule_chain_next_edge(chain, 0) == 10);
  CU_ASSERT(rule_chain_next_edge(chain, 9) == 10);
  CU_ASSERT(rule_chain_next_edge(chain, 10) == 30);
  CU_ASSERT(rule_chain_next_edge(chain, 30) == 35);
  CU_ASSERT(rule_chain_next_edge(chain, 39) == 40);
  CU_ASSERT(rule_chain_next_edge(chain, 40) == INT64_MAX);
  rule_chain_destroy(chain);
}

static void test_names(void) {
  enum rule_verdict_kind kind = VERDICT_PASS;
  for (enum rule_verdict_kind each = VERDICT_PASS; each <= VERDICT_RESET; each++)
    CU_ASSERT(rule_verdict_parse(rule_verdict_name(each), &kind) && kind == each);
  CU_ASSERT(!rule_verdict_parse("Drop", &kind) && !rule_verdict_parse("", &kind) &&
            kind == VERDICT_RESET);
  CU_ASSERT_STRING_EQUAL(rule_verdict_name(VERDICT_REFUSE), "refuse");
}

static const struct unit_test tests[] = {
    {"an empty chain passes everything", test_empty},
    {"conditions fit as patterns, without regard to case", test_conditions},
    {"directions", test_direction},
    {"a source fits by host, and by port if it has one", test_source},
    {"an interval holds from its start until before its end", test_interval},
    {"the first N", test_first},
    {"every Nth, also of the first M", test_every},
    {"only messages that fit otherwise are counted", test_counting},
    {"a probability repeats with its seed", test_probability},
    {"a probability draws only for messages that fit otherwise", test_probability_draws},
    {"the first rule that doesn't pass wins", test_order},
    {"handles are never given twice", test_handles},
    {"a host is down for all messages or not at all", test_down},
    {"a host is down over one transport", test_down_by_transport},
    {"the four ways to be down", test_down_in_each_way},
    {"a delay has jitter", test_delay},
    {"the next edge of being down", test_next_edge},
    {"verdicts have names, and back", test_names},
};

UNIT_MAIN("common: rule chain", tests)
