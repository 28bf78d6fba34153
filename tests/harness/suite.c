/* SPDX-License-Identifier: MIT
 *
 * Suites: which files are found and in what order, what is noted of runs, and the exit status.
 */
#include "harness/lab/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/lab/lab.h"
#include "tests/unit.h"

static char folder[] = "/tmp/sipfall-test-XXXXXX";

static const char *path_of(const char *name, char path[256]) {
  snprintf(path, 256, "%s/%s", folder, name);
  return path;
}

static void make_file(const char *name) {
  char path[256];
  FILE *file = fopen(path_of(name, path), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  fclose(file);
}

static void make_folder(const char *name) {
  char path[256];
  CU_ASSERT_EQUAL_FATAL(mkdir(path_of(name, path), 0700), 0);
}

/* Finds below the folder and compares the names, separated by blanks. */
static void expect_found(const char *name, const char *expected) {
  struct suite suite = {0};
  struct error error = {""};
  char path[256], found[2048] = "";
  const char *paths[] = {path_of(name, path)};
  CU_ASSERT_EQUAL(suite_find(&suite, paths, 1, &error), 0);
  for (size_t i = 0; i < suite.count; i++) {
    size_t length = strlen(found);
    snprintf(found + length, sizeof found - length, "%s%s", i ? " " : "",
             suite.scenarios[i].path + strlen(folder) + 1);
    CU_ASSERT_EQUAL(suite.scenarios[i].status, SCENARIO_NOT_RUN);
  }
  CU_ASSERT_STRING_EQUAL(found, expected);
  suite_destroy(&suite);
}

static void expect_refused(const char *name, const char *text) {
  struct suite suite = {0};
  struct error error = {""};
  char path[256];
  const char *paths[] = {path_of(name, path)};
  CU_ASSERT_EQUAL(suite_find(&suite, paths, 1, &error), -1);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, text));
  suite_destroy(&suite);
}

static void test_finding(void) {
  make_folder("b");
  make_folder("b/empty");
  make_folder("B");
  make_file("b/two.lua");
  make_file("b/one.lua");
  make_file("b/.hidden.lua");
  make_file("b/notes.txt");
  make_file("b/lua");
  make_file("B/x.lua");
  make_file("a.lua");
  make_file("c.lua");
  /* Names in the order of their bytes, whatever the locale is. */
  expect_found("", "B/x.lua a.lua b/one.lua b/two.lua c.lua");
  expect_found("b/", "b/one.lua b/two.lua");
  expect_found("b///", "b/one.lua b/two.lua");
  expect_found("b/empty", "");
  /* A file that was named is a scenario, whatever its name is. */
  expect_found("b/notes.txt", "b/notes.txt");
}

static void test_refusing(void) {
  char path[256], target[256];
  expect_refused("nowhere", "No such file or directory");
  CU_ASSERT_EQUAL(mkfifo(path_of("pipe", path), 0600), 0);
  expect_refused("pipe", "is neither a file nor a folder");
  unlink(path);
  make_folder("loop");
  CU_ASSERT_EQUAL(symlink(path_of("loop", target), path_of("loop/again", path)), 0);
  expect_refused("loop", "too deep");
}

static void test_several_paths(void) {
  struct suite suite = {0};
  char paths[2][256];
  const char *named[] = {path_of("c.lua", paths[0]), path_of("a.lua", paths[1])};
  CU_ASSERT_EQUAL(suite_find(&suite, named, 2, NULL), 0);
  CU_ASSERT_EQUAL_FATAL(suite.count, 2);
  CU_ASSERT_STRING_EQUAL(suite.scenarios[0].path, paths[0]); /* in the order of the command line */
  CU_ASSERT_STRING_EQUAL(suite.scenarios[1].path, paths[1]);
  suite_destroy(&suite);
  CU_ASSERT_EQUAL(suite.count, 0);
  suite_destroy(&suite);
}

/* ---- runs ---- */

static void note(struct scenario *scenario, const char *said, const char *otherwise) {
  cJSON *json = said ? cJSON_Parse(said) : NULL;
  CU_ASSERT_TRUE_FATAL(!said || json);
  scenario_note_run(scenario, json, otherwise, 5);
  cJSON_Delete(json);
}

static void forget(struct scenario *scenario) {
  free(scenario->title);
  free(scenario->text);
  *scenario = (struct scenario){0};
}

static void test_run_is_noted(void) {
  struct scenario scenario = {0};
  note(&scenario,
       "{\"result\":\"passed\",\"title\":\"T\",\"checks\":3,\"simulated_ns\":7200000000001,"
       "\"digest\":\"abc\"}",
       "unused");
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_PASSED);
  CU_ASSERT_STRING_EQUAL(scenario.title, "T");
  CU_ASSERT_PTR_NULL(scenario.text);
  CU_ASSERT_EQUAL(scenario.checks, 3);
  CU_ASSERT_EQUAL(scenario.simulated_ns, 7200000000001);
  CU_ASSERT_STRING_EQUAL(scenario.digest, "abc");
  CU_ASSERT_EQUAL(scenario.runs, 1);
  CU_ASSERT_EQUAL(scenario.wall_ns, 5);
  forget(&scenario);
  note(&scenario, "{\"result\":\"failed\",\"failures\":[\"why\",\"and\"],\"checks\":1}", "unused");
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_FAILED);
  CU_ASSERT_STRING_EQUAL(scenario.text, "why");
  forget(&scenario);
  note(&scenario, "{\"result\":\"skipped\",\"reason\":\"no phone\"}", "unused");
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_SKIPPED);
  CU_ASSERT_STRING_EQUAL(scenario.text, "no phone");
  forget(&scenario);
}

