/* SPDX-License-Identifier: MIT
 *
 * Events are made from the bytes on the wire, read back by ldns, so that a timeline shows what was
 * sent and not what was meant. Names are in presentation form, with the dot at the end (RFC 1035
 * section 5.1).
 */
#include "fakedns/events.h"

#include <stdio.h>
#include <stdlib.h>

/* Adds a text that ldns has made, and frees it. */
static void add_owned_text(cJSON *object, const char *name, char *text) {
  if (text)
    cJSON_AddStringToObject(object, name, text);
  free(text);
}

/* The values in presentation form, with blanks between: "10 10 5060 p1.example.com." */
static char *record_data(const ldns_rr *record) {
  ldns_buffer *buffer = ldns_buffer_new(LDNS_MIN_BUFLEN);
  if (!buffer)
    return NULL;
  for (size_t i = 0; i < ldns_rr_rd_count(record); i++) {
    if (i > 0)
      ldns_buffer_printf(buffer, " ");
    ldns_rdf2buffer_str(buffer, ldns_rr_rdf(record, i));
  }
  char *text = ldns_buffer_export2str(buffer);
  ldns_buffer_free(buffer);
  return text;
}

/* ldns escapes what is not ASCII, so these texts are valid UTF-8. */
static void add_section(struct event *event, const char *name, const ldns_rr_list *records) {
  cJSON *array = cJSON_AddArrayToObject(event->detail, name);
  for (size_t i = 0; array && i < ldns_rr_list_rr_count(records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records, i);
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) {
      cJSON_Delete(object);
      return;
    }
    add_owned_text(object, "name", ldns_rdf2str(ldns_rr_owner(record)));
    add_owned_text(object, "type", ldns_rr_type2str(ldns_rr_get_type(record)));
    cJSON_AddNumberToObject(object, "ttl", ldns_rr_ttl(record));
    add_owned_text(object, "data", record_data(record));
  }
}

/* "NXDOMAIN"; a number that has no name in ldns gives "RCODE16". */
static void add_rcode(struct event *event, const ldns_pkt *message) {
  int rcode = ldns_pkt_get_rcode(message) | ldns_pkt_edns_extended_rcode(message) << 4;
  const ldns_lookup_table *known = ldns_lookup_by_id(ldns_rcodes, rcode);
  char text[sizeof "RCODE" + 10];
  snprintf(text, sizeof text, "RCODE%d", rcode);
  /* RFC 1035 and IANA write "Not Implemented" shorter than ldns. */
  const char *name = rcode == LDNS_RCODE_NOTIMPL ? "NOTIMP" : known ? known->name : text;
  event_add_text(event, "rcode", name);
}

static void add_message(struct event *event, const ldns_pkt *message) {
  const ldns_rr_list *questions = ldns_pkt_question(message);
  if (ldns_rr_list_rr_count(questions) > 0) {
    const ldns_rr *question = ldns_rr_list_rr(questions, 0);
    add_owned_text(event->detail, "qname", ldns_rdf2str(ldns_rr_owner(question)));
    add_owned_text(event->detail, "qtype", ldns_rr_type2str(ldns_rr_get_type(question)));
  }
  if (!ldns_pkt_qr(message))
    return;
  add_rcode(event, message);
  if (ldns_pkt_tc(message))
    event_add_flag(event, "truncated", true);
  add_section(event, "answers", ldns_pkt_answer(message));
  if (ldns_rr_list_rr_count(ldns_pkt_authority(message)) > 0)
    add_section(event, "authority", ldns_pkt_authority(message));
  if (ldns_rr_list_rr_count(ldns_pkt_additional(message)) > 0)
    add_section(event, "additional", ldns_pkt_additional(message));
}

struct event *fakedns_event_message(const char *transport, const uint8_t *bytes, size_t size) {
  struct event *event = event_create("dns");
  if (!event)
    return NULL;
  event_add_text(event, "transport", transport);
  if (size < LDNS_HEADER_SIZE) {
    event_add_text(event, "malformed", "shorter than a DNS header");
    return event;
  }
  event_add_number(event, "id", ldns_read_uint16(bytes));
  event_add_flag(event, "query", !(bytes[2] & 0x80));
  ldns_pkt *message = NULL;
  ldns_status status = ldns_wire2pkt(&message, bytes, size);
  if (status == LDNS_STATUS_OK)
    add_message(event, message);
  else
    event_add_text(event, "malformed", ldns_get_errorstr_by_id(status));
  ldns_pkt_free(message);
  return event;
}

struct event *fakedns_event_verdict(uint64_t rule, enum rule_verdict_kind verdict,
                                    const char *name) {
  struct event *event = event_create("verdict");
  if (!event)
    return NULL;
  event_add_number(event, "rule", (double)rule);
  event_add_text(event, "verdict", rule_verdict_name(verdict));
  event_add_text(event, "name", name);
  return event;
}

struct event *fakedns_event_fault(const char *action, uint64_t rule,
                                  enum rule_verdict_kind verdict) {
  struct event *event = event_create("fault");
  if (!event)
    return NULL;
  event_add_text(event, "action", action);
  event_add_number(event, "rule", (double)rule);
  event_add_text(event, "verdict", rule_verdict_name(verdict));
  return event;
}

struct event *fakedns_event_server(const char *what, const char *transport) {
  struct event *event = event_create("server");
  if (!event)
    return NULL;
  event_add_text(event, "what", what);
  event_add_text(event, "transport", transport);
  return event;
}

struct event *fakedns_event_connection(bool open, const char *transport) {
  struct event *event = event_create("connection");
  if (!event)
    return NULL;
  event_add_text(event, "what", open ? "accepted" : "closed");
  event_add_text(event, "transport", transport);
  return event;
}

struct event *fakedns_event_zone(const char *change, const ldns_rr_list *removed,
                                 const ldns_rr_list *added) {
  struct event *event = event_create("zone");
  if (!event)
    return NULL;
  event_add_text(event, "change", change);
  add_section(event, "removed", removed);
  add_section(event, "added", added);
  return event;
}
