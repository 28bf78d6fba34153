/* SPDX-License-Identifier: MIT
 *
 * The client's libuv style: one handle, one request at a time; each deed runs the loop until its
 * callback has come.
 */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "tests/network/client.h"

static struct {
  uv_loop_t loop;
  uv_timer_t timer;
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_udp_t udp;
  } socket;
  bool done;
} uv;

static void say_status(const char *what, ssize_t status) {
  char number[24];
  snprintf(number, sizeof number, "%zd", status);
  say(what, status < 0 ? uv_err_name((int)status) : number);
}

static void run_until_done(void) {
  while (!uv.done)
    uv_run(&uv.loop, UV_RUN_ONCE);
}

static void must(int status, const char *what) {
  if (status)
    give_up(what);
}

static void open_uv(struct client *client) {
  unsigned family = client->peer.ss_family;
  must(uv_loop_init(&uv.loop), "uv_loop_init");
  must(uv_timer_init(&uv.loop, &uv.timer), "uv_timer_init");
  if (client->type == SOCK_STREAM)
    must(uv_tcp_init_ex(&uv.loop, &uv.socket.tcp, family), "uv_tcp_init_ex");
  else
    must(uv_udp_init_ex(&uv.loop, &uv.socket.udp, family), "uv_udp_init_ex");
  must(uv_fileno(&uv.socket.handle, &client->fd), "uv_fileno");
}

/* ---- waiting ---- */

static void timer_expired(uv_timer_t *timer) {
  (void)timer;
  uv.done = true;
}

static void start_timer(int64_t ms) {
  uv_update_time(&uv.loop);
  uv_timer_start(&uv.timer, timer_expired, ms > 0 ? (uint64_t)ms : 0, 0);
}

static void wait_until_uv(struct client *client, int64_t instant_ms) {
  (void)client;
  uv.done = false;
  start_timer(instant_ms - now_ns() / 1000000);
  run_until_done();
}

/* ---- connecting and sending ---- */

static void connected(uv_connect_t *request, int status) {
  (void)request;
  say_status("uv_connect_cb", status);
  uv.done = true;
}

static void connect_uv(struct client *client) {
  static uv_connect_t request;
  const struct sockaddr *peer = (const struct sockaddr *)&client->peer;
  if (client->type == SOCK_DGRAM) {
    say_status("uv_udp_connect", uv_udp_connect(&uv.socket.udp, peer));
    return;
  }
  int status = uv_tcp_connect(&request, &uv.socket.tcp, peer, connected);
  say_status("uv_tcp_connect", status);
  uv.done = status != 0;
  run_until_done();
}

static void written(uv_write_t *request, int status) {
  (void)request;
  say_status("uv_write_cb", status);
  uv.done = true;
}

static void sent(uv_udp_send_t *request, int status) {
  (void)request;
  say_status("uv_udp_send_cb", status);
  uv.done = true;
}

static void send_uv(struct client *client) {
  static uv_write_t write;
  static uv_udp_send_t send;
  uv_buf_t buffer = uv_buf_init((char *)message, sizeof message);
  const struct sockaddr *to =
      client->is_unconnected ? (const struct sockaddr *)&client->peer : NULL;
  bool is_tcp = client->type == SOCK_STREAM;
  int status = is_tcp ? uv_write(&write, &uv.socket.stream, &buffer, 1, written)
                      : uv_udp_send(&send, &uv.socket.udp, &buffer, 1, to, sent);
  if (status)
    say_status(is_tcp ? "uv_write" : "uv_udp_send", status);
  uv.done = status != 0;
  run_until_done();
}

static void shut_down_done(uv_shutdown_t *request, int status) {
  (void)request;
  say_status("uv_shutdown_cb", status);
  uv.done = true;
}

static void shut_down_uv(struct client *client) {
  static uv_shutdown_t request;
  (void)client;
  int status = uv_shutdown(&request, &uv.socket.stream, shut_down_done);
  if (status)
    say_status("uv_shutdown", status);
  uv.done = status != 0;
  run_until_done();
}

/* ---- receiving ---- */

static char received_bytes[64];

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init(received_bytes, sizeof received_bytes);
}

static void stream_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  (void)buffer;
  if (size == 0)
    return; /* EAGAIN */
  say_status("uv_read_cb", size);
  uv_read_stop(stream);
  uv.done = true;
}

static void datagram_received(uv_udp_t *udp, ssize_t size, const uv_buf_t *buffer,
                              const struct sockaddr *from, unsigned flags) {
  (void)buffer;
  (void)flags;
  if (size == 0 && !from)
    return; /* nothing more to read */
  say_status("uv_udp_recv_cb", size);
  uv_udp_recv_stop(udp);
  uv.done = true;
}

static void receive_uv(struct client *client) {
  bool is_tcp = client->type == SOCK_STREAM;
  int status = is_tcp ? uv_read_start(&uv.socket.stream, give_buffer, stream_read)
                      : uv_udp_recv_start(&uv.socket.udp, give_buffer, datagram_received);
  if (status) {
    say_status(is_tcp ? "uv_read_start" : "uv_udp_recv_start", status);
    return;
  }
  uv.done = false;
  if (client->patience_ms >= 0)
    start_timer(client->patience_ms);
  run_until_done();
  if (client->patience_ms >= 0 && !uv_is_active((uv_handle_t *)&uv.timer))
    say("timer", "0");
  uv_timer_stop(&uv.timer);
  if (is_tcp)
    uv_read_stop(&uv.socket.stream);
  else
    uv_udp_recv_stop(&uv.socket.udp);
}

const struct style_calls libuv_calls = {
    .open = open_uv,
    .connect = connect_uv,
    .send = send_uv,
    .receive = receive_uv,
    .shut_down = shut_down_uv,
    .wait_until = wait_until_uv,
};
