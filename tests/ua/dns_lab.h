/* SPDX-License-Identifier: MIT
 *
 * A little lab for the phone's resolver, in one process: one or two real DNS servers (fakedns) on
 * loopback, each on a loop that is turned by hand, and sofia's clock replaced by one that jumps to
 * the next timer. Nothing waits; times are exact.
 */
#ifndef TESTS_UA_DNS_LAB_H
#define TESTS_UA_DNS_LAB_H

#include "fakedns/fakedns.h"
#include "tests/unit.h"
#include "ua/resolution.h"
#include "ua/resolver.h"

#define DNS_LAB_SERVERS 2

struct dns_lab {
  uv_loop_t loop;
  struct random_stream random;
  struct fakedns *servers[DNS_LAB_SERVERS];
  size_t server_count;
  su_root_t *root;
  struct resolver *resolver;
  struct phone_random weights;
  unsigned queries;
  /* "0 ns1 SRV _sip._udp.example.com." and so on, a line for each query: time in ms, server, "TCP"
   * if it came that way, type, name. */
  char log[16384];
};

/* Starts the servers ns1 and ns2, each with its zone (`second` NULL: there is only one), and the
 * clock at 0. */
void dns_lab_start(struct dns_lab *lab, const char *first, const char *second);

/* Makes the resolver. */
void dns_lab_open(struct dns_lab *lab, bool asks_all_at_once, bool caches);

void dns_lab_end(struct dns_lab *lab);

/* Lets happen what is due until `t_ms`, that instant included. */
void dns_lab_run(struct dns_lab *lab, int64_t t_ms);
int64_t dns_lab_now(void);

/* A rule for all queries to a server, or for those over a transport ("TCP"; NULL: all). Returns its
 * handle. */
uint64_t dns_lab_break_transport(struct dns_lab *lab, size_t server, const char *transport,
                                 enum rule_verdict_kind kind, int status);
uint64_t dns_lab_break(struct dns_lab *lab, size_t server, enum rule_verdict_kind kind, int status);

/* Asserts what was asked since the last time, and forgets it. */
void dns_lab_check_log(struct dns_lab *lab, const char *expected);

/* Asserts that the texts are the same, and shows them when they aren't. */
void check_same(const char *expected, const char *actual);

#endif
