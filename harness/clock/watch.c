/* SPDX-License-Identifier: MIT
 *
 * For the program that makes a lab and doesn't take part in it: creating the segment, announcing
 * the first process, and the watch, which looks from real time at participants that died or don't
 * let go of the turn.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "harness/clock/shared_names.h"

void clock_descriptor_path(int descriptor, char path[CLOCK_PATH_SIZE]) {
  char text[CLOCK_PATH_SIZE];
  int length = snprintf(text, sizeof text, "/proc/%d/fd/%d", (int)getpid(), descriptor);
  memset(path, '/', CLOCK_PATH_SIZE - 1);
  memcpy(path + CLOCK_PATH_SIZE - 1 - length, text, (size_t)length + 1);
}

/* Real time: the library isn't loaded where labs are made. */
static int64_t monotonic_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return INT64_C(1000000000) * now.tv_sec + now.tv_nsec;
}

int clock_lab_create(struct clock_lab *lab, uint64_t seed, struct error *error) {
  struct clock_segment *segment = MAP_FAILED;
  int descriptor = memfd_create("sipfall-clock", MFD_CLOEXEC);
  if (descriptor < 0 || ftruncate(descriptor, sizeof *segment))
    goto failed;
  segment = mmap(NULL, sizeof *segment, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (segment == MAP_FAILED)
    goto failed;
  segment->magic = CLOCK_SEGMENT_MAGIC;
  segment->seed = seed;
  segment->owner = getpid();
  segment->now_ns = CLOCK_MONOTONIC_START_NS;
  segment->realtime_offset_ns = CLOCK_REALTIME_START_NS - CLOCK_MONOTONIC_START_NS;
  segment->network.port_shift = network_port_shift(monotonic_now_ns());
  lab->segment = segment;
  lab->descriptor = descriptor;
  clock_descriptor_path(descriptor, lab->path);
  return 0;
failed:
  error_set(error, "can't make the clock's segment: %s", strerror(errno));
  if (descriptor >= 0)
    close(descriptor);
  return -1;
}

void clock_lab_destroy(struct clock_lab *lab) {
  if (!lab || !lab->segment)
    return;
  if (lab->segment->network.block)
    shared_names_remove(lab->segment->network.block);
  munmap(lab->segment, sizeof *lab->segment);
  close(lab->descriptor);
  lab->segment = NULL;
}

void clock_lab_announce(struct clock_lab *lab, const char *name) {
  int index = clock_announce(lab->segment, name, getpid());
  lab->segment->turn = (uint32_t)index;
}

int64_t clock_lab_elapsed_ns(const struct clock_lab *lab) {
  return lab->segment->now_ns - CLOCK_MONOTONIC_START_NS;
}

/* A zombie counts as dead: its sockets are closed. */
static bool process_is_dead(pid_t process_id) {
  int descriptor = (int)syscall(SYS_pidfd_open, process_id, 0);
  if (descriptor < 0)
    return errno == ESRCH;
  struct pollfd exited = {.fd = descriptor, .events = POLLIN};
  bool dead = poll(&exited, 1, 0) == 1;
  close(descriptor);
  return dead;
}

/* Marks those who ended without saying so. Someone who gave the turn away in order to exit is no
 * case for the watch: the next holder waits for it. */
static bool bury_the_dead(struct clock_segment *segment) {
  bool holder_died = false;
  for (uint32_t i = 0; i < segment->participants; i++) {
    struct clock_participant *participant = &segment->participant[i];
    pid_t process_id = participant->process_id;
    uint32_t expected = participant->state;
    if (expected == CLOCK_FREE || expected == CLOCK_DEAD || process_id == 0 ||
        !process_is_dead(process_id))
      continue;
    if (participant->process_id == process_id &&
        atomic_compare_exchange_strong(&participant->state, &expected, CLOCK_DEAD)) {
      clock_wake_all(segment);
      holder_died |= segment->turn == i;
    }
  }
  return holder_died;
}

/* Reads a file of /proc about the thread into `text`; false when there is none. */
static bool read_about(const struct clock_participant *participant, const char *file,
                       char text[512]) {
  char path[64];
  /* One that was only announced has no thread yet: it is its process's first. */
  int thread_id = participant->thread_id ? participant->thread_id : participant->process_id;
  snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)participant->process_id, thread_id, file);
  FILE *stream = fopen(path, "re");
  bool found = stream && fgets(text, 512, stream);
  if (stream)
    fclose(stream);
  return found;
}

