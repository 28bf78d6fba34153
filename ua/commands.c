/* SPDX-License-Identifier: MIT
 *
 * The commands of the control protocol (docs/phone-control.md): one table, one function each. A
 * command is answered before what it starts can tell of anything, so that an answer always comes
 * before its events.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ua/call.h"
#include "ua/control.h"
#include "ua/phone.h"

struct control {
  su_root_t *root;
  int output;
  bool is_configured, is_ended;
  struct phone_configuration configuration;
  struct phone *phone; /* NULL: not started */
  cJSON *stop_id;      /* of the stop command that is to be answered */
};

struct command {
  const char *name;
  /* Checks the command and fills in `answer`, or returns -1 with a text. */
  int (*run)(struct control *control, const cJSON *command, cJSON *answer,
             struct phone_error *error);
  /* Does what is to be done once the answer is written; NULL: nothing. */
  void (*after)(struct control *control, const cJSON *command, const cJSON *answer);
};

struct control *control_create(su_root_t *root, int output) {
  struct control *control = calloc(1, sizeof *control);
  if (control) {
    control->root = root;
    control->output = output;
  }
  return control;
}

void control_destroy(struct control *control) {
  if (!control)
    return;
  phone_destroy(control->phone);
  cJSON_Delete(control->stop_id);
  free(control);
}

/* Writes all of it. Nobody reading any more ends the program: its driver is gone. */
static void write_all(struct control *control, const char *bytes, size_t size) {
  while (size > 0 && !control->is_ended) {
    ssize_t written = write(control->output, bytes, size);
    if (written < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = control->output, .events = POLLOUT};
      poll(&wait, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      control->is_ended = true;
      su_root_break(control->root);
    } else if (written > 0) {
      bytes += written;
      size -= (size_t)written;
    }
  }
}

void control_write(struct control *control, cJSON *object) {
  char *text = cJSON_PrintUnformatted(object);
  cJSON_Delete(object);
  if (!text)
    return;
  /* One write for a line: its end takes the place of the terminating NUL. */
  size_t length = strlen(text);
  text[length] = '\n';
  write_all(control, text, length + 1);
  cJSON_free(text);
}

static void on_event(void *context, cJSON *event) {
  control_write(context, event);
}

static int need_phone(const struct control *control, struct phone_error *error) {
  return control->phone ? 0 : phone_error_set(error, "the phone is not started");
}

static int run_configure(struct control *control, const cJSON *command, cJSON *answer,
                         struct phone_error *error) {
  (void)answer;
  if (control->phone)
    return phone_error_set(error, "the phone is started already");
  if (phone_configure(&control->configuration, cJSON_GetObjectItemCaseSensitive(command, "phone"),
                      error) < 0)
    return -1;
  control->is_configured = true;
  return 0;
}

static int run_start(struct control *control, const cJSON *command, cJSON *answer,
                     struct phone_error *error) {
  (void)command;
  (void)answer;
  if (!control->is_configured)
    return phone_error_set(error, "the phone is not configured");
  if (control->phone)
    return phone_error_set(error, "the phone is started already");
  return phone_create(&control->phone, control->root, &control->configuration, on_event, control,
                      error);
}

static void after_start(struct control *control, const cJSON *command, const cJSON *answer) {
  (void)command;
  (void)answer;
  phone_begin(control->phone);
}

static int run_dial(struct control *control, const cJSON *command, cJSON *answer,
                    struct phone_error *error) {
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(command, "line");
  const char *to = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(command, "to"));
  if (need_phone(control, error) < 0)
    return -1;
  if (number &&
      !(cJSON_IsNumber(number) && number->valuedouble >= 1 && number->valuedouble <= LINES_MAX))
    return phone_error_set(error, "\"line\" must be a number from 1 to %u",
                           control->phone->line_count);
  struct line *line = phone_find_line(control->phone, number ? (unsigned)number->valuedouble : 1);
  if (!line)
    return phone_error_set(error, "there is no line %d: the phone has %u", number->valueint,
                           control->phone->line_count);
  if (!to)
    return phone_error_set(error, "\"to\" is missing");
  struct call *call = call_create(line, to, error);
  if (!call)
    return -1;
  cJSON_AddNumberToObject(answer, "call", call->id);
  return 0;
}

static void after_dial(struct control *control, const cJSON *command, const cJSON *answer) {
  (void)command;
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(answer, "call");
  struct call *call = phone_find_call(control->phone, (unsigned)id->valuedouble);
  if (call)
    call_begin(call);
}

