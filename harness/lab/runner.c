/* SPDX-License-Identifier: MIT
 *
 * The runner, on a libuv loop in real time. A slot is a place for one worker at a time: it owns a
 * block of addresses (claimed for the whole machine, so that two runners don't meet) and a
 * processor.
 */
#include "harness/lab/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "harness/clock/segment.h"
#include "harness/lab/hosts.h"
#include "harness/lab/lab.h"

/* How often the watch looks, in real time. */
enum { WATCH_PERIOD_MS = 10 };

/* A holder that was reported (CLOCK_HOLD_REPORT_NS) gets longer, until here, then its lab is ended.
 */
#define HOLD_END_NS (INT64_C(20) * 1000000000)

/* A run in virtual time takes milliseconds, a soak of many phones a minute; one that takes this
 * long has no end. */
#define RUN_REAL_LIMIT_NS (INT64_C(600) * 1000000000)

/* A worker's result is a few lines; one that sends more has gone wild. */
enum { RESULT_SIZE_MAX = 1 << 20 };

struct runner;

struct slot {
  struct runner *runner;
  unsigned block;
  int block_socket;
  int processor;
  bool busy;
  struct scenario *scenario;
  bool first_run; /* of this scenario */
  struct clock_lab lab;
  struct clock_watch watch;
  char report[512]; /* of the watch */
  int64_t started_ns;
  uv_process_t process;
  uv_pipe_t result;
  int handles;  /* of the two that are open */
  int timeline; /* memory file, -1: none */
  int64_t status;
  int signal_number;
  size_t length;
  char *said;
};

struct runner {
  uv_loop_t loop;
  uv_timer_t watch;
  uv_signal_t interrupt, terminate, hang_up;
  int clock_descriptor;
  char clock_library[CLOCK_PATH_SIZE]; /* without blanks and colons, which LD_PRELOAD is split at */
  struct suite *suite;
  const struct runner_options *options;
  struct slot *slots;
  size_t next_run;     /* runs are numbered scenario by scenario, each with all its repetitions */
  size_t next_to_tell; /* scenario */
  char directory[PATH_MAX]; /* where the labs make theirs; goes with everything in it */
  FILE **timelines; /* of scenarios that can't be written yet, because one before them still runs */
};

static int64_t now_ns(void) {
  return (int64_t)uv_hrtime();
}

/* ---- slots ---- */

/* A block is claimed by a socket in the abstract namespace, which goes with its processes. */
static int claim_block(unsigned block) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "sipfall-block-%u", block);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
  if (fd >= 0 && bind(fd, (struct sockaddr *)&name, size) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

static int nth_processor(unsigned n) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) || CPU_COUNT(&allowed) == 0)
    return -1;
  n %= (unsigned)CPU_COUNT(&allowed);
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &allowed) && n-- == 0)
      return i;
  return -1;
}

static int make_slots(struct runner *runner, struct error *error) {
  unsigned block = HOSTS_BLOCK_FIRST;
  runner->slots = calloc(runner->options->jobs, sizeof *runner->slots);
  if (!runner->slots)
    return error_set(error, "out of memory");
  for (unsigned i = 0; i < runner->options->jobs; i++)
    runner->slots[i].block_socket = -1;
  for (unsigned i = 0; i < runner->options->jobs; i++) {
    struct slot *slot = &runner->slots[i];
    slot->runner = runner;
    slot->processor = nth_processor(i);
    while (slot->block_socket < 0 && block <= HOSTS_BLOCK_LAST) {
      slot->block = block++;
      slot->block_socket = claim_block(slot->block);
    }
    if (slot->block_socket < 0)
      return error_set(error,
                       "all %d blocks of loopback addresses are in use by other runs; lower -j",
                       HOSTS_BLOCK_LAST - HOSTS_BLOCK_FIRST + 1);
  }
  return 0;
}

static void free_slots(struct runner *runner) {
  for (unsigned i = 0; runner->slots && i < runner->options->jobs; i++)
    if (runner->slots[i].block_socket >= 0)
      close(runner->slots[i].block_socket);
  free(runner->slots);
}

