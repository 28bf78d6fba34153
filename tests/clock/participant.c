/* SPDX-License-Identifier: MIT
 *
 * A plain program that knows nothing of the clock: each of its parts waits in one of the ways that
 * programs wait, and prints what it saw and when. The tests run it on a clock. Usage: participant
 * PART [ARGUMENT…]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"
#include "tests/clock/participant_names.h"
#include "tests/clock/participant_reach.h"

extern char **environ;

static int64_t start_ns;

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

double elapsed(void) {
  return (double)(now_ns() - start_ns) / 1e9;
}

void say(const char *format, ...) {
  char line[512];
  int length = snprintf(line, sizeof line, "%.9f ", elapsed());
  va_list arguments;
  va_start(arguments, format);
  length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
  va_end(arguments);
  line[length++] = '\n';
  if (write(STDOUT_FILENO, line, (size_t)length) != length)
    abort();
}

void need_failed(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: %s\n", file, line, condition);
  abort();
}

static int udp_socket(uint16_t *port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) ||
      getsockname(fd, (struct sockaddr *)&address, &length))
    abort();
  *port = address.sin_port;
  return fd;
}

static void udp_send(int fd, uint16_t port, const void *bytes, size_t size) {
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (sendto(fd, bytes, size, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)size)
    abort();
}

/* ---- time ---- */

static int part_times(void) {
  struct timeval day;
  struct timespec real, coarse, raw;
  gettimeofday(&day, NULL);
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, &raw);
  say("time %lld %lld %lld %lld %lld", (long long)time(NULL), (long long)day.tv_sec,
      (long long)real.tv_sec, (long long)coarse.tv_sec, (long long)raw.tv_sec);
  return 0;
}

static int part_sleeps(void) {
  struct timespec duration = {.tv_sec = 3600}, until;
  nanosleep(&duration, NULL);
  say("nanosleep");
  sleep(2);
  say("sleep");
  usleep(250000);
  say("usleep");
  duration = (struct timespec){.tv_nsec = 1};
  clock_nanosleep(CLOCK_REALTIME, 0, &duration, NULL);
  say("clock_nanosleep");
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 86400;
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
  say("absolute");
  duration = (struct timespec){.tv_sec = -1};
  say("negative: %s", nanosleep(&duration, NULL) < 0 && errno == EINVAL ? "EINVAL" : "?");
  return 0;
}

/* ---- waiting for descriptors ---- */

static int part_timeouts(void) {
  int pipes[2];
  if (pipe(pipes))
    abort();
  struct pollfd polled = {.fd = pipes[0], .events = POLLIN};
  struct timespec duration = {.tv_sec = 7, .tv_nsec = 5};
  struct timeval timeout = {.tv_sec = 5, .tv_usec = 1};
  struct epoll_event event = {.events = EPOLLIN};
  fd_set set;
  int epoll = epoll_create1(0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
  say("poll %d", poll(&polled, 1, 1500));
  say("ppoll %d", ppoll(&polled, 1, &duration, NULL));
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  int result = select(pipes[0] + 1, &set, NULL, NULL, &timeout);
  say("select %d set %d left %lld.%06lld", result, FD_ISSET(pipes[0], &set) != 0,
      (long long)timeout.tv_sec, (long long)timeout.tv_usec);
  FD_SET(pipes[0], &set);
  say("pselect %d", pselect(pipes[0] + 1, &set, NULL, NULL, &duration, NULL));
  say("epoll_wait %d", epoll_wait(epoll, &event, 1, 32000));
  say("epoll_pwait %d", epoll_pwait(epoll, &event, 1, 1, NULL));
  say("epoll_pwait2 %d", epoll_pwait2(epoll, &event, 1, &duration, NULL));
  say("at once %d %d", poll(&polled, 1, 0), epoll_wait(epoll, &event, 1, 0));
  return 0;
}

/* A child writes to a pipe at 1, 2, 3 … s; the parent waits for each in another way. */
static int part_readable(void) {
  int pipes[2];
  char byte;
  if (pipe(pipes))
    abort();
  if (fork() == 0) {
    for (int i = 0; i < 5; i++) {
      sleep(1);
      if (write(pipes[1], "x", 1) != 1)
        abort();
    }
    _exit(0);
  }
  struct pollfd polled = {.fd = pipes[0], .events = POLLIN};
  say("poll %d", poll(&polled, 1, -1));
  if (read(pipes[0], &byte, 1) != 1)
    abort();
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipes[0], &set);
  struct timeval timeout = {.tv_sec = 10};
  int result = select(pipes[0] + 1, &set, NULL, NULL, &timeout);
  say("select %d left %lld", result, (long long)timeout.tv_sec);
  if (read(pipes[0], &byte, 1) != 1)
    abort();
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = 42};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
  result = epoll_wait(epoll, &event, 1, -1);
  say("epoll %d %u", result, event.data.u32);
  if (read(pipes[0], &byte, 1) != 1)
    abort();
  say("read %d", (int)read(pipes[0], &byte, 1));
  say("read %d", (int)read(pipes[0], &byte, 1));
  close(pipes[1]);
  say("end of file %d", (int)read(pipes[0], &byte, 1));
  wait(NULL);
  return 0;
}

