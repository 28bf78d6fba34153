/* SPDX-License-Identifier: MIT
 *
 * Names and addresses as they are collected (name_result.h), and the reading of DNS answers (RFC
 * 1035 section 4.1) by the C library's functions for names. Nothing here calls out of the process.
 */
#include "harness/clock/name_result.h"

#include <arpa/inet.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

_Static_assert(NAME_SIZE == NS_MAXDNAME, "a name fits what dn_expand gives");

void name_result_clear(struct name_result *result) {
  free(result->name);
  for (int i = 0; i < NAME_ALIASES_MAX && result->aliases[i]; i++)
    free(result->aliases[i]);
  free(result->addresses);
  *result = (struct name_result){0};
}

bool name_result_add_address(struct name_result *result, int family, const void *bytes) {
  union name_address *grown =
      realloc(result->addresses, (result->count + 1) * sizeof *result->addresses);
  if (!grown)
    return false;
  result->addresses = grown;
  union name_address *address = &grown[result->count++];
  memset(address, 0, sizeof *address);
  address->any.sa_family = (sa_family_t)family;
  if (family == AF_INET)
    memcpy(&address->v4.sin_addr, bytes, sizeof address->v4.sin_addr);
  else
    memcpy(&address->v6.sin6_addr, bytes, sizeof address->v6.sin6_addr);
  return true;
}

bool name_result_set_name(struct name_result *result, const char *name) {
  char *copy = strdup(name);
  if (!copy)
    return false;
  free(result->name);
  result->name = copy;
  return true;
}

/* Takes the name over. */
static void keep_alias(struct name_result *result, char *name) {
  int count = 0;
  while (count < NAME_ALIASES_MAX && result->aliases[count])
    count++;
  if (count < NAME_ALIASES_MAX)
    result->aliases[count] = name;
  else
    free(name);
}

bool name_result_add_alias(struct name_result *result, const char *name) {
  char *copy = strdup(name);
  if (copy)
    keep_alias(result, copy);
  return copy != NULL;
}

bool name_result_follow_alias(struct name_result *result, const char *name) {
  char *former = result->name;
  result->name = NULL;
  keep_alias(result, former);
  return name_result_set_name(result, name);
}

bool name_result_join(struct name_result *out, struct name_result *more) {
  if (out->count == 0) {
    name_result_clear(out);
    *out = *more;
    *more = (struct name_result){0};
    return true;
  }
  for (size_t i = 0; i < more->count; i++) {
    const union name_address *address = &more->addresses[i];
    bool v4 = address->any.sa_family == AF_INET;
    if (!name_result_add_address(out, address->any.sa_family,
                                 v4 ? (const void *)&address->v4.sin_addr : &address->v6.sin6_addr))
      return false;
  }
  return true;
}

/* ---- answers ---- */

struct record {
  char owner[NS_MAXDNAME];
  unsigned type, class;
  const unsigned char *data;
  unsigned length;
};

struct records {
  const unsigned char *start, *end, *next;
  int left;
  unsigned wanted; /* type */
};

static bool start_reading(struct records *records, const unsigned char *answer, int length,
                          unsigned wanted) {
  const HEADER *header = (const HEADER *)answer;
  if (length < NS_HFIXEDSZ)
    return false;
  *records = (struct records){answer, answer + length, answer + NS_HFIXEDSZ,
                              (int)ntohs(header->ancount), wanted};
  for (int i = 0; i < ntohs(header->qdcount); i++) {
    int size = dn_skipname(records->next, records->end);
    if (size < 0 || records->end - records->next < size + NS_QFIXEDSZ)
      return false;
    records->next += size + NS_QFIXEDSZ;
  }
  return true;
}

/* Takes the next record of the answer section. */
static bool next_record(struct records *records, struct record *record) {
  if (records->left-- <= 0)
    return false;
  int size =
      dn_expand(records->start, records->end, records->next, record->owner, sizeof record->owner);
  if (size < 0 || records->end - records->next < size + NS_RRFIXEDSZ)
    return false;
  const unsigned char *at = records->next + size;
  NS_GET16(record->type, at);
  NS_GET16(record->class, at);
  at += NS_INT32SZ; /* how long it holds: nothing is kept */
  NS_GET16(record->length, at);
  if ((unsigned)(records->end - at) < record->length)
    return false;
  record->data = at;
  records->next = at + record->length;
  return true;
}

/* Takes one record that is of any use. False when out of memory. */
static bool take_record(const struct records *records, const struct record *record,
                        struct name_result *out) {
  char name[NS_MAXDNAME];
  if (record->class != ns_c_in || strcasecmp(record->owner, out->name) != 0)
    return true;
  if (record->type == ns_t_cname)
    return dn_expand(records->start, records->end, record->data, name, sizeof name) < 0 ||
           name_result_follow_alias(out, name);
  if (record->type != records->wanted)
    return true;
  if (record->type == ns_t_a)
    return record->length != NS_INADDRSZ || name_result_add_address(out, AF_INET, record->data);
  return record->length != NS_IN6ADDRSZ || name_result_add_address(out, AF_INET6, record->data);
}

bool name_result_read_addresses(struct name_result *result, const unsigned char *answer, int length,
                                unsigned type, const char *name) {
  struct records records;
  struct record record;
  if (!start_reading(&records, answer, length, type))
    return true;
  if (!name_result_set_name(result, name))
    return false;
  while (next_record(&records, &record))
    if (!take_record(&records, &record, result))
      return false;
  return true;
}

static bool take_pointer(const struct records *records, const struct record *record,
                         char owner[NS_MAXDNAME], struct name_result *out) {
  char name[NS_MAXDNAME];
  if (record->class != ns_c_in || strcasecmp(record->owner, owner) != 0 ||
      (record->type != ns_t_ptr && record->type != ns_t_cname) ||
      dn_expand(records->start, records->end, record->data, name, sizeof name) < 0)
    return true;
  if (record->type == ns_t_cname) { /* RFC 2317 */
    memcpy(owner, name, sizeof name);
    return true;
  }
  return out->name ? name_result_add_alias(out, name) : name_result_set_name(out, name);
}

bool name_result_read_pointers(struct name_result *result, const unsigned char *answer, int length,
                               const char *owner) {
  char current[NS_MAXDNAME];
  struct records records;
  struct record record;
  snprintf(current, sizeof current, "%s", owner);
  if (!start_reading(&records, answer, length, ns_t_ptr))
    return true;
  while (next_record(&records, &record))
    if (!take_pointer(&records, &record, current, result))
      return false;
  return true;
}
