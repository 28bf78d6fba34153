/* SPDX-License-Identifier: MIT
 *
 * The resolver (resolver.h). It owns its queries: from resolver_ask() until the answer is there,
 * which may be long after the handler was called with a stale one. A query's attempts are one
 * question to one server each; those that come back after the query has ended concern nobody.
 *
 * Handlers are called by a timer of 0 ms, so that it doesn't matter whether an answer comes from
 * the cache, from within c-ares, or later.
 */
#include "ua/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ua/dns_cache.h"
#include "ua/dns_channel.h"
#include "ua/timer.h"

/* See resolver.h. c-ares' own defaults would keep a line waiting for 75 s. */
#define FIRST_TRY_MS 2000
#define TRIES 3

/* RFC 8767 section 5, the client response timer. */
#define STALE_AFTER_MS 1800

struct attempt {
  struct attempt *next;         /* of the query */
  struct resolver_query *query; /* NULL: it has ended */
};

struct resolver_query {
  struct resolver *resolver;
  struct resolver_query *next;
  char name[DNS_NAME_SIZE];
  enum dns_type type;
  resolver_handler *handler; /* NULL: cancelled, or served */
  void *context;
  unsigned attempts_made;
  struct attempt *attempts;       /* those under way */
  struct phone_timer next_try;    /* the next attempt, or the end of waiting for the last */
  struct phone_timer serve_stale; /* runs while there is something stale to be served */
  bool answered;                  /* `answer` waits to be handed out */
  struct dns_answer answer;       /* before that: why the last attempt failed */
};

struct resolver {
  su_root_t *root;
  struct dns_channel *channels[RESOLVER_SERVERS_MAX];
  unsigned channel_count;
  bool asks_all_at_once;
  struct dns_cache *cache;        /* NULL: none */
  struct phone_timer deliver;     /* runs when an answer is there */
  struct resolver_query *queries; /* in the order of asking */
};

static void destroy_query(struct resolver_query *query) {
  struct resolver_query **link = &query->resolver->queries;
  while (*link && *link != query)
    link = &(*link)->next;
  if (*link)
    *link = query->next;
  for (struct attempt *attempt = query->attempts; attempt; attempt = attempt->next)
    attempt->query = NULL;
  phone_timer_release(&query->next_try);
  phone_timer_release(&query->serve_stale);
  free(query);
}

static void on_deliver(void *context) {
  struct resolver *resolver = context;
  /* A handler may ask for more, and cancel: look from the start each time. A resolution asks for a
   * bounded number of names, so this ends. */
  struct resolver_query *query = resolver->queries;
  while (query) {
    if (!query->answered) {
      query = query->next;
      continue;
    }
    resolver_handler *handler = query->handler;
    void *handler_context = query->context;
    struct dns_answer answer = query->answer;
    destroy_query(query);
    if (handler)
      handler(handler_context, &answer);
    query = resolver->queries;
  }
}

/* The query has its answer: an attempt's, or the failure that is noted in it. */
static void conclude(struct resolver_query *query) {
  struct resolver *resolver = query->resolver;
  if (resolver->cache) {
    dns_cache_put(resolver->cache, query->name, query->type, phone_now_ms(), &query->answer);
    /* After a failure that may be what was revived. */
    dns_cache_find(resolver->cache, query->name, query->type, phone_now_ms(), &query->answer);
  }
  if (query->answer.outcome == DNS_FAILED && query->answer.ttl_s == 0)
    query->answer.ttl_s = DNS_FAILURE_TTL_S;
  query->answered = true;
  phone_timer_stop(&query->next_try);
  phone_timer_stop(&query->serve_stale);
  phone_timer_start(&resolver->deliver, phone_now_ms());
}

static void on_attempt(void *context, const uint8_t *bytes, size_t size, const char *reason) {
  struct attempt *attempt = context;
  struct resolver_query *query = attempt->query;
  if (query) {
    struct attempt **link = &query->attempts;
    while (*link != attempt)
      link = &(*link)->next;
    *link = attempt->next;
  }
  free(attempt);
  if (!query || query->answered)
    return;
  if (bytes)
    dns_answer_parse(&query->answer, bytes, size, query->name, query->type);
  else
    dns_answer_fail(&query->answer, reason);
  if (query->answer.outcome != DNS_FAILED)
    conclude(query);
  else if (!query->attempts)
    phone_timer_start(&query->next_try, phone_now_ms());
}

static void start_attempt(struct resolver_query *query) {
  struct resolver *resolver = query->resolver;
  struct dns_channel *channel = resolver->channels[query->attempts_made % resolver->channel_count];
  struct attempt *attempt = malloc(sizeof *attempt);
  query->attempts_made++;
  if (!attempt) {
    dns_answer_fail(&query->answer, "out of memory");
    return;
  }
  *attempt = (struct attempt){.next = query->attempts, .query = query};
  query->attempts = attempt;
  dns_channel_ask(channel, query->name, query->type, on_attempt, attempt);
}

