/* SPDX-License-Identifier: MIT
 *
 * The report as JUnit XML, in the form that CI servers agree on: testsuites, testsuite, testcase
 * with failure, error or skipped. Written by libxml2, which knows how to quote what scenarios and
 * phones say.
 */
#include <errno.h>
#include <libxml/xmlwriter.h>
#include <string.h>

#include "harness/report/report.h"

/* XML 1.0 has no form for control characters; a phone's log may have some. */
static void replace_control_characters(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 0x20 && *text != '\n' && *text != '\t')
      *text = '?';
}

static void write_attribute(xmlTextWriterPtr writer, const char *name, const char *value) {
  xmlTextWriterWriteAttribute(writer, BAD_CAST name, BAD_CAST value);
}

static void write_outcome(xmlTextWriterPtr writer, const char *element, const char *text) {
  char copy[8192];
  snprintf(copy, sizeof copy, "%s", text ? text : "");
  replace_control_characters(copy);
  xmlTextWriterStartElement(writer, BAD_CAST element);
  char *line_end = strchr(copy, '\n');
  if (line_end)
    *line_end = '\0';
  write_attribute(writer, "message", copy);
  if (line_end)
    *line_end = '\n';
  if (strcmp(element, "skipped") != 0)
    xmlTextWriterWriteString(writer, BAD_CAST copy);
  xmlTextWriterEndElement(writer);
}

static void write_case(xmlTextWriterPtr writer, const struct scenario *scenario) {
  const char *slash = strrchr(scenario->path, '/');
  int folder = slash ? (int)(slash - scenario->path) : 0;
  xmlTextWriterStartElement(writer, BAD_CAST "testcase");
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "classname", "%.*s", folder, scenario->path);
  write_attribute(writer, "name", scenario->title ? scenario->title : scenario->path);
  write_attribute(writer, "file", scenario->path);
  xmlTextWriterWriteFormatAttribute(
      writer, BAD_CAST "time", "%.3f",
      scenario->runs ? (double)scenario->wall_ns / 1e9 / scenario->runs : 0.0);
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "assertions", "%u", scenario->checks);
  switch (scenario->status) {
  case SCENARIO_PASSED:
    if (scenario->differs)
      write_outcome(writer, "failure", "two runs of one seed differed");
    break;
  case SCENARIO_FAILED:
    write_outcome(writer, "failure", scenario->text);
    break;
  case SCENARIO_BROKEN:
    write_outcome(writer, "error", scenario->text);
    break;
  case SCENARIO_SKIPPED:
    write_outcome(writer, "skipped", scenario->text);
    break;
  case SCENARIO_NOT_RUN:
    write_outcome(writer, "error", "not run: interrupted");
    break;
  }
  xmlTextWriterEndElement(writer);
}

static size_t count_failures(const struct suite *suite) {
  size_t failures = 0;
  for (size_t i = 0; i < suite->count; i++)
    failures += suite->scenarios[i].status == SCENARIO_FAILED ||
                (suite->scenarios[i].status == SCENARIO_PASSED && suite->scenarios[i].differs);
  return failures;
}

int report_junit(const char *path, const struct suite *suite, struct error *error) {
  xmlTextWriterPtr writer = xmlNewTextWriterFilename(path, 0);
  if (!writer)
    return error_set(error, "%s: can't write it: %s", path, strerror(errno));
  xmlTextWriterSetIndent(writer, 1);
  xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL);
  xmlTextWriterStartElement(writer, BAD_CAST "testsuites");
  xmlTextWriterStartElement(writer, BAD_CAST "testsuite");
  write_attribute(writer, "name", "sipfall");
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "tests", "%zu", suite->count);
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "failures", "%zu", count_failures(suite));
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "errors", "%zu",
                                    suite_count(suite, SCENARIO_BROKEN) +
                                        suite_count(suite, SCENARIO_NOT_RUN));
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "skipped", "%zu",
                                    suite_count(suite, SCENARIO_SKIPPED));
  xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "time", "%.3f", (double)suite->wall_ns / 1e9);
  for (size_t i = 0; i < suite->count; i++)
    write_case(writer, &suite->scenarios[i]);
  int result = xmlTextWriterEndDocument(writer);
  xmlFreeTextWriter(writer);
  xmlCleanupParser();
  return result < 0 ? error_set(error, "%s: can't write it: %s", path, strerror(errno)) : 0;
}
