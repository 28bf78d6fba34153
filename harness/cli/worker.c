/* SPDX-License-Identifier: MIT
 *
 * The worker: runs one scenario in a lab, in the process that the runner made for it, and sends
 * what came of it to the runner as a JSON object. Whether its time is virtual is the business of
 * its environment; it is told only so that the scenario can know.
 *
 * usage: sipfall worker SCENARIO SEED BLOCK PROCESSOR PHONE virtual|real timeline|no-timeline
 * plan|run INTERFACE
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/cli/cli.h"
#include "harness/lab/lab.h"
#include "harness/lab/places.h"
#include "harness/lab/runner.h"
#include "harness/lab/suite.h"
#include "harness/script/script.h"

/* A lab runs on one processor, all its processes: passing the turn is much cheaper there. */
static void pin_to(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (processor < 0)
    return;
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}

/* Foreign phones put pointers on the wire (baresip's Contact has one) and order things by them: the
 * processes of a lab have their memory at the same addresses every time. A sandbox may forbid it;
 * then only such phones differ from run to run. */
static void fix_addresses(void) {
  int persona = personality(0xffffffff);
  if (persona != -1)
    personality((unsigned long)persona | ADDR_NO_RANDOMIZE);
}

static void send_result(const cJSON *result) {
  char *text = cJSON_PrintUnformatted(result);
  size_t length = text ? strlen(text) : 0;
  for (size_t sent = 0; sent < length;) {
    ssize_t size = write(WORKER_RESULT_FD, text + sent, length - sent);
    if (size <= 0)
      break;
    sent += (size_t)size;
  }
  free(text);
}

/* What the scenario doesn't know of itself. */
static void add_measurements(cJSON *result, struct lab *lab) {
  char digest[TIMELINE_DIGEST_SIZE];
  cJSON_AddNumberToObject(result, "simulated_ns", (double)lab_now_ns(lab));
  if (lab_is_real_time(lab))
    return; /* no two runs are the same */
  timeline_digest(lab_timeline(lab), digest);
  cJSON_AddStringToObject(result, "digest", digest);
}

static cJSON *run(char **argv, FILE *timeline, struct error *error) {
  struct places places;
  struct lab *lab = NULL;
  struct lab_options options = {
      .seed = strtoull(argv[2], NULL, 10),
      .block = (unsigned)strtoul(argv[3], NULL, 10),
      .real_time = strcmp(argv[6], "real") == 0,
      .interface = argv[9][0] ? argv[9] : NULL,
      .timeline_output = timeline,
  };
  if (places_find(&places, error) || lab_create(&lab, &options, error))
    return NULL;
  struct script_options script = {.scenario = argv[1],
                                  .lua = places.lua,
                                  .phone = argv[5],
                                  .phone_path = places.phone,
                                  .plan_only = strcmp(argv[8], "plan") == 0};
  cJSON *result = script_run(lab, &script, error);
  if (result)
    add_measurements(result, lab);
  lab_destroy(lab);
  return result;
}

int cli_worker(int argc, char **argv) {
  if (argc != 10 || fcntl(WORKER_RESULT_FD, F_GETFD) < 0) {
    fputs("sipfall worker: is started by sipfall run, not by hand\n", stderr);
    return EXIT_USAGE;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  fix_addresses();
  pin_to((int)strtol(argv[4], NULL, 10));
  /* Neither is for the lab's processes. */
  fcntl(WORKER_RESULT_FD, F_SETFD, FD_CLOEXEC);
  FILE *timeline = NULL;
  if (strcmp(argv[7], "timeline") == 0 && fcntl(WORKER_TIMELINE_FD, F_SETFD, FD_CLOEXEC) == 0)
    timeline = fdopen(WORKER_TIMELINE_FD, "w");
  struct error error = {""};
  cJSON *result = run(argv, timeline, &error);
  if (!result) {
    result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "broken", error.text);
  }
  if (timeline)
    fclose(timeline);
  send_result(result);
  cJSON_Delete(result);
  return EXIT_ALL_PASSED;
}
