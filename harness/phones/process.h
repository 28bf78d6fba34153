/* SPDX-License-Identifier: MIT
 *
 * A process of a lab: a phone, or another program. It is started on behalf of a host, with an
 * environment that is the same on every machine; its outputs come line by line, the end of its
 * standard error is kept for reports.
 */
#ifndef HARNESS_PHONES_PROCESS_H
#define HARNESS_PHONES_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "harness/lab/lab.h"

/* Longer lines are cut: no phone has more to say at once, and a program gone wild must not fill
 * memory. */
#define PROCESS_LINE_MAX 65536

/* What is kept of standard error: enough for a crash report with its stack. */
#define PROCESS_LOG_SIZE 8192

struct process;

struct process_options {
  const char *host;               /* name of the host it runs on */
  const char *const *argv;        /* NULL-terminated; argv[0] is looked up in PATH */
  const char *const *environment; /* "NAME=value" besides the usual, NULL-terminated; or NULL */
  const char *directory; /* where it runs, below the lab's directory: "web/"; NULL: that itself */
  /* A line of standard output, or of standard error, without its end; the last one may have had
   * none. Either may be NULL. */
  void (*line)(void *context, const char *line, size_t length);
  void (*error_line)(void *context, const char *line, size_t length);
  /* It ended: by itself with `status`, or by `signal_number` (else 0). Called once, after the lines
   * that it wrote. May be NULL. */
  void (*exited)(void *context, int64_t status, int signal_number);
  void *context;
};

/* Starts it in the lab's directory. Returns 0, or -1 with the text filled in; `*out` is untouched
 * then and no callback will be called. */
int process_start(struct process **out, struct lab *lab, const struct process_options *options,
                  struct error *error);

/* Kills it if it still runs (SIGKILL), without calling back, and frees it once the loop has run its
 * close callbacks. NULL is allowed. */
void process_destroy(struct process *process);

/* Writes to its standard input. The bytes are copied. Returns 0, or -1 when it doesn't read any
 * more. */
int process_write(struct process *process, const void *bytes, size_t size);
void process_close_input(struct process *process);

/* Returns 0, or -1 when it has ended. */
int process_signal(struct process *process, int signal_number);

int process_id(const struct process *process);

/* The last PROCESS_LOG_SIZE - 1 bytes at most of its standard error, NUL-terminated; borrowed. */
const char *process_log(const struct process *process);

/* Whether there is such a program, as a path or in PATH. */
bool process_can_start(const char *program);

#endif
