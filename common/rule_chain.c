/* SPDX-License-Identifier: MIT
 *
 * The rule chain, a list in the order of adding. Chains are short (a handful of rules), so it is
 * walked.
 */
#include "common/rule_chain.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/address.h"

struct rule {
  struct rule *next;
  uint64_t handle;
  struct rule_selector selector;
  struct rule_verdict verdict;
  uint64_t fitted; /* messages that fitted but for `first` and `every` */
};

struct rule_chain {
  struct rule *rules;
  struct random_stream *random;
  uint64_t last_handle;
};

int rule_chain_create(struct rule_chain **out, struct random_stream *random) {
  struct rule_chain *chain = calloc(1, sizeof *chain);
  if (!chain)
    return -1;
  chain->random = random;
  *out = chain;
  return 0;
}

void rule_chain_destroy(struct rule_chain *chain) {
  if (!chain)
    return;
  while (chain->rules)
    rule_chain_remove(chain, chain->rules->handle);
  free(chain);
}

uint64_t rule_chain_add(struct rule_chain *chain, const struct rule_selector *selector,
                        const struct rule_verdict *verdict) {
  struct rule *rule = calloc(1, sizeof *rule);
  if (!rule)
    return 0;
  rule->handle = ++chain->last_handle;
  rule->selector = *selector;
  rule->verdict = *verdict;
  struct rule **end = &chain->rules;
  while (*end)
    end = &(*end)->next;
  *end = rule;
  return rule->handle;
}

bool rule_chain_remove(struct rule_chain *chain, uint64_t handle) {
  for (struct rule **link = &chain->rules; *link; link = &(*link)->next) {
    struct rule *rule = *link;
    if (rule->handle != handle)
      continue;
    *link = rule->next;
    free(rule);
    return true;
  }
  return false;
}

bool rule_chain_find(const struct rule_chain *chain, uint64_t handle,
                     struct rule_verdict *verdict) {
  for (const struct rule *rule = chain->rules; rule; rule = rule->next)
    if (rule->handle == handle) {
      *verdict = rule->verdict;
      return true;
    }
  return false;
}

static bool interval_holds(const struct rule_selector *selector, int64_t now_ns) {
  return now_ns >= selector->from_ns && (selector->until_ns == 0 || now_ns < selector->until_ns);
}

static bool source_fits(const struct rule_selector *selector,
                        const struct sockaddr_storage *source) {
  if (selector->source.ss_family == AF_UNSPEC)
    return true;
  if (!source)
    return false;
  return address_port(&selector->source) ? address_equal(&selector->source, source)
                                         : address_equal_host(&selector->source, source);
}

bool rule_pattern_fits(const char *pattern, const char *text) {
  return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
}

static bool fits(const struct rule_condition *condition, const char *value) {
  return value && rule_pattern_fits(condition->pattern, value);
}

static bool conditions_fit(const struct rule_selector *selector,
                           const struct rule_subject *subject) {
  for (size_t i = 0; i < RULE_CONDITIONS_MAX && selector->conditions[i].name[0]; i++) {
    const struct rule_condition *condition = &selector->conditions[i];
    if (!subject->value || !fits(condition, subject->value(subject->context, condition->name)))
      return false;
  }
  return true;
}

/* The counting and drawing conditions come last, so that they see only messages that fit otherwise.
 */
static bool rule_fits(struct rule *rule, const struct rule_subject *subject,
                      struct random_stream *random) {
  const struct rule_selector *selector = &rule->selector;
  if (!conditions_fit(selector, subject))
    return false;
  if (selector->direction != RULE_EITHER_DIRECTION && selector->direction != subject->direction)
    return false;
  if (!source_fits(selector, subject->source) || !interval_holds(selector, subject->now_ns))
    return false;
  rule->fitted++;
  if (selector->first && rule->fitted > selector->first)
    return false;
  if (selector->every && rule->fitted % selector->every != 0)
    return false;
  return !selector->by_chance || random_stream_unit(random) < selector->probability;
}

