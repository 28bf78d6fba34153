/* SPDX-License-Identifier: MIT
 *
 * The participant's timers and signals: timerfd, alarm, interval timers, POSIX timers, and the ways
 * to wait for signals.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"

static const int64_t ns_per_s = 1000000000;

static struct itimerspec times(double value_s, double interval_s) {
  int64_t value_ns = (int64_t)(value_s * 1e9), interval_ns = (int64_t)(interval_s * 1e9);
  return (struct itimerspec){
      .it_value = {.tv_sec = value_ns / ns_per_s, .tv_nsec = value_ns % ns_per_s},
      .it_interval = {.tv_sec = interval_ns / ns_per_s, .tv_nsec = interval_ns % ns_per_s}};
}

static double seconds(struct timespec time) {
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long read_count(int fd) {
  uint64_t count = 0;
  return read(fd, &count, sizeof count) == sizeof count ? (long)count : -errno;
}

/* ---- timerfd ---- */

static void set(int fd, int flags, double value_s, double interval_s) {
  struct itimerspec value = times(value_s, interval_s);
  need(timerfd_settime(fd, flags, &value, NULL) == 0);
}

static int part_timerfd(int a, int b) {
  (void)a, (void)b;
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec value;
  set(fd, 0, 2, 0);
  need(timerfd_gettime(fd, &value) == 0);
  say("left %.9f", seconds(value.it_value));
  say("once %ld", read_count(fd));
  set(fd, 0, 1.5, 1);
  say("first %ld", read_count(fd));
  sleep(3);
  say("missed %ld", read_count(fd));
  usleep(250000);
  need(timerfd_gettime(fd, &value) == 0);
  say("left %.9f of %.9f", seconds(value.it_value), seconds(value.it_interval));
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  say("poll %d", poll(&polled, 1, 500));
  say("poll %d", poll(&polled, 1, 500));
  usleep(2000000);
  int copy = dup(fd);
  say("copy %ld", read_count(copy));
  say("copy %ld", read_count(copy));
  set(fd, 0, 0, 0);
  say("disarmed %d", poll(&polled, 1, 10000));
  set(fd, TFD_TIMER_ABSTIME, 1, 0);
  say("passed %ld", read_count(fd));
  value.it_value.tv_nsec = 1000000000;
  say("invalid %s", timerfd_settime(fd, 0, &value, NULL) < 0 && errno == EINVAL ? "EINVAL" : "?");
  return 0;
}

static int part_timerfd_date(int a, int b) {
  (void)a, (void)b;
  int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  struct timespec now;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  clock_gettime(CLOCK_REALTIME, &now);
  say("nothing %s", read_count(fd) == -EAGAIN ? "EAGAIN" : "?");
  struct itimerspec value = {.it_value = now, .it_interval.tv_sec = 2};
  value.it_value.tv_sec += 5;
  need(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL) == 0);
  for (int i = 0; i < 3; i++) {
    say("epoll %d", epoll_wait(epoll, &event, 1, -1));
    say("count %ld", read_count(fd));
  }
  /* An edge comes once, until it is read. */
  say("epoll %d", epoll_wait(epoll, &event, 1, -1));
  say("epoll %d", epoll_wait(epoll, &event, 1, 7000));
  say("count %ld", read_count(fd));
  close(fd);
  say("closed %d", epoll_wait(epoll, &event, 1, 7000));
  fd = timerfd_create(CLOCK_BOOTTIME, 0);
  set(fd, 0, 1, 0);
  say("another %ld", read_count(fd));
  return 0;
}

/* A timer is shared with the child of a fork: each expiration is read once. */
static int part_timerfd_fork(int a, int b) {
  (void)a, (void)b;
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  set(fd, 0, 1, 1);
  pid_t child = fork();
  for (int i = 0; i < 3; i++)
    say("%s %ld", child ? "parent" : "child", read_count(fd));
  if (child == 0)
    _exit(0);
  wait(NULL);
  child = fork();
  if (child > 0)
    _exit(0); /* as a program that becomes a daemon */
  say("daemon %ld", read_count(fd));
  return 0;
}

