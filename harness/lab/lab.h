/* SPDX-License-Identifier: MIT
 *
 * A lab: one running scenario. Its loop, its clock, its hosts, its timeline, its randomness, its
 * directory. Everything of a lab lives in one process (the worker) and one thread.
 */
#ifndef HARNESS_LAB_LAB_H
#define HARNESS_LAB_LAB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <uv.h>

#include "common/error.h"
#include "common/event.h"
#include "common/random.h"
#include "harness/lab/hosts.h"
#include "harness/lab/timeline.h"

struct lab;

struct lab_options {
  uint64_t seed;
  unsigned block; /* HOSTS_BLOCK_FIRST … HOSTS_BLOCK_LAST */
  bool real_time;
  const char *interface; /* in real time: whose addresses hosts get; NULL: loopback's */
  FILE *timeline_output; /* may be NULL; borrowed */
};

/* Lab time starts to count here. Returns 0, or -1 with the text filled in. */
int lab_create(struct lab **out, const struct lab_options *options, struct error *error);

/* Everything that was made on the lab's loop must have been destroyed before; runs the loop until
 * their close callbacks have run. Removes the lab's directory. NULL is allowed. */
void lab_destroy(struct lab *lab);

uv_loop_t *lab_loop(struct lab *lab);
struct hosts *lab_hosts(struct lab *lab);
struct timeline *lab_timeline(struct lab *lab);
bool lab_is_real_time(const struct lab *lab);
uint64_t lab_seed(const struct lab *lab);

/* Lab time: ns since the lab's start; and the uv_hrtime() of that start, which fake servers want.
 */
int64_t lab_now_ns(const struct lab *lab);
int64_t lab_start_ns(const struct lab *lab);

/* The date on a host, ns since 1970-01-01 UTC; and stepping it. Only in virtual time: in real time
 * a host's date is its machine's. Return 0, or -1 with the text filled in. */
int lab_date_ns(const struct lab *lab, const char *host, int64_t *date_ns, struct error *error);
int lab_set_date(struct lab *lab, const char *host, int64_t date_ns, struct error *error);

/* The dates that a host can have: those that Linux can be set to, less a day and a century that
 * nobody needs (clock_settime(2): not before the monotonic time, which starts at a day). */
#define LAB_DATE_MIN_NS (INT64_C(86400) * 365 * 1000000000)
#define LAB_DATE_MAX_NS (INT64_C(4102444800) * 1000000000) /* 2100-01-01 */

/* Takes the event and appends it to the timeline, now. */
void lab_append(struct lab *lab, struct event *event);
struct observer lab_observer(struct lab *lab);

/* The random stream of this name; made when first asked for, owned by the lab. NULL when out of
 * memory. */
struct random_stream *lab_random(struct lab *lab, const char *name);

/* A directory for the files of this lab's phones, made when first asked for and removed with the
 * lab. NULL with the text filled in when it can't be made. */
const char *lab_directory(struct lab *lab, struct error *error);

/* The path of `name` in that directory ("config", "web/www/index.html"); the directories that it
 * lies in are made, so that "web/" makes one. Returns 0, or -1 with the text filled in. */
int lab_make_path(struct lab *lab, const char *name, char path[PATH_MAX], struct error *error);

/* Removes a directory with everything in it. */
void lab_remove_directory(const char *path);

/* `settle` is called between the loop's callbacks whenever events were added since: never from
 * within another callback, so it may destroy whatever it likes. */
void lab_on_settle(struct lab *lab, void (*settle)(void *context), void *context);

/* Runs the loop until lab_stop() is called or nothing is left to wait for. */
void lab_run(struct lab *lab);
void lab_stop(struct lab *lab);

#endif
