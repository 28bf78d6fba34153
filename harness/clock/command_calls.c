/* SPDX-License-Identifier: MIT
 *
 * Interposed: running a shell command, and other calls that start a process among other things. The
 * C library's own functions start and await their child by ways that can't be interposed; here they
 * are made of the calls that are.
 *
 * The stream of popen is one that tells when it is closed, by whatever call, and has the number of
 * its descriptor, as programs expect.
 */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "harness/clock/real.h"
#include "harness/clock/turn.h"

extern char **environ;

/* ---- system ---- */

static int await_child(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  return status;
}

/* What the child starts with: the signals as the caller had them (POSIX, system). */
static void set_signals(posix_spawnattr_t *attributes, const sigset_t *mask,
                        const struct sigaction *interrupt, const struct sigaction *quit) {
  sigset_t defaults;
  sigemptyset(&defaults);
  if (interrupt->sa_handler != SIG_IGN)
    sigaddset(&defaults, SIGINT);
  if (quit->sa_handler != SIG_IGN)
    sigaddset(&defaults, SIGQUIT);
  posix_spawnattr_setsigmask(attributes, mask);
  posix_spawnattr_setsigdefault(attributes, &defaults);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

/* The status of a shell that could not be started (POSIX, system). */
enum { NO_SHELL_STATUS = 127 << 8 };

INTERPOSED int system(const char *command) {
  if (!turn_taking_part())
    return REAL(system)(command);
  if (!command)
    return 1;
  char *arguments[] = {"sh", "-c", (char *)command, NULL};
  struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
  sigset_t child_signal, mask;
  posix_spawnattr_t attributes;
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigaction(SIGINT, &ignore, &interrupt);
  sigaction(SIGQUIT, &ignore, &quit);
  sigprocmask(SIG_BLOCK, &child_signal, &mask);
  posix_spawnattr_init(&attributes);
  set_signals(&attributes, &mask, &interrupt, &quit);
  pid_t child;
  int error = posix_spawn(&child, _PATH_BSHELL, NULL, &attributes, arguments, environ);
  int status = error ? NO_SHELL_STATUS : await_child(child), saved_errno = errno;
  posix_spawnattr_destroy(&attributes);
  sigaction(SIGINT, &interrupt, NULL);
  sigaction(SIGQUIT, &quit, NULL);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  errno = saved_errno;
  return status;
}

/* ---- popen ---- */

struct command {
  FILE *stream;
  int fd;
  pid_t child;
  struct command *next;
};

static struct command *commands;

static ssize_t read_stream(void *context, char *bytes, size_t size) {
  return read(((struct command *)context)->fd, bytes, size);
}

static ssize_t write_stream(void *context, const char *bytes, size_t size) {
  return write(((struct command *)context)->fd, bytes, size);
}

static int close_stream(void *context) {
  struct command *command = context;
  int result = close(command->fd);
  command->fd = -1;
  return result;
}

/* A stream of our own that fileno() knows: it has the public member for that. */
static FILE *open_stream(struct command *command, bool reads) {
  FILE *stream = fopencookie(command, reads ? "r" : "w",
                             (cookie_io_functions_t){.read = reads ? read_stream : NULL,
                                                     .write = reads ? NULL : write_stream,
                                                     .close = close_stream});
  if (stream)
    stream->_fileno = command->fd;
  return stream;
}

/* The child has its end of the pipe as standard input or output, and no other stream of a popen
 * (POSIX, popen). Returns 0, or an errno value. */
static int start_command(const char *text, int child_end, bool reads, pid_t *child) {
  char *arguments[] = {"sh", "-c", (char *)text, NULL};
  int standard = reads ? STDOUT_FILENO : STDIN_FILENO;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const struct command *other = commands; other; other = other->next)
    if (other->fd >= 0 && other->fd != standard)
      posix_spawn_file_actions_addclose(&actions, other->fd);
  posix_spawn_file_actions_adddup2(&actions, child_end, standard);
  int error = posix_spawn(child, _PATH_BSHELL, &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

static bool read_mode(const char *mode, bool *reads, bool *closes_on_exec) {
  *reads = strchr(mode, 'r') != NULL;
  *closes_on_exec = strchr(mode, 'e') != NULL;
  return *reads != (strchr(mode, 'w') != NULL) && strspn(mode, "rwe") == strlen(mode);
}

INTERPOSED FILE *popen(const char *text, const char *mode) {
  bool reads, closes_on_exec;
  int pipes[2];
  if (!turn_taking_part())
    return REAL(popen)(text, mode);
  if (!read_mode(mode, &reads, &closes_on_exec)) {
    errno = EINVAL;
    return NULL;
  }
  struct command *command = calloc(1, sizeof *command);
  if (!command || pipe2(pipes, O_CLOEXEC)) {
    free(command);
    return NULL;
  }
  int child_end = pipes[reads ? 1 : 0];
  command->fd = pipes[reads ? 0 : 1];
  command->stream = open_stream(command, reads);
  int error = command->stream ? start_command(text, child_end, reads, &command->child) : ENOMEM;
  close(child_end);
  if (error) {
    if (command->stream)
      fclose(command->stream);
    else
      close(command->fd);
    free(command);
    errno = error;
    return NULL;
  }
  if (!closes_on_exec)
    fcntl(command->fd, F_SETFD, 0);
  command->next = commands;
  commands = command;
  return command->stream;
}

INTERPOSED int pclose(FILE *stream) {
  for (struct command **link = &commands; *link; link = &(*link)->next) {
    struct command *command = *link;
    if (command->stream != stream)
      continue;
    *link = command->next;
    fclose(stream);
    int status = await_child(command->child), saved_errno = errno;
    free(command);
    errno = saved_errno;
    return status;
  }
  return REAL(pclose)(stream);
}

/* ---- daemon ---- */

static void become_null(int fd) {
  int null = open(_PATH_DEVNULL, O_RDWR);
  if (null < 0)
    return;
  dup2(null, fd);
  if (null != fd)
    close(null);
}

INTERPOSED int daemon(int stays_in_directory, int keeps_descriptors) {
  if (!turn_taking_part())
    return REAL(daemon)(stays_in_directory, keeps_descriptors);
  pid_t child = fork();
  if (child < 0)
    return -1;
  if (child > 0)
    _exit(0);
  if (setsid() < 0 || (!stays_in_directory && chdir("/")))
    return -1;
  for (int fd = STDIN_FILENO; !keeps_descriptors && fd <= STDERR_FILENO; fd++)
    become_null(fd);
  return 0;
}

/* ---- forkpty ---- */

INTERPOSED pid_t forkpty(int *terminal, char *name, const struct termios *settings,
                         const struct winsize *size) {
  if (!turn_taking_part())
    return REAL(forkpty)(terminal, name, settings, size);
  int ours, childs;
  if (openpty(&ours, &childs, name, settings, size))
    return -1;
  pid_t child = fork();
  if (child == 0) {
    close(ours);
    if (login_tty(childs))
      _exit(1);
    return 0;
  }
  int saved_errno = errno;
  close(childs);
  if (child < 0)
    close(ours);
  else
    *terminal = ours;
  errno = saved_errno;
  return child;
}
