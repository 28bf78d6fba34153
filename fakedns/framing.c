/* SPDX-License-Identifier: MIT
 *
 * Cuts a stream into messages. Bytes are gathered for one message only; the length that was said is
 * never longer than the room there is.
 */
#include "fakedns/framing.h"

#include <stdlib.h>
#include <string.h>

static size_t message_size(const struct framing *framing) {
  return (size_t)framing->bytes[0] << 8 | framing->bytes[1];
}

/* How many bytes the message still wants: those of its length first. */
static size_t wanted(const struct framing *framing) {
  if (framing->size < FRAMING_LENGTH_SIZE)
    return FRAMING_LENGTH_SIZE - framing->size;
  return FRAMING_LENGTH_SIZE + message_size(framing) - framing->size;
}

size_t framing_read(struct framing *framing, const uint8_t *bytes, size_t size,
                    framing_handler *handler, void *context) {
  size_t at = 0;
  while (at < size) {
    size_t left = size - at;
    size_t taken = wanted(framing) < left ? wanted(framing) : left;
    memcpy(framing->bytes + framing->size, bytes + at, taken);
    framing->size += taken;
    at += taken;
    if (framing->size < FRAMING_LENGTH_SIZE || wanted(framing) > 0)
      continue;
    size_t message = message_size(framing);
    framing->size = 0;
    if (!handler(context, framing->bytes + FRAMING_LENGTH_SIZE, message))
      break;
  }
  return at;
}

uint8_t *framing_write(const uint8_t *bytes, size_t size, size_t *frame_size) {
  uint8_t *frame = malloc(FRAMING_LENGTH_SIZE + size);
  if (!frame)
    return NULL;
  frame[0] = (uint8_t)(size >> 8);
  frame[1] = (uint8_t)size;
  memcpy(frame + FRAMING_LENGTH_SIZE, bytes, size);
  *frame_size = FRAMING_LENGTH_SIZE + size;
  return frame;
}
