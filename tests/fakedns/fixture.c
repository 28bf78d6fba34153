/* SPDX-License-Identifier: MIT
 *
 * The fixture of the tests of fakedns. Client and server are in one process: the client's socket is
 * watched by the server's loop, and a guard timer ends a wait for what never comes.
 */
#include "tests/fakedns/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/address.h"

enum { GUARD_MS = 5000 };

/* Lab time starts here in all tests, so that the intervals of rules are tested off zero. */
static int64_t lab_start_ns;

int64_t fixture_now_ns(void) {
  return (int64_t)uv_hrtime() - lab_start_ns;
}

static void keep_event(void *context, struct event *event) {
  struct fixture *fixture = context;
  CU_ASSERT_FATAL(fixture->event_count < FIXTURE_EVENTS_MAX);
  fixture->events[fixture->event_count++] = event_format(event);
  event_destroy(event);
}

static void open_client(struct fixture *fixture) {
  const struct sockaddr_storage *server = fakedns_address(fixture->server);
  struct sockaddr_storage client = {0};
  socklen_t length = sizeof client;
  fixture->client = socket(server->ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  CU_ASSERT_FATAL(fixture->client >= 0);
  CU_ASSERT_FATAL(
      connect(fixture->client, (const struct sockaddr *)server, address_length(server)) == 0);
  CU_ASSERT_FATAL(getsockname(fixture->client, (struct sockaddr *)&client, &length) == 0);
  address_format(&client, fixture->client_text);
  address_format(server, fixture->server_text);
}

void fixture_start_as(struct fixture *fixture, const struct fakedns_options *options) {
  struct sockaddr_storage loopback;
  struct fakedns_options filled = *options;
  memset(fixture, 0, sizeof *fixture);
  fixture->client = -1;
  if (lab_start_ns == 0)
    lab_start_ns = (int64_t)uv_hrtime() - 1000000;
  CU_ASSERT_FATAL(uv_loop_init(&fixture->loop) == 0);
  CU_ASSERT_FATAL(address_parse(&loopback, "127.0.0.1", 0, NULL) == 0);
  random_stream_init(&fixture->random, 1, "dns");
  filled.loop = &fixture->loop;
  filled.name = "dns";
  filled.random = &fixture->random;
  filled.observer = (struct observer){.handler = keep_event, .context = fixture};
  filled.start_ns = lab_start_ns;
  if (!filled.listen) {
    filled.listen = &loopback;
    filled.listen_count = 1;
  }
  if (fakedns_create(&fixture->server, &filled, &fixture->error) == 0)
    open_client(fixture);
}

void fixture_start(struct fixture *fixture, const char *zone) {
  fixture_start_as(fixture, &(struct fakedns_options){.zones = &zone, .zone_count = 1});
}

void fixture_stop(struct fixture *fixture) {
  fakedns_destroy(fixture->server);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  CU_ASSERT(uv_loop_close(&fixture->loop) == 0);
  if (fixture->client >= 0)
    close(fixture->client);
  for (size_t i = 0; i < fixture->event_count; i++)
    free(fixture->events[i]);
}

void check_text(const char *expected, const char *actual) {
  bool equal = actual && strcmp(expected, actual) == 0;
  CU_ASSERT(equal);
  if (!equal)
    fprintf(stderr, "\nexpected: %s\nactual:   %s\n", expected, actual ? actual : "(none)");
}

size_t make_query(uint8_t bytes[512], const char *name, ldns_rr_type type, uint16_t udp_size) {
  ldns_pkt *message = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, LDNS_RR_CLASS_IN, 0);
  uint8_t *wire = NULL;
  size_t size = 0;
  ldns_pkt_set_id(message, 4711);
  if (udp_size)
    ldns_pkt_set_edns_udp_size(message, udp_size);
  CU_ASSERT_FATAL(ldns_pkt2wire(&wire, message, &size) == LDNS_STATUS_OK && size <= 512);
  memcpy(bytes, wire, size);
  free(wire);
  ldns_pkt_free(message);
  return size;
}