/* The end of a file is noticed when the other end is closed, also by a bare system call, which is
 * how libuv closes. */
static int part_closed(void) {
  int pipes[2];
  if (pipe(pipes))
    abort();
  if (fork() == 0) {
    close(pipes[0]);
    sleep(3);
    syscall(SYS_close, pipes[1]);
    sleep(3);
    _exit(0);
  }
  close(pipes[1]);
  struct pollfd polled = {.fd = pipes[0], .events = POLLIN};
  say("poll %d", poll(&polled, 1, -1));
  wait(NULL);
  say("child");
  return 0;
}

/* What programs built with _FORTIFY_SOURCE call instead; called by name, so that it doesn't depend
 * on how this one is built. */
int __poll_chk(struct pollfd *descriptors, nfds_t count, int timeout_ms, size_t size);
int __ppoll_chk(struct pollfd *descriptors, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);
ssize_t __read_chk(int fd, void *bytes, size_t size, size_t capacity);
ssize_t __recv_chk(int fd, void *bytes, size_t size, size_t capacity, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t capacity, int flags,
                       struct sockaddr *address, socklen_t *length);

static int part_fortified(void) {
  int pair[2];
  char byte;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
    abort();
  struct pollfd polled = {.fd = pair[0], .events = POLLIN};
  struct timespec duration = {.tv_sec = 7};
  say("poll %d", __poll_chk(&polled, 1, 1500, sizeof polled));
  say("ppoll %d", __ppoll_chk(&polled, 1, &duration, NULL, sizeof polled));
  if (fork() == 0) {
    for (int i = 0; i < 3; i++) {
      sleep(1);
      if (write(pair[1], "x", 1) != 1)
        abort();
    }
    _exit(0);
  }
  say("read %d", (int)__read_chk(pair[0], &byte, 1, 1));
  say("recv %d", (int)__recv_chk(pair[0], &byte, 1, 1, 0));
  say("recvfrom %d", (int)__recvfrom_chk(pair[0], &byte, 1, 1, 0, NULL, NULL));
  wait(NULL);
  return 0;
}

/* ---- processes ---- */

static int part_processes(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    sleep(10);
    say("child");
    exit(3);
  }
  say("none yet %d", (int)waitpid(child, &status, WNOHANG));
  waitpid(child, &status, 0);
  say("waitpid %d", WEXITSTATUS(status));
  char *argv[] = {"/proc/self/exe", "exec-child", NULL};
  if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ))
    abort();
  siginfo_t information;
  waitid(P_PID, (id_t)child, &information, WEXITED);
  say("waitid %d", information.si_status);
  child = vfork();
  if (child == 0) {
    execv("/proc/self/exe", argv);
    _exit(127);
  }
  wait(&status);
  say("wait %d", WEXITSTATUS(status));
  say("no child: %s", waitpid(-1, &status, 0) < 0 && errno == ECHILD ? "ECHILD" : "?");
  say("no program: %s",
      posix_spawn(&child, "/nonexistent", NULL, NULL, argv, environ) == ENOENT ? "ENOENT" : "?");
  return 0;
}

