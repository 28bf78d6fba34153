/* SPDX-License-Identifier: MIT
 *
 * Faults as they are written on the command line: a rule of the rule chain as words.
 *
 *     drop
 *     answer=SERVFAIL qtype=SRV first=2
 *     delay=2.5 jitter=0.5 direction=out
 *     refuse from=30 until=60
 *
 * The first word is a verdict (common/rule_chain.h), with its value: answer=STATUS, delay=SECONDS,
 * duplicate=COPIES, corrupt=MANNER, divert=ADDRESS. The others are `jitter` (of a delay), selectors
 * (direction=in or out, source=ADDRESS, first, every, probability, from and until in seconds since
 * the start) and conditions, which are the server's own.
 */
#ifndef HARNESS_CLI_FAULT_H
#define HARNESS_CLI_FAULT_H

#include <stdbool.h>

#include "common/error.h"
#include "common/rule_chain.h"

/* What a server's faults have that another's don't. */
struct cli_fault_words {
  const char *const *conditions; /* ends with NULL */
  /* The status that the word means (an rcode, a SIP status); false when it means none. */
  bool (*read_status)(const char *word, int *status);
};

/* Returns 0, or -1 with the text filled in: it names the word that is wrong and what may stand
 * there. */
int cli_parse_fault(const char *text, const struct cli_fault_words *words,
                    struct rule_selector *selector, struct rule_verdict *verdict,
                    struct error *error);

#endif
