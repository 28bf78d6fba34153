/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: any bytes on the phone's standard input. Every command is carried out but `start`,
 * which would open sockets, and `stop`.
 */
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ua/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void on_line(void *context, char *line, size_t length) {
  cJSON *object = line ? cJSON_Parse(line) : NULL;
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "do"));
  if (!name || (strcmp(name, "start") != 0 && strcmp(name, "stop") != 0))
    control_execute(context, line, length);
  cJSON_Delete(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct control_framing *framing = calloc(1, sizeof *framing);
  int output = open("/dev/null", O_WRONLY | O_CLOEXEC);
  struct control *control = control_create(NULL, output);
  if (!framing || !control || output < 0)
    abort();
  framing->handler = on_line;
  framing->context = control;
  /* In two parts, as a pipe may give them. */
  control_feed(framing, (const char *)bytes, size / 2);
  control_feed(framing, (const char *)bytes + size / 2, size - size / 2);
  control_feed(framing, "\n", 1);
  control_destroy(control);
  free(framing);
  close(output);
  return 0;
}
