/* SPDX-License-Identifier: MIT
 *
 * The client's styles that use the C library only. A non-blocking program without any readiness
 * call tries again once a second, at instants at which nothing else is: what it sees must not
 * depend on which of two things of one instant came first.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "tests/network/client.h"

enum { RETRY_PERIOD_MS = 1000, CONNECT_OFFSET_MS = 250, RECEIVE_OFFSET_MS = 750 };

static void open_socket(struct client *client) {
  int flags = client->style == BLOCKING ? 0 : SOCK_NONBLOCK;
  client->fd = socket(client->peer.ss_family, client->type | flags, 0);
  if (client->fd < 0)
    give_up("socket");
}

static void wait_until(struct client *client, int64_t instant_ms) {
  (void)client;
  int64_t left_ns = instant_ms * 1000000 - now_ns();
  struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
  if (left_ns > 0)
    nanosleep(&left, NULL);
}

/* Until the next instant that lies `offset_ms` after a whole second. */
static void wait_for_retry(struct client *client, int offset_ms) {
  int64_t periods = (now_ns() / 1000000 + RETRY_PERIOD_MS - offset_ms) / RETRY_PERIOD_MS;
  wait_until(client, periods * RETRY_PERIOD_MS + offset_ms);
}

/* ---- readiness ---- */

static void say_bits(const char *call, unsigned bits) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {{POLLIN, " IN"},   {POLLPRI, " PRI"}, {POLLOUT, " OUT"},
               {POLLERR, " ERR"}, {POLLHUP, " HUP"}, {POLLRDHUP, " RDHUP"}};
  char text[64] = "";
  size_t length = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (bits & names[i].bit)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s", names[i].name);
  say(call, length > 0 ? text + 1 : "0");
}

static unsigned by_poll(int fd, bool for_writing, int timeout_ms) {
  struct pollfd ready = {
      .fd = fd, .events = (short)((for_writing ? POLLOUT : 0) | POLLIN | POLLPRI | POLLRDHUP)};
  return poll(&ready, 1, timeout_ms) > 0 ? (unsigned)ready.revents : 0;
}

/* In poll's bits, which are epoll's too (epoll_ctl(2)). */
static unsigned by_select(int fd, bool for_writing, int timeout_ms) {
  fd_set readable, writable, exceptional;
  struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_ZERO(&exceptional);
  FD_SET(fd, &readable);
  FD_SET(fd, &exceptional);
  if (for_writing)
    FD_SET(fd, &writable);
  if (select(fd + 1, &readable, &writable, &exceptional, timeout_ms < 0 ? NULL : &timeout) <= 0)
    return 0;
  return (FD_ISSET(fd, &readable) ? (unsigned)POLLIN : 0) |
         (FD_ISSET(fd, &writable) ? (unsigned)POLLOUT : 0) |
         (FD_ISSET(fd, &exceptional) ? (unsigned)POLLPRI : 0);
}

static unsigned by_epoll(int fd, bool for_writing, int timeout_ms) {
  int instance = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events =
                                  (for_writing ? EPOLLOUT : 0u) | EPOLLIN | EPOLLPRI | EPOLLRDHUP};
  if (instance < 0 || epoll_ctl(instance, EPOLL_CTL_ADD, fd, &event))
    give_up("epoll");
  int count = epoll_wait(instance, &event, 1, timeout_ms);
  close(instance);
  return count > 0 ? event.events : 0;
}

bool await_readiness(const struct client *client, bool for_writing, int timeout_ms) {
  static unsigned (*const calls[])(int, bool, int) = {
      [POLL] = by_poll, [SELECT] = by_select, [EPOLL] = by_epoll};
  static const char *const names[] = {[POLL] = "poll", [SELECT] = "select", [EPOLL] = "epoll"};
  unsigned bits = calls[client->style](client->fd, for_writing, timeout_ms);
  say_bits(names[client->style], bits);
  return bits != 0;
}

/* ---- connecting, sending, receiving ---- */

static int try_connect(const struct client *client) {
  return connect(client->fd, (const struct sockaddr *)&client->peer, client->peer_length);
}

/* Says each new answer once. */
static void connect_again_and_again(struct client *client) {
  int last = EINPROGRESS;
  for (;;) {
    wait_for_retry(client, CONNECT_OFFSET_MS);
    int result = try_connect(client);
    int error = result < 0 ? errno : 0;
    if (error != last)
      say_result("connect", result);
    if (error != EALREADY)
      return;
    last = error;
  }
}

static void connect_plain(struct client *client) {
  int result = try_connect(client);
  say_result("connect", result);
  if (client->style == BLOCKING || result == 0 || errno != EINPROGRESS)
    return;
  if (client->style == NON_BLOCKING) {
    connect_again_and_again(client);
    return;
  }
  await_readiness(client, true, -1);
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  say("SO_ERROR", error ? strerrorname_np(error) : "0");
}

static void send_plain(struct client *client) {
  const struct sockaddr *to =
      client->is_unconnected ? (const struct sockaddr *)&client->peer : NULL;
  ssize_t size =
      sendto(client->fd, message, sizeof message, MSG_NOSIGNAL, to, to ? client->peer_length : 0);
  say_result("send", size);
}

/* Says the first answer, and the last one. */
static void receive_again_and_again(struct client *client) {
  char bytes[64];
  int limit = client->patience_ms < 0 ? INT_MAX : client->patience_ms / RETRY_PERIOD_MS + 1;
  for (int tries = 0; tries < limit; tries++) {
    wait_for_retry(client, RECEIVE_OFFSET_MS);
    ssize_t size = recv(client->fd, bytes, sizeof bytes, 0);
    bool is_last = size >= 0 || errno != EAGAIN;
    if (is_last || tries == 0)
      say_result("recv", size);
    if (is_last)
      return;
  }
}

static void receive_plain(struct client *client) {
  char bytes[64];
  if (client->style == NON_BLOCKING) {
    receive_again_and_again(client);
    return;
  }
  if (client->style == BLOCKING || await_readiness(client, false, client->patience_ms))
    say_result("recv", recv(client->fd, bytes, sizeof bytes, 0));
}

static void shut_down_plain(struct client *client) {
  say_result("shutdown", shutdown(client->fd, SHUT_WR));
}

const struct style_calls plain_calls = {
    .open = open_socket,
    .connect = connect_plain,
    .send = send_plain,
    .receive = receive_plain,
    .shut_down = shut_down_plain,
    .wait_until = wait_until,
};
