/* SPDX-License-Identifier: MIT
 *
 * The participant's threads: their creation, their ends and waiting for these.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"

static void *sleep_and_return(void *argument) {
  long duration_s = (long)argument;
  say("thread %ld starts", duration_s);
  sleep((unsigned)duration_s);
  say("thread %ld ends", duration_s);
  return (void *)(duration_s * 10);
}

/* Threads run in the order of their creation and end at their times. */
static int part_threads(int a, int b) {
  (void)a, (void)b;
  pthread_t threads[3];
  for (long i = 0; i < 3; i++)
    need(pthread_create(&threads[i], NULL, sleep_and_return, (void *)(3 - i)) == 0);
  say("created");
  for (int i = 0; i < 3; i++) {
    void *result;
    need(pthread_join(threads[i], &result) == 0);
    say("joined %ld", (long)result);
  }
  return 0;
}

static struct timespec from_now(clockid_t clock, int s) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_sec += s;
  return time;
}

static int part_join_times(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  struct timespec time;
  need(pthread_create(&thread, NULL, sleep_and_return, (void *)5) == 0);
  say("try %s", pthread_tryjoin_np(thread, NULL) == EBUSY ? "EBUSY" : "?");
  time = from_now(CLOCK_REALTIME, 2);
  say("until %s", pthread_timedjoin_np(thread, NULL, &time) == ETIMEDOUT ? "ETIMEDOUT" : "?");
  time = from_now(CLOCK_MONOTONIC, 2);
  say("until %s",
      pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &time) == ETIMEDOUT ? "ETIMEDOUT" : "?");
  time = from_now(CLOCK_REALTIME, 2);
  say("until %d", pthread_timedjoin_np(thread, NULL, &time));
  say("itself %s", pthread_join(pthread_self(), NULL) == EDEADLK ? "EDEADLK" : "?");
  return 0;
}

static pthread_key_t key;

static void destroy_slowly(void *value) {
  sleep(1);
  say("destructor of %s", (const char *)value);
}

static void *exit_early(void *argument) {
  pthread_setspecific(key, argument);
  sleep(1);
  pthread_exit("exited");
}

/* Destructors of thread-specific data still have the turn, and a detached thread frees its slot. */
static int part_thread_ends(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  void *result;
  pthread_attr_t detached;
  pthread_key_create(&key, destroy_slowly);
  need(pthread_create(&thread, NULL, exit_early, "joined") == 0);
  need(pthread_join(thread, &result) == 0);
  say("%s", (char *)result);
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  need(pthread_create(&thread, &detached, exit_early, "detached") == 0);
  sleep(3);
  say("end");
  return 0;
}

static void *start_and_return(void *argument) {
  return argument;
}

/* More threads one after the other than there are slots. */
static int part_many_threads(int count, int b) {
  (void)b;
  for (int i = 0; i < count; i++) {
    pthread_t thread;
    need(pthread_create(&thread, NULL, start_and_return, NULL) == 0);
    need(pthread_join(thread, NULL) == 0);
  }
  say("%d threads", count);
  return 0;
}

/* ---- cancelling ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int pipes[2];

static void clean_up(void *argument) {
  say("%s cleans up", (const char *)argument);
}

static void unlock(void *argument) {
  say("has the mutex: %s", pthread_mutex_trylock(argument) == EBUSY ? "yes" : "no");
  pthread_mutex_unlock(argument);
}

static void *sleep_for_ever(void *argument) {
  pthread_cleanup_push(clean_up, argument);
  sleep(1000000);
  pthread_cleanup_pop(0);
  return NULL;
}

static void *read_for_ever(void *argument) {
  char byte;
  pthread_cleanup_push(clean_up, argument);
  need(read(pipes[0], &byte, 1) == 1);
  pthread_cleanup_pop(0);
  return NULL;
}

static void *wait_for_ever(void *argument) {
  pthread_cleanup_push(clean_up, argument);
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  for (;;)
    pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}

static void *disabled_for_a_while(void *argument) {
  pthread_cleanup_push(clean_up, argument);
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  sleep(10);
  say("%s may be cancelled", (char *)argument);
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  sleep(10);
  pthread_cleanup_pop(0);
  return NULL;
}

static int part_cancel(int a, int b) {
  (void)a, (void)b;
  static const struct {
    const char *name;
    void *(*run)(void *);
  } kinds[] = {{"sleep", sleep_for_ever},
               {"read", read_for_ever},
               {"wait", wait_for_ever},
               {"later", disabled_for_a_while}};
  need(pipe(pipes) == 0);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    pthread_t thread;
    void *result;
    need(pthread_create(&thread, NULL, kinds[i].run, (void *)kinds[i].name) == 0);
    sleep(1);
    need(pthread_cancel(thread) == 0);
    need(pthread_join(thread, &result) == 0);
    say("%s %s", kinds[i].name, result == PTHREAD_CANCELED ? "cancelled" : "?");
  }
  return 0;
}

/* ---- the process's end ---- */

