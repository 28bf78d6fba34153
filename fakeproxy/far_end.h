/* SPDX-License-Identifier: MIT
 *
 * The far end: it takes the phones' calls in the way that the options say (rings, answers or
 * refuses, hangs up) and answers what belongs to calls.
 */
#ifndef FAKEPROXY_FAR_END_H
#define FAKEPROXY_FAR_END_H

#include "fakeproxy/fakeproxy_internal.h"

struct server_transaction;

/* Each answers the request of the transaction, now or later. */
void far_end_invite(struct fakeproxy *proxy, struct server_transaction *transaction);
void far_end_cancel(struct fakeproxy *proxy, struct server_transaction *transaction);
void far_end_bye(struct fakeproxy *proxy, struct server_transaction *transaction);
void far_end_options(struct fakeproxy *proxy, struct server_transaction *transaction);

/* An ACK, whether of a transaction or not. */
void far_end_acknowledge(struct fakeproxy *proxy, const struct message *acknowledgement);

/* Adds Allow: the methods that are answered otherwise than 405. */
int far_end_add_allow(struct message *response);

/* Frees all dialogs, silently. */
void far_end_clear(struct fakeproxy *proxy);

#endif
