/* SPDX-License-Identifier: MIT
 *
 * The command line of the client (client.h): options of the socket and deeds are steps alike.
 *
 *   client STYLE tcp|udp ADDRESS PORT STEP…
 */
#include "tests/network/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char message[4] = {'p', 'i', 'n', 'g'};

static int64_t started_ns;

static int64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t now_ns(void) {
  return clock_ns() - started_ns;
}

void say(const char *what, const char *result) {
  int64_t ns = now_ns();
  printf("%lld", (long long)(ns / 1000000));
  if (ns % 1000000)
    printf(".%06d", (int)(ns % 1000000));
  printf(" %s %s\n", what, result);
  fflush(stdout);
}

void say_result(const char *what, int64_t result) {
  char number[24];
  snprintf(number, sizeof number, "%lld", (long long)result);
  say(what, result < 0 ? strerrorname_np(errno) : number);
}

_Noreturn void give_up(const char *what) {
  perror(what);
  exit(2);
}

/* ---- options ---- */

static void set_option(const struct client *client, int level, int option, int value) {
  if (setsockopt(client->fd, level, option, &value, sizeof value))
    give_up("setsockopt");
}

static void set_timeout(const struct client *client, int option, int ms) {
  struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
  if (setsockopt(client->fd, SOL_SOCKET, option, &timeout, sizeof timeout))
    give_up("setsockopt");
}

static void set_syn_count(struct client *client, int value) {
  set_option(client, IPPROTO_TCP, TCP_SYNCNT, value);
}

static void set_user_timeout(struct client *client, int value) {
  set_option(client, IPPROTO_TCP, TCP_USER_TIMEOUT, value);
}

