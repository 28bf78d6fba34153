/* SPDX-License-Identifier: MIT
 *
 * Reading queries. Any bytes may come: each length is checked against the end of the message before
 * it is believed, and the number of records that a header claims is only ever counted down while
 * bytes last.
 */
#include "fakedns/message.h"

#include <stdlib.h>

enum { HEADER_SIZE = 12 };

struct cursor {
  const uint8_t *bytes;
  size_t size, at;
};

static bool has(const struct cursor *cursor, size_t length) {
  return cursor->at <= cursor->size && cursor->size - cursor->at >= length;
}

/* Reads a name, or skips it when `name` is NULL. */
static bool read_name(struct cursor *cursor, ldns_rdf **name) {
  ldns_rdf *read = NULL;
  if (!has(cursor, 1) ||
      ldns_wire2dname(&read, cursor->bytes, cursor->size, &cursor->at) != LDNS_STATUS_OK)
    return false;
  if (name)
    *name = read;
  else
    ldns_rdf_deep_free(read);
  return true;
}

static bool read_question(struct cursor *cursor, struct query *query) {
  ldns_rdf *name = NULL;
  if (!read_name(cursor, &name))
    return false;
  if (!has(cursor, 4)) {
    ldns_rdf_deep_free(name);
    return false;
  }
  query->name = name;
  query->type = (ldns_rr_type)ldns_read_uint16(cursor->bytes + cursor->at);
  query->class = (ldns_rr_class)ldns_read_uint16(cursor->bytes + cursor->at + 2);
  cursor->at += 4;
  return true;
}

/* RFC 6891 section 6.1.2: the class of an OPT record is a size, its TTL holds flags. */
static void read_opt(struct query *query, uint16_t class, uint32_t ttl) {
  query->edns = true;
  query->dnssec_ok = ttl & 0x8000;
  query->size_limit = class < MESSAGE_UDP_SIZE_PLAIN ? MESSAGE_UDP_SIZE_PLAIN : class;
  if (query->size_limit > MESSAGE_UDP_SIZE_MAX)
    query->size_limit = MESSAGE_UDP_SIZE_MAX;
  if ((ttl >> 16 & 0xff) != 0)
    query->rcode = RCODE_BADVERS;
}

/* Reads a record; only OPT means something, and it may stand once and in the additional section
 * only. */
static bool read_record(struct cursor *cursor, struct query *query, bool additional) {
  size_t owner_at = cursor->at;
  if (!read_name(cursor, NULL) || !has(cursor, 10))
    return false;
  const uint8_t *fixed = cursor->bytes + cursor->at;
  uint16_t type = ldns_read_uint16(fixed);
  uint16_t length = ldns_read_uint16(fixed + 8);
  cursor->at += 10;
  if (!has(cursor, length))
    return false;
  cursor->at += length;
  if (type != LDNS_RR_TYPE_OPT)
    return true;
  if (!additional || query->edns || cursor->bytes[owner_at] != 0)
    return false;
  read_opt(query, ldns_read_uint16(fixed + 2), ldns_read_uint32(fixed + 4));
  return true;
}

/* RFC 1035 section 4.1; one question, as all servers have it. Bytes after the last record mean
 * nothing. */
static bool read_sections(struct cursor *cursor, struct query *query) {
  uint16_t questions = ldns_read_uint16(cursor->bytes + 4);
  if (questions > 1 || (questions == 1 && !read_question(cursor, query)))
    return false;
  for (size_t section = 0; section < 3; section++) {
    uint16_t records = ldns_read_uint16(cursor->bytes + 6 + 2 * section);
    for (; records > 0; records--)
      if (!read_record(cursor, query, section == 2))
        return false;
  }
  /* OPT is no type to ask for. */
  return questions == 1 && query->type != LDNS_RR_TYPE_OPT;
}

int fakedns_query_parse(struct query *query, const uint8_t *bytes, size_t size) {
  struct cursor cursor = {.bytes = bytes, .size = size, .at = HEADER_SIZE};
  if (size < HEADER_SIZE || (bytes[2] & 0x80))
    return -1;
  *query = (struct query){
      .id = ldns_read_uint16(bytes),
      .opcode = bytes[2] >> 3 & 0xf,
      .recursion_desired = bytes[2] & 0x01,
      .checking_disabled = bytes[3] & 0x10,
      .size_limit = MESSAGE_UDP_SIZE_PLAIN,
      .own_size = MESSAGE_UDP_SIZE_USUAL,
      .rcode = LDNS_RCODE_NOERROR,
  };
  bool readable = read_sections(&cursor, query);
  /* Other opcodes may give the sections other meanings; what was readable comes back all the same.
   */
  if (query->opcode != LDNS_PACKET_QUERY)
    query->rcode = LDNS_RCODE_NOTIMPL;
  else if (!readable)
    query->rcode = LDNS_RCODE_FORMERR;
  return 0;
}

void fakedns_query_clear(struct query *query) {
  ldns_rdf_deep_free(query->name);
  query->name = NULL;
}