static int part_exec_child(void) {
  sleep(5);
  return 4;
}

/* Ten children that sleep each a millisecond longer: they end in that order, at those times. */
static int part_children(void) {
  pid_t children[10];
  for (int i = 0; i < 10; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      usleep(1000 * (useconds_t)(10 - i));
      _exit(i);
    }
  }
  for (int i = 0; i < 10; i++) {
    int status;
    pid_t child = wait(&status);
    say("child %d%s", WEXITSTATUS(status), child == children[9 - i] ? "" : " is another");
  }
  return 0;
}

static volatile sig_atomic_t signalled;

static void on_signal(int number) {
  signalled = number;
}

static int part_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGCHLD, &action, NULL);
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep(3);
    kill(parent, SIGUSR1);
    sleep(3);
    _exit(0);
  }
  struct timespec duration = {.tv_sec = 100}, left;
  int result = nanosleep(&duration, &left);
  say("nanosleep %s left %lld by %s", result < 0 && errno == EINTR ? "EINTR" : "?",
      (long long)left.tv_sec, signalled == SIGUSR1 ? "SIGUSR1" : "?");
  result = poll(NULL, 0, -1);
  say("poll %s by %s", result < 0 && errno == EINTR ? "EINTR" : "?",
      signalled == SIGCHLD ? "SIGCHLD" : "?");
  return 0;
}

/* A signal that the program ignores doesn't wake it. */
static int part_ignored_signal(void) {
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep(3);
    kill(parent, SIGWINCH);
    _exit(0);
  }
  say("poll %d", poll(NULL, 0, 10000));
  return 0;
}

/* Spins when told so, holding the turn. */
static int part_hold(void) {
  if (fork() == 0) {
    say("spinning");
    for (volatile uint64_t i = 0;; i++) {
    }
  }
  sleep(1);
  say("woken");
  return 0;
}

/* A child is killed from outside the lab while it holds the turn; the parent goes on. */
static int part_killed(void) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    say("kill %d", (int)getpid());
    for (volatile uint64_t i = 0;; i++) {
    }
  }
  waitpid(child, &status, 0);
  say("killed by %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  sleep(1);
  say("going on");
  return 0;
}

/* A child kills itself: the turn must not be lost with it. */
static int part_suicide(void) {
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    int status;
    if (child == 0) {
      sleep(1);
      kill(getpid(), SIGKILL);
    }
    waitpid(child, &status, 0);
    if (WTERMSIG(status) != SIGKILL)
      abort();
  }
  say("20 gone");
  return 0;
}

/* ---- order ---- */

/* Two processes send each other datagrams, with timers of different lengths in between; each prints
 * a digest of what it received and when. */
static int part_talk(int messages) {
  uint16_t ports[2];
  int sockets[2] = {udp_socket(&ports[0]), udp_socket(&ports[1])};
  pid_t child = fork();
  int self = child == 0;
  uint32_t random = 12345u + (uint32_t)self, sent = 0, received = 0, digest = 0;
  int64_t next_ns = now_ns();
  while (received < (uint32_t)messages || sent < (uint32_t)messages) {
    if (sent < (uint32_t)messages && now_ns() >= next_ns) {
      udp_send(sockets[self], ports[!self], &sent, sizeof sent);
      sent++;
      random = random * 1103515245u + 12345u;
      next_ns = now_ns() + (int64_t)(random >> 16) % 7 * 1000000;
    }
    struct pollfd polled = {.fd = sockets[self], .events = POLLIN};
    if (sent < (uint32_t)messages)
      poll(&polled, 1, (int)((next_ns - now_ns()) / 1000000));
    else if (received < (uint32_t)messages)
      poll(&polled, 1, -1);
    uint32_t number;
    while (recv(sockets[self], &number, sizeof number, 0) == sizeof number) {
      if (number != received++)
        say("message %u came as %u", number, received - 1);
      digest = digest * 31 + number + (uint32_t)(now_ns() / 1000000);
    }
  }
  say("%d: sent %u received %u digest %08x", self, sent, received, digest);
  if (child)
    wait(NULL);
  return 0;
}

