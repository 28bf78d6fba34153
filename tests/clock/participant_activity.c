/* SPDX-License-Identifier: MIT
 *
 * The parts of the participant about who looks after a deed, in a lab with a simulated network.
 *
 *   exchange MESSAGES IDLE   so many datagrams go to and fro between the hosts ping and pong, while
 *                            IDLE others (idle1, idle2, …) wait for some
 *   deed N                   a process does the N-th of the deeds below after a second, and stays;
 *                            another one, which would look by itself after ten, says when it saw it
 *
 * Whoever is on a host of its own is a program of its own, told by its environment.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clock/participant.h"
#include "tests/clock/participant_activity.h"

static const char ping_address[] = "10.0.0.1", pong_address[] = "10.0.0.2",
                  proxy_address[] = "10.0.0.3";

struct sockaddr_in address_of(const char *text, uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  need(inet_pton(AF_INET, text, &address.sin_addr) == 1);
  return address;
}

int bound(const char *text, int type, uint16_t port) {
  struct sockaddr_in own = address_of(text, port);
  int fd = socket(AF_INET, type, 0), on = 1;
  /* The lab before this one may have left a connection in TIME_WAIT. */
  need(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  need(bind(fd, (struct sockaddr *)&own, sizeof own) == 0);
  return fd;
}

void connect_to(int fd, const char *text) {
  struct sockaddr_in to = address_of(text, PORT);
  need(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
}

static void send_to(int fd, const char *text, const char *bytes) {
  struct sockaddr_in to = address_of(text, PORT);
  need(sendto(fd, bytes, strlen(bytes), 0, (struct sockaddr *)&to, sizeof to) >= 0);
}

pid_t start(const char *host, const char *part, int a, int b) {
  pid_t child = fork();
  if (child != 0)
    return child;
  char numbers[2][12];
  snprintf(numbers[0], sizeof numbers[0], "%d", a);
  snprintf(numbers[1], sizeof numbers[1], "%d", b);
  if (host)
    setenv("SIPFALL_HOST", host, 1);
  execl("/proc/self/exe", "participant", part, numbers[0], numbers[1], NULL);
  _exit(126);
}

void stop(pid_t child) {
  need(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
}

/* ---- an exchange among many ---- */

enum { IDLE_MAX = 400 };

static int part_exchange(int messages, int idle) {
  pid_t children[IDLE_MAX + 1];
  int count = 0, status = -1;
  need(idle <= IDLE_MAX);
  children[count++] = start("pong", "exchange-pong", 0, 0);
  for (int i = 0; i < idle; i++) {
    char host[16];
    snprintf(host, sizeof host, "idle%d", i + 1);
    children[count++] = start(host, "exchange-idle", i, 0);
  }
  pid_t ping = start("ping", "exchange-ping", messages, 0);
  need(waitpid(ping, &status, 0) == ping);
  while (count > 0)
    stop(children[--count]);
  say("exchanged %d", status);
  return 0;
}

static int part_ping(int messages, int unused) {
  (void)unused;
  char byte;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (int i = 0; i < messages; i += 2) {
    send_to(fd, pong_address, "x");
    need(recv(fd, &byte, 1, 0) == 1);
  }
  return 0;
}

static int part_pong(int unused, int unused_too) {
  (void)unused, (void)unused_too;
  int fd = bound(pong_address, SOCK_DGRAM, PORT);
  char byte;
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  while (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&from, &length) == 1)
    need(sendto(fd, &byte, 1, 0, (struct sockaddr *)&from, length) == 1);
  return 1; /* it is stopped */
}

/* Half of them wait by poll, half by epoll. */
static int part_idle(int number, int unused) {
  (void)unused;
  int fd = bound("0.0.0.0", SOCK_DGRAM, PORT), epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  if (number % 2)
    epoll_wait(epoll, &event, 1, -1);
  else
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
  return 1; /* nobody ever sends to it */
}

/* ---- deeds ---- */

/* What the first process hands down: to who does the deed, and to who watches in some cases. The
 * pipe is everybody's standard input as well. */
enum { PIPE_READER = 20, PIPE_WRITER, EVENTS, PAIR_ONE, PAIR_OTHER, HANDED_SOCKET };

static const char queue_path[] = "queue", file_path[] = "file";

static int watch_datagrams(void) {
  return bound(pong_address, SOCK_DGRAM, PORT);
}

static int watch_listener(void) {
  int fd = bound(pong_address, SOCK_STREAM, PORT);
  need(listen(fd, 1) == 0);
  return fd;
}

static int watch_connection(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  connect_to(fd, ping_address);
  return fd;
}

static int watch_proxy(void) {
  return bound(proxy_address, SOCK_DGRAM, PORT);
}

/* In the file system, which the hosts share. Who sends there removes it. The number is the id of
 * who made the lab, so that no other lab has the same name. */
static socklen_t local_name(struct sockaddr_un *address) {
  int maker = 0;
  need(sscanf(getenv("SIPFALL_CLOCK"), "%*[/]proc/%d", &maker) == 1);
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  snprintf(address->sun_path, sizeof address->sun_path, "/tmp/sipfall-test-activity-%d", maker);
  return sizeof *address;
}

static int watch_local_socket(void) {
  struct sockaddr_un own;
  socklen_t length = local_name(&own);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  unlink(own.sun_path); /* of a run that was killed */
  need(bind(fd, (struct sockaddr *)&own, length) == 0);
  return fd;
}

static int watch_pipe(void) {
  return PIPE_READER;
}

static int watch_input(void) {
  return STDIN_FILENO;
}

/* The deed is done by a child that was not started anew. */
static int watch_child(void) {
  int pipes[2];
  need(pipe(pipes) == 0);
  if (fork() == 0) {
    sleep(1);
    need(write(pipes[1], "x", 1) == 1);
    sleep(100);
    _exit(0);
  }
  return pipes[0];
}

static int watch_events(void) {
  return EVENTS;
}

static int watch_pair(void) {
  return PAIR_OTHER;
}

static int watch_handed_socket(void) {
  return HANDED_SOCKET;
}

static int watch_queue(void) {
  return open(queue_path, O_RDONLY | O_NONBLOCK);
}

static int watch_file(void) {
  int fd = inotify_init1(0);
  need(inotify_add_watch(fd, file_path, IN_MODIFY) >= 0);
  return fd;
}

static int watch_file_the_older_way(void) {
  int fd = inotify_init();
  need(inotify_add_watch(fd, file_path, IN_MODIFY) >= 0);
  return fd;
}

static int watch_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  return signalfd(-1, &set, 0);
}

