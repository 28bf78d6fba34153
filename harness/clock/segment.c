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

/* ---- sets ---- */

static void set_add(struct clock_set *set, uint32_t index) {
  atomic_fetch_or(&set->word[index / 64], UINT64_C(1) << index % 64);
}

static void set_remove(struct clock_set *set, uint32_t index) {
  atomic_fetch_and(&set->word[index / 64], ~(UINT64_C(1) << index % 64));
}

static bool set_has(const struct clock_set *set, uint32_t index) {
  return set->word[index / 64] >> index % 64 & 1;
}

static void set_add_all(struct clock_set *set, const struct clock_set *others) {
  for (uint32_t i = 0; i < CLOCK_SET_WORDS; i++) {
    uint64_t word = others->word[i];
    if (word & ~set->word[i])
      atomic_fetch_or(&set->word[i], word);
  }
}

/* Those that are in both sets. */
static void set_add_common(struct clock_set *set, const struct clock_set *one,
                           const struct clock_set *other) {
  for (uint32_t i = 0; i < CLOCK_SET_WORDS; i++) {
    uint64_t word = one->word[i] & other->word[i];
    if (word)
      atomic_fetch_or(&set->word[i], word);
  }
}

/* The lowest member from `first` on and below `end`, or -1. */
static int set_lowest(const struct clock_set *set, uint32_t first, uint32_t end) {
  for (uint32_t i = first / 64; i * 64 < end; i++) {
    uint64_t word = set->word[i];
    if (i == first / 64)
      word &= UINT64_MAX << first % 64;
    if (word) {
      uint32_t index = i * 64 + (uint32_t)__builtin_ctzll(word);
      return index < end ? (int)index : -1;
    }
  }
  return -1;
}

void clock_attend(struct clock_segment *segment, uint32_t index, uint32_t host) {
  set_add(&segment->at_host[host], index);
}

bool clock_attends(const struct clock_segment *segment, uint32_t index, uint32_t host) {
  return set_has(&segment->at_host[host], index);
}

/* Whom there may be sets of. */
static uint32_t hosts_in_use(const struct clock_segment *segment) {
  return segment->network.hosts > 0 ? segment->network.hosts : NETWORK_LAB_HOST + 1;
}

void clock_leave_hosts(struct clock_segment *segment, uint32_t index) {
  for (uint32_t host = 0; host < hosts_in_use(segment); host++)
    if (set_has(&segment->at_host[host], index))
      set_remove(&segment->at_host[host], index);
}

void clock_inherit(struct clock_segment *segment, uint32_t index, uint32_t parent) {
  segment->participant[index].host = segment->participant[parent].host;
  for (uint32_t host = 0; host < hosts_in_use(segment); host++)
    if (set_has(&segment->at_host[host], parent))
      clock_attend(segment, index, host);
}

void clock_wake(struct clock_segment *segment, uint32_t index) {
  set_add(&segment->awake, index);
}

void clock_wake_host(struct clock_segment *segment, uint32_t host) {
  set_add_all(&segment->awake, &segment->at_host[host]);
}

void clock_wake_all(struct clock_segment *segment) {
  set_add_all(&segment->awake, &segment->present);
}

void clock_want_room(struct clock_segment *segment, uint32_t index, bool wanted) {
  if (wanted)
    set_add(&segment->wanting_room, index);
  else
    set_remove(&segment->wanting_room, index);
}

bool clock_room_is_wanted(const struct clock_segment *segment) {
  return set_lowest(&segment->wanting_room, 0, segment->participants) >= 0;
}

void clock_wake_host_for_room(struct clock_segment *segment, uint32_t host) {
  set_add_common(&segment->awake, &segment->at_host[host], &segment->wanting_room);
}

void clock_wake_all_for_room(struct clock_segment *segment) {
  set_add_common(&segment->awake, &segment->present, &segment->wanting_room);
}

void clock_look(struct clock_segment *segment, uint32_t index) {
  set_remove(&segment->awake, index);
}

/* ---- dates ---- */

int64_t clock_date_ns(const struct clock_segment *segment, uint32_t host) {
  return segment->now_ns + segment->realtime_offset_ns + segment->network.host[host].date_offset_ns;
}

