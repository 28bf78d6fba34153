/* SPDX-License-Identifier: MIT
 *
 * Reads the records of a master file (RFC 1035 section 5.1). zone_text.c has cut it into tokens;
 * here the directives, owners and TTLs are understood, and the values are looked at so that an
 * error can name the token; ldns then reads each record. zone_build.c makes zones of them.
 *
 *   $ORIGIN NAME | $TTL TTL | OWNER [TTL] [IN] TYPE VALUE… | OWNER [IN] [TTL] TYPE VALUE…
 *
 * A TTL that is left out is that of $TTL (RFC 2308 section 4), else the last one that was written
 * (RFC 1035); there is no default beyond these, because TTLs are what failover tests are about.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fakedns/zone_records.h"
#include "fakedns/zone_text.h"
#include "fakedns/zone_values.h"

struct parser {
  struct zone_records *result;
  ldns_rdf *origin; /* NULL: none yet */
  ldns_rdf *owner;  /* of the record before; NULL: none yet */
  uint32_t ttl;     /* for records without one */
  bool has_ttl, ttl_is_directive;
  struct error *error;
};

/* Makes the token absolute. NULL on error. */
static ldns_rdf *read_name(const struct parser *parser, const struct zone_token *token) {
  bool absolute = ldns_dname_str_absolute(token->text);
  if (!absolute && !parser->origin) {
    error_set(
        parser->error,
        "line %zu: \"%s\" is a relative name and no $ORIGIN stands before it: write \"$ORIGIN "
        "example.com.\" above, or the whole name with a dot at its end",
        token->line, token->text);
    return NULL;
  }
  if (strcmp(token->text, "@") == 0)
    return ldns_rdf_clone(parser->origin);
  ldns_rdf *name = ldns_dname_new_frm_str(token->text);
  if (!name || (!absolute && ldns_dname_cat(name, parser->origin) != LDNS_STATUS_OK)) {
    error_set(parser->error,
              "line %zu: \"%s\" is not a domain name (labels of 1 to 63 bytes between dots, 255 "
              "bytes together)",
              token->line, token->text);
    ldns_rdf_deep_free(name);
    return NULL;
  }
  return name;
}

static int read_directive(struct parser *parser, const struct zone_entry *entry) {
  const struct zone_token *tokens = entry->tokens;
  bool origin = strcasecmp(tokens[0].text, "$ORIGIN") == 0;
  bool ttl = strcasecmp(tokens[0].text, "$TTL") == 0;
  if (!origin && !ttl)
    return error_set(parser->error,
                     "line %zu: \"%s\" is not a directive that is known here: $ORIGIN or $TTL",
                     entry->line, tokens[0].text);
  if (entry->count != 2)
    return error_set(parser->error, "line %zu: %s takes one value, such as \"%s\"", entry->line,
                     tokens[0].text, origin ? "$ORIGIN example.com." : "$TTL 300");
  if (ttl) {
    if (!zone_read_ttl(tokens[1].text, &parser->ttl))
      return error_set(parser->error,
                       "line %zu: \"%s\" is not a TTL (seconds up to 2147483647, or 5m, 1h, 1d)",
                       tokens[1].line, tokens[1].text);
    parser->has_ttl = parser->ttl_is_directive = true;
    return 0;
  }
  ldns_rdf *name = read_name(parser, &tokens[1]);
  if (!name)
    return -1;
  ldns_rdf_deep_free(parser->origin);
  parser->origin = name;
  if (!parser->result->first_origin)
    parser->result->first_origin = ldns_rdf_clone(name);
  return parser->result->first_origin ? 0 : error_set(parser->error, "out of memory");
}

