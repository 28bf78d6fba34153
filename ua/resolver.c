/* SPDX-License-Identifier: MIT
 *
 * The resolver (resolver.h). c-ares runs on sofia's event loop: it says which sockets it wants to
 * hear of, and one timer serves its earliest timeout. Queries belong to the resolver; c-ares calls
 * back exactly once for each, possibly before ares_query() returns, so answers that are there at
 * once (also those of the cache) are handed out by a timer of 0 ms.
 */
#include "ua/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include "ua/timer.h"

/* A first try of 2 s, then 4 and 8 s: a phone whose DNS is dead says so after 14 s for each server,
 * less than its Reg Retry Intvl. c-ares' own defaults would keep a line waiting for 75 s. */
#define QUERY_TIMEOUT_MS 2000
#define QUERY_TRIES 3

/* c-ares opens one UDP socket and, for cut answers, one TCP socket for each server. */
#define SOCKETS_MAX 16

/* A phone knows a handful of names; the oldest is given up when there are more. */
#define CACHE_MAX 64

struct resolver_query {
  struct resolver *resolver;
  struct resolver_query *next;
  char name[DNS_NAME_SIZE];
  enum dns_type type;
  resolver_handler *handler; /* NULL: cancelled */
  void *context;
  bool answered; /* `answer` waits to be handed out */
  struct dns_answer answer;
};

struct resolver_socket {
  struct resolver *resolver;
  ares_socket_t socket;
  su_wait_t wait;
  int index; /* of su_root; 0: free */
};

struct cache_entry {
  struct cache_entry *next;
  char name[DNS_NAME_SIZE];
  enum dns_type type;
  int64_t expires_at_ms;
  struct dns_answer answer;
};

struct resolver {
  su_root_t *root;
  ares_channel channel;
  struct phone_timer timeout; /* the earliest one of c-ares */
  struct phone_timer deliver; /* runs when an answer is there already */
  struct resolver_socket sockets[SOCKETS_MAX];
  struct resolver_query *queries; /* in the order of asking */
  struct cache_entry *cache;      /* newest first */
  bool is_asking;                 /* within ares_query() */
  bool is_closing;
};

static void arm_timeout(struct resolver *resolver) {
  struct timeval buffer;
  struct timeval *wait = ares_timeout(resolver->channel, NULL, &buffer);
  if (!wait) {
    phone_timer_stop(&resolver->timeout);
    return;
  }
  int64_t wait_ms = (int64_t)wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000;
  phone_timer_start(&resolver->timeout, phone_now_ms() + wait_ms);
}

static void on_timeout(void *context) {
  struct resolver *resolver = context;
  ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  arm_timeout(resolver);
}

static int on_socket(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *argument) {
  (void)magic;
  struct resolver_socket *entry = (struct resolver_socket *)argument;
  struct resolver *resolver = entry->resolver;
  int events = su_wait_events(wait, entry->socket);
  bool readable = events & ~SU_WAIT_OUT; /* errors, too, are learnt by reading */
  bool writable = events & SU_WAIT_OUT;
  ares_process_fd(resolver->channel, readable ? entry->socket : ARES_SOCKET_BAD,
                  writable ? entry->socket : ARES_SOCKET_BAD);
  arm_timeout(resolver);
  return 0;
}

static void unwatch(struct resolver_socket *entry) {
  if (entry->index > 0)
    su_root_deregister(entry->resolver->root, entry->index);
  entry->index = 0;
}

static void watch(struct resolver_socket *entry, ares_socket_t socket, int events) {
  entry->socket = socket;
  if (su_wait_create(&entry->wait, socket, events) < 0)
    return;
  entry->index =
      su_root_register(entry->resolver->root, &entry->wait, on_socket, (su_wakeup_arg_t *)entry, 0);
  /* A socket that can't be watched is one whose query times out. */
  if (entry->index <= 0)
    su_wait_destroy(&entry->wait);
}

