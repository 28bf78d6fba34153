/* SPDX-License-Identifier: MIT
 *
 * A suite: finding the files, and adding up what came of them.
 */
#include "harness/lab/suite.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper directories are a loop of links. */
enum { DIRECTORIES_DEEP_MAX = 32 };

static int add_file(struct suite *suite, const char *path, struct error *error) {
  struct scenario *larger = realloc(suite->scenarios, (suite->count + 1) * sizeof *larger);
  char *copy = strdup(path);
  if (larger)
    suite->scenarios = larger;
  if (!larger || !copy) {
    free(copy);
    return error_set(error, "out of memory");
  }
  suite->scenarios[suite->count++] = (struct scenario){.path = copy};
  return 0;
}

static bool is_lua(const char *name) {
  size_t length = strlen(name);
  return length > 4 && strcmp(name + length - 4, ".lua") == 0;
}

static int visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static int find(struct suite *suite, const char *path, int depth, struct error *error);

static int find_in_directory(struct suite *suite, const char *path, int depth,
                             struct error *error) {
  struct dirent **entries;
  int count = depth < DIRECTORIES_DEEP_MAX ? scandir(path, &entries, visible, alphasort) : -1;
  if (count < 0)
    return error_set(error, "%s: %s", path,
                     depth < DIRECTORIES_DEEP_MAX ? strerror(errno) : "too deep");
  int result = 0;
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  for (int i = 0; i < count; i++) {
    char inner[PATH_MAX];
    struct stat status;
    snprintf(inner, sizeof inner, "%.*s/%s", (int)length, path, entries[i]->d_name);
    if (result == 0 && stat(inner, &status) == 0 && (S_ISDIR(status.st_mode) || is_lua(inner)))
      result = find(suite, inner, depth + 1, error);
    free(entries[i]);
  }
  free(entries);
  return result;
}

static int find(struct suite *suite, const char *path, int depth, struct error *error) {
  struct stat status;
  if (stat(path, &status))
    return error_set(error, "%s: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode))
    return find_in_directory(suite, path, depth, error);
  /* A scenario is read by another process, and again for each repetition. */
  if (!S_ISREG(status.st_mode))
    return error_set(error, "%s: is neither a file nor a folder", path);
  return add_file(suite, path, error);
}

int suite_find(struct suite *suite, const char *const *paths, size_t count, struct error *error) {
  for (size_t i = 0; i < count; i++)
    if (find(suite, paths[i], 0, error))
      return -1;
  return 0;
}

void suite_destroy(struct suite *suite) {
  for (size_t i = 0; i < suite->count; i++) {
    free(suite->scenarios[i].path);
    free(suite->scenarios[i].title);
    free(suite->scenarios[i].plan);
    free(suite->scenarios[i].text);
  }
  free(suite->scenarios);
  suite->scenarios = NULL;
  suite->count = 0;
}

static const char *text_of(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

static double number_of(const cJSON *object, const char *name) {
  const cJSON *item = cJSON_GetObjectItem(object, name);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static enum scenario_status status_of(const cJSON *said) {
  const char *result = said ? text_of(said, "result") : NULL;
  if (!result)
    return SCENARIO_BROKEN;
  if (strcmp(result, "passed") == 0)
    return SCENARIO_PASSED;
  return strcmp(result, "skipped") == 0 ? SCENARIO_SKIPPED : SCENARIO_FAILED;
}

static void replace(char **text, const char *with) {
  if (!with)
    return;
  free(*text);
  *text = strdup(with);
}

void scenario_note_run(struct scenario *scenario, const cJSON *said, const char *otherwise,
                       int64_t wall_ns) {
  enum scenario_status status = status_of(said);
  scenario->wall_ns += wall_ns;
  const char *digest = said ? text_of(said, "digest") : NULL;
  if (scenario->runs++ > 0) {
    scenario->differs |= digest && strcmp(digest, scenario->digest) != 0;
    if (status <= SCENARIO_PASSED || scenario->status != SCENARIO_PASSED)
      return; /* what went wrong first stays */
  }
  scenario->status = status;
  if (!said) {
    replace(&scenario->text, otherwise);
    return;
  }
  scenario->checks = (unsigned)number_of(said, "checks");
  scenario->simulated_ns = (int64_t)number_of(said, "simulated_ns");
  if (digest && !scenario->digest[0])
    snprintf(scenario->digest, sizeof scenario->digest, "%s", digest);
  replace(&scenario->title, text_of(said, "title"));
  replace(&scenario->plan, text_of(said, "plan"));
  const cJSON *failure = cJSON_GetArrayItem(cJSON_GetObjectItem(said, "failures"), 0);
  replace(&scenario->text, failure ? cJSON_GetStringValue(failure) : text_of(said, "reason"));
}

size_t suite_count(const struct suite *suite, enum scenario_status status) {
  size_t count = 0;
  for (size_t i = 0; i < suite->count; i++)
    count += suite->scenarios[i].status == status;
  return count;
}

int suite_exit_status(const struct suite *suite) {
  if (suite->interrupted)
    return 128 + suite->interrupted;
  if (suite_count(suite, SCENARIO_BROKEN) > 0)
    return EXIT_OWN_FAULT;
  if (suite_count(suite, SCENARIO_FAILED) > 0)
    return EXIT_SCENARIO_FAILED;
  for (size_t i = 0; i < suite->count; i++)
    if (suite->scenarios[i].differs)
      return EXIT_RUNS_DIFFERED;
  return suite_count(suite, SCENARIO_PASSED) == 0 ? EXIT_NOTHING_SELECTED : EXIT_ALL_PASSED;
}
