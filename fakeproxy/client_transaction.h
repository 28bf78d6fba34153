/* SPDX-License-Identifier: MIT
 *
 * Client transactions other than INVITE (RFC 3261 section 17.1.2): requests of the far end. They
 * are repeated by timer E until a response comes, given up by timer F, and end by themselves.
 * Nobody waits for their outcome: what the far end asks for (BYE) is true whether the phone says so
 * or not.
 */
#ifndef FAKEPROXY_CLIENT_TRANSACTION_H
#define FAKEPROXY_CLIENT_TRANSACTION_H

#include "fakeproxy/fakeproxy_internal.h"

/* Writes a new branch and the value of the Via that goes with it. */
struct client_transaction_via {
  char branch[sizeof "z9hG4bK" + BRANCH_DIGITS];
  char value[160];
};
void client_transaction_via(struct fakeproxy *proxy, struct client_transaction_via *via);

/* Sends a finished request, whose Via has this branch; takes it over. At the limit of transactions,
 * or out of memory, it is sent once and forgotten. */
void client_transaction_start(struct fakeproxy *proxy, struct message *request, const char *branch,
                              const struct sockaddr_storage *target);

/* Gives a response to the transaction that it belongs to; one that belongs to none is ignored. */
void client_transaction_receive(struct fakeproxy *proxy, const struct message *response);

/* Ends all transactions, silently. */
void client_transactions_clear(struct fakeproxy *proxy);

#endif
