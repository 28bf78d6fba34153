/* SPDX-License-Identifier: MIT
 *
 * The target list of a line (targets.h). Plain data; nothing here knows of DNS, of transactions or
 * of a vendor's policy.
 */
#include "ua/targets.h"

void target_history_add(struct target_history *history, const struct target_address *address) {
  if (history->count < TARGETS_MAX && !target_history_has(history, address))
    history->tried[history->count++] = *address;
}

bool target_history_has(const struct target_history *history,
                        const struct target_address *address) {
  for (size_t i = 0; i < history->count; i++)
    if (target_address_equal(&history->tried[i], address))
      return true;
  return false;
}

bool target_list_add(struct target_list *list, const struct target *target) {
  if (list->count == TARGETS_MAX || target_list_find(list, &target->address))
    return false;
  list->items[list->count++] = *target;
  return true;
}

struct target *target_list_find(struct target_list *list, const struct target_address *address) {
  for (size_t i = 0; i < list->count; i++)
    if (target_address_equal(&list->items[i].address, address))
      return &list->items[i];
  return NULL;
}

struct target *target_list_first_up(struct target_list *list, const struct target_history *history,
                                    int64_t now_ms) {
  for (size_t i = 0; i < list->count; i++) {
    struct target *target = &list->items[i];
    if (target->down || target->avoid_until_ms > now_ms)
      continue;
    if (history && target_history_has(history, &target->address))
      continue;
    return target;
  }
  return NULL;
}

void target_list_mark_all_up(struct target_list *list) {
  for (size_t i = 0; i < list->count; i++)
    list->items[i].down = false;
}

/* The same servers with the same ranks, priorities and weights, in whatever order. */
static bool is_same_set(struct target_list *list, const struct target_list *fresh) {
  if (list->count != fresh->count)
    return false;
  for (size_t i = 0; i < fresh->count; i++) {
    const struct target *target = &fresh->items[i];
    const struct target *old = target_list_find(list, &target->address);
    if (!old || old->rank != target->rank || old->priority != target->priority ||
        old->weight != target->weight)
      return false;
  }
  return true;
}

void target_list_renew(struct target_list *list, const struct target_list *fresh) {
  list->expires_at_ms = fresh->expires_at_ms;
  if (is_same_set(list, fresh))
    return;
  struct target_list old = *list;
  *list = *fresh;
  for (size_t i = 0; i < list->count; i++) {
    struct target *target = &list->items[i];
    const struct target *known = target_list_find(&old, &target->address);
    target->down = known && known->down;
    target->down_since_ms = known ? known->down_since_ms : 0;
    target->avoid_until_ms = known ? known->avoid_until_ms : 0;
  }
}
