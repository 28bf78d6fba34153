/* SPDX-License-Identifier: MIT
 *
 * The registrar (RFC 3261 section 10.3): bindings of an address of record to contacts, each with
 * its expiry, and REGISTER requests that add, refresh, remove and list them. Any address of record
 * is taken, whatever its domain: the proxy stands for the one that the phone is configured with.
 */
#ifndef FAKEPROXY_REGISTRAR_H
#define FAKEPROXY_REGISTRAR_H

#include "fakeproxy/fakeproxy_internal.h"

struct server_transaction;

/* Answers the REGISTER of the transaction. */
void registrar_register(struct fakeproxy *proxy, struct server_transaction *transaction);

/* Frees all bindings. */
void registrar_clear(struct fakeproxy *proxy);

#endif
