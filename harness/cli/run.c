/* SPDX-License-Identifier: MIT
 *
 * sipfall run: runs scenarios and reports.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cli.h"
#include "harness/cli/options.h"
#include "harness/lab/places.h"
#include "harness/lab/runner.h"
#include "harness/lab/suite.h"
#include "harness/report/report.h"

/* As many as there are blocks of addresses is nobody's machine. */
enum { JOBS_MAX = 64, REPEAT_MAX = 1000000 };

/* What the JSON of timelines and of the control protocol holds exactly: 2^53. */
#define SEED_MAX (UINT64_C(1) << 53)

enum {
  OPTION_PHONE = CLI_OPTION_LONG,
  OPTION_REAL_TIME,
  OPTION_INTERFACE,
  OPTION_SEED,
  OPTION_REPEAT,
  OPTION_JUNIT,
  OPTION_JSON
};

static const struct cli_option options[] = {
    {"phone", OPTION_PHONE, "NAME", "the phone under test: reference (the default), baresip"},
    {"real-time", OPTION_REAL_TIME, NULL, "in real time instead of virtual time"},
    {"interface", OPTION_INTERFACE, "NAME",
     "in real time, at the addresses of this network interface, one scenario after the other"},
    {"jobs", 'j', "N", "scenarios at once (default: one for each processor)"},
    {"seed", OPTION_SEED, "N", "seed of all randomness (default 1); one seed gives the same bytes"},
    {"repeat", OPTION_REPEAT, "N", "run each scenario N times and compare the digests"},
    {"junit", OPTION_JUNIT, "FILE", "write a JUnit report"},
    {"json", OPTION_JSON, "FILE", "write the timelines as JSON Lines"},
    CLI_OPTION_HELP,
};

struct run {
  struct suite suite;
  struct runner_options runner;
  const char *junit, *json; /* paths; NULL: not wanted */
  FILE *junit_file;
};

/* Takes one option; returns 0 or the exit status of a usage error. */
static int take_option(void *context, int option, const char *argument) {
  struct run *run = context;
  uint64_t number;
  switch (option) {
  case OPTION_PHONE:
    run->runner.phone = argument;
    return 0;
  case OPTION_REAL_TIME:
    run->suite.real_time = true;
    return 0;
  case OPTION_INTERFACE:
    run->suite.real_time = true;
    run->suite.interface = argument;
    return if_nametoindex(argument)
               ? 0
               : cli_usage("run", "--interface %s: there is no such network interface", argument);
  case 'j':
    if (!cli_parse_number(argument, 1, JOBS_MAX, &number))
      return cli_usage("run", "-j %s: a number from 1 to 64", argument);
    run->runner.jobs = (unsigned)number;
    return 0;
  case OPTION_SEED:
    return cli_parse_number(argument, 0, SEED_MAX, &run->suite.seed)
               ? 0
               : cli_usage("run", "--seed %s: a whole number from 0 to 9007199254740992", argument);
  case OPTION_REPEAT:
    if (!cli_parse_number(argument, 1, REPEAT_MAX, &number))
      return cli_usage("run", "--repeat %s: a number from 1 to 1000000", argument);
    run->runner.repeat = (unsigned)number;
    return 0;
  case OPTION_JUNIT:
    run->junit = argument;
    return 0;
  case OPTION_JSON:
    run->json = argument;
    return 0;
  }
  return cli_usage("run", "the option \"%s\" is in the table, but nothing is done about it",
                   argument);
}

static const struct cli_command command = {
    .name = "run",
    .usage = "run [OPTION…] PATH…\nRuns scenario files, or all scenarios below a folder.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .take = take_option,
};

static int is_adapter(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot && strcmp(dot, ".lua") == 0;
}