static void on_socket_state(void *context, ares_socket_t socket, int readable, int writable) {
  struct resolver *resolver = context;
  struct resolver_socket *unused = NULL;
  for (size_t i = 0; i < SOCKETS_MAX; i++) {
    struct resolver_socket *entry = &resolver->sockets[i];
    if (entry->index > 0 && entry->socket == socket)
      unwatch(entry);
    if (entry->index <= 0 && !unused)
      unused = entry;
  }
  if (unused && (readable || writable))
    watch(unused, socket, (readable ? SU_WAIT_IN : 0) | (writable ? SU_WAIT_OUT : 0));
}

static struct cache_entry **find_cached(struct resolver *resolver, const char *name,
                                        enum dns_type type) {
  struct cache_entry **link = &resolver->cache;
  while (*link && ((*link)->type != type || strcasecmp((*link)->name, name) != 0))
    link = &(*link)->next;
  return link;
}

static void drop_cached(struct cache_entry **link) {
  struct cache_entry *entry = *link;
  if (!entry)
    return;
  *link = entry->next;
  free(entry);
}

/* Failures aren't kept: a phone is to notice a DNS server that is back (RFC 2308 section 7 only
 * allows it). */
static void cache_answer(struct resolver *resolver, const struct resolver_query *query) {
  drop_cached(find_cached(resolver, query->name, query->type));
  if (query->answer.outcome == DNS_FAILED || query->answer.ttl_s == 0)
    return;
  struct cache_entry *entry = malloc(sizeof *entry);
  if (!entry)
    return;
  memcpy(entry->name, query->name, sizeof entry->name);
  entry->type = query->type;
  entry->answer = query->answer;
  entry->expires_at_ms = phone_now_ms() + (int64_t)query->answer.ttl_s * 1000;
  entry->next = resolver->cache;
  resolver->cache = entry;
  struct cache_entry **last = &resolver->cache;
  for (size_t i = 0; *last && i < CACHE_MAX; i++)
    last = &(*last)->next;
  drop_cached(last);
}

/* Fills in what is left of the times to live. */
static bool answer_from_cache(struct resolver *resolver, struct resolver_query *query) {
  struct cache_entry **link = find_cached(resolver, query->name, query->type);
  int64_t left_ms = *link ? (*link)->expires_at_ms - phone_now_ms() : 0;
  if (left_ms <= 0) {
    drop_cached(link);
    return false;
  }
  query->answer = (*link)->answer;
  query->answer.ttl_s = (uint32_t)((left_ms + 999) / 1000);
  return true;
}

static void remove_query(struct resolver_query *query) {
  struct resolver_query **link = &query->resolver->queries;
  while (*link && *link != query)
    link = &(*link)->next;
  if (*link)
    *link = query->next;
}

static void finish(struct resolver_query *query) {
  remove_query(query);
  if (query->handler)
    query->handler(query->context, &query->answer);
  free(query);
}

static void on_deliver(void *context) {
  struct resolver *resolver = context;
  /* A handler may ask for more, and cancel: look from the start each time. A resolution asks for a
   * bounded number of names, so this ends. */
  struct resolver_query *query = resolver->queries;
  while (query) {
    if (query->answered) {
      finish(query);
      query = resolver->queries;
    } else {
      query = query->next;
    }
  }
}

/* Why there is no answer. c-ares asks each server up to QUERY_TRIES times; when all have refused,
 * by ICMP or by SERVFAIL or the like, it says ARES_ECONNREFUSED for all of these. */
static const char *describe(int status) {
  if (status == ARES_ETIMEOUT)
    return "timeout";
  return status == ARES_ECONNREFUSED ? "no DNS server could answer" : ares_strerror(status);
}

