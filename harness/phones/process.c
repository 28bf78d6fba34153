/* SPDX-License-Identifier: MIT
 *
 * A process of a lab, on libuv. The structure lives until both destroyed by its owner and closed by
 * the loop: `open_handles` counts the latter.
 */
#include "harness/phones/process.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One of its two outputs, cut into lines. */
struct output {
  uv_pipe_t pipe;
  struct process *process;
  void (*line)(void *context, const char *line, size_t length);
  bool is_log; /* its end is kept */
  size_t length;
  char bytes[PROCESS_LINE_MAX];
};

struct process {
  uv_process_t process;
  uv_pipe_t input;
  struct output output, errors;
  struct lab *lab;
  void (*exited)(void *context, int64_t status, int signal_number);
  void *context;
  bool running, destroyed;
  int open_handles;
  char log[PROCESS_LOG_SIZE];
  char read_buffer[4096];
};

static void closed(uv_handle_t *handle) {
  struct process *process = handle->data;
  if (--process->open_handles == 0 && process->destroyed)
    free(process);
}

static void close_handle(uv_handle_t *handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, closed);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct process *process = handle->data;
  *buffer = uv_buf_init(process->read_buffer, sizeof process->read_buffer);
}

static void end_line(struct output *output) {
  struct process *process = output->process;
  size_t length = output->length;
  output->length = 0;
  if (output->line && !process->destroyed)
    output->line(process->context, output->bytes, length);
}

/* Keeps the end of what came. */
static void keep_log(struct process *process, const char *bytes, size_t added) {
  size_t kept = strlen(process->log);
  if (kept + added >= PROCESS_LOG_SIZE) {
    size_t surplus = kept + added - (PROCESS_LOG_SIZE - 1);
    memmove(process->log, process->log + surplus, kept - surplus);
    kept -= surplus;
  }
  memcpy(process->log + kept, bytes, added);
  process->log[kept + added] = '\0';
}

static void take(struct output *output, const char *bytes, size_t size) {
  if (output->is_log)
    keep_log(output->process, bytes, size);
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] == '\n')
      end_line(output);
    else if (output->length < PROCESS_LINE_MAX)
      output->bytes[output->length++] = bytes[i];
  }
}

/* The last line may have no end. */
static void end_output(struct output *output) {
  if (output->length > 0)
    end_line(output);
}

static void read_output(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  struct output *output = (struct output *)stream; /* its first member */
  if (size > 0)
    take(output, buffer->base, (size_t)size);
  if (size < 0) {
    end_output(output);
    close_handle((uv_handle_t *)stream);
  }
}

/* Takes what it wrote before it ended, so that its end is told last. Bounded, because a child of it
 * may have the pipe still and write without end. */
static void drain(struct output *output) {
  enum { DRAIN_MAX = 1 << 20 };
  struct process *process = output->process;
  uv_os_fd_t fd;
  if (uv_is_closing((uv_handle_t *)&output->pipe) ||
      uv_fileno((uv_handle_t *)&output->pipe, &fd) != 0)
    return;
  ssize_t size = 1;
  for (size_t taken = 0; size > 0 && taken < DRAIN_MAX; taken += (size_t)size) {
    size = read(fd, process->read_buffer, sizeof process->read_buffer);
    if (size > 0)
      take(output, process->read_buffer, (size_t)size);
    else if (size == 0)
      end_output(output);
    else
      break;
  }
}

static void process_exited(uv_process_t *handle, int64_t status, int signal_number) {
  struct process *process = handle->data;
  process->running = false;
  drain(&process->output);
  drain(&process->errors);
  close_handle((uv_handle_t *)handle);
  close_handle((uv_handle_t *)&process->input);
  if (process->exited && !process->destroyed)
    process->exited(process->context, status, signal_number);
}

/* What a process of a lab sees of the environment: the same on every machine, but for what starts
 * programs and what makes it take part in the lab. */
static char **make_environment(const struct process_options *options, const char *home) {
  static const char *const kept[] = {"PATH", "LD_PRELOAD", "SIPFALL_CLOCK", "ASAN_OPTIONS",
                                     "UBSAN_OPTIONS"};
  enum { KEPT = sizeof kept / sizeof kept[0], ADDED = 4 };
  size_t own = 0, count = 0;
  while (options->environment && options->environment[own])
    own++;
  char **environment = calloc(KEPT + ADDED + own + 1, sizeof(char *));
  for (size_t i = 0; environment && i < KEPT; i++) {
    const char *value = getenv(kept[i]);
    if (value && asprintf(&environment[count], "%s=%s", kept[i], value) >= 0)
      count++;
  }
  const char *const added[ADDED][2] = {
      {"SIPFALL_HOST", options->host}, {"HOME", home}, {"LANG", "C"}, {"TZ", "UTC"}};
  for (size_t i = 0; environment && i < ADDED; i++)
    if (asprintf(&environment[count], "%s=%s", added[i][0], added[i][1]) >= 0)
      count++;
  for (size_t i = 0; environment && i < own; i++)
    if ((environment[count] = strdup(options->environment[i])))
      count++;
  return environment;
}

static void free_environment(char **environment) {
  for (char **variable = environment; variable && *variable; variable++)
    free(*variable);
  free(environment);
}

static void open_handles(struct process *process) {
  uv_loop_t *loop = lab_loop(process->lab);
  uv_pipe_init(loop, &process->input, 0);
  uv_pipe_init(loop, &process->output.pipe, 0);
  uv_pipe_init(loop, &process->errors.pipe, 0);
  process->process.data = process->input.data = process->output.pipe.data =
      process->errors.pipe.data = process;
  process->output.process = process->errors.process = process;
  process->errors.is_log = true;
  process->open_handles = 4; /* uv_spawn initialises the process handle even when it fails */
}

