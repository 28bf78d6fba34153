/* SPDX-License-Identifier: MIT
 *
 * Parts of the participant about hosts with several addresses: a server that is bound to any
 * address, clients on another host, and what a socket says of itself. The lab's hosts are those of
 * test_addresses.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "tests/clock/participant.h"

union name {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* "10.0.0.1", or an IPv6 address. */
static socklen_t make_name(union name *name, const char *address, uint16_t port) {
  memset(name, 0, sizeof *name);
  if (inet_pton(AF_INET, address, &name->v4.sin_addr) == 1) {
    name->v4.sin_family = AF_INET;
    name->v4.sin_port = htons(port);
    return sizeof name->v4;
  }
  need(inet_pton(AF_INET6, address, &name->v6.sin6_addr) == 1);
  name->v6.sin6_family = AF_INET6;
  name->v6.sin6_port = htons(port);
  return sizeof name->v6;
}

static const char *text_of(const union name *name) {
  static char texts[4][INET6_ADDRSTRLEN + 8];
  static int next;
  char address[INET6_ADDRSTRLEN], *text = texts[next++ % 4];
  bool v4 = name->any.sa_family == AF_INET;
  inet_ntop(name->any.sa_family, v4 ? (const void *)&name->v4.sin_addr : &name->v6.sin6_addr,
            address, sizeof address);
  snprintf(text, sizeof texts[0], "%s %d", address,
           ntohs(v4 ? name->v4.sin_port : name->v6.sin6_port));
  return text;
}

static const char *own_name(int fd) {
  union name name = {0};
  socklen_t length = sizeof name;
  return getsockname(fd, &name.any, &length) ? strerrorname_np(errno) : text_of(&name);
}

static const char *peer_name(int fd) {
  union name name = {0};
  socklen_t length = sizeof name;
  return getpeername(fd, &name.any, &length) ? strerrorname_np(errno) : text_of(&name);
}

static int set_option(int fd, int level, int option) {
  int on = 1;
  return setsockopt(fd, level, option, &on, sizeof on);
}

/* A process on a host. */
static pid_t fork_on(const char *host) {
  pid_t child = fork();
  if (child == 0)
    setenv(CLOCK_HOST_VARIABLE, host, 1);
  return child;
}

/* 0 when all children ended well. */
static int wait_for_all(void) {
  int status, worst = 0;
  while (wait(&status) > 0)
    worst |= status;
  return worst != 0;
}

/* ---- datagrams ---- */

struct datagram {
  char text[16];
  union name from;
  _Alignas(struct cmsghdr) char control[256];
  struct iovec part;
  struct msghdr message;
};

static void receive(int fd, struct datagram *got) {
  memset(got, 0, sizeof *got);
  got->part = (struct iovec){got->text, sizeof got->text - 1};
  got->message = (struct msghdr){.msg_name = &got->from,
                                 .msg_namelen = sizeof got->from,
                                 .msg_iov = &got->part,
                                 .msg_iovlen = 1,
                                 .msg_control = got->control,
                                 .msg_controllen = sizeof got->control};
  need(recvmsg(fd, &got->message, 0) > 0);
}

/* Answers what comes; with the packet info that came with it, unless it says "bare". */
static void serve_datagrams(void) {
  int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  union name any;
  struct datagram got;
  socklen_t length = make_name(&any, "::", 5060);
  need(bind(fd, &any.any, length) == 0);
  need(set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 0);
  say("server at %s", own_name(fd));
  do {
    receive(fd, &got);
    struct cmsghdr *header = CMSG_FIRSTHDR(&got.message);
    need(header && header->cmsg_type == IPV6_PKTINFO);
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(header), sizeof info);
    union name to = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = info.ipi6_addr}};
    say("server: %s from %s to %s, interface %u", got.text, text_of(&got.from), text_of(&to),
        info.ipi6_ifindex);
    if (strcmp(got.text, "bare") == 0)
      got.message.msg_controllen = 0;
    got.part.iov_len = strlen(got.text);
    need(sendmsg(fd, &got.message, 0) == (ssize_t)strlen(got.text));
  } while (strcmp(got.text, "end") != 0);
}

static void send_text(int fd, const char *text, const char *address) {
  union name to;
  socklen_t length = make_name(&to, address, 5060);
  need(sendto(fd, text, strlen(text), 0, &to.any, length) == (ssize_t)strlen(text));
}

