/* SPDX-License-Identifier: MIT
 *
 * UDP on libuv. Datagrams are sent at once with uv_udp_try_send, so nothing is ever queued and the
 * port can be closed at any moment. libuv closes the descriptor within uv_close; only the memory of
 * the handle waits for the close callback.
 */
#include "fakeproxy/udp.h"

#include <stdlib.h>

#include "common/address.h"

struct udp_socket {
  uv_udp_t handle;
  struct fakeproxy *proxy;
  /* One byte more than any datagram, so that a cut one would show. */
  char buffer[MESSAGE_SIZE_MAX + 1];
};

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct udp_socket *socket = handle->data;
  *buffer = uv_buf_init(socket->buffer, sizeof socket->buffer);
}

static void on_receive(uv_udp_t *handle, ssize_t size, const uv_buf_t *buffer,
                       const struct sockaddr *source, unsigned flags) {
  (void)flags;
  /* Errors of a UDP socket concern an earlier datagram that we sent, and NULL means that there is
   * nothing more to read. */
  if (size < 0 || !source)
    return;
  struct udp_socket *socket = handle->data;
  struct sockaddr_storage from = {0};
  if (source->sa_family == AF_INET6)
    *(struct sockaddr_in6 *)&from = *(const struct sockaddr_in6 *)source;
  else
    *(struct sockaddr_in *)&from = *(const struct sockaddr_in *)source;
  fakeproxy_receive(socket->proxy, buffer->base, (size_t)size, &from);
}

static void on_closed(uv_handle_t *handle) {
  struct udp_socket *socket = handle->data;
  struct fakeproxy *proxy = socket->proxy;
  free(socket);
  fakeproxy_handle_closed(proxy);
}

void udp_close(struct udp_socket *socket) {
  if (socket)
    uv_close((uv_handle_t *)&socket->handle, on_closed);
}

int udp_open(struct udp_socket **out, struct fakeproxy *proxy, struct sockaddr_storage *address,
             bool receive) {
  struct udp_socket *socket = malloc(sizeof *socket);
  if (!socket)
    return UV_ENOMEM;
  socket->proxy = proxy;
  uv_udp_init(proxy->loop, &socket->handle);
  socket->handle.data = socket;
  proxy->open_handles++;
  struct sockaddr_storage bound = {0};
  int length = sizeof bound;
  int status = uv_udp_bind(&socket->handle, (const struct sockaddr *)address, 0);
  if (status == 0)
    status = uv_udp_getsockname(&socket->handle, (struct sockaddr *)&bound, &length);
  if (status == 0 && receive)
    status = uv_udp_recv_start(&socket->handle, on_allocate, on_receive);
  if (status) {
    udp_close(socket);
    return status;
  }
  *address = bound;
  *out = socket;
  return 0;
}

void udp_send(struct udp_socket *socket, const void *bytes, size_t size,
              const struct sockaddr_storage *target) {
  uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
  uv_udp_try_send(&socket->handle, &buffer, 1, (const struct sockaddr *)target);
}
