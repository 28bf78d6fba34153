/* SPDX-License-Identifier: MIT
 *
 * A lab. It knows nothing of virtual time: its clock is the loop's, and whether that is real is the
 * business of whoever started this process.
 */
#include "harness/lab/lab.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "harness/lab/outside.h"

struct stream {
  struct stream *next;
  char name[EVENT_HOST_SIZE];
  struct random_stream random;
};

struct lab {
  uv_loop_t loop;
  uv_prepare_t before_poll;
  uv_check_t after_poll;
  uint64_t seed;
  bool real_time;
  int64_t start_ns;
  struct clock_segment *clock; /* NULL: real time */
  struct hosts *hosts;
  struct timeline *timeline;
  struct outside *outside; /* NULL: real time */
  struct stream *streams;
  char directory[PATH_MAX];
  void (*settle)(void *context);
  void *settle_context;
  bool overflow_settled;
  uint64_t settled; /* events before this one have been seen by `settle` */
};

static bool is_unsettled(const struct lab *lab) {
  return lab->settled != timeline_count(lab->timeline) ||
         lab->overflow_settled != timeline_overflowed(lab->timeline);
}

static void settle(struct lab *lab) {
  while (lab->settle && is_unsettled(lab)) {
    lab->settled = timeline_count(lab->timeline);
    lab->overflow_settled = timeline_overflowed(lab->timeline);
    lab->settle(lab->settle_context);
  }
}

static void before_poll(uv_prepare_t *handle) {
  settle(handle->data);
}

static void after_poll(uv_check_t *handle) {
  settle(handle->data);
}

/* The clock's segment, with the simulated network, when this process is to be in virtual time; NULL
 * in real time and where there is no clock (tests). Returns -1 with the text filled in when the
 * library is not there. */
static int find_clock(struct lab *lab, struct error *error) {
  const char *path = getenv(CLOCK_SEGMENT_VARIABLE);
  if (!path || lab->real_time)
    return 0;
  lab->clock = clock_segment_open(path);
  if (!lab->clock || (int64_t)uv_hrtime() != lab->clock->now_ns)
    return error_set(error,
                     "the clock's library is not loaded in the worker: there is no virtual time");
  return 0;
}

int lab_create(struct lab **out, const struct lab_options *options, struct error *error) {
  struct lab *lab = calloc(1, sizeof *lab);
  if (!lab || uv_loop_init(&lab->loop)) {
    free(lab);
    return error_set(error, "can't make a lab: out of memory or descriptors");
  }
  lab->seed = options->seed;
  lab->real_time = options->real_time;
  lab->start_ns = (int64_t)uv_hrtime();
  uv_prepare_init(&lab->loop, &lab->before_poll);
  uv_check_init(&lab->loop, &lab->after_poll);
  lab->before_poll.data = lab->after_poll.data = lab;
  uv_prepare_start(&lab->before_poll, before_poll);
  uv_check_start(&lab->after_poll, after_poll);
  /* Only what is waited for keeps the loop going. */
  uv_unref((uv_handle_t *)&lab->before_poll);
  uv_unref((uv_handle_t *)&lab->after_poll);
  if (find_clock(lab, error)) {
    lab_destroy(lab);
    return -1;
  }
  if (hosts_create(&lab->hosts, options->block, lab->clock ? &lab->clock->network : NULL) ||
      timeline_create(&lab->timeline, lab->hosts, options->timeline_output)) {
    lab_destroy(lab);
    return error_set(error, "can't make a lab: out of memory");
  }
  if (options->interface && hosts_use_interface(lab->hosts, options->interface, error)) {
    lab_destroy(lab);
    return -1;
  }
  if (lab->clock && outside_create(&lab->outside, lab, &lab->clock->network, error)) {
    lab_destroy(lab);
    return -1;
  }
  *out = lab;
  return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *position) {
  (void)status, (void)type, (void)position;
  return remove(path);
}

