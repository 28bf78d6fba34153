/* SPDX-License-Identifier: MIT
 *
 * Remembers which bytes went over which link (peer and direction) lately, so that an event can say
 * of a message that it is a retransmission. A message counts for 64*T1, the life of a transaction;
 * at most the last LINK_MEMORY_MESSAGES are remembered.
 */
#ifndef FAKEPROXY_LINK_MEMORY_H
#define FAKEPROXY_LINK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* 256 messages a second for 32 s; under a greater load the oldest ones are forgotten early. */
enum { LINK_MEMORY_MESSAGES = 8192 };

struct link_memory_entry {
  uint64_t hash;
  uint64_t at_ms;
  uint32_t next; /* older entry of the same bucket, plus 1; 0: none */
};

/* A ring of entries in the order of their times, chained by hash. */
struct link_memory {
  struct link_memory_entry *entries;
  uint32_t *newest; /* by bucket, plus 1 */
  uint64_t first,
      end; /* the entries first … end - 1 are in the ring, each at its number modulo its size */
};

int link_memory_init(struct link_memory *memory);
void link_memory_clear(struct link_memory *memory);

/* Notes the message and says whether it was there already. `now_ms` must not run backwards. */
bool link_memory_note(struct link_memory *memory, const struct sockaddr_storage *peer, bool inbound,
                      const void *bytes, size_t size, uint64_t now_ms);

#endif
