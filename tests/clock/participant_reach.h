/* SPDX-License-Identifier: MIT
 *
 * The part of the participant that talks to hosts which can't be reached.
 */
#ifndef TESTS_CLOCK_PARTICIPANT_REACH_H
#define TESTS_CLOCK_PARTICIPANT_REACH_H

/* Usage: participant reach COMMAND… (participant_reach.c). */
int part_reach(char **arguments);

#endif
