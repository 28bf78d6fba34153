/* SPDX-License-Identifier: MIT
 *
 * The JUnit report, read back by libxml2's parser: it is well-formed whatever scenarios and phones
 * say, and has every case with its outcome.
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report/report.h"
#include "tests/unit.h"

/* Writes the report and parses it. */
static xmlDocPtr report_of(struct scenario *scenarios, size_t count) {
  struct suite suite = {.scenarios = scenarios, .count = count, .wall_ns = 1500000000};
  struct error error = {""};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  CU_ASSERT_EQUAL_FATAL(report_junit(out, &suite, &error), 0);
  fclose(out);
  xmlDocPtr document = xmlReadMemory(text, (int)size, "report", NULL, XML_PARSE_NONET);
  if (!document)
    fprintf(stderr, "%s\n", text);
  free(text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(document);
  return document;
}

static xmlNodePtr child(xmlNodePtr node, const char *name, int number) {
  for (node = node ? node->children : NULL; node; node = node->next)
    if (node->type == XML_ELEMENT_NODE && (!name || strcmp((const char *)node->name, name) == 0) &&
        number-- == 0)
      return node;
  return NULL;
}

static xmlNodePtr suite_of(xmlDocPtr document) {
  return child(xmlDocGetRootElement(document), "testsuite", 0);
}

static void expect_attribute(xmlNodePtr node, const char *name, const char *expected) {
  xmlChar *value = node ? xmlGetProp(node, BAD_CAST name) : NULL;
  CU_ASSERT_PTR_NOT_NULL(value);
  if (value) {
    CU_ASSERT_STRING_EQUAL((const char *)value, expected);
    if (strcmp((const char *)value, expected) != 0)
      fprintf(stderr, "\n%s: %s\n", name, (const char *)value);
  }
  xmlFree(value);
}

static void expect_content(xmlNodePtr node, const char *expected) {
  xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
  CU_ASSERT_PTR_NOT_NULL(content);
  if (content)
    CU_ASSERT_STRING_EQUAL((const char *)content, expected);
  xmlFree(content);
}

static void test_outcomes(void) {
  struct scenario scenarios[] = {
      {.path = "suites/a/x.lua",
       .status = SCENARIO_PASSED,
       .title = "X",
       .checks = 7,
       .runs = 2,
       .wall_ns = 3000000000},
      {.path = "y.lua", .status = SCENARIO_FAILED, .text = "y.lua:3: why\n  more\n  lines"},
      {.path = "z.lua", .status = SCENARIO_SKIPPED, .text = "no such phone"},
      {.path = "b.lua", .status = SCENARIO_BROKEN, .text = "killed"},
      {.path = "n.lua", .status = SCENARIO_NOT_RUN},
      {.path = "d.lua", .status = SCENARIO_PASSED, .differs = true},
  };
  xmlDocPtr document = report_of(scenarios, sizeof scenarios / sizeof scenarios[0]);
  xmlNodePtr suite = suite_of(document);
  expect_attribute(suite, "tests", "6");
  expect_attribute(suite, "failures", "2");
  expect_attribute(suite, "errors", "2");
  expect_attribute(suite, "skipped", "1");
  expect_attribute(suite, "time", "1.500");
  xmlNodePtr passed = child(suite, "testcase", 0);
  expect_attribute(passed, "classname", "suites/a");
  expect_attribute(passed, "name", "X");
  expect_attribute(passed, "file", "suites/a/x.lua");
  expect_attribute(passed, "time", "1.500"); /* of one run */
  expect_attribute(passed, "assertions", "7");
  CU_ASSERT_PTR_NULL(child(passed, NULL, 0));
  expect_attribute(child(suite, "testcase", 1), "name", "y.lua"); /* it has no title */
  xmlNodePtr failure = child(child(suite, "testcase", 1), "failure", 0);
  expect_attribute(failure, "message", "y.lua:3: why");
  expect_content(failure, "y.lua:3: why\n  more\n  lines");
  expect_attribute(child(child(suite, "testcase", 2), "skipped", 0), "message", "no such phone");
  expect_attribute(child(child(suite, "testcase", 3), "error", 0), "message", "killed");
  expect_attribute(child(child(suite, "testcase", 4), "error", 0), "message",
                   "not run: interrupted");
  expect_attribute(child(child(suite, "testcase", 5), "failure", 0), "message",
                   "two runs of one seed differed");
  CU_ASSERT_PTR_NULL(child(suite, "testcase", 6));
  xmlFreeDoc(document);
}

static void test_any_text(void) {
  struct scenario scenarios[] = {
      {.path = "a \"b\"/<c> & 'd'.lua",
       .status = SCENARIO_FAILED,
       .title = "1 < 2 & \"3\"\x01",
       .text = "]]> <![CDATA[ &amp; </failure>\x1b[31m\t\"'"},
      {.path = "utf8.lua",
       .status = SCENARIO_FAILED,
       .title = "ü → \xf0\x9f\x93\x9e",
       .text = "\xff\xc3 cut\xe2\x82"},
      /* Well-formed UTF-8 that XML 1.0 has no room for: U+FFFE and a surrogate. */
      {.path = "n.lua", .status = SCENARIO_BROKEN, .text = "\xef\xbf\xbe and \xed\xa0\x80."},
      {.path = "\xff/\xfe.lua", .status = SCENARIO_FAILED, .text = ""},
  };
  xmlDocPtr document = report_of(scenarios, sizeof scenarios / sizeof scenarios[0]);
  xmlNodePtr suite = suite_of(document);
  xmlNodePtr first = child(suite, "testcase", 0);
  expect_attribute(first, "classname", "a \"b\"");
  expect_attribute(first, "file", "a \"b\"/<c> & 'd'.lua");
  expect_attribute(first, "name", "1 < 2 & \"3\"?");
  expect_content(child(first, "failure", 0), "]]> <![CDATA[ &amp; </failure>?[31m\t\"'");
  expect_attribute(child(suite, "testcase", 1), "name", "ü → \xf0\x9f\x93\x9e");
  expect_content(child(child(suite, "testcase", 1), "failure", 0), "?? cut??");
  xmlChar *odd = xmlNodeGetContent(child(child(suite, "testcase", 2), "error", 0));
  CU_ASSERT_PTR_NOT_NULL(strstr((const char *)odd, " and "));
  CU_ASSERT_EQUAL(odd[0], '?');
  xmlFree(odd);
  expect_attribute(child(suite, "testcase", 3), "file", "?/?.lua");
  expect_attribute(child(child(suite, "testcase", 3), "failure", 0), "message", "");
  xmlFreeDoc(document);
}

static void test_long_text(void) {
  enum { LENGTH = 300000 };
  char *text = malloc(LENGTH + 1);
  memset(text, 'x', LENGTH);
  text[LENGTH] = '\0';
  struct scenario scenario = {.path = "x.lua", .status = SCENARIO_FAILED, .text = text};
  xmlDocPtr document = report_of(&scenario, 1);
  expect_content(child(child(suite_of(document), "testcase", 0), "failure", 0), text);
  xmlFreeDoc(document);
  free(text);
}

static void test_nothing(void) {
  xmlDocPtr document = report_of(NULL, 0);
  expect_attribute(suite_of(document), "tests", "0");
  CU_ASSERT_PTR_NULL(child(suite_of(document), NULL, 0));
  xmlFreeDoc(document);
}

/* The stream is unbuffered, so that writing fails at once. */
static void test_full_disk(void) {
  struct scenario scenario = {.path = "x.lua", .status = SCENARIO_PASSED};
  struct suite suite = {.scenarios = &scenario, .count = 1};
  struct error error = {""};
  FILE *full = fopen("/dev/full", "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(full);
  setvbuf(full, NULL, _IONBF, 0);
  CU_ASSERT_EQUAL(report_junit(full, &suite, &error), -1);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "No space left on device"));
  fclose(full);
}

static const struct unit_test tests[] = {
    {"every case has its outcome", test_outcomes},
    {"any text leaves the report well-formed", test_any_text},
    {"a long text is whole", test_long_text},
    {"an empty suite is a report", test_nothing},
    {"a full disk is an error", test_full_disk},
};

UNIT_MAIN("junit", tests)
