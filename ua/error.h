/* SPDX-License-Identifier: MIT
 *
 * Errors with text. What can happen in operation is returned: the function gives -1 and fills in
 * the text where the error arose. The phone has its own, because it shares nothing with the rest of
 * sipfall: it is built alone for a hardware target.
 */
#ifndef UA_ERROR_H
#define UA_ERROR_H

/* A parameter's name, its value, what is allowed, and a known name that resembles it. */
#define PHONE_ERROR_SIZE 512

struct phone_error {
  char text[PHONE_ERROR_SIZE];
};

/* Writes the text (cut at PHONE_ERROR_SIZE) and returns -1. `error` may be NULL. */
int phone_error_set(struct phone_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts more of the place in front of the text that is there already. Returns -1. */
int phone_error_prefix(struct phone_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
