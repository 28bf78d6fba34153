/* SPDX-License-Identifier: MIT
 *
 * The part of the participant that talks to hosts which can't be reached, by plain sockets, and
 * prints what it got and when. It sets the states as well, since it has the turn. Commands:
 *
 *   serve:HOST                    starts an echo server at port 5060 of all addresses of a host
 *   set:ADDRESS,PROTOCOL,STATE    "tcp", "udp", "all"; "up", "silent", "refused", "unreachable"
 *   after:MS,COMMAND              the same by another process, so much later
 *   open:udp|tcp,4|6[,nonblock]   a socket, instead of the one before
 *   option:NAME,VALUE  get:NAME   setsockopt, getsockopt
 *   connect:ADDRESS  peer  sendto:ADDRESS,TEXT  send:TEXT  fill:SIZE  recv
 *   write:TEXT  sendfile:SIZE     the text may be empty
 *   poll:MS  pollin:MS  select:MS  epoll:MS  error  queue  shutdown  close
 *   sleep:MS  alarm:MS  fork:MS   fork: the child keeps the socket for so long
 *   hang-up:MS  close-up:MS       shutdown and close by another thread, so much later
 *   signal-server  kill-server    it closes its connections; it dies
 */
#include "tests/clock/participant_reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/address.h"
#include "harness/clock/segment.h"
#include "tests/clock/participant.h"

enum { PORT = 5060, CONNECTIONS_MAX = 16, WORDS_MAX = 4 };

static int fd = -1;
static pid_t server;

static const char *outcome(ssize_t result) {
  static char text[32];
  if (result < 0)
    return strerrorname_np(errno);
  snprintf(text, sizeof text, "%d", (int)result);
  return text;
}

static void parse(const char *text, struct sockaddr_storage *address) {
  need(address_parse(address, text, PORT, NULL) == 0);
}

/* ---- the server ---- */

static volatile sig_atomic_t closes_all;

static void on_signal(int number) {
  (void)number;
  closes_all = 1;
}

static int listen_at(int type, int family) {
  int listener = socket(family, type, 0), on = 1;
  struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
  ((struct sockaddr_in *)&any)->sin_port = htons(PORT); /* at the same place in both */
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6)
    setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  need(bind(listener, (struct sockaddr *)&any, address_length(&any)) == 0);
  need(type == SOCK_DGRAM || listen(listener, CONNECTIONS_MAX) == 0);
  return listener;
}

/* Echoes; says what ends a connection. Returns whether it goes on. */
static bool echo(int connection) {
  char bytes[65536];
  ssize_t size = recv(connection, bytes, sizeof bytes, 0);
  if (size > 0) {
    say("server got %d", (int)size);
    send(connection, bytes, (size_t)size, MSG_NOSIGNAL);
    return true;
  }
  say("server: end %s", outcome(size));
  close(connection);
  return false;
}

