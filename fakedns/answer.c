/* SPDX-License-Identifier: MIT
 *
 * Writing answers. Names are compressed by ldns against a tree of the names that were written; the
 * tree dies with the message. Nothing is written after a record that didn't fit, because the tree
 * may then know names that were taken back.
 */
#include <stdlib.h>
#include <string.h>

#include "fakedns/message.h"

enum { HEADER_SIZE = 12, OPT_SIZE = 11 };

bool fakedns_answer_has(const struct answer *answer, enum answer_section_kind section,
                        const ldns_rr *record, const ldns_rdf *owner) {
  const struct answer_section *in = &answer->sections[section];
  for (size_t i = 0; i < in->count; i++)
    if (in->records[i].record == record && ldns_dname_compare(in->records[i].owner, owner) == 0)
      return true;
  return false;
}

int fakedns_answer_add(struct answer *answer, enum answer_section_kind section,
                       const struct answer_record *record) {
  struct answer_section *in = &answer->sections[section];
  if (in->count >= MESSAGE_RECORDS_MAX ||
      fakedns_answer_has(answer, section, record->record, record->owner))
    return 0;
  struct answer_record *records = realloc(in->records, (in->count + 1) * sizeof *records);
  if (!records)
    return -1;
  in->records = records;
  records[in->count++] = *record;
  return 0;
}

void fakedns_answer_clear(struct answer *answer) {
  for (size_t i = 0; i < SECTION_COUNT; i++)
    free(answer->sections[i].records);
  memset(answer->sections, 0, sizeof answer->sections);
}

struct writer {
  ldns_buffer *buffer;
  ldns_rbtree_t *names;
  size_t limit; /* for all but the OPT record */
  size_t
      optional_limit; /* for what only comes along: no datagram becomes a fragmented one by that */
  bool truncated;
  uint16_t counts[SECTION_COUNT];
};

static void name_free(ldns_rbnode_t *node, void *unused) {
  (void)unused;
  ldns_rdf_deep_free((ldns_rdf *)node->key);
  free(node);
}

/* Writes one record. False when it didn't fit; then it is taken back. */
static bool write_record(struct writer *writer, const struct answer_record *answer, size_t limit) {
  size_t start = ldns_buffer_position(writer->buffer);
  /* A copy of the outer struct only: the zone's record stays as it is. */
  ldns_rr record = *answer->record;
  ldns_rr_set_owner(&record, (ldns_rdf *)answer->owner);
  ldns_rr_set_ttl(&record, answer->ttl);
  if (start + ldns_rr_uncompressed_size(&record) <= MESSAGE_TCP_SIZE_MAX &&
      ldns_rr2buffer_wire_compress(writer->buffer, &record, LDNS_SECTION_ANSWER, writer->names) ==
          LDNS_STATUS_OK &&
      ldns_buffer_position(writer->buffer) <= limit)
    return true;
  ldns_buffer_set_position(writer->buffer, start);
  return false;
}

static bool same_set(const struct answer_record *a, const struct answer_record *b) {
  return ldns_rr_get_type(a->record) == ldns_rr_get_type(b->record) &&
         ldns_dname_compare(a->owner, b->owner) == 0;
}

/* What comes along: additional records, and the zone's servers beside what was asked for (authority
 * is required only where it stands alone, to say what isn't there). */
static bool is_optional(const struct answer *answer, enum answer_section_kind kind) {
  return kind == SECTION_ADDITIONAL ||
         (kind == SECTION_AUTHORITY && answer->sections[SECTION_ANSWER].count > 0 &&
          ldns_rr_get_type(answer->sections[kind].records[0].record) == LDNS_RR_TYPE_NS);
}

/* RFC 2181 section 9: TC says that something required is missing; the records that fit may stay.
 * Optional records are not required, but a set of them is whole or absent. */