/* proc(5): how long the thread has had a processor, ns. */
static int64_t computed_ns(const struct clock_participant *participant) {
  char text[512];
  return read_about(participant, "schedstat", text) ? (int64_t)strtoull(text, NULL, 10) : 0;
}

/* proc(5): R runs or waits for a processor, D waits for a disk, S sleeps. '\0': not known. */
static char scheduling_state(const struct clock_participant *participant) {
  char text[512];
  const char *name_end = read_about(participant, "stat", text) ? strrchr(text, ')') : NULL;
  return name_end && name_end[1] == ' ' ? name_end[2] : '\0';
}

/* What of the time between two looks is the holder's own: who computes has had a processor for a
 * part of it only, and who waits for a disk for none. */
static int64_t own_time_ns(struct clock_watch *watch, const struct clock_participant *holder,
                           int64_t step_ns) {
  int64_t before_ns = watch->computed_ns;
  char state = scheduling_state(holder);
  watch->computed_ns = computed_ns(holder);
  if (state == 'D')
    return 0;
  if (state == 'R' && watch->computed_ns - before_ns < step_ns)
    return watch->computed_ns - before_ns;
  return step_ns < CLOCK_WATCH_STEP_MAX_NS ? step_ns : CLOCK_WATCH_STEP_MAX_NS;
}

/* Why the holder may not let go of the turn. */
static void describe_hold(const struct clock_participant *holder, char reason[160]) {
  char call[512];
  if (holder->state == CLOCK_ANNOUNCED)
    snprintf(reason, 160,
             "it was announced, but has not started with the clock library (a static program?)");
  else if (scheduling_state(holder) == 'S' && read_about(holder, "syscall", call))
    snprintf(reason, 160, "it blocks in a call that the clock does not know (system call %.*s)",
             (int)strspn(call, "0123456789"), call);
  else
    snprintf(reason, 160,
             "it computes without end, or blocks in a call that the clock does not know");
}

bool clock_lab_watch(struct clock_lab *lab, struct clock_watch *watch, int64_t real_now_ns,
                     char report[512]) {
  struct clock_segment *segment = lab->segment;
  if (bury_the_dead(segment))
    clock_pass(segment, segment->turn);
  const struct clock_participant *holder = &segment->participant[segment->turn];
  if (segment->passes != watch->passes || watch->look_ns == 0) {
    *watch = (struct clock_watch){
        .passes = segment->passes, .look_ns = real_now_ns, .computed_ns = computed_ns(holder)};
    return false;
  }
  watch->held_ns += own_time_ns(watch, holder, real_now_ns - watch->look_ns);
  watch->look_ns = real_now_ns;
  if (watch->reported || watch->held_ns < CLOCK_HOLD_REPORT_NS)
    return false;
  watch->reported = true;
  char reason[160];
  describe_hold(holder, reason);
  char thread[32] = "";
  if (holder->thread_id != 0 && holder->thread_id != holder->process_id)
    snprintf(thread, sizeof thread, ", thread %d", (int)holder->thread_id);
  snprintf(report, 512,
           "%s (process %d%s) has held the turn for %.0f s of real time without blocking: %s",
           holder->name, (int)holder->process_id, thread, (double)watch->held_ns / 1e9, reason);
  return true;
}

void clock_lab_kill(struct clock_lab *lab) {
  for (uint32_t i = 0; i < lab->segment->participants; i++) {
    struct clock_participant *participant = &lab->segment->participant[i];
    pid_t process_id = participant->process_id;
    if (participant->state != CLOCK_FREE && process_id > 0 && process_id != getpid())
      kill(process_id, SIGKILL);
  }
}