static void echo_datagram(int socket) {
  char bytes[1024];
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  ssize_t size = recvfrom(socket, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
  need(size >= 0);
  say("server got %.*s", (int)size, bytes);
  sendto(socket, bytes, (size_t)size, 0, (struct sockaddr *)&from, length);
}

/* The first four are listeners. */
static void serve_polled(struct pollfd *polled, nfds_t *count) {
  if (closes_all)
    while (*count > 4)
      close(polled[--*count].fd);
  closes_all = 0;
  for (nfds_t i = 4; i < *count; i++)
    if (polled[i].revents && !echo(polled[i].fd))
      polled[i--] = polled[--*count];
  for (int i = 0; i < 2; i++)
    if (polled[i].revents)
      echo_datagram(polled[i].fd);
  for (int i = 2; i < 4; i++)
    if (polled[i].revents && *count < CONNECTIONS_MAX)
      polled[(*count)++] =
          (struct pollfd){.fd = accept(polled[i].fd, NULL, NULL), .events = POLLIN};
}

static void serve(int ready) {
  struct pollfd polled[CONNECTIONS_MAX] = {{listen_at(SOCK_DGRAM, AF_INET), POLLIN, 0},
                                           {listen_at(SOCK_DGRAM, AF_INET6), POLLIN, 0},
                                           {listen_at(SOCK_STREAM, AF_INET), POLLIN, 0},
                                           {listen_at(SOCK_STREAM, AF_INET6), POLLIN, 0}};
  nfds_t count = 4;
  signal(SIGUSR1, on_signal);
  close(ready);
  for (;;) {
    if (poll(polled, count, -1) < 0)
      for (nfds_t i = 0; i < count; i++)
        polled[i].revents = 0;
    serve_polled(polled, &count);
  }
}

static void command_serve(char **words) {
  int ready[2];
  char byte;
  need(pipe(ready) == 0);
  server = fork();
  if (server == 0) {
    close(ready[0]);
    setenv("SIPFALL_HOST", words[0], 1);
    serve(ready[1]);
  }
  close(ready[1]);
  need(read(ready[0], &byte, 1) == 0);
  close(ready[0]);
}

static void command_signal_server(char **words) {
  (void)words;
  kill(server, SIGUSR1);
}

static void command_kill_server(char **words) {
  (void)words;
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  server = 0;
}

/* ---- the network ---- */

static void command_set(char **words) {
  static struct clock_segment *segment;
  static const char *const states[] = {"up", "silent", "refused", "unreachable"};
  struct sockaddr_storage address;
  int protocol = strcmp(words[1], "tcp") == 0   ? IPPROTO_TCP
                 : strcmp(words[1], "udp") == 0 ? IPPROTO_UDP
                                                : 0;
  need(address_parse(&address, words[0], 0, NULL) == 0);
  if (!segment)
    segment = clock_segment_open(getenv(CLOCK_SEGMENT_VARIABLE));
  need(segment);
  for (int i = 0; i < 4; i++)
    if (strcmp(words[2], states[i]) == 0)
      need(reach_set(&segment->network, (struct sockaddr *)&address, protocol,
                     (enum reach_state)i) == 0);
}

static void sleep_ms(const char *word) {
  usleep((useconds_t)strtoul(word, NULL, 10) * 1000);
}

static void run_command(char *command);

static void command_after(char **words) {
  if (fork() != 0)
    return;
  char command[128] = "";
  sleep_ms(words[0]);
  for (int i = 1; words[i]; i++)
    snprintf(command + strlen(command), sizeof command - strlen(command), "%s%s", i > 1 ? "," : "",
             words[i]);
  run_command(command);
  _exit(0);
}

/* ---- the client ---- */

static void command_open(char **words) {
  bool tcp = strcmp(words[0], "tcp") == 0, v6 = strcmp(words[1], "6") == 0;
  if (fd >= 0)
    close(fd);
  fd = socket(v6 ? AF_INET6 : AF_INET,
              (tcp ? SOCK_STREAM : SOCK_DGRAM) | (words[2] ? SOCK_NONBLOCK : 0), 0);
  need(fd >= 0);
}

static const struct option {
  const char *name;
  int level, option;
} options[] = {
    {"keepalive", SOL_SOCKET, SO_KEEPALIVE},       {"idle", IPPROTO_TCP, TCP_KEEPIDLE},
    {"interval", IPPROTO_TCP, TCP_KEEPINTVL},      {"count", IPPROTO_TCP, TCP_KEEPCNT},
    {"timeout", IPPROTO_TCP, TCP_USER_TIMEOUT},    {"retries", IPPROTO_TCP, TCP_SYNCNT},
    {"errors4", IPPROTO_IP, IP_RECVERR},           {"errors6", IPPROTO_IPV6, IPV6_RECVERR},
    {"send-timeout", SOL_SOCKET, SO_SNDTIMEO_OLD}, {"linger", SOL_SOCKET, SO_LINGER},
};

static const struct option *find_option(const char *name) {
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
    if (strcmp(name, options[i].name) == 0)
      return &options[i];
  abort();
}

static void command_option(char **words) {
  const struct option *option = find_option(words[0]);
  int value = (int)strtol(words[1], NULL, 10);
  struct timeval time = {.tv_sec = value};
  struct linger linger = {.l_onoff = 1, .l_linger = value};
  const void *bytes = &value;
  socklen_t size = sizeof value;
  if (option->option == SO_SNDTIMEO_OLD && option->level == SOL_SOCKET) {
    bytes = &time;
    size = sizeof time;
  } else if (option->option == SO_LINGER && option->level == SOL_SOCKET) {
    bytes = &linger;
    size = sizeof linger;
  }
  if (setsockopt(fd, option->level, option->option, bytes, size))
    say("option %s %s", words[0], outcome(-1));
}

static void command_get(char **words) {
  const struct option *option = find_option(words[0]);
  int values[2] = {-1, -1};
  socklen_t length = sizeof values;
  need(getsockopt(fd, option->level, option->option, values, &length) == 0);
  if (length == sizeof values)
    say("%s %d %d", words[0], values[0], values[1]);
  else
    say("%s %d", words[0], values[0]);
}

static void command_connect(char **words) {
  struct sockaddr_storage address;
  parse(words[0], &address);
  say("connect %s", outcome(connect(fd, (struct sockaddr *)&address, address_length(&address))));
}

static void command_names(char **words) {
  struct sockaddr_storage peer = {0};
  socklen_t length = sizeof peer;
  char text[ADDRESS_TEXT_SIZE];
  (void)words;
  int result = getpeername(fd, (struct sockaddr *)&peer, &length);
  say("peer %s", result ? outcome(result) : address_format(&peer, text));
}

static void command_sendto(char **words) {
  struct sockaddr_storage address;
  parse(words[0], &address);
  say("sendto %s", outcome(sendto(fd, words[1], strlen(words[1]), 0, (struct sockaddr *)&address,
                                  address_length(&address))));
}

static void command_send(char **words) {
  say("send %s", outcome(send(fd, words[0], strlen(words[0]), MSG_NOSIGNAL)));
}

static void command_write(char **words) {
  const char *text = words[0] ? words[0] : "";
  say("write %s", outcome(write(fd, text, strlen(text))));
}

/* The file's offset moves as far as was sent. */
static void command_sendfile(char **words) {
  off_t size = strtol(words[0], NULL, 10);
  int file = memfd_create("file", 0);
  need(file >= 0 && ftruncate(file, size) == 0);
  ssize_t sent = sendfile(fd, file, NULL, (size_t)size + 1);
  say("sendfile %s", outcome(sent));
  need(lseek(file, 0, SEEK_CUR) == (sent < 0 ? 0 : sent));
  close(file);
}

static void command_fill(char **words) {
  size_t size = strtoul(words[0], NULL, 10);
  char *bytes = calloc(1, size);
  need(bytes);
  say("fill %s", outcome(write(fd, bytes, size)));
  free(bytes);
}

static void command_recv(char **words) {
  char bytes[65536];
  (void)words;
  say("recv %s", outcome(recv(fd, bytes, sizeof bytes, 0)));
}

static void say_bits(const char *what, unsigned bits) {
  static const struct {
    unsigned bit;
    const char *name;
  } names[] = {{EPOLLIN, " in"},   {EPOLLOUT, " out"},     {EPOLLERR, " err"},
               {EPOLLHUP, " hup"}, {EPOLLRDHUP, " rdhup"}, {EPOLLPRI, " pri"}};
  char text[64] = "";
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (bits & names[i].bit)
      snprintf(text + strlen(text), sizeof text - strlen(text), "%s", names[i].name);
  say("%s%s", what, *text ? text : " nothing");
}

static void command_poll(char **words) {
  struct pollfd polled = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
  poll(&polled, 1, (int)strtol(words[0], NULL, 10));
  say_bits("poll", (unsigned)polled.revents);
}

static void command_pollin(char **words) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  poll(&polled, 1, (int)strtol(words[0], NULL, 10));
  say_bits("pollin", (unsigned)polled.revents);
}

