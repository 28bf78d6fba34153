/* SPDX-License-Identifier: MIT
 *
 * Line framing, and the program's input (control.h). Input is read when the event loop says that
 * there is some, one read each time, so that it is never waited for.
 */
#include "ua/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void end_line(struct control_framing *framing) {
  if (!framing->is_overlong) {
    framing->bytes[framing->length] = '\0';
    framing->handler(framing->context, framing->bytes, framing->length);
  }
  framing->length = 0;
  framing->is_overlong = false;
}

void control_feed(struct control_framing *framing, const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] == '\n') {
      end_line(framing);
    } else if (framing->length < CONTROL_LINE_MAX) {
      framing->bytes[framing->length++] = bytes[i];
    } else if (!framing->is_overlong) {
      framing->is_overlong = true;
      framing->handler(framing->context, NULL, 0);
    }
  }
}

struct input {
  su_root_t *root;
  int descriptor;
  struct control_framing framing;
};

static void on_line(void *context, char *line, size_t length) {
  control_execute(context, line, length);
}

static int on_input(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *argument) {
  (void)magic;
  (void)wait;
  struct input *input = (struct input *)argument;
  char bytes[4096];
  ssize_t size = read(input->descriptor, bytes, sizeof bytes);
  if (size > 0)
    control_feed(&input->framing, bytes, (size_t)size);
  else if (size == 0 || (errno != EINTR && errno != EAGAIN))
    su_root_break(input->root);
  return 0;
}

int control_run(su_root_t *root, int input_descriptor, int output) {
  static struct input input; /* too large for some stacks */
  su_wait_t wait;
  struct control *control = control_create(root, output);
  if (!control) {
    fprintf(stderr, "sipfall-phone: out of memory\n");
    return 3;
  }
  memset(&input, 0, sizeof input);
  input.root = root;
  input.descriptor = input_descriptor;
  input.framing.handler = on_line;
  input.framing.context = control;
  int index = su_wait_create(&wait, input_descriptor, SU_WAIT_IN) == 0
                  ? su_root_register(root, &wait, on_input, (su_wakeup_arg_t *)&input, 0)
                  : -1;
  int status = index > 0 ? 0 : 2;
  if (index > 0)
    su_root_run(root);
  else
    fprintf(stderr, "sipfall-phone: standard input must be a pipe, a socket or a terminal: %s\n",
            strerror(errno));
  if (index > 0)
    su_root_deregister(root, index);
  control_destroy(control);
  return status;
}
