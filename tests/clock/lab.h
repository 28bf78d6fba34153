/* SPDX-License-Identifier: MIT
 *
 * A lab for the tests of the clock: starts one program on a clock of its own, watches it from real
 * time like the runner does, and gives what it printed.
 */
#ifndef TESTS_CLOCK_LAB_H
#define TESTS_CLOCK_LAB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/clock/segment.h"

struct lab_result {
  int status;         /* of waitpid; -1: killed, because it took longer than LAB_REAL_LIMIT_NS */
  char *output;       /* what it wrote to standard output; the caller's to free */
  int64_t elapsed_ns; /* virtual */
  uint64_t passes, jumps;
  char report[512]; /* of the watch; empty: none */
  uint32_t left;    /* participants that are still there */
};

/* Far more than any of these tests takes on a loaded machine: one has to compute for
 * CLOCK_HOLD_REPORT_NS, beside dozens of other programs. */
#define LAB_REAL_LIMIT_NS (INT64_C(300) * 1000000000)

struct lab_options {
  uint64_t seed;
  int64_t report_after_ns; /* give up when the watch reported; 0: go on */
  bool is_unwatched;       /* nobody buries those who die without giving the turn away */
  void (*meanwhile)(struct clock_lab *lab, void *context); /* called every few ms of real time */
  void *context;
  void (*prepare)(struct clock_lab *lab); /* before the program starts: its network, say */
  const char *host;                       /* that the program runs on; NULL: the lab's own */
  const char *program;                    /* a path; NULL: tests/clock/participant */
};

/* Runs the program with these arguments (NULL-terminated). */
struct lab_result lab_run(const struct lab_options *options, const char *const *arguments);

/* Runs `body` while two processes burn a processor each. */
void lab_under_load(void (*body)(void));

/* For writing arguments. */
#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Runs the part with seed 1 and compares its whole output; nothing may be left of it. */
void lab_expect_output(const char *const *arguments, const char *expected);

/* The same in a lab in which nobody finds the turn with those who die without giving it away. */
void lab_expect_unwatched(const char *const *arguments, const char *expected);

/* A block of loopback addresses for a lab's network; no other program on the machine gets it while
 * this one runs. */
unsigned lab_block(void);

#endif