/* All of them in one turn would take seconds of a loaded machine, and the watch would take that for
 * a hold; so few take a millisecond. */
enum { ROUNDS_IN_A_TURN = 100 };

/* A loopback send has arrived when the call returns: what "nobody has anything to read" rests on.
 */
static int part_loopback(int sends) {
  uint16_t ports[2];
  int sockets[2] = {udp_socket(&ports[0]), udp_socket(&ports[1])};
  int listener = socket(AF_INET, SOCK_STREAM, 0), streams[2];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  streams[0] = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
      getsockname(listener, (struct sockaddr *)&address, &length) ||
      connect(streams[0], (struct sockaddr *)&address, sizeof address))
    abort();
  streams[1] = accept(listener, NULL, NULL);
  int missed = 0;
  for (int i = 0; i < sends; i++) {
    int number;
    udp_send(sockets[0], ports[1], &i, sizeof i);
    missed +=
        recv(sockets[1], &number, sizeof number, MSG_DONTWAIT) != sizeof number || number != i;
    missed += send(streams[0], &i, sizeof i, 0) != sizeof i;
    missed +=
        recv(streams[1], &number, sizeof number, MSG_DONTWAIT) != sizeof number || number != i;
    if (i % ROUNDS_IN_A_TURN == ROUNDS_IN_A_TURN - 1)
      usleep(1);
  }
  say("%d sends, %d missed", sends, missed);
  return 0;
}

/* A connection acknowledges at once when it is new, and later with the answer, for which it waits
 * in real time (tcp(7), TCP_QUICKACK). */
enum { ROUNDS_UNTIL_LATE_ACKNOWLEDGEMENTS = 50 };

static void go_to_and_fro(int one, int other) {
  char bytes[3];
  for (int i = 0; i < ROUNDS_UNTIL_LATE_ACKNOWLEDGEMENTS; i++)
    if (send(one, "abc", 3, 0) != 3 || recv(other, bytes, 3, 0) != 3 ||
        send(other, "abc", 3, 0) != 3 || recv(one, bytes, 3, 0) != 3)
      abort();
}

/* Small segments in a row over TCP arrive when they are sent, not when an acknowledgement comes. */
static int part_segments(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), stream = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  char bytes[16];
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1) ||
      getsockname(listener, (struct sockaddr *)&address, &length) ||
      connect(stream, (struct sockaddr *)&address, sizeof address))
    abort();
  int accepted = accept(listener, NULL, NULL);
  go_to_and_fro(stream, accepted);
  if (fork() == 0) {
    for (int i = 0; i < 5; i++)
      if (send(accepted, "abc", 3, 0) != 3)
        abort();
    sleep(1);
    _exit(0);
  }
  close(accepted);
  for (int received = 0; received < 15;)
    received += (int)recv(stream, bytes, sizeof bytes, 0);
  say("15 bytes");
  wait(NULL);
  return 0;
}

/* What stdio wrote to a pipe is seen by who reads it, at the time of writing. */
static int part_stdio(void) {
  int pipes[2];
  char line[16] = "";
  if (pipe(pipes))
    abort();
  if (fork() == 0) {
    dup2(pipes[1], STDOUT_FILENO);
    execl("/proc/self/exe", "participant", "stdio-child", NULL);
    _exit(127);
  }
  close(pipes[1]);
  if (read(pipes[0], line, 5) != 5)
    abort();
  say("read %.5s", line);
  if (read(pipes[0], line, 1) != 0)
    abort();
  say("end of file");
  return 0;
}

