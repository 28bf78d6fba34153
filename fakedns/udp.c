/* SPDX-License-Identifier: MIT
 *
 * UDP by libuv. libuv sends at once if it can, and queues otherwise; a request owns its bytes until
 * then.
 */
#include "fakedns/udp.h"

#include <stdlib.h>
#include <string.h>

#include "common/address.h"

/* The largest datagram. */
enum { DATAGRAM_SIZE_MAX = 65535 };

struct udp_socket {
  uv_udp_t handle;
  udp_handler *handler;
  void *context;
  char buffer[DATAGRAM_SIZE_MAX];
};

struct udp_request {
  uv_udp_send_t request;
  uint8_t *bytes;
};

static void socket_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct udp_socket *socket = handle->data;
  *buffer = uv_buf_init(socket->buffer, sizeof socket->buffer);
}

static void received(uv_udp_t *handle, ssize_t size, const uv_buf_t *buffer,
                     const struct sockaddr *source, unsigned flags) {
  (void)flags;
  struct udp_socket *socket = handle->data;
  struct sockaddr_storage address = {0};
  /* Without a source there is nothing more to read; an error is one of receiving, which changes
   * nothing. */
  if (size < 0 || !source)
    return;
  memcpy(&address, source,
         source->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
  socket->handler(socket->context, (const uint8_t *)buffer->base, (size_t)size, &address);
}

int fakedns_udp_open(struct udp_socket **out, uv_loop_t *loop,
                     const struct sockaddr_storage *address, struct sockaddr_storage *bound,
                     udp_handler *handler, void *context, struct error *error) {
  char text[ADDRESS_TEXT_SIZE];
  struct sockaddr_storage name = {0};
  int length = sizeof name;
  struct udp_socket *socket = calloc(1, sizeof *socket);
  if (!socket)
    return error_set(error, "out of memory");
  int status = uv_udp_init(loop, &socket->handle);
  if (status < 0) {
    free(socket);
    return error_set(error, "no UDP socket: %s", uv_strerror(status));
  }
  socket->handle.data = socket;
  socket->handler = handler;
  socket->context = context;
  status = uv_udp_bind(&socket->handle, (const struct sockaddr *)address, 0);
  if (status == 0)
    status = uv_udp_getsockname(&socket->handle, (struct sockaddr *)&name, &length);
  if (status == 0)
    status = uv_udp_recv_start(&socket->handle, allocate, received);
  if (status < 0) {
    fakedns_udp_close(socket);
    return error_set(error, "cannot listen on UDP %s: %s", address_format(address, text),
                     uv_strerror(status));
  }
  *bound = name;
  *out = socket;
  return 0;
}

void fakedns_udp_close(struct udp_socket *socket) {
  if (socket)
    uv_close((uv_handle_t *)&socket->handle, socket_closed);
}

static void sent(uv_udp_send_t *request, int status) {
  (void)status;
  struct udp_request *sending = request->data;
  free(sending->bytes);
  free(sending);
}

void fakedns_udp_send(struct udp_socket *socket, uint8_t *bytes, size_t size,
                      const struct sockaddr_storage *target) {
  struct udp_request *sending = calloc(1, sizeof *sending);
  if (!sending) {
    free(bytes);
    return;
  }
  uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
  sending->bytes = bytes;
  sending->request.data = sending;
  if (uv_udp_send(&sending->request, &socket->handle, &buffer, 1, (const struct sockaddr *)target,
                  sent) < 0)
    sent(&sending->request, 0);
}

static void ignore(void *context, const uint8_t *bytes, size_t size,
                   const struct sockaddr_storage *source) {
  (void)context;
  (void)bytes;
  (void)size;
  (void)source;
}

int fakedns_udp_send_from(uv_loop_t *loop, struct sockaddr_storage *from, uint8_t *bytes,
                          size_t size, const struct sockaddr_storage *target, struct error *error) {
  struct udp_socket *socket = NULL;
  struct sockaddr_storage wanted = *from;
  int result = fakedns_udp_open(&socket, loop, &wanted, from, ignore, NULL, error);
  if (result && address_port(&wanted) != 0) {
    address_set_port(&wanted, 0);
    result = fakedns_udp_open(&socket, loop, &wanted, from, ignore, NULL, error);
  }
  if (result == 0)
    fakedns_udp_send(socket, bytes, size, target);
  else
    free(bytes);
  fakedns_udp_close(socket);
  return result;
}
