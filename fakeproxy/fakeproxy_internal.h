/* SPDX-License-Identifier: MIT
 *
 * What the files of fakeproxy share: the proxy itself, its limits, its timers, and sending.
 *
 * Ownership: the proxy owns its sockets, transactions, bindings and dialogs. Everything runs on the
 * thread of the caller's loop. libuv handles outlive the objects that use them until their close
 * callbacks have run; the proxy counts them and is freed after the last one.
 *
 * The way of a message: udp.c receives it, receive.c tells the observer, asks the rules and hands
 * it to the transactions (server_transaction.c, client_transaction.c); a new request goes on to
 * registrar.c or far_end.c. What is sent goes through fakeproxy_send, which tells the observer and
 * asks the rules again. Another transport is another file beside udp.c that calls fakeproxy_receive
 * and is called by fakeproxy_send.
 */
#ifndef FAKEPROXY_FAKEPROXY_INTERNAL_H
#define FAKEPROXY_FAKEPROXY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "fakeproxy/fakeproxy.h"
#include "fakeproxy/link_memory.h"
#include "fakeproxy/message.h"
#include "fakeproxy/text_map.h"

/* RFC 3261 section 17.1.1.1 and table 4, in milliseconds. */
enum {
  TIMER_T1_MS = 500,
  TIMER_T2_MS = 4000,
  TIMER_T4_MS = 5000,
  TIMER_64_T1_MS = 64 * TIMER_T1_MS, /* timers B, F, H, J, L and the end of 2xx retransmission */
  TIMER_C_MS = 181000                /* section 16.6, step 11: more than three minutes */
};

/* Limits: what the network may make the proxy keep. Past each, a request is answered 503. */
enum {
  /* The largest UDP datagram. */
  MESSAGE_SIZE_MAX = 65535,
  /* A transaction lives for 32 s: this is 128 new requests a second, more than 200 phones make when
   * they all register at once and place a call. */
  TRANSACTIONS_MAX = 4096,
  /* A scenario has some hundred phones with some lines each. */
  ADDRESSES_OF_RECORD_MAX = 4096,
  /* Phones that share a number: RFC 3261 names no limit, registrars in the field allow 1 to 10. */
  BINDINGS_MAX = 16,
  /* Calls at the same time; one left by a phone that crashed stays until the proxy goes. */
  DIALOGS_MAX = 1024,
  /* A phone is told to wait for this long when a limit is reached: a transaction's life. */
  OVERLOAD_RETRY_AFTER_S = 32
};

/* All that the network makes it keep, in bytes: the limits above multiplied by the largest message
 * would be gigabytes, while ordinary messages come nowhere near this. */
#define KEPT_BYTES_MAX ((size_t)64 << 20)

/* Digits of random tags (RFC 3261 section 19.3 wants at least 32 bits of randomness) and branches.
 */
enum { TAG_DIGITS = 16, TAG_SIZE = TAG_DIGITS + 1, BRANCH_DIGITS = 24 };

struct udp_socket;
struct proxy_timer;

struct fakeproxy {
  char name[EVENT_HOST_SIZE];
  uv_loop_t *loop;
  struct random_stream *random;
  struct observer observer;
  int64_t start_ns;
  uint32_t max_expires_s;
  struct fakeproxy_far_end far_end;

  struct sockaddr_storage address; /* where it listens */
  struct sockaddr_storage media;   /* where calls send their media */
  struct udp_socket *socket;       /* NULL while the port is closed */
  struct udp_socket *media_socket;
  struct proxy_timer *refusal_timer; /* the next begin or end of a refusal */
  rule_reach *reach;
  void *reach_context;
  enum rule_verdict_kind down[2]; /* over UDP and TCP, as `reach` was told */
  bool socket_failed;             /* the port could not be opened again: told once */

  struct rule_chain *rules;
  struct link_memory link_memory;
  struct text_map server_transactions; /* by message_transaction_key */
  struct text_map client_transactions; /* by branch */
  struct text_map addresses_of_record; /* by message_address_of_record */
  struct text_map dialogs;             /* by Call-ID and tags */
  size_t kept_bytes;
  uint64_t stateless_key;   /* To tags of answers that leave no state behind */
  uint64_t next_session_id; /* of session descriptions */

  size_t open_handles;
  bool closing;
};

/* Lab time. */
int64_t fakeproxy_now_ns(const struct fakeproxy *proxy);

/* Counts `bytes` as kept; false when that is too much: nothing is counted then. */
bool fakeproxy_keep(struct fakeproxy *proxy, size_t bytes);
void fakeproxy_release(struct fakeproxy *proxy, size_t bytes);

/* Tells the observer of a finished message, asks the rules, and sends it. It may get lost on the
 * way. */
void fakeproxy_send(struct fakeproxy *proxy, const struct message *message,
                    const struct sockaddr_storage *target);

/* Writes a random tag. */
void fakeproxy_tag(struct fakeproxy *proxy, char tag[TAG_SIZE]);

/* The value of our Contact: "<sip:192.0.2.1:5060>". */
enum { CONTACT_VALUE_SIZE = 80 };
const char *fakeproxy_contact(const struct fakeproxy *proxy, char value[CONTACT_VALUE_SIZE]);

/* Opens or closes the port as the rules want it now, and sets the timer to the next change. */
void fakeproxy_apply_refusal(struct fakeproxy *proxy);

/* A handle was closed; frees the proxy after the last one if it is being destroyed. */
void fakeproxy_handle_closed(struct fakeproxy *proxy);

/* A timer of one shot that can be started again. The handler may destroy the timer. */
typedef void proxy_timer_handler(void *context);
struct proxy_timer *proxy_timer_create(struct fakeproxy *proxy, proxy_timer_handler *handler,
                                       void *context);
void proxy_timer_start(struct proxy_timer *timer, uint64_t delay_ms); /* replaces a running delay */
void proxy_timer_stop(struct proxy_timer *timer);
void proxy_timer_destroy(struct proxy_timer *timer); /* NULL is allowed */

#endif
