/* SPDX-License-Identifier: MIT
 *
 * Letting go of a mutex and taking it back around a wait, for condition variables.
 */
#ifndef HARNESS_CLOCK_MUTEX_CALLS_H
#define HARNESS_CLOCK_MUTEX_CALLS_H

#include <pthread.h>

/* As pthread_mutex_unlock and pthread_mutex_lock, but the turn stays where it is when unlocking. */
int mutex_release(pthread_mutex_t *mutex);
int mutex_acquire(pthread_mutex_t *mutex);

#endif