/* ---- alarm and setitimer ---- */

static int signals_seen;

static void on_signal(int number) {
  signals_seen++;
  say("signal %d", number);
}

static void handle(int number, int flags) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
  sigaction(number, &action, NULL);
}

static int part_alarm(int a, int b) {
  (void)a, (void)b;
  struct itimerval value = {.it_value.tv_usec = 500000, .it_interval.tv_usec = 250000}, old;
  handle(SIGALRM, 0);
  say("none %u", alarm(3));
  sleep(1);
  say("left %u", alarm(5));
  say("pause %s", pause() < 0 && errno == EINTR ? "EINTR" : "?");
  need(setitimer(ITIMER_REAL, &value, NULL) == 0);
  while (signals_seen < 4)
    pause();
  usleep(100000);
  need(getitimer(ITIMER_REAL, &old) == 0);
  say("left %ld of %ld us", (long)old.it_value.tv_usec, (long)old.it_interval.tv_usec);
  if (fork() == 0) { /* has none */
    sleep(2);
    _exit(signals_seen - 4);
  }
  value = (struct itimerval){0};
  need(setitimer(ITIMER_REAL, &value, &old) == 0);
  int status;
  need(wait(&status) > 0);
  say("child saw %d", WEXITSTATUS(status));
  if (fork() == 0) {
    char *arguments[] = {"participant", "hold-still", NULL};
    signal(SIGALRM, SIG_DFL);
    alarm(7);
    execv("/proc/self/exe", arguments);
  }
  need(wait(&status) > 0);
  say("ended by %d", WTERMSIG(status));
  return 0;
}

/* Its alarm was set before the exec. */
static int part_hold_still(int a, int b) {
  (void)a, (void)b;
  sleep(100);
  return 0;
}

/* An alarm interrupts whatever waits. */
static int part_alarm_interrupts(int a, int b) {
  (void)a, (void)b;
  int pipes[2];
  char byte;
  need(pipe(pipes) == 0);
  handle(SIGALRM, 0);
  alarm(1);
  say("read %s", read(pipes[0], &byte, 1) < 0 && errno == EINTR ? "EINTR" : "?");
  handle(SIGALRM, SA_RESTART);
  alarm(1);
  if (fork() == 0) {
    sleep(2);
    need(write(pipes[1], "x", 1) == 1);
    _exit(0);
  }
  say("restarted read %d", (int)read(pipes[0], &byte, 1));
  alarm(1);
  say("poll %s", poll(NULL, 0, -1) < 0 && errno == EINTR ? "EINTR" : "?");
  wait(NULL);
  return 0;
}

/* ---- timer_create ---- */

static void on_thread(union sigval value) {
  say("thread %d", value.sival_int);
}