static void on_next_try(void *context) {
  struct resolver_query *query = context;
  const struct resolver *resolver = query->resolver;
  unsigned round = query->attempts_made / resolver->channel_count;
  if (round == TRIES) {
    if (query->attempts)
      dns_answer_fail(&query->answer, "timeout");
    conclude(query);
    return;
  }
  phone_timer_start(&query->next_try, phone_now_ms() + (FIRST_TRY_MS << round));
  do
    start_attempt(query);
  while (resolver->asks_all_at_once && query->attempts_made % resolver->channel_count != 0);
}

/* RFC 8767: whoever waits is served with what there was; the question goes on for the cache. */
static void on_serve_stale(void *context) {
  struct resolver_query *query = context;
  struct dns_cache *cache = query->resolver->cache;
  struct dns_answer answer;
  if (!query->handler || !dns_cache_revive(cache, query->name, query->type, phone_now_ms()) ||
      !dns_cache_find(cache, query->name, query->type, phone_now_ms(), &answer))
    return;
  resolver_handler *handler = query->handler;
  query->handler = NULL;
  handler(query->context, &answer);
}

static int open_channels(struct resolver *resolver, const struct resolver_options *options,
                         struct phone_error *error) {
  if (options->server_count < 1 || options->server_count > RESOLVER_SERVERS_MAX)
    return phone_error_set(error, "%zu DNS servers: allowed are 1 to %d", options->server_count,
                           RESOLVER_SERVERS_MAX);
  for (size_t i = 0; i < options->server_count; i++) {
    char text[TARGET_TEXT_SIZE];
    struct dns_channel_options channel = {.root = options->root,
                                          .server =
                                              target_address_format(&options->servers[i], text),
                                          .local = options->local,
                                          .local_count = options->local_count,
                                          .timeout_ms = FIRST_TRY_MS << (TRIES - 1)};
    if (dns_channel_create(&resolver->channels[i], &channel, error) < 0)
      return -1;
    resolver->channel_count++;
  }
  return 0;
}

int resolver_create(struct resolver **out, const struct resolver_options *options,
                    struct phone_error *error) {
  struct resolver *resolver = calloc(1, sizeof *resolver);
  if (!resolver)
    return phone_error_set(error, "out of memory");
  resolver->root = options->root;
  resolver->asks_all_at_once = options->asks_all_at_once;
  resolver->cache = options->caches ? dns_cache_create() : NULL;
  if ((options->caches && !resolver->cache) ||
      phone_timer_init(&resolver->deliver, options->root, on_deliver, resolver) < 0)
    phone_error_set(error, "out of memory");
  else if (open_channels(resolver, options, error) == 0) {
    *out = resolver;
    return 0;
  }
  resolver_destroy(resolver);
  return -1;
}

void resolver_destroy(struct resolver *resolver) {
  if (!resolver)
    return;
  while (resolver->queries)
    destroy_query(resolver->queries);
  for (unsigned i = 0; i < RESOLVER_SERVERS_MAX; i++)
    dns_channel_destroy(resolver->channels[i]);
  dns_cache_destroy(resolver->cache);
  phone_timer_release(&resolver->deliver);
  free(resolver);
}

static struct resolver_query *new_query(struct resolver *resolver, const char *name,
                                        enum dns_type type) {
  struct resolver_query *query = calloc(1, sizeof *query);
  if (!query)
    return NULL;
  query->resolver = resolver;
  snprintf(query->name, sizeof query->name, "%s", name);
  query->type = type;
  struct resolver_query **last = &resolver->queries;
  while (*last)
    last = &(*last)->next;
  *last = query;
  if (phone_timer_init(&query->next_try, resolver->root, on_next_try, query) == 0 &&
      phone_timer_init(&query->serve_stale, resolver->root, on_serve_stale, query) == 0)
    return query;
  destroy_query(query);
  return NULL;
}

struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_handler *handler, void *context) {
  struct resolver_query *query = new_query(resolver, name, type);
  int64_t now_ms = phone_now_ms();
  if (!query)
    return NULL;
  query->handler = handler;
  query->context = context;
  if (resolver->cache && dns_cache_find(resolver->cache, name, type, now_ms, &query->answer)) {
    query->answered = true;
    phone_timer_start(&resolver->deliver, now_ms);
    return query;
  }
  if (resolver->cache && dns_cache_can_revive(resolver->cache, name, type, now_ms))
    phone_timer_start(&query->serve_stale, now_ms + STALE_AFTER_MS);
  on_next_try(query);
  return query;
}

void resolver_cancel(struct resolver_query *query) {
  if (query)
    query->handler = NULL;
}
