/* SPDX-License-Identifier: MIT
 *
 * One-shot timers (timer.h) on su_timer. sofia counts in microseconds and cuts its waiting times
 * down to milliseconds; due times here are whole milliseconds, so that it need not wait in steps of
 * 0. It counts by the date, which may be stepped (NTP, somebody at the menu) by more than any timer
 * lasts; so it is told a date here that only ever goes on as monotonic time does.
 */
#include "ua/timer.h"

/* In sofia's library, though not in its headers: su_time() lets it correct the time that was read.
 */
extern void (*_su_time)(su_time_t *time);

static uint64_t start_us; /* the date at the phone's start less its monotonic time */

static void go_on_evenly(su_time_t *time) {
  uint64_t now_us = start_us + su_monotime(NULL) / 1000;
  time->tv_sec = now_us / 1000000;
  time->tv_usec = now_us % 1000000;
}

void phone_timers_start(void) {
  su_time_t now = su_now();
  start_us = now.tv_sec * UINT64_C(1000000) + now.tv_usec - su_monotime(NULL) / 1000;
  _su_time = go_on_evenly;
}

int64_t phone_now_ms(void) {
  su_time_t now = su_now();
  return (int64_t)now.tv_sec * 1000 + (int64_t)now.tv_usec / 1000;
}

static su_time_t time_of_ms(int64_t ms) {
  su_time_t time = {.tv_sec = (unsigned long)(ms / 1000),
                    .tv_usec = (unsigned long)(ms % 1000) * 1000};
  return time;
}

int phone_timer_init(struct phone_timer *timer, su_root_t *root, phone_timer_handler *handler,
                     void *context) {
  *timer = (struct phone_timer){.handler = handler, .context = context};
  timer->timer = su_timer_create(su_root_task(root), 0);
  return timer->timer ? 0 : -1;
}

static void run_handler(su_root_magic_t *root_magic, su_timer_t *su_timer,
                        su_timer_arg_t *argument) {
  (void)root_magic;
  (void)su_timer;
  struct phone_timer *timer = (struct phone_timer *)argument;
  timer->handler(timer->context);
}

void phone_timer_start(struct phone_timer *timer, int64_t due_ms) {
  timer->due_ms = due_ms;
  su_timer_set_at(timer->timer, run_handler, (su_timer_arg_t *)timer, time_of_ms(due_ms));
}

void phone_timer_stop(struct phone_timer *timer) {
  if (timer->timer)
    su_timer_reset(timer->timer);
}

bool phone_timer_is_running(const struct phone_timer *timer) {
  return timer->timer && su_timer_is_set(timer->timer);
}

void phone_timer_release(struct phone_timer *timer) {
  if (timer->timer)
    su_timer_destroy(timer->timer);
  timer->timer = NULL;
}
