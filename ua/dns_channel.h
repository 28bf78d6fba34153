/* SPDX-License-Identifier: MIT
 *
 * One DNS server: a c-ares channel on sofia's event loop, with EDNS (RFC 6891) and TCP for what was
 * truncated (RFC 7766). It sends each question once; which server is asked when is the resolver's
 * business.
 */
#ifndef UA_DNS_CHANNEL_H
#define UA_DNS_CHANNEL_H

#include <sofia-sip/su_wait.h>

#include "ua/dns_answer.h"
#include "ua/error.h"

struct dns_channel;

/* Called exactly once for each question, possibly before dns_channel_ask() returns, and for what is
 * under way when the channel is destroyed. `bytes` NULL: there is no answer, and `reason` says why;
 * both are valid during the call. */
typedef void dns_channel_handler(void *context, const uint8_t *bytes, size_t size,
                                 const char *reason);

struct dns_channel_options {
  su_root_t *root;
  const char *server; /* numeric, with its port: 192.0.2.53:53, [2001:db8::53]:53 */
  /* The phone's own addresses, which queries are sent from (their ports don't count): the first of
   * the server's family is used. */
  const struct target_address *local;
  size_t local_count;
  int timeout_ms; /* how long an answer is waited for */
};

int dns_channel_create(struct dns_channel **out, const struct dns_channel_options *options,
                       struct phone_error *error);

/* NULL is allowed. Not from within a handler. */
void dns_channel_destroy(struct dns_channel *channel);

void dns_channel_ask(struct dns_channel *channel, const char *name, enum dns_type type,
                     dns_channel_handler *handler, void *context);

#endif
