/* SPDX-License-Identifier: MIT
 *
 * The timeline: the ordered record of everything that happened in a lab, and the only truth about
 * it. Expectations read it, reports are made from it, two runs are compared by its digest.
 */
#ifndef HARNESS_LAB_TIMELINE_H
#define HARNESS_LAB_TIMELINE_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/event.h"
#include "harness/lab/hosts.h"

/* A lab that makes more events than this is no test but a storm; each takes about a kilobyte. (The
 * tests have a lower one.) */
#ifndef TIMELINE_EVENTS_MAX
#define TIMELINE_EVENTS_MAX 1000000
#endif

/* SHA-256 in hexadecimal digits. */
#define TIMELINE_DIGEST_SIZE 65

struct timeline;

/* `hosts` is borrowed. `output` (may be NULL) gets each event as a line at once; borrowed. */
int timeline_create(struct timeline **out, const struct hosts *hosts, FILE *output);
void timeline_destroy(struct timeline *timeline);

/* Takes the event: numbers it, stamps it with `t_ns` (ns since the lab's start), names its hosts by
 * their addresses where they have no names yet. Beyond TIMELINE_EVENTS_MAX they are lost, and
 * timeline_overflowed() says so.
 */
void timeline_append(struct timeline *timeline, struct event *event, int64_t t_ns);

/* Events by their numbers, 0 … timeline_count() - 1; borrowed until the timeline is destroyed. */
const struct event *timeline_event(const struct timeline *timeline, uint64_t sequence);
uint64_t timeline_count(const struct timeline *timeline);

/* Whether there were more events than a timeline holds. */
bool timeline_overflowed(const struct timeline *timeline);

/* The digest of all events so far. In virtual time it is the same in every worker and on every
 * machine. */
void timeline_digest(const struct timeline *timeline, char digest[TIMELINE_DIGEST_SIZE]);

#endif
