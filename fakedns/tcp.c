/* SPDX-License-Identifier: MIT
 *
 * TCP by libuv. The port and each connection live in memory of their own until libuv's close
 * callback; a closed one is taken off its list at once, so that nothing finds it any more.
 */
#include "fakedns/tcp.h"

#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakedns/framing.h"

/* More than the phones of a lab have open at a time; further ones are closed at once. */
enum { CONNECTIONS_MAX = 256, BACKLOG = 128 };

/* What a client may leave unread: 64 of the largest answers. Then its connection is reset. */
#define UNREAD_MAX ((size_t)64 * FRAMING_MESSAGE_MAX)

enum { READ_SIZE = 65536 };

struct tcp_connection {
  uv_tcp_t handle;
  struct tcp_port *port; /* NULL: it is closed, what is left is the close callback */
  struct tcp_connection *next;
  uint64_t number;
  struct sockaddr_storage client;
  uint64_t stalled_by; /* 0: nobody */
  bool ends;           /* it is closed when everything is sent */
  struct framing framing;
  char buffer[READ_SIZE];
  size_t at, filled; /* what of the buffer a stall left for later */
  bool is_taking;    /* within take_buffer() */
};

struct tcp_port {
  uv_tcp_t handle;
  struct tcp_handler handler;
  struct tcp_connection *connections;
  size_t count;
  uint64_t last_number;
  bool stalled, closed;
};

struct tcp_write {
  uv_write_t request;
  struct tcp_connection *connection;
  uint8_t *bytes;
  enum connection_ending ending;
};

static void connection_freed(uv_handle_t *handle) {
  free(handle->data);
}

/* Takes the connection off the list and closes it; tells of it when the port stays. */
static void close_connection(struct tcp_connection *connection, enum connection_ending ending) {
  struct tcp_port *port = connection->port;
  if (!port)
    return;
  struct tcp_connection **link = &port->connections;
  while (*link != connection)
    link = &(*link)->next;
  *link = connection->next;
  port->count--;
  connection->port = NULL;
  if (ending != CONNECTION_RESETS || uv_tcp_close_reset(&connection->handle, connection_freed) < 0)
    uv_close((uv_handle_t *)&connection->handle, connection_freed);
  if (!port->closed)
    port->handler.connection(port->handler.context, false, &connection->client);
}

static struct tcp_connection *find(const struct tcp_port *port, uint64_t number) {
  struct tcp_connection *connection = port ? port->connections : NULL;
  while (connection && connection->number != number)
    connection = connection->next;
  return connection;
}

/* ---- reading ---- */

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct tcp_connection *connection = handle->data;
  *buffer = uv_buf_init(connection->buffer, sizeof connection->buffer);
}

static bool is_read(const struct tcp_connection *connection) {
  return connection->port && !connection->port->stalled && !connection->stalled_by &&
         !connection->ends;
}

/* A message is whole. The handler may stall or close the connection or the port under it. */
static bool message_read(void *context, const uint8_t *bytes, size_t size) {
  struct tcp_connection *connection = context;
  struct tcp_port *port = connection->port;
  port->handler.message(port->handler.context, connection->number, bytes, size,
                        &connection->client);
  return is_read(connection);
}

/* Hands out what was read, until somebody stalls it. What is handed out may end a stall, which
 * comes back here: then there is one already that goes on. */
static void take_buffer(struct tcp_connection *connection) {
  if (connection->is_taking)
    return;
  connection->is_taking = true;
  while (is_read(connection) && connection->at < connection->filled)
    connection->at +=
        framing_read(&connection->framing, (const uint8_t *)connection->buffer + connection->at,
                     connection->filled - connection->at, message_read, connection);
  connection->is_taking = false;
}

/* After the client's last byte nothing more is asked; what was answered before still goes out. */
static void received(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  struct tcp_connection *connection = stream->data;
  (void)buffer;
  if (size > 0) {
    connection->at = 0;
    connection->filled = (size_t)size;
    take_buffer(connection);
  } else if (size < 0) {
    fakedns_tcp_end(connection->port, connection->number,
                    size == UV_EOF ? CONNECTION_CLOSES : CONNECTION_RESETS);
  }
}

/* Reads or doesn't, as it is wanted now. Starting what is started does nothing. */
static void follow_stalls(struct tcp_connection *connection) {
  uv_stream_t *stream = (uv_stream_t *)&connection->handle;
  if (is_read(connection))
    take_buffer(connection);
  if (is_read(connection))
    uv_read_start(stream, allocate, received);
  else if (connection->port)
    uv_read_stop(stream);
}

void fakedns_tcp_stall(struct tcp_port *port, uint64_t connection, uint64_t reason) {
  struct tcp_connection *found = find(port, connection);
  if (!found)
    return;
  found->stalled_by = reason;
  follow_stalls(found);
}