static struct call *find_call(struct control *control, const cJSON *command,
                              struct phone_error *error) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(command, "call");
  if (need_phone(control, error) < 0)
    return NULL;
  bool is_number = cJSON_IsNumber(id) && id->valuedouble >= 1 && id->valuedouble <= INT32_MAX;
  struct call *call = is_number ? phone_find_call(control->phone, (unsigned)id->valuedouble) : NULL;
  if (!is_number)
    phone_error_set(error, "\"call\" must be the number of a call");
  else if (!call)
    phone_error_set(error, "there is no call %d", id->valueint);
  return call;
}

static int run_answer(struct control *control, const cJSON *command, cJSON *answer,
                      struct phone_error *error) {
  (void)answer;
  struct call *call = find_call(control, command, error);
  return call ? call_can_answer(call, error) : -1;
}

static void after_answer(struct control *control, const cJSON *command, const cJSON *answer) {
  (void)answer;
  call_answer(find_call(control, command, NULL));
}

static int run_hang_up(struct control *control, const cJSON *command, cJSON *answer,
                       struct phone_error *error) {
  (void)answer;
  struct call *call = find_call(control, command, error);
  return call ? call_can_hang_up(call, error) : -1;
}

static void after_hang_up(struct control *control, const cJSON *command, const cJSON *answer) {
  (void)answer;
  call_hang_up(find_call(control, command, NULL));
}

static int run_status(struct control *control, const cJSON *command, cJSON *answer,
                      struct phone_error *error) {
  (void)command;
  if (need_phone(control, error) < 0)
    return -1;
  cJSON_AddItemToObject(answer, "lines", phone_status(control->phone));
  return 0;
}

static cJSON *new_answer(const cJSON *id, bool is_ok) {
  cJSON *answer = cJSON_CreateObject();
  cJSON_AddItemToObject(answer, "id", id ? cJSON_Duplicate(id, true) : cJSON_CreateNull());
  cJSON_AddBoolToObject(answer, "ok", is_ok);
  return answer;
}

static void on_stopped(void *context) {
  struct control *control = context;
  control_write(control, new_answer(control->stop_id, true));
  control->is_ended = true;
  su_root_break(control->root);
}

static const struct command COMMANDS[] = {
    {"configure", run_configure, NULL},      {"start", run_start, after_start},
    {"dial", run_dial, after_dial},          {"answer", run_answer, after_answer},
    {"hang_up", run_hang_up, after_hang_up}, {"status", run_status, NULL},
};

#define COMMAND_NAMES "configure, start, dial, answer, hang_up, status, stop"

static void refuse(struct control *control, const cJSON *id, const char *text) {
  cJSON *answer = new_answer(id, false);
  cJSON_AddStringToObject(answer, "error", text);
  control_write(control, answer);
}

/* Answered when the bindings are gone; then the program ends. */
static void run_stop(struct control *control, const cJSON *id) {
  if (control->stop_id) {
    refuse(control, id, "the phone is stopping already");
    return;
  }
  control->stop_id = id ? cJSON_Duplicate(id, true) : cJSON_CreateNull();
  if (control->phone)
    phone_stop(control->phone, on_stopped);
  else
    on_stopped(control);
}

static void run_command(struct control *control, const cJSON *request) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "do"));
  const struct command *command = NULL;
  struct phone_error error = {""};
  for (size_t i = 0; name && i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
    if (strcmp(COMMANDS[i].name, name) == 0)
      command = &COMMANDS[i];
  if (name && strcmp(name, "stop") == 0) {
    run_stop(control, id);
    return;
  }
  if (!command) {
    phone_error_set(&error,
                    name ? "unknown command \"%.100s\": " COMMAND_NAMES
                         : "\"do\" is missing%.0s: " COMMAND_NAMES,
                    name ? name : "");
    refuse(control, id, error.text);
    return;
  }
  cJSON *answer = new_answer(id, true);
  if (command->run(control, request, answer, &error) < 0) {
    cJSON_Delete(answer);
    refuse(control, id, error.text);
    return;
  }
  control_write(control, cJSON_Duplicate(answer, true));
  if (command->after)
    command->after(control, request, answer);
  cJSON_Delete(answer);
}

void control_execute(struct control *control, char *line, size_t length) {
  char text[96];
  if (!line) {
    snprintf(text, sizeof text, "the line is longer than %d bytes", CONTROL_LINE_MAX);
    refuse(control, NULL, text);
    return;
  }
  if (control->is_ended || strspn(line, " \t\r") == length)
    return;
  cJSON *request = strlen(line) == length ? cJSON_Parse(line) : NULL;
  if (cJSON_IsObject(request))
    run_command(control, request);
  else
    refuse(control, NULL, "the line is not a JSON object");
  cJSON_Delete(request);
}
