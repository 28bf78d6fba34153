/* SPDX-License-Identifier: MIT
 *
 * Random numbers of the phone: the SplitMix64 generator (Steele, Lea, Flood 2014), whose whole
 * state is one counter. The name of a stream is folded into its start by FNV-1a.
 */
#include "ua/random.h"

#include <sofia-sip/su_uniqueid.h>

static uint64_t splitmix64(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void phone_random_init(struct phone_random *random, uint64_t seed, const char *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const unsigned char *c = (const unsigned char *)name; *c; c++)
    hash = (hash ^ *c) * UINT64_C(0x100000001b3);
  random->state = splitmix64(&seed) ^ hash;
}

uint64_t phone_random_system_seed(void) {
  return su_random64(); /* from /dev/urandom */
}

uint64_t phone_random_u64(struct phone_random *random) {
  return splitmix64(&random->state);
}

uint64_t phone_random_below(struct phone_random *random, uint64_t bound) {
  /* Numbers of the incomplete last round would favour the small results: they are thrown away. */
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t number;
  do
    number = phone_random_u64(random);
  while (number >= limit);
  return number % bound;
}

void phone_random_hex(struct phone_random *random, char *text, size_t digits) {
  uint64_t bits = 0;
  for (size_t i = 0; i < digits; i++) {
    if (i % 16 == 0)
      bits = phone_random_u64(random);
    text[i] = "0123456789abcdef"[bits & 15];
    bits >>= 4;
  }
  text[digits] = '\0';
}