static int read_owner(struct parser *parser, const struct zone_entry *entry) {
  if (entry->same_owner) {
    if (parser->owner)
      return 0;
    return error_set(parser->error,
                     "line %zu: \"%s\" stands after blanks, which mean the owner of the record "
                     "before, and there is "
                     "none: begin all records in the same column, with the same blanks or tabs",
                     entry->line, entry->tokens[0].text);
  }
  ldns_rdf *owner = read_name(parser, &entry->tokens[0]);
  if (!owner)
    return -1;
  ldns_rdf_deep_free(parser->owner);
  parser->owner = owner;
  return 0;
}

/* Reads [TTL] [class] TYPE in any order of the first two, from token `*next` on. */
static int read_ttl_and_type(struct parser *parser, const struct zone_entry *entry, size_t *next,
                             uint32_t *ttl, ldns_rr_type *type) {
  bool has_ttl = false, has_class = false;
  for (; *next < entry->count; (*next)++) {
    const struct zone_token *token = &entry->tokens[*next];
    ldns_rr_class class = ldns_get_rr_class_by_name(token->text);
    if (!has_ttl && isdigit((unsigned char)token->text[0])) {
      if (!zone_read_ttl(token->text, ttl))
        return error_set(parser->error,
                         "line %zu: \"%s\" is not a TTL (seconds up to 2147483647, or 5m, 1h, 1d)",
                         token->line, token->text);
      has_ttl = true;
    } else if (!has_class && class != 0) {
      if (class != LDNS_RR_CLASS_IN)
        return error_set(parser->error, "line %zu: class \"%s\" is not served here, only IN",
                         token->line, token->text);
      has_class = true;
    } else {
      break;
    }
  }
  if (*next == entry->count)
    return error_set(parser->error,
                     "line %zu: the record ends before its type (OWNER TTL IN TYPE VALUE…)",
                     entry->line);
  const struct zone_token *token = &entry->tokens[(*next)++];
  *type = ldns_get_rr_type_by_name(token->text);
  if (*type == 0)
    return error_set(
        parser->error,
        "line %zu: \"%s\" is not a record type: a record is OWNER TTL IN TYPE VALUE…, such as "
        "\"p1 300 IN A 192.0.2.1\"",
        token->line, token->text);
  if (!has_ttl && !parser->has_ttl)
    return error_set(parser->error,
                     "line %zu: the record has no TTL, and there is none before it: write \"300\" "
                     "after the owner, "
                     "or \"$TTL 300\" above",
                     entry->line);
  if (!has_ttl)
    *ttl = parser->ttl;
  else if (!parser->ttl_is_directive)
    parser->ttl = *ttl;
  parser->has_ttl = true;
  return 0;
}

/* Looks at the values so that an error can name one. What passes here, ldns still may refuse. */
static int check_values(const struct parser *parser, const struct zone_entry *entry, size_t next,
                        ldns_rr_type type) {
  const ldns_rr_descriptor *descriptor = ldns_rr_descript((uint16_t)type);
  /* RFC 3597 section 5: \# LENGTH HEX stands for the values of any type. */
  if (next < entry->count && strcmp(entry->tokens[next].text, "\\#") == 0)
    return 0;
  for (size_t i = next; i < entry->count && i - next < ldns_rr_descriptor_maximum(descriptor);
       i++) {
    const struct zone_token *token = &entry->tokens[i];
    ldns_rdf_type field = ldns_rr_descriptor_field_type(descriptor, i - next);
    if (field == LDNS_RDF_TYPE_DNAME) {
      ldns_rdf *name = read_name(parser, token);
      if (!name)
        return -1;
      ldns_rdf_deep_free(name);
    }
    const char *wanted = zone_wrong_value(field, token->text);
    if (wanted)
      return error_set(parser->error, "line %zu: \"%s\" is not %s; the record is written %s",
                       token->line, token->text, wanted, zone_type_usage(type));
  }
  size_t minimum = ldns_rr_descriptor_minimum(descriptor);
  if (entry->count - next < minimum)
    return error_set(parser->error,
                     "line %zu: the record has %zu of at least %zu values; it is written %s",
                     entry->line, entry->count - next, minimum, zone_type_usage(type));
  return 0;
}

