/* SPDX-License-Identifier: MIT
 *
 * What the proxy tells its observer: events of common/event.h, with their details in the order
 * given there.
 */
#ifndef FAKEPROXY_EVENTS_H
#define FAKEPROXY_EVENTS_H

#include "fakeproxy/fakeproxy_internal.h"

/* The two ends of a link and which way the message went. */
struct event_link {
  const struct sockaddr_storage *peer;
  bool inbound;
};

/* A message on the wire, whatever becomes of it. */
void events_sip(struct fakeproxy *proxy, struct event_link link, const struct message *message,
                const void *bytes, size_t size);

/* What a rule did to it. */
void events_verdict(struct fakeproxy *proxy, struct event_link link, uint64_t rule,
                    enum rule_verdict_kind verdict, const char *name);

/* A rule was added or removed. */
void events_fault(struct fakeproxy *proxy, const char *action, uint64_t rule,
                  enum rule_verdict_kind verdict);

/* The port was opened ("listening") or closed ("closed"). */
void events_server(struct fakeproxy *proxy, const char *what);

void events_log(struct fakeproxy *proxy, const char *text);

#endif