void lab_remove_directory(const char *path) {
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void lab_destroy(struct lab *lab) {
  if (!lab)
    return;
  lab->settle = NULL;
  outside_destroy(lab->outside);
  uv_close((uv_handle_t *)&lab->before_poll, NULL);
  uv_close((uv_handle_t *)&lab->after_poll, NULL);
  /* It returns at once when lab_stop() came while it did not run. */
  while (uv_run(&lab->loop, UV_RUN_DEFAULT) != 0) {
  }
  uv_loop_close(&lab->loop);
  timeline_destroy(lab->timeline);
  hosts_destroy(lab->hosts);
  clock_segment_close(lab->clock);
  while (lab->streams) {
    struct stream *stream = lab->streams;
    lab->streams = stream->next;
    free(stream);
  }
  if (lab->directory[0])
    lab_remove_directory(lab->directory);
  free(lab);
}

uv_loop_t *lab_loop(struct lab *lab) {
  return &lab->loop;
}

struct hosts *lab_hosts(struct lab *lab) {
  return lab->hosts;
}

struct timeline *lab_timeline(struct lab *lab) {
  return lab->timeline;
}

bool lab_is_real_time(const struct lab *lab) {
  return lab->real_time;
}

uint64_t lab_seed(const struct lab *lab) {
  return lab->seed;
}

int64_t lab_now_ns(const struct lab *lab) {
  return (int64_t)uv_hrtime() - lab->start_ns;
}

int64_t lab_start_ns(const struct lab *lab) {
  return lab->start_ns;
}

/* The host's index in the simulated network, or -1 with the text filled in. */
static int find_host(const struct lab *lab, const char *host, struct error *error) {
  if (!lab->clock)
    return error_set(error, "in real time a host has the date of its machine");
  int index = network_find_host(&lab->clock->network, host);
  return index < 0 ? error_set(error, "there is no host \"%s\"", host) : index;
}

int lab_date_ns(const struct lab *lab, const char *host, int64_t *date_ns, struct error *error) {
  int index = find_host(lab, host, error);
  if (index < 0)
    return -1;
  *date_ns = clock_date_ns(lab->clock, (uint32_t)index);
  return 0;
}

int lab_set_date(struct lab *lab, const char *host, int64_t date_ns, struct error *error) {
  int index = find_host(lab, host, error);
  if (index < 0)
    return -1;
  if (date_ns < LAB_DATE_MIN_NS || date_ns > LAB_DATE_MAX_NS)
    return error_set(error, "a date must lie from 1971-01-01 to 2100-01-01 00:00:00");
  clock_set_date(lab->clock, (uint32_t)index, date_ns);
  return 0;
}

void lab_append(struct lab *lab, struct event *event) {
  if (event)
    timeline_append(lab->timeline, event, lab_now_ns(lab));
}

static void observe(void *context, struct event *event) {
  lab_append(context, event);
}

struct observer lab_observer(struct lab *lab) {
  return (struct observer){.handler = observe, .context = lab};
}

struct random_stream *lab_random(struct lab *lab, const char *name) {
  for (struct stream *stream = lab->streams; stream; stream = stream->next)
    if (strcmp(stream->name, name) == 0)
      return &stream->random;
  struct stream *stream = calloc(1, sizeof *stream);
  if (!stream)
    return NULL;
  snprintf(stream->name, sizeof stream->name, "%s", name);
  random_stream_init(&stream->random, lab->seed, name);
  stream->next = lab->streams;
  lab->streams = stream;
  return &stream->random;
}

const char *lab_directory(struct lab *lab, struct error *error) {
  if (lab->directory[0])
    return lab->directory;
  const char *parent = getenv("TMPDIR");
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/sipfall-XXXXXX", parent && parent[0] ? parent : "/tmp");
  if (!mkdtemp(path)) {
    error_set(error, "%s: can't make a directory for the lab: %s", path, strerror(errno));
    return NULL;
  }
  memcpy(lab->directory, path, sizeof path);
  return lab->directory;
}

/* Whether a name leads nowhere but into the directory. */
static bool stays_below(const char *name) {
  for (const char *part = name; part; part = strchr(part, '/')) {
    part += *part == '/';
    if (strcmp(part, "..") == 0 || strncmp(part, "../", 3) == 0)
      return false;
  }
  return name[0] != '/';
}

int lab_make_path(struct lab *lab, const char *name, char path[PATH_MAX], struct error *error) {
  const char *directory = lab_directory(lab, error);
  if (!directory)
    return -1;
  if (!stays_below(name) || snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
    return error_set(error, "\"%s\" can't be the name of a file of the lab", name);
  for (char *slash = strchr(path + strlen(directory) + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int result = mkdir(path, 0777);
    if (result && errno != EEXIST)
      return error_set(error, "%s: can't make this directory: %s", path, strerror(errno));
    *slash = '/';
  }
  return 0;
}

void lab_on_settle(struct lab *lab, void (*settle_handler)(void *context), void *context) {
  lab->settle = settle_handler;
  lab->settle_context = context;
}

void lab_run(struct lab *lab) {
  settle(lab);
  uv_run(&lab->loop, UV_RUN_DEFAULT);
}

void lab_stop(struct lab *lab) {
  uv_stop(&lab->loop);
}