/* ---- what scenarios did, in the suite's order ---- */

/* The bytes of a timeline that are whole lines: a worker that was killed has cut the last one. */
static long whole_lines(FILE *timeline) {
  fseek(timeline, 0, SEEK_END);
  for (long end = ftell(timeline); end > 0; end--)
    if (fseek(timeline, end - 1, SEEK_SET) == 0 && fgetc(timeline) == '\n')
      return end;
  return 0;
}

static void copy_timeline(FILE *from, FILE *to) {
  char part[65536];
  size_t left = (size_t)whole_lines(from), size = 1;
  rewind(from);
  for (; left > 0 && size > 0; left -= size) {
    size = fread(part, 1, left < sizeof part ? left : sizeof part, from);
    fwrite(part, 1, size, to);
  }
  fclose(from);
}

static void tell_ended(struct runner *runner) {
  const struct runner_options *options = runner->options;
  struct suite *suite = runner->suite;
  while (runner->next_to_tell < suite->count) {
    size_t i = runner->next_to_tell;
    if (suite->scenarios[i].runs < options->repeat)
      return;
    if (runner->timelines[i])
      copy_timeline(runner->timelines[i], options->timelines);
    runner->timelines[i] = NULL;
    if (options->ended)
      options->ended(options->context, suite, &suite->scenarios[i]);
    runner->next_to_tell++;
  }
}

/* After an interruption: tells of those, too, that ended behind one that didn't. */
static void tell_rest(struct runner *runner) {
  const struct runner_options *options = runner->options;
  for (size_t i = runner->next_to_tell; i < runner->suite->count; i++) {
    if (runner->timelines[i])
      copy_timeline(runner->timelines[i], options->timelines);
    if (options->ended && runner->suite->scenarios[i].runs > 0)
      options->ended(options->context, runner->suite, &runner->suite->scenarios[i]);
  }
}

/* ---- one worker ---- */

static bool anyone_busy(const struct runner *runner) {
  for (unsigned i = 0; i < runner->options->jobs; i++)
    if (runner->slots[i].busy)
      return true;
  return false;
}

static void start_next(struct slot *slot);

/* Nothing of a lab outlives its worker: neither who took part in its clock nor its process group.
 */
static void clean_up(struct slot *slot) {
  if (slot->lab.segment)
    clock_lab_kill(&slot->lab);
  if (slot->process.pid > 0)
    kill(-slot->process.pid, SIGKILL);
}

/* Reaps what was left by the lab's processes and became ours (PR_SET_CHILD_SUBREAPER). Workers
 * themselves are reaped by libuv. */
static void reap_orphans(struct runner *runner) {
  siginfo_t child;
  for (;;) {
    child.si_pid = 0;
    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) || child.si_pid == 0)
      return;
    for (unsigned i = 0; i < runner->options->jobs; i++)
      if (runner->slots[i].busy && runner->slots[i].process.pid == child.si_pid)
        return;
    waitpid(child.si_pid, NULL, WNOHANG);
  }
}

static const char *why_no_result(const struct slot *slot, char *text, size_t size) {
  if (slot->said && slot->status)
    snprintf(text, size, "the worker exited with status %d after its result (its output is above)",
             (int)slot->status);
  else if (slot->report[0])
    snprintf(text, size, "it was ended: %s", slot->report);
  else if (slot->signal_number)
    snprintf(text, size, "the worker was killed by signal %d", slot->signal_number);
  else
    snprintf(text, size, "the worker exited with status %d without a result", (int)slot->status);
  return text;
}

/* What the worker said; NULL when it said nothing or didn't end well after it: a sanitizer found
 * something, say. */
static cJSON *result_of(const struct slot *slot) {
  return slot->said && slot->status == 0 && slot->signal_number == 0 ? cJSON_Parse(slot->said)
                                                                     : NULL;
}

