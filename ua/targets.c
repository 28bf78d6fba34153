/* SPDX-License-Identifier: MIT
 *
 * The target list of a line (targets.h). Plain data; nothing here knows of DNS, of transactions or
 * of a vendor's policy.
 */
#include "ua/targets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads `:PORT` or nothing. */
static bool parse_port(const char *text, uint16_t default_port, uint16_t *port) {
  *port = default_port;
  if (!*text)
    return true;
  if (*text != ':' || text[1] < '0' || text[1] > '9')
    return false;
  char *end;
  unsigned long number = strtoul(text + 1, &end, 10);
  *port = (uint16_t)number;
  return !*end && number > 0 && number <= UINT16_MAX;
}

static bool parse_v6(union target_address *out, const char *text, uint16_t default_port) {
  char host[INET6_ADDRSTRLEN];
  uint16_t port = default_port;
  const char *close = *text == '[' ? strchr(text, ']') : NULL;
  const char *start = close ? text + 1 : text;
  size_t length = close ? (size_t)(close - start) : strlen(start);
  if ((*text == '[' && !close) || length >= sizeof host)
    return false;
  if (close && !parse_port(close + 1, default_port, &port))
    return false;
  memcpy(host, start, length);
  host[length] = '\0';
  union target_address address = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
  if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) != 1)
    return false;
  *out = address;
  return true;
}

bool target_address_parse(union target_address *out, const char *text, uint16_t default_port) {
  char host[INET_ADDRSTRLEN];
  size_t length = strcspn(text, ":");
  uint16_t port;
  if (length >= sizeof host)
    return parse_v6(out, text, default_port);
  memcpy(host, text, length);
  host[length] = '\0';
  union target_address address = {.v4 = {.sin_family = AF_INET}};
  if (inet_pton(AF_INET, host, &address.v4.sin_addr) != 1)
    return parse_v6(out, text, default_port);
  if (!parse_port(text + length, default_port, &port))
    return false;
  address.v4.sin_port = htons(port);
  *out = address;
  return true;
}

void target_address_set_port(union target_address *address, uint16_t port) {
  if (address->any.sa_family == AF_INET6)
    address->v6.sin6_port = htons(port);
  else
    address->v4.sin_port = htons(port);
}

bool target_address_equal(const union target_address *a, const union target_address *b) {
  if (a->any.sa_family != b->any.sa_family)
    return false;
  if (a->any.sa_family == AF_INET6)
    return a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
  return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

uint16_t target_address_port(const union target_address *address) {
  return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

const char *target_address_host(const union target_address *address, char text[TARGET_TEXT_SIZE]) {
  if (address->any.sa_family == AF_INET6) {
    char host[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
    snprintf(text, TARGET_TEXT_SIZE, "[%s]", host);
  } else {
    inet_ntop(AF_INET, &address->v4.sin_addr, text, TARGET_TEXT_SIZE);
  }
  return text;
}

const char *target_address_format(const union target_address *address,
                                  char text[TARGET_TEXT_SIZE]) {
  target_address_host(address, text);
  size_t length = strlen(text);
  snprintf(text + length, TARGET_TEXT_SIZE - length, ":%u", target_address_port(address));
  return text;
}

void target_history_add(struct target_history *history, const union target_address *address) {
  if (history->count < TARGETS_MAX && !target_history_has(history, address))
    history->tried[history->count++] = *address;
}

bool target_history_has(const struct target_history *history, const union target_address *address) {
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

struct target *target_list_find(struct target_list *list, const union target_address *address) {
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

/* The same addresses with the same priorities and weights, in whatever order. */
static bool is_same_set(struct target_list *list, const struct target_list *fresh) {
  if (list->count != fresh->count)
    return false;
  for (size_t i = 0; i < fresh->count; i++) {
    const struct target *target = &fresh->items[i];
    const struct target *old = target_list_find(list, &target->address);
    if (!old || old->priority != target->priority || old->weight != target->weight)
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
