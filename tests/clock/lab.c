/* SPDX-License-Identifier: MIT
 *
 * A lab for the tests of the clock (lab.h). The paths of library and program come from CMake.
 */
#include "tests/clock/lab.h"

#include <CUnit/Basic.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t real_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* A lab runs on one processor; those of several test programs on several. */
static void pin_to_one_processor(void) {
  cpu_set_t allowed, one;
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed))
    return;
  int others = getppid() % CPU_COUNT(&allowed);
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &allowed) && others-- == 0) {
      CPU_SET(i, &one);
      sched_setaffinity(0, sizeof one, &one);
      return;
    }
}

static pid_t start(const struct clock_lab *lab, const struct lab_options *options,
                   const char *const *arguments, int output) {
  pid_t child = fork();
  if (child != 0)
    return child;
  const char *program = options->program ? options->program : TEST_PARTICIPANT;
  const char *argv[32] = {program};
  for (int i = 0; arguments[i] && i < 30; i++)
    argv[i + 1] = arguments[i];
  pin_to_one_processor();
  dup2(output, STDOUT_FILENO);
  setenv("LD_PRELOAD", TEST_CLOCK_LIBRARY, 1);
  /* The participant carries the sanitizers' runtime in the asan build; the clock must stand before
   * it. */
  setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
  setenv(CLOCK_SEGMENT_VARIABLE, lab->path, 1);
  if (options->host)
    setenv(CLOCK_HOST_VARIABLE, options->host, 1);
  execv(program, (char *const *)argv);
  _exit(126);
}

/* The runner's labs claim theirs by the same names (harness/lab/runner.c), from 100 on. */
unsigned lab_block(void) {
  static unsigned claimed;
  for (unsigned block = 1; claimed == 0 && block < 100; block++) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "sipfall-block-%u", block);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
      claimed = block;
    else
      close(fd);
  }
  if (claimed == 0)
    abort();
  return claimed;
}

/* Reads what is there; returns 0 at the end of the output. */
static int read_output(int fd, char **output, size_t *length) {
  char part[4096];
  ssize_t size = read(fd, part, sizeof part);
  if (size <= 0)
    return 0;
  *output = realloc(*output, *length + (size_t)size + 1);
  memcpy(*output + *length, part, (size_t)size);
  *length += (size_t)size;
  (*output)[*length] = '\0';
  return 1;
}

struct lab_result lab_run(const struct lab_options *options, const char *const *arguments) {
  struct lab_result result = {.status = -1, .output = calloc(1, 1)};
  struct clock_lab lab;
  struct clock_watch watch = {0};
  int output[2];
  size_t length = 0;
  if (clock_lab_create(&lab, options->seed, NULL) || pipe2(output, O_CLOEXEC))
    abort();
  if (options->prepare)
    options->prepare(&lab);
  clock_lab_announce(&lab, "participant");
  int64_t started_ns = real_now_ns();
  pid_t child = start(&lab, options, arguments, output[1]);
  close(output[1]);
  for (int open = 1; open;) {
    struct pollfd readable = {.fd = output[0], .events = POLLIN};
    if (poll(&readable, 1, 2) > 0)
      open = read_output(output[0], &result.output, &length);
    bool reported =
        !options->is_unwatched && clock_lab_watch(&lab, &watch, real_now_ns(), result.report);
    if (options->meanwhile)
      options->meanwhile(&lab, options->context);
    if (real_now_ns() - started_ns > LAB_REAL_LIMIT_NS || (reported && options->report_after_ns))
      break;
  }
  int wait_flags = real_now_ns() - started_ns > LAB_REAL_LIMIT_NS || result.report[0] ? WNOHANG : 0;
  if (waitpid(child, &result.status, wait_flags) != child) {
    result.status = -1;
    clock_lab_kill(&lab);
    waitpid(child, NULL, 0);
  }
  close(output[0]);
  result.elapsed_ns = clock_lab_elapsed_ns(&lab);
  result.passes = lab.segment->passes;
  result.jumps = lab.segment->jumps;
  for (uint32_t i = 0; i < lab.segment->participants; i++)
    result.left += lab.segment->participant[i].state == CLOCK_TAKING;
  clock_lab_destroy(&lab);
  return result;
}

static void expect_output(const struct lab_options *options, const char *const *arguments,
                          const char *expected) {
  struct lab_result result = lab_run(options, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", arguments[0], result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  free(result.output);
}

void lab_expect_output(const char *const *arguments, const char *expected) {
  expect_output(&(struct lab_options){.seed = 1}, arguments, expected);
}

void lab_expect_unwatched(const char *const *arguments, const char *expected) {
  expect_output(&(struct lab_options){.seed = 1, .is_unwatched = true}, arguments, expected);
}

void lab_under_load(void (*body)(void)) {
  pid_t burners[2];
  for (int i = 0; i < 2; i++) {
    burners[i] = fork();
    if (burners[i] == 0)
      for (volatile uint64_t n = 0;; n++) {
      }
  }
  body();
  for (int i = 0; i < 2; i++) {
    kill(burners[i], SIGKILL);
    waitpid(burners[i], NULL, 0);
  }
}
