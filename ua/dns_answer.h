/* SPDX-License-Identifier: MIT
 *
 * Reading a DNS answer: bytes from the network in, the records of one question out, with their
 * times to live. c-ares 1.18 carries the bytes, but its own SRV structure has no time to live; so
 * ldns reads them.
 */
#ifndef UA_DNS_ANSWER_H
#define UA_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "ua/targets.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33 };

enum dns_outcome {
  DNS_RECORDS, /* there are records */
  DNS_NONE, /* the name or the type doesn't exist (RFC 2308): NXDOMAIN, or an answer without records
             */
  DNS_FAILED /* no usable answer: silence, SERVFAIL, REFUSED, not a DNS message */
};

/* More than the 12 SRV records that a phone honours (CISCO-SRV-2); what comes after is left out. */
#define DNS_RECORDS_MAX 32

struct dns_record {
  uint16_t priority, weight, port; /* SRV */
  char target[DNS_NAME_SIZE];      /* SRV; "." means that the service isn't offered (RFC 2782) */
  union target_address address;    /* A, AAAA; port 0 */
};

struct dns_answer {
  enum dns_outcome outcome;
  uint32_t ttl_s; /* the smallest one that the outcome rests on; DNS_NONE: that of RFC 2308, 0
                     without SOA */
  size_t count;
  struct dns_record records[DNS_RECORDS_MAX];
  char reason[64]; /* when there are no records: "NXDOMAIN", "no SRV record", "SERVFAIL", "timeout"
                    */
};

const char *dns_type_name(enum dns_type type);

/* Reads the answer to the question `name`, `type`. Any bytes are allowed. CNAMEs are followed
 * within the answer. */
void dns_answer_parse(struct dns_answer *out, const uint8_t *bytes, size_t size, const char *name,
                      enum dns_type type);

/* An answer that never came, or that c-ares refused. */
void dns_answer_fail(struct dns_answer *out, const char *reason);

#endif
