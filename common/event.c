/* SPDX-License-Identifier: MIT
 *
 * Events and their JSON form (event.h shows it). cJSON keeps the members of an object in the order
 * of their adding, so equal events are equal bytes.
 */
#include "common/event.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"

struct event *event_create(const char *kind) {
  struct event *event = calloc(1, sizeof *event);
  if (!event)
    return NULL;
  event->kind = kind;
  event->detail = cJSON_CreateObject();
  if (!event->detail) {
    free(event);
    return NULL;
  }
  return event;
}

void event_destroy(struct event *event) {
  if (!event)
    return;
  cJSON_Delete(event->detail);
  free(event);
}

/* The length of the valid UTF-8 sequence (RFC 3629) at `bytes`, or 0. NUL is none here: it can't
 * stand in a C string. */
static size_t utf8_sequence(const unsigned char *bytes, size_t length) {
  static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    size_t length;
  } forms[] = {
      {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
      {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
      {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
  };
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (bytes[0] < forms[i].first_low || bytes[0] > forms[i].first_high || forms[i].length > length)
      continue;
    if (forms[i].length > 1 && (bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high))
      return 0;
    for (size_t k = 2; k < forms[i].length; k++)
      if ((bytes[k] & 0xc0) != 0x80)
        return 0;
    return forms[i].length;
  }
  return 0;
}

void event_add_bytes(struct event *event, const char *name, const void *bytes, size_t length) {
  static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
  const unsigned char *in = bytes;
  char *text = malloc(3 * length + 1);
  if (!text)
    return;
  size_t written = 0;
  for (size_t i = 0; i < length;) {
    size_t part = utf8_sequence(in + i, length - i);
    if (part) {
      memcpy(text + written, in + i, part);
      written += part;
      i += part;
    } else {
      memcpy(text + written, replacement, 3);
      written += 3;
      i++;
    }
  }
  text[written] = '\0';
  cJSON_AddStringToObject(event->detail, name, text);
  free(text);
}

void event_add_text(struct event *event, const char *name, const char *text) {
  if (text)
    event_add_bytes(event, name, text, strlen(text));
}

void event_add_number(struct event *event, const char *name, double number) {
  cJSON_AddNumberToObject(event->detail, name, number);
}

void event_add_flag(struct event *event, const char *name, int flag) {
  cJSON_AddBoolToObject(event->detail, name, flag);
}

void observer_tell(const struct observer *observer, struct event *event) {
  if (!event)
    return;
  if (observer && observer->handler)
    observer->handler(observer->context, event);
  else
    event_destroy(event);
}

static void add_address(cJSON *object, const char *name, const struct sockaddr_storage *address) {
  char text[ADDRESS_TEXT_SIZE];
  if (address->ss_family != AF_UNSPEC)
    cJSON_AddStringToObject(object, name, address_format(address, text));
}

/* cJSON writes numbers with 15 digits, which nanoseconds exceed after 11 days. */
static void add_integer(cJSON *object, const char *name, int64_t number) {
  char text[sizeof "-9223372036854775808"];
  snprintf(text, sizeof text, "%" PRId64, number);
  cJSON_AddRawToObject(object, name, text);
}

char *event_format(const struct event *event) {
  cJSON *object = cJSON_CreateObject();
  if (!object)
    return NULL;
  add_integer(object, "seq", (int64_t)event->sequence);
  add_integer(object, "t_ns", event->t_ns);
  cJSON_AddStringToObject(object, "kind", event->kind);
  if (event->source[0])
    cJSON_AddStringToObject(object, "from", event->source);
  if (event->target[0])
    cJSON_AddStringToObject(object, "to", event->target);
  add_address(object, "from_address", &event->source_address);
  add_address(object, "to_address", &event->target_address);
  for (const cJSON *member = event->detail->child; member; member = member->next)
    cJSON_AddItemReferenceToObject(object, member->string, (cJSON *)member);
  char *text = cJSON_PrintUnformatted(object);
  cJSON_Delete(object);
  return text;
}
