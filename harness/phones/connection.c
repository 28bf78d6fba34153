/* SPDX-License-Identifier: MIT
 *
 * A TCP connection to a phone, on libuv.
 */
#include "harness/phones/connection.h"

#include <stdlib.h>
#include <string.h>

struct connection {
  uv_tcp_t stream;
  uv_connect_t connecting;
  struct connection_options options;
  bool open, destroyed;
  char read_buffer[4096];
};

static void closed(uv_handle_t *handle) {
  free(handle->data);
}

static void tell_state(struct connection *connection, const char *error) {
  connection->open = error == NULL;
  if (!connection->destroyed && connection->options.state)
    connection->options.state(connection->options.context, error);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct connection *connection = handle->data;
  *buffer = uv_buf_init(connection->read_buffer, sizeof connection->read_buffer);
}

static void read_data(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  struct connection *connection = stream->data;
  if (size > 0 && !connection->destroyed && connection->options.data)
    connection->options.data(connection->options.context, buffer->base, (size_t)size);
  if (size < 0) {
    uv_read_stop(stream);
    tell_state(connection, uv_strerror((int)size));
  }
}

static void connected(uv_connect_t *request, int status) {
  struct connection *connection = request->data;
  if (connection->destroyed)
    return;
  if (status == 0)
    status = uv_read_start((uv_stream_t *)&connection->stream, give_buffer, read_data);
  tell_state(connection, status ? uv_strerror(status) : NULL);
}

int connection_open(struct connection **out, struct lab *lab,
                    const struct sockaddr_storage *address,
                    const struct connection_options *options, struct error *error) {
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection)
    return error_set(error, "out of memory");
  connection->options = *options;
  connection->stream.data = connection->connecting.data = connection;
  uv_tcp_init(lab_loop(lab), &connection->stream);
  int result = uv_tcp_connect(&connection->connecting, &connection->stream,
                              (const struct sockaddr *)address, connected);
  if (result) {
    connection_destroy(connection);
    return error_set(error, "can't connect: %s", uv_strerror(result));
  }
  *out = connection;
  return 0;
}

void connection_destroy(struct connection *connection) {
  if (!connection)
    return;
  connection->destroyed = true;
  uv_close((uv_handle_t *)&connection->stream, closed);
}

struct write {
  uv_write_t request;
  char bytes[];
};

static void written(uv_write_t *request, int status) {
  (void)status; /* a connection that broke is told when it is read */
  free(request);
}

int connection_write(struct connection *connection, const void *bytes, size_t size) {
  struct write *write = connection->open ? malloc(sizeof *write + size) : NULL;
  if (!write)
    return -1;
  memcpy(write->bytes, bytes, size);
  uv_buf_t buffer = uv_buf_init(write->bytes, (unsigned)size);
  if (uv_write(&write->request, (uv_stream_t *)&connection->stream, &buffer, 1, written)) {
    free(write);
    return -1;
  }
  return 0;
}
