/* SPDX-License-Identifier: MIT
 *
 * The parts of the participant about dates that are stepped. A process for each way of waiting
 * waits for a date two hours off, or for as long, while the first one steps the date of its host as
 * the worker does for a scenario: it has the turn.
 *
 *   dates PLAN   0: an hour forward and half an hour back   1: a day forward   2: on another host
 *   dates-set    tries to set the clock
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "tests/clock/participant.h"

/* Each waits a second longer than the one before, so that they end one after the other. */
enum { FIRST_WAIT_S = 7200 };
static time_t wait_s;

static struct timespec date_in(time_t seconds) {
  struct timespec date;
  clock_gettime(CLOCK_REALTIME, &date);
  date.tv_sec += seconds;
  return date;
}

static void wait_clock_nanosleep(void) {
  struct timespec until = date_in(wait_s);
  need(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0);
}

static void wait_semaphore(void) {
  sem_t semaphore;
  struct timespec until = date_in(wait_s);
  need(sem_init(&semaphore, 0, 0) == 0);
  need(sem_timedwait(&semaphore, &until) < 0 && errno == ETIMEDOUT);
}

static void wait_condition(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  struct timespec until = date_in(wait_s);
  pthread_mutex_lock(&mutex);
  need(pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
}

static void wait_futex(void) {
  uint32_t word = 0;
  struct timespec until = date_in(wait_s);
  need(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME, 0,
               &until, NULL, FUTEX_BITSET_MATCH_ANY) < 0 &&
       errno == ETIMEDOUT);
}

static void wait_timer(int flags, struct timespec value) {
  timer_t timer;
  sigset_t set;
  int number;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  struct itimerspec times = {.it_value = value};
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  need(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
  need(timer_settime(timer, flags, &times, NULL) == 0);
  need(sigwait(&set, &number) == 0);
}

static void wait_absolute_timer(void) {
  wait_timer(TIMER_ABSTIME, date_in(wait_s));
}

static void wait_relative_timer(void) {
  wait_timer(0, (struct timespec){.tv_sec = wait_s});
}

static void wait_timerfd(void) {
  uint64_t count;
  struct itimerspec times = {.it_value = date_in(wait_s)};
  int fd = timerfd_create(CLOCK_REALTIME, 0);
  need(timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, NULL) == 0);
  need(read(fd, &count, sizeof count) == sizeof count && count == 1);
}

/* Says each cancellation until it expires. */
static void wait_cancelled_timerfd(void) {
  uint64_t count;
  struct itimerspec times = {.it_value = date_in(wait_s)};
  int fd = timerfd_create(CLOCK_REALTIME, 0);
  need(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &times, NULL) == 0);
  while (read(fd, &count, sizeof count) < 0) {
    need(errno == ECANCELED);
    say("cancelled");
  }
}

/* One that never expires, to be told of steps only, as systemd has it. */
static void wait_for_step(void) {
  uint64_t count;
  struct itimerspec times = {.it_value.tv_sec = INT64_MAX};
  int fd = timerfd_create(CLOCK_REALTIME, 0);
  need(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &times, NULL) == 0);
  struct pollfd told = {.fd = fd, .events = POLLIN};
  need(poll(&told, 1, (int)wait_s * 1000) >= 0);
  need(told.revents == 0 || (read(fd, &count, sizeof count) < 0 && errno == ECANCELED));
}

static void wait_interval(void) {
  struct timespec duration = {.tv_sec = wait_s};
  need(clock_nanosleep(CLOCK_REALTIME, 0, &duration, NULL) == 0);
}

static const struct way {
  const char *name;
  void (*wait)(void);
} ways[] = {
    {"clock_nanosleep", wait_clock_nanosleep},
    {"sem_timedwait", wait_semaphore},
    {"pthread_cond_timedwait", wait_condition},
    {"futex", wait_futex},
    {"timer", wait_absolute_timer},
    {"timerfd", wait_timerfd},
    {"timerfd that is told", wait_cancelled_timerfd},
    {"step", wait_for_step},
    {"relative timer", wait_relative_timer},
    {"relative sleep", wait_interval},
};

static void step(struct clock_segment *segment, const char *host, int64_t seconds) {
  int index = network_find_host(&segment->network, host);
  need(index >= 0);
  int64_t date_ns = clock_date_ns(segment, (uint32_t)index);
  clock_set_date(segment, (uint32_t)index, date_ns + seconds * 1000000000);
}

static void say_date(void) {
  struct timeval day;
  struct timespec date = date_in(0), other;
  gettimeofday(&day, NULL);
  timespec_get(&other, TIME_UTC);
  say("date %lld %lld %lld %lld", (long long)time(NULL), (long long)day.tv_sec,
      (long long)date.tv_sec, (long long)other.tv_sec);
}

static int part_dates(int plan, int unused) {
  (void)unused;
  struct clock_segment *segment = clock_segment_open(getenv(CLOCK_SEGMENT_VARIABLE));
  need(segment);
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
    if (fork() == 0) {
      wait_s = FIRST_WAIT_S + (time_t)i;
      ways[i].wait();
      say("%s", ways[i].name);
      _exit(0);
    }
  say_date();
  sleep(1);
  step(segment, plan == 2 ? "pong" : "ping", plan == 1 ? 86400 : 3600);
  sleep(1);
  if (plan == 0)
    step(segment, "ping", -1800);
  say_date();
  while (wait(NULL) > 0) {
  }
  return 0;
}

static const char *outcome(int result) {
  return result < 0 && errno == EPERM ? "EPERM" : result < 0 ? "?" : "done";
}

static int part_dates_set(int unused, int unused_too) {
  (void)unused, (void)unused_too;
  struct timespec date = date_in(3600);
  struct timeval day = {.tv_sec = date.tv_sec};
  struct timex change = {.modes = ADJ_OFFSET}, look = {0};
  say("clock_settime %s", outcome(clock_settime(CLOCK_REALTIME, &date)));
  say("settimeofday %s", outcome(settimeofday(&day, NULL)));
  say("adjtime %s", outcome(adjtime(&(struct timeval){.tv_sec = 1}, NULL)));
  say("adjtimex %s", outcome(adjtimex(&change)));
  say("ntp_adjtime %s", outcome(ntp_adjtime(&change)));
  say("clock_adjtime %s", outcome(clock_adjtime(CLOCK_REALTIME, &change)));
  say("syscall %s", outcome((int)syscall(SYS_clock_settime, CLOCK_REALTIME, &date)));
  say("reading %s", outcome(adjtimex(&look)));
  say_date();
  return 0;
}

const struct part date_parts[] = {
    {"dates", part_dates}, {"dates-set", part_dates_set}, {NULL, NULL}};