/* Checks that there is an adapter of this name; otherwise says which there are. */
static int check_phone(const struct places *places, const char *phone) {
  char path[2 * PATH_MAX], known[512] = "";
  struct dirent **entries;
  snprintf(path, sizeof path, "%s/sipfall/phones/%s.lua", places->lua, phone);
  if (!strchr(phone, '/') && access(path, R_OK) == 0)
    return 0;
  snprintf(path, sizeof path, "%s/sipfall/phones", places->lua);
  int count = scandir(path, &entries, is_adapter, alphasort);
  for (int i = 0; i < count; i++) {
    size_t length = strlen(known);
    snprintf(known + length, sizeof known - length, "%s%.*s", i ? ", " : "",
             (int)strlen(entries[i]->d_name) - 4, entries[i]->d_name);
    free(entries[i]);
  }
  if (count >= 0)
    free(entries);
  return cli_usage("run", "--phone %s: there is no such phone; there are: %s", phone, known);
}

static void scenario_ended(void *context, const struct suite *suite,
                           const struct scenario *scenario) {
  report_console_scenario(context, suite, scenario);
}

static int own_fault(const struct error *error) {
  fprintf(stderr, "sipfall: %s\n", error->text);
  return EXIT_OWN_FAULT;
}

/* Opens what was asked for, before anything runs: a name that can't be written is said at once. */
static int open_reports(struct run *run) {
  if (run->json && !(run->runner.timelines = fopen(run->json, "we")))
    return cli_usage("run", "--json %s: %s", run->json, strerror(errno));
  if (run->junit && !(run->junit_file = fopen(run->junit, "we")))
    return cli_usage("run", "--junit %s: %s", run->junit, strerror(errno));
  return 0;
}

/* Closes a report. Returns 0, or -1 with the text filled in. NULL is allowed. */
static int close_report(FILE *file, const char *path, struct error *error) {
  if (!file)
    return 0;
  errno = 0;
  bool failed = fflush(file) != 0 || ferror(file) != 0;
  int error_number = errno ? errno : EIO; /* an earlier write's, which nobody kept */
  fclose(file);
  errno = error_number;
  return failed ? error_set(error, "%s: can't write it: %s", path, strerror(errno)) : 0;
}

static int run_suite(struct run *run) {
  struct error error;
  int status = open_reports(run);
  int result = status ? -1 : runner_run(&run->suite, &run->runner, &error);
  if (result == 0)
    report_console_total(stdout, &run->suite);
  if (result == 0 && run->junit_file)
    result = report_junit(run->junit_file, &run->suite, &error);
  /* The first error is the one to tell. */
  result |= close_report(run->runner.timelines, run->json, result ? NULL : &error);
  result |= close_report(run->junit_file, run->junit, result ? NULL : &error);
  if (result == 0 && (fflush(stdout) || ferror(stdout)))
    result = error_set(&error, "standard output: can't write the report there");
  if (status)
    return status;
  return result ? own_fault(&error) : suite_exit_status(&run->suite);
}

int cli_run(int argc, char **argv) {
  struct places places;
  struct error error;
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  struct run run = {
      .suite = {.seed = 1},
      .runner = {.places = &places,
                 .phone = "reference",
                 .jobs = processors > JOBS_MAX ? JOBS_MAX
                         : processors > 0      ? (unsigned)processors
                                               : 1,
                 .repeat = 1,
                 .ended = scenario_ended,
                 .context = stdout},
  };
  int status = cli_read_options(&command, &run, argc, argv);
  if (status)
    return status < 0 ? EXIT_ALL_PASSED : status;
  if (places_find(&places, &error))
    return own_fault(&error);
  if ((status = check_phone(&places, run.runner.phone)) != 0)
    return status;
  if (run.suite.interface) /* two would want the same addresses */
    run.runner.jobs = 1;
  if (optind == argc)
    return cli_usage("run", "which scenarios? Name files or folders");
  if (suite_find(&run.suite, (const char *const *)argv + optind, (size_t)(argc - optind), &error)) {
    status = cli_usage("run", "%s", error.text);
  } else if (run.suite.count == 0) {
    fputs("sipfall run: there is no scenario (a file *.lua) there\n", stderr);
    status = EXIT_NOTHING_SELECTED;
  } else {
    status = run_suite(&run);
  }
  suite_destroy(&run.suite);
  return status;
}