static bool write_section(struct writer *writer, const struct answer *answer,
                          enum answer_section_kind kind) {
  const struct answer_section *section = &answer->sections[kind];
  bool optional = section->count > 0 && is_optional(answer, kind);
  size_t limit = optional ? writer->optional_limit : writer->limit;
  size_t set_position = ldns_buffer_position(writer->buffer);
  uint16_t set_count = 0;
  for (size_t i = 0; i < section->count; i++) {
    if (i > 0 && !same_set(&section->records[i - 1], &section->records[i])) {
      set_position = ldns_buffer_position(writer->buffer);
      set_count = writer->counts[kind];
    }
    if (write_record(writer, &section->records[i], limit)) {
      writer->counts[kind]++;
      continue;
    }
    if (optional) {
      ldns_buffer_set_position(writer->buffer, set_position);
      writer->counts[kind] = set_count;
    } else {
      writer->truncated = true;
    }
    return false;
  }
  return true;
}

static void write_question(struct writer *writer, const struct query *query) {
  if (!query->name)
    return;
  ldns_dname2buffer_wire_compress(writer->buffer, query->name, writer->names);
  if (ldns_buffer_reserve(writer->buffer, 4)) {
    ldns_buffer_write_u16(writer->buffer, (uint16_t)query->type);
    ldns_buffer_write_u16(writer->buffer, (uint16_t)query->class);
  }
}

/* RFC 6891 section 6.1.3: the upper eight bits of the rcode, version 0; RFC 3225: the DO bit comes
 * back. */
static void write_opt(struct writer *writer, const struct query *query, int rcode) {
  uint32_t ttl = (uint32_t)(rcode >> 4 & 0xff) << 24 | (query->dnssec_ok ? 0x8000 : 0);
  if (!query->edns || !ldns_buffer_reserve(writer->buffer, OPT_SIZE))
    return;
  ldns_buffer_write_u8(writer->buffer, 0);
  ldns_buffer_write_u16(writer->buffer, LDNS_RR_TYPE_OPT);
  ldns_buffer_write_u16(writer->buffer, query->own_size);
  ldns_buffer_write_u32(writer->buffer, ttl);
  ldns_buffer_write_u16(writer->buffer, 0);
  writer->counts[SECTION_ADDITIONAL]++;
}

static void write_header(struct writer *writer, const struct query *query,
                         const struct answer *answer) {
  uint8_t *header = ldns_buffer_begin(writer->buffer);
  ldns_write_uint16(header, query->id);
  header[2] = (uint8_t)(0x80 | query->opcode << 3 | (answer->authoritative ? 0x04 : 0) |
                        (writer->truncated ? 0x02 : 0) | (query->recursion_desired ? 0x01 : 0));
  /* RA stays 0: this server doesn't recurse. AD stays 0: nothing is signed. */
  header[3] = (uint8_t)((query->checking_disabled ? 0x10 : 0) | (answer->rcode & 0xf));
  ldns_write_uint16(header + 4, query->name ? 1 : 0);
  for (size_t i = 0; i < SECTION_COUNT; i++)
    ldns_write_uint16(header + 6 + 2 * i, writer->counts[i]);
}

int fakedns_answer_encode(const struct query *query, const struct answer *answer, uint8_t **bytes,
                          size_t *size) {
  struct writer writer = {
      .buffer = ldns_buffer_new(MESSAGE_UDP_SIZE_PLAIN),
      .names = ldns_rbtree_create(ldns_dname_compare_v),
      .limit = query->size_limit - (query->edns ? OPT_SIZE : 0),
  };
  bool over_udp = query->size_limit <= MESSAGE_UDP_SIZE_MAX;
  writer.optional_limit =
      over_udp && writer.limit > MESSAGE_UDP_SIZE_USUAL ? MESSAGE_UDP_SIZE_USUAL : writer.limit;
  int result = -1;
  if (!writer.buffer || !writer.names)
    goto out;
  ldns_buffer_set_position(writer.buffer, HEADER_SIZE);
  write_question(&writer, query);
  for (int i = 0; i < SECTION_COUNT; i++)
    if (!write_section(&writer, answer, (enum answer_section_kind)i))
      break;
  write_opt(&writer, query, answer->rcode);
  write_header(&writer, query, answer);
  if (ldns_buffer_status(writer.buffer) != LDNS_STATUS_OK)
    goto out;
  *size = ldns_buffer_position(writer.buffer);
  *bytes = ldns_buffer_export(writer.buffer);
  result = 0;

out:
  ldns_buffer_free(writer.buffer);
  if (writer.names) {
    ldns_traverse_postorder(writer.names, name_free, NULL);
    ldns_rbtree_free(writer.names);
  }
  return result;
}