static void *exec_other(void *argument) {
  char *arguments[] = {"participant", "exec-child", NULL};
  (void)argument;
  sleep(1);
  execv("/proc/self/exe", arguments);
  return NULL;
}

static void *exit_process(void *argument) {
  (void)argument;
  sleep(1);
  exit(5);
}

static void *go_on_alone(void *argument) {
  (void)argument;
  sleep(4);
  say("the last thread ends");
  return NULL;
}

static void *sleep_long(void *argument) {
  (void)argument;
  sleep(100000);
  return NULL;
}

/* A child with threads, one of which does something to all. */
static void in_child(void *(*run)(void *), void (*first)(void)) {
  pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    if (first == NULL)
      need(pthread_create(&thread, NULL, sleep_long, NULL) == 0);
    need(pthread_create(&thread, NULL, run, NULL) == 0);
    if (first)
      first();
    sleep(100000);
  }
  int status;
  need(waitpid(child, &status, 0) == child);
  say("status %d signal %d", WEXITSTATUS(status), WTERMSIG(status));
}

static void end_first_thread(void) {
  pthread_exit(NULL);
}

static void *kill_process(void *argument) {
  (void)argument;
  sleep(1);
  kill(getpid(), SIGKILL);
  return NULL;
}

static int part_process_ends(int a, int b) {
  (void)a, (void)b;
  in_child(exec_other, NULL);
  in_child(exit_process, NULL);
  in_child(kill_process, NULL);
  in_child(go_on_alone, end_first_thread);
  sleep(1);
  say("end");
  return 0;
}

static void *fork_child(void *argument) {
  int status;
  (void)argument;
  pid_t child = fork();
  if (child == 0) {
    sleep(1);
    say("child of a thread");
    exit(7);
  }
  need(waitpid(child, &status, 0) == child);
  return (void *)(long)WEXITSTATUS(status);
}

static int part_fork_in_thread(int a, int b) {
  (void)a, (void)b;
  pthread_t thread, other;
  void *result;
  need(pthread_create(&other, NULL, sleep_and_return, (void *)3) == 0);
  need(pthread_create(&thread, NULL, fork_child, NULL) == 0);
  need(pthread_join(thread, &result) == 0);
  say("joined %ld", (long)result);
  need(pthread_join(other, NULL) == 0);
  return 0;
}

/* ---- yielding ---- */

static volatile int flag;

static void *set_flag(void *argument) {
  sleep((unsigned)(long)argument);
  flag = 1;
  return NULL;
}

/* Who spins until another thread has slept lets time pass. */
static int part_yield(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  need(pthread_create(&thread, NULL, set_flag, (void *)0) == 0);
  while (!flag)
    sched_yield();
  need(pthread_join(thread, NULL) == 0);
  say("at once");
  flag = 0;
  need(pthread_create(&thread, NULL, set_flag, (void *)3600) == 0);
  while (!flag)
    sched_yield();
  say("after an hour");
  need(pthread_join(thread, NULL) == 0);
  return 0;
}

/* ---- signals ---- */

static void on_signal(int number) {
  say("signal %d in the %s", number, syscall(SYS_gettid) == getpid() ? "first thread" : "other");
}