static void test_no_result_is_broken(void) {
  struct scenario scenario = {0};
  note(&scenario, NULL, "the worker was killed");
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_BROKEN);
  CU_ASSERT_STRING_EQUAL(scenario.text, "the worker was killed");
  forget(&scenario);
  /* What is no result is none. */
  note(&scenario, "{\"checks\":\"many\"}", "unused");
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_BROKEN);
  CU_ASSERT_EQUAL(scenario.checks, 0);
  forget(&scenario);
}

static void test_repetitions(void) {
  struct scenario scenario = {0};
  const char *same = "{\"result\":\"passed\",\"digest\":\"abc\",\"simulated_ns\":9}",
             *other = "{\"result\":\"passed\",\"digest\":\"abd\",\"simulated_ns\":10}";
  note(&scenario, same, NULL);
  note(&scenario, same, NULL);
  CU_ASSERT_FALSE(scenario.differs);
  note(&scenario, other, NULL);
  CU_ASSERT_TRUE(scenario.differs);
  note(&scenario, same, NULL);
  CU_ASSERT_TRUE(scenario.differs);
  CU_ASSERT_STRING_EQUAL(scenario.digest, "abc");
  CU_ASSERT_EQUAL(scenario.simulated_ns, 9); /* of the first run */
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_PASSED);
  CU_ASSERT_EQUAL(scenario.runs, 4);
  CU_ASSERT_EQUAL(scenario.wall_ns, 20);
  forget(&scenario);
}

/* A failure in one repetition is a failure, and stays. */
static void test_first_failure_stays(void) {
  struct scenario scenario = {0};
  note(&scenario, "{\"result\":\"passed\",\"digest\":\"abc\"}", NULL);
  note(&scenario, "{\"result\":\"failed\",\"digest\":\"def\",\"failures\":[\"first\"]}", NULL);
  note(&scenario, "{\"result\":\"failed\",\"digest\":\"abc\",\"failures\":[\"second\"]}", NULL);
  note(&scenario, NULL, "killed");
  note(&scenario, "{\"result\":\"passed\",\"digest\":\"abc\"}", NULL);
  CU_ASSERT_EQUAL(scenario.status, SCENARIO_FAILED);
  CU_ASSERT_STRING_EQUAL(scenario.text, "first");
  CU_ASSERT_TRUE(scenario.differs);
  forget(&scenario);
}

/* ---- exit status ---- */

enum { EXIT_SCENARIOS_MAX = 3 };

static void test_exit_status(void) {
  static const struct {
    enum scenario_status status[EXIT_SCENARIOS_MAX];
    size_t count;
    bool differs; /* the first one */
    int interrupted, expected;
  } table[] = {
      {{0}, 0, false, 0, 4},
      {{SCENARIO_PASSED}, 1, false, 0, 0},
      {{SCENARIO_PASSED, SCENARIO_SKIPPED}, 2, false, 0, 0},
      {{SCENARIO_SKIPPED, SCENARIO_SKIPPED}, 2, false, 0, 4},
      {{SCENARIO_PASSED, SCENARIO_FAILED}, 2, false, 0, 1},
      {{SCENARIO_FAILED, SCENARIO_BROKEN, SCENARIO_PASSED}, 3, false, 0, 3},
      {{SCENARIO_PASSED, SCENARIO_PASSED}, 2, true, 0, 5},
      {{SCENARIO_PASSED, SCENARIO_FAILED}, 2, true, 0, 1},
      {{SCENARIO_PASSED, SCENARIO_NOT_RUN}, 2, false, 2, 130},
      {{SCENARIO_FAILED, SCENARIO_BROKEN}, 2, true, 15, 143},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    struct scenario scenarios[EXIT_SCENARIOS_MAX] = {{.differs = table[i].differs}};
    for (size_t k = 0; k < table[i].count; k++)
      scenarios[k].status = table[i].status[k];
    struct suite suite = {
        .scenarios = scenarios, .count = table[i].count, .interrupted = table[i].interrupted};
    CU_ASSERT_EQUAL(suite_exit_status(&suite), table[i].expected);
  }
}

static const struct unit_test tests[] = {
    {"folders are searched in the order of names", test_finding},
    {"what is no scenario is refused by its name", test_refusing},
    {"several paths keep their order", test_several_paths},
    {"what a run said is noted", test_run_is_noted},
    {"a run without a result is broken", test_no_result_is_broken},
    {"repetitions with another digest differ", test_repetitions},
    {"what went wrong first stays", test_first_failure_stays},
    {"the exit status follows the table of --help", test_exit_status},
};

int main(int argc, char **argv) {
  if (!mkdtemp(folder))
    return 3;
  int status = unit_main(argc, argv, "suite", tests, sizeof tests / sizeof tests[0]);
  lab_remove_directory(folder);
  return status;
}
