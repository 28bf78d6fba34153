/* SPDX-License-Identifier: MIT
 *
 * The call that an interposed function stands in front of. Looked up on first use, because other
 * libraries' constructors (and sanitizers) call before ours has run.
 */
#ifndef HARNESS_CLOCK_REAL_H
#define HARNESS_CLOCK_REAL_H

#include <dlfcn.h>

#define REAL(name)                                                                                 \
  (__extension__({                                                                                 \
    static __typeof__(&name) real_##name;                                                          \
    if (!real_##name)                                                                              \
      *(void **)&real_##name = dlsym(RTLD_NEXT, #name);                                            \
    real_##name;                                                                                   \
  }))

/* What the library shows of itself: everything else is hidden (-fvisibility=hidden). */
#define INTERPOSED __attribute__((visibility("default")))

#endif