static void *take_signal(void *argument) {
  sigset_t none;
  (void)argument;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  say("slept, %s", sleep(100) > 0 ? "interrupted" : "?");
  return NULL;
}

/* A signal for one thread; one for the process that only one thread takes. */
static int part_thread_signals(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  sigset_t usr1;
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &action, NULL);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &usr1, NULL);
  for (int i = 0; i < 2; i++) {
    need(pthread_create(&thread, NULL, take_signal, NULL) == 0);
    sleep(2);
    need(i == 0 ? pthread_kill(thread, SIGUSR1) == 0 : kill(getpid(), SIGUSR1) == 0);
    need(pthread_join(thread, NULL) == 0);
  }
  say("end");
  return 0;
}

static void *wake_often(void *argument) {
  (void)argument;
  for (int i = 0; i < 6; i++)
    sleep(1);
  kill(getpid(), SIGALRM);
  say("other goes on");
  return NULL;
}

/* An alarm, a signal of another process and one of another thread, each sent to the process: the
 * first thread takes them (complete_signal in kernel/signal.c), also when another one is awake. */
static int part_first_thread_signals(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGALRM, &action, NULL);
  need(pthread_create(&thread, NULL, wake_often, NULL) == 0);
  alarm(2);
  say("sleeps");
  say("slept, %s", sleep(100) > 0 ? "interrupted" : "?");
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    sleep(2);
    kill(parent, SIGALRM);
    _exit(0);
  }
  say("slept, %s", sleep(100) > 0 ? "interrupted" : "?");
  need(waitpid(child, NULL, 0) == child);
  say("slept, %s", sleep(100) > 0 ? "interrupted" : "?");
  sigset_t mask;
  need(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigisemptyset(&mask));
  need(pthread_join(thread, NULL) == 0);
  return 0;
}

/* ---- C11 ---- */

static mtx_t c11_mutex;
static cnd_t c11_condition;

static int c11_thread(void *argument) {
  struct timespec second = {.tv_sec = 1};
  mtx_lock(&c11_mutex);
  thrd_sleep(&second, NULL);
  cnd_signal(&c11_condition);
  mtx_unlock(&c11_mutex);
  return *(int *)argument;
}

static int part_c11(int a, int b) {
  (void)a, (void)b;
  thrd_t thread;
  int number = 42, result = 0;
  need(mtx_init(&c11_mutex, mtx_timed) == thrd_success);
  need(cnd_init(&c11_condition) == thrd_success);
  mtx_lock(&c11_mutex);
  need(thrd_create(&thread, c11_thread, &number) == thrd_success);
  need(cnd_wait(&c11_condition, &c11_mutex) == thrd_success);
  say("cnd_wait");
  need(thrd_join(thread, &result) == thrd_success);
  say("thrd_join %d", result);
  struct timespec time = from_now(CLOCK_REALTIME, 5);
  result = cnd_timedwait(&c11_condition, &c11_mutex, &time);
  say("cnd_timedwait %s", result == thrd_timedout ? "thrd_timedout" : "?");
  mtx_unlock(&c11_mutex);
  need(thrd_create(&thread, c11_thread, &number) == thrd_success);
  thrd_yield();
  time = from_now(CLOCK_REALTIME, 0);
  time.tv_nsec += 500000000;
  result = mtx_timedlock(&c11_mutex, &time);
  say("mtx_timedlock %s", result == thrd_timedout ? "thrd_timedout" : "?");
  mtx_lock(&c11_mutex);
  say("mtx_lock");
  mtx_unlock(&c11_mutex);
  thrd_join(thread, NULL);
  return 0;
}

const struct part thread_parts[] = {
    {"threads", part_threads},
    {"join-times", part_join_times},
    {"thread-ends", part_thread_ends},
    {"many-threads", part_many_threads},
    {"cancel", part_cancel},
    {"process-ends", part_process_ends},
    {"fork-in-thread", part_fork_in_thread},
    {"yield", part_yield},
    {"thread-signals", part_thread_signals},
    {"first-thread-signals", part_first_thread_signals},
    {"c11", part_c11},
    {NULL, NULL},
};
