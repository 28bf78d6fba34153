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

/* Conditions have short names ("method", "qtype", "transport"); the longest values are domain names
 * (253 characters, RFC 1035 section 2.3.4) and Call-IDs. */
#define RULE_NAME_SIZE 32
#define RULE_PATTERN_SIZE 256
#define RULE_REASON_SIZE 64

/* More than anybody has written down in one rule. */
#define RULE_CONDITIONS_MAX 8

enum rule_direction { RULE_EITHER_DIRECTION, RULE_INBOUND, RULE_OUTBOUND };

enum rule_verdict_kind {
  VERDICT_PASS,        /* as if there were no rule; also what an empty chain says */
  VERDICT_DROP,        /* the message is lost without a trace; a connect stays unanswered */
  VERDICT_REFUSE,      /* the port is closed: ICMP port unreachable or RST */
  VERDICT_UNREACHABLE, /* a router on the way says that the host can't be reached */
  VERDICT_STALL,       /* the host accepts connections and messages, and does nothing with them */
  VERDICT_ANSWER,      /* the host answers by itself with `status` (a SIP status, a DNS rcode) */
  VERDICT_DELAY,       /* the message goes on after `delay_ns` and up to `jitter_ns` more */
  VERDICT_DUPLICATE,   /* the message comes `copies` times more */
  VERDICT_CORRUPT,     /* the message is damaged in the `manner` that the host has a name for */
  VERDICT_DIVERT,      /* the message is sent from another address, `from` */
  VERDICT_CLOSE,       /* the connection is closed in the middle of the message */
  VERDICT_RESET        /* likewise, by RST */
};

struct rule_verdict {
  enum rule_verdict_kind kind;
  int status;                    /* VERDICT_ANSWER */
  char reason[RULE_REASON_SIZE]; /* VERDICT_ANSWER: SIP reason phrase; empty: the usual one */
  int retry_after_s;             /* VERDICT_ANSWER: Retry-After of a SIP answer; 0: none */
  int64_t delay_ns, jitter_ns;   /* VERDICT_DELAY; drawn in rule_chain_decide(), which adds the
                                    jitter to the delay */
  unsigned copies;               /* VERDICT_DUPLICATE */
  char manner[RULE_NAME_SIZE];   /* VERDICT_CORRUPT */
  struct sockaddr_storage from;  /* VERDICT_DIVERT */
};

/* What a message must have: "qtype" "SRV". The pattern is a shell's (fnmatch(3)), without regard to
 * case. */
struct rule_condition {
  char name[RULE_NAME_SIZE];
  char pattern[RULE_PATTERN_SIZE];
};

/* All conditions must hold. An initialiser of {0} fits every message. */
struct rule_selector {
  struct rule_condition conditions[RULE_CONDITIONS_MAX]; /* up to the first without a name */
  enum rule_direction direction;
  struct sockaddr_storage
      source;     /* host of the sender (its port counts unless 0); AF_UNSPEC: any */
  uint64_t first; /* only the first N messages that fit otherwise; 0: no limit */
  uint64_t every; /* only every Nth message that fits otherwise (N, 2N, …); 0: each */
  bool by_chance; /* only with this probability, drawn from the chain's stream */
  double probability;
  int64_t from_ns, until_ns; /* lab time, from <= t < until; until 0: no end */
};

/* What a rule is asked about. */
struct rule_subject {
  /* What the message has under the name of a condition, valid until the next call; NULL: nothing,
   * which fits no pattern. NULL as a function: nothing at all. */
  const char *(*value)(void *context, const char *name);
  void *context;
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

/* Whether and how the host as a whole is down over a transport ("UDP", "TCP", "TLS"): the first of
 * DROP, REFUSE, UNREACHABLE, STALL that selects every message of the transport, its interval (if
 * any) holding `now_ns`; a condition on "transport" is the only one that it may have. VERDICT_PASS:
 * it is up. */
enum rule_verdict_kind rule_chain_down(const struct rule_chain *chain, const char *transport,
                                       int64_t now_ns);

/* The first time after `now_ns` at which rule_chain_down() may change by itself, because the
 * interval of a rule begins or ends; INT64_MAX when there is none. A server sets a timer to it. */
int64_t rule_chain_next_edge(const struct rule_chain *chain, int64_t now_ns);

/* Whether a text fits the pattern of a condition. */
bool rule_pattern_fits(const char *pattern, const char *text);

/* What a fake server tells whenever rule_chain_down() of a transport has changed: how it is down
 * there at this address, VERDICT_PASS when it is up. A process can't be silent or unreachable to a
 * TCP connect; who has a network of his own makes that there. */
typedef void rule_reach(void *context, const struct sockaddr_storage *address,
                        const char *transport, enum rule_verdict_kind down);

/* "pass", "drop", … and back; rule_verdict_parse returns false for a word that is none. */
const char *rule_verdict_name(enum rule_verdict_kind kind);
bool rule_verdict_parse(const char *name, enum rule_verdict_kind *kind);

#endif
