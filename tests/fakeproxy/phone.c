/* SPDX-License-Identifier: MIT
 *
 * The phone of the fakeproxy tests (phone.h): a plain non-blocking socket, and the proxy's loop run
 * by hand.
 */
#include "tests/fakeproxy/phone.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/address.h"

static void on_event(void *context, struct event *event) {
  struct phone *phone = context;
  char *text = event_format(event);
  cJSON_AddItemToArray(phone->events, cJSON_Parse(text));
  free(text);
  event_destroy(event);
}

void phone_begin_with(struct phone *phone, struct fakeproxy_options options, const char *host) {
  struct error error = {{0}};
  struct sockaddr_storage address;
  memset(phone, 0, sizeof *phone);
  assert(uv_loop_init(&phone->loop) == 0);
  random_stream_init(&phone->random, 7, "fakeproxy test");
  phone->events = cJSON_CreateArray();
  assert(address_parse(&address, host, 0, &error) == 0);
  options.loop = &phone->loop;
  options.name = "p1";
  options.random = &phone->random;
  options.observer = (struct observer){.handler = on_event, .context = phone};
  if (options.listen.ss_family == AF_UNSPEC)
    options.listen = address;
  if (options.start_ns == 0)
    options.start_ns = (int64_t)uv_hrtime();
  phone->fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof phone->address;
  assert(phone->fd >= 0 &&
         bind(phone->fd, (struct sockaddr *)&address, address_length(&address)) == 0);
  assert(getsockname(phone->fd, (struct sockaddr *)&phone->address, &length) == 0);
  if (fakeproxy_create(&phone->proxy, &options, &error))
    fprintf(stderr, "%s\n", error.text);
  assert(phone->proxy);
}

void phone_begin(struct phone *phone, struct fakeproxy_options options) {
  phone_begin_with(phone, options, "127.0.0.1");
}

void phone_end(struct phone *phone) {
  fakeproxy_destroy(phone->proxy);
  uv_run(&phone->loop, UV_RUN_DEFAULT);
  CU_ASSERT_EQUAL(uv_loop_close(&phone->loop), 0);
  close(phone->fd);
  cJSON_Delete(phone->events);
}

/* A copy with CRLF for each line end. */
static char *with_crlf(const char *text) {
  char *copy = malloc(2 * strlen(text) + 1), *out = copy;
  assert(copy);
  for (; *text; text++) {
    if (*text == '\n')
      *out++ = '\r';
    *out++ = *text;
  }
  *out = '\0';
  return copy;
}

void phone_send_bytes(struct phone *phone, const void *bytes, size_t size) {
  const struct sockaddr_storage *target = fakeproxy_address(phone->proxy);
  ssize_t sent =
      sendto(phone->fd, bytes, size, 0, (const struct sockaddr *)target, address_length(target));
  CU_ASSERT_EQUAL(sent, (ssize_t)size);
  uv_run(&phone->loop, UV_RUN_NOWAIT);
}

void phone_send(struct phone *phone, const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  assert(vasprintf(&text, format, arguments) >= 0);
  va_end(arguments);
  char *message = with_crlf(text);
  phone_send_bytes(phone, message, strlen(message));
  free(message);
  free(text);
}

int phone_receive(struct phone *phone) {
  ssize_t size = recv(phone->fd, phone->answer, sizeof phone->answer - 1, 0);
  phone->answer[size > 0 ? size : 0] = '\0';
  if (size < 0)
    return -1;
  int status = 0;
  return sscanf(phone->answer, "SIP/2.0 %d", &status) == 1 ? status : 0;
}

static void on_limit(uv_timer_t *timer) {
  *(bool *)timer->data = true;
}

/* Runs the loop until the limit, or until something can be read if `until_readable`. */
static bool run_until(struct phone *phone, uint64_t limit_ms, bool until_readable) {
  uv_timer_t limit;
  bool over = false, readable = false;
  char byte;
  uv_timer_init(&phone->loop, &limit);
  limit.data = &over;
  uv_update_time(&phone->loop);
  uv_timer_start(&limit, on_limit, limit_ms, 0);
  while (!over && !readable) {
    readable = until_readable && recv(phone->fd, &byte, 1, MSG_PEEK) >= 0;
    if (!readable)
      uv_run(&phone->loop, UV_RUN_ONCE);
  }
  uv_close((uv_handle_t *)&limit, NULL);
  uv_run(&phone->loop, UV_RUN_NOWAIT);
  return readable || (until_readable && recv(phone->fd, &byte, 1, MSG_PEEK) >= 0);
}

