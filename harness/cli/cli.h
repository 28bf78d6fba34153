/* SPDX-License-Identifier: MIT
 *
 * The command line: one file for each subcommand.
 */
#ifndef HARNESS_CLI_CLI_H
#define HARNESS_CLI_CLI_H

enum exit_status {
  EXIT_ALL_PASSED = 0,
  EXIT_SCENARIO_FAILED = 1,
  EXIT_USAGE = 2,
  EXIT_OWN_FAULT = 3,
  EXIT_NOTHING_SELECTED = 4,
  EXIT_RUNS_DIFFERED = 5
};

/* Each takes the arguments from its own name on and returns the program's exit status. */
int cli_run(int argc, char **argv);

/* Not for users: what the runner starts for one scenario. */
int cli_worker(int argc, char **argv);

#endif