/* The verdict with its jitter drawn. */
static struct rule_verdict drawn(const struct rule_verdict *verdict, struct random_stream *random) {
  struct rule_verdict result = *verdict;
  if (verdict->kind == VERDICT_DELAY && verdict->jitter_ns > 0)
    result.delay_ns += (int64_t)(random_stream_unit(random) * (double)verdict->jitter_ns);
  return result;
}

struct rule_verdict rule_chain_decide(struct rule_chain *chain, const struct rule_subject *subject,
                                      uint64_t *handle) {
  for (struct rule *rule = chain->rules; rule; rule = rule->next) {
    if (!rule_fits(rule, subject, chain->random) || rule->verdict.kind == VERDICT_PASS)
      continue;
    if (handle)
      *handle = rule->handle;
    return drawn(&rule->verdict, chain->random);
  }
  if (handle)
    *handle = 0;
  return (struct rule_verdict){.kind = VERDICT_PASS};
}

/* What a host as a whole can be, and not only one of its messages. */
static bool is_down(enum rule_verdict_kind kind) {
  return kind == VERDICT_DROP || kind == VERDICT_REFUSE || kind == VERDICT_UNREACHABLE ||
         kind == VERDICT_STALL;
}

static bool selects_transport(const struct rule_selector *selector, const char *transport) {
  const struct rule_condition *only = &selector->conditions[0];
  if (only->name[0] && (strcasecmp(only->name, "transport") != 0 || !fits(only, transport)))
    return false;
  return !selector->conditions[1].name[0] && selector->direction == RULE_EITHER_DIRECTION &&
         selector->source.ss_family == AF_UNSPEC && !selector->first && !selector->every &&
         !selector->by_chance;
}

enum rule_verdict_kind rule_chain_down(const struct rule_chain *chain, const char *transport,
                                       int64_t now_ns) {
  for (const struct rule *rule = chain->rules; rule; rule = rule->next)
    if (is_down(rule->verdict.kind) && selects_transport(&rule->selector, transport) &&
        interval_holds(&rule->selector, now_ns))
      return rule->verdict.kind;
  return VERDICT_PASS;
}

int64_t rule_chain_next_edge(const struct rule_chain *chain, int64_t now_ns) {
  int64_t edge = INT64_MAX;
  for (const struct rule *rule = chain->rules; rule; rule = rule->next) {
    const struct rule_selector *selector = &rule->selector;
    if (!is_down(rule->verdict.kind))
      continue;
    if (selector->from_ns > now_ns && selector->from_ns < edge)
      edge = selector->from_ns;
    if (selector->until_ns > now_ns && selector->until_ns < edge)
      edge = selector->until_ns;
  }
  return edge;
}

static const char *const verdict_names[] = {
    [VERDICT_PASS] = "pass",       [VERDICT_DROP] = "drop",
    [VERDICT_REFUSE] = "refuse",   [VERDICT_UNREACHABLE] = "unreachable",
    [VERDICT_STALL] = "stall",     [VERDICT_ANSWER] = "answer",
    [VERDICT_DELAY] = "delay",     [VERDICT_DUPLICATE] = "duplicate",
    [VERDICT_CORRUPT] = "corrupt", [VERDICT_DIVERT] = "divert",
    [VERDICT_CLOSE] = "close",     [VERDICT_RESET] = "reset",
};

const char *rule_verdict_name(enum rule_verdict_kind kind) {
  return verdict_names[kind];
}

bool rule_verdict_parse(const char *name, enum rule_verdict_kind *kind) {
  for (size_t i = 0; i < sizeof verdict_names / sizeof verdict_names[0]; i++)
    if (strcmp(name, verdict_names[i]) == 0) {
      *kind = (enum rule_verdict_kind)i;
      return true;
    }
  return false;
}
