/* SPDX-License-Identifier: MIT
 *
 * The participant at work: a program of many threads that does what such programs do, all at once.
 * A timerfd says when there is something to do, the first thread puts it into a queue, and workers
 * take it out, by condition variables with timeouts. A piece of work is a pause, a name to look up
 * (getaddrinfo, at two DNS servers of which the first is dead), or a command (popen).
 *
 * Whatever happens goes into a digest, with its time and its thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"
#include "tests/clock/participant_names.h"

enum { WORKERS = 8, QUEUE_SIZE = 16, TICK_NS = 7000000, PATIENCE_NS = 3000000 };

/* Of so many pieces one is a name and one a command. */
enum { PIECES_PER_NAME = 40, PIECES_PER_COMMAND = 25 };

/* ---- what happened ---- */

static pthread_mutex_t digest_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t digest;

static void note(uint32_t number) {
  pthread_mutex_lock(&digest_mutex);
  digest = (digest ^ number ^ (uint32_t)(now_ns() / 1000)) * 16777619u;
  pthread_mutex_unlock(&digest_mutex);
}

/* ---- the queue ---- */

static struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t filled, emptied;
  int pieces[QUEUE_SIZE];
  unsigned first, count;
  bool closed; /* nothing will come any more */
} queue = {.mutex = PTHREAD_MUTEX_INITIALIZER,
           .filled = PTHREAD_COND_INITIALIZER,
           .emptied = PTHREAD_COND_INITIALIZER};

/* Waits a little at most. */
static int wait_a_little(pthread_cond_t *condition) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  int64_t ns = until.tv_nsec + PATIENCE_NS;
  until.tv_sec += ns / 1000000000;
  until.tv_nsec = ns % 1000000000;
  return pthread_cond_timedwait(condition, &queue.mutex, &until);
}

static void put(int piece) {
  pthread_mutex_lock(&queue.mutex);
  while (queue.count == QUEUE_SIZE)
    if (wait_a_little(&queue.emptied) == ETIMEDOUT)
      note((uint32_t)piece);
  queue.pieces[(queue.first + queue.count++) % QUEUE_SIZE] = piece;
  pthread_cond_signal(&queue.filled);
  pthread_mutex_unlock(&queue.mutex);
}

static void close_queue(void) {
  pthread_mutex_lock(&queue.mutex);
  queue.closed = true;
  pthread_cond_broadcast(&queue.filled);
  pthread_mutex_unlock(&queue.mutex);
}

/* False at the end. */
static bool take(uint32_t worker, int *piece) {
  pthread_mutex_lock(&queue.mutex);
  while (queue.count == 0 && !queue.closed)
    if (wait_a_little(&queue.filled) == ETIMEDOUT)
      note(worker);
  bool taken = queue.count > 0;
  if (taken) {
    *piece = queue.pieces[queue.first];
    queue.first = (queue.first + 1) % QUEUE_SIZE;
    queue.count--;
    pthread_cond_signal(&queue.emptied);
  }
  pthread_mutex_unlock(&queue.mutex);
  return taken;
}

/* ---- the work ---- */

/* The dead server costs the resolver's 5 s, each time. */
static void look_up(uint32_t worker, int piece) {
  static const struct {
    const char *name, *address;
    int error;
  } names[] = {{"a.example", "192.0.2.1", 0},
               {"both.example", "192.0.2.3", 0},
               {"alias.example", "192.0.2.3", 0},
               {"nx.example", "", EAI_NONAME}};
  const size_t kind = (size_t)(piece / PIECES_PER_NAME) % (sizeof names / sizeof names[0]);
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *found = NULL;
  char address[INET_ADDRSTRLEN] = "";
  int64_t start_ns = now_ns();
  need(getaddrinfo(names[kind].name, "5060", &hints, &found) == names[kind].error);
  if (found) {
    inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, address, sizeof address);
    freeaddrinfo(found);
  }
  need(strcmp(address, names[kind].address) == 0);
  need(now_ns() - start_ns == INT64_C(5000000000));
  say("worker %u: %s %s", worker, names[kind].name, address);
}

static void run_command(uint32_t worker, int piece) {
  char text[64], line[32] = "";
  int64_t start_ns = now_ns();
  snprintf(text, sizeof text, "sleep 0.25; echo %d; sleep 0.5", piece);
  FILE *command = popen(text, "r");
  need(command && fgets(line, sizeof line, command));
  need(now_ns() - start_ns == 250000000);
  need(pclose(command) == 0 && now_ns() - start_ns == 750000000);
  line[strcspn(line, "\n")] = '\0';
  say("worker %u: %s", worker, line);
}

static void *work(void *argument) {
  uint32_t worker = (uint32_t)(uintptr_t)argument, random = worker;
  for (int piece; take(worker, &piece);) {
    note(worker * 65536 + (uint32_t)piece);
    random = random * 1103515245u + 12345u;
    if (piece % PIECES_PER_NAME == PIECES_PER_NAME - 1)
      look_up(worker, piece);
    else if (piece % PIECES_PER_COMMAND == PIECES_PER_COMMAND - 1)
      run_command(worker, piece);
    else
      usleep((random >> 16) % 40000);
  }
  return NULL;
}

static int part_work(int pieces, int unused) {
  (void)unused;
  const struct itimerspec tick = {.it_value.tv_nsec = TICK_NS, .it_interval.tv_nsec = TICK_NS};
  pid_t servers[] = {dns_server_start("dns1", "is-silent"), dns_server_start("dns2", "answers")};
  pthread_t threads[WORKERS];
  for (uintptr_t i = 0; i < WORKERS; i++)
    need(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  need(timerfd_settime(fd, 0, &tick, NULL) == 0);
  for (int piece = 0; piece < pieces;) {
    uint64_t ticks;
    need(read(fd, &ticks, sizeof ticks) == sizeof ticks);
    note((uint32_t)ticks);
    for (; ticks > 0 && piece < pieces; ticks--)
      put(piece++);
  }
  close_queue();
  for (int i = 0; i < WORKERS; i++)
    need(pthread_join(threads[i], NULL) == 0);
  say("%d pieces, digest %08x", pieces, digest);
  for (int i = 0; i < 2; i++)
    need(kill(servers[i], SIGKILL) == 0 && waitpid(servers[i], NULL, 0) == servers[i]);
  return 0;
}

const struct part work_parts[] = {{"work", part_work}, {NULL, NULL}};
