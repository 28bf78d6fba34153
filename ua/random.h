/* SPDX-License-Identifier: MIT
 *
 * Random numbers of the phone: Call-IDs, tags, branches, SRV weights, random delays. From the seed
 * of the configuration they repeat; without a seed they come from the system. Each use has a stream
 * of its own, so that what one is asked for never changes what another gives. Not for secrets.
 */
#ifndef UA_RANDOM_H
#define UA_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct phone_random {
  uint64_t state;
};

/* Starts the stream `name` of `seed`. */
void phone_random_init(struct phone_random *random, uint64_t seed, const char *name);

/* A seed from the system, for a phone that was given none. */
uint64_t phone_random_system_seed(void);

uint64_t phone_random_u64(struct phone_random *random);

/* A uniformly distributed number from 0 to `bound` - 1; `bound` must not be 0. */
uint64_t phone_random_below(struct phone_random *random, uint64_t bound);

/* Writes `digits` lower-case hexadecimal digits and a NUL. */
void phone_random_hex(struct phone_random *random, char *text, size_t digits);

#endif
