/* SPDX-License-Identifier: MIT
 *
 * sipfall network: what a scenario's lab consists of, without running it: its hosts, their
 * addresses, and what stands for them on this machine.
 */
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>

#include "harness/cli/cli.h"
#include "harness/cli/options.h"
#include "harness/lab/places.h"
#include "harness/lab/runner.h"
#include "harness/lab/suite.h"

enum { OPTION_REAL_TIME = CLI_OPTION_LONG, OPTION_INTERFACE };

static const struct cli_option options[] = {
    {"real-time", OPTION_REAL_TIME, NULL, "as it is in real time: addresses of this machine"},
    {"interface", OPTION_INTERFACE, "NAME", "likewise, addresses of this network interface"},
    CLI_OPTION_HELP,
};

static int take_option(void *context, int option, const char *argument) {
  struct suite *suite = context;
  suite->real_time = true;
  if (option != OPTION_INTERFACE)
    return 0;
  suite->interface = argument;
  return if_nametoindex(argument)
             ? 0
             : cli_usage("network", "--interface %s: there is no such network interface", argument);
}

static const struct cli_command command = {
    .name = "network",
    .usage =
        "network [OPTION…] PATH…\n"
        "Prints the hosts of scenarios, their addresses, and how each is realised: in virtual\n"
        "time an address is what the programs of the lab see, and a loopback address stands for\n"
        "it; its ports are elsewhere there, in each run.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .take = take_option,
};

static void print_plan(void *context, const struct suite *suite, const struct scenario *scenario) {
  (void)suite;
  fprintf(context, "%s: %s\n", scenario->path, scenario->title ? scenario->title : "-");
  fprintf(context, "%s\n", scenario->plan ? scenario->plan : scenario->text);
}

int cli_network(int argc, char **argv) {
  struct places places;
  struct error error;
  struct suite suite = {.seed = 1, .plan_only = true};
  struct runner_options runner = {.places = &places,
                                  .phone = "reference",
                                  .jobs = 1,
                                  .repeat = 1,
                                  .ended = print_plan,
                                  .context = stdout};
  int status = cli_read_options(&command, &suite, argc, argv);
  if (status)
    return status < 0 ? EXIT_ALL_PASSED : status;
  if (optind == argc)
    return cli_usage("network", "of which scenarios? Name files or folders");
  if (suite_find(&suite, (const char *const *)argv + optind, (size_t)(argc - optind), &error))
    return cli_usage("network", "%s", error.text);
  if (places_find(&places, &error) || runner_run(&suite, &runner, &error)) {
    fprintf(stderr, "sipfall: %s\n", error.text);
    status = EXIT_OWN_FAULT;
  } else {
    status = suite_exit_status(&suite);
  }
  suite_destroy(&suite);
  return status;
}
