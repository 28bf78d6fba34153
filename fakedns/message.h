/* SPDX-License-Identifier: MIT
 *
 * DNS messages on the wire (RFC 1035 section 4.1, EDNS by RFC 6891): what a server must understand
 * of a query, and how an answer is written and truncated. What to answer is respond.c's business.
 */
#ifndef FAKEDNS_MESSAGE_H
#define FAKEDNS_MESSAGE_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that a UDP datagram over IPv4 can carry: 65535 less the headers of IP and UDP. */
#define MESSAGE_UDP_SIZE_MAX 65507

/* The largest message over TCP (RFC 1035 section 4.2.2). */
#define MESSAGE_TCP_SIZE_MAX 65535

/* What a client can take that says nothing (RFC 1035 section 4.2.1), and the least that it may say
 * (RFC 6891 section 6.2.5). */
#define MESSAGE_UDP_SIZE_PLAIN 512

/* What a server says that it can take, unless told otherwise: DNS flag day 2020's advice against
 * fragments. */
#define MESSAGE_UDP_SIZE_USUAL 1232

/* RFC 6891 section 9: an EDNS version that is not known here. ldns has no name for it. */
#define RCODE_BADVERS 16

/* The largest rcode: 4 bits in the header, 8 in the OPT record. */
#define RCODE_MAX 4095

/* No message holds more: a record has at least 11 bytes. */
#define MESSAGE_RECORDS_MAX (65535 / 11)

struct query {
  uint16_t id;
  uint8_t opcode;
  bool recursion_desired, checking_disabled;
  ldns_rdf *name; /* owned; NULL when there is no readable question */
  ldns_rr_type type;
  ldns_rr_class class;
  bool edns, dnssec_ok;
  size_t size_limit; /* of the answer; fakedns_query_parse() has the limit for UDP */
  uint16_t own_size; /* what the answer's OPT record says that the server can take */
  int rcode;         /* NOERROR, or why there can only be an error: FORMERR, NOTIMPL, BADVERS */
};

/* Reads a query. Returns 0, or -1 when nothing can be answered: there is no whole header, the
 * message is an answer, or memory is out. After 0 fakedns_query_clear() frees what it holds. */
int fakedns_query_parse(struct query *query, const uint8_t *bytes, size_t size);
void fakedns_query_clear(struct query *query);

/* One record of an answer. All is borrowed: records belong to the zone, names to it or to the
 * query. */
struct answer_record {
  const ldns_rr *record;
  const ldns_rdf *owner; /* which is the name asked for, where a wildcard answered */
  uint32_t ttl;
};

struct answer_section {
  struct answer_record *records;
  size_t count;
};

/* The sections in the order of the wire. */
enum answer_section_kind { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

struct answer {
  int rcode; /* 0 to 4095; what exceeds 15 needs EDNS */
  bool authoritative;
  struct answer_section sections[SECTION_COUNT];
};

/* Adds a record unless it stands in that section already. Returns 0, or -1 when out of memory. A
 * section takes no more than MESSAGE_RECORDS_MAX: the rest could not be sent. */
int fakedns_answer_add(struct answer *answer, enum answer_section_kind section,
                       const struct answer_record *record);
bool fakedns_answer_has(const struct answer *answer, enum answer_section_kind section,
                        const ldns_rr *record, const ldns_rdf *owner);
void fakedns_answer_clear(struct answer *answer);

/* Writes the answer to the query, truncated to its size limit. `*bytes` is malloc'd. Returns 0, or
 * -1 when out of memory. */
int fakedns_answer_encode(const struct query *query, const struct answer *answer, uint8_t **bytes,
                          size_t *size);

#endif