static int part_posix_timers(int a, int b) {
  (void)a, (void)b;
  timer_t by_signal, by_thread, by_thread_id, by_nothing;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
  struct itimerspec value = times(2, 1);
  sigset_t signals;
  siginfo_t information;
  sigemptyset(&signals);
  sigaddset(&signals, SIGRTMIN);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  event.sigev_value.sival_int = 17;
  need(timer_create(CLOCK_MONOTONIC, &event, &by_signal) == 0);
  need(timer_settime(by_signal, 0, &value, NULL) == 0);
  for (int i = 0; i < 2; i++) {
    need(sigwaitinfo(&signals, &information) == SIGRTMIN);
    say("value %d code %s overrun %d", information.si_value.sival_int,
        information.si_code == SI_TIMER ? "SI_TIMER" : "?", timer_getoverrun(by_signal));
  }
  usleep(3500000);
  need(sigwaitinfo(&signals, &information) == SIGRTMIN);
  say("overrun %d", timer_getoverrun(by_signal));
  need(timer_gettime(by_signal, &value) == 0);
  say("left %.9f", seconds(value.it_value));
  need(timer_delete(by_signal) == 0);
  event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_thread};
  event.sigev_value.sival_int = 18;
  need(timer_create(CLOCK_REALTIME, &event, &by_thread) == 0);
  clock_gettime(CLOCK_REALTIME, &value.it_value);
  value.it_value.tv_sec += 10;
  value.it_interval = (struct timespec){.tv_sec = 3};
  need(timer_settime(by_thread, TIMER_ABSTIME, &value, NULL) == 0);
  sleep(14);
  need(timer_delete(by_thread) == 0);
  event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
  need(timer_create(CLOCK_BOOTTIME, &event, &by_thread_id) == 0);
  value = times(0.125, 0);
  need(timer_settime(by_thread_id, 0, &value, NULL) == 0);
  need(sigwaitinfo(&signals, &information) == SIGUSR1);
  say("for one thread");
  event = (struct sigevent){.sigev_notify = SIGEV_NONE};
  need(timer_create(CLOCK_MONOTONIC, &event, &by_nothing) == 0);
  need(timer_settime(by_nothing, 0, &value, NULL) == 0);
  sleep(1);
  need(timer_gettime(by_nothing, &value) == 0);
  say("over %.9f", seconds(value.it_value));
  say("unknown %s", timer_delete(by_signal) < 0 && errno == EINVAL ? "EINVAL" : "?");
  return 0;
}

/* ---- waiting for signals ---- */

static void send_later(int number, unsigned after_s) {
  pid_t parent = getpid();
  if (fork() == 0) {
    sleep(after_s);
    kill(parent, number);
    _exit(0);
  }
}

static int part_sigwait(int a, int b) {
  (void)a, (void)b;
  sigset_t signals, none;
  siginfo_t information;
  struct timespec timeout = {.tv_sec = 3};
  int number = 0;
  sigemptyset(&none);
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  sigaddset(&signals, SIGUSR2);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  handle(SIGHUP, 0);
  handle(SIGUSR2, 0);
  send_later(SIGHUP, 1); /* sigwait goes on after a handler */
  send_later(SIGUSR1, 2);
  need(sigwait(&signals, &number) == 0);
  say("sigwait %d", number);
  send_later(SIGHUP, 1);
  need(sigwaitinfo(&signals, &information) < 0);
  say("sigwaitinfo %s", errno == EINTR ? "EINTR" : "?");
  say("sigtimedwait %s",
      sigtimedwait(&signals, NULL, &timeout) < 0 && errno == EAGAIN ? "EAGAIN" : "?");
  send_later(SIGUSR1, 2);
  number = sigtimedwait(&signals, &information, &timeout);
  say("sigtimedwait %d from a child: %s", number, information.si_code == SI_USER ? "yes" : "?");
  send_later(SIGUSR2, 2);
  need(sigsuspend(&none) < 0 && errno == EINTR);
  say("sigsuspend");
  int fd = signalfd(-1, &signals, 0);
  struct signalfd_siginfo read_information;
  send_later(SIGUSR1, 2);
  need(read(fd, &read_information, sizeof read_information) == sizeof read_information);
  say("signalfd %u", read_information.ssi_signo);
  union sigval value = {.sival_int = 5};
  need(sigqueue(getpid(), SIGUSR1, value) == 0);
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  say("signalfd poll %d", poll(&polled, 1, -1));
  while (wait(NULL) > 0) {
  }
  return 0;
}

const struct part timer_parts[] = {
    {"timerfd", part_timerfd},
    {"timerfd-date", part_timerfd_date},
    {"timerfd-fork", part_timerfd_fork},
    {"alarm", part_alarm},
    {"hold-still", part_hold_still},
    {"alarm-interrupts", part_alarm_interrupts},
    {"posix-timers", part_posix_timers},
    {"sigwait", part_sigwait},
    {NULL, NULL},
};
