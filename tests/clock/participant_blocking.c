/* SPDX-License-Identifier: MIT
 *
 * Parts of the participant about calls that block in the middle, or for other things than time and
 * bytes: MSG_WAITALL, locks of files, FIFOs, queues, and such calls by syscall().
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock/participant.h"

static void nothing(int number) {
  (void)number;
}

static void handle_alarm(int flags) {
  struct sigaction action = {.sa_handler = nothing, .sa_flags = flags};
  need(sigaction(SIGALRM, &action, NULL) == 0);
}

static const char *error_of(long result) {
  return result < 0 ? strerrorname_np(errno) : "no error";
}

/* ---- MSG_WAITALL ---- */

/* Bytes come at 1, 2, 3 … s from the start of each part, two at a time, and then the end. */
static void send_pairs(int fd, int count) {
  if (fork() != 0)
    return;
  for (int i = 0; i < count; i++) {
    sleep(1);
    need(send(fd, "ab", 2, 0) == 2);
  }
  sleep(1);
  _exit(0);
}

/* A TCP connection within the host. */
static void connect_pair(int pair[2]) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  need(bind(listener, (struct sockaddr *)&own, sizeof own) == 0 && listen(listener, 1) == 0);
  need(getsockname(listener, (struct sockaddr *)&own, &length) == 0);
  pair[1] = socket(AF_INET, SOCK_STREAM, 0);
  need(connect(pair[1], (struct sockaddr *)&own, sizeof own) == 0);
  pair[0] = accept(listener, NULL, NULL);
  need(pair[0] >= 0 && close(listener) == 0);
}