static void add_section(ldns_buffer *text, const char *section, const ldns_rr_list *records) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
    const ldns_rr *record = ldns_rr_list_rr(records, i);
    ldns_buffer_printf(text, "%s ", section);
    ldns_rdf2buffer_str(text, ldns_rr_owner(record));
    ldns_buffer_printf(text, " %u ", ldns_rr_ttl(record));
    ldns_rr_type2buffer_str(text, ldns_rr_get_type(record));
    for (size_t k = 0; k < ldns_rr_rd_count(record); k++) {
      ldns_buffer_printf(text, " ");
      ldns_rdf2buffer_str(text, ldns_rr_rdf(record, k));
    }
    ldns_buffer_printf(text, "\n");
  }
}

char *answer_text(const uint8_t *bytes, size_t size) {
  ldns_pkt *message = NULL;
  if (ldns_wire2pkt(&message, bytes, size) != LDNS_STATUS_OK)
    return NULL;
  ldns_buffer *text = ldns_buffer_new(1024);
  CU_ASSERT(ldns_pkt_id(message) == 4711 && ldns_pkt_qr(message) && !ldns_pkt_ra(message));
  ldns_pkt_rcode2buffer_str(text, ldns_pkt_get_rcode(message));
  ldns_buffer_printf(text, "%s%s%s\n", ldns_pkt_aa(message) ? " aa" : "",
                     ldns_pkt_tc(message) ? " tc" : "", ldns_pkt_edns(message) ? " edns" : "");
  add_section(text, "answer", ldns_pkt_answer(message));
  add_section(text, "authority", ldns_pkt_authority(message));
  add_section(text, "additional", ldns_pkt_additional(message));
  char *result = ldns_buffer_export2str(text);
  ldns_buffer_free(text);
  ldns_pkt_free(message);
  return result;
}

void check_respond(const struct fixture *fixture, const char *name, ldns_rr_type type,
                   const char *expected) {
  uint8_t query[512], *answer = NULL;
  size_t length = 0;
  size_t size = make_query(query, name, type, 0);
  CU_ASSERT_FATAL(fakedns_respond(fixture->server, query, size, &answer, &length) == 0);
  char *text = answer_text(answer, length);
  check_text(expected, text);
  free(text);
  free(answer);
}

void client_send(struct fixture *fixture, const void *bytes, size_t size) {
  CU_ASSERT(send(fixture->client, bytes, size, 0) == (ssize_t)size);
}

void client_query(struct fixture *fixture, const char *name, ldns_rr_type type) {
  uint8_t query[512];
  client_send(fixture, query, make_query(query, name, type, 0));
}

static void guard_rang(uv_timer_t *guard) {
  *(bool *)guard->data = true;
}

static void readable(uv_poll_t *poll, int status, int events) {
  (void)status; /* an error of the socket ends the wait too */
  (void)events;
  *(bool *)poll->data = true;
}

long socket_receive(struct fixture *fixture, int socket, uint8_t *bytes, size_t size) {
  bool ready = false, timed_out = false;
  uv_poll_t poll;
  uv_timer_t guard;
  uv_poll_init(&fixture->loop, &poll, socket);
  uv_timer_init(&fixture->loop, &guard);
  poll.data = &ready;
  guard.data = &timed_out;
  uv_poll_start(&poll, UV_READABLE, readable);
  uv_timer_start(&guard, guard_rang, GUARD_MS, 0);
  while (!ready && !timed_out)
    uv_run(&fixture->loop, UV_RUN_ONCE);
  long received = ready ? recv(socket, bytes, size, 0) : -2;
  int saved = errno;
  uv_close((uv_handle_t *)&poll, NULL);
  uv_close((uv_handle_t *)&guard, NULL);
  uv_run(&fixture->loop, UV_RUN_NOWAIT);
  errno = saved;
  return received;
}