static void command_select(char **words) {
  int ms = (int)strtol(words[0], NULL, 10);
  struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
  fd_set in, out;
  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(fd, &in);
  FD_SET(fd, &out);
  int count = select(fd + 1, &in, &out, NULL, &timeout);
  say("select %d%s%s", count, FD_ISSET(fd, &in) ? " in" : "", FD_ISSET(fd, &out) ? " out" : "");
}

static void command_epoll(char **words) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET}, got = {0};
  int set = epoll_create1(0);
  need(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0);
  while (epoll_wait(set, &got, 1, 0) == 1) { /* what it is now; what comes is a new edge */
  }
  got.events = 0;
  epoll_wait(set, &got, 1, (int)strtol(words[0], NULL, 10));
  say_bits("epoll", got.events);
  close(set);
}

static void command_error(char **words) {
  int error = 0;
  socklen_t length = sizeof error;
  (void)words;
  need(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0);
  say("error %s", error ? strerrorname_np(error) : "0");
}

static void command_queue(char **words) {
  char bytes[64], control[512], to_text[ADDRESS_TEXT_SIZE];
  struct sockaddr_storage to = {0};
  struct iovec part = {bytes, sizeof bytes};
  struct msghdr message = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
  (void)words;
  ssize_t size = recvmsg(fd, &message, MSG_ERRQUEUE);
  if (size < 0) {
    say("queue %s", outcome(size));
    return;
  }
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(&message, header))
    if (header->cmsg_type == IP_RECVERR || header->cmsg_type == IPV6_RECVERR) {
      const struct sock_extended_err *error = (struct sock_extended_err *)CMSG_DATA(header);
      say("queue %.*s to %s: %s origin %u type %u code %u", (int)size, bytes,
          address_format(&to, to_text), strerrorname_np((int)error->ee_errno), error->ee_origin,
          error->ee_type, error->ee_code);
    }
}

