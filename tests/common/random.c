/* SPDX-License-Identifier: MIT
 *
 * Random streams: the published values of the generator, the seeding by a second implementation,
 * and that streams are independent and uniform. All is deterministic: a bound that holds once holds
 * always.
 */
#include "common/random.h"

#include <stdbool.h>
#include <string.h>

#include "tests/unit.h"

/* xoshiro256** from the state 1, 2, 3, 4: the values that other implementations test themselves by.
 */
static void test_reference(void) {
  static const uint64_t expected[] = {
      UINT64_C(11520),
      UINT64_C(0),
      UINT64_C(1509978240),
      UINT64_C(1215971899390074240),
      UINT64_C(1216172134540287360),
      UINT64_C(607988272756665600),
      UINT64_C(16172922978634559625),
      UINT64_C(8476171486693032832),
      UINT64_C(10595114339597558777),
      UINT64_C(2904607092377533576),
  };
  struct random_stream stream = {{1, 2, 3, 4}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
    CU_ASSERT(random_stream_u64(&stream) == expected[i]);
}

/* SplitMix64 as Steele, Lea and Flood wrote it, apart from the code under test. */
static uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
  return value ^ (value >> 31);
}

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

static void test_seeding(void) {
  /* The published sequence of the seed 1234567 shows that the second implementation is right. */
  static const uint64_t published[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                       UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                       UINT64_C(16408922859458223821)};
  for (uint64_t i = 0; i < 5; i++)
    CU_ASSERT(mix(1234567 + (i + 1) * golden) == published[i]);
  /* FNV-1a of "a" is a published value too. */
  uint64_t start = mix(42 + golden) ^ UINT64_C(0xaf63dc4c8601ec8c);
  struct random_stream stream;
  random_stream_init(&stream, 42, "a");
  for (uint64_t i = 0; i < 4; i++)
    CU_ASSERT(stream.state[i] == mix(start + (i + 1) * golden));
}

static void test_independent(void) {
  struct random_stream one, again, other, seed;
  random_stream_init(&one, 7, "dns");
  random_stream_init(&again, 7, "dns");
  random_stream_init(&other, 7, "proxy");
  random_stream_init(&seed, 8, "dns");
  int same_other = 0, same_seed = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t value = random_stream_u64(&one);
    CU_ASSERT(value == random_stream_u64(&again));
    same_other += value == random_stream_u64(&other);
    same_seed += value == random_stream_u64(&seed);
    /* What another stream is asked for doesn't matter. */
    random_stream_below(&other, 3);
  }
  CU_ASSERT(same_other == 0 && same_seed == 0);
}

/* 60,000 draws of six: the square of chi with 5 degrees of freedom exceeds 20.5 once in a thousand
 * seeds. */
static void test_uniform(void) {
  struct random_stream stream;
  double counts[6] = {0}, chi_square = 0;
  random_stream_init(&stream, 1, "dice");
  for (int i = 0; i < 60000; i++) {
    uint64_t face = random_stream_below(&stream, 6);
    CU_ASSERT_FATAL(face < 6);
    counts[face]++;
  }
  for (int i = 0; i < 6; i++)
    chi_square += (counts[i] - 10000) * (counts[i] - 10000) / 10000;
  CU_ASSERT(chi_square < 20.5);
}

static void test_below_limits(void) {
  struct random_stream stream;
  random_stream_init(&stream, 1, "limits");
  uint64_t above_half = 0;
  for (int i = 0; i < 1000; i++) {
    CU_ASSERT(random_stream_below(&stream, 1) == 0);
    CU_ASSERT(random_stream_below(&stream, UINT64_MAX) < UINT64_MAX);
    /* A bound past half of the range rejects nearly every second draw. */
    uint64_t value = random_stream_below(&stream, (UINT64_C(1) << 63) + 1);
    CU_ASSERT(value <= UINT64_C(1) << 63);
    above_half += value >= UINT64_C(1) << 62;
  }
  CU_ASSERT(above_half > 400 && above_half < 600);
}

static void test_unit(void) {
  struct random_stream stream = {{0, 0, 0, 0}};
  CU_ASSERT(random_stream_unit(&stream) == 0);
  double sum = 0;
  random_stream_init(&stream, 1, "unit");
  for (int i = 0; i < 10000; i++) {
    double value = random_stream_unit(&stream);
    CU_ASSERT_FATAL(value >= 0 && value < 1);
    sum += value;
  }
  CU_ASSERT(sum > 4900 && sum < 5100);
}

static void test_bytes(void) {
  struct random_stream stream = {{1, 2, 3, 4}};
  unsigned char bytes[12];
  memset(bytes, 0x5a, sizeof bytes);
  random_stream_bytes(&stream, bytes, 10);
  /* 11520 is 0x2d00, lowest byte first; then two bytes of 0; then nothing. */
  CU_ASSERT(memcmp(bytes, "\x00\x2d\0\0\0\0\0\0\0\0\x5a\x5a", 12) == 0);
  random_stream_bytes(&stream, bytes, 0);
  CU_ASSERT(random_stream_u64(&stream) == UINT64_C(1509978240));
}

static void test_hex(void) {
  struct random_stream one, again;
  char text[34], prefix[9];
  random_stream_init(&one, 3, "tags");
  random_stream_init(&again, 3, "tags");
  memset(text, 'z', sizeof text);
  random_stream_hex(&one, text, 32);
  CU_ASSERT(strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32 && text[33] == 'z');
  random_stream_hex(&again, prefix, 8);
  CU_ASSERT(strncmp(text, prefix, 8) == 0);
  random_stream_hex(&one, text, 0);
  CU_ASSERT(text[0] == '\0');
}

static const struct unit_test tests[] = {
    {"the generator gives its published values", test_reference},
    {"seed and name become the state by SplitMix64 and FNV-1a", test_seeding},
    {"streams repeat, and don't depend on each other", test_independent},
    {"draws are uniform", test_uniform},
    {"the smallest and the largest bounds", test_below_limits},
    {"unit draws lie in [0, 1) around a half", test_unit},
    {"bytes are the same on machines of either byte order", test_bytes},
    {"hexadecimal texts have their length and repeat", test_hex},
};

UNIT_MAIN("common: random", tests)
