/* SPDX-License-Identifier: MIT
 *
 * Errors with text. What can happen in operation is returned: the function gives -1 (or NULL) and
 * fills in the text where the error arose, because only there its place and its remedy are known. A
 * caller that knows more of the place puts it in front.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdarg.h>

/* Long enough for a file name, a line, what is wrong and what would be right. */
#define ERROR_TEXT_SIZE 1024

struct error {
  char text[ERROR_TEXT_SIZE];
};

/* Writes the text (cut at ERROR_TEXT_SIZE) and returns -1, so that `return error_set(…)` reads
 * well. `error` may be NULL: then nothing is written. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts more of the place in front of a text that is there already: "FILE: " or "zone example.com:
 * ". Returns -1. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
