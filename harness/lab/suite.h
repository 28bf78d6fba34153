/* SPDX-License-Identifier: MIT
 *
 * A suite: the scenario files that were chosen, and what came of them.
 */
#ifndef HARNESS_LAB_SUITE_H
#define HARNESS_LAB_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "common/error.h"
#include "harness/lab/timeline.h"

/* Exit status of the program; 128 + n when it was interrupted by signal n. */
enum exit_status {
  EXIT_ALL_PASSED = 0,
  EXIT_SCENARIO_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_OWN_FAULT = 3,
  EXIT_NOTHING_SELECTED = 4,
  EXIT_RUNS_DIFFERED = 5
};

enum scenario_status {
  SCENARIO_NOT_RUN, /* interrupted before its turn */
  SCENARIO_PASSED,
  SCENARIO_FAILED,
  SCENARIO_SKIPPED,
  SCENARIO_BROKEN /* a fault of sipfall's own */
};

struct scenario {
  char *path; /* as the user named it */
  enum scenario_status status;
  char *title; /* NULL while unknown */
  char *text;  /* why it failed, was skipped or is broken; NULL: passed */
  char *plan;  /* hosts_describe(), of a suite that is only planned; else NULL */
  unsigned checks;
  unsigned runs;                     /* that have ended */
  int64_t simulated_ns;              /* lab time of the first run */
  int64_t wall_ns;                   /* real time of all runs */
  char digest[TIMELINE_DIGEST_SIZE]; /* of the first run; empty in real time */
  bool differs;                      /* a later run with the same seed had another digest */
};

struct suite {
  struct scenario *scenarios;
  size_t count;
  uint64_t seed;
  int64_t wall_ns;
  bool real_time;
  const char *interface; /* in real time: whose addresses hosts get; NULL: loopback's */
  bool plan_only;        /* labs are made and described, and nothing is run in them */
  int interrupted;       /* by this signal; 0: not */
};

/* Finds the scenario files: a path is a file, or a directory that is searched for *.lua, in the
 * order of their names. Returns 0, or -1 with the text filled in. A suite may be empty. */
int suite_find(struct suite *suite, const char *const *paths, size_t count, struct error *error);
void suite_destroy(struct suite *suite);

/* Takes note of one run of a scenario: what the worker said (NULL: nothing; then `otherwise` says
 * why). Of several runs the first one's figures stay, and the first failure. */
void scenario_note_run(struct scenario *scenario, const cJSON *said, const char *otherwise,
                       int64_t wall_ns);

size_t suite_count(const struct suite *suite, enum scenario_status status);

/* Exit status of a run of this suite: enum exit_status, or 128 + n. */
int suite_exit_status(const struct suite *suite);

#endif
