/* SPDX-License-Identifier: MIT
 *
 * A ring of hashes with a table of chains over it. Only a 64-bit hash of the link and the bytes is
 * kept: two different messages with one hash would need a few thousand million messages within 32 s
 * to be likely, and would cost a wrong flag in a timeline. It is deterministic: the hash is of the
 * text of the address, and old entries go in the order in which they came.
 */
#include "fakeproxy/link_memory.h"

#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakeproxy/fakeproxy_internal.h"

enum { BUCKETS = LINK_MEMORY_MESSAGES };

int link_memory_init(struct link_memory *memory) {
  memory->entries = calloc(LINK_MEMORY_MESSAGES, sizeof *memory->entries);
  memory->newest = calloc(BUCKETS, sizeof *memory->newest);
  if (memory->entries && memory->newest)
    return 0;
  link_memory_clear(memory);
  return -1;
}

void link_memory_clear(struct link_memory *memory) {
  free(memory->entries);
  free(memory->newest);
  *memory = (struct link_memory){0};
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size) {
  const unsigned char *c = bytes;
  for (size_t i = 0; i < size; i++)
    hash = (hash ^ c[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static struct link_memory_entry *entry_at(const struct link_memory *memory, uint64_t number) {
  return &memory->entries[number % LINK_MEMORY_MESSAGES];
}

/* Takes the oldest entry out of the ring and off the end of its chain. */
static void forget_oldest(struct link_memory *memory) {
  uint32_t slot = (uint32_t)(memory->first % LINK_MEMORY_MESSAGES) + 1;
  uint32_t *link = &memory->newest[entry_at(memory, memory->first)->hash % BUCKETS];
  while (*link != slot)
    link = &memory->entries[*link - 1].next;
  *link = 0;
  memory->first++;
}

bool link_memory_note(struct link_memory *memory, const struct sockaddr_storage *peer, bool inbound,
                      const void *bytes, size_t size, uint64_t now_ms) {
  char text[ADDRESS_TEXT_SIZE];
  address_format(peer, text);
  uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), text, strlen(text));
  hash = hash_bytes(hash, inbound ? "<" : ">", 1);
  hash = hash_bytes(hash, bytes, size);
  while (memory->first < memory->end &&
         entry_at(memory, memory->first)->at_ms + TIMER_64_T1_MS < now_ms)
    forget_oldest(memory);
  uint32_t *newest = &memory->newest[hash % BUCKETS];
  bool found = false;
  for (uint32_t slot = *newest; slot && !found; slot = memory->entries[slot - 1].next)
    found = memory->entries[slot - 1].hash == hash;
  if (memory->end - memory->first == LINK_MEMORY_MESSAGES)
    forget_oldest(memory);
  struct link_memory_entry *entry = entry_at(memory, memory->end);
  *entry = (struct link_memory_entry){.hash = hash, .at_ms = now_ms, .next = *newest};
  *newest = (uint32_t)(memory->end % LINK_MEMORY_MESSAGES) + 1;
  memory->end++;
  return found;
}