static void say_answer(int fd) {
  struct datagram got;
  receive(fd, &got);
  say("client: %s from %s", got.text, text_of(&got.from));
}

static void connect_datagrams(const char *text, const char *address) {
  union name to;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval second = {.tv_sec = 1};
  struct datagram got;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
  socklen_t length = make_name(&to, address, 5060);
  need(connect(fd, &to.any, length) == 0);
  need(send(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
  ssize_t size = recv(fd, got.text, sizeof got.text, 0);
  say("client: connected to %s: %s", peer_name(fd), size < 0 ? strerrorname_np(errno) : "answered");
  close(fd);
}

static int part_datagrams(int a, int b) {
  (void)a, (void)b;
  if (fork_on("server") == 0) {
    serve_datagrams();
    _exit(0);
  }
  if (fork_on("client") == 0) {
    sleep(1);
    int v4 = socket(AF_INET, SOCK_DGRAM, 0), v6 = socket(AF_INET6, SOCK_DGRAM, 0);
    send_text(v4, "one", "10.0.0.1");
    say_answer(v4);
    send_text(v4, "two", "10.0.0.2");
    say_answer(v4);
    /* Both before either is read. */
    send_text(v4, "first", "10.0.0.2");
    send_text(v4, "second", "10.0.0.3");
    say_answer(v4);
    say_answer(v4);
    send_text(v6, "three", "2001:db8::1");
    say_answer(v6);
    send_text(v6, "mapped", "::ffff:10.0.0.2");
    say_answer(v6);
    /* Without packet info the server answers from its first address. */
    send_text(v4, "bare", "10.0.0.2");
    say_answer(v4);
    connect_datagrams("four", "10.0.0.2");
    connect_datagrams("bare", "10.0.0.2");
    connect_datagrams("bare", "10.0.0.1");
    say("client at %s", own_name(v4));
    send_text(v4, "end", "10.0.0.1");
    _exit(0);
  }
  return wait_for_all();
}

/* ---- connections ---- */

static void serve_connections(int count) {
  int listener = socket(AF_INET6, SOCK_STREAM, 0);
  union name name;
  socklen_t length = make_name(&name, "::", 5061);
  need(bind(listener, &name.any, length) == 0 && listen(listener, 5) == 0);
  say("server at %s", own_name(listener));
  for (int i = 0; i < count; i++) {
    length = sizeof name;
    int fd = accept(listener, &name.any, &length);
    char byte;
    need(fd >= 0);
    say("server: accepted %s: %s to %s", text_of(&name), peer_name(fd), own_name(fd));
    need(read(fd, &byte, 1) < 0 && errno == ECONNRESET);
    close(fd);
  }
}

static void connect_to(const char *address, const char *from) {
  union name name;
  socklen_t length = make_name(&name, address, 5061);
  int fd = socket(name.any.sa_family, SOCK_STREAM, 0);
  /* A reset leaves nothing behind that the next lab at these loopback addresses could meet. */
  struct linger reset = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (from) {
    union name own;
    socklen_t own_length = make_name(&own, from, 5070);
    need(bind(fd, &own.any, own_length) == 0);
  }
  need(connect(fd, &name.any, length) == 0);
  say("client: %s to %s", own_name(fd), peer_name(fd));
  sleep(1);
  close(fd);
}

static int part_connections(int a, int b) {
  (void)a, (void)b;
  if (fork_on("server") == 0) {
    serve_connections(5);
    _exit(0);
  }
  if (fork_on("client") == 0) {
    sleep(1);
    connect_to("10.0.0.1", NULL);
    connect_to("10.0.0.2", NULL);
    connect_to("2001:db8::1", NULL);
    connect_to("10.0.0.3", "10.0.0.9");
    connect_to("10.0.0.3", "0.0.0.0");
    _exit(0);
  }
  return wait_for_all();
}

/* ---- binding ---- */

/* Binds and tells the result. Returns the descriptor. */
static int bind_to(const char *address, uint16_t port, bool only_v6) {
  union name name;
  socklen_t length = make_name(&name, address, port);
  int fd = socket(name.any.sa_family, SOCK_DGRAM, 0);
  if (only_v6)
    need(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0);
  int result = bind(fd, &name.any, length);
  say("bind %s%s: %s", address, only_v6 ? " only" : "",
      result ? strerrorname_np(errno) : own_name(fd));
  return fd;
}

static int part_bindings(int a, int b) {
  (void)a, (void)b;
  int any = bind_to("0.0.0.0", 7000, false);
  close(bind_to("10.0.0.1", 7000, false));
  close(bind_to("10.0.0.2", 7000, false));
  close(bind_to("127.0.0.1", 7000, false));
  close(bind_to("2001:db8::1", 7000, false));
  close(bind_to("::", 7000, false));
  int only = bind_to("::", 7000, true);
  close(any);
  close(bind_to("::", 7000, false));
  close(only);
  int exact = bind_to("10.0.0.2", 7000, false);
  close(bind_to("0.0.0.0", 7000, false));
  close(exact);
  close(bind_to("::", 7000, false));
  close(bind_to("10.0.0.1", 7000, false));
  close(bind_to("0.0.0.0", 0, false));
  return 0;
}

static int part_v6only(int a, int b) {
  (void)a, (void)b;
  int fd = socket(AF_INET6, SOCK_DGRAM, 0), value = -1;
  union name name;
  socklen_t length = sizeof value;
  getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length);
  say("at first %d", value);
  set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length);
  say("then %d", value);
  length = make_name(&name, "::ffff:10.0.0.1", 7000);
  say("mapped: bind %s", bind(fd, &name.any, length) ? strerrorname_np(errno) : "0");
  length = make_name(&name, "::ffff:10.0.0.9", 5060);
  say("mapped: connect %s", connect(fd, &name.any, length) ? strerrorname_np(errno) : "0");
  fd = socket(AF_INET6, SOCK_DGRAM, 0);
  length = make_name(&name, "2001:db8::1", 7000);
  need(bind(fd, &name.any, length) == 0);
  say("bound: %s", set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) ? strerrorname_np(errno) : "0");
  return 0;
}