/* A probe after as many seconds, and each second; three of them. */
static void set_keepalive(struct client *client, int value) {
  set_option(client, IPPROTO_TCP, TCP_KEEPIDLE, value);
  set_option(client, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(client, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(client, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static void set_error_queue(struct client *client, int value) {
  (void)value;
  bool v4 = client->peer.ss_family == AF_INET;
  set_option(client, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
}

static void set_send_timeout(struct client *client, int value) {
  set_timeout(client, SO_SNDTIMEO, value);
}

static void set_patience(struct client *client, int value) {
  client->patience_ms = value;
  if (client->style == BLOCKING)
    set_timeout(client, SO_RCVTIMEO, value);
}

static void leave_unconnected(struct client *client, int value) {
  (void)value;
  client->is_unconnected = true;
}

/* ---- deeds ---- */

static void do_connect(struct client *client, int value) {
  (void)value;
  client->calls->connect(client);
}

/* connect(2): AF_UNSPEC dissolves the association. */
static void dissolve(struct client *client, int value) {
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  (void)value;
  say_result("dissolve", connect(client->fd, &nobody, sizeof nobody));
}

static void do_send(struct client *client, int value) {
  (void)value;
  client->calls->send(client);
}

static void do_receive(struct client *client, int value) {
  (void)value;
  client->calls->receive(client);
}

static void do_shut_down(struct client *client, int value) {
  (void)value;
  client->calls->shut_down(client);
}

static void *shut_down_later(void *context) {
  const struct client *client = context;
  usleep((useconds_t)client->hang_up_ms * 1000);
  shutdown(client->fd, SHUT_RDWR);
  return NULL;
}

/* By another thread, so much later; says nothing, because the two would say it in any order. */
static void hang_up(struct client *client, int value) {
  pthread_t thread;
  client->hang_up_ms = value;
  if (pthread_create(&thread, NULL, shut_down_later, client) || pthread_detach(thread))
    give_up("pthread_create");
}

static void do_wait(struct client *client, int value) {
  client->calls->wait_until(client, value);
}

static void ask_for_error(struct client *client, int value) {
  (void)value;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size))
    give_up("getsockopt");
  say("SO_ERROR", error ? strerrorname_np(error) : "0");
}

static const char *target_text(const struct sockaddr_storage *address, char *text, size_t size) {
  char host[INET6_ADDRSTRLEN] = "?";
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  bool is_v4 = address->ss_family == AF_INET;
  inet_ntop(address->ss_family, is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr,
            host, sizeof host);
  snprintf(text, size, "%s %d", host, ntohs(is_v4 ? v4->sin_port : v6->sin6_port));
  return text;
}

/* The oldest entry of the error queue (ip(7), IP_RECVERR): errno, who says it, ICMP type and code,
 * and what was sent to. */
static void read_error_queue(struct client *client, int value) {
  (void)value;
  struct sockaddr_storage target = {0};
  char control[512], bytes[64], address[64], text[160];
  struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
  struct msghdr header = {.msg_name = &target,
                          .msg_namelen = sizeof target,
                          .msg_iov = &part,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof control};
  ssize_t size = recvmsg(client->fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (size < 0) {
    say_result("error-queue", size);
    return;
  }
  for (struct cmsghdr *entry = CMSG_FIRSTHDR(&header); entry; entry = CMSG_NXTHDR(&header, entry)) {
    struct sock_extended_err error;
    memcpy(&error, CMSG_DATA(entry), sizeof error);
    snprintf(text, sizeof text, "%s origin %d type %d code %d to %s size %d",
             strerrorname_np((int)error.ee_errno), error.ee_origin, error.ee_type, error.ee_code,
             target_text(&target, address, sizeof address), (int)size);
    say("error-queue", text);
  }
}

/* ---- the command line ---- */

static const struct step {
  const char *name;
  void (*run)(struct client *client, int value);
} steps[] = {
    {"syn-count", set_syn_count},
    {"user-timeout", set_user_timeout},
    {"keepalive", set_keepalive},
    {"error-queue", set_error_queue},
    {"send-timeout", set_send_timeout},
    {"patience", set_patience},
    {"unconnected", leave_unconnected},
    {"connect", do_connect},
    {"dissolve", dissolve},
    {"send", do_send},
    {"receive", do_receive},
    {"shutdown", do_shut_down},
    {"hang-up", hang_up},
    {"wait", do_wait},
    {"error", ask_for_error},
    {"read-error-queue", read_error_queue},
};

static void run_step(struct client *client, const char *text) {
  size_t length = strcspn(text, "=");
  int value = text[length] ? (int)strtol(text + length + 1, NULL, 10) : 0;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
    if (strlen(steps[i].name) == length && memcmp(steps[i].name, text, length) == 0) {
      steps[i].run(client, value);
      return;
    }
  errno = EINVAL;
  give_up(text);
}

static enum style style_of(const char *name) {
  static const char *const names[] = {"blocking", "non-blocking", "poll",
                                      "select",   "epoll",        "libuv"};
  for (int i = 0; i <= LIBUV; i++)
    if (strcmp(names[i], name) == 0)
      return (enum style)i;
  errno = EINVAL;
  give_up(name);
}

static void read_address(struct client *client, const char *address, const char *port) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)&client->peer;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&client->peer;
  uint16_t number = htons((uint16_t)strtol(port, NULL, 10));
  if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = number;
    client->peer_length = sizeof *v4;
  } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = number;
    client->peer_length = sizeof *v6;
  } else {
    errno = EINVAL;
    give_up(address);
  }
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: client STYLE tcp|udp ADDRESS PORT STEP…\n");
    return 2;
  }
  struct client client = {.style = style_of(argv[1]), .patience_ms = -1};
  client.type = strcmp(argv[2], "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  client.calls = client.style == LIBUV ? &libuv_calls : &plain_calls;
  read_address(&client, argv[3], argv[4]);
  signal(SIGPIPE, SIG_IGN);
  started_ns = clock_ns();
  client.calls->open(&client);
  for (int i = 5; i < argc; i++)
    run_step(&client, argv[i]);
  return 0;
}
