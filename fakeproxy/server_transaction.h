/* SPDX-License-Identifier: MIT
 *
 * Server transactions (RFC 3261 section 17.2, with the Accepted state of RFC 6026): they remember
 * the last answer to a request, give it again to a repeated request, and repeat final answers to
 * INVITE until the ACK, also 2xx (section 13.3.1.4, which is the user agent's work but the same
 * timers). They end by themselves, by their timers.
 *
 *   proceeding ──final──▶ completed ──ACK──▶ confirmed ──timer I──▶ gone      (INVITE, not 2xx)
 *        │                    └──timer H──▶ gone
 *        ├──2xx──▶ accepted ──timer L──▶ gone                                 (INVITE)
 *        └──final──▶ completed ──timer J──▶ gone                              (others)
 */
#ifndef FAKEPROXY_SERVER_TRANSACTION_H
#define FAKEPROXY_SERVER_TRANSACTION_H

#include "fakeproxy/fakeproxy_internal.h"

struct server_transaction;

/* Who wants to know about a transaction; not called any more after server_transaction_forget. */
struct server_transaction_owner {
  void *context;
  /* It is about to go: forget it. `unacknowledged`: a 2xx was repeated for 64*T1 and no ACK came.
   */
  void (*gone)(void *context, bool unacknowledged);
};

/* The transaction that a request belongs to, a repeated one or the ACK of a non-2xx; NULL: none. */
struct server_transaction *server_transaction_find(struct fakeproxy *proxy,
                                                   const struct message *request);

/* The INVITE that a CANCEL is about (section 9.2); NULL: none. */
struct server_transaction *server_transaction_find_invite(struct fakeproxy *proxy,
                                                          const struct message *cancel);

/* Deals with a message that belongs to the transaction: answers again, or takes the ACK. */
void server_transaction_repeated(struct server_transaction *transaction,
                                 const struct message *message);

/* Begins a transaction for a new request, which it takes over. NULL when a limit is reached (the
 * request is answered 503 then) or out of memory; the request is destroyed then. */
struct server_transaction *server_transaction_create(struct fakeproxy *proxy,
                                                     struct message *request,
                                                     const struct sockaddr_storage *source);

/* The request; valid until the final answer is sent. */
const struct message *server_transaction_request(const struct server_transaction *transaction);
const struct sockaddr_storage *
server_transaction_source(const struct server_transaction *transaction);

/* The tag that the transaction puts into To of its answers. */
const char *server_transaction_tag(const struct server_transaction *transaction);

/* False after the final answer. */
bool server_transaction_pending(const struct server_transaction *transaction);

void server_transaction_own(struct server_transaction *transaction,
                            struct server_transaction_owner owner);
void server_transaction_forget(struct server_transaction *transaction); /* NULL is allowed */

/* The context of its owner; NULL: it has none. */
void *server_transaction_context(const struct server_transaction *transaction);

/* A new answer, to which headers can be added; NULL when out of memory. */
struct message *server_transaction_response(struct server_transaction *transaction, int status,
                                            const char *reason);

/* Finishes the answer, takes it over and sends it. NULL is allowed and sends nothing: the peer's
 * repetition of the request comes to the same then. */
void server_transaction_send(struct server_transaction *transaction, struct message *response);

/* Both of them, for an answer with nothing in it. */
void server_transaction_answer(struct server_transaction *transaction, int status,
                               const char *reason);

/* The ACK of its 2xx came: it is not repeated any more. */
void server_transaction_acknowledge(struct server_transaction *transaction);

/* Ends all transactions, silently. */
void server_transactions_clear(struct fakeproxy *proxy);

#endif
