/* SPDX-License-Identifier: MIT
 *
 * Errors with text: two formatting functions, no state.
 */
#include "common/error.h"

#include <stdio.h>
#include <string.h>

int error_set(struct error *error, const char *format, ...) {
  if (!error)
    return -1;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return -1;
}

int error_prefix(struct error *error, const char *format, ...) {
  if (!error)
    return -1;
  char text[ERROR_TEXT_SIZE];
  memcpy(text, error->text, sizeof text);
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  if (length >= 0 && (size_t)length < sizeof error->text)
    snprintf(error->text + length, sizeof error->text - (size_t)length, "%s", text);
  return -1;
}