bool phone_wait(struct phone *phone, uint64_t limit_ms) {
  return run_until(phone, limit_ms, true);
}

void phone_run(struct phone *phone, uint64_t duration_ms) {
  run_until(phone, duration_ms, false);
}

bool phone_saw(const struct phone *phone, const char *text) {
  char *wanted = with_crlf(text);
  bool found = strstr(phone->answer, wanted) != NULL;
  free(wanted);
  return found;
}

const char *phone_to_tag(const struct phone *phone, char tag[64]) {
  const char *to = strstr(phone->answer, "\r\nTo: ");
  const char *end = to ? strstr(to + 2, "\r\n") : NULL;
  const char *found = to ? strstr(to, ";tag=") : NULL;
  tag[0] = '\0';
  if (found && end && found < end)
    snprintf(tag, 64, "%.*s", (int)(end - found - 5), found + 5);
  return tag;
}

const cJSON *phone_event(const struct phone *phone, const char *kind, int index) {
  /* cJSON's lists lead backwards too: the first one to the last. */
  const cJSON *first = phone->events->child;
  for (const cJSON *event = first ? first->prev : NULL; event;
       event = event == first ? NULL : event->prev)
    if ((!kind || strcmp(phone_text(event, "kind"), kind) == 0) && index-- == 0)
      return event;
  return NULL;
}

const char *phone_text(const cJSON *event, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(event, name));
  return text ? text : "";
}

int phone_count(const struct phone *phone, const char *kind, const char *name, const char *value) {
  int count = 0;
  const cJSON *event;
  cJSON_ArrayForEach(event, phone->events) {
    count += strcmp(phone_text(event, "kind"), kind) == 0 &&
             (!name || strcmp(phone_text(event, name), value) == 0);
  }
  return count;
}

void phone_register(struct phone *phone, const char *branch, unsigned cseq, const char *rest) {
  phone_send(phone,
             "REGISTER sip:example.com SIP/2.0\n"
             "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s;rport\n"
             "Max-Forwards: 70\n"
             "From: <sip:alice@example.com>;tag=a1\n"
             "To: <sip:alice@example.com>\n"
             "Call-ID: registration\n"
             "CSeq: %u REGISTER\n"
             "%sContent-Length: 0\n\n",
             address_port(&phone->address), branch, cseq, rest);
}

void phone_invite(struct phone *phone, const char *branch, const char *rest) {
  unsigned port = address_port(&phone->address);
  phone_send(phone,
             "INVITE sip:bob@example.com SIP/2.0\n"
             "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s\n"
             "Max-Forwards: 70\n"
             "From: <sip:alice@example.com>;tag=caller\n"
             "To: <sip:bob@example.com>\n"
             "Call-ID: call-%s\n"
             "CSeq: 1 INVITE\n"
             "Contact: <sip:alice@127.0.0.1:%u>\n"
             "%sContent-Type: application/sdp\n"
             "Content-Length: 111\n\n"
             "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
             "m=audio 4000 RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\n",
             port, branch, branch, port, rest);
}

void phone_in_dialog(struct phone *phone, const char *method, const char *invite_branch,
                     const char *branch, unsigned cseq, const char *to_tag) {
  phone_send(phone,
             "%s sip:bob@example.com SIP/2.0\n"
             "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s\n"
             "Max-Forwards: 70\n"
             "From: <sip:alice@example.com>;tag=caller\n"
             "To: <sip:bob@example.com>%s%s\n"
             "Call-ID: call-%s\n"
             "CSeq: %u %s\n"
             "Content-Length: 0\n\n",
             method, address_port(&phone->address), branch, to_tag[0] ? ";tag=" : "", to_tag,
             invite_branch, cseq, method);
}
