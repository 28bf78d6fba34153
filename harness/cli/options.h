/* SPDX-License-Identifier: MIT
 *
 * Options of the subcommands. Each has one table of them, which is the only place that describes
 * them: what getopt_long takes and what --help prints are made from it.
 */
#ifndef HARNESS_CLI_OPTIONS_H
#define HARNESS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_option {
  const char *name;
  int value;            /* below 256: also a letter */
  const char *argument; /* NULL: none */
  const char *help;
};

/* The values of options without a letter begin here. */
#define CLI_OPTION_LONG 256

#define CLI_OPTIONS_MAX 24

/* Every command has it. */
#define CLI_OPTION_HELP                                                                            \
  { "help", 'h', NULL, "this text" }

struct cli_command {
  const char *name;  /* "run" */
  const char *usage; /* what comes after "usage: sipfall ": the line, and sentences below it */
  const struct cli_option *options;
  size_t option_count; /* at most CLI_OPTIONS_MAX */
  /* Takes one option. Returns 0, or the exit status of a usage error that it has told. */
  int (*take)(void *context, int option, const char *argument);
};

/* Reads the options; `optind` is then the first argument that is none. Returns 0 to go on, -1 when
 * help was given, or the exit status of a usage error that was told. */
int cli_read_options(const struct cli_command *command, void *context, int argc, char **argv);

/* Tells a usage error on standard error; returns EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int cli_usage(const char *command, const char *format, ...);

/* False when the text is not a whole number from `low` to `high`. */
bool cli_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

#endif
