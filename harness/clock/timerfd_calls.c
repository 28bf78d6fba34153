/* SPDX-License-Identifier: MIT
 *
 * Interposed: timerfd. What the program gets is the reading end of a pipe, into which we write the
 * count of expirations at the virtual instant: so read, poll, select and epoll need to know nothing
 * of it, copies of the descriptor work, and the kernel says when the last of them has been closed.
 *
 * As with the kernel's, a periodic timer that has expired rests until it is read, and the read
 * gives the count of all intervals since. After a fork both processes have the timer: when it
 * expires is in memory that they share, and whichever has the turn first writes.
 */
#include "harness/clock/timerfd_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/timers.h"
#include "harness/clock/turn.h"

/* Our end of the pipe lies above the descriptors that programs get, so that theirs have the numbers
 * that they would have. */
enum { OWN_DESCRIPTOR_MIN = 768 };

/* What processes share. */
struct timerfd_time {
  struct timer_time time;
  int64_t date_offset_ns; /* of the date when it was set */
  bool cancelled_by_step; /* TFD_TIMER_CANCEL_ON_SET was asked for */
};

struct timerfd {
  struct timer timer; /* first, so that one is the other */
  struct timerfd_time *shared;
  clockid_t clock;
  int writer;
  int fd;      /* as it was created; copies are not known */
  ino_t inode; /* of the pipe: whether `fd` is still this */
  struct timerfd *next;
};

static struct timerfd *timerfds;

static int64_t date_offset_ns(void) {
  return turn_realtime_ns() - turn_now_ns();
}

static bool is_unread(const struct timerfd *timerfd) {
  int unread = 0;
  return ioctl(timerfd->writer, FIONREAD, &unread) == 0 && unread > 0;
}

static void destroy(struct timerfd *timerfd) {
  struct timerfd **link = &timerfds;
  while (*link != timerfd)
    link = &(*link)->next;
  *link = timerfd->next;
  timer_remove(&timerfd->timer);
  REAL(close)(timerfd->writer);
  munmap(timerfd->shared, sizeof *timerfd->shared);
  free(timerfd);
}

/* The kernel reports an error on our end when nobody has the other one any more. */
static bool is_closed(const struct timerfd *timerfd) {
  struct pollfd writer = {.fd = timerfd->writer, .events = POLLOUT};
  return REAL(poll)(&writer, 1, 0) == 1 && writer.revents & (POLLERR | POLLNVAL);
}

static void destroy_closed(void) {
  struct timerfd *next;
  for (struct timerfd *timerfd = timerfds; timerfd; timerfd = next) {
    next = timerfd->next;
    if (is_closed(timerfd))
      destroy(timerfd);
  }
}

static void write_count(const struct timerfd *timerfd, uint64_t count) {
  if (REAL(write)(timerfd->writer, &count, sizeof count) == sizeof count)
    turn_activity_for(TURN_NEARBY);
}

static void on_expiry(struct timer *timer, uint64_t count) {
  struct timerfd *timerfd = (struct timerfd *)timer;
  if (is_closed(timerfd))
    destroy(timerfd);
  else
    write_count(timerfd, count);
}

static bool is_stepped(const struct timerfd *timerfd) {
  return timerfd->shared->cancelled_by_step && timerfd->shared->date_offset_ns != date_offset_ns();
}

/* One whose date was stepped becomes readable, to be told so. */
static bool is_held(struct timer *timer) {
  struct timerfd *timerfd = (struct timerfd *)timer;
  if (is_unread(timerfd))
    return true;
  if (is_stepped(timerfd))
    write_count(timerfd, 1);
  return is_stepped(timerfd);
}

/* ---- creating ---- */

static int add_timerfd(int fd, int writer, clockid_t clock) {
  struct stat status;
  struct timerfd *timerfd = calloc(1, sizeof *timerfd);
  struct timerfd_time *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (!timerfd || shared == MAP_FAILED || fstat(fd, &status)) {
    free(timerfd);
    if (shared != MAP_FAILED)
      munmap(shared, sizeof *shared);
    errno = ENOMEM;
    return -1;
  }
  shared->time.expiry = TURN_NEVER;
  *timerfd = (struct timerfd){
      .timer = {.time = &shared->time, .expire = on_expiry, .held = is_held, .inherited = true},
      .shared = shared,
      .clock = clock,
      .writer = writer,
      .fd = fd,
      .inode = status.st_ino,
      .next = timerfds,
  };
  timerfds = timerfd;
  timer_add(&timerfd->timer);
  return fd;
}

