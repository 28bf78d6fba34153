/* SPDX-License-Identifier: MIT
 *
 * An exchange of messages between two hosts among many that wait (participant_activity.c), for the
 * test that counts and the benchmark that measures.
 */
#ifndef TESTS_CLOCK_EXCHANGE_H
#define TESTS_CLOCK_EXCHANGE_H

#include "tests/clock/lab.h"

/* A network of the hosts that participant_activity.c knows: ping, pong, proxy and the idle ones of
 * the last exchange. */
void exchange_network(struct clock_lab *lab);

/* Runs a lab in which so many messages go to and fro while so many participants wait, each on
 * a host of its own; 400 of them at most. */
struct lab_result exchange_run(unsigned messages, unsigned idle);

#endif
