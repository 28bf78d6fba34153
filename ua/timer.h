/* SPDX-License-Identifier: MIT
 *
 * One-shot timers with absolute due times in milliseconds, on sofia's event loop. Everything the
 * phone does at a time of its own is computed from the instant of the event that started it, never
 * from the instant at which a timer happened to run, so that nothing drifts.
 */
#ifndef UA_TIMER_H
#define UA_TIMER_H

#include <sofia-sip/su_wait.h>
#include <stdbool.h>
#include <stdint.h>

/* The handler may start or stop its own timer, and may release it. */
typedef void phone_timer_handler(void *context);

struct phone_timer {
  su_timer_t *timer;
  phone_timer_handler *handler;
  void *context;
  int64_t due_ms;
};

/* Once, after su_init() and before anything is timed: from then on no timer depends on the date. */
void phone_timers_start(void);

/* Now, in whole milliseconds of sofia's clock. */
int64_t phone_now_ms(void);

/* Returns 0, or -1 when out of memory. */
int phone_timer_init(struct phone_timer *timer, su_root_t *root, phone_timer_handler *handler,
                     void *context);

/* Runs the handler once at `due_ms`; a time that has passed already means the next turn of the
 * loop. A timer that is running is moved. */
void phone_timer_start(struct phone_timer *timer, int64_t due_ms);
void phone_timer_stop(struct phone_timer *timer);
bool phone_timer_is_running(const struct phone_timer *timer);

/* Stops the timer and frees it. A timer of all zero bytes is allowed. */
void phone_timer_release(struct phone_timer *timer);

#endif
