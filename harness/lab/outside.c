/* SPDX-License-Identifier: MIT
 *
 * Listening for what processes try to reach outside the lab, or where nobody answers: datagrams of
 * struct network_report, to a port of the lab's own localhost.
 */
#include "harness/lab/outside.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/clock/network.h"

struct outside {
  uv_udp_t socket;
  struct lab *lab;
  struct network *network;
  struct network_report buffer;
};

static void closed(uv_handle_t *handle) {
  free(handle->data);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)suggested;
  struct outside *outside = handle->data;
  *buffer = uv_buf_init((char *)&outside->buffer, sizeof outside->buffer);
}

/* The states of a host that answers no SYN as it should. */
static const char *outcome(enum reach_state state) {
  switch (state) {
  case REACH_UP:
    return "connected";
  case REACH_SILENT:
    return "silent";
  case REACH_REFUSED:
    return "refused";
  case REACH_UNREACHABLE:
    return "unreachable";
  }
  return "?";
}

static void append_event(struct outside *outside) {
  const struct network_report *report = &outside->buffer;
  bool has_state = report->state != REACH_UP;
  struct event *event = event_create(has_state ? "connect" : "outside");
  if (!event || report->host >= outside->network->hosts) {
    event_destroy(event);
    return;
  }
  snprintf(event->source, sizeof event->source, "%.*s", EVENT_HOST_SIZE - 1,
           outside->network->host[report->host].name);
  event->target_address = report->target;
  event_add_text(event, "transport", report->type == SOCK_STREAM ? "TCP" : "UDP");
  if (has_state) {
    event_add_number(event, "attempt", report->attempt);
    event_add_text(event, "outcome", outcome((enum reach_state)report->state));
  }
  lab_append(outside->lab, event);
}

static void received(uv_udp_t *handle, ssize_t size, const uv_buf_t *buffer,
                     const struct sockaddr *source, unsigned flags) {
  (void)buffer, (void)flags;
  if (source && size == (ssize_t)sizeof(struct network_report))
    append_event(handle->data);
}

int outside_create(struct outside **out, struct lab *lab, struct network *network,
                   struct error *error) {
  struct outside *outside = calloc(1, sizeof *outside);
  struct sockaddr_storage address = {0};
  int length = sizeof address;
  if (!outside)
    return error_set(error, "out of memory");
  outside->lab = lab;
  outside->network = network;
  outside->socket.data = outside;
  uv_udp_init(lab_loop(lab), &outside->socket);
  address_parse(&address, "127.0.0.1", 0, NULL);
  int result = uv_udp_bind(&outside->socket, (struct sockaddr *)&address, 0);
  if (result == 0)
    result = uv_udp_recv_start(&outside->socket, give_buffer, received);
  if (result == 0)
    result = uv_udp_getsockname(&outside->socket, (struct sockaddr *)&address, &length);
  if (result) {
    outside_destroy(outside);
    return error_set(error, "can't listen for what goes outside the lab: %s", uv_strerror(result));
  }
  network->report_port = address_port(&address);
  uv_unref((uv_handle_t *)&outside->socket);
  *out = outside;
  return 0;
}

void outside_destroy(struct outside *outside) {
  if (!outside)
    return;
  outside->network->report_port = 0;
  uv_close((uv_handle_t *)&outside->socket, closed);
}