static void receive_by_each_call(int fd) {
  char bytes[8] = "", more[8] = "";
  struct iovec parts[] = {{bytes, 1}, {more, 3}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  struct sockaddr_storage from;
  socklen_t length = sizeof from;
  say("recv %zd", recv(fd, bytes, 4, MSG_WAITALL));
  say("recvfrom %zd", recvfrom(fd, bytes, 4, MSG_WAITALL, (struct sockaddr *)&from, &length));
  say("recvmsg %zd %.1s %.3s", recvmsg(fd, &message, MSG_WAITALL), bytes, more);
  say("at the end %zd", recv(fd, bytes, 4, MSG_WAITALL));
  say("after it %zd", recv(fd, bytes, 4, MSG_WAITALL));
}

static int part_wait_all(int is_tcp, int b) {
  (void)b;
  int pair[2];
  if (is_tcp)
    connect_pair(pair);
  else
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  send_pairs(pair[1], 7);
  need(close(pair[1]) == 0);
  receive_by_each_call(pair[0]);
  need(wait(NULL) > 0);
  return 0;
}

/* The time of SO_RCVTIMEO is for all of it; what has come counts. */
static int part_wait_all_timeout(int a, int b) {
  (void)a, (void)b;
  int pair[2];
  char bytes[8];
  struct timeval timeout = {.tv_sec = 2, .tv_usec = 500000};
  connect_pair(pair);
  need(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
  send_pairs(pair[1], 2);
  say("%zd", recv(pair[0], bytes, 8, MSG_WAITALL));
  ssize_t size = recv(pair[0], bytes, 8, MSG_WAITALL);
  say("%zd %s", size, error_of(size));
  say("%zd", recv(pair[1], bytes, 8, MSG_WAITALL | MSG_DONTWAIT));
  need(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
  size = recv(pair[0], bytes, 8, MSG_WAITALL);
  say("%zd %s", size, error_of(size));
  need(wait(NULL) > 0);
  return 0;
}

/* With some bytes there any handler ends it; with none, one without SA_RESTART. */
static int part_wait_all_signals(int a, int b) {
  (void)a, (void)b;
  int pair[2];
  char bytes[8];
  connect_pair(pair);
  send_pairs(pair[1], 2);
  handle_alarm(SA_RESTART);
  struct itimerval time = {.it_value.tv_usec = 500000};
  need(setitimer(ITIMER_REAL, &time, NULL) == 0);
  say("restarted %zd", recv(pair[0], bytes, 2, MSG_WAITALL));
  time = (struct itimerval){.it_value = {.tv_sec = 1, .tv_usec = 500000}};
  need(setitimer(ITIMER_REAL, &time, NULL) == 0);
  say("some %zd", recv(pair[0], bytes, 8, MSG_WAITALL));
  handle_alarm(0);
  alarm(1);
  ssize_t size = recv(pair[0], bytes, 8, MSG_WAITALL);
  say("none %zd %s", size, error_of(size));
  need(wait(NULL) > 0);
  return 0;
}

static int part_wait_all_peek(int a, int b) {
  (void)a, (void)b;
  int pair[2];
  char bytes[8];
  connect_pair(pair);
  send_pairs(pair[1], 3);
  need(close(pair[1]) == 0);
  say("peek %zd", recv(pair[0], bytes, 4, MSG_WAITALL | MSG_PEEK));
  say("peek %zd", recv(pair[0], bytes, 8, MSG_WAITALL | MSG_PEEK));
  say("recv %zd", recv(pair[0], bytes, 8, MSG_WAITALL));
  need(wait(NULL) > 0);
  return 0;
}

/* A reset after some bytes is the next call's error. */
static int part_wait_all_reset(int a, int b) {
  (void)a, (void)b;
  int pair[2];
  char bytes[8];
  struct linger at_once = {.l_onoff = 1};
  connect_pair(pair);
  if (fork() == 0) {
    sleep(1);
    need(send(pair[1], "ab", 2, 0) == 2);
    sleep(1);
    need(setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    _exit(0);
  }
  need(close(pair[1]) == 0);
  say("%zd", recv(pair[0], bytes, 8, MSG_WAITALL));
  ssize_t size = recv(pair[0], bytes, 8, MSG_WAITALL);
  say("%zd %s", size, error_of(size));
  need(wait(NULL) > 0);
  return 0;
}

/* Descriptors that are sent along end it. */
static int part_wait_all_descriptor(int a, int b) {
  (void)a, (void)b;
  int pair[2];
  char bytes[8];
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                          .cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_RIGHTS}};
  struct iovec part = {bytes, 8}, sent = {"cd", 2};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  if (fork() == 0) {
    sleep(1);
    need(send(pair[1], "ab", 2, 0) == 2);
    sleep(1);
    memcpy(CMSG_DATA(&control.header), &pair[1], sizeof(int));
    message.msg_iov = &sent;
    need(sendmsg(pair[1], &message, 0) == 2);
    sleep(1);
    _exit(0);
  }
  control.header.cmsg_type = 0;
  ssize_t size = recvmsg(pair[0], &message, MSG_WAITALL);
  say("%zd %d", size, message.msg_controllen > 0 && control.header.cmsg_type == SCM_RIGHTS);
  need(wait(NULL) > 0);
  return 0;
}

/* ---- pipes ---- */

/* Bytes come at 1, 2 and 3 s, and room in the full pipe at 4 s, when all of it is read. */
static int part_splice(int a, int b) {
  (void)a, (void)b;
  int from[2], to[2];
  static char bytes[1 << 20];
  need(pipe(from) == 0 && pipe(to) == 0);
  if (fork() == 0) {
    for (int i = 0; i < 3; i++) {
      sleep(1);
      need(write(from[1], "x", 1) == 1);
    }
    sleep(1);
    need(read(to[0], bytes, sizeof bytes) > 1);
    _exit(0);
  }
  say("tee %zd", tee(from[0], to[1], 9, 0));
  say("splice %zd", splice(from[0], NULL, to[1], NULL, 9, 0));
  say("splice %zd", splice(from[0], NULL, to[1], NULL, 9, 0));
  ssize_t size = splice(from[0], NULL, to[1], NULL, 9, SPLICE_F_NONBLOCK);
  say("SPLICE_F_NONBLOCK %s", error_of(size));
  struct iovec part = {bytes, 1}, read = {bytes, 2};
  say("vmsplice %zd", vmsplice(from[0], &read, 1, 0));
  int room = fcntl(to[1], F_GETPIPE_SZ);
  need(fcntl(to[1], F_SETFL, O_NONBLOCK) == 0);
  while (write(to[1], bytes, (size_t)room) > 0) {
  }
  need(fcntl(to[1], F_SETFL, 0) == 0);
  say("vmsplice %zd", vmsplice(to[1], &part, 1, 0));
  need(wait(NULL) > 0);
  return 0;
}

/* ---- locks of files ---- */

static char directory[] = "/tmp/sipfall-blocking-XXXXXX", path[64];

static void make_name(void) {
  need(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/it", directory);
}

static void remove_name(void) {
  unlink(path);
  need(rmdir(directory) == 0);
}

static int open_file(void) {
  int fd = open(path, O_CREAT | O_RDWR, 0600);
  need(fd >= 0);
  return fd;
}

static int lock_by_flock(int fd) {
  return flock(fd, LOCK_EX);
}

static int unlock_by_flock(int fd) {
  return flock(fd, LOCK_UN);
}

static int lock_by_fcntl(int fd) {
  struct flock range = {.l_type = F_WRLCK};
  return fcntl(fd, F_SETLKW, &range);
}

static int lock_by_fcntl64(int fd) {
  struct flock range = {.l_type = F_WRLCK};
  return fcntl64(fd, F_OFD_SETLKW, &range);
}

static int unlock_by_fcntl(int fd) {
  struct flock range = {.l_type = F_UNLCK};
  return fcntl(fd, F_SETLK, &range);
}

static int unlock_by_fcntl64(int fd) {
  struct flock range = {.l_type = F_UNLCK};
  return fcntl64(fd, F_OFD_SETLK, &range);
}

static int lock_by_lockf(int fd) {
  return lockf(fd, F_LOCK, 0);
}

static int unlock_by_lockf(int fd) {
  return lockf(fd, F_ULOCK, 0);
}

static int lock_by_lockf64(int fd) {
  return lockf64(fd, F_LOCK, 0);
}

static int unlock_by_lockf64(int fd) {
  return lockf64(fd, F_ULOCK, 0);
}

static int unlock_by_close(int fd) {
  return close(fd);
}

static int unlock_by_exit(int fd) {
  (void)fd;
  _exit(0);
}

static const struct {
  const char *name;
  int (*lock)(int fd), (*unlock)(int fd);
} locks[] = {
    {"flock", lock_by_flock, unlock_by_flock},
    {"F_SETLKW", lock_by_fcntl, unlock_by_fcntl},
    {"F_OFD_SETLKW", lock_by_fcntl64, unlock_by_fcntl64},
    {"lockf", lock_by_lockf, unlock_by_lockf},
    {"lockf64", lock_by_lockf64, unlock_by_lockf64},
    {"flock, close", lock_by_flock, unlock_by_close},
    {"F_SETLKW, exit", lock_by_fcntl, unlock_by_exit},
};

/* Another process has the lock from the first second to the third, and goes on until the fourth:
 * its own next wait would wake us as well. */
static int part_locks(int a, int b) {
  (void)a, (void)b;
  make_name();
  for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
    if (fork() == 0) {
      int fd = open_file();
      need(locks[i].lock(fd) == 0);
      sleep(3);
      need(locks[i].unlock(fd) == 0);
      usleep(1000000);
      _exit(0);
    }
    int fd = open_file();
    sleep(1);
    need(locks[i].lock(fd) == 0);
    say("%s", locks[i].name);
    need(wait(NULL) > 0 && close(fd) == 0);
  }
  remove_name();
  return 0;
}

/* Handlers end the wait for a lock as they do in the kernel, and two shared ones don't wait. */
static int part_lock_rules(int a, int b) {
  (void)a, (void)b;
  make_name();
  int first = open_file(), second = open_file();
  struct flock range = {.l_type = F_WRLCK};
  need(flock(first, LOCK_SH) == 0 && flock(second, LOCK_SH) == 0);
  say("both");
  say("LOCK_NB %s", error_of(flock(second, LOCK_EX | LOCK_NB)));
  handle_alarm(0);
  alarm(1);
  say("flock %s", error_of(flock(second, LOCK_EX)));
  need(fcntl(first, F_OFD_SETLK, &range) == 0);
  say("F_OFD_SETLK %s", error_of(fcntl(second, F_OFD_SETLK, &range)));
  alarm(1);
  say("F_OFD_SETLKW %s", error_of(fcntl(second, F_OFD_SETLKW, &range)));
  remove_name();
  return 0;
}

/* ---- FIFOs ---- */

static void write_later(unsigned delay_s) {
  if (fork() != 0)
    return;
  sleep(delay_s);
  int fd = open(path, O_WRONLY);
  say("writer open");
  sleep(1);
  need(write(fd, "x", 1) == 1);
  sleep(1);
  _exit(0);
}

static void read_to_end(int fd) {
  char byte;
  say("reader open");
  say("read %zd", read(fd, &byte, 1));
  say("read %zd", read(fd, &byte, 1));
  need(close(fd) == 0 && wait(NULL) > 0);
}

static int part_fifo(int a, int b) {
  (void)a, (void)b;
  make_name();
  need(mkfifo(path, 0600) == 0);
  write_later(1);
  read_to_end(open(path, O_RDONLY));
  write_later(0);
  sleep(1);
  FILE *file = fopen(path, "r");
  read_to_end(dup(fileno(file)));
  fclose(file);
  say("nobody reads: %s", error_of(open(path, O_WRONLY | O_NONBLOCK)));
  handle_alarm(0);
  alarm(1);
  say("open to read: %s", error_of(open(path, O_RDONLY)));
  alarm(1);
  say("open to write: %s", error_of(open(path, O_WRONLY)));
  remove_name();
  return 0;
}

/* Pipes without a name are opened again by /dev/fd at once. */
static int part_fifo_plain(int a, int b) {
  (void)a, (void)b;
  int pipes[2];
  char byte;
  need(pipe(pipes) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", pipes[0]);
  need(write(pipes[1], "x", 1) == 1 && close(pipes[1]) == 0);
  int fd = open(path, O_RDONLY);
  need(fd >= 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
  say("read %zd", read(fd, &byte, 1));
  say("read %zd", read(fd, &byte, 1));
  return 0;
}

/* ---- queues and semaphores ---- */

static struct timespec date_in(time_t duration_s) {
  struct timespec date;
  clock_gettime(CLOCK_REALTIME, &date);
  date.tv_sec += duration_s;
  return date;
}

/* The other one fetches at 2 and 4 s, and posts at 6 and 8 s. */
static void serve_queue(mqd_t queue) {
  char bytes[8];
  struct timespec date;
  sleep(2);
  need(mq_receive(queue, bytes, 8, NULL) == 1);
  sleep(2);
  date = date_in(9);
  need(mq_timedreceive(queue, bytes, 8, NULL, &date) == 1);
  sleep(2);
  need(mq_receive(queue, bytes, 8, NULL) == 1);
  need(mq_send(queue, "four", 4, 0) == 0);
  sleep(2);
  need(mq_send(queue, "5", 1, 0) == 0);
  sleep(3);
  _exit(0);
}

static int part_queue(int a, int b) {
  (void)a, (void)b;
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
  char bytes[8];
  mqd_t queue = -1;
  for (int i = 0; queue < 0 && i < 100; i++) { /* names are the machine's */
    snprintf(path, sizeof path, "/sipfall-test-%d", i);
    queue = mq_open(path, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
  }
  need(queue >= 0 && mq_unlink(path) == 0);
  need(mq_send(queue, "1", 1, 0) == 0);
  if (fork() == 0)
    serve_queue(queue);
  need(mq_send(queue, "2", 1, 0) == 0);
  say("mq_send");
  struct timespec date = date_in(1);
  say("mq_timedsend %s", error_of(mq_timedsend(queue, "3", 1, 0, &date)));
  date = date_in(5);
  need(mq_timedsend(queue, "3", 1, 0, &date) == 0);
  say("mq_timedsend");
  sleep(3);
  say("mq_receive %zd", mq_receive(queue, bytes, 8, NULL));
  say("mq_receive %zd", mq_receive(queue, bytes, 8, NULL));
  date = date_in(1);
  say("mq_timedreceive %s", error_of(mq_timedreceive(queue, bytes, 8, NULL, &date)));
  need(wait(NULL) > 0);
  return 0;
}

struct letter {
  long type;
  char text[8];
};

static int part_letters(int a, int b) {
  (void)a, (void)b;
  struct letter letter = {1, "x"};
  struct msqid_ds state;
  int queue = msgget(IPC_PRIVATE, 0600);
  need(queue >= 0);
  if (fork() == 0) {
    sleep(1);
    need(msgsnd(queue, &letter, 1, 0) == 0);
    sleep(2);
    need(msgrcv(queue, &letter, 8, 0, 0) == 8);
    sleep(2);
    need(msgctl(queue, IPC_RMID, NULL) == 0);
    sleep(1);
    _exit(0);
  }
  say("msgrcv %zd", msgrcv(queue, &letter, 8, 0, 0));
  say("msgrcv %s", error_of(msgrcv(queue, &letter, 8, 0, IPC_NOWAIT)));
  need(msgctl(queue, IPC_STAT, &state) == 0);
  state.msg_qbytes = 12;
  need(msgctl(queue, IPC_SET, &state) == 0);
  need(msgsnd(queue, &letter, 8, 0) == 0 && msgsnd(queue, &letter, 8, 0) == 0);
  say("msgsnd");
  handle_alarm(SA_RESTART);
  alarm(1);
  say("msgsnd %s", error_of(msgsnd(queue, &letter, 8, 0)));
  say("removed: %s", error_of(msgsnd(queue, &letter, 8, 0)));
  need(wait(NULL) > 0);
  return 0;
}

static int part_values(int a, int b) {
  (void)a, (void)b;
  struct sembuf take = {0, -1, 0}, give = {0, 1, 0};
  struct timespec timeout = {.tv_sec = 2};
  int set = semget(IPC_PRIVATE, 1, 0600);
  need(set >= 0);
  if (fork() == 0) {
    sleep(1);
    need(semop(set, &give, 1) == 0);
    sleep(3);
    need(semctl(set, 0, SETVAL, 1) == 0);
    sleep(1);
    need(semctl(set, 0, IPC_RMID) == 0);
    sleep(1);
    _exit(0);
  }
  need(semop(set, &take, 1) == 0);
  say("semop");
  say("semtimedop %s", error_of(semtimedop(set, &take, 1, &timeout)));
  need(semtimedop(set, &take, 1, &timeout) == 0);
  say("semtimedop");
  say("removed: %s", error_of(semop(set, &take, 1)));
  need(wait(NULL) > 0);
  return 0;
}

/* ---- futexes ---- */

static uint32_t lock, words[2];

static void *use_futexes(void *unused) {
  struct futex_waitv both[2] = {
      {.uaddr = (uintptr_t)&words[0], .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG},
      {.uaddr = (uintptr_t)&words[1], .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG}};
  struct timespec date = date_in(1);
  say("LOCK_PI %s", error_of(syscall(SYS_futex, &lock, FUTEX_LOCK_PI, 0, &date, NULL, 0)));
  say("LOCK_PI %s", error_of(syscall(SYS_futex, &lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0)));
  say("waitv %ld", syscall(SYS_futex_waitv, both, 2, 0, NULL, CLOCK_MONOTONIC));
  say("waitv %s", error_of(syscall(SYS_futex_waitv, both, 2, 0, NULL, CLOCK_MONOTONIC)));
  words[1] = 0;
  date = date_in(1);
  say("waitv %s", error_of(syscall(SYS_futex_waitv, both, 2, 0, &date, CLOCK_REALTIME)));
  return unused;
}

/* The other thread's instants are those at which this one lets go or wakes. */
static int part_futexes(int a, int b) {
  (void)a, (void)b;
  pthread_t thread;
  need(syscall(SYS_futex, &lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
  need(pthread_create(&thread, NULL, use_futexes, NULL) == 0);
  sleep(2);
  need(lock & FUTEX_WAITERS);
  need(syscall(SYS_futex, &lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
  sleep(1);
  words[1] = 1;
  need(syscall(SYS_futex, &words[1], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0) == 1);
  need(pthread_join(thread, NULL) == 0);
  return 0;
}

/* ---- by syscall() ---- */

static int part_blocking_system_calls(int a, int b) {
  (void)a, (void)b;
  struct timespec time = {.tv_sec = 1}, second = time;
  int pipes[2], status;
  char byte;
  need(pipe(pipes) == 0);
  need(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &time, NULL) == 0);
  say("pselect6, %lld left", (long long)time.tv_sec);
  struct timeval left = {.tv_sec = 1};
#ifdef SYS_select
  need(syscall(SYS_select, 0, NULL, NULL, NULL, &left) == 0);
#else
  need(select(0, NULL, NULL, NULL, &left) == 0);
#endif
  say("select");
  struct epoll_event event;
  need(syscall(SYS_epoll_pwait2, epoll_create1(0), &event, 1, &second, NULL, 0) == 0);
  say("epoll_pwait2");
  handle_alarm(0);
#ifdef SYS_alarm
  need(syscall(SYS_alarm, 1) == 0 && syscall(SYS_pause) < 0 && errno == EINTR);
#else
  alarm(1), pause();
#endif
  say("alarm, pause");
  if (fork() == 0) {
    sleep(1);
    need(syscall(SYS_write, pipes[1], "x", 1) == 1);
    sleep(1);
    _exit(7);
  }
  need(syscall(SYS_read, pipes[0], &byte, 1) == 1);
  say("read");
  need(syscall(SYS_wait4, -1, &status, 0, NULL) > 0);
  say("wait4 %d", WEXITSTATUS(status));
  return 0;
}

/* Addresses are simulated by whatever way a socket is used. */
static int part_socket_system_calls(int a, int b) {
  (void)a, (void)b;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(5060)}, from = own;
  socklen_t length = sizeof from;
  own.sin_addr.s_addr = htonl(0x0a000009);
  char bytes[8];
  int fd = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
  need(syscall(SYS_bind, fd, &own, sizeof own) == 0);
  need(syscall(SYS_getsockname, fd, &from, &length) == 0);
  say("own %08x %u", ntohl(from.sin_addr.s_addr), ntohs(from.sin_port));
  if (fork() == 0) {
    sleep(1);
    int other = (int)syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    need(syscall(SYS_sendto, other, "one", 3, 0, &own, sizeof own) == 3);
    need(syscall(SYS_connect, other, &own, sizeof own) == 0);
    struct iovec part = {"three", 5};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    usleep(1000000);
    need(syscall(SYS_sendmsg, other, &message, 0) == 5);
    _exit(0);
  }
  for (int i = 0; i < 2; i++) {
    length = sizeof from;
    long size = syscall(SYS_recvfrom, fd, bytes, sizeof bytes, 0, &from, &length);
    say("%.*s from %08x", (int)size, bytes, ntohl(from.sin_addr.s_addr));
  }
  need(wait(NULL) > 0);
  return 0;
}

const struct part blocking_parts[] = {
    {"wait-all", part_wait_all},
    {"wait-all-timeout", part_wait_all_timeout},
    {"wait-all-signals", part_wait_all_signals},
    {"wait-all-peek", part_wait_all_peek},
    {"wait-all-reset", part_wait_all_reset},
    {"wait-all-descriptor", part_wait_all_descriptor},
    {"splice", part_splice},
    {"locks", part_locks},
    {"lock-rules", part_lock_rules},
    {"fifo", part_fifo},
    {"fifo-plain", part_fifo_plain},
    {"queue", part_queue},
    {"letters", part_letters},
    {"values", part_values},
    {"futexes", part_futexes},
    {"blocking-system-calls", part_blocking_system_calls},
    {"socket-system-calls", part_socket_system_calls},
    {NULL, NULL},
};
