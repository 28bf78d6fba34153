/* SPDX-License-Identifier: MIT
 *
 * A little lab for the phone's library, in one process: sofia's clock is replaced by one that jumps
 * to the next timer, a DNS server answers from a table, and SIP servers on real UDP sockets answer
 * as a test wants. Nothing waits; times are exact.
 */
#ifndef TESTS_UA_LAB_H
#define TESTS_UA_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "ua/call.h"
#include "ua/phone.h"

#define LAB_SERVERS 3

/* One message that a server received, or one event of the phone. */
struct lab_record {
  int64_t t_ms;
  int server; /* 1 to LAB_SERVERS; 0: an event */
  char text[4096];
};

#define LAB_RECORDS_MAX 1024

struct lab_server {
  int socket; /* -1: closed, the kernel answers with ICMP */
  uint16_t port;
  bool is_silent;
  int status;      /* of REGISTER and INVITE; 0: 200 */
  int provisional; /* sent before the final response; 0: none */
  bool is_provisional_only;
  int expires_s;      /* granted; 0: 3600 */
  int priority;       /* of its SRV record; 0: 10, 20, 30 */
  bool is_unlisted;   /* it has no SRV record */
  const char *header; /* another header field of final responses, with its line end; NULL: none */
};

struct lab {
  su_root_t *root;
  struct phone *phone;
  uint16_t phone_port;
  int dns_socket;
  uint16_t dns_port;
  int dns_rcode;     /* answers to everything; 0: from the table */
  bool is_dns_empty; /* every name is gone: NXDOMAIN */
  int ttl_s;         /* of all records; 0: 300 */
  unsigned dns_queries;
  struct lab_server servers[LAB_SERVERS + 1]; /* counted from 1; sip1.example.com is servers[1] … */
  struct lab_record records[LAB_RECORDS_MAX];
  unsigned count;
};

/* `line` and `global` are members of JSON objects: "\"Use DNS SRV\":\"Yes\"". The zone gives sip1
 * to sip3 the priorities 10, 20, 30. Starts the phone at time 0. */
void lab_start(struct lab *lab, const char *profile, const char *variant, const char *line,
               const char *global);
void lab_end(struct lab *lab);

/* Runs until `t_ms` after the start, that instant included. */
void lab_run(struct lab *lab, int64_t t_ms);

/* Lets happen what is due now. */
void lab_settle(struct lab *lab);

void lab_close(struct lab *lab, int server);
void lab_open(struct lab *lab, int server);

/* Dials sip:bob@example.com on line 1; returns the call's number, 0 when it was refused. */
unsigned lab_dial(struct lab *lab);

/* Sends a datagram from a server to the phone. */
void lab_send(struct lab *lab, int server, const char *text);

/* The `n`th (from 1) record of a server whose first line starts with `start`; NULL: there is none.
 * Server 0: events whose text contains `start`. */
const struct lab_record *lab_find(const struct lab *lab, int server, const char *start, unsigned n);
unsigned lab_count(const struct lab *lab, int server, const char *start);

/* The value of a header field of a recorded message, in a buffer that the next call but three
 * overwrites. */
const char *lab_header(const struct lab_record *record, const char *name);

/* When the `n`th such message came, -1: never. */
int64_t lab_time(const struct lab *lab, int server, const char *start, unsigned n);

#endif
