/* SPDX-License-Identifier: MIT
 *
 * DNS messages in a stream: two bytes of length before each (RFC 1035 section 4.2.2). Any bytes may
 * come, cut anywhere.
 */
#ifndef FAKEDNS_FRAMING_H
#define FAKEDNS_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length that can be said is the longest message. */
enum { FRAMING_LENGTH_SIZE = 2, FRAMING_MESSAGE_MAX = 65535 };

/* What came of a message that isn't whole yet. An initialiser of {0} is an empty one. */
struct framing {
  uint8_t bytes[FRAMING_LENGTH_SIZE + FRAMING_MESSAGE_MAX];
  size_t size;
};

/* A whole message, valid during the call. False: no more of them are wanted. */
typedef bool framing_handler(void *context, const uint8_t *bytes, size_t size);

/* Takes bytes from the stream and hands out each message that is whole by them. Returns how many
 * bytes it took: all, or those up to the message after which the handler wanted no more. */
size_t framing_read(struct framing *framing, const uint8_t *bytes, size_t size,
                    framing_handler *handler, void *context);

/* The message with its length before it, malloc'd, or NULL when out of memory. */
uint8_t *framing_write(const uint8_t *bytes, size_t size, size_t *frame_size);

#endif
