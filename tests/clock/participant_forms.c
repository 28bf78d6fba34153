/* SPDX-License-Identifier: MIT
 *
 * Parts of the participant about calls that do what another one does, in another form: the times,
 * ends and waits that programs have by them are the same. (participant_name_forms.c has those that
 * open files and ask for names.)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "tests/clock/participant.h"

extern char **environ;

/* ---- processes ---- */

static void end_by_system_call(int status) {
  syscall(SYS_exit_group, status);
}

/* Who exits gives the turn away, by whatever way: nobody looks after this lab who could find the
 * turn with the dead. */
static int part_ends(int a, int b) {
  (void)a, (void)b;
  static const struct {
    const char *name;
    void (*end)(int status);
  } ways[] = {{"exit", exit},
              {"_exit", _exit},
              {"_Exit", _Exit},
              {"quick_exit", quick_exit},
              {"exit_group", end_by_system_call}};
  for (int i = 0; i < (int)(sizeof ways / sizeof ways[0]); i++) {
    int status;
    if (fork() == 0) {
      sleep(1);
      ways[i].end(i);
    }
    need(wait(&status) > 0);
    say("%s %d", ways[i].name, WEXITSTATUS(status));
  }
  return 0;
}

static pid_t sleep_and_exit(unsigned duration_s) {
  pid_t child = fork();
  if (child == 0) {
    sleep(duration_s);
    _exit((int)duration_s);
  }
  return child;
}

static bool is_filled_in(const struct rusage *usage) {
  return usage->ru_maxrss > 0;
}

static int part_wait_forms(int a, int b) {
  (void)a, (void)b;
  int status;
  struct rusage usage = {0};
  pid_t child = sleep_and_exit(3);
  need(wait3(&status, WNOHANG, NULL) == 0);
  need(wait3(&status, 0, &usage) == child && is_filled_in(&usage));
  say("wait3 %d", WEXITSTATUS(status));
  pid_t later = sleep_and_exit(5);
  child = sleep_and_exit(2);
  usage = (struct rusage){0};
  need(wait4(child, &status, 0, &usage) == child && is_filled_in(&usage));
  say("wait4 %d", WEXITSTATUS(status));
  need(wait4(later, &status, 0, NULL) == later);
  say("wait4 %d", WEXITSTATUS(status));
  return 0;
}

/* Time stands still until the child has started: its two seconds begin before ours. */
static int part_spawn(int a, int b) {
  (void)a, (void)b;
  int status;
  pid_t child;
  char *arguments[] = {"sleep", "2", NULL};
  need(posix_spawn(&child, "/bin/sleep", NULL, NULL, arguments, environ) == 0);
  sleep(1);
  need(waitpid(child, &status, 0) == child);
  say("posix_spawn %d", WEXITSTATUS(status));
  need(posix_spawnp(&child, "sleep", NULL, NULL, arguments, environ) == 0);
  sleep(1);
  need(waitpid(child, &status, 0) == child);
  say("posix_spawnp %d", WEXITSTATUS(status));
  say("no program: %s",
      strerrorname_np(posix_spawnp(&child, "no-such-program", NULL, NULL, arguments, environ)));
  return 0;
}

/* ---- time ---- */

static void on_alarm(int number) {
  (void)number;
  say("alarm");
}

static int part_time_forms(int a, int b) {
  (void)a, (void)b;
  struct timespec date;
  struct sigaction action = {.sa_handler = on_alarm};
  sigaction(SIGALRM, &action, NULL);
  say("left %u", ualarm(500000, 250000));
  for (int i = 0; i < 3; i++)
    need(pause() < 0 && errno == EINTR);
  usleep(100000);
  say("left %u", ualarm(900000, 0));
  say("left %u", ualarm(0, 0));
  need(timespec_get(&date, TIME_UTC) == TIME_UTC);
  say("timespec_get %lld.%09ld", (long long)date.tv_sec, date.tv_nsec);
  return 0;
}

