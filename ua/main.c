/* SPDX-License-Identifier: MIT
 *
 * sipfall-phone: the reference phone, driven over its standard input and output
 * (docs/phone-control.md). SIGTERM and SIGINT end it at once, without unregistering, as their
 * default action does.
 */
#include <signal.h>
#include <sofia-sip/su.h>
#include <sofia-sip/su_debug.h>
#include <sofia-sip/su_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ua/control.h"
#include "ua/parameters.h"
#include "ua/timer.h"

static const char USAGE[] =
    "usage: sipfall-phone [--log LEVEL]\n"
    "\n"
    "A SIP phone that is driven by JSON lines: commands on standard input, answers and events on "
    "standard output\n"
    "(docs/phone-control.md). It ends with the command \"stop\", or, without unregistering, when "
    "the input ends.\n"
    "\n"
    "  --log LEVEL   log of the SIP stack on standard error, 0 (none, the default) to 9\n"
    "  --parameters  list the vendor parameters that the phone honours, and end\n"
    "  --version     print the version, and end\n"
    "  --help        print this, and end\n";

static int run(int log_level) {
  /* A driver that goes away shows as a failed write, not as a signal. */
  signal(SIGPIPE, SIG_IGN);
  su_init();
  phone_timers_start();
  su_log_set_level(NULL, (unsigned)log_level);
  su_log_set_level(su_log_default, (unsigned)log_level);
  su_root_t *root = su_root_create(NULL);
  if (!root) {
    fprintf(stderr, "sipfall-phone: no event loop\n");
    return 3;
  }
  su_root_threading(root, 0);
  int status = control_run(root, STDIN_FILENO, STDOUT_FILENO);
  su_root_destroy(root);
  su_deinit();
  return status;
}

int main(int argc, char **argv) {
  int log_level = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      fputs(USAGE, stdout);
      return 0;
    }
    if (strcmp(argv[i], "--version") == 0) {
      puts("sipfall-phone " SIPFALL_VERSION);
      return 0;
    }
    if (strcmp(argv[i], "--parameters") == 0) {
      parameters_print(stdout);
      return 0;
    }
    if (strcmp(argv[i], "--log") == 0 && i + 1 < argc && strlen(argv[i + 1]) == 1 &&
        strchr("0123456789", *argv[i + 1])) {
      log_level = *argv[++i] - '0';
      continue;
    }
    fprintf(stderr, "sipfall-phone: %s?\n%s", argv[i], USAGE);
    return 2;
  }
  return run(log_level);
}