static void on_answer(void *context, int status, int timeouts, unsigned char *bytes, int size) {
  (void)timeouts;
  struct resolver_query *query = context;
  struct resolver *resolver = query->resolver;
  if (resolver->is_closing)
    return;
  if (bytes && size > 0)
    dns_answer_parse(&query->answer, bytes, (size_t)size, query->name, query->type);
  else
    dns_answer_fail(&query->answer, describe(status));
  cache_answer(resolver, query);
  if (!resolver->is_asking) {
    finish(query);
    return;
  }
  query->answered = true;
  phone_timer_start(&resolver->deliver, phone_now_ms());
}

/* A phone with several addresses has one that is its own: queries come from there, like everything
 * else it sends. */
static void set_local_address(ares_channel channel, const union target_address *local) {
  if (local->any.sa_family == AF_INET)
    ares_set_local_ip4(channel, ntohl(local->v4.sin_addr.s_addr));
  else
    ares_set_local_ip6(channel, local->v6.sin6_addr.s6_addr);
}

static int open_channel(struct resolver *resolver, const char *servers,
                        const union target_address *local, struct phone_error *error) {
  struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                 .timeout = QUERY_TIMEOUT_MS,
                                 .tries = QUERY_TRIES,
                                 .lookups = "b",
                                 .sock_state_cb = on_socket_state,
                                 .sock_state_cb_data = resolver};
  int status = ares_init_options(&resolver->channel, &options,
                                 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                     ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS)
    return phone_error_set(error, "DNS resolver: %s", ares_strerror(status));
  set_local_address(resolver->channel, local);
  status = ares_set_servers_ports_csv(resolver->channel, servers);
  if (status != ARES_SUCCESS)
    return phone_error_set(error, "DNS servers \"%s\": %s", servers, ares_strerror(status));
  return 0;
}

int resolver_create(struct resolver **out, su_root_t *root, const char *servers,
                    const union target_address *local, struct phone_error *error) {
  struct resolver *resolver = calloc(1, sizeof *resolver);
  if (!resolver)
    return phone_error_set(error, "out of memory");
  resolver->root = root;
  for (size_t i = 0; i < SOCKETS_MAX; i++)
    resolver->sockets[i].resolver = resolver;
  if (phone_timer_init(&resolver->timeout, root, on_timeout, resolver) < 0 ||
      phone_timer_init(&resolver->deliver, root, on_deliver, resolver) < 0)
    phone_error_set(error, "out of memory");
  else if (open_channel(resolver, servers, local, error) == 0) {
    *out = resolver;
    return 0;
  }
  resolver_destroy(resolver);
  return -1;
}

void resolver_destroy(struct resolver *resolver) {
  if (!resolver)
    return;
  resolver->is_closing = true;
  if (resolver->channel)
    ares_destroy(resolver->channel);
  for (struct resolver_query *query = resolver->queries, *next; query; query = next) {
    next = query->next;
    free(query);
  }
  while (resolver->cache)
    drop_cached(&resolver->cache);
  phone_timer_release(&resolver->timeout);
  phone_timer_release(&resolver->deliver);
  free(resolver);
}

struct resolver_query *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
                                    resolver_handler *handler, void *context) {
  struct resolver_query *query = calloc(1, sizeof *query);
  if (!query)
    return NULL;
  query->resolver = resolver;
  snprintf(query->name, sizeof query->name, "%s", name);
  query->type = type;
  query->handler = handler;
  query->context = context;
  struct resolver_query **last = &resolver->queries;
  while (*last)
    last = &(*last)->next;
  *last = query;
  if (answer_from_cache(resolver, query)) {
    query->answered = true;
    phone_timer_start(&resolver->deliver, phone_now_ms());
    return query;
  }
  resolver->is_asking = true;
  ares_query(resolver->channel, query->name, ns_c_in, (int)type, on_answer, query);
  resolver->is_asking = false;
  arm_timeout(resolver);
  return query;
}

void resolver_cancel(struct resolver_query *query) {
  if (query)
    query->handler = NULL;
}
