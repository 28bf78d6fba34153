/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: datagrams for fakeproxy_receive. One input is one or more datagrams, separated by a
 * line that holds only "%%", because transactions and dialogs need several; "%TAG%" in a datagram
 * stands for the To tag of the proxy's last answer, so that dialogs can be met. A first byte that
 * is a control character other than a line end chooses what the far end does. The proxy listens on
 * loopback and answers to port 9, where nobody is. Each input has a proxy of its own, with the same
 * seed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "common/address.h"
#include "fakeproxy/fakeproxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* More than this in one input finds nothing new, slowly. */
enum { DATAGRAMS_MAX = 16 };

struct target {
  struct fakeproxy *proxy;
  struct sockaddr_storage source;
  char tag[64];
};

/* Remembers the tag of an answer, and makes the JSON form, as the lab does of any event. */
static void on_event(void *context, struct event *event) {
  struct target *target = context;
  const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(event->detail, "message"));
  const char *to = event->source[0] && message ? strstr(message, "\r\nTo: ") : NULL;
  const char *tag = to ? strstr(to, ";tag=") : NULL;
  if (tag)
    snprintf(target->tag, sizeof target->tag, "%.*s", (int)strcspn(tag + 5, ";\r\n"), tag + 5);
  free(event_format(event));
  event_destroy(event);
}

/* Gives one datagram to the proxy, with the tag put in. */
static void receive(struct target *target, const char *bytes, size_t size) {
  static const char mark[] = "%TAG%";
  char *found = memmem(bytes, size, mark, sizeof mark - 1);
  if (!found) {
    fakeproxy_receive(target->proxy, bytes, size, &target->source);
    return;
  }
  size_t before = (size_t)(found - bytes), tag = strlen(target->tag);
  size_t after = size - before - (sizeof mark - 1);
  char *message = malloc(before + tag + after + 1);
  if (!message)
    abort();
  memcpy(message, bytes, before);
  memcpy(message + before, target->tag, tag);
  memcpy(message + before + tag, found + sizeof mark - 1, after);
  fakeproxy_receive(target->proxy, message, before + tag + after, &target->source);
  free(message);
}

static void receive_all(struct target *target, const char *bytes, size_t size) {
  static const char separator[] = "\n%%\n";
  for (int i = 0; i < DATAGRAMS_MAX; i++) {
    const char *end = memmem(bytes, size, separator, sizeof separator - 1);
    size_t length = end ? (size_t)(end - bytes) + 1 : size;
    receive(target, bytes, length);
    if (!end)
      return;
    size -= length + sizeof separator - 2;
    bytes += length + sizeof separator - 2;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  uv_loop_t loop;
  struct random_stream random;
  struct error error;
  struct target target = {0};
  if (uv_loop_init(&loop))
    abort();
  random_stream_init(&random, 1, "fuzz");
  struct fakeproxy_options options = {.loop = &loop,
                                      .name = "p1",
                                      .random = &random,
                                      .observer = {.handler = on_event, .context = &target}};
  if (size > 0 && bytes[0] < ' ' && bytes[0] != '\r' && bytes[0] != '\n') {
    options.far_end.ring_ms = bytes[0] & 1 ? 60000 : 0;
    options.far_end.status = bytes[0] & 2 ? 486 : 0;
    options.max_expires_s = bytes[0] & 4 ? 60 : 0;
    bytes++;
    size--;
  }
  if (address_parse(&options.listen, "127.0.0.1:0", 0, &error) ||
      address_parse(&target.source, "127.0.0.1:9", 0, &error) ||
      fakeproxy_create(&target.proxy, &options, &error)) {
    fprintf(stderr, "%s\n", error.text);
    abort();
  }
  receive_all(&target, (const char *)bytes, size);
  fakeproxy_destroy(target.proxy);
  uv_run(&loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&loop))
    abort();
  return 0;
}