static void note_result(struct slot *slot) {
  char otherwise[1024];
  cJSON *said = result_of(slot);
  if (!said && slot->runner->suite->interrupted)
    return; /* we ended it: it has not run */
  const char *broken = cJSON_GetStringValue(cJSON_GetObjectItem(said, "broken"));
  if (broken)
    snprintf(otherwise, sizeof otherwise, "%s", broken);
  else
    why_no_result(slot, otherwise, sizeof otherwise);
  scenario_note_run(slot->scenario, broken ? NULL : said, otherwise, now_ns() - slot->started_ns);
  /* A lab in which somebody holds the turn for ever hangs: that is a result, not a fault of ours.
   */
  if (!said && slot->report[0])
    slot->scenario->status = SCENARIO_FAILED;
  cJSON_Delete(said);
}

static void run_ended(struct slot *slot) {
  struct runner *runner = slot->runner;
  clean_up(slot);
  note_result(slot);
  if (slot->timeline >= 0)
    runner->timelines[slot->scenario - runner->suite->scenarios] = fdopen(slot->timeline, "r");
  slot->timeline = -1;
  clock_lab_destroy(&slot->lab);
  free(slot->said);
  slot->said = NULL;
  slot->busy = false;
  reap_orphans(runner);
  tell_ended(runner);
  start_next(slot);
  if (!anyone_busy(runner))
    uv_stop(&runner->loop);
}

static void handle_closed(uv_handle_t *handle) {
  struct slot *slot = handle->data;
  if (--slot->handles == 0)
    run_ended(slot);
}

static void worker_exited(uv_process_t *process, int64_t status, int signal_number) {
  struct slot *slot = process->data;
  slot->status = status;
  slot->signal_number = signal_number;
  clean_up(slot); /* phones may hold the other end of the result's pipe */
  uv_close((uv_handle_t *)process, handle_closed);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct slot *slot = handle->data;
  if (!slot->said)
    slot->said = calloc(1, RESULT_SIZE_MAX + 1);
  *buffer = slot->said
                ? uv_buf_init(slot->said + slot->length, (unsigned)(RESULT_SIZE_MAX - slot->length))
                : uv_buf_init(NULL, 0);
}

static void result_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  (void)buffer;
  struct slot *slot = stream->data;
  if (size > 0)
    slot->length += (size_t)size;
  else if (size < 0)
    uv_close((uv_handle_t *)stream, handle_closed);
}

/* The environment of a worker: the runner's with a directory of its own, and in virtual time what
 * makes it take part in the lab's clock. */
static char **make_environment(const struct slot *slot) {
  size_t count = 0;
  while (environ[count])
    count++;
  char **environment = calloc(count + 5, sizeof(char *));
  size_t kept = 0;
  for (size_t i = 0; environment && i < count; i++)
    if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 && strncmp(environ[i], "SIPFALL_", 8) != 0 &&
        strncmp(environ[i], "TMPDIR=", 7) != 0)
      environment[kept++] = strdup(environ[i]);
  if (environment && asprintf(&environment[kept++], "TMPDIR=%s", slot->runner->directory) < 0)
    environment[kept - 1] = NULL;
  if (!environment || slot->runner->suite->real_time)
    return environment;
  const char *sanitizer = getenv("ASAN_OPTIONS");
  if (asprintf(&environment[kept++], "LD_PRELOAD=%s", slot->runner->clock_library) < 0 ||
      asprintf(&environment[kept++], CLOCK_SEGMENT_VARIABLE "=%s", slot->lab.path) < 0)
    environment[kept - 1] = NULL;
  /* With gcc's sanitizer the preloaded library comes before the sanitizer's own. */
  if (asprintf(&environment[kept], "ASAN_OPTIONS=%s%sverify_asan_link_order=0",
               sanitizer ? sanitizer : "", sanitizer ? ":" : "") < 0)
    environment[kept] = NULL;
  return environment;
}

static void free_environment(char **environment) {
  for (char **variable = environment; variable && *variable; variable++)
    free(*variable);
  free(environment);
}

