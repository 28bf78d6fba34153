/* SPDX-License-Identifier: MIT
 *
 * The participant's locks: mutexes, condition variables, semaphores and their kind, between threads
 * and between processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"

static struct timespec from_now(clockid_t clock, double s) {
  struct timespec time;
  clock_gettime(clock, &time);
  int64_t ns = time.tv_nsec + (int64_t)(s * 1e9);
  return (struct timespec){.tv_sec = time.tv_sec + ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static const char *name_of(int error) {
  return error == 0            ? "ok"
         : error == ETIMEDOUT  ? "ETIMEDOUT"
         : error == EBUSY      ? "EBUSY"
         : error == EDEADLK    ? "EDEADLK"
         : error == EINVAL     ? "EINVAL"
         : error == EAGAIN     ? "EAGAIN"
         : error == EINTR      ? "EINTR"
         : error == EOWNERDEAD ? "EOWNERDEAD"
                               : "?";
}

static pthread_t start(void *(*run)(void *), long number) {
  pthread_t thread;
  need(pthread_create(&thread, NULL, run, (void *)number) == 0);
  return thread;
}

/* ---- mutexes ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile bool done;

static void *hold_mutex(void *argument) {
  pthread_mutex_lock(&mutex);
  say("thread %ld has it", (long)argument);
  sleep(1);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void *hold_again_and_again(void *argument) {
  (void)argument;
  while (!done) {
    pthread_mutex_lock(&mutex);
    usleep(10000);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static int part_mutex(int a, int b) {
  (void)a, (void)b;
  pthread_t threads[3];
  for (long i = 0; i < 3; i++)
    threads[i] = start(hold_mutex, i);
  usleep(500000);
  struct timespec time = from_now(CLOCK_REALTIME, 0.25);
  say("timedlock %s", name_of(pthread_mutex_timedlock(&mutex, &time)));
  time = from_now(CLOCK_MONOTONIC, 0.125);
  say("clocklock %s", name_of(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &time)));
  time.tv_nsec = -1;
  say("timedlock %s", name_of(pthread_mutex_timedlock(&mutex, &time)));
  pthread_mutex_lock(&mutex);
  say("first thread has it");
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  /* Who holds it nearly always shuts nobody out. */
  threads[0] = start(hold_again_and_again, 0);
  usleep(5000);
  pthread_mutex_lock(&mutex);
  done = true;
  say("first thread has it");
  pthread_mutex_unlock(&mutex);
  pthread_join(threads[0], NULL);
  return 0;
}

static int part_mutex_kinds(int a, int b) {
  (void)a, (void)b;
  pthread_mutexattr_t attributes;
  pthread_mutex_t checked, recursive;
  struct timespec time = from_now(CLOCK_REALTIME, 1);
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&checked, &attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&recursive, &attributes);
  pthread_mutex_lock(&checked);
  say("checked %s", name_of(pthread_mutex_lock(&checked)));
  say("checked %s", name_of(pthread_mutex_timedlock(&checked, &time)));
  pthread_mutex_lock(&recursive);
  say("recursive %s", name_of(pthread_mutex_lock(&recursive)));
  pthread_mutex_lock(&mutex);
  say("normal %s", name_of(pthread_mutex_timedlock(&mutex, &time)));
  return 0;
}

