/* SPDX-License-Identifier: MIT
 *
 * The rule chain: how faults are done to a fake host. Each rule has a selector, which says which
 * messages it is about, and a verdict, which says what becomes of them. Rules are asked in the
 * order in which they were added; the first whose selector fits and whose verdict is not `pass`
 * wins. A rule is removed by its handle. One chain for each host, the same for DNS and SIP.
 *
 * A new kind of fault is a new verdict here and its deed in the fake server; nothing else.
 */
#ifndef COMMON_RULE_CHAIN_H
#define COMMON_RULE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/random.h"

/* "INVITE", "NAPTR", "TYPE65280": methods and query types are short words. */
#define RULE_NAME_SIZE 32
#define RULE_REASON_SIZE 64

enum rule_direction { RULE_EITHER_DIRECTION, RULE_INBOUND, RULE_OUTBOUND };

enum rule_verdict_kind {
  VERDICT_PASS,   /* as if there were no rule; also what an empty chain says */
  VERDICT_DROP,   /* the message is lost without a trace */
  VERDICT_REFUSE, /* the host has closed its port: the kernel answers with ICMP port unreachable or
                     RST */
  VERDICT_ANSWER  /* the host answers by itself with `status` (a SIP status, a DNS rcode) */
};

struct rule_verdict {
  enum rule_verdict_kind kind;
  int status;                    /* VERDICT_ANSWER */
  char reason[RULE_REASON_SIZE]; /* VERDICT_ANSWER: SIP reason phrase; empty: the usual one */
  int retry_after_s;             /* VERDICT_ANSWER: Retry-After of a SIP answer; 0: none */
};

/* All conditions must hold. An initialiser of {0} fits every message. */
struct rule_selector {
  char name[RULE_NAME_SIZE]; /* SIP method or DNS query type, without regard to case; empty: any */
  enum rule_direction direction;
  struct sockaddr_storage
      source;                /* host of the sender (its port counts unless 0); AF_UNSPEC: any */
  uint64_t first;            /* only the first N messages that fit otherwise; 0: no limit */
  uint64_t every;            /* only every Nth message that fits otherwise (N, 2N, …); 0: each */
  double probability;        /* 0 < p < 1: drawn from the chain's stream; 0: always */
  int64_t from_ns, until_ns; /* lab time, from <= t < until; until 0: no end */
};

/* What a rule is asked about. */
struct rule_subject {
  const char *name; /* method of a request or of a response's CSeq; query type; NULL: unknown */
  enum rule_direction direction;
  const struct sockaddr_storage *source;
  int64_t now_ns;
};

struct rule_chain;

/* `random` serves selectors with a probability; it is borrowed and must outlive the chain. */
int rule_chain_create(struct rule_chain **out, struct random_stream *random);
void rule_chain_destroy(struct rule_chain *chain);

/* Adds a rule at the end of the chain. Returns its handle (1, 2, …, never given twice), or 0 when
 * out of memory. */
uint64_t rule_chain_add(struct rule_chain *chain, const struct rule_selector *selector,
                        const struct rule_verdict *verdict);

/* False when there is no rule of this handle (any more). */
bool rule_chain_remove(struct rule_chain *chain, uint64_t handle);

/* What the rule of this handle says; false when there is none, `*verdict` is untouched then. */
bool rule_chain_find(const struct rule_chain *chain, uint64_t handle, struct rule_verdict *verdict);

/* What becomes of a message. `*handle` (may be NULL) is the deciding rule, 0 for none. Counts the
 * message for the selectors `first` and `every`. */
struct rule_verdict rule_chain_decide(struct rule_chain *chain, const struct rule_subject *subject,
                                      uint64_t *handle);

/* Whether the host is to keep its port closed now: a VERDICT_REFUSE rule that selects every message
 * stands (its interval, if any, holding `now_ns`). */
bool rule_chain_refuses(const struct rule_chain *chain, int64_t now_ns);

/* The first time after `now_ns` at which rule_chain_refuses may change by itself, because the
 * interval of a rule begins or ends; INT64_MAX when there is none. A server sets a timer to it. */
int64_t rule_chain_next_edge(const struct rule_chain *chain, int64_t now_ns);

/* "pass", "drop", … and back; rule_verdict_parse returns false for a word that is none. */
const char *rule_verdict_name(enum rule_verdict_kind kind);
bool rule_verdict_parse(const char *name, enum rule_verdict_kind *kind);

#endif
