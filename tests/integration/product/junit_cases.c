/* SPDX-License-Identifier: MIT
 *
 * Reads a JUnit report with libxml2's parser, so that only a well-formed one passes, and prints it
 * as lines with tabs between the fields: "suite", the counts; then for each case its file, its
 * outcome (passed, failure, error, skipped), and the outcome's message.
 *
 * usage: junit_cases REPORT
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void print_attribute(const char *before, xmlNodePtr node, const char *name) {
  xmlChar *value = xmlGetProp(node, BAD_CAST name);
  printf("%s%s", before, value ? (const char *)value : "(none)");
  xmlFree(value);
}

static bool is_element(xmlNodePtr node, const char *name) {
  return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static void print_case(xmlNodePtr node) {
  xmlNodePtr outcome = node->children;
  while (outcome && outcome->type != XML_ELEMENT_NODE)
    outcome = outcome->next;
  print_attribute("", node, "file");
  printf("\t%s", outcome ? (const char *)outcome->name : "passed");
  if (outcome)
    print_attribute("\t", outcome, "message");
  putchar('\n');
}

int main(int argc, char **argv) {
  xmlDocPtr document = argc == 2 ? xmlReadFile(argv[1], NULL, XML_PARSE_NONET) : NULL;
  xmlNodePtr root = document ? xmlDocGetRootElement(document) : NULL;
  xmlNodePtr suite = root && is_element(root, "testsuites") ? root->children : NULL;
  while (suite && !is_element(suite, "testsuite"))
    suite = suite->next;
  if (!suite) {
    fprintf(stderr, "junit_cases: not a well-formed JUnit report\n");
    xmlFreeDoc(document);
    return 1;
  }
  print_attribute("suite\ttests ", suite, "tests");
  print_attribute(" failures ", suite, "failures");
  print_attribute(" errors ", suite, "errors");
  print_attribute(" skipped ", suite, "skipped");
  putchar('\n');
  for (xmlNodePtr node = suite->children; node; node = node->next)
    if (is_element(node, "testcase"))
      print_case(node);
  xmlFreeDoc(document);
  xmlCleanupParser();
  return 0;
}
