/* SPDX-License-Identifier: MIT
 *
 * Opening a FIFO (fifo.h): in non-blocking mode, in which the kernel doesn't wait (fifo(7)). A
 * reader has its end then, and waits for a writer; a writer has none until there is a reader. Both
 * open and go on in virtual time, as they do when they wait in the kernel.
 */
#include "harness/clock/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "harness/clock/real.h"
#include "harness/clock/retries.h"
#include "harness/clock/turn.h"

struct opening {
  int directory;
  const char *path;
  int flags;
};

static bool is_fifo(const struct opening *opening) {
  struct stat status;
  int saved_errno = errno, how = opening->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
  bool result =
      fstatat(opening->directory, opening->path, &status, how) == 0 && S_ISFIFO(status.st_mode);
  errno = saved_errno;
  return result;
}

/* One without a name, of which nobody awaits the other end. */
static bool is_plain_pipe(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

static long try_to_open(const void *arguments) {
  const struct opening *opening = arguments;
  return REAL(openat)(opening->directory, opening->path, opening->flags | O_NONBLOCK);
}

/* One who came and went is one, too: poll tells of him by POLLHUP. Of an empty pipe reading tells
 * whether anybody could still write. */
static int has_had_writer(void *context) {
  const int *fd = context;
  struct pollfd polled = {.fd = *fd, .events = POLLIN};
  char byte;
  return REAL(poll)(&polled, 1, 0) > 0 || (REAL(read)(*fd, &byte, 1) < 0 && errno == EAGAIN);
}

static void close_reader(void *fd) {
  close(*(int *)fd);
}

/* Returns 0, or -1 with errno EINTR; the descriptor is closed then, and when the thread is
 * cancelled. */
static int await_writer(int *fd) {
  int result;
  pthread_cleanup_push(close_reader, fd);
  result = turn_await(&(struct turn_request){
      .ready = has_had_writer, .context = fd, .deadline = TURN_NEVER, .manner = TURN_RESTARTS});
  pthread_cleanup_pop(0);
  if (result > 0)
    return 0;
  close(*fd);
  errno = EINTR;
  return -1;
}

static int open_waiting(const struct opening *opening) {
  int access = opening->flags & O_ACCMODE;
  bool waits = !(opening->flags & O_NONBLOCK);
  int fd = (int)(access == O_WRONLY && waits
                     ? retry_until_done(&(struct retried_call){.make = try_to_open,
                                                               .arguments = opening,
                                                               .busy = ENXIO,
                                                               .deadline = TURN_NEVER,
                                                               .manner = TURN_RESTARTS})
                     : try_to_open(opening));
  if (fd < 0)
    return -1;
  int saved_errno = errno;
  turn_activity();
  if (access == O_RDONLY && waits && !is_plain_pipe(fd) && await_writer(&fd))
    return -1;
  if (waits)
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  errno = saved_errno;
  return fd;
}

bool fifo_open(int directory, const char *path, int flags, int *fd) {
  struct opening opening = {directory, path, flags};
  if (!turn_taking_part() || !path || flags & (O_PATH | O_DIRECTORY) || !is_fifo(&opening))
    return false;
  *fd = open_waiting(&opening);
  return true;
}

bool fifo_fopen(const char *path, const char *mode, FILE **file) {
  int fd, flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  if (strchr(mode, '+'))
    flags = O_RDWR;
  if (strchr(mode, 'e'))
    flags |= O_CLOEXEC;
  if (strchr(mode, 'x') || !fifo_open(AT_FDCWD, path, flags, &fd))
    return false;
  *file = fd >= 0 ? fdopen(fd, mode) : NULL;
  if (fd >= 0 && !*file)
    close(fd);
  return true;
}
