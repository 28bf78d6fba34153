/* SPDX-License-Identifier: MIT
 *
 * Random numbers from the run's seed, in named streams. One seed and one name give one sequence, on
 * every machine: what one stream is asked for never changes what another one gives. Not for
 * secrets.
 */
#ifndef COMMON_RANDOM_H
#define COMMON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random_stream {
  uint64_t state[4];
};

/* Starts the stream `name` of `seed`. */
void random_stream_init(struct random_stream *stream, uint64_t seed, const char *name);

/* 64 uniformly distributed bits. */
uint64_t random_stream_u64(struct random_stream *stream);

/* A uniformly distributed number from 0 to `bound` - 1; `bound` must not be 0. */
uint64_t random_stream_below(struct random_stream *stream, uint64_t bound);

/* A uniformly distributed number, 0 <= x < 1. */
double random_stream_unit(struct random_stream *stream);

void random_stream_bytes(struct random_stream *stream, void *bytes, size_t length);

/* Writes `digits` lower-case hexadecimal digits and a NUL: for tags, branches and call identifiers.
 */
void random_stream_hex(struct random_stream *stream, char *text, size_t digits);

#endif
