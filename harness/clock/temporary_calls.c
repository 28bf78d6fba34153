/* SPDX-License-Identifier: MIT
 *
 * Interposed: making files and directories under names that nobody has, which are drawn from the
 * run's seed. They have a stream of their own, because how many are drawn depends on which names
 * others have taken, other labs among them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/random.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* What mkstemp(3) replaces, and how often the C library tries. */
enum { DRAWN = 6, TRIES = 62 * 62 * 62 };

static struct random_stream *names(void) {
  static struct random_stream stream;
  static bool is_started;
  if (!is_started) {
    struct random_stream copy = *turn_random();
    random_stream_init(&stream, random_stream_u64(&copy), "temporary names");
    is_started = true;
  }
  return &stream;
}

static int make_file(const char *path, int flags) {
  return open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
}

static int make_directory(const char *path, int flags) {
  (void)flags;
  return mkdir(path, 0700);
}

/* Draws the last letters of the template, which has a suffix of this length, until `make` makes
 * something. Returns what that returns. */
static int make_drawn(char *template, int suffix_length, int flags,
                      int (*make)(const char *path, int flags)) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  size_t length = strlen(template);
  if (suffix_length < 0 || length < (size_t)suffix_length + DRAWN ||
      memcmp(template + length - (size_t)suffix_length - DRAWN, "XXXXXX", DRAWN) != 0) {
    errno = EINVAL;
    return -1;
  }
  char *drawn = template + length - (size_t)suffix_length - DRAWN;
  int saved_errno = errno, made = -1;
  for (int i = 0; i < TRIES; i++) {
    for (int j = 0; j < DRAWN; j++)
      drawn[j] = letters[random_stream_below(names(), sizeof letters - 1)];
    made = make(template, flags);
    if (made >= 0 || errno != EEXIST)
      break;
  }
  if (made >= 0)
    errno = saved_errno;
  return made;
}

INTERPOSED int mkostemps(char *template, int suffix_length, int flags) {
  return turn_in_lab() ? make_drawn(template, suffix_length, flags & ~O_ACCMODE, make_file)
                       : REAL(mkostemps)(template, suffix_length, flags);
}

INTERPOSED int mkostemp(char *template, int flags) {
  return mkostemps(template, 0, flags);
}

INTERPOSED int mkstemps(char *template, int suffix_length) {
  return mkostemps(template, suffix_length, 0);
}

INTERPOSED int mkstemp(char *template) {
  return mkostemps(template, 0, 0);
}

/* The same on machines of 64 bits. */
INTERPOSED int mkostemps64(char *template, int suffix_length, int flags) {
  return mkostemps(template, suffix_length, flags | O_LARGEFILE);
}

INTERPOSED int mkostemp64(char *template, int flags) {
  return mkostemps64(template, 0, flags);
}

INTERPOSED int mkstemps64(char *template, int suffix_length) {
  return mkostemps64(template, suffix_length, 0);
}

INTERPOSED int mkstemp64(char *template) {
  return mkostemps64(template, 0, 0);
}

INTERPOSED char *mkdtemp(char *template) {
  if (!turn_in_lab())
    return REAL(mkdtemp)(template);
  return make_drawn(template, 0, 0, make_directory) == 0 ? template : NULL;
}
