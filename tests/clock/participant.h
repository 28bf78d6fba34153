/* SPDX-License-Identifier: MIT
 *
 * What the parts of the test's participant share: a plain program that knows nothing of the clock.
 */
#ifndef TESTS_CLOCK_PARTICIPANT_H
#define TESTS_CLOCK_PARTICIPANT_H

#include <stdint.h>

/* One way of waiting (or several). Returns the exit status. */
struct part {
  const char *name;
  int (*run)(int a, int b); /* numbers from the command line, 0 where there are none */
};

/* Each ends with a part that has no name. */
extern const struct part thread_parts[], lock_parts[], timer_parts[], command_parts[],
    activity_parts[], room_parts[], address_parts[], date_parts[], work_parts[], form_parts[],
    name_form_parts[], stream_parts[], blocking_parts[], machine_parts[], identity_parts[];

/* Time since the program started, monotonic. */
double elapsed(void);
int64_t now_ns(void);

/* Prints a line with the time; unbuffered, so that lines of several processes keep their order. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the program, with a core, when something doesn't hold that the test needs. */
#define need(condition) ((condition) ? (void)0 : need_failed(__FILE__, __LINE__, #condition))
void need_failed(const char *file, int line, const char *condition);

#endif
