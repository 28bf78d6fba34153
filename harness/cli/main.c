/* SPDX-License-Identifier: MIT
 *
 * sipfall: chooses the subcommand.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/cli.h"
#include "harness/lab/suite.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help; /* NULL: not for users */
} commands[] = {
    {"run", cli_run, "run scenarios against a phone"},
    {"network", cli_network, "print the hosts and addresses of a scenario's lab"},
    {"dns", cli_dns, "answer DNS queries from a zone, with faults"},
    {"worker", cli_worker, NULL},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
  fputs("sipfall: how does a SIP phone behave when its proxies and its DNS fail?\n\nusage:\n", out);
  for (size_t i = 0; i < COMMANDS; i++)
    if (commands[i].help)
      fprintf(out, "  sipfall %-8s %s\n", commands[i].name, commands[i].help);
  fputs("  sipfall COMMAND --help   says more\n\n"
        "exit status: 0 all passed · 1 a scenario failed · 2 usage · 3 a fault of sipfall's own ·\n"
        "  4 nothing selected, or all skipped · 5 two runs of one seed differed · 128+n "
        "interrupted by signal n\n",
        out);
}

/* A descriptor that is closed would become somebody's socket, and get what is printed. */
static void open_standard_descriptors(void) {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd < STDERR_FILENO)
    fd = dup(fd);
  if (fd > STDERR_FILENO)
    close(fd);
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  /* A phone or a reader that is gone is an error of the write, not our end. (libuv gives children
   * the default again.) */
  signal(SIGPIPE, SIG_IGN);
  open_standard_descriptors();
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(name, commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    print_help(stdout);
    return EXIT_ALL_PASSED;
  }
  if (strcmp(name, "--version") == 0) {
    puts("sipfall " SIPFALL_VERSION);
    return EXIT_ALL_PASSED;
  }
  if (name[0])
    fprintf(stderr, "sipfall: there is no command \"%s\"\n\n", name);
  print_help(stderr);
  return EXIT_USAGE;
}
