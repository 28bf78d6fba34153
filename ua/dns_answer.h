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

#include "ua/address.h"

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

enum dns_outcome {
  DNS_RECORDS, /* there are records */
  DNS_NONE, /* the name or the type doesn't exist (RFC 2308): NXDOMAIN, or an answer without records
             */
  DNS_FAILED /* no usable answer: silence, SERVFAIL, REFUSED, not a DNS message */
};

/* More than the 12 SRV records that a phone honours (CISCO-SRV-2); what comes after is left out. */
#define DNS_RECORDS_MAX 32

/* Longest texts of a NAPTR record that are kept, with the NUL. All services of SIP are shorter (RFC
 * 3263 section 9); a record with a longer text isn't for a phone and is left out. */
#define NAPTR_FLAGS_SIZE 8
#define NAPTR_SERVICE_SIZE 32

struct dns_record {
  uint16_t priority, weight, port; /* SRV */
  uint16_t order, preference;      /* NAPTR */
  char flags[NAPTR_FLAGS_SIZE];
  char service[NAPTR_SERVICE_SIZE];
  bool has_regexp;
  char target[DNS_NAME_SIZE];    /* SRV: the host; "." means that the service isn't offered (RFC
                                    2782). NAPTR: the replacement; "." means that there is none */
  struct target_address address; /* A, AAAA; port 0 */
};

struct dns_answer {
  enum dns_outcome outcome;
  bool is_nxdomain; /* DNS_NONE: the name has no records of any type (RFC 2308 section 5) */
  bool is_stale;    /* from the cache, past its time (dns_cache.h) */
  uint32_t ttl_s;   /* the smallest one that the outcome rests on; DNS_NONE: that of RFC 2308, 0
                       without SOA; DNS_FAILED: how long the failure is remembered, see resolver.h */
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
