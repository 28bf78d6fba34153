/* SPDX-License-Identifier: MIT
 *
 * Damaging messages. The bytes need not be a message: rubbish can be damaged too.
 */
#include "fakedns/faults.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_SIZE = 12, ID_SIZE = 2, QR = 0x80 };

/* Damages `bytes` in place and says how many of them are left. */
typedef size_t damage(uint8_t *bytes, size_t size, struct random_stream *random);

static size_t wrong_id(uint8_t *bytes, size_t size, struct random_stream *random) {
  (void)random;
  if (size >= ID_SIZE)
    bytes[1] ^= 0x01;
  return size;
}

/* The root's name has no letter, so there the type becomes another one. */
static size_t wrong_question(uint8_t *bytes, size_t size, struct random_stream *random) {
  (void)random;
  if (size < HEADER_SIZE + 5 || ldns_read_uint16(bytes + 4) == 0)
    return size;
  uint8_t *label = bytes + HEADER_SIZE;
  if (label[0] == 0)
    label[2] ^= 0x01;
  else
    label[1] = tolower(label[1]) == 'x' ? 'y' : 'x';
  return size;
}

static size_t garbage(uint8_t *bytes, size_t size, struct random_stream *random) {
  if (size <= ID_SIZE)
    return size;
  uint8_t qr = bytes[ID_SIZE] & QR;
  random_stream_bytes(random, bytes + ID_SIZE, size - ID_SIZE);
  bytes[ID_SIZE] = (uint8_t)((bytes[ID_SIZE] & ~QR) | qr);
  return size;
}

static size_t cut_short(uint8_t *bytes, size_t size, struct random_stream *random) {
  (void)bytes;
  (void)random;
  return size / 2;
}

static void drop_records(ldns_rr_list *records) {
  while (ldns_rr_list_rr_count(records) > 0)
    ldns_rr_free(ldns_rr_list_pop_rr(records));
}

/* ldns takes the message apart and puts it together again without its records; the OPT record
 * stays, because it is no data (RFC 6891 section 6.1.1). */
static size_t truncated(uint8_t *bytes, size_t size, struct random_stream *random) {
  (void)random;
  ldns_pkt *message = NULL;
  uint8_t *shorter = NULL;
  size_t shorter_size = 0;
  if (size < HEADER_SIZE || ldns_wire2pkt(&message, bytes, size) != LDNS_STATUS_OK)
    return size;
  drop_records(ldns_pkt_answer(message));
  drop_records(ldns_pkt_authority(message));
  drop_records(ldns_pkt_additional(message));
  ldns_pkt_set_ancount(message, 0);
  ldns_pkt_set_nscount(message, 0);
  ldns_pkt_set_arcount(message, 0);
  ldns_pkt_set_tc(message, true);
  if (ldns_pkt2wire(&shorter, message, &shorter_size) == LDNS_STATUS_OK && shorter_size <= size) {
    memcpy(bytes, shorter, shorter_size);
    size = shorter_size;
  }
  free(shorter);
  ldns_pkt_free(message);
  return size;
}

static const struct {
  const char *name;
  damage *damage;
} manners[] = {{"truncate", truncated},
               {"id", wrong_id},
               {"question", wrong_question},
               {"garbage", garbage},
               {"short", cut_short}};

enum { MANNERS = sizeof manners / sizeof manners[0] };

static size_t find(const char *manner) {
  size_t at = 0;
  while (at < MANNERS && strcmp(manners[at].name, manner) != 0)
    at++;
  return at;
}

bool fakedns_manner_exists(const char *manner) {
  return find(manner) < MANNERS;
}

int fakedns_corrupt(const char *manner, struct random_stream *random, const uint8_t *bytes,
                    size_t size, uint8_t **out, size_t *out_size) {
  uint8_t *copy = malloc(size ? size : 1);
  size_t at = find(manner);
  if (!copy)
    return -1;
  memcpy(copy, bytes, size);
  *out_size = at < MANNERS ? manners[at].damage(copy, size, random) : size;
  *out = copy;
  return 0;
}