static int own_socket, accepted; /* of who does the deed */

static void prepare_datagrams(void) {
  own_socket = socket(AF_INET, SOCK_DGRAM, 0);
}

static void prepare_stream(void) {
  own_socket = socket(AF_INET, SOCK_STREAM, 0);
}

static void prepare_listener(void) {
  own_socket = bound(ping_address, SOCK_STREAM, PORT);
  need(listen(own_socket, 1) == 0);
}

static void do_send_to(void) {
  send_to(own_socket, pong_address, "x");
}

static void do_send_connected(void) {
  connect_to(own_socket, pong_address);
  need(send(own_socket, "x", 1, 0) == 1);
}

static void do_send_message(void) {
  struct sockaddr_in to = address_of(pong_address, PORT);
  struct iovec part = {"x", 1};
  struct msghdr message = {
      .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
  need(sendmsg(own_socket, &message, 0) == 1);
}

static void do_send_messages(void) {
  struct sockaddr_in to = address_of(pong_address, PORT);
  struct iovec part = {"x", 1};
  struct mmsghdr message = {
      .msg_hdr = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1}};
  need(sendmmsg(own_socket, &message, 1, 0) == 1);
}

static void do_send_to_proxy(void) {
  send_to(own_socket, proxy_address, "x");
}

static void do_connect(void) {
  connect_to(own_socket, pong_address);
}

static void accept_peer(void) {
  accepted = accept(own_socket, NULL, NULL);
  need(accepted >= 0);
}

static void do_write_segment(void) {
  accept_peer();
  need(write(accepted, "x", 1) == 1);
}

static void do_write_parts(void) {
  struct iovec parts[] = {{"x", 1}, {"y", 1}};
  accept_peer();
  need(writev(accepted, parts, 2) == 2);
}

static int file_of_one_byte(void) {
  int fd = memfd_create("file", 0);
  need(pwrite(fd, "x", 1, 0) == 1);
  return fd;
}

static void do_send_file(void) {
  accept_peer();
  need(sendfile(accepted, file_of_one_byte(), NULL, 1) == 1);
}

static void do_send_file64(void) {
  accept_peer();
  need(sendfile64(accepted, file_of_one_byte(), NULL, 1) == 1);
}

static void do_shutdown(void) {
  accept_peer();
  need(shutdown(accepted, SHUT_WR) == 0);
}

