/* SPDX-License-Identifier: MIT
 *
 * Notes of sockets (socket_notes.h). There are few of them, so a list does.
 */
#include "harness/clock/socket_notes.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/clock/audience.h"
#include "harness/clock/keepalive.h"
#include "harness/clock/real.h"

struct socket_note *socket_notes;

/* 0: no socket. */
static uint64_t cookie_of(int fd) {
  uint64_t cookie = 0;
  socklen_t length = sizeof cookie;
  int saved_errno = errno;
  if (REAL(getsockopt)(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length))
    cookie = 0;
  errno = saved_errno;
  return cookie;
}

struct socket_note *socket_note_find(int fd) {
  uint64_t cookie = socket_notes ? cookie_of(fd) : 0;
  for (struct socket_note *note = cookie ? socket_notes : NULL; note; note = note->next)
    if (note->cookie == cookie) {
      note->fd = fd;
      return note;
    }
  return NULL;
}

static void expired(struct timer *timer, uint64_t count) {
  struct socket_note *note =
      (struct socket_note *)((char *)timer - offsetof(struct socket_note, timer));
  (void)count;
  note->due(note);
}

struct socket_note *socket_note_make(int fd) {
  struct socket_note *note = socket_note_find(fd), **end = &socket_notes;
  uint64_t cookie = note ? 0 : cookie_of(fd);
  if (note || !cookie)
    return note;
  note = calloc(1, sizeof *note);
  if (!note)
    return NULL;
  note->cookie = cookie;
  note->fd = fd;
  note->time.expiry.ns = CLOCK_NEVER;
  note->timer = (struct timer){.time = &note->time, .expire = expired, .inherited = true};
  timer_add(&note->timer);
  while (*end)
    end = &(*end)->next;
  *end = note;
  return note;
}

static void destroy(struct socket_note *note) {
  timer_remove(&note->timer);
  free(note->silence.held);
  free(note);
}

void socket_note_wake(struct socket_note *note, int64_t at_ns, void (*due)(struct socket_note *)) {
  note->due = due;
  note->time.expiry.ns = at_ns;
}

/* ---- descriptors ---- */

/* The next entry of /proc/self/fd, which the kernel lists in the order of their numbers; -1 at the
 * end. */
static int next_descriptor(DIR *directory) {
  const struct dirent *entry;
  while ((entry = readdir(directory)) != NULL)
    if (entry->d_name[0] != '.') {
      int fd = (int)strtol(entry->d_name, NULL, 10);
      if (fd != dirfd(directory))
        return fd;
    }
  return -1;
}

int socket_note_descriptor(struct socket_note *note) {
  if (cookie_of(note->fd) == note->cookie)
    return note->fd;
  int saved_errno = errno, fd = -1;
  DIR *directory = opendir("/proc/self/fd");
  while (directory && (fd = next_descriptor(directory)) >= 0 && cookie_of(fd) != note->cookie) {
  }
  if (directory)
    closedir(directory);
  errno = saved_errno;
  note->fd = fd;
  return fd;
}

void socket_notes_collect(void) {
  for (struct socket_note **link = &socket_notes; *link;) {
    struct socket_note *note = *link;
    if (socket_note_descriptor(note) >= 0) {
      link = &note->next;
      continue;
    }
    *link = note->next;
    destroy(note);
  }
}

int inet_protocol(int fd) {
  int domain = 0, protocol = -1, saved_errno = errno;
  socklen_t length = sizeof domain;
  if (REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
      (domain == AF_INET || domain == AF_INET6))
    REAL(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  errno = saved_errno;
  return protocol;
}

void each_inet_socket(void (*deed)(int fd, int protocol)) {
  int saved_errno = errno, fd;
  DIR *directory = opendir("/proc/self/fd");
  while (directory && (fd = next_descriptor(directory)) >= 0) {
    int protocol = inet_protocol(fd);
    if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
      deed(fd, protocol);
  }
  if (directory)
    closedir(directory);
  errno = saved_errno;
}

/* ---- errors ---- */

ssize_t socket_result(int fd, ssize_t result) {
  if (result >= 0 || errno != ECONNREFUSED || !socket_notes)
    return result;
  const struct socket_note *note = socket_note_find(fd);
  if (note && note->refused_means)
    errno = note->refused_means;
  return result;
}

ssize_t socket_received(int fd, ssize_t result) {
  if (result >= 0)
    audience_read(fd);
  struct socket_note *note = result > 0 ? socket_note_find(fd) : NULL;
  if (note)
    keepalive_heard(note);
  return socket_result(fd, result);
}