/* By syscall(), as libraries and other languages call. */
static int part_system_calls(int a, int b) {
  (void)a, (void)b;
  struct timespec duration = {.tv_sec = 1}, until;
  struct timeval date;
  struct epoll_event event;
  struct itimerspec value = {.it_value.tv_sec = 1}, left;
  uint64_t count;
  long epoll = epoll_create1(0), fd = syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
  need(syscall(SYS_nanosleep, &duration, NULL) == 0);
  say("nanosleep");
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec++;
  need(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
  say("clock_nanosleep");
  need(syscall(SYS_ppoll, NULL, 0, &duration, NULL, 0) == 0);
  say("ppoll");
  need(syscall(SYS_epoll_pwait, epoll, &event, 1, 1000, NULL, 0) == 0);
  say("epoll_pwait");
#ifdef SYS_poll
  need(syscall(SYS_poll, NULL, 0, 500) == 0 && syscall(SYS_epoll_wait, epoll, &event, 1, 500) == 0);
#else
  usleep(1000000); /* a machine that never had the older calls */
#endif
  say("poll, epoll_wait");
  need(syscall(SYS_timerfd_settime, fd, 0, &value, NULL) == 0);
  need(syscall(SYS_timerfd_gettime, fd, &left) == 0 && left.it_value.tv_sec == 1);
  need(read((int)fd, &count, sizeof count) == sizeof count);
  say("timerfd");
  need(syscall(SYS_gettimeofday, &date, NULL) == 0);
#ifdef SYS_time
  need(syscall(SYS_time, NULL) == date.tv_sec);
#endif
  say("gettimeofday %lld", (long long)date.tv_sec);
  return 0;
}

/* ---- threads ---- */

static void *await_signal(void *set) {
  siginfo_t information;
  for (int i = 0; i < 2; i++) {
    need(sigwaitinfo(set, &information) == SIGUSR1);
    say("value %d", information.si_value.sival_int);
  }
  return NULL;
}

/* The sender goes on for a while each time: its own next wait would wake the other as well. */
static int part_signal_queues(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  need(pthread_create(&thread, NULL, await_signal, &set) == 0);
  for (int i = 1; i <= 2; i++) {
    sleep(1);
    need(pthread_sigqueue(thread, SIGUSR1, (union sigval){.sival_int = i}) == 0);
    usleep(500000);
  }
  need(pthread_join(thread, NULL) == 0);
  if (fork() == 0) {
    for (int i = 3; i <= 4; i++) {
      sleep(1);
      need(sigqueue(getppid(), SIGUSR1, (union sigval){.sival_int = i}) == 0);
      usleep(500000);
    }
    _exit(0);
  }
  await_signal(&set);
  need(wait(NULL) > 0);
  return 0;
}

static mtx_t mutex;
static cnd_t condition;

static int wait_for_broadcast(void *number) {
  mtx_lock(&mutex);
  cnd_wait(&condition, &mutex);
  say("thread %d", *(int *)number);
  mtx_unlock(&mutex);
  return 0;
}

static int part_broadcast(int a, int b) {
  (void)a, (void)b;
  enum { THREADS = 3 };
  thrd_t threads[THREADS];
  int numbers[THREADS];
  need(mtx_init(&mutex, mtx_plain) == thrd_success && cnd_init(&condition) == thrd_success);
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    need(thrd_create(&threads[i], wait_for_broadcast, &numbers[i]) == thrd_success);
  }
  sleep(1);
  need(cnd_broadcast(&condition) == thrd_success);
  sleep(1);
  for (int i = 0; i < THREADS; i++)
    need(thrd_join(threads[i], NULL) == thrd_success);
  say("end");
  return 0;
}

/* ---- descriptors ---- */

enum { PORT = 5060 };

static struct sockaddr_in server_address(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  need(inet_pton(AF_INET, "10.0.0.1", &address.sin_addr) == 1);
  return address;
}