/* ---- a host without IPv6 ---- */

static int part_one_family(int a, int b) {
  (void)a, (void)b;
  union name name;
  int fd = socket(AF_INET6, SOCK_DGRAM, 0), stream = socket(AF_INET6, SOCK_STREAM, 0);
  int localhost = bind_to("::1", 7000, false);
  socklen_t length = make_name(&name, "2001:db8::1", 5060);
  say("send: %s", sendto(fd, "x", 1, 0, &name.any, length) < 0 ? strerrorname_np(errno) : "0");
  say("connect: %s", connect(stream, &name.any, length) ? strerrorname_np(errno) : "0");
  length = make_name(&name, "::1", 7000);
  say("localhost: %s", sendto(fd, "x", 1, 0, &name.any, length) < 0 ? strerrorname_np(errno) : "0");
  struct datagram got;
  receive(localhost, &got);
  say("came from %s", text_of(&got.from));
  close(bind_to("::", 7001, true));
  return 0;
}

/* ---- what the kernel refuses ---- */

static void say_outcome(const char *what, ssize_t result) {
  if (result < 0)
    say("%s: %s", what, strerrorname_np(errno));
  else
    say("%s: %zd", what, result);
}

/* No address at all: nothing is there, and nothing can be. */
static void use_no_address(int datagrams, int stream) {
  struct sockaddr *nothing = NULL, *nowhere = (struct sockaddr *)sysconf(_SC_PAGESIZE) - 1;
  socklen_t length = sizeof(struct sockaddr_in);
  struct iovec part = {"x", 1};
  struct msghdr message = {
      .msg_name = nowhere, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  say_outcome("bind to nothing", bind(stream, nothing, length));
  say_outcome("bind nowhere", bind(stream, nowhere, length));
  say_outcome("connect to nothing", connect(stream, nothing, length));
  say_outcome("connect nowhere", connect(stream, nowhere, length));
  say_outcome("sendto nowhere", sendto(datagrams, "x", 1, 0, nowhere, length));
  say_outcome("sendmsg nowhere", sendmsg(datagrams, &message, 0));
  say_outcome("sendmsg of nothing", sendmsg(datagrams, (struct msghdr *)nothing, 0));
  say_outcome("recvmsg to nothing", recvmsg(datagrams, (struct msghdr *)nothing, 0));
  for (int option = 0; option < 2; option++)
    say_outcome("option",
                setsockopt(stream, option ? IPPROTO_TCP : SOL_SOCKET,
                           option ? TCP_USER_TIMEOUT : SO_KEEPALIVE, nowhere, sizeof(int)));
}

static void use_wrong_lengths(int datagrams, int stream) {
  union {
    union name name;
    char bytes[216];
  } v4 = {{.any = {0}}}, v6 = {{.any = {0}}};
  make_name(&v4.name, "10.0.0.9", 5060);
  make_name(&v6.name, "2001:db8::9", 5060);
  const struct sockaddr *to = &v4.name.any;
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_name = &v4, .msg_namelen = 8, .msg_iov = &part, .msg_iovlen = 1};
  int six = socket(AF_INET6, SOCK_STREAM, 0);
  say_outcome("bind to 8 bytes", bind(stream, to, 8));
  say_outcome("bind to 16 bytes of IPv6", bind(six, &v6.name.any, 16));
  say_outcome("connect to 1 byte", connect(stream, to, 1));
  say_outcome("connect to 8 bytes", connect(stream, to, 8));
  say_outcome("connect to 216 bytes", connect(stream, to, sizeof v4));
  say_outcome("connect to 23 bytes of IPv6", connect(six, &v6.name.any, 23));
  say_outcome("sendto 8 bytes", sendto(datagrams, "x", 1, 0, to, 8));
  say_outcome("sendto 216 bytes", sendto(datagrams, "x", 1, 0, to, sizeof v4));
  say_outcome("sendmsg to 8 bytes", sendmsg(datagrams, &message, 0));
  message.msg_namelen = sizeof v4; /* is cut: sendmsg(2) */
  say_outcome("sendmsg to 216 bytes", sendmsg(datagrams, &message, 0));
  struct cmsghdr control = {.cmsg_len = sizeof control + 1000};
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  say_outcome("control data that is too long", sendmsg(datagrams, &message, 0));
  close(six);
}

