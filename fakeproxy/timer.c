/* SPDX-License-Identifier: MIT
 *
 * Timers of the proxy on uv_timer_t. The handle is freed by its close callback, which needs nothing
 * of the object that owned the timer, so that owners can be freed at once.
 */
#include <stdlib.h>

#include "fakeproxy/fakeproxy_internal.h"

struct proxy_timer {
  uv_timer_t handle;
  struct fakeproxy *proxy;
  proxy_timer_handler *handler;
  void *context;
};

struct proxy_timer *proxy_timer_create(struct fakeproxy *proxy, proxy_timer_handler *handler,
                                       void *context) {
  struct proxy_timer *timer = calloc(1, sizeof *timer);
  if (!timer)
    return NULL;
  *timer = (struct proxy_timer){.proxy = proxy, .handler = handler, .context = context};
  uv_timer_init(proxy->loop, &timer->handle);
  timer->handle.data = timer;
  proxy->open_handles++;
  return timer;
}

static void on_timer(uv_timer_t *handle) {
  struct proxy_timer *timer = handle->data;
  timer->handler(timer->context);
}

void proxy_timer_start(struct proxy_timer *timer, uint64_t delay_ms) {
  uv_timer_start(&timer->handle, on_timer, delay_ms, 0);
}

void proxy_timer_stop(struct proxy_timer *timer) {
  uv_timer_stop(&timer->handle);
}

static void on_closed(uv_handle_t *handle) {
  struct proxy_timer *timer = handle->data;
  struct fakeproxy *proxy = timer->proxy;
  free(timer);
  fakeproxy_handle_closed(proxy);
}

void proxy_timer_destroy(struct proxy_timer *timer) {
  if (timer)
    uv_close((uv_handle_t *)&timer->handle, on_closed);
}
