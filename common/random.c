/* SPDX-License-Identifier: MIT
 *
 * The generator is xoshiro256** (Blackman and Vigna, 2018), seeded as its authors advise by
 * SplitMix64; the name of the stream is folded into the seed by FNV-1a. Both are a few lines with
 * published reference values (tests/common), and the clock library must carry them into foreign
 * processes, so no library.
 */
#include "common/random.h"

#include <string.h>

static uint64_t splitmix64(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void random_stream_init(struct random_stream *stream, uint64_t seed, const char *name) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (const char *c = name; *c; c++)
    hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
  uint64_t mixed = seed;
  mixed = splitmix64(&mixed) ^ hash;
  for (int i = 0; i < 4; i++)
    stream->state[i] = splitmix64(&mixed);
}

static uint64_t rotate_left(uint64_t value, int bits) {
  return (value << bits) | (value >> (64 - bits));
}

uint64_t random_stream_u64(struct random_stream *stream) {
  uint64_t *s = stream->state;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

uint64_t random_stream_below(struct random_stream *stream, uint64_t bound) {
  /* The values at the upper end that would favour small results are drawn again. */
  uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value;
  do
    value = random_stream_u64(stream);
  while (value >= limit);
  return value % bound;
}

double random_stream_unit(struct random_stream *stream) {
  return (double)(random_stream_u64(stream) >> 11) * 0x1.0p-53;
}

void random_stream_bytes(struct random_stream *stream, void *bytes, size_t length) {
  unsigned char *out = bytes;
  while (length > 0) {
    uint64_t value = random_stream_u64(stream);
    size_t part = length < sizeof value ? length : sizeof value;
    /* Byte by byte, so that machines of either byte order agree. */
    for (size_t i = 0; i < part; i++)
      *out++ = (unsigned char)(value >> (8 * i));
    length -= part;
  }
}

void random_stream_hex(struct random_stream *stream, char *text, size_t digits) {
  for (size_t i = 0; i < digits; i++)
    text[i] = "0123456789abcdef"[random_stream_u64(stream) >> 60];
  text[digits] = '\0';
}