/* "OWNER TTL IN TYPE VALUE…" on one line, for ldns. free() it; NULL when out of memory. */
static char *record_text(const struct zone_entry *entry, size_t type_at, const char *owner,
                         uint32_t ttl) {
  size_t size = strlen(owner) + sizeof " 4294967295 IN";
  for (size_t i = type_at; i < entry->count; i++)
    size += 1 + strlen(entry->tokens[i].text);
  char *text = malloc(size);
  if (!text)
    return NULL;
  int length = snprintf(text, size, "%s %u IN", owner, ttl);
  for (size_t i = type_at; i < entry->count; i++)
    length += snprintf(text + length, size - (size_t)length, " %s", entry->tokens[i].text);
  return text;
}

static ldns_rr *make_record(const struct parser *parser, const struct zone_entry *entry,
                            size_t type_at, uint32_t ttl) {
  ldns_rr *record = NULL;
  char *owner = ldns_rdf2str(parser->owner);
  char *text = owner ? record_text(entry, type_at, owner, ttl) : NULL;
  ldns_status status =
      text ? ldns_rr_new_frm_str(&record, text, ttl, parser->origin, NULL) : LDNS_STATUS_MEM_ERR;
  ldns_rr_type type = ldns_get_rr_type_by_name(entry->tokens[type_at].text);
  if (status != LDNS_STATUS_OK)
    error_set(parser->error, "line %zu: %s in \"%s\"; the record is written %s", entry->line,
              ldns_get_errorstr_by_id(status), text ? text : "", zone_type_usage(type));
  free(owner);
  free(text);
  return status == LDNS_STATUS_OK ? record : NULL;
}

static int keep_record(struct parser *parser, ldns_rr *record, size_t line) {
  struct zone_records *result = parser->result;
  size_t count = ldns_rr_list_rr_count(result->list);
  size_t *lines = realloc(result->lines, (count + 1) * sizeof *lines);
  if (lines)
    result->lines = lines;
  if (!lines || !ldns_rr_list_push_rr(result->list, record)) {
    ldns_rr_free(record);
    return error_set(parser->error, "out of memory");
  }
  lines[count] = line;
  return 0;
}

static int read_record(struct parser *parser, const struct zone_entry *entry) {
  size_t next = entry->same_owner ? 0 : 1;
  uint32_t ttl;
  ldns_rr_type type;
  if (read_owner(parser, entry) || read_ttl_and_type(parser, entry, &next, &ttl, &type) ||
      check_values(parser, entry, next, type))
    return -1;
  ldns_rr *record = make_record(parser, entry, next - 1, ttl);
  return record ? keep_record(parser, record, entry->line) : -1;
}

void zone_records_clear(struct zone_records *records) {
  ldns_rr_list_deep_free(records->list);
  ldns_rdf_deep_free(records->first_origin);
  free(records->lines);
  *records = (struct zone_records){0};
}

int zone_records_parse(struct zone_records *out, const char *text, const ldns_rdf *origin,
                       struct error *error) {
  struct zone_text *zone_text = NULL;
  struct zone_records records = {.list = ldns_rr_list_new()};
  struct parser parser = {.result = &records, .error = error};
  int result = -1;
  if (origin)
    parser.origin = ldns_rdf_clone(origin);
  if (!records.list || (origin && !parser.origin)) {
    error_set(error, "out of memory");
    goto out;
  }
  if (zone_text_create(&zone_text, text, error))
    goto out;
  for (size_t i = 0; i < zone_text->count; i++) {
    const struct zone_entry *entry = &zone_text->entries[i];
    if (entry->directive ? read_directive(&parser, entry) : read_record(&parser, entry))
      goto out;
  }
  *out = records;
  records = (struct zone_records){0};
  result = 0;

out:
  zone_text_destroy(zone_text);
  zone_records_clear(&records);
  ldns_rdf_deep_free(parser.origin);
  ldns_rdf_deep_free(parser.owner);
  return result;
}
