/* SPDX-License-Identifier: MIT
 *
 * The parts of the participant about who waits until others read, in a lab with a simulated
 * network.
 *
 *   room N   a process on the host ping fills the N-th of the channels below and waits for room,
 *            which it would have by itself after ten seconds at the earliest, if at all, and says
 *            when it had it; another one, on the host pong, reads all after a second, and stays
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clock/participant.h"
#include "tests/clock/participant_activity.h"

static const char pong_address[] = "10.0.0.2";

/* What the first process hands down to both. */
enum { PIPE_READER = 20, PIPE_WRITER, PAIR_READER, PAIR_WRITER, DATAGRAM_READER, DATAGRAM_WRITER };

enum { SIZE = 1000, PATIENCE_MS = 10000 };

/* ---- the channels ---- */

static int pipe_reader(void) {
  return PIPE_READER;
}

static int pipe_writer(void) {
  return PIPE_WRITER;
}

static int pair_reader(void) {
  return PAIR_READER;
}

static int pair_writer(void) {
  return PAIR_WRITER;
}

static int datagram_reader(void) {
  return DATAGRAM_READER;
}

static int datagram_writer(void) {
  return DATAGRAM_WRITER;
}

static int tcp_reader(void) {
  int listener = bound(pong_address, SOCK_STREAM, PORT);
  need(listen(listener, 1) == 0);
  return accept(listener, NULL, NULL);
}

static int tcp_writer(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect_to(fd, pong_address);
  return fd;
}

/* ---- ways to wait ---- */

static int wait_by_poll(int fd) {
  return poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, PATIENCE_MS) == 1;
}

static int wait_by_select(int fd) {
  fd_set writable;
  struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  FD_ZERO(&writable);
  FD_SET(fd, &writable);
  return select(fd + 1, NULL, &writable, NULL, &patience) == 1;
}

static int wait_by_epoll_for(int fd, uint32_t first, uint32_t then) {
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = first};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  event.events = then;
  need(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
  return epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1 && event.events & EPOLLOUT;
}

static int wait_by_epoll(int fd) {
  return wait_by_epoll_for(fd, EPOLLIN, EPOLLOUT);
}

static int wait_by_edge(int fd) {
  return wait_by_epoll_for(fd, EPOLLOUT | EPOLLET, EPOLLIN | EPOLLOUT | EPOLLET);
}

/* Two instances ask, and one of them does no more. */
static int wait_by_other_epoll(int fd) {
  int other = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT};
  need(epoll_ctl(other, EPOLL_CTL_ADD, fd, &event) == 0);
  int epoll = epoll_create1(0);
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  need(epoll_ctl(other, EPOLL_CTL_DEL, fd, NULL) == 0);
  return epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1;
}

/* poll says of an instance that it is readable when it has something to say. */
static int wait_by_nested_epoll(int fd) {
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  return poll(&(struct pollfd){.fd = epoll, .events = POLLIN}, 1, PATIENCE_MS) == 1;
}

static int wait_by_writing(int fd) {
  static const char bytes[SIZE];
  need(fcntl(fd, F_SETFL, 0) == 0);
  return write(fd, bytes, sizeof bytes) == sizeof bytes;
}

/* ---- ways to read ---- */

static char bytes[1 << 16];

static ssize_t take_by_read(int fd) {
  return read(fd, bytes, sizeof bytes);
}

static ssize_t take_by_readv(int fd) {
  struct iovec parts[] = {{bytes, SIZE}, {bytes + SIZE, sizeof bytes - SIZE}};
  return readv(fd, parts, 2);
}

static ssize_t take_by_recv(int fd) {
  return recv(fd, bytes, sizeof bytes, 0);
}

static ssize_t take_by_recvfrom(int fd) {
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  return recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
}

static ssize_t take_by_recvmsg(int fd) {
  struct iovec part = {bytes, sizeof bytes};
  return recvmsg(fd, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1}, 0);
}

static ssize_t take_by_recvmmsg(int fd) {
  struct iovec part = {bytes, sizeof bytes};
  struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
  return recvmmsg(fd, &message, 1, 0, NULL);
}

/* ---- the cases ---- */

static const struct room {
  const char *name;
  int (*reader)(void), (*writer)(void); /* give their ends */
  int (*wait)(int fd);                  /* whether there was room */
  ssize_t (*take)(int fd);
} rooms[] = {
    {"poll, read a pipe", pipe_reader, pipe_writer, wait_by_poll, take_by_read},
    {"select, readv a pipe", pipe_reader, pipe_writer, wait_by_select, take_by_readv},
    {"write, read a pipe", pipe_reader, pipe_writer, wait_by_writing, take_by_read},
    {"epoll, recv a pair", pair_reader, pair_writer, wait_by_epoll, take_by_recv},
    {"write, recvmsg a pair", pair_reader, pair_writer, wait_by_writing, take_by_recvmsg},
    {"poll, recvmmsg datagrams", datagram_reader, datagram_writer, wait_by_poll, take_by_recvmmsg},
    {"poll, recv TCP", tcp_reader, tcp_writer, wait_by_poll, take_by_recv},
    {"select, read TCP", tcp_reader, tcp_writer, wait_by_select, take_by_read},
    {"epoll, recvmsg TCP", tcp_reader, tcp_writer, wait_by_epoll, take_by_recvmsg},
    {"edge, recv TCP", tcp_reader, tcp_writer, wait_by_edge, take_by_recv},
    {"other epoll, recv TCP", tcp_reader, tcp_writer, wait_by_other_epoll, take_by_recv},
    {"nested epoll, recv TCP", tcp_reader, tcp_writer, wait_by_nested_epoll, take_by_recv},
    {"write, recvfrom TCP", tcp_reader, tcp_writer, wait_by_writing, take_by_recvfrom},
};

enum { ROOMS = sizeof rooms / sizeof rooms[0] };

static void set_non_blocking(int fd) {
  need(fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
}

static int part_reader(int number, int unused) {
  (void)unused;
  int fd = rooms[number].reader();
  sleep(1);
  set_non_blocking(fd);
  while (rooms[number].take(fd) > 0) {
  }
  need(errno == EAGAIN);
  sleep(100); /* its end would wake everybody */
  return 0;
}

static int part_writer(int number, int unused) {
  (void)unused;
  int fd = rooms[number].writer();
  set_non_blocking(fd);
  while (write(fd, bytes, sizeof bytes) > 0) {
  }
  need(errno == EAGAIN);
  int had_room = rooms[number].wait(fd);
  say("%s %d", rooms[number].name, had_room);
  return 0;
}

static void hand_down(const int ends[2], int reader) {
  need(dup2(ends[0], reader) == reader && dup2(ends[1], reader + 1) == reader + 1);
  close(ends[0]);
  close(ends[1]);
}

static int part_room(int number, int unused) {
  (void)unused;
  int ends[2], status;
  if (number >= ROOMS)
    return 2;
  need(pipe(ends) == 0);
  hand_down(ends, PIPE_READER);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  hand_down(ends, PAIR_READER);
  need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  hand_down(ends, DATAGRAM_READER);
  pid_t reader = start("pong", "room-reader", number, 0);
  pid_t writer = start("ping", "room-writer", number, 0);
  need(waitpid(writer, &status, 0) == writer);
  stop(reader);
  return status;
}

const struct part room_parts[] = {
    {"room", part_room}, {"room-reader", part_reader}, {"room-writer", part_writer}, {NULL, NULL}};
