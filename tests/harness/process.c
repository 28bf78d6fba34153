/* SPDX-License-Identifier: MIT
 *
 * Processes of a lab, in real time: what they say, how they end, what they see, and that none
 * outlives its owner. The programs are the shell and what it has.
 */
#include "harness/phones/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit.h"

/* Against a test that waits for ever. */
enum { LIMIT_MS = 20000 };

struct seen {
  struct lab *lab;
  char lines[4096]; /* each with a | after it */
  int line_count;
  size_t longest;
  int exits;
  int64_t status;
  int signal_number;
  const char *stop_at; /* the line after which the loop stops; NULL: at the exit */
};

static void on_line(void *context, const char *line, size_t length) {
  struct seen *seen = context;
  size_t used = strlen(seen->lines);
  snprintf(seen->lines + used, sizeof seen->lines - used, "%.*s|", (int)length, line);
  seen->line_count++;
  seen->longest = length > seen->longest ? length : seen->longest;
  if (seen->stop_at && strlen(seen->stop_at) == length && memcmp(line, seen->stop_at, length) == 0)
    lab_stop(seen->lab);
}

static void on_exit_of(void *context, int64_t status, int signal_number) {
  struct seen *seen = context;
  seen->exits++;
  seen->status = status;
  seen->signal_number = signal_number;
  lab_stop(seen->lab);
}

/* In virtual time, but without a clock, a lab's time is real as well. */
static struct lab *make_lab_in(bool real_time) {
  struct lab *lab = NULL;
  struct error error = {""};
  struct lab_options options = {.seed = 1, .block = HOSTS_BLOCK_LAST, .real_time = real_time};
  CU_ASSERT_EQUAL_FATAL(lab_create(&lab, &options, &error), 0);
  return lab;
}

static struct lab *make_lab(void) {
  return make_lab_in(true);
}

static struct process *start(struct seen *seen, const char *const *argv) {
  struct process *process = NULL;
  struct error error = {""};
  struct process_options options = {
      .host = "alice", .argv = argv, .line = on_line, .exited = on_exit_of, .context = seen};
  CU_ASSERT_EQUAL_FATAL(process_start(&process, seen->lab, &options, &error), 0);
  return process;
}

static struct process *start_shell(struct seen *seen, const char *script) {
  return start(seen, (const char *const[]){"sh", "-c", script, NULL});
}

static void too_long(uv_timer_t *timer) {
  lab_stop(timer->data);
}

static void close_timer(uv_handle_t *handle) {
  free(handle);
}

/* Runs until the exit, or the line that the test waits for. */
static void run(struct lab *lab) {
  uv_timer_t *timer = malloc(sizeof *timer);
  uv_timer_init(lab_loop(lab), timer);
  timer->data = lab;
  uv_timer_start(timer, too_long, LIMIT_MS, 0);
  lab_run(lab);
  CU_ASSERT_TRUE(uv_timer_get_due_in(timer) > 0);
  uv_close((uv_handle_t *)timer, close_timer);
}

/* What the process said may still be in its pipes when its exit is told. */
static void read_rest(struct seen *seen) {
  for (int i = 0; i < 10; i++)
    uv_run(lab_loop(seen->lab), UV_RUN_NOWAIT);
}

static void finish(struct seen *seen, struct process *process) {
  run(seen->lab);
  read_rest(seen);
  process_destroy(process);
  lab_destroy(seen->lab);
}

static void test_lines_and_status(void) {
  struct seen seen = {.lab = make_lab()};
  finish(&seen, start_shell(&seen, "printf 'one\\n\\ntwo words\\nunfinished'; exit 7"));
  CU_ASSERT_STRING_EQUAL(seen.lines, "one||two words|unfinished|");
  CU_ASSERT_EQUAL(seen.exits, 1);
  CU_ASSERT_EQUAL(seen.status, 7);
  CU_ASSERT_EQUAL(seen.signal_number, 0);
}

static void test_signal(void) {
  struct seen seen = {.lab = make_lab()};
  finish(&seen, start_shell(&seen, "kill -SEGV $$"));
  CU_ASSERT_EQUAL(seen.exits, 1);
  CU_ASSERT_EQUAL(seen.signal_number, SIGSEGV);
}