/* ---- read-write locks, spin locks, barriers ---- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *read_locked(void *argument) {
  pthread_rwlock_rdlock(&rwlock);
  say("reader %ld", (long)argument);
  sleep(1);
  pthread_rwlock_unlock(&rwlock);
  return NULL;
}

static void *write_locked(void *argument) {
  pthread_rwlock_wrlock(&rwlock);
  say("writer %ld", (long)argument);
  sleep(1);
  pthread_rwlock_unlock(&rwlock);
  return NULL;
}

static int part_rwlock(int a, int b) {
  (void)a, (void)b;
  pthread_t threads[] = {start(read_locked, 0), start(read_locked, 1), start(write_locked, 2)};
  usleep(1);
  struct timespec time = from_now(CLOCK_REALTIME, 0.5);
  say("write %s", name_of(pthread_rwlock_timedwrlock(&rwlock, &time)));
  sleep(1);
  time = from_now(CLOCK_REALTIME, 0.25);
  say("read %s", name_of(pthread_rwlock_timedrdlock(&rwlock, &time)));
  time = from_now(CLOCK_MONOTONIC, 9);
  say("read %s", name_of(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &time)));
  pthread_rwlock_unlock(&rwlock);
  say("write %s", name_of(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &time)));
  say("again %s", name_of(pthread_rwlock_wrlock(&rwlock)));
  pthread_rwlock_unlock(&rwlock);
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  return 0;
}

static pthread_spinlock_t spin_lock;

static void *hold_spin_lock(void *argument) {
  (void)argument;
  pthread_spin_lock(&spin_lock);
  sleep(1);
  pthread_spin_unlock(&spin_lock);
  return NULL;
}

static pthread_barrier_t barrier;

static void *meet(void *argument) {
  for (int i = 0; i < 2; i++) {
    sleep((unsigned)(long)argument);
    int result = pthread_barrier_wait(&barrier);
    say("thread %ld%s", (long)argument, result == PTHREAD_BARRIER_SERIAL_THREAD ? " serial" : "");
  }
  return NULL;
}

static int part_spin_lock_and_barrier(int a, int b) {
  (void)a, (void)b;
  pthread_spin_init(&spin_lock, PTHREAD_PROCESS_PRIVATE);
  pthread_t thread = start(hold_spin_lock, 0);
  usleep(1);
  pthread_spin_lock(&spin_lock);
  say("spin lock");
  pthread_spin_unlock(&spin_lock);
  pthread_join(thread, NULL);
  pthread_barrier_init(&barrier, NULL, 3);
  pthread_t threads[] = {start(meet, 1), start(meet, 2), start(meet, 3)};
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  say("barrier %s", name_of(pthread_barrier_destroy(&barrier)));
  return 0;
}

/* ---- handing over ---- */

static mtx_t c11_mutex;

static void take_to_read(void) {
  pthread_rwlock_rdlock(&rwlock);
}

static void take_to_write(void) {
  pthread_rwlock_wrlock(&rwlock);
}

static void release_rwlock(void) {
  pthread_rwlock_unlock(&rwlock);
}

static void take_spin_lock(void) {
  pthread_spin_lock(&spin_lock);
}

static void release_spin_lock(void) {
  pthread_spin_unlock(&spin_lock);
}

static void take_c11_mutex(void) {
  mtx_lock(&c11_mutex);
}

static void release_c11_mutex(void) {
  mtx_unlock(&c11_mutex);
}

static const struct lock {
  const char *name;
  void (*hold)(void), (*take)(void), (*release)(void);
} locks[] = {{"reader after a writer", take_to_write, take_to_read, release_rwlock},
             {"writer after a reader", take_to_read, take_to_write, release_rwlock},
             {"spin lock", take_spin_lock, take_spin_lock, release_spin_lock},
             {"mtx_t", take_c11_mutex, take_c11_mutex, release_c11_mutex}};

static void *hold_for_a_second(void *argument) {
  const struct lock *lock = &locks[(long)argument];
  lock->hold();
  sleep(1);
  lock->release();
  sleep(9); /* its end would wake everybody */
  return NULL;
}

/* Who lets go of a lock and goes on has handed it to who waits. */
static int part_hand_over(int a, int b) {
  (void)a, (void)b;
  need(mtx_init(&c11_mutex, mtx_plain) == thrd_success);
  need(pthread_spin_init(&spin_lock, PTHREAD_PROCESS_PRIVATE) == 0);
  for (long i = 0; i < (long)(sizeof locks / sizeof locks[0]); i++) {
    pthread_t thread = start(hold_for_a_second, i);
    usleep(500000);
    if (locks[i].take == take_to_write) {
      struct timespec time = from_now(CLOCK_MONOTONIC, 0.25);
      say("%s", name_of(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &time)));
    }
    locks[i].take();
    say("%s", locks[i].name);
    locks[i].release();
    pthread_join(thread, NULL);
  }
  return 0;
}

