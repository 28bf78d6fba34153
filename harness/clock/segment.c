/* SPDX-License-Identifier: MIT
 *
 * The part of the segment that everybody uses: slots, and who gets the turn next. Compiled into the
 * preloaded library as well as into the program that makes labs (watch.c), so it calls nothing that
 * the library interposes in a way that could block.
 */
#include "harness/clock/segment.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/clock/real.h"

int clock_announce(struct clock_segment *segment, const char *name, pid_t announcer) {
  for (uint32_t i = 0; i < CLOCK_PARTICIPANTS_MAX; i++) {
    struct clock_participant *participant = &segment->participant[i];
    uint32_t expected = CLOCK_FREE;
    /* Atomic, because a process that nobody announced may join while another one runs. */
    if (!atomic_compare_exchange_strong(&participant->state, &expected, CLOCK_ANNOUNCED))
      continue;
    participant->process_id = 0;
    participant->thread_id = 0;
    participant->alarm_ns = CLOCK_NEVER;
    participant->announcer = announcer;
    participant->wake_ns = 0;
    snprintf(participant->name, sizeof participant->name, "%s", name);
    if (i >= segment->participants)
      segment->participants = i + 1;
    return (int)i;
  }
  return -1;
}

void clock_free(struct clock_segment *segment, uint32_t index) {
  segment->participant[index].process_id = 0;
  segment->participant[index].state = CLOCK_FREE;
  segment->activity++;
}

/* Someone who was announced runs as soon as it has started; someone who waits does when its time
 * has come or when something has happened since it last looked. */
static bool can_have_something_to_do(const struct clock_segment *segment,
                                     const struct clock_participant *participant) {
  return participant->state == CLOCK_ANNOUNCED || participant->wake_ns <= segment->now_ns ||
         participant->seen != segment->activity;
}

static int next_to_run(struct clock_segment *segment, uint32_t from) {
  uint32_t count = segment->participants;
  for (uint32_t step = 1; step <= count; step++) {
    uint32_t index = (from + step) % count;
    struct clock_participant *participant = &segment->participant[index];
    if (participant->state == CLOCK_DEAD)
      clock_free(segment, index);
    if (participant->state != CLOCK_FREE && can_have_something_to_do(segment, participant))
      return (int)index;
  }
  return -1;
}

static int64_t earliest_wake(const struct clock_segment *segment) {
  int64_t earliest = CLOCK_NEVER;
  for (uint32_t i = 0; i < segment->participants; i++) {
    const struct clock_participant *participant = &segment->participant[i];
    if (participant->state == CLOCK_TAKING && participant->wake_ns < earliest)
      earliest = participant->wake_ns;
  }
  return earliest;
}

int64_t clock_next_wake(const struct clock_segment *segment, uint32_t except) {
  int64_t next = CLOCK_NEVER;
  for (uint32_t i = 0; i < segment->participants; i++) {
    const struct clock_participant *participant = &segment->participant[i];
    if (i != except && participant->state == CLOCK_TAKING &&
        participant->wake_ns > segment->now_ns && participant->wake_ns < next)
      next = participant->wake_ns;
  }
  return next;
}

int clock_pass(struct clock_segment *segment, uint32_t from) {
  int next = next_to_run(segment, from);
  if (next < 0) {
    int64_t wake_ns = earliest_wake(segment);
    if (wake_ns == CLOCK_NEVER)
      return -1;
    segment->now_ns = wake_ns;
    segment->jumps++;
    next = next_to_run(segment, from);
  }
  segment->passes++;
  if ((uint32_t)next != from) {
    struct clock_participant *participant = &segment->participant[next];
    segment->turn = (uint32_t)next;
    participant->wakeup++;
    REAL(syscall)(SYS_futex, (long)&participant->wakeup, FUTEX_WAKE, 1L, 0L, 0L, 0L);
  }
  return next;
}

struct clock_segment *clock_segment_open(const char *path) {
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0)
    return NULL;
  struct clock_segment *segment =
      mmap(NULL, sizeof *segment, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (segment == MAP_FAILED)
    return NULL;
  if (segment->magic == CLOCK_SEGMENT_MAGIC)
    return segment;
  munmap(segment, sizeof *segment);
  return NULL;
}

void clock_segment_close(struct clock_segment *segment) {
  if (segment)
    munmap(segment, sizeof *segment);
}
