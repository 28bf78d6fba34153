/* SPDX-License-Identifier: MIT
 *
 * The report on the console.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/report/report.h"

/* "1 h 00 min 16 s", "32.000 s": what a person would say. */
static const char *simulated(int64_t ns, char *text, size_t size) {
  int64_t s = ns / 1000000000;
  if (s < 60)
    snprintf(text, size, "%.3f s", (double)ns / 1e9);
  else if (s < 3600)
    snprintf(text, size, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
  else
    snprintf(text, size, "%" PRId64 " h %02" PRId64 " min %02" PRId64 " s", s / 3600, s / 60 % 60,
             s % 60);
  return text;
}

static const char *wall(int64_t ns, char *text, size_t size) {
  if (ns < 1000000000)
    snprintf(text, size, "%.0f ms", (double)ns / 1e6);
  else
    snprintf(text, size, "%.2f s", (double)ns / 1e9);
  return text;
}

static const char *status_word(const struct scenario *scenario) {
  if (scenario->differs)
    return "DIFFER";
  switch (scenario->status) {
  case SCENARIO_NOT_RUN:
    return "-";
  case SCENARIO_PASSED:
    return "pass";
  case SCENARIO_FAILED:
    return "FAIL";
  case SCENARIO_SKIPPED:
    return "skip";
  case SCENARIO_BROKEN:
    return "BROKEN";
  }
  return "?";
}

/* A text of several lines, each with two blanks more before it. */
static void print_indented(FILE *out, const char *text) {
  while (*text) {
    size_t length = strcspn(text, "\n");
    fprintf(out, "        %.*s\n", (int)length, text);
    text += length + (text[length] == '\n');
  }
}

void report_console_scenario(FILE *out, const struct suite *suite,
                             const struct scenario *scenario) {
  char lab_time[48], real_time[48];
  fprintf(out, "%-6s  %s\n", status_word(scenario), scenario->path);
  if (scenario->title)
    fprintf(out, "        %s\n", scenario->title);
  fprintf(
      out, "        %s %s in %s", simulated(scenario->simulated_ns, lab_time, sizeof lab_time),
      suite->real_time ? "of real time" : "simulated",
      wall(scenario->runs ? scenario->wall_ns / scenario->runs : 0, real_time, sizeof real_time));
  fprintf(out, " · %u %s", scenario->checks, scenario->checks == 1 ? "check" : "checks");
  if (scenario->digest[0])
    fprintf(out, " · digest %.16s", scenario->digest);
  if (scenario->runs > 1)
    fprintf(out, " · %u runs%s", scenario->runs,
            scenario->differs     ? ", NOT ALL THE SAME"
            : scenario->digest[0] ? ", all the same"
                                  : "");
  fputc('\n', out);
  if (scenario->text)
    print_indented(out, scenario->text);
  fflush(out);
}

void report_console_total(FILE *out, const struct suite *suite) {
  char lab_time[48], real_time[48];
  int64_t simulated_ns = 0;
  unsigned checks = 0;
  for (size_t i = 0; i < suite->count; i++) {
    simulated_ns += suite->scenarios[i].simulated_ns * suite->scenarios[i].runs;
    checks += suite->scenarios[i].checks;
  }
  fprintf(out, "\n%zu %s: %zu passed, %zu failed, %zu skipped", suite->count,
          suite->count == 1 ? "scenario" : "scenarios", suite_count(suite, SCENARIO_PASSED),
          suite_count(suite, SCENARIO_FAILED), suite_count(suite, SCENARIO_SKIPPED));
  if (suite_count(suite, SCENARIO_BROKEN))
    fprintf(out, ", %zu broken (a fault of sipfall's own)", suite_count(suite, SCENARIO_BROKEN));
  if (suite->interrupted)
    fprintf(out, ", %zu not run: interrupted", suite_count(suite, SCENARIO_NOT_RUN));
  fprintf(out, " · %u %s · %s %s in %s · seed %" PRIu64 "\n", checks,
          checks == 1 ? "check" : "checks", simulated(simulated_ns, lab_time, sizeof lab_time),
          suite->real_time ? "of real time" : "simulated",
          wall(suite->wall_ns, real_time, sizeof real_time), suite->seed);
}