/* ---- condition variables ---- */

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *wait_for_signal(void *argument) {
  pthread_mutex_lock(&mutex);
  pthread_cond_wait(&condition, &mutex);
  say("thread %ld woken", (long)argument);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void *wait_a_second(void *argument) {
  pthread_mutex_lock(&mutex);
  struct timespec time = from_now(CLOCK_REALTIME, 1);
  int error = pthread_cond_timedwait(&condition, &mutex, &time);
  say("thread %ld %s", (long)argument, name_of(error));
  pthread_mutex_unlock(&mutex);
  return NULL;
}

/* Waiters are woken in the order in which they came; one whose time is over takes no signal away.
 */
static int part_condition(int a, int b) {
  (void)a, (void)b;
  pthread_t threads[5];
  threads[4] = start(wait_a_second, 4);
  for (long i = 0; i < 4; i++)
    threads[i] = start(wait_for_signal, i);
  sleep(2);
  pthread_cond_signal(&condition);
  sleep(1);
  pthread_cond_signal(&condition);
  sleep(1);
  pthread_cond_broadcast(&condition);
  say("broadcast");
  for (int i = 0; i < 5; i++)
    pthread_join(threads[i], NULL);
  pthread_cond_signal(&condition); /* for nobody: is not kept */
  pthread_mutex_lock(&mutex);
  struct timespec time = from_now(CLOCK_REALTIME, 1);
  say("timedwait %s", name_of(pthread_cond_timedwait(&condition, &mutex, &time)));
  say("timedwait %s", name_of(pthread_cond_timedwait(&condition, &mutex, &time)));
  time = from_now(CLOCK_MONOTONIC, 1.5);
  say("clockwait %s", name_of(pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &time)));
  pthread_condattr_t attributes;
  pthread_cond_t monotonic;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&monotonic, &attributes);
  time = from_now(CLOCK_MONOTONIC, 3);
  say("monotonic %s", name_of(pthread_cond_timedwait(&monotonic, &mutex, &time)));
  time.tv_nsec = 1000000000;
  say("invalid %s", name_of(pthread_cond_timedwait(&monotonic, &mutex, &time)));
  pthread_cond_destroy(&monotonic);
  return 0;
}

/* ---- semaphores ---- */

static sem_t semaphore;

static void *take_semaphore(void *argument) {
  sem_wait(&semaphore);
  say("thread %ld", (long)argument);
  return NULL;
}

static int part_semaphore(int a, int b) {
  (void)a, (void)b;
  sem_init(&semaphore, 0, 0);
  pthread_t threads[] = {start(take_semaphore, 0), start(take_semaphore, 1)};
  sleep(1);
  sem_post(&semaphore);
  sleep(1);
  sem_post(&semaphore);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  struct timespec time = from_now(CLOCK_REALTIME, 2);
  say("timedwait %s", sem_timedwait(&semaphore, &time) ? name_of(errno) : "ok");
  time = from_now(CLOCK_MONOTONIC, 2);
  say("clockwait %s", sem_clockwait(&semaphore, CLOCK_MONOTONIC, &time) ? name_of(errno) : "ok");
  sem_post(&semaphore);
  say("timedwait %s", sem_timedwait(&semaphore, &time) ? name_of(errno) : "ok");
  time.tv_nsec = -1;
  say("invalid %s", sem_timedwait(&semaphore, &time) ? name_of(errno) : "ok");
  return 0;
}

/* ---- between processes ---- */

struct shared {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  pthread_barrier_t barrier;
  sem_t semaphore;
  _Atomic uint32_t word;
};

static struct shared *make_shared(void) {
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t of_mutex;
  pthread_condattr_t of_condition;
  pthread_barrierattr_t of_barrier;
  need(shared != MAP_FAILED);
  pthread_mutexattr_init(&of_mutex);
  pthread_mutexattr_setpshared(&of_mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&of_mutex, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared->mutex, &of_mutex);
  pthread_condattr_init(&of_condition);
  pthread_condattr_setpshared(&of_condition, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&shared->condition, &of_condition);
  pthread_barrierattr_init(&of_barrier);
  pthread_barrierattr_setpshared(&of_barrier, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->barrier, &of_barrier, 2);
  sem_init(&shared->semaphore, 1, 0);
  return shared;
}

