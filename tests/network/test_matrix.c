/* SPDX-License-Identifier: MIT
 *
 * The matrix in virtual time: each situation of `cells` in a lab of its own (director.c), whose
 * output must be that of `expected`, to the nanosecond. Where that comes from is said in `cells`.
 * What labs are known to give instead stands in `deviations`, with its reason.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/network/lab_addresses.h"
#include "tests/unit.h"

/* Steps of a client, and what stands before them. */
enum { ARGUMENTS_MAX = 28 };

/* ---- the lab ---- */

static void add_address(struct network *network, int host, const char *text) {
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
  if ((!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) ||
      network_add_address(network, host, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6))
    abort();
}

static void make_hosts(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  network_init(network, lab_block());
  int client = network_add_host(network, "client"), server = network_add_host(network, "server");
  add_address(network, client, CLIENT_V4);
  add_address(network, client, CLIENT_V6);
  add_address(network, server, SERVER_V4);
  add_address(network, server, SERVER_V6);
}

/* ---- the cells ---- */

static char *trim(char *text) {
  text += strspn(text, " \n");
  for (size_t length = strlen(text); length > 0 && isspace((unsigned char)text[length - 1]);)
    text[--length] = '\0';
  return text;
}

/* Runs the situation of a line of `cells` and writes what its clients said. */
static void run_situation(char *line, FILE *output) {
  const char *arguments[ARGUMENTS_MAX + 1] = {TEST_CLIENT, TEST_SERVER};
  size_t count = 2;
  char *rest = line, *steps = NULL;
  for (int field = 0; field < 3; field++)
    arguments[count++] = trim(strsep(&rest, "|"));
  for (steps = trim(rest); steps && *steps && count < ARGUMENTS_MAX;)
    arguments[count++] = strsep(&steps, " ");
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .prepare = make_hosts}, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  if (result.status != 0 || result.report[0])
    fprintf(stderr, "%s %s: status %x %s\n", arguments[2], arguments[3], (unsigned)result.status,
            result.report);
  fputs(result.output, output);
  free(result.output);
}

/* Of a line of `cells` or of `expected`. The environment's TEST_SITUATION selects one, for looking
 * at it. */
static bool is_wanted(const char *line) {
  const char *wanted = getenv("TEST_SITUATION");
  size_t length = strcspn(line, " ");
  return line[0] != '#' && length > 0 && line[length] &&
         (!wanted || (strlen(wanted) == length && memcmp(wanted, line, length) == 0));
}

/* What the clients of all situations said; the caller's to free. */
static char *run_all(void) {
  char *said = NULL, line[512];
  size_t size = 0;
  FILE *cells = fopen(TEST_DIRECTORY "/cells", "r"), *output = open_memstream(&said, &size);
  if (!cells || !output)
    abort();
  while (fgets(line, sizeof line, cells))
    if (is_wanted(line))
      run_situation(line, output);
  fclose(cells);
  fclose(output);
  return said;
}

/* ---- what is expected ---- */

static char *first_run;

static char *read_file(const char *path) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = fopen(path, "r");
  if (!file || getdelim(&text, &size, '\0', file) < 0)
    abort();
  fclose(file);
  return text;
}

/* The line of `text` that starts like `line` does, up to its colon; "" when there is none. */
static const char *line_like(const char *text, const char *line) {
  size_t length = strcspn(line, ":") + 1;
  for (; *text; text += strcspn(text, "\n") + 1)
    if (strncmp(text, line, length) == 0)
      return text;
  return "";
}

static bool is_same_line(const char *a, const char *b) {
  size_t length = strcspn(a, "\n");
  return length == strcspn(b, "\n") && memcmp(a, b, length) == 0;
}

/* What differs is shown line by line. A deviation that isn't one any more is a mistake, too. */
static void test_expected(void) {
  char *expected = read_file(TEST_DIRECTORY "/expected"),
       *deviations = read_file(TEST_DIRECTORY "/deviations");
  unsigned compared = 0, different = 0, said = 0;
  first_run = run_all();
  for (const char *line = expected; *line; line += strcspn(line, "\n") + 1) {
    if (!is_wanted(line))
      continue;
    const char *deviation = line_like(deviations, line), *wanted = *deviation ? deviation : line,
               *got = line_like(first_run, line);
    compared++;
    if (is_same_line(wanted, got) && !is_same_line(line, deviation))
      continue;
    different++;
    fprintf(stderr, "expected %.*s\n     but %.*s\n", (int)strcspn(wanted, "\n"), wanted,
            (int)strcspn(got, "\n"), got);
  }
  for (const char *line = first_run; *line; line += strcspn(line, "\n") + 1)
    said++;
  CU_ASSERT(compared > 0);
  CU_ASSERT_EQUAL(compared, said);
  CU_ASSERT_EQUAL(different, 0);
  free(expected);
  free(deviations);
}

static void test_repetition(void) {
  char *second_run = run_all();
  CU_ASSERT_PTR_NOT_NULL_FATAL(first_run);
  CU_ASSERT_STRING_EQUAL(first_run, second_run);
  free(first_run);
  free(second_run);
}

static const struct unit_test tests[] = {
    {"each program gets what Linux gives, at the exact instant", test_expected},
    {"a second time it is the same, byte for byte", test_repetition},
};

UNIT_MAIN("matrix", tests)