static void test_input(void) {
  struct seen seen = {.lab = make_lab(), .stop_at = "ready"};
  struct process *process = start_shell(&seen, "echo ready; while read x; do echo \"<$x>\"; done");
  run(seen.lab);
  CU_ASSERT_EQUAL(process_write(process, "a\nb", 3), 0);
  CU_ASSERT_EQUAL(process_write(process, "c\n", 2), 0);
  seen.stop_at = "<bc>";
  run(seen.lab);
  CU_ASSERT_STRING_EQUAL(seen.lines, "ready|<a>|<bc>|");
  CU_ASSERT_EQUAL(seen.exits, 0);
  seen.stop_at = NULL;
  process_close_input(process);
  CU_ASSERT_EQUAL(process_write(process, "d\n", 2), -1);
  run(seen.lab);
  CU_ASSERT_EQUAL(seen.exits, 1);
  CU_ASSERT_EQUAL(process_signal(process, SIGTERM), -1); /* it has ended */
  process_destroy(process);
  lab_destroy(seen.lab);
}

/* One byte below the limit, at it, and one above: the last is cut. */
static void test_long_lines(void) {
  struct seen seen = {.lab = make_lab()};
  char script[256];
  snprintf(script, sizeof script,
           "for n in %d %d %d; do head -c $n /dev/zero | tr '\\0' x; echo; done",
           PROCESS_LINE_MAX - 1, PROCESS_LINE_MAX, PROCESS_LINE_MAX + 1);
  finish(&seen, start_shell(&seen, script));
  CU_ASSERT_EQUAL(seen.line_count, 3);
  CU_ASSERT_EQUAL(seen.longest, PROCESS_LINE_MAX);
}

static void test_log(void) {
  struct seen seen = {.lab = make_lab()};
  struct process *process =
      start_shell(&seen, "i=0; while [ $i -lt 3000 ]; do echo \"line $i\" >&2; i=$((i+1)); done; "
                         "printf 'the end' >&2");
  run(seen.lab);
  read_rest(&seen);
  const char *log = process_log(process);
  CU_ASSERT_EQUAL(strlen(log), PROCESS_LOG_SIZE - 1);
  CU_ASSERT_STRING_EQUAL(log + strlen(log) - strlen("line 2999\nthe end"), "line 2999\nthe end");
  process_destroy(process);
  lab_destroy(seen.lab);
}

static void test_missing_program(void) {
  struct seen seen = {.lab = make_lab_in(false)};
  struct process *process = NULL;
  struct error error = {""};
  struct process_options options = {.host = "alice",
                                    .argv = (const char *const[]){"/nowhere/phone", NULL},
                                    .line = on_line,
                                    .exited = on_exit_of,
                                    .context = &seen};
  CU_ASSERT_EQUAL(process_start(&process, seen.lab, &options, &error), -1);
  CU_ASSERT_STRING_EQUAL(error.text, "/nowhere/phone: can't start it: no such file or directory");
  CU_ASSERT_PTR_NULL(process);
  uv_run(lab_loop(seen.lab), UV_RUN_NOWAIT);
  CU_ASSERT_EQUAL(seen.exits, 0);
  lab_destroy(seen.lab);
}

/* In real time a wrapper starts it, which says so in the log. */
static void test_missing_program_in_real_time(void) {
  struct seen seen = {.lab = make_lab()};
  struct process *process = start(&seen, (const char *const[]){"/nowhere/phone", NULL});
  run(seen.lab);
  read_rest(&seen);
  CU_ASSERT_EQUAL(seen.exits, 1);
  CU_ASSERT_NOT_EQUAL(seen.status, 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(process_log(process), "/nowhere/phone: No such file"));
  process_destroy(process);
  lab_destroy(seen.lab);
}

/* The same on every machine: what starts programs, what makes a lab, and nothing of the user's. */
static void test_environment(void) {
  struct seen seen = {.lab = make_lab()};
  setenv("SIPFALL_TEST_SECRET", "of the user", 1);
  struct error error;
  char expected[4200];
  snprintf(expected, sizeof expected, "alice|%s|%s|C|UTC|unset|", lab_directory(seen.lab, &error),
           lab_directory(seen.lab, &error));
  finish(&seen, start_shell(&seen, "echo $SIPFALL_HOST; echo $HOME; pwd; echo $LANG; echo $TZ; "
                                   "echo ${SIPFALL_TEST_SECRET-unset}"));
  CU_ASSERT_STRING_EQUAL(seen.lines, expected);
}