static const char *text_of(const struct sockaddr_in *address) {
  static char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
}

/* Connects, sends a stream and datagrams; each a second after the one before. */
static void run_client(void) {
  struct sockaddr_in to = server_address();
  int stream = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  struct iovec parts[] = {{"one", 3}, {"three", 5}};
  struct mmsghdr messages[2] = {0};
  for (int i = 0; i < 2; i++)
    messages[i].msg_hdr = (struct msghdr){
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &parts[i], .msg_iovlen = 1};
  setenv(CLOCK_HOST_VARIABLE, "client", 1);
  sleep(1);
  need(connect(stream, (struct sockaddr *)&to, sizeof to) == 0);
  sleep(1);
  need(send(stream, "four", 4, 0) == 4);
  sleep(1);
  need(sendmmsg(datagrams, messages, 2, 0) == 2);
  say("sent %u and %u bytes", messages[0].msg_len, messages[1].msg_len);
  sleep(1);
  need(syscall(SYS_sendmmsg, datagrams, messages, 1, 0) == 1);
  sleep(1);
  _exit(0);
}

/* Without an address of its own a listening socket has one of its host's ports. */
static int part_listen(int a, int b) {
  (void)a, (void)b;
  struct sockaddr_in own, to = server_address();
  socklen_t length = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (fork() == 0) {
    setenv(CLOCK_HOST_VARIABLE, "client", 1);
    sleep(1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_port = htons(49152); /* the first that nobody chose */
    need(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    _exit(0);
  }
  setenv(CLOCK_HOST_VARIABLE, "server", 1);
  need(listen(listener, 1) == 0);
  need(getsockname(listener, (struct sockaddr *)&own, &length) == 0);
  say("listens at %s %u", text_of(&own), ntohs(own.sin_port));
  need(accept(listener, (struct sockaddr *)&own, &length) >= 0);
  say("accepts %s", text_of(&own));
  need(wait(NULL) > 0);
  return 0;
}

static void say_datagram(int fd) {
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  char text[16];
  ssize_t size = recvfrom(fd, text, sizeof text, 0, (struct sockaddr *)&from, &length);
  say("%.*s from %s", (int)size, text, text_of(&from));
}

static int part_sockets(int a, int b) {
  (void)a, (void)b;
  struct sockaddr_in own = server_address(), from;
  socklen_t length = sizeof from;
  char bytes[2][2];
  struct iovec parts[] = {{bytes[0], 2}, {bytes[1], 2}};
  if (fork() == 0)
    run_client();
  setenv(CLOCK_HOST_VARIABLE, "server", 1);
  int listener = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  int on = 1; /* the lab before this one may have left a connection in TIME_WAIT */
  need(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  need(bind(listener, (struct sockaddr *)&own, sizeof own) == 0 && listen(listener, 1) == 0);
  need(bind(datagrams, (struct sockaddr *)&own, sizeof own) == 0);
  int stream = accept4(listener, (struct sockaddr *)&from, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  need(fcntl(stream, F_GETFD) == FD_CLOEXEC && fcntl(stream, F_GETFL) & O_NONBLOCK);
  say("accept4 from %s", text_of(&from));
  need(fcntl(stream, F_SETFL, 0) == 0);
  int size = (int)readv(stream, parts, 2);
  say("readv %d: %.2s %.2s", size, bytes[0], bytes[1]);
  for (int i = 0; i < 3; i++)
    say_datagram(datagrams);
  need(wait(NULL) > 0);
  return 0;
}

const struct part form_parts[] = {
    {"ends", part_ends},
    {"wait-forms", part_wait_forms},
    {"spawn", part_spawn},
    {"time-forms", part_time_forms},
    {"system-calls", part_system_calls},
    {"signal-queues", part_signal_queues},
    {"broadcast", part_broadcast},
    {"listen", part_listen},
    {"sockets", part_sockets},
    {NULL, NULL},
};
