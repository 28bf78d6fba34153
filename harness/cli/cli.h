/* SPDX-License-Identifier: MIT
 *
 * The command line: one file for each subcommand.
 */
#ifndef HARNESS_CLI_CLI_H
#define HARNESS_CLI_CLI_H

/* Each takes the arguments from its own name on and returns the program's exit status. */
int cli_run(int argc, char **argv);

/* The plan of a scenario's network. */
int cli_network(int argc, char **argv);

/* A fake DNS server by hand. */
int cli_dns(int argc, char **argv);

/* Not for users: what the runner starts for one scenario. */
int cli_worker(int argc, char **argv);

#endif
