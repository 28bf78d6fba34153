/* SPDX-License-Identifier: MIT
 *
 * Where the parts of an installed sipfall lie, relative to the program itself. A build directory
 * has the same layout.
 */
#ifndef HARNESS_LAB_PLACES_H
#define HARNESS_LAB_PLACES_H

#include <limits.h>

#include "common/error.h"

struct places {
  char program[PATH_MAX];       /* sipfall itself */
  char phone[PATH_MAX];         /* sipfall-phone */
  char clock_library[PATH_MAX]; /* libsipfall-clock.so */
  char lua[PATH_MAX];           /* the folder with sipfall/init.lua */
};

/* Returns 0, or -1 with the text filled in when a part is not where it should be. */
int places_find(struct places *places, struct error *error);

#endif
