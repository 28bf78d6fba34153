/* SPDX-License-Identifier: MIT
 *
 * Options of the subcommands (options.h).
 */
#include "harness/cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/lab/suite.h"

static void print_help(const struct cli_command *command) {
  printf("usage: sipfall %s\n\n", command->usage);
  for (size_t i = 0; i < command->option_count; i++) {
    const struct cli_option *option = &command->options[i];
    char left[48], letter[8] = "";
    if (option->value < CLI_OPTION_LONG)
      snprintf(letter, sizeof letter, "-%c, ", option->value);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    printf("  %-18s %s\n", left, option->help);
  }
}

int cli_usage(const char *command, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "sipfall %s: ", command);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "\n(sipfall %s --help says more)\n", command);
  va_end(arguments);
  return EXIT_USAGE;
}

bool cli_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value < low || value > high)
    return false;
  *number = value;
  return true;
}

/* What getopt_long could not take: `found` is what it returned, `letter` its optopt, `text` the
 * argument. */
static int refuse_option(const struct cli_command *command, int found, int letter,
                         const char *text) {
  if (found == ':')
    return cli_usage(command->name, "%s wants a value", text);
  if (strncmp(text, "--", 2) != 0)
    return cli_usage(command->name, "there is no option -%c", letter);
  return letter
             ? cli_usage(command->name, "%s: this option takes no value", text)
             : cli_usage(command->name, "%s: there is no such option, or there are several", text);
}

int cli_read_options(const struct cli_command *command, void *context, int argc, char **argv) {
  struct option long_options[CLI_OPTIONS_MAX + 1] = {{0}};
  char letters[2 * CLI_OPTIONS_MAX + 2] = ":"; /* tells a missing value apart */
  opterr = 0;
  for (size_t i = 0, n = 1; i < command->option_count && i < CLI_OPTIONS_MAX; i++) {
    const struct cli_option *option = &command->options[i];
    long_options[i] = (struct option){.name = option->name,
                                      .has_arg = option->argument ? required_argument : no_argument,
                                      .val = option->value};
    if (option->value < CLI_OPTION_LONG) {
      letters[n++] = (char)option->value;
      if (option->argument)
        letters[n++] = ':';
    }
  }
  for (int option; (option = getopt_long(argc, argv, letters, long_options, NULL)) != -1;) {
    if (option == 'h') {
      print_help(command);
      return -1;
    }
    int status = option == '?' || option == ':'
                     ? refuse_option(command, option, optopt, argv[optind - 1])
                     : command->take(context, option, optarg);
    if (status)
      return status;
  }
  return 0;
}