static void command_shutdown(char **words) {
  (void)words;
  say("shutdown %s", outcome(shutdown(fd, SHUT_WR)));
}

static void command_close(char **words) {
  (void)words;
  close(fd);
  fd = -1;
}

static void command_sleep(char **words) {
  sleep_ms(words[0]);
}

static void on_alarm(int number) {
  (void)number;
}

static void command_alarm(char **words) {
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  alarm((unsigned)strtoul(words[0], NULL, 10) / 1000);
}

static unsigned later_ms;

static void *hang_up(void *unused) {
  usleep(later_ms * 1000);
  say("thread: shutdown %s", outcome(shutdown(fd, SHUT_RDWR)));
  return unused;
}

static void *close_up(void *unused) {
  usleep(later_ms * 1000);
  say("thread: close %s", outcome(close(fd)));
  return unused;
}

static void start_thread(void *(*run)(void *), const char *ms) {
  pthread_t thread;
  later_ms = (unsigned)strtoul(ms, NULL, 10);
  need(pthread_create(&thread, NULL, run, NULL) == 0 && pthread_detach(thread) == 0);
}

static void command_hang_up(char **words) {
  start_thread(hang_up, words[0]);
}

static void command_close_up(char **words) {
  start_thread(close_up, words[0]);
}

static void command_fork(char **words) {
  if (fork() == 0) {
    sleep_ms(words[0]);
    _exit(0);
  }
}

/* ---- commands ---- */

static const struct command {
  const char *name;
  void (*run)(char **words);
} commands[] = {
    {"serve", command_serve},
    {"signal-server", command_signal_server},
    {"kill-server", command_kill_server},
    {"set", command_set},
    {"after", command_after},
    {"open", command_open},
    {"option", command_option},
    {"get", command_get},
    {"connect", command_connect},
    {"peer", command_names},
    {"sendto", command_sendto},
    {"send", command_send},
    {"write", command_write},
    {"sendfile", command_sendfile},
    {"fill", command_fill},
    {"recv", command_recv},
    {"poll", command_poll},
    {"pollin", command_pollin},
    {"select", command_select},
    {"epoll", command_epoll},
    {"error", command_error},
    {"queue", command_queue},
    {"shutdown", command_shutdown},
    {"close", command_close},
    {"sleep", command_sleep},
    {"alarm", command_alarm},
    {"fork", command_fork},
    {"hang-up", command_hang_up},
    {"close-up", command_close_up},
};

/* Cuts "WHAT:ARGUMENT,…" in place; other colons belong to arguments. */
static void run_command(char *command) {
  char *words[WORDS_MAX + 2] = {NULL}, *rest = strchr(command, ':');
  int count = 0;
  if (rest)
    *rest++ = '\0';
  while (rest && count < WORDS_MAX)
    words[count++] = strsep(&rest, ",");
  words[count] = rest;
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(command, commands[i].name) == 0) {
      commands[i].run(words);
      return;
    }
  abort();
}

int part_reach(char **arguments) {
  for (; *arguments; arguments++)
    run_command(*arguments);
  if (server)
    kill(server, SIGKILL);
  while (wait(NULL) > 0) {
  }
  return 0;
}
