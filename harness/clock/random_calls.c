/* SPDX-License-Identifier: MIT
 *
 * Interposed: the sources of randomness. In a lab they give the process's own stream of the run's
 * seed, so that one seed gives the same bytes on the wire.
 *
 * OpenSSL gathers its entropy by system calls of its own and mixes in the time-stamp counter; when
 * a program has it loaded, it is told to take its random bytes here (RAND_set_rand_method).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "harness/clock/random_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

INTERPOSED ssize_t getrandom(void *bytes, size_t size, unsigned flags) {
  if (!turn_in_lab())
    return REAL(getrandom)(bytes, size, flags);
  random_stream_bytes(turn_random(), bytes, size);
  return (ssize_t)size;
}

INTERPOSED int getentropy(void *bytes, size_t size) {
  if (!turn_in_lab())
    return REAL(getentropy)(bytes, size);
  random_stream_bytes(turn_random(), bytes, size);
  return 0;
}

INTERPOSED uint32_t arc4random(void) {
  return turn_in_lab() ? (uint32_t)random_stream_u64(turn_random()) : REAL(arc4random)();
}

INTERPOSED void arc4random_buf(void *bytes, size_t size) {
  if (turn_in_lab())
    random_stream_bytes(turn_random(), bytes, size);
  else
    REAL(arc4random_buf)(bytes, size);
}

INTERPOSED uint32_t arc4random_uniform(uint32_t bound) {
  if (!turn_in_lab())
    return REAL(arc4random_uniform)(bound);
  return bound < 2 ? 0 : (uint32_t)random_stream_below(turn_random(), bound);
}

/* Programs seed these from the time and their process id; the latter is not the same every time.
 * The generators themselves stay the C library's: a program may count on the sequence of one seed.
 */
static unsigned seed_of(unsigned seed) {
  return turn_in_lab() ? (unsigned)random_stream_u64(turn_random()) : seed;
}

INTERPOSED void srand(unsigned seed) {
  REAL(srand)(seed_of(seed));
}

INTERPOSED void srandom(unsigned seed) {
  REAL(srandom)(seed_of(seed));
}

INTERPOSED void srand48(long seed) {
  REAL(srand48)(turn_in_lab() ? (long)random_stream_u64(turn_random()) : seed);
}

/* ---- the random device ---- */

static bool is_random_device(const char *path) {
  return strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0;
}

bool random_device_read(int fd, void *bytes, size_t size) {
  struct stat status;
  if (!turn_in_lab() || fstat(fd, &status) || !S_ISCHR(status.st_mode) ||
      major(status.st_rdev) != 1 || (minor(status.st_rdev) != 8 && minor(status.st_rdev) != 9))
    return false;
  random_stream_bytes(turn_random(), bytes, size);
  return true;
}

static ssize_t random_stream_read(void *cookie, char *bytes, size_t size) {
  (void)cookie;
  random_stream_bytes(turn_random(), bytes, size);
  return (ssize_t)size;
}

/* A stream that draws no more than what is asked for. */
FILE *random_device_fopen(const char *path, const char *mode) {
  if (!turn_in_lab() || !is_random_device(path))
    return NULL;
  FILE *file = fopencookie(NULL, mode, (cookie_io_functions_t){.read = random_stream_read});
  if (file)
    setvbuf(file, NULL, _IONBF, 0);
  return file;
}

/* ---- OpenSSL ---- */

/* struct rand_meth_st of OpenSSL's <openssl/rand.h>, part of its stable interface. */
struct openssl_rand_method {
  int (*seed)(const void *bytes, int size);
  int (*bytes)(unsigned char *bytes, int size);
  void (*cleanup)(void);
  int (*add)(const void *bytes, int size, double entropy);
  int (*pseudo_bytes)(unsigned char *bytes, int size);
  int (*status)(void);
};

static int openssl_bytes(unsigned char *bytes, int size) {
  random_stream_bytes(turn_random(), bytes, (size_t)size);
  return 1;
}

static int openssl_seed(const void *bytes, int size) {
  (void)bytes, (void)size;
  return 1;
}

static int openssl_add(const void *bytes, int size, double entropy) {
  (void)bytes, (void)size, (void)entropy;
  return 1;
}

static int openssl_status(void) {
  return 1;
}

__attribute__((constructor(65535))) static void seed_openssl(void) {
  static const struct openssl_rand_method method = {
      .seed = openssl_seed,
      .bytes = openssl_bytes,
      .add = openssl_add,
      .pseudo_bytes = openssl_bytes,
      .status = openssl_status,
  };
  int (*set_method)(const struct openssl_rand_method *);
  *(void **)&set_method = dlsym(RTLD_DEFAULT, "RAND_set_rand_method");
  if (set_method && getenv(CLOCK_SEGMENT_VARIABLE))
    set_method(&method);
}
