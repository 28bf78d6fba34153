/* SPDX-License-Identifier: MIT
 *
 * A plain echo server for the matrix, UDP and TCP, for an IPv4 and an IPv6 address. It knows
 * nothing of labs, and ends when it is killed.
 *
 *   server PORT ADDRESS…
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than the clients of a situation. */
enum { SOCKETS_MAX = 64 };

static struct pollfd sockets[SOCKETS_MAX];
static int types[SOCKETS_MAX]; /* SOCK_DGRAM, SOCK_STREAM: connections; 0: a listener */
static nfds_t count;

static void add(int fd, int type) {
  if (count == SOCKETS_MAX) {
    close(fd);
    return;
  }
  types[count] = type;
  sockets[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void take_away(nfds_t index) {
  close(sockets[index].fd);
  count--;
  sockets[index] = sockets[count];
  types[index] = types[count];
}

static int open_at(const char *address, uint16_t port, int type) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int on = 1;
  bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1)
    return -1;
  int fd = socket(is_v4 ? AF_INET : AF_INET6, type, 0);
  if (!is_v4)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
           is_v4 ? sizeof v4 : sizeof v6))
    return -1;
  return type == SOCK_STREAM && listen(fd, SOCKETS_MAX) ? -1 : fd;
}

static void echo_datagram(int fd) {
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  char bytes[512];
  ssize_t size = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
  if (size >= 0)
    sendto(fd, bytes, (size_t)size, 0, (struct sockaddr *)&from, length);
}

/* False when the connection has ended. */
static bool echo_bytes(int fd) {
  char bytes[512];
  ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  return size > 0 && send(fd, bytes, (size_t)size, MSG_NOSIGNAL) == size;
}

static void serve(nfds_t index) {
  int fd = sockets[index].fd;
  if (types[index] == SOCK_DGRAM)
    echo_datagram(fd);
  else if (types[index] == 0)
    add(accept(fd, NULL, NULL), SOCK_STREAM);
  else if (!echo_bytes(fd))
    take_away(index);
}

static volatile sig_atomic_t has_to_forget;

static void asked_to_forget(int signal_number) {
  (void)signal_number;
  has_to_forget = 1;
}

static void forget_connections(void) {
  struct linger abort = {.l_onoff = 1, .l_linger = 0};
  has_to_forget = 0;
  for (nfds_t i = count; i-- > 0;)
    if (types[i] == SOCK_STREAM) {
      setsockopt(sockets[i].fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
      take_away(i);
    }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: server PORT ADDRESS…\n");
    return 2;
  }
  struct sigaction action = {.sa_handler = asked_to_forget};
  sigaction(SIGTERM, &action, NULL);
  uint16_t port = (uint16_t)strtol(argv[1], NULL, 10);
  for (int i = 2; i < argc; i++) {
    add(open_at(argv[i], port, SOCK_DGRAM), SOCK_DGRAM);
    add(open_at(argv[i], port, SOCK_STREAM), 0);
  }
  for (nfds_t i = 0; i < count; i++)
    if (sockets[i].fd < 0) {
      perror("server");
      return 2;
    }
  for (;;) {
    int ready = poll(sockets, count, -1);
    for (nfds_t i = ready > 0 ? count : 0; i-- > 0;)
      if (sockets[i].revents)
        serve(i);
    if (has_to_forget)
      forget_connections();
  }
}
