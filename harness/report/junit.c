/* SPDX-License-Identifier: MIT
 *
 * The report as JUnit XML, in the form that CI servers agree on: testsuites, testsuite, testcase
 * with failure, error or skipped. Written by libxml2, which knows how to quote what scenarios and
 * phones say.
 */
#include <errno.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlwriter.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/report.h"

/* A copy of the text in which everything that XML 1.0 has no form for (control characters, bytes
 * that are no UTF-8) is a question mark: a phone's log may have any bytes. Free it. */
static char *as_xml_text(const char *text) {
  size_t left = strlen(text);
  char *copy = malloc(left + 1), *out = copy;
  while (copy && left > 0) {
    int length = left < 4 ? (int)left : 4; /* gets the length of the character */
    int character = xmlGetUTF8Char(BAD_CAST text, &length);
    bool fits = character >= 0 && IS_CHAR((unsigned)character);
    size_t step = character >= 0 ? (size_t)length : 1;
    memcpy(out, fits ? text : "?", fits ? step : 1);
    out += fits ? step : 1;
    text += step;
    left -= step;
  }
  if (copy)
    *out = '\0';
  return copy;
}

static void write_attribute(xmlTextWriterPtr writer, const char *name, const char *value) {
  char *text = as_xml_text(value);
  xmlTextWriterWriteAttribute(writer, BAD_CAST name, BAD_CAST(text ? text : ""));
  free(text);
}

static void write_outcome(xmlTextWriterPtr writer, const char *element, const char *text) {
  char *copy = as_xml_text(text ? text : "");
  if (!copy)
    return;
  xmlTextWriterStartElement(writer, BAD_CAST element);
  char *line_end = strchr(copy, '\n');
  if (line_end)
    *line_end = '\0';
  xmlTextWriterWriteAttribute(writer, BAD_CAST "message", BAD_CAST copy);
  if (line_end)
    *line_end = '\n';
  if (strcmp(element, "skipped") != 0)
    xmlTextWriterWriteString(writer, BAD_CAST copy);
  xmlTextWriterEndElement(writer);
  free(copy);
}

static void write_case(xmlTextWriterPtr writer, const struct scenario *scenario) {
  const char *slash = strrchr(scenario->path, '/');
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - scenario->path) : 0,
           scenario->path);
  xmlTextWriterStartElement(writer, BAD_CAST "testcase");
  write_attribute(writer, "classname", folder);
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

static void write_suite(xmlTextWriterPtr writer, const struct suite *suite) {
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
}

/* Made in memory and written at once, because the writer hides whether a file could be written. */
int report_junit(FILE *out, const struct suite *suite, struct error *error) {
  xmlBufferPtr buffer = xmlBufferCreate();
  xmlTextWriterPtr writer = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
  int result = -1;
  if (!writer) {
    error_set(error, "the JUnit report: out of memory");
    goto out;
  }
  xmlTextWriterSetIndent(writer, 1);
  xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL);
  write_suite(writer, suite);
  if (xmlTextWriterEndDocument(writer) < 0)
    error_set(error, "the JUnit report: out of memory, or a text that is not UTF-8");
  else if (xmlTextWriterFlush(writer), fputs((const char *)xmlBufferContent(buffer), out) < 0)
    error_set(error, "the JUnit report: can't write it: %s", strerror(errno));
  else
    result = 0;
out:
  xmlFreeTextWriter(writer);
  xmlBufferFree(buffer);
  xmlCleanupParser();
  return result;
}
