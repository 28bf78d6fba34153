/* SPDX-License-Identifier: MIT
 *
 * The runner: runs the scenarios of a suite, each in a worker of its own, several at once, and
 * looks after them from real time. The runner itself never takes part in a lab.
 */
#ifndef HARNESS_LAB_RUNNER_H
#define HARNESS_LAB_RUNNER_H

#include <stdio.h>

#include "harness/lab/places.h"
#include "harness/lab/suite.h"

/* Where a worker finds what the runner gives it. The claim on its block of addresses stays open in
 * all processes of the lab: nobody else gets the block while one of them lives. */
enum { WORKER_RESULT_FD = 3, WORKER_TIMELINE_FD = 4, WORKER_BLOCK_FD = 5 };

struct runner_options {
  const struct places *places;
  const char *phone; /* adapter */
  unsigned jobs;     /* workers at once */
  unsigned repeat;   /* runs of each scenario */
  FILE *timelines; /* gets the timeline of each first run, in the suite's order; NULL: nobody wants
                      them */
  /* Called when a scenario has had all its runs; in the suite's order. May be NULL. */
  void (*ended)(void *context, const struct suite *suite, const struct scenario *scenario);
  void *context;
};

/* Runs the suite (its seed and real_time say how) to its end or until SIGINT, SIGTERM or SIGHUP.
 * Returns 0, or -1 with the text filled in when nothing could be run. No process is left behind in
 * either case. */
int runner_run(struct suite *suite, const struct runner_options *options, struct error *error);

#endif
