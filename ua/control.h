/* SPDX-License-Identifier: MIT
 *
 * The control protocol (docs/phone-control.md): JSON lines in, JSON lines out. control_feed() cuts
 * bytes into lines; commands.c does what they say.
 */
#ifndef UA_CONTROL_H
#define UA_CONTROL_H

#include <cjson/cJSON.h>
#include <sofia-sip/su_wait.h>
#include <stdbool.h>
#include <stddef.h>

/* Longest line without its end. A phone of 16 lines with every parameter set is some 20 kB. */
#define CONTROL_LINE_MAX 65536

/* Line framing. The handler gets a line without its end and NUL-terminated, or, once for each line
 * that is longer than CONTROL_LINE_MAX, NULL. */
typedef void control_line_handler(void *context, char *line, size_t length);

struct control_framing {
  char bytes[CONTROL_LINE_MAX + 1];
  size_t length;
  bool is_overlong; /* the rest of the line is skipped */
  control_line_handler *handler;
  void *context;
};

void control_feed(struct control_framing *framing, const char *bytes, size_t size);

/* The program: reads commands from `input` and writes answers and events to `output` until `stop`
 * is done, or the input ends. Returns its exit status. */
int control_run(su_root_t *root, int input, int output);

/* For commands.c. */
struct control;
struct phone;

/* Writes one object as a line, and frees it. */
void control_write(struct control *control, cJSON *object);

/* Does what one line says, and answers it. The part of the program that the fuzz target drives. */
struct control *control_create(su_root_t *root, int output);
void control_destroy(struct control *control);
void control_execute(struct control *control, char *line, size_t length);

#endif
