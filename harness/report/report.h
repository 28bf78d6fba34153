/* SPDX-License-Identifier: MIT
 *
 * Reports of a suite, for people and for CI.
 */
#ifndef HARNESS_REPORT_REPORT_H
#define HARNESS_REPORT_REPORT_H

#include <stdio.h>

#include "common/error.h"
#include "harness/lab/suite.h"

/* One scenario: a line, and below it why it failed or was skipped. */
void report_console_scenario(FILE *out, const struct suite *suite, const struct scenario *scenario);

/* The sum, after the last scenario. */
void report_console_total(FILE *out, const struct suite *suite);

/* JUnit XML: one test case for each scenario, its class name the folder, its time the real time of
 * one run. Returns 0, or -1 with the text filled in. */
int report_junit(FILE *out, const struct suite *suite, struct error *error);

#endif
