/* SPDX-License-Identifier: MIT
 *
 * What joining a lab must know of alarms: the one of a process outlives its exec.
 */
#ifndef HARNESS_CLOCK_TIMER_CALLS_H
#define HARNESS_CLOCK_TIMER_CALLS_H

#include <stdint.h>

/* Goes on with an alarm that was set before an exec; CLOCK_NEVER: there is none. */
void alarm_resume(int64_t alarm_ns, int64_t interval_ns);

#endif
