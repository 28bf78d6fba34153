/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: any bytes as a stream of queries over TCP, in pieces whose sizes come from the bytes
 * too. However the stream is cut, the same messages come out, and each is answered or not, and what
 * faults make of it is no danger to who reads it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakedns/events.h"
#include "fakedns/faults.h"
#include "fakedns/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What came out of a stream: the messages, each with its length before it, and how many. */
struct outcome {
  uint8_t *bytes;
  size_t size, messages;
};

static void require(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

static bool keep(void *context, const uint8_t *bytes, size_t size) {
  struct outcome *outcome = context;
  size_t frame_size;
  uint8_t *frame = framing_write(bytes, size, &frame_size);
  require(frame != NULL, "there is memory");
  memcpy(outcome->bytes + outcome->size, frame, frame_size);
  outcome->size += frame_size;
  outcome->messages++;
  free(frame);
  return true;
}

/* Damages a message in each manner and looks at it. */
static void damage(const uint8_t *bytes, size_t size) {
  static const char *const manners[] = {"truncate", "id", "question", "garbage", "short"};
  struct random_stream random;
  random_stream_init(&random, 1, "dns");
  for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
    uint8_t *damaged;
    size_t damaged_size;
    require(fakedns_corrupt(manners[i], &random, bytes, size, &damaged, &damaged_size) == 0 &&
                damaged_size <= size,
            "a damaged message is no longer than it was");
    event_destroy(fakedns_event_message("TCP", damaged, damaged_size));
    free(damaged);
  }
}

static bool look(void *context, const uint8_t *bytes, size_t size) {
  size_t *left = context;
  damage(bytes, size);
  return --*left > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct framing *framing = calloc(1, sizeof *framing);
  struct outcome whole = {.bytes = malloc(size + 1)}, pieces = {.bytes = malloc(size + 1)};
  size_t left = 16; /* messages to damage, which is slow */
  require(framing && whole.bytes && pieces.bytes, "there is memory");
  require(framing_read(framing, bytes, size, keep, &whole) == size, "all bytes are taken");
  require(whole.size <= size && memcmp(whole.bytes, bytes, whole.size) == 0,
          "messages and their lengths are the stream's own bytes");
  memset(framing, 0, sizeof *framing);
  for (size_t at = 0, piece; at < size; at += piece) {
    piece = 1 + bytes[at] % 7;
    if (piece > size - at)
      piece = size - at;
    require(framing_read(framing, bytes + at, piece, keep, &pieces) == piece,
            "all bytes of a piece are taken");
  }
  require(pieces.size == whole.size && memcmp(pieces.bytes, whole.bytes, whole.size) == 0,
          "pieces give the same messages");
  memset(framing, 0, sizeof *framing);
  if (whole.messages > 0)
    require(framing_read(framing, bytes, size, look, &left) <= size, "it ends");
  free(framing);
  free(whole.bytes);
  free(pieces.bytes);
  return 0;
}