static void ask_wrongly(int fd) {
  union name name;
  socklen_t negative = (socklen_t)-1, length = sizeof name, none = 0;
  struct sockaddr *nothing = NULL;
  say_outcome("own name to nothing", getsockname(fd, nothing, &length));
  say_outcome("own name without a length", getsockname(fd, &name.any, (socklen_t *)nothing));
  say_outcome("own name, negative", getsockname(fd, &name.any, &negative));
  say_outcome("own name, no room", getsockname(fd, nothing, &none));
  say("its length %u", none);
  say_outcome("accept without a length", accept(fd, &name.any, (socklen_t *)nothing));
}

static int part_wrong_input(int a, int b) {
  (void)a, (void)b;
  union name name;
  int datagrams = socket(AF_INET, SOCK_DGRAM, 0), stream = socket(AF_INET, SOCK_STREAM, 0);
  use_no_address(datagrams, stream);
  use_wrong_lengths(datagrams, stream);
  socklen_t length = make_name(&name, "255.255.255.255", 5060);
  say_outcome("broadcast", sendto(datagrams, "x", 1, 0, &name.any, length));
  say_outcome("broadcast: connect", connect(datagrams, &name.any, length));
  say_outcome("broadcast: TCP", connect(stream, &name.any, length));
  need(set_option(datagrams, SOL_SOCKET, SO_BROADCAST) == 0);
  say_outcome("broadcast, allowed", sendto(datagrams, "x", 1, 0, &name.any, length));
  length = make_name(&name, "10.0.0.9", 64512);
  say_outcome("port 64512", sendto(datagrams, "x", 1, 0, &name.any, length));
  say_outcome("port 64512: connect", connect(stream, &name.any, length));
  close(bind_to("10.0.0.1", 64512, false));
  close(bind_to("0.0.0.0", 65535, false));
  close(bind_to("10.0.0.1", 64511, false));
  need(listen(stream, 1) == 0);
  need(fcntl(stream, F_SETFL, O_NONBLOCK) == 0);
  ask_wrongly(stream);
  return 0;
}

const struct part address_parts[] = {{"datagrams", part_datagrams},
                                     {"connections", part_connections},
                                     {"bindings", part_bindings},
                                     {"v6only", part_v6only},
                                     {"one-family", part_one_family},
                                     {"wrong-input", part_wrong_input},
                                     {NULL, NULL}};
