/* SPDX-License-Identifier: MIT
 *
 * One situation of the matrix in a lab, of which this program is the first: starts the server and
 * the twelve clients, each on its host, does to the server's host what `cells` says, and prints a
 * line for each client when all have ended. The clients' standard output are memory files.
 *
 *   director CLIENT SERVER SITUATION TRANSPORT CHANGES STEP…
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/reach.h"
#include "harness/clock/segment.h"
#include "tests/network/lab_addresses.h"

enum { FAMILIES = 2, STYLES = 6 };

static const char *const styles[STYLES] = {"blocking", "non-blocking", "poll",
                                           "select",   "epoll",        "libuv"};
static const char *const families[FAMILIES] = {"v4", "v6"};
static const char *const servers[FAMILIES] = {SERVER_V4, SERVER_V6};

struct started {
  pid_t process;
  int output;
};

static struct network *network;
static const char *server_program;
static pid_t server;

/* ---- processes ---- */

static struct started start(const char *host, const char *const *arguments) {
  struct started started = {.output = memfd_create("output", MFD_CLOEXEC)};
  started.process = fork();
  if (started.process == 0) {
    dup2(started.output, STDOUT_FILENO);
    setenv(CLOCK_HOST_VARIABLE, host, 1);
    execv(arguments[0], (char *const *)arguments);
    _exit(126);
  }
  return started;
}

static void sleep_ms(int64_t ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* It listens when the call returns: a millisecond passes only when it has nothing more to do. */
static void start_server(void) {
  const char *arguments[] = {server_program, SERVER_PORT, SERVER_V4, SERVER_V6, NULL};
  struct started started = start("server", arguments);
  close(started.output);
  server = started.process;
  sleep_ms(1);
}

static void kill_server(void) {
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
}

/* ---- what happens to the server's host ---- */

static void set_state(enum reach_state state) {
  for (int i = 0; i < FAMILIES; i++) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_v4 = inet_pton(AF_INET, servers[i], &v4.sin_addr) == 1;
    if (!is_v4)
      inet_pton(AF_INET6, servers[i], &v6.sin6_addr);
    if (reach_set(network, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, 0, state))
      abort();
  }
}

static void happens(const char *change, size_t length) {
  static const struct {
    const char *name;
    enum reach_state state;
  } states[] = {{"up", REACH_UP},
                {"silent", REACH_SILENT},
                {"refused", REACH_REFUSED},
                {"unreachable", REACH_UNREACHABLE}};
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
    if (strlen(states[i].name) == length && memcmp(states[i].name, change, length) == 0) {
      set_state(states[i].state);
      return;
    }
  if (strncmp(change, "kill", length) == 0)
    kill_server();
  else if (strncmp(change, "start", length) == 0)
    start_server();
  else if (strncmp(change, "forget", length) == 0)
    kill(server, SIGTERM);
  else
    abort();
}

/* Does all changes ("500=silent 2500=up") of which the instant is from `from_ms` to `to_ms`. */
static void go_through(const char *changes, int64_t from_ms, int64_t to_ms) {
  int64_t now_ms = 0;
  for (const char *change = changes; *change;) {
    char *what;
    int64_t at_ms = strtoll(change, &what, 10);
    size_t length = strcspn(++what, " ");
    if (at_ms >= from_ms && at_ms <= to_ms) {
      sleep_ms(at_ms - now_ms);
      now_ms = at_ms;
      happens(what, length);
    }
    change = what + length + strspn(what + length, " ");
  }
}

/* ---- the clients ---- */

static struct started start_client(const char *program, const char *style, const char *transport,
                                   const char *address, char *const *steps) {
  const char *arguments[32] = {program, style, transport, address, SERVER_PORT};
  for (int i = 0; steps[i] && i < 26; i++)
    arguments[5 + i] = steps[i];
  return start("client", arguments);
}

/* What the client said, in one line. */
static void print_output(struct started *client) {
  int status = 0;
  waitpid(client->process, &status, 0);
  lseek(client->output, 0, SEEK_SET);
  FILE *output = fdopen(client->output, "r");
  char line[256];
  const char *separator = ": ";
  while (output && fgets(line, sizeof line, output)) {
    line[strcspn(line, "\n")] = '\0';
    printf("%s%s", separator, line);
    separator = ", ";
  }
  if (status)
    printf("%sended with status %x", separator, (unsigned)status);
  printf("\n");
  fclose(output);
}

int main(int argc, char **argv) {
  struct clock_segment *segment = clock_segment_open(getenv(CLOCK_SEGMENT_VARIABLE));
  if (argc < 7 || !segment)
    return 2;
  const char *client_program = argv[1], *situation = argv[3], *transport = argv[4],
             *changes = argv[5];
  struct started clients[FAMILIES][STYLES];
  server_program = argv[2];
  network = &segment->network;
  start_server();
  go_through(changes, 0, 0);
  for (int family = 0; family < FAMILIES; family++)
    for (int style = 0; style < STYLES; style++)
      clients[family][style] =
          start_client(client_program, styles[style], transport, servers[family], argv + 6);
  go_through(changes, 1, INT64_MAX);
  for (int family = 0; family < FAMILIES; family++)
    for (int style = 0; style < STYLES; style++) {
      printf("%s %s %s %s", situation, transport, families[family], styles[style]);
      print_output(&clients[family][style]);
    }
  kill_server();
  clock_segment_close(segment);
  return 0;
}