static int spawn_worker(struct slot *slot) {
  struct runner *runner = slot->runner;
  char seed[32], block[16], processor[16];
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)runner->suite->seed);
  snprintf(block, sizeof block, "%u", slot->block);
  snprintf(processor, sizeof processor, "%d", slot->processor);
  const char *argv[] = {runner->options->places->program,
                        "worker",
                        slot->scenario->path,
                        seed,
                        block,
                        processor,
                        runner->options->phone,
                        runner->suite->real_time ? "real" : "virtual",
                        slot->timeline >= 0 ? "timeline" : "no-timeline",
                        runner->suite->plan_only ? "plan" : "run",
                        runner->suite->interface ? runner->suite->interface : "",
                        NULL};
  const unsigned writable = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
  uv_stdio_container_t stdio[] = {
      {.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
      {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
      {.flags = (uv_stdio_flags)writable, .data.stream = (uv_stream_t *)&slot->result},
      {.flags = slot->timeline >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = slot->timeline},
      {.flags = UV_INHERIT_FD, .data.fd = slot->block_socket},
  };
  char **environment = make_environment(slot);
  uv_process_options_t spawning = {
      .exit_cb = worker_exited,
      .file = argv[0],
      .args = (char **)argv,
      .env = environment,
      .flags = UV_PROCESS_DETACHED, /* a group of its own, which is killed with it */
      .stdio_count = sizeof stdio / sizeof stdio[0],
      .stdio = stdio,
  };
  int result = environment ? uv_spawn(&runner->loop, &slot->process, &spawning) : UV_ENOMEM;
  free_environment(environment);
  return result;
}

static void start_worker(struct slot *slot) {
  struct runner *runner = slot->runner;
  struct error error = {""};
  slot->busy = true;
  slot->started_ns = now_ns();
  slot->report[0] = '\0';
  slot->length = 0;
  slot->watch = (struct clock_watch){0};
  slot->signal_number = 0;
  slot->timeline = runner->options->timelines && slot->first_run
                       ? memfd_create("sipfall-timeline", MFD_CLOEXEC)
                       : -1;
  slot->process.data = slot->result.data = slot;
  slot->process.pid = 0;
  slot->handles = 2;
  uv_pipe_init(&runner->loop, &slot->result, 0);
  int result = clock_lab_create(&slot->lab, runner->suite->seed, &error);
  if (result == 0) {
    clock_lab_announce(&slot->lab, "worker");
    result = spawn_worker(slot);
  }
  if (result == 0)
    result = uv_read_start((uv_stream_t *)&slot->result, give_buffer, result_read);
  if (result == 0)
    return;
  slot->status = 127;
  fprintf(stderr, "sipfall: can't start a worker: %s\n",
          error.text[0] ? error.text : uv_strerror(result));
  uv_close((uv_handle_t *)&slot->result, handle_closed);
  if (slot->process.type == UV_PROCESS)
    uv_close((uv_handle_t *)&slot->process, handle_closed);
  else
    slot->handles--;
}

static void start_next(struct slot *slot) {
  struct runner *runner = slot->runner;
  struct suite *suite = runner->suite;
  size_t scenario = runner->next_run / runner->options->repeat;
  if (suite->interrupted || scenario == suite->count)
    return;
  slot->scenario = &suite->scenarios[scenario];
  slot->first_run = runner->next_run++ % runner->options->repeat == 0;
  start_worker(slot);
}

/* ---- from real time ---- */

static void watch(uv_timer_t *timer) {
  struct runner *runner = timer->data;
  for (unsigned i = 0; i < runner->options->jobs; i++) {
    struct slot *slot = &runner->slots[i];
    if (!slot->busy || runner->suite->real_time)
      continue;
    char report[sizeof slot->report];
    if (clock_lab_watch(&slot->lab, &slot->watch, now_ns(), report)) {
      memcpy(slot->report, report, sizeof report);
      fprintf(stderr, "sipfall: %s: %s\n", slot->scenario->path, report);
    }
    if (!slot->watch.reported)
      slot->report[0] = '\0'; /* it went on after all */
    else if (slot->watch.held_ns > HOLD_END_NS)
      clean_up(slot);
    if (now_ns() - slot->started_ns > RUN_REAL_LIMIT_NS) {
      snprintf(slot->report, sizeof slot->report,
               "it has run for %d s of real time; a scenario without end?",
               (int)(RUN_REAL_LIMIT_NS / 1000000000));
      clean_up(slot);
    }
  }
}

static void interrupted(uv_signal_t *handle, int signal_number) {
  struct runner *runner = handle->data;
  runner->suite->interrupted = signal_number;
  for (unsigned i = 0; i < runner->options->jobs; i++)
    if (runner->slots[i].busy)
      clean_up(&runner->slots[i]);
}

static void close_handle(uv_handle_t *handle, void *unused) {
  (void)unused;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void run_loop(struct runner *runner) {
  uv_timer_init(&runner->loop, &runner->watch);
  uv_signal_init(&runner->loop, &runner->interrupt);
  uv_signal_init(&runner->loop, &runner->terminate);
  uv_signal_init(&runner->loop, &runner->hang_up);
  runner->watch.data = runner->interrupt.data = runner->terminate.data = runner->hang_up.data =
      runner;
  uv_timer_start(&runner->watch, watch, WATCH_PERIOD_MS, WATCH_PERIOD_MS);
  uv_signal_start(&runner->interrupt, interrupted, SIGINT);
  uv_signal_start(&runner->terminate, interrupted, SIGTERM);
  uv_signal_start(&runner->hang_up, interrupted, SIGHUP);
  for (unsigned i = 0; i < runner->options->jobs; i++)
    start_next(&runner->slots[i]);
  if (anyone_busy(runner))
    uv_run(&runner->loop, UV_RUN_DEFAULT);
  uv_walk(&runner->loop, close_handle, NULL);
  uv_run(&runner->loop, UV_RUN_DEFAULT);
}

/* Workers that are killed leave their files; this one is not. */
static int make_directory(struct runner *runner, struct error *error) {
  const char *parent = getenv("TMPDIR");
  snprintf(runner->directory, sizeof runner->directory, "%s/sipfall-XXXXXX",
           parent && parent[0] ? parent : "/tmp");
  if (!mkdtemp(runner->directory)) {
    error_set(error, "%s: can't make a directory for the labs: %s", runner->directory,
              strerror(errno));
    runner->directory[0] = '\0';
    return -1;
  }
  return 0;
}

static int open_clock_library(struct runner *runner, struct error *error) {
  const char *path = runner->options->places->clock_library;
  runner->clock_descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (runner->clock_descriptor < 0)
    return error_set(error, "%s: %s", path, strerror(errno));
  clock_descriptor_path(runner->clock_descriptor, runner->clock_library);
  return 0;
}

int runner_run(struct suite *suite, const struct runner_options *options, struct error *error) {
  struct runner runner = {.suite = suite, .options = options, .clock_descriptor = -1};
  int64_t started_ns = now_ns();
  int result = -1;
  if (uv_loop_init(&runner.loop))
    return error_set(error, "can't make an event loop");
  /* What a worker leaves behind becomes ours, so that we can end it. */
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  runner.timelines = calloc(suite->count + 1, sizeof(FILE *));
  if (!runner.timelines) {
    error_set(error, "out of memory");
    goto out;
  }
  if (open_clock_library(&runner, error) || make_directory(&runner, error) ||
      make_slots(&runner, error))
    goto out;
  run_loop(&runner);
  tell_rest(&runner);
  suite->wall_ns = now_ns() - started_ns;
  result = 0;
out:
  free_slots(&runner);
  if (runner.directory[0])
    lab_remove_directory(runner.directory);
  if (runner.clock_descriptor >= 0)
    close(runner.clock_descriptor);
  free(runner.timelines);
  uv_loop_close(&runner.loop);
  return result;
}