INTERPOSED int timerfd_create(clockid_t clock, int flags) {
  if (!turn_taking_part())
    return REAL(timerfd_create)(clock, flags);
  destroy_closed();
  /* The kernel checks the arguments. */
  int checked = REAL(timerfd_create)(clock, flags), pipes[2];
  if (checked < 0)
    return -1;
  REAL(close)(checked);
  if (pipe2(pipes, O_NONBLOCK | O_CLOEXEC))
    return -1;
  int writer = fcntl(pipes[1], F_DUPFD_CLOEXEC, OWN_DESCRIPTOR_MIN);
  if (writer < 0) /* the program has a lower limit */
    writer = fcntl(pipes[1], F_DUPFD_CLOEXEC, 0);
  REAL(close)(pipes[1]);
  if (!(flags & TFD_NONBLOCK))
    fcntl(pipes[0], F_SETFL, 0);
  if (!(flags & TFD_CLOEXEC))
    fcntl(pipes[0], F_SETFD, 0);
  int fd = writer < 0 ? -1 : add_timerfd(pipes[0], writer, clock);
  if (fd < 0) {
    int saved_errno = errno;
    REAL(close)(pipes[0]);
    if (writer >= 0)
      REAL(close)(writer);
    errno = saved_errno;
  }
  return fd;
}

/* ---- setting and getting ---- */

/* Copies of the descriptor have the same pipe. */
static struct timerfd *find_timerfd(int fd) {
  struct stat status;
  if (!timerfds || !turn_taking_part() || fstat(fd, &status) || !S_ISFIFO(status.st_mode))
    return NULL;
  for (struct timerfd *timerfd = timerfds; timerfd; timerfd = timerfd->next)
    if (timerfd->inode == status.st_ino)
      return timerfd;
  return NULL;
}

/* Takes away what nobody has read. */
static void drain(const struct timerfd *timerfd, int fd) {
  uint64_t count;
  if (is_unread(timerfd) && REAL(read)(fd, &count, sizeof count) < 0)
    return;
}

INTERPOSED int timerfd_gettime(int fd, struct itimerspec *value) {
  const struct timerfd *timerfd = find_timerfd(fd);
  if (!timerfd)
    return REAL(timerfd_gettime)(fd, value);
  const struct timer_time *time = &timerfd->shared->time;
  *value = (struct itimerspec){.it_value = timespec_of_ns(timer_time_left_ns(time)),
                               .it_interval = timespec_of_ns(time->interval_ns)};
  return 0;
}

INTERPOSED int timerfd_settime(int fd, int flags, const struct itimerspec *value,
                               struct itimerspec *old) {
  struct timerfd *timerfd = find_timerfd(fd);
  if (!timerfd)
    return REAL(timerfd_settime)(fd, flags, value, old);
  if (old)
    timerfd_gettime(fd, old);
  struct timerfd_time *shared = timerfd->shared;
  bool is_date = timerfd->clock == CLOCK_REALTIME || timerfd->clock == CLOCK_REALTIME_ALARM,
       absolute = flags & TFD_TIMER_ABSTIME;
  if (timer_time_set(&shared->time, is_date, absolute, value))
    return -1;
  drain(timerfd, fd);
  shared->date_offset_ns = date_offset_ns();
  shared->cancelled_by_step = is_date && absolute && flags & TFD_TIMER_CANCEL_ON_SET;
  timers_run(); /* a time that has passed expires at once */
  return 0;
}

int timerfd_before_read(int fd) {
  struct timerfd *timerfd = find_timerfd(fd);
  if (!timerfd)
    return 0;
  struct timerfd_time *shared = timerfd->shared;
  if (is_stepped(timerfd)) {
    drain(timerfd, fd);
    shared->date_offset_ns = date_offset_ns();
    errno = ECANCELED;
    return -1;
  }
  uint64_t count = 0, more = 0;
  if (is_unread(timerfd) && (more = timer_time_count(&shared->time)) > 0 &&
      REAL(read)(fd, &count, sizeof count) == sizeof count)
    write_count(timerfd, count + more);
  return 0;
}