/* The command line as it is started. In real time setpriv (util-linux) stands before it, so that
 * the process dies with the worker, however that ends; in virtual time the clock sees to that, and
 * nothing may stand between. Free the list; its texts are borrowed. */
static const char **make_command_line(const struct process *process, const char *const *argv) {
  static const char *const wrapper[] = {"setpriv", "--pdeathsig", "KILL", "--"};
  enum { WRAPPER = sizeof wrapper / sizeof wrapper[0] };
  size_t count = 0, before = lab_is_real_time(process->lab) ? WRAPPER : 0;
  while (argv[count])
    count++;
  const char **line = calloc(before + count + 1, sizeof *line);
  if (line) {
    memcpy(line, wrapper, before * sizeof *line);
    memcpy(line + before, argv, count * sizeof *line);
  }
  return line;
}

static int spawn(struct process *process, const struct process_options *options,
                 const char *directory) {
  const unsigned readable = UV_CREATE_PIPE | UV_READABLE_PIPE,
                 writable = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
  uv_stdio_container_t stdio[3] = {
      {.flags = (uv_stdio_flags)readable, .data.stream = (uv_stream_t *)&process->input},
      {.flags = (uv_stdio_flags)writable, .data.stream = (uv_stream_t *)&process->output.pipe},
      {.flags = (uv_stdio_flags)writable, .data.stream = (uv_stream_t *)&process->errors.pipe},
  };
  char **environment = make_environment(options, directory);
  const char **command_line = make_command_line(process, options->argv);
  uv_process_options_t spawning = {
      .exit_cb = process_exited,
      .file = command_line ? command_line[0] : NULL,
      .args = (char **)command_line,
      .env = environment,
      .cwd = directory,
      .stdio_count = 3,
      .stdio = stdio,
  };
  int result = environment && command_line
                   ? uv_spawn(lab_loop(process->lab), &process->process, &spawning)
                   : UV_ENOMEM;
  free(command_line);
  free_environment(environment);
  return result;
}

int process_start(struct process **out, struct lab *lab, const struct process_options *options,
                  struct error *error) {
  char directory[PATH_MAX];
  const char *below = options->directory ? options->directory : "";
  if (lab_make_path(lab, below, directory, error))
    return -1;
  size_t length = strlen(directory);
  if (directory[length - 1] == '/')
    directory[length - 1] = '\0';
  struct process *process = calloc(1, sizeof *process);
  if (!process)
    return error_set(error, "%s: can't start it: out of memory", options->argv[0]);
  process->lab = lab;
  open_handles(process);
  int result = spawn(process, options, directory);
  if (result) {
    process->destroyed = true;
    close_handle((uv_handle_t *)&process->process);
    close_handle((uv_handle_t *)&process->input);
    close_handle((uv_handle_t *)&process->output.pipe);
    close_handle((uv_handle_t *)&process->errors.pipe);
    return error_set(error, "%s: can't start it: %s", options->argv[0], uv_strerror(result));
  }
  process->output.line = options->line;
  process->errors.line = options->error_line;
  process->exited = options->exited;
  process->context = options->context;
  process->running = true;
  uv_read_start((uv_stream_t *)&process->output.pipe, give_buffer, read_output);
  uv_read_start((uv_stream_t *)&process->errors.pipe, give_buffer, read_output);
  *out = process;
  return 0;
}

void process_destroy(struct process *process) {
  if (!process)
    return;
  process->destroyed = true;
  if (process->running)
    uv_process_kill(&process->process, SIGKILL);
  /* The process handle closes when the exit is seen, so that no zombie is left. */
  close_handle((uv_handle_t *)&process->input);
  close_handle((uv_handle_t *)&process->output.pipe);
  close_handle((uv_handle_t *)&process->errors.pipe);
  if (process->open_handles == 0)
    free(process);
}

struct write {
  uv_write_t request;
  char bytes[];
};

static void written(uv_write_t *request, int status) {
  (void)status; /* a phone that doesn't read any more has ended, and that is told apart */
  free(request);
}

int process_write(struct process *process, const void *bytes, size_t size) {
  struct write *write = malloc(sizeof *write + size);
  if (!write || uv_is_closing((uv_handle_t *)&process->input)) {
    free(write);
    return -1;
  }
  memcpy(write->bytes, bytes, size);
  uv_buf_t buffer = uv_buf_init(write->bytes, (unsigned)size);
  if (uv_write(&write->request, (uv_stream_t *)&process->input, &buffer, 1, written)) {
    free(write);
    return -1;
  }
  return 0;
}

void process_close_input(struct process *process) {
  close_handle((uv_handle_t *)&process->input);
}

int process_signal(struct process *process, int signal_number) {
  return process->running && uv_process_kill(&process->process, signal_number) == 0 ? 0 : -1;
}

int process_id(const struct process *process) {
  return process->process.pid;
}

const char *process_log(const struct process *process) {
  return process->log;
}

bool process_can_start(const char *program) {
  const char *path = strchr(program, '/') ? "" : getenv("PATH");
  while (path) {
    char file[PATH_MAX];
    int length = (int)strcspn(path, ":");
    snprintf(file, sizeof file, "%.*s%s%s", length, path, length > 0 ? "/" : "", program);
    if (access(file, X_OK) == 0)
      return true;
    path = path[length] ? path + length + 1 : NULL;
  }
  return false;
}
