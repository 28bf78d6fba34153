/* SPDX-License-Identifier: MIT
 *
 * sipfall-phone as a program, in real time: it is started as a child, driven over its standard
 * input and output, and registers with servers of this test on real sockets. Timers are short; the
 * test waits for what it expects, never for a time to pass.
 */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit.h"

/* Longest wait for anything: the machine may be busy. */
#define PATIENCE_MS 20000

struct program {
  pid_t pid;
  int input, output; /* ours */
  char bytes[65536];
  size_t length;
  int server; /* the registrar, or -1 */
  uint16_t port;
  bool is_silent;
  unsigned received;
};

static int bind_socket(const char *host, uint16_t *port) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
  socklen_t length = sizeof address;
  inet_pton(AF_INET, host, &address.sin_addr);
  CU_ASSERT_FATAL(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
  getsockname(descriptor, (struct sockaddr *)&address, &length);
  *port = ntohs(address.sin_port);
  return descriptor;
}

static void start(struct program *program) {
  int input[2], output[2];
  memset(program, 0, sizeof *program);
  program->server = -1;
  CU_ASSERT_FATAL(pipe(input) == 0 && pipe(output) == 0);
  program->pid = fork();
  if (program->pid == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    close(input[0]);
    close(input[1]);
    close(output[0]);
    close(output[1]);
    execl(PHONE_PROGRAM, PHONE_PROGRAM, (char *)NULL);
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  program->input = input[1];
  program->output = output[0];
}

static void tell(struct program *program, const char *line) {
  CU_ASSERT_EQUAL(write(program->input, line, strlen(line)), (ssize_t)strlen(line));
  CU_ASSERT_EQUAL(write(program->input, "\n", 1), 1);
}

static void copy_field(char *out, size_t size, const char *request, const char *name) {
  const char *found = strstr(request, name);
  size_t length = strlen(out);
  if (found)
    snprintf(out + length, size - length, "%.*s\r\n", (int)strcspn(found, "\r\n"), found);
}

/* Any request is answered 200. */
static void serve(struct program *program) {
  char request[4096], response[4096] = "SIP/2.0 200 OK\r\n";
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  ssize_t size =
      recvfrom(program->server, request, sizeof request - 1, 0, (struct sockaddr *)&from, &length);
  if (size < 0)
    return;
  request[size] = '\0';
  program->received++;
  if (program->is_silent)
    return;
  static const char *const fields[] = {
      "Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:", "Expires:"};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
    copy_field(response, sizeof response, request, fields[i]);
  size_t end = strlen(response);
  snprintf(response + end, sizeof response - end, "Content-Length: 0\r\n\r\n");
  sendto(program->server, response, strlen(response), 0, (struct sockaddr *)&from, length);
}

/* Waits for something to read; serves the registrar. False when nothing came in time. */
static bool turn(struct program *program) {
  struct pollfd waits[2] = {{.fd = program->output, .events = POLLIN},
                            {.fd = program->server, .events = POLLIN}};
  if (poll(waits, 2, PATIENCE_MS) <= 0)
    return false;
  if (waits[1].revents)
    serve(program);
  if (!waits[0].revents)
    return true;
  ssize_t size = read(program->output, program->bytes + program->length,
                      sizeof program->bytes - 1 - program->length);
  if (size <= 0)
    return false;
  program->length += (size_t)size;
  program->bytes[program->length] = '\0';
  return true;
}

/* Waits until the phone has written `text`. */
static void expect(struct program *program, const char *text) {
  while (!strstr(program->bytes, text))
    if (!turn(program)) {
      fprintf(stderr, "no %s in:\n%s", text, program->bytes);
      CU_FAIL("the phone didn't say what it should");
      return;
    }
  CU_ASSERT_PTR_NOT_NULL(strstr(program->bytes, text));
}

static int end(struct program *program) {
  int status = -1;
  close(program->input);
  while (turn(program))
    ;
  close(program->output);
  if (program->server >= 0)
    close(program->server);
  waitpid(program->pid, &status, 0);
  return status;
}

/* Each line of the output is a JSON object. */
static void check_lines(const struct program *program) {
  const char *line = program->bytes;
  while (*line) {
    size_t length = strcspn(line, "\n");
    cJSON *object = cJSON_ParseWithLength(line, length);
    CU_ASSERT_TRUE(cJSON_IsObject(object));
    CU_ASSERT_EQUAL(line[length], '\n');
    cJSON_Delete(object);
    line += length + (line[length] == '\n');
  }
}

static void configure(struct program *program) {
  char text[1024];
  uint16_t own = 0;
  int probe = bind_socket("127.0.0.1", &own);
  close(probe);
  snprintf(
      text, sizeof text,
      "{\"id\":1,\"do\":\"configure\",\"phone\":{\"profile\":\"cisco-mpp\",\"network\":{"
      "\"address\":"
      "\"127.0.0.1:%u\"},\"lines\":[{\"User ID\":\"alice\",\"Proxy\":\"127.0.0.1:%u\",\"Register "
      "Expires\":60}],"
      "\"global\":{\"SIP T1\":0.02,\"SIP T2\":0.08,\"SIP Timer F\":0.2,\"Reg Retry Intvl\":1}}}",
      own, program->port);
  tell(program, text);
  tell(program, "{\"id\":2,\"do\":\"start\"}");
  expect(program, "{\"id\":2,\"ok\":true}");
}

static void registers_and_unregisters(void) {
  static struct program program;
  start(&program);
  program.server = bind_socket("127.0.0.1", &program.port);
  configure(&program);
  expect(&program, "\"registered\",\"line\":1,\"server\":\"127.0.0.1:");
  tell(&program, "{\"id\":3,\"do\":\"status\"}");
  expect(&program, "\"state\":\"registered\"");
  tell(&program, "{\"id\":4,\"do\":\"stop\"}");
  expect(&program, "{\"event\":\"unregistered\"");
  expect(&program, "{\"id\":4,\"ok\":true}");
  CU_ASSERT_EQUAL(end(&program), 0);
  CU_ASSERT_EQUAL(program.received, 2);
  check_lines(&program);
}

/* Silence: Timer F, and another try after Reg Retry Intvl. */
static void silence_is_retried(void) {
  static struct program program;
  start(&program);
  program.server = bind_socket("127.0.0.1", &program.port);
  program.is_silent = true;
  configure(&program);
  expect(&program,
         "\"status\":408,\"reason\":\"Request Timeout\",\"local\":true,\"retry_in_s\":1}");
  CU_ASSERT_TRUE(program.received > 1);
  program.is_silent = false;
  expect(&program, "\"registered\"");
  CU_ASSERT_EQUAL(end(&program), 0);
}

/* ICMP port unreachable: at once. */
static void refusal_is_a_transport_error(void) {
  static struct program program;
  start(&program);
  int descriptor = bind_socket("127.0.0.1", &program.port);
  close(descriptor);
  configure(&program);
  expect(&program,
         "\"status\":503,\"reason\":\"Connection refused\",\"local\":true,\"retry_in_s\":1}");
  program.server = bind_socket("127.0.0.1", &program.port);
  expect(&program, "\"registered\"");
  CU_ASSERT_EQUAL(end(&program), 0);
}

/* The end of the input: no unregistering. */
static void end_of_input_is_the_end(void) {
  static struct program program;
  start(&program);
  program.server = bind_socket("127.0.0.1", &program.port);
  configure(&program);
  expect(&program, "\"registered\"");
  CU_ASSERT_EQUAL(end(&program), 0);
  CU_ASSERT_EQUAL(program.received, 1);
}

/* SIGTERM likewise. */
static void sigterm_is_the_end(void) {
  static struct program program;
  start(&program);
  program.server = bind_socket("127.0.0.1", &program.port);
  configure(&program);
  expect(&program, "\"registered\"");
  kill(program.pid, SIGTERM);
  int status = end(&program);
  CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  CU_ASSERT_EQUAL(program.received, 1);
}

static void wrong_lines_have_their_answers(void) {
  static struct program program;
  start(&program);
  tell(&program, "{\"id\":1,\"do\":\"fly\"}");
  expect(&program, "{\"id\":1,\"ok\":false,\"error\":\"unknown command \\\"fly\\\": configure, "
                   "start, dial, answer, "
                   "hang_up, status, stop\"}");
  tell(&program, "{\"id\":\"x\"}");
  expect(&program, "{\"id\":\"x\",\"ok\":false,\"error\":\"\\\"do\\\" is missing");
  tell(&program, "fly");
  expect(&program, "{\"id\":null,\"ok\":false,\"error\":\"the line is not a JSON object\"}");
  tell(&program, "{\"id\":2,\"do\":\"start\"}");
  expect(&program, "{\"id\":2,\"ok\":false,\"error\":\"the phone is not configured\"}");
  tell(&program, "{\"id\":3,\"do\":\"dial\",\"to\":\"sip:bob@example.com\"}");
  expect(&program, "{\"id\":3,\"ok\":false,\"error\":\"the phone is not started\"}");
  static char overlong[70000];
  memset(overlong, 'x', sizeof overlong - 1);
  tell(&program, overlong);
  expect(&program, "\"error\":\"the line is longer than 65536 bytes\"");
  tell(&program,
       "{\"id\":4,\"do\":\"configure\",\"phone\":{\"profile\":\"cisco-mpp\",\"network\":{"
       "\"address\":"
       "\"127.0.0.1:5060\"},\"lines\":[{\"User ID\":\"a\",\"Proxy\":\"b\",\"Usr ID\":\"c\"}]}}");
  expect(&program, "{\"id\":4,\"ok\":false,\"error\":\"line 1: unknown line parameter \\\"Usr "
                   "ID\\\": the nearest known "
                   "one is \\\"User ID\\\"\"}");
  tell(&program, "{\"id\":5,\"do\":\"stop\"}");
  expect(&program, "{\"id\":5,\"ok\":true}");
  CU_ASSERT_EQUAL(end(&program), 0);
  check_lines(&program);
}

static const struct unit_test tests[] = {
    {"registers and unregisters", registers_and_unregisters},
    {"silence is retried", silence_is_retried},
    {"refusal is a transport error", refusal_is_a_transport_error},
    {"the end of the input is the end", end_of_input_is_the_end},
    {"SIGTERM is the end", sigterm_is_the_end},
    {"wrong lines have their answers", wrong_lines_have_their_answers},
};

UNIT_MAIN("ua program", tests)
