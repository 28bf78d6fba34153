/* SPDX-License-Identifier: MIT
 *
 * Rotates and shuffles sets. A set stands together in its section; sets keep their places.
 */
#include "fakedns/order.h"

/* A set of one section: `count` records from `first` on. */
struct set {
  struct answer_record *first;
  size_t count;
};

static bool same_set(const struct answer_record *a, const struct answer_record *b) {
  return ldns_rr_get_type(a->record) == ldns_rr_get_type(b->record) &&
         ldns_dname_compare(a->owner, b->owner) == 0;
}

static struct set set_at(const struct answer_section *section, size_t at) {
  struct set set = {.first = &section->records[at], .count = 1};
  while (at + set.count < section->count && same_set(set.first, set.first + set.count))
    set.count++;
  return set;
}

/* Fisher and Yates's. */
static void shuffle(const struct set *set, struct random_stream *random) {
  for (size_t left = set->count; left > 1; left--) {
    size_t drawn = random_stream_below(random, left);
    struct answer_record last = set->first[left - 1];
    set->first[left - 1] = set->first[drawn];
    set->first[drawn] = last;
  }
}

static void rotate(const struct set *set, const struct zones *zones) {
  const ldns_rr *record = set->first->record;
  struct zone *zone = zones_closest(zones, ldns_rr_owner(record));
  if (zone && set->count > 1)
    zone_rotate(zone, record);
}

void fakedns_order_answer(struct responder *responder, struct answer *answer) {
  for (size_t kind = 0; kind < SECTION_COUNT; kind++) {
    const struct answer_section *section = &answer->sections[kind];
    struct set set;
    for (size_t at = 0; at < section->count; at += set.count) {
      set = set_at(section, at);
      switch (responder->order) {
      case FAKEDNS_ORDER_ZONE:
        break;
      case FAKEDNS_ORDER_ROTATE:
        rotate(&set, &responder->zones);
        break;
      case FAKEDNS_ORDER_SHUFFLE:
        shuffle(&set, responder->random);
        break;
      }
    }
  }
}