long client_receive(struct fixture *fixture, uint8_t *bytes, size_t size) {
  return socket_receive(fixture, fixture->client, bytes, size);
}

int stream_connect(struct fixture *fixture) {
  const struct sockaddr_storage *server = fakedns_address(fixture->server);
  int stream = socket(server->ss_family, SOCK_STREAM, 0);
  CU_ASSERT_FATAL(stream >= 0);
  CU_ASSERT_FATAL(connect(stream, (const struct sockaddr *)server, address_length(server)) == 0);
  CU_ASSERT_FATAL(fcntl(stream, F_SETFL, O_NONBLOCK) == 0);
  /* What is sent has arrived when send() returns: nothing waits for an acknowledgement. */
  CU_ASSERT_FATAL(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0);
  return stream;
}

void stream_query(int stream, const char *name, ldns_rr_type type) {
  uint8_t frame[2 + 512];
  size_t size = make_query(frame + 2, name, type, 0);
  frame[0] = (uint8_t)(size >> 8);
  frame[1] = (uint8_t)size;
  CU_ASSERT(send(stream, frame, 2 + size, MSG_NOSIGNAL) == (ssize_t)(2 + size));
}

size_t stream_read(struct fixture *fixture, int stream, uint8_t *bytes, size_t size) {
  size_t at = 0;
  while (at < size) {
    long received = socket_receive(fixture, stream, bytes + at, size - at);
    if (received <= 0) {
      errno = received == -1 ? errno : 0;
      return at;
    }
    at += (size_t)received;
  }
  errno = 0;
  return at;
}

void check_stream(struct fixture *fixture, int stream, const char *expected) {
  uint8_t bytes[65535], length[2];
  char *text = NULL;
  if (stream_read(fixture, stream, length, 2) == 2) {
    size_t size = (size_t)length[0] << 8 | length[1];
    size_t read = stream_read(fixture, stream, bytes, size);
    text = read == size ? answer_text(bytes, size) : NULL;
  }
  check_text(expected, text);
  free(text);
}

void check_received(struct fixture *fixture, const char *expected) {
  uint8_t bytes[65535];
  long size = client_receive(fixture, bytes, sizeof bytes);
  CU_ASSERT(size >= 0);
  char *text = size >= 0 ? answer_text(bytes, (size_t)size) : NULL;
  check_text(expected, text);
  free(text);
}

bool run_until_events(struct fixture *fixture, size_t count) {
  bool timed_out = false;
  uv_timer_t guard;
  uv_timer_init(&fixture->loop, &guard);
  guard.data = &timed_out;
  uv_timer_start(&guard, guard_rang, GUARD_MS, 0);
  while (fixture->event_count < count && !timed_out)
    uv_run(&fixture->loop, UV_RUN_ONCE);
  uv_close((uv_handle_t *)&guard, NULL);
  uv_run(&fixture->loop, UV_RUN_NOWAIT);
  return !timed_out;
}

/* Replaces each `word` in `text` (of `size` bytes). */
static void replace(char *text, size_t size, const char *word, const char *by) {
  char result[2048];
  char *at;
  while ((at = strstr(text, word))) {
    snprintf(result, sizeof result, "%.*s%s%s", (int)(at - text), text, by, at + strlen(word));
    snprintf(text, size, "%s", result);
  }
}

void check_event(const struct fixture *fixture, size_t index, const char *expected) {
  char text[2048];
  CU_ASSERT_FATAL(index < fixture->event_count);
  snprintf(text, sizeof text, "{\"seq\":0,\"t_ns\":0,%s}", expected);
  replace(text, sizeof text, "CLIENT", fixture->client_text);
  replace(text, sizeof text, "SERVER", fixture->server_text);
  check_text(text, fixture->events[index]);
}
