/* SPDX-License-Identifier: MIT
 *
 * Errors with text: setting, prefixing, and texts that are too long.
 */
#include "common/error.h"

#include <string.h>

#include "tests/unit.h"

static void test_set(void) {
  struct error error;
  CU_ASSERT(error_set(&error, "line %d: %s", 3, "what is wrong") == -1);
  CU_ASSERT_STRING_EQUAL(error.text, "line 3: what is wrong");
  CU_ASSERT(error_set(NULL, "%s", "nobody listens") == -1);
}

static void test_prefix(void) {
  struct error error;
  error_set(&error, "line 3: what is wrong");
  CU_ASSERT(error_prefix(&error, "%s: ", "zone") == -1);
  CU_ASSERT_STRING_EQUAL(error.text, "zone: line 3: what is wrong");
  error_set(&error, "100%% is no format");
  error_prefix(&error, "x: ");
  CU_ASSERT_STRING_EQUAL(error.text, "x: 100% is no format");
  CU_ASSERT(error_prefix(NULL, "x") == -1);
}

/* A text that just fits, and one that is one byte too long. */
static void test_limits(void) {
  struct error error;
  char text[ERROR_TEXT_SIZE + 1];
  memset(text, 'x', sizeof text);
  text[ERROR_TEXT_SIZE - 1] = '\0';
  error_set(&error, "%s", text);
  CU_ASSERT_STRING_EQUAL(error.text, text);
  text[ERROR_TEXT_SIZE - 1] = 'x';
  text[ERROR_TEXT_SIZE] = '\0';
  error_set(&error, "%s", text);
  CU_ASSERT(strlen(error.text) == ERROR_TEXT_SIZE - 1);
  error_prefix(&error, "place: ");
  CU_ASSERT(strlen(error.text) == ERROR_TEXT_SIZE - 1);
  CU_ASSERT(strncmp(error.text, "place: xxx", 10) == 0);
  error_prefix(&error, "%s", text);
  CU_ASSERT(strlen(error.text) == ERROR_TEXT_SIZE - 1);
}

static const struct unit_test tests[] = {
    {"an error is set and gives -1", test_set},
    {"a prefix stands before the text", test_prefix},
    {"a long text is cut at the size", test_limits},
};

UNIT_MAIN("common: error", tests)
