/* SPDX-License-Identifier: MIT
 *
 * Makes events and hands them over. Out of memory loses an event, never the message.
 */
#include "fakeproxy/events.h"

#include <string.h>

#include "common/address.h"

/* An event between the proxy and its peer; NULL when out of memory. */
static struct event *create(struct fakeproxy *proxy, const char *kind, struct event_link link) {
  struct event *event = event_create(kind);
  if (!event)
    return NULL;
  char *own_name = link.inbound ? event->target : event->source;
  memcpy(own_name, proxy->name, sizeof proxy->name);
  event->source_address = link.inbound ? *link.peer : proxy->address;
  event->target_address = link.inbound ? proxy->address : *link.peer;
  return event;
}

/* An event of the proxy alone. */
static struct event *create_own(struct fakeproxy *proxy, const char *kind) {
  struct event *event = event_create(kind);
  if (!event)
    return NULL;
  memcpy(event->source, proxy->name, sizeof proxy->name);
  event->source_address = proxy->address;
  return event;
}

static void add_details(struct event *event, const struct message *message, bool retransmission) {
  event_add_text(event, "transport", "UDP");
  if (message_is_request(message)) {
    event_add_text(event, "request", message_method(message));
    event_add_text(event, "uri", message_uri(message));
  } else {
    event_add_number(event, "status", message_status(message));
    event_add_text(event, "reason", message_reason(message));
  }
  event_add_number(event, "cseq", message_cseq(message));
  event_add_text(event, "cseq_method", message_cseq_method(message));
  event_add_text(event, "call_id", message_call_id(message));
  event_add_text(event, "branch", message_branch(message));
  event_add_flag(event, "retransmission", retransmission);
}

void events_sip(struct fakeproxy *proxy, struct event_link link, const struct message *message,
                const void *bytes, size_t size) {
  bool retransmission = link_memory_note(&proxy->link_memory, link.peer, link.inbound, bytes, size,
                                         uv_now(proxy->loop));
  struct event *event = create(proxy, "sip", link);
  if (!event)
    return;
  if (message_malformed(message))
    event_add_text(event, "malformed", message_malformed(message));
  else
    add_details(event, message, retransmission);
  event_add_bytes(event, "message", bytes, size);
  observer_tell(&proxy->observer, event);
}

void events_verdict(struct fakeproxy *proxy, struct event_link link, uint64_t rule,
                    enum rule_verdict_kind verdict, const char *name) {
  struct event *event = create(proxy, "verdict", link);
  if (!event)
    return;
  event_add_number(event, "rule", (double)rule);
  event_add_text(event, "verdict", rule_verdict_name(verdict));
  event_add_text(event, "name", name);
  observer_tell(&proxy->observer, event);
}

void events_fault(struct fakeproxy *proxy, const char *action, uint64_t rule,
                  enum rule_verdict_kind verdict) {
  struct event *event = create_own(proxy, "fault");
  if (!event)
    return;
  event_add_text(event, "action", action);
  event_add_number(event, "rule", (double)rule);
  event_add_text(event, "verdict", rule_verdict_name(verdict));
  observer_tell(&proxy->observer, event);
}

void events_server(struct fakeproxy *proxy, const char *what) {
  struct event *event = create_own(proxy, "server");
  if (!event)
    return;
  event_add_text(event, "what", what);
  event_add_text(event, "transport", "UDP");
  observer_tell(&proxy->observer, event);
}

void events_log(struct fakeproxy *proxy, const char *text) {
  struct event *event = create_own(proxy, "log");
  if (!event)
    return;
  event_add_text(event, "text", text);
  observer_tell(&proxy->observer, event);
}
