/* SPDX-License-Identifier: MIT
 *
 * The way back to a preferred server (fallback.h).
 */
#include "ua/fallback.h"

#include "ua/line.h"
#include "ua/phone.h"

static void on_timer(void *context) {
  struct fallback *fallback = context;
  fallback->is_due = true;
  fallback->history.count = 0;
  fallback_try(fallback);
}

int fallback_init(struct fallback *fallback, struct line *line) {
  fallback->line = line;
  return phone_timer_init(&fallback->timer, line->phone->root, on_timer, fallback);
}

void fallback_release(struct fallback *fallback) {
  phone_timer_release(&fallback->timer);
}

void fallback_stop(struct fallback *fallback) {
  fallback->is_due = false;
  phone_timer_stop(&fallback->timer);
}

void fallback_restart(struct fallback *fallback) {
  fallback->since_ms = phone_now_ms();
  fallback_update(fallback);
}

void fallback_update(struct fallback *fallback) {
  struct line *line = fallback->line;
  const struct policy *policy = line->phone->configuration.policy;
  /* Before the first registration there is only what the line will ask for. */
  int64_t expires_s = line->registration.granted_s ? (int64_t)line->registration.granted_s
                                                   : line->parameters.register_expires_s;
  int64_t after_ms = policy->fallback_after_ms(expires_s, line->parameters.proxy_fallback_s,
                                               line->parameters.auto_register_when_failover);
  if (after_ms <= 0 || !line_has_preferred(line)) {
    fallback->is_due = false;
    phone_timer_stop(&fallback->timer);
  } else if (!fallback->is_due && line->registration.purpose != REGISTER_TO_FALL_BACK) {
    phone_timer_start(&fallback->timer, fallback->since_ms + after_ms);
  }
}

/* The best server that is preferred to the one in use and wasn't tried in this round. */
static struct target *next_preferred(struct fallback *fallback) {
  struct line *line = fallback->line;
  const struct target *current = target_list_find(&line->targets, &line->current);
  for (size_t i = 0; current && i < line->targets.count; i++) {
    struct target *target = &line->targets.items[i];
    if (target->rank < current->rank && !target_history_has(&fallback->history, &target->address))
      return target;
  }
  return NULL;
}

static void tell(struct line *line, const struct target_address *to, const char *reason) {
  cJSON *event = line_event(line, "fallback");
  event_add_address(event, "from", &line->current);
  event_add_address(event, "to", to);
  cJSON_AddStringToObject(event, "reason", reason);
  phone_tell(line->phone, event);
}

/* Without Auto Register When Failover there is no REGISTER to try: every new message simply goes to
 * the preferred server (CISCO-FB-5). */
static void go_back_unregistered(struct fallback *fallback, struct target *target) {
  struct line *line = fallback->line;
  fallback->is_due = false;
  target_list_mark_all_up(&line->targets);
  tell(line, &target->address, "interval");
  line_use(line, target);
}

void fallback_try(struct fallback *fallback) {
  struct line *line = fallback->line;
  /* CISCO-FB-7; and one REGISTER at a time (RFC 3261 section 10.2). */
  if (!fallback->is_due || line->calls || registration_is_pending(&line->registration))
    return;
  if (!line_has_targets(line))
    return;
  struct target *target = next_preferred(fallback);
  if (!target) {
    fallback->is_due = false;
    fallback_restart(fallback);
  } else if (!line->parameters.auto_register_when_failover || !line->parameters.do_register) {
    go_back_unregistered(fallback, target);
  } else {
    fallback->is_due = false;
    target_history_add(&fallback->history, &target->address);
    registration_probe(&line->registration, target);
  }
}

void fallback_succeeded(struct fallback *fallback, const struct target_address *server) {
  struct line *line = fallback->line;
  struct target *target = target_list_find(&line->targets, server);
  if (!target)
    return;
  tell(line, server,
       line->phone->configuration.policy->falls_back_at_refresh ? "refresh" : "interval");
  target->down = false;
  line_use(line, target);
  fallback_restart(fallback);
}

void fallback_failed(struct fallback *fallback, const struct target_address *server) {
  struct line *line = fallback->line;
  struct target *target = target_list_find(&line->targets, server);
  if (target) {
    target->down = true;
    target->down_since_ms = phone_now_ms();
  }
  if (line->phone->configuration.policy->falls_back_at_refresh)
    return;
  /* The next one that is preferred, or another round later (CISCO-FB-8): the caller goes on. */
  fallback->is_due = true;
}

struct target *fallback_at_refresh(struct fallback *fallback) {
  struct line *line = fallback->line;
  int64_t fallback_ms = line->parameters.proxy_fallback_s * 1000;
  const struct target *current =
      line->has_current ? target_list_find(&line->targets, &line->current) : NULL;
  if (!line->phone->configuration.policy->falls_back_at_refresh || fallback_ms == 0 || !current ||
      line->calls)
    return NULL;
  for (size_t i = 0; i < line->targets.count; i++) {
    struct target *target = &line->targets.items[i];
    if (target->rank < current->rank && target->down &&
        phone_now_ms() - target->down_since_ms >= fallback_ms)
      return target;
  }
  return NULL;
}
