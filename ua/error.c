/* SPDX-License-Identifier: MIT
 *
 * Errors with text: two formatting functions, no state.
 */
#include "ua/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int phone_error_set(struct phone_error *error, const char *format, ...) {
  if (!error)
    return -1;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  return -1;
}

int phone_error_prefix(struct phone_error *error, const char *format, ...) {
  if (!error)
    return -1;
  char rest[PHONE_ERROR_SIZE];
  memcpy(rest, error->text, sizeof rest);
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  if (length >= 0 && (size_t)length < sizeof error->text)
    snprintf(error->text + length, sizeof error->text - (size_t)length, "%s", rest);
  return -1;
}
