/* SPDX-License-Identifier: MIT
 *
 * A TCP connection by which an adapter drives a phone.
 */
#ifndef HARNESS_PHONES_CONNECTION_H
#define HARNESS_PHONES_CONNECTION_H

#include <stddef.h>
#include <sys/socket.h>

#include "common/error.h"
#include "harness/lab/lab.h"

struct connection;

struct connection_options {
  void (*data)(void *context, const char *bytes, size_t size);
  /* It is open (`error` NULL), could not be opened, or was closed by the other side (why). */
  void (*state)(void *context, const char *error);
  void *context;
};

/* Starts to connect. Returns 0, or -1 with the text filled in; no callback will be called then. */
int connection_open(struct connection **out, struct lab *lab,
                    const struct sockaddr_storage *address,
                    const struct connection_options *options, struct error *error);

/* Closes it without calling back, and frees it once the loop has run its close callback. NULL is
 * allowed. */
void connection_destroy(struct connection *connection);

/* The bytes are copied. Returns 0, or -1 when it is not open. */
int connection_write(struct connection *connection, const void *bytes, size_t size);

#endif