static void do_close(void) {
  accept_peer();
  need(close(accepted) == 0);
}

static void do_reset(void) {
  const struct linger at_once = {.l_onoff = 1};
  accept_peer();
  need(setsockopt(accepted, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  need(close(accepted) == 0);
}

static void do_close_listener(void) {
  need(close(own_socket) == 0);
}

static void do_send_local(void) {
  struct sockaddr_un to;
  socklen_t length = local_name(&to);
  need(sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, (struct sockaddr *)&to, length) == 1);
  need(unlink(to.sun_path) == 0);
}

/* To connect is a deed of its own. */
static void do_send_connected_local(void) {
  struct sockaddr_un to;
  socklen_t length = local_name(&to);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  need(connect(fd, (struct sockaddr *)&to, length) == 0);
  sleep(1);
  need(send(fd, "x", 1, 0) == 1);
  need(unlink(to.sun_path) == 0);
}

static void do_nothing(void) {
}

static void do_write_pipe(void) {
  need(write(PIPE_WRITER, "x", 1) == 1);
}

static void do_close_pipe(void) {
  need(close(PIPE_WRITER) == 0);
}

static void do_close_pipe_range(void) {
  need(close_range(PIPE_WRITER, PIPE_WRITER, 0) == 0);
}

static void do_replace_pipe(void) {
  need(dup2(STDERR_FILENO, PIPE_WRITER) == PIPE_WRITER);
}

static void do_replace_pipe_on_exec(void) {
  need(dup3(STDERR_FILENO, PIPE_WRITER, O_CLOEXEC) == PIPE_WRITER);
  need(fcntl(PIPE_WRITER, F_GETFD) == FD_CLOEXEC);
}

static void do_write_events(void) {
  need(eventfd_write(EVENTS, 1) == 0);
}

static void do_write_pair(void) {
  need(write(PAIR_ONE, "x", 1) == 1);
}

static void do_write_queue(void) {
  int fd = open(queue_path, O_WRONLY | O_NONBLOCK);
  need(write(fd, "x", 1) == 1);
}

static void do_write_file(void) {
  int fd = open(file_path, O_WRONLY);
  need(write(fd, "x", 1) == 1);
}

static void do_signal(void) {
  need(kill(0, SIGUSR1) == 0); /* the process group, all of whom have it blocked */
}

static void do_signal_group(void) {
  need(killpg(getpgrp(), SIGUSR1) == 0);
}

static const struct deed {
  const char *name, *from, *at; /* hosts; NULL: the lab's */
  void (*prepare)(void);        /* at once */
  void (*act)(void);            /* after a second */
  int (*watch)(void);           /* gives what becomes readable then */
  bool handed_down;             /* what the first process has, to who watches too */
} deeds[] = {
    {"sendto", "ping", "pong", prepare_datagrams, do_send_to, watch_datagrams, false},
    {"send", "ping", "pong", prepare_datagrams, do_send_connected, watch_datagrams, false},
    {"sendmsg", "ping", "pong", prepare_datagrams, do_send_message, watch_datagrams, false},
    {"sendto on one host", "pong", "pong", prepare_datagrams, do_send_to, watch_datagrams, false},
    {"sendto a proxy", "ping", NULL, prepare_datagrams, do_send_to_proxy, watch_proxy, false},
    {"connect", "ping", "pong", prepare_stream, do_connect, watch_listener, false},
    {"write", "ping", "pong", prepare_listener, do_write_segment, watch_connection, false},
    {"shutdown", "ping", "pong", prepare_listener, do_shutdown, watch_connection, false},
    {"close", "ping", "pong", prepare_listener, do_close, watch_connection, false},
    {"reset", "ping", "pong", prepare_listener, do_reset, watch_connection, false},
    {"close of a listener", "ping", "pong", prepare_listener, do_close_listener, watch_connection,
     false},
    {"local socket", "ping", "pong", NULL, do_send_local, watch_local_socket, false},
    {"connected local socket", "ping", "pong", NULL, do_send_connected_local, watch_local_socket,
     false},
    {"standard input", NULL, "pong", NULL, do_write_pipe, watch_input, false},
    {"child", "ping", "pong", NULL, do_nothing, watch_child, false},
    {"pipe up", "ping", NULL, NULL, do_write_pipe, watch_pipe, true},
    {"pipe on one host", "ping", "ping", NULL, do_write_pipe, watch_pipe, true},
    {"pipe handed down to both", "ping", "pong", NULL, do_write_pipe, watch_pipe, true},
    {"end of a pipe", "ping", "pong", NULL, do_close_pipe, watch_pipe, true},
    {"eventfd", "ping", "pong", NULL, do_write_events, watch_events, true},
    {"pair of sockets", "ping", "pong", NULL, do_write_pair, watch_pair, true},
    {"socket handed down", "ping", "pong", prepare_datagrams, do_send_to_proxy, watch_handed_socket,
     true},
    {"named pipe", "ping", "pong", NULL, do_write_queue, watch_queue, false},
    {"file", "ping", "pong", NULL, do_write_file, watch_file, false},
    {"signal", "ping", "pong", NULL, do_signal, watch_signals, false},
    {"sendmmsg", "ping", "pong", prepare_datagrams, do_send_messages, watch_datagrams, false},
    {"writev", "ping", "pong", prepare_listener, do_write_parts, watch_connection, false},
    {"sendfile", "ping", "pong", prepare_listener, do_send_file, watch_connection, false},
    {"sendfile64", "ping", "pong", prepare_listener, do_send_file64, watch_connection, false},
    {"close_range of a pipe", "ping", "pong", NULL, do_close_pipe_range, watch_pipe, true},
    {"dup2 over a pipe", "ping", "pong", NULL, do_replace_pipe, watch_pipe, true},
    {"dup3 over a pipe", "ping", "pong", NULL, do_replace_pipe_on_exec, watch_pipe, true},
    {"file by inotify_init", "ping", "pong", NULL, do_write_file, watch_file_the_older_way, false},
    {"signal of a group", "ping", "pong", NULL, do_signal_group, watch_signals, false},
};

enum { DEEDS = sizeof deeds / sizeof deeds[0] };

static int part_watch(int number, int unused) {
  (void)unused;
  struct pollfd watched = {.fd = deeds[number].watch(), .events = POLLIN};
  close(PIPE_WRITER);
  need(poll(&watched, 1, 10000) >= 0);
  say("%s %d", deeds[number].name, watched.revents != 0);
  return 0;
}

static int part_act(int number, int unused) {
  (void)unused;
  if (deeds[number].prepare)
    deeds[number].prepare();
  sleep(1);
  deeds[number].act();
  sleep(100); /* its end would wake everybody */
  return 0;
}

static void hand_down(int fd, int number) {
  need(fd >= 0 && dup2(fd, number) == number && close(fd) == 0);
}

static void make_directory(char *directory) {
  need(mkdtemp(directory) && chdir(directory) == 0 && mkfifo(queue_path, 0600) == 0);
  need(close(creat(file_path, 0600)) == 0);
}

static void remove_directory(const char *directory) {
  need(unlink(queue_path) == 0 && unlink(file_path) == 0 && rmdir(directory) == 0);
}

static int part_deed(int number, int unused) {
  (void)unused;
  int pipes[2], pair[2];
  sigset_t user;
  char directory[] = "/tmp/sipfall-activity-XXXXXX";
  if (number >= DEEDS)
    return 2;
  sigemptyset(&user);
  sigaddset(&user, SIGUSR1);
  need(sigprocmask(SIG_BLOCK, &user, NULL) == 0 && setpgid(0, 0) == 0);
  need(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  need(dup2(pipes[0], STDIN_FILENO) == STDIN_FILENO);
  hand_down(pipes[0], PIPE_READER);
  hand_down(pipes[1], PIPE_WRITER);
  hand_down(eventfd(0, 0), EVENTS);
  hand_down(pair[0], PAIR_ONE);
  hand_down(pair[1], PAIR_OTHER);
  if (deeds[number].watch == watch_handed_socket)
    hand_down(bound(proxy_address, SOCK_DGRAM, PORT), HANDED_SOCKET);
  make_directory(directory);
  pid_t actor = start(deeds[number].from, "deed-act", number, 0);
  if (!deeds[number].handed_down)
    close_range(PIPE_READER, HANDED_SOCKET, 0);
  pid_t watcher = start(deeds[number].at, "deed-watch", number, 0);
  close(PIPE_WRITER);
  need(waitpid(watcher, NULL, 0) == watcher);
  stop(actor);
  remove_directory(directory);
  return 0;
}

const struct part activity_parts[] = {
    {"exchange", part_exchange},  {"exchange-ping", part_ping},
    {"exchange-pong", part_pong}, {"exchange-idle", part_idle},
    {"deed", part_deed},          {"deed-watch", part_watch},
    {"deed-act", part_act},       {NULL, NULL},
};
