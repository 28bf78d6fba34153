/* SPDX-License-Identifier: MIT
 *
 * What processes of a lab try to reach outside it, or at hosts that can't be reached. The simulated
 * network tells, and each try becomes an event of the kind "outside" or "connect".
 */
#ifndef HARNESS_LAB_OUTSIDE_H
#define HARNESS_LAB_OUTSIDE_H

#include "harness/lab/lab.h"

struct outside;

/* Listens for what the library of `network` tells. Returns 0, or -1 with the text filled in. */
int outside_create(struct outside **out, struct lab *lab, struct network *network,
                   struct error *error);

/* Frees it once the loop has run its close callback. NULL is allowed. */
void outside_destroy(struct outside *outside);

#endif
