/* SPDX-License-Identifier: MIT
 *
 * The participant's commands (system, popen), its sockets' timeouts, and what waits for room or for
 * several messages.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clock/participant.h"

static int part_system(int a, int b) {
  (void)a, (void)b;
  int status = system("sleep 3; exit 4");
  say("system %d", WEXITSTATUS(status));
  status = system("kill -9 $$");
  say("killed by %d", WTERMSIG(status));
  status = system("exec /nonexistent 2>/dev/null");
  say("not found %d", WEXITSTATUS(status));
  say("shell %d", system(NULL));
  return 0;
}

static int part_popen(int a, int b) {
  (void)a, (void)b;
  char line[64];
  FILE *reading = popen("sleep 2; echo one; sleep 1; echo two; sleep 1; exit 3", "r");
  need(reading && fileno(reading) > 2);
  struct pollfd polled = {.fd = fileno(reading), .events = POLLIN};
  say("poll %d", poll(&polled, 1, 1000));
  while (fgets(line, sizeof line, reading))
    say("%.3s", line);
  int status = pclose(reading);
  say("pclose %d", WEXITSTATUS(status));
  FILE *writing = popen("read line; sleep 2; echo \"5.000000000 $line\"; read line", "we");
  need(writing && fcntl(fileno(writing), F_GETFD) == FD_CLOEXEC);
  need(fputs("written\n", writing) >= 0 && fflush(writing) == 0);
  sleep(5);
  status = pclose(writing);
  say("pclose %d", WEXITSTATUS(status));
  errno = 0;
  say("mode %s", !popen("true", "x") && errno == EINVAL ? "EINVAL" : "?");
  return 0;
}

static int part_daemon(int a, int b) {
  (void)a, (void)b;
  int pipes[2];
  char byte;
  need(pipe(pipes) == 0);
  if (fork() == 0) {
    need(daemon(0, 1) == 0);
    sleep(2);
    need(write(pipes[1], "x", 1) == 1);
    _exit(0);
  }
  need(wait(NULL) > 0);
  say("parent is gone");
  need(read(pipes[0], &byte, 1) == 1);
  say("daemon writes");
  return 0;
}

/* ---- sockets ---- */

static void bind_to_loopback(int fd, struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  need(bind(fd, (struct sockaddr *)address, sizeof *address) == 0);
  need(getsockname(fd, (struct sockaddr *)address, &length) == 0);
}

static void set_timeout(int fd, int option, int ms) {
  struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
  need(setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout) == 0);
}

static const char *again(ssize_t result) {
  return result < 0 && errno == EAGAIN ? "EAGAIN" : "?";
}

static int part_receive_timeouts(int a, int b) {
  (void)a, (void)b;
  struct sockaddr_in address;
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
  bind_to_loopback(udp, &address);
  set_timeout(udp, SO_RCVTIMEO, 1500);
  say("recv %s", again(recv(udp, &byte, 1, 0)));
  say("read %s", again(read(udp, &byte, 1)));
  say("recvfrom %s", again(recvfrom(udp, &byte, 1, 0, NULL, NULL)));
  say("recvmsg %s", again(recvmsg(udp, &message, 0)));
  bind_to_loopback(tcp, &address);
  need(listen(tcp, 1) == 0);
  set_timeout(tcp, SO_RCVTIMEO, 240); /* a whole number of ticks for each kernel's HZ */
  say("accept %s", again(accept(tcp, NULL, NULL)));
  say("at once %s", again(recv(udp, &byte, 1, MSG_DONTWAIT)));
  return 0;
}

/* A reader that starts late and reads slowly, and the writer that waits for it. */
static void read_slowly(int fd, int64_t total) {
  static char bytes[1 << 20];
  while (total > 0) {
    sleep(1);
    for (ssize_t size, part = 0; part < (ssize_t)sizeof bytes && total > 0; part += size) {
      size = read(fd, bytes, sizeof bytes - (size_t)part);
      need(size > 0);
      total -= size;
    }
  }
  _exit(0);
}

static void write_to_slow(const char *name, int reader, int writer) {
  static char bytes[3 << 20];
  struct iovec parts[] = {{bytes, 1000}, {bytes + 1000, sizeof bytes - 1000}};
  pid_t child = fork();
  if (child == 0) {
    close(writer);
    read_slowly(reader, 2 * (int64_t)sizeof bytes);
  }
  close(reader);
  say("%s write %d", name, (int)write(writer, bytes, sizeof bytes));
  say("%s writev %d", name, (int)writev(writer, parts, 2));
  need(waitpid(child, NULL, 0) == child);
  signal(SIGPIPE, SIG_IGN);
  say("%s %s", name, write(writer, bytes, 1) < 0 && errno == EPIPE ? "EPIPE" : "?");
}

static int part_writes(int a, int b) {
  (void)a, (void)b;
  int ends[2], size = 65536;
  char byte = 0;
  need(pipe(ends) == 0);
  write_to_slow("pipe", ends[0], ends[1]);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  write_to_slow("socket", ends[0], ends[1]);
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  set_timeout(ends[1], SO_SNDTIMEO, 2000);
  while (send(ends[1], &byte, 1, MSG_DONTWAIT) == 1) {
  }
  say("send %s", again(send(ends[1], &byte, 1, 0)));
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  say("send %s", again(send(ends[1], &byte, 1, 0)));
  return 0;
}

static int part_recvmmsg(int a, int b) {
  (void)a, (void)b;
  struct sockaddr_in address;
  char bytes[3];
  struct iovec parts[3] = {{&bytes[0], 1}, {&bytes[1], 1}, {&bytes[2], 1}};
  struct mmsghdr messages[3] = {0};
  for (int i = 0; i < 3; i++)
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  bind_to_loopback(fd, &address);
  if (fork() == 0) {
    for (int i = 0; i < 9; i++) {
      sleep(1);
      need(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address) == 1);
    }
    _exit(0);
  }
  say("all %d", recvmmsg(fd, messages, 3, 0, NULL));
  say("for one %d", recvmmsg(fd, messages, 3, MSG_WAITFORONE, NULL));
  struct timespec timeout = {.tv_sec = 1, .tv_nsec = 500000000};
  say("timeout %d", recvmmsg(fd, messages, 3, 0, &timeout));
  say("left %lld.%09ld", (long long)timeout.tv_sec, timeout.tv_nsec);
  wait(NULL);
  return 0;
}

static int part_eventfd(int a, int b) {
  (void)a, (void)b;
  eventfd_t value;
  int fd = eventfd(0, 0);
  if (fork() == 0) {
    sleep(2);
    need(eventfd_write(fd, 5) == 0);
    _exit(0);
  }
  need(eventfd_read(fd, &value) == 0);
  say("eventfd %d", (int)value);
  wait(NULL);
  return 0;
}

const struct part command_parts[] = {
    {"system", part_system},     {"popen", part_popen},
    {"daemon", part_daemon},     {"receive-timeouts", part_receive_timeouts},
    {"recvmmsg", part_recvmmsg}, {"eventfd", part_eventfd},
    {"writes", part_writes},     {NULL, NULL},
};