static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  const struct timespec *timeout) {
  return syscall(SYS_futex, word, operation, value, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void run_shared_child(struct shared *shared, sem_t *named) {
  pthread_mutex_lock(&shared->mutex);
  sleep(1);
  pthread_mutex_unlock(&shared->mutex);
  sleep(1);
  pthread_mutex_lock(&shared->mutex);
  pthread_cond_signal(&shared->condition);
  pthread_mutex_unlock(&shared->mutex);
  sleep(1);
  pthread_barrier_wait(&shared->barrier);
  sleep(1);
  sem_post(&shared->semaphore);
  sleep(1);
  sem_post(named);
  sleep(1);
  futex(&shared->word, FUTEX_WAKE, 1, NULL);
  pthread_mutex_lock(&shared->mutex);
  sleep(1);
  _exit(0);
}

static int part_shared(int a, int b) {
  (void)a, (void)b;
  struct shared *shared = make_shared();
  char name[32];
  /* The id of who made the lab, who isn't in it: other labs on the machine have other names. */
  snprintf(name, sizeof name, "/sipfall-test-%d", (int)getppid());
  sem_t *named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
  need(named != SEM_FAILED && sem_unlink(name) == 0);
  if (fork() == 0)
    run_shared_child(shared, named);
  usleep(1);
  pthread_mutex_lock(&shared->mutex);
  say("mutex");
  pthread_cond_wait(&shared->condition, &shared->mutex);
  say("condition");
  pthread_mutex_unlock(&shared->mutex);
  pthread_barrier_wait(&shared->barrier);
  say("barrier");
  sem_wait(&shared->semaphore);
  say("semaphore");
  sem_wait(named);
  say("named semaphore");
  futex(&shared->word, FUTEX_WAIT, 0, NULL);
  say("futex");
  usleep(1);
  say("robust mutex %s", name_of(pthread_mutex_lock(&shared->mutex)));
  wait(NULL);
  return 0;
}

/* ---- futexes ---- */

static _Atomic uint32_t word, other_word;

static void *wait_for_word(void *argument) {
  long result = futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL);
  say("thread %ld %s", (long)argument, result < 0 ? name_of(errno) : "ok");
  return NULL;
}

static int part_futex(int a, int b) {
  (void)a, (void)b;
  struct timespec time = {.tv_sec = 2};
  say("%s", futex(&word, FUTEX_WAIT_PRIVATE, 1, NULL) < 0 ? name_of(errno) : "?");
  say("%s", futex(&word, FUTEX_WAIT_PRIVATE, 0, &time) < 0 ? name_of(errno) : "?");
  time = from_now(CLOCK_MONOTONIC, 2);
  say("%s", futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &time) < 0 ? name_of(errno) : "?");
  time = from_now(CLOCK_REALTIME, 2);
  int date = FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME;
  say("%s", futex(&word, date, 0, &time) < 0 ? name_of(errno) : "?");
  pthread_t threads[] = {start(wait_for_word, 0), start(wait_for_word, 1), start(wait_for_word, 2)};
  sleep(1);
  say("wakes %ld", futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL));
  sleep(1);
  say("requeues %ld", syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 9L, &other_word, 0));
  sleep(1);
  say("wakes %ld", futex(&other_word, FUTEX_WAKE_PRIVATE, 9, NULL));
  for (int i = 0; i < 3; i++)
    pthread_join(threads[i], NULL);
  threads[0] = start(wait_for_word, 3);
  sleep(1);
  say("wakes %ld", futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL));
  pthread_join(threads[0], NULL);
  return 0;
}

const struct part lock_parts[] = {
    {"mutex", part_mutex},         {"mutex-kinds", part_mutex_kinds},
    {"rwlock", part_rwlock},       {"spin-lock-and-barrier", part_spin_lock_and_barrier},
    {"hand-over", part_hand_over}, {"condition", part_condition},
    {"semaphore", part_semaphore}, {"shared", part_shared},
    {"futex", part_futex},         {NULL, NULL},
};