void fakedns_tcp_resume(struct tcp_port *port, uint64_t reason) {
  struct tcp_connection *next;
  for (struct tcp_connection *connection = port ? port->connections : NULL; connection;
       connection = next) {
    next = connection->next;
    if (connection->stalled_by != reason)
      continue;
    connection->stalled_by = 0;
    follow_stalls(connection);
  }
}

void fakedns_tcp_stall_all(struct tcp_port *port, bool stalled) {
  if (!port || port->stalled == stalled)
    return;
  port->stalled = stalled;
  for (struct tcp_connection *connection = port->connections; connection;
       connection = connection->next)
    follow_stalls(connection);
}

/* ---- writing ---- */

static void written(uv_write_t *request, int status) {
  struct tcp_write *writing = request->data;
  struct tcp_connection *connection = writing->connection;
  enum connection_ending ending = writing->ending;
  free(writing->bytes);
  free(writing);
  if (!connection->port)
    return;
  if (status < 0)
    close_connection(connection, CONNECTION_RESETS);
  else if (ending == CONNECTION_RESETS)
    close_connection(connection, CONNECTION_RESETS);
  else if (connection->ends && connection->handle.write_queue_size == 0)
    close_connection(connection, CONNECTION_CLOSES);
}

void fakedns_tcp_send(struct tcp_port *port, uint64_t connection, uint8_t *bytes, size_t size,
                      enum connection_ending ending) {
  struct tcp_connection *found = find(port, connection);
  struct tcp_write *writing = found && !found->ends ? calloc(1, sizeof *writing) : NULL;
  if (!writing) {
    free(bytes);
    return;
  }
  uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
  *writing = (struct tcp_write){.connection = found, .bytes = bytes, .ending = ending};
  writing->request.data = writing;
  if (ending != CONNECTION_STAYS) {
    found->ends = true;
    follow_stalls(found);
  }
  if (uv_write(&writing->request, (uv_stream_t *)&found->handle, &buffer, 1, written) < 0) {
    free(bytes);
    free(writing);
    close_connection(found, CONNECTION_RESETS);
  } else if (found->handle.write_queue_size > UNREAD_MAX) {
    close_connection(found, CONNECTION_RESETS);
  }
}

void fakedns_tcp_end(struct tcp_port *port, uint64_t connection, enum connection_ending ending) {
  struct tcp_connection *found = find(port, connection);
  if (!found)
    return;
  if (ending == CONNECTION_RESETS || found->handle.write_queue_size == 0) {
    close_connection(found, ending);
    return;
  }
  found->ends = true;
  follow_stalls(found);
}

/* ---- the port ---- */

static void keep_connection(struct tcp_port *port, struct tcp_connection *connection) {
  int length = sizeof connection->client;
  uv_tcp_getpeername(&connection->handle, (struct sockaddr *)&connection->client, &length);
  connection->number = ++port->last_number;
  connection->port = port;
  connection->next = port->connections;
  port->connections = connection;
  port->count++;
  follow_stalls(connection);
  port->handler.connection(port->handler.context, true, &connection->client);
}

static void connected(uv_stream_t *stream, int status) {
  struct tcp_port *port = stream->data;
  struct tcp_connection *connection = status == 0 ? calloc(1, sizeof *connection) : NULL;
  if (!connection)
    return;
  connection->handle.data = connection;
  uv_tcp_init(stream->loop, &connection->handle);
  if (uv_accept(stream, (uv_stream_t *)&connection->handle) < 0 || port->count >= CONNECTIONS_MAX)
    uv_close((uv_handle_t *)&connection->handle, connection_freed);
  else
    keep_connection(port, connection);
}

int fakedns_tcp_open(struct tcp_port **out, uv_loop_t *loop, const struct sockaddr_storage *address,
                     const struct tcp_handler *handler, struct error *error) {
  char text[ADDRESS_TEXT_SIZE];
  struct tcp_port *port = calloc(1, sizeof *port);
  if (!port)
    return error_set(error, "out of memory");
  int status = uv_tcp_init(loop, &port->handle);
  if (status < 0) {
    free(port);
    return error_set(error, "no TCP socket: %s", uv_strerror(status));
  }
  port->handle.data = port;
  port->handler = *handler;
  status = uv_tcp_bind(&port->handle, (const struct sockaddr *)address, 0);
  if (status == 0)
    status = uv_listen((uv_stream_t *)&port->handle, BACKLOG, connected);
  if (status < 0) {
    fakedns_tcp_close(port);
    return error_set(error, "cannot listen on TCP %s: %s", address_format(address, text),
                     uv_strerror(status));
  }
  *out = port;
  return 0;
}

void fakedns_tcp_close(struct tcp_port *port) {
  if (!port)
    return;
  port->closed = true;
  while (port->connections)
    close_connection(port->connections, CONNECTION_RESETS);
  uv_close((uv_handle_t *)&port->handle, connection_freed);
}
