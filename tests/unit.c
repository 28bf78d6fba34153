/* SPDX-License-Identifier: MIT
 *
 * The frame of a unit test program (unit.h), on CUnit's basic interface.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

int unit_main(int argc, char **argv, const char *suite, const struct unit_test *tests,
              size_t count) {
  if (CU_initialize_registry() != CUE_SUCCESS)
    return 3;
  CU_pSuite registered = CU_add_suite(suite, NULL, NULL);
  for (size_t i = 0; registered && i < count; i++)
    if (argc < 2 || strstr(tests[i].name, argv[1]))
      CU_add_test(registered, tests[i].name, tests[i].run);
  CU_basic_set_mode(CU_BRM_VERBOSE);
  CU_basic_run_tests();
  int failed = CU_get_number_of_failures() > 0 || CU_get_number_of_asserts() == 0;
  if (CU_get_number_of_asserts() == 0)
    fprintf(stderr, "%s: nothing was asserted\n", suite);
  CU_cleanup_registry();
  return failed ? 1 : 0;
}