void clock_set_date(struct clock_segment *segment, uint32_t host, int64_t date_ns) {
  segment->network.host[host].date_offset_ns += date_ns - clock_date_ns(segment, host);
  clock_wake_host(segment, host);
}

/* ---- slots ---- */

int clock_announce(struct clock_segment *segment, const char *name, pid_t announcer) {
  pid_t id = process_ids_give(&segment->process_ids);
  for (uint32_t i = 0; id >= 0 && i < CLOCK_PARTICIPANTS_MAX; i++) {
    struct clock_participant *participant = &segment->participant[i];
    uint32_t expected = CLOCK_FREE;
    /* Atomic, because a process that nobody announced may join while another one runs. */
    if (!atomic_compare_exchange_strong(&participant->state, &expected, CLOCK_ANNOUNCED))
      continue;
    participant->process_id = 0;
    participant->thread_id = 0;
    participant->simulated_process_id = id;
    participant->simulated_thread_id = id;
    participant->alarm_ns = CLOCK_NEVER;
    participant->announcer = announcer;
    participant->host = NETWORK_LAB_HOST;
    participant->wake_ns = 0;
    snprintf(participant->name, sizeof participant->name, "%s", name);
    if (i >= segment->participants)
      segment->participants = i + 1;
    set_add(&segment->present, i);
    clock_wake(segment, i);
    return (int)i;
  }
  return -1;
}

void clock_free(struct clock_segment *segment, uint32_t index) {
  uint32_t summoner = index + 1;
  atomic_compare_exchange_strong(&segment->summoner, &summoner, 0); /* nobody to give back to */
  set_remove(&segment->present, index);
  clock_leave_hosts(segment, index);
  set_remove(&segment->awake, index);
  set_remove(&segment->wanting_room, index);
  segment->participant[index].process_id = 0;
  segment->participant[index].state = CLOCK_FREE;
  clock_wake_all(segment);
}

/* ---- the turn ---- */

/* Who was announced runs as soon as it has started. */
static int next_to_run(struct clock_segment *segment, uint32_t from) {
  const uint32_t part[2][2] = {{from + 1, CLOCK_PARTICIPANTS_MAX}, {0, from + 1}};
  bool freed = false;
  for (int i = 0; i < 2; i++) {
    int index;
    for (uint32_t first = part[i][0]; (index = set_lowest(&segment->awake, first, part[i][1])) >= 0;
         first = (uint32_t)index + 1) {
      if (segment->participant[index].state != CLOCK_DEAD)
        return index;
      clock_free(segment, (uint32_t)index); /* which wakes the others */
      freed = true;
    }
  }
  /* An end may mean something to those that had been passed over. */
  return freed ? next_to_run(segment, from) : -1;
}

static bool is_due(const struct clock_segment *segment, uint32_t index) {
  const struct clock_participant *participant = &segment->participant[index];
  return participant->state == CLOCK_TAKING && participant->wake_ns <= segment->now_ns;
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

/* Lets time go on to the earliest wake time. False when nobody waits for any. */
static bool jump(struct clock_segment *segment) {
  int64_t now_ns = earliest_wake(segment);
  if (now_ns == CLOCK_NEVER)
    return false;
  segment->now_ns = now_ns;
  segment->jumps++;
  for (uint32_t i = 0; i < segment->participants; i++)
    if (is_due(segment, i))
      clock_wake(segment, i);
  return true;
}

void clock_give(struct clock_segment *segment, uint32_t to) {
  struct clock_participant *participant = &segment->participant[to];
  segment->turn = to;
  participant->wakeup++;
  REAL(syscall)(SYS_futex, (long)&participant->wakeup, FUTEX_WAKE, 1L, 0L, 0L, 0L);
}

int clock_pass(struct clock_segment *segment, uint32_t from) {
  if (is_due(segment, from)) /* it only let others go first */
    clock_wake(segment, from);
  int next = next_to_run(segment, from);
  if (next < 0) {
    if (!jump(segment))
      return -1;
    next = next_to_run(segment, from);
  }
  segment->passes++;
  if ((uint32_t)next != from)
    clock_give(segment, (uint32_t)next);
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