/* Each line of it comes to `error_line`, before the exit is told; here it is the same function. */
static void test_errors_environment_directory(void) {
  struct seen seen = {.lab = make_lab()};
  struct process *process = NULL;
  struct error error = {""};
  struct process_options options = {
      .host = "web",
      .argv = (const char *const[]){"sh", "-c",
                                    "echo $COLOUR >&2; pwd | sed 's/.*[/]//'; "
                                    "printf 'last words' >&2; kill -ABRT $$",
                                    NULL},
      .environment = (const char *const[]){"COLOUR=dark blue", NULL},
      .directory = "web/deep/",
      .line = on_line,
      .error_line = on_line,
      .exited = on_exit_of,
      .context = &seen};
  CU_ASSERT_EQUAL_FATAL(process_start(&process, seen.lab, &options, &error), 0);
  run(seen.lab);
  CU_ASSERT_EQUAL(seen.signal_number, SIGABRT);
  CU_ASSERT_EQUAL(seen.line_count, 3);
  CU_ASSERT_PTR_NOT_NULL(strstr(seen.lines, "dark blue|"));
  CU_ASSERT_PTR_NOT_NULL(strstr(seen.lines, "deep|"));
  CU_ASSERT_PTR_NOT_NULL(strstr(seen.lines, "last words|"));
  CU_ASSERT_STRING_EQUAL(process_log(process), "dark blue\nlast words");
  process_destroy(process);
  options.directory = "web/../../x/";
  CU_ASSERT_EQUAL(process_start(&process, seen.lab, &options, &error), -1);
  CU_ASSERT_STRING_EQUAL(error.text, "\"web/../../x/\" can't be the name of a file of the lab");
  lab_destroy(seen.lab);
}

static void test_what_can_start(void) {
  CU_ASSERT_TRUE(process_can_start("sh"));
  CU_ASSERT_TRUE(process_can_start("/bin/sh"));
  CU_ASSERT_FALSE(process_can_start("/nowhere/sh"));
  CU_ASSERT_FALSE(process_can_start("no-such-program"));
}

static void test_destroyed_while_running(void) {
  struct seen seen = {.lab = make_lab(), .stop_at = "ready"};
  struct process *process =
      start_shell(&seen, "trap '' TERM; echo ready; while read x; do :; done");
  run(seen.lab);
  int id = process_id(process);
  CU_ASSERT_EQUAL(kill(id, 0), 0);
  process_destroy(process);
  lab_destroy(seen.lab); /* waits for its end, so that no zombie is left */
  CU_ASSERT_EQUAL(kill(id, 0), -1);
  CU_ASSERT_EQUAL(errno, ESRCH);
  CU_ASSERT_EQUAL(seen.exits, 0);
  process_destroy(NULL);
}

static void test_lab_directory_goes_with_the_lab(void) {
  struct seen seen = {.lab = make_lab()};
  struct error error;
  struct stat status;
  char directory[4096];
  snprintf(directory, sizeof directory, "%s", lab_directory(seen.lab, &error));
  CU_ASSERT_EQUAL(stat(directory, &status), 0);
  finish(&seen, start_shell(&seen, "mkdir -p a/b; echo x >a/b/c; ln -s / a/root"));
  CU_ASSERT_EQUAL(stat(directory, &status), -1);
  CU_ASSERT_EQUAL(access("/etc", F_OK), 0);
}

static const struct unit_test tests[] = {
    {"lines and the exit status are told", test_lines_and_status},
    {"a signal that ended it is told", test_signal},
    {"it reads what is written, until its input is closed", test_input},
    {"a line that is too long is cut", test_long_lines},
    {"the end of its log is kept", test_log},
    {"a program that is not there is an error", test_missing_program},
    {"in real time it is one that ends at once", test_missing_program_in_real_time},
    {"its environment is the same everywhere", test_environment},
    {"its errors come by line, it has variables and a directory of its own",
     test_errors_environment_directory},
    {"what can be started is told", test_what_can_start},
    {"destroying it kills it, without a call back", test_destroyed_while_running},
    {"its files go with the lab", test_lab_directory_goes_with_the_lab},
};

UNIT_MAIN("process", tests)
