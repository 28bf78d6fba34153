/* SPDX-License-Identifier: MIT
 *
 * What a message costs in a lab, by how many participants wait meanwhile: a ping-pong of datagrams
 * between two hosts (tests/clock/exchange.h). Each figure is the difference between a long and a
 * short exchange, the quickest of several each, so that starting and ending the lab don't count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/clock/exchange.h"

enum { SHORT = 2000, LONG = 52000, ROUNDS = 5 };

struct cost {
  double real_us, passes;
};

static double real_now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct cost run(unsigned messages, unsigned idle) {
  double start_us = real_now_us();
  struct lab_result result = exchange_run(messages, idle);
  struct cost cost = {real_now_us() - start_us, (double)result.passes};
  if (result.status != 0 || strcmp(result.output, "0.000000000 exchanged 0\n") != 0) {
    fprintf(stderr, "the exchange failed: status %d, %s%s", result.status, result.output,
            result.report);
    exit(1);
  }
  free(result.output);
  return cost;
}

static struct cost least(struct cost one, struct cost other) {
  return one.real_us < other.real_us ? one : other;
}

static struct cost measure(unsigned idle) {
  struct cost few = run(SHORT, idle), many = run(LONG, idle);
  for (int i = 1; i < ROUNDS; i++) {
    few = least(few, run(SHORT, idle));
    many = least(many, run(LONG, idle));
  }
  return (struct cost){(many.real_us - few.real_us) / (LONG - SHORT),
                       (many.passes - few.passes) / (LONG - SHORT)};
}

int main(void) {
  static const unsigned idle[] = {5, 50, 200, 400};
  struct cost first = {0, 0};
  puts("| idle participants | passes for each message | real time | ratio |");
  puts("|---|---|---|---|");
  for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++) {
    struct cost cost = measure(idle[i]);
    if (i == 0)
      first = cost;
    printf("| %u | %.2f | %.1f us | %.2f |\n", idle[i], cost.passes, cost.real_us,
           cost.real_us / first.real_us);
    fflush(stdout);
  }
  return 0;
}