static int part_stdio_child(void) {
  sleep(2);
  printf("hello");
  fflush(stdout);
  sleep(3);
  return 0;
}

/* ---- randomness ---- */

static int part_random(void) {
  unsigned char bytes[6][8];
  FILE *file = fopen("/dev/urandom", "rb");
  int fd = open("/dev/urandom", O_RDONLY);
  if (!file || fd < 0 || getrandom(bytes[0], 8, 0) != 8 || getentropy(bytes[1], 8) != 0 ||
      fread(bytes[2], 8, 1, file) != 1 || read(fd, bytes[3], 8) != 8 ||
      syscall(SYS_getrandom, bytes[4], 8, 0) != 8)
    abort();
  arc4random_buf(bytes[5], 8);
  srand((unsigned)getpid());
  int number = rand(); /* random() has the same state */
  srandom((unsigned)getpid());
  srand48((long)getpid());
  char text[128] = "";
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 8; k++)
      snprintf(text + strlen(text), 4, k < 7 ? "%02x" : "%02x ", bytes[i][k]);
  say("%s%d %ld %ld %u %u", text, number, random(), lrand48(), arc4random(),
      arc4random_uniform(1000000000));
  fclose(file);
  close(fd);
  return 0;
}

/* Two children draw; what one draws doesn't depend on how much the other does. */
static int part_random_streams(int others) {
  pid_t child = fork();
  if (child == 0) {
    uint64_t number;
    for (int i = 0; i < others; i++)
      if (getrandom(&number, sizeof number, 0) < 0)
        abort();
    _exit(0);
  }
  wait(NULL);
  return part_random();
}

/* ---- many ---- */

/* Two that talk, and many who wait for something far off. */
static int part_idle(int count, int messages) {
  for (int i = 0; i < count; i++)
    if (fork() == 0) {
      sleep(100000);
      _exit(0);
    }
  part_talk(messages);
  while (wait(NULL) > 0) {
  }
  return 0;
}

/* Returns whether there is such a part. */
static bool run_part(const struct part *parts, const char *name, int a, int b, int *status) {
  for (; parts->name; parts++)
    if (strcmp(parts->name, name) == 0) {
      *status = parts->run(a, b);
      return true;
    }
  return false;
}

int main(int argc, char **argv) {
  const char *part = argc > 1 ? argv[1] : "";
  int a = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0,
      b = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
  start_ns = now_ns();
#define PART(name, call)                                                                           \
  if (strcmp(part, name) == 0)                                                                     \
    return call;
  PART("names", part_names(argv + 2))
  PART("reach", part_reach(argv + 2))
  PART("times", part_times())
  PART("sleeps", part_sleeps())
  PART("timeouts", part_timeouts())
  PART("readable", part_readable())
  PART("closed", part_closed())
  PART("processes", part_processes())
  PART("exec-child", part_exec_child())
  PART("children", part_children())
  PART("signals", part_signals())
  PART("ignored-signal", part_ignored_signal())
  PART("hold", part_hold())
  PART("killed", part_killed())
  PART("suicide", part_suicide())
  PART("talk", part_talk(a))
  PART("loopback", part_loopback(a))
  PART("fortified", part_fortified())
  PART("segments", part_segments())
  PART("stdio", part_stdio())
  PART("stdio-child", part_stdio_child())
  PART("random", part_random())
  PART("random-streams", part_random_streams(a))
  PART("idle", part_idle(a, b))
  const struct part *groups[] = {thread_parts,   lock_parts,    timer_parts,     command_parts,
                                 activity_parts, room_parts,    address_parts,   date_parts,
                                 work_parts,     form_parts,    name_form_parts, stream_parts,
                                 blocking_parts, machine_parts, identity_parts};
  int status;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (run_part(groups[i], part, a, b, &status))
      return status;
  fprintf(stderr, "%s: no such part\n", part);
  return 2;
}
