/* SPDX-License-Identifier: MIT
 *
 * Faults as words (fault.h).
 */
#include "harness/cli/fault.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/cli/options.h"

/* Longer than any rule that somebody types. */
#define FAULT_SIZE 1024

#define NS_PER_S 1e9

/* Thirty years, as in scenarios: far from what 64 bits of ns can hold. */
#define SECONDS_MAX 1e9

struct fault {
  const struct cli_fault_words *words;
  struct rule_selector *selector;
  struct rule_verdict *verdict;
  struct error *error;
  size_t conditions;
};

static bool read_seconds(const char *text, int64_t *ns) {
  char *end;
  double seconds = strtod(text, &end);
  if (end == text || *end || !isfinite(seconds) || seconds < 0 || seconds > SECONDS_MAX)
    return false;
  *ns = (int64_t)(seconds * NS_PER_S + 0.5);
  return true;
}

static bool read_probability(const char *text, double *probability) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= 0 && value <= 1))
    return false;
  *probability = value;
  return true;
}

static bool read_copies(const char *text, unsigned *copies) {
  uint64_t number;
  if (!cli_parse_number(text, 1, UINT16_MAX, &number))
    return false;
  *copies = (unsigned)number;
  return true;
}

static bool read_direction(const char *text, enum rule_direction *direction) {
  if (strcmp(text, "in") != 0 && strcmp(text, "out") != 0)
    return false;
  *direction = text[0] == 'i' ? RULE_INBOUND : RULE_OUTBOUND;
  return true;
}

static bool read_manner(const char *text, char *manner) {
  return snprintf(manner, RULE_NAME_SIZE, "%s", text) < RULE_NAME_SIZE && *text;
}

static int wrong(const struct fault *fault, const char *name, const char *value,
                 const char *wanted) {
  return error_set(fault->error, "%s=%s: %s", name, value, wanted);
}

/* The verdict with its value; `value` is "" when there is none. */
static int read_verdict(struct fault *fault, const char *name, const char *value) {
  struct rule_verdict *verdict = fault->verdict;
  if (!rule_verdict_parse(name, &verdict->kind) || verdict->kind == VERDICT_PASS)
    return error_set(fault->error,
                     "\"%s\" is no fault; there are: drop, refuse, unreachable, stall, "
                     "answer=STATUS, delay=SECONDS, duplicate=COPIES, corrupt=MANNER, "
                     "divert=ADDRESS, close, reset",
                     name);
  switch (verdict->kind) {
  case VERDICT_ANSWER:
    return fault->words->read_status(value, &verdict->status)
               ? 0
               : wrong(fault, name, value, "no such status");
  case VERDICT_DELAY:
    return read_seconds(value, &verdict->delay_ns) ? 0 : wrong(fault, name, value, "seconds");
  case VERDICT_DUPLICATE:
    return read_copies(value, &verdict->copies)
               ? 0
               : wrong(fault, name, value, "how many more, from 1 on");
  case VERDICT_CORRUPT:
    return read_manner(value, verdict->manner) ? 0 : wrong(fault, name, value, "in which manner?");
  case VERDICT_DIVERT:
    return address_parse(&verdict->from, value, 0, fault->error);
  case VERDICT_PASS:
  case VERDICT_DROP:
  case VERDICT_REFUSE:
  case VERDICT_UNREACHABLE:
  case VERDICT_STALL:
  case VERDICT_CLOSE:
  case VERDICT_RESET:
    return *value ? wrong(fault, name, value, "this fault has no value") : 0;
  }
  return 0;
}

static int read_condition(struct fault *fault, const char *name, const char *value) {
  char known[256] = "";
  for (size_t i = 0; fault->words->conditions[i]; i++) {
    const char *each = fault->words->conditions[i];
    size_t length = strlen(known);
    snprintf(known + length, sizeof known - length, ", %s", each);
    if (strcmp(each, name) != 0)
      continue;
    if (fault->conditions == RULE_CONDITIONS_MAX || strlen(value) >= RULE_PATTERN_SIZE)
      return error_set(fault->error, "%s=%s: too long, or one condition too many", name, value);
    struct rule_condition *condition = &fault->selector->conditions[fault->conditions++];
    snprintf(condition->name, sizeof condition->name, "%s", name);
    snprintf(condition->pattern, sizeof condition->pattern, "%s", value);
    return 0;
  }
  return error_set(fault->error,
                   "\"%s\" is no selector; there are: jitter, direction, source, first, every, "
                   "probability, from, until%s",
                   name, known);
}

static int read_selector(struct fault *fault, const char *name, const char *value) {
  struct rule_selector *selector = fault->selector;
  if (strcmp(name, "jitter") == 0)
    return fault->verdict->kind == VERDICT_DELAY && read_seconds(value, &fault->verdict->jitter_ns)
               ? 0
               : wrong(fault, name, value, "seconds, and only of a delay");
  if (strcmp(name, "direction") == 0)
    return read_direction(value, &selector->direction) ? 0 : wrong(fault, name, value, "in or out");
  if (strcmp(name, "source") == 0)
    return address_parse(&selector->source, value, 0, fault->error);
  if (strcmp(name, "first") == 0)
    return cli_parse_number(value, 1, UINT32_MAX, &selector->first)
               ? 0
               : wrong(fault, name, value, "a number from 1 on");
  if (strcmp(name, "every") == 0)
    return cli_parse_number(value, 1, UINT32_MAX, &selector->every)
               ? 0
               : wrong(fault, name, value, "a number from 1 on");
  if (strcmp(name, "probability") == 0)
    return (selector->by_chance = read_probability(value, &selector->probability))
               ? 0
               : wrong(fault, name, value, "from 0 to 1");
  if (strcmp(name, "from") == 0)
    return read_seconds(value, &selector->from_ns) ? 0 : wrong(fault, name, value, "seconds");
  if (strcmp(name, "until") == 0)
    return read_seconds(value, &selector->until_ns) && selector->until_ns > 0
               ? 0
               : wrong(fault, name, value, "seconds, more than 0");
  return read_condition(fault, name, value);
}

int cli_parse_fault(const char *text, const struct cli_fault_words *words,
                    struct rule_selector *selector, struct rule_verdict *verdict,
                    struct error *error) {
  char copy[FAULT_SIZE], *rest = copy;
  struct rule_selector new_selector = {0};
  struct rule_verdict new_verdict = {0};
  struct fault fault = {
      .words = words, .selector = &new_selector, .verdict = &new_verdict, .error = error};
  if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
    return error_set(error, "a fault has %d characters at most", FAULT_SIZE - 1);
  const char *word;
  size_t count = 0;
  while ((word = strtok_r(rest, " \t", &rest)) != NULL) {
    char *value = strchr(word, '=');
    if (value)
      *value++ = '\0';
    if (count > 0 && !value)
      return error_set(error, "\"%s\" wants a value: %s=…", word, word);
    if (count++ == 0 ? read_verdict(&fault, word, value ? value : "")
                     : read_selector(&fault, word, value))
      return -1;
  }
  if (count == 0)
    return error_set(error, "an empty fault");
  if (new_selector.until_ns != 0 && new_selector.until_ns <= new_selector.from_ns)
    return error_set(error, "until is not after from");
  *selector = new_selector;
  *verdict = new_verdict;
  return 0;
}
