/* SPDX-License-Identifier: MIT
 *
 * One DNS server (dns_channel.h). c-ares says which sockets it wants to hear of; one timer serves
 * its earliest timeout.
 */
#include "ua/dns_channel.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <sys/time.h>

#include "ua/timer.h"

/* DNS flag day 2020: what fits into one packet nearly everywhere. */
#define EDNS_PAYLOAD_SIZE 1232

/* c-ares opens one UDP socket and, for truncated answers, one TCP socket for a server; a new one
 * may be there before it lets go of an old one. */
#define SOCKETS_MAX 4

struct channel_socket {
  struct dns_channel *channel;
  ares_socket_t socket;
  su_wait_t wait;
  int index; /* of su_root; 0: free */
};

struct dns_channel {
  su_root_t *root;
  ares_channel ares;
  struct phone_timer timeout; /* the earliest one of c-ares */
  struct channel_socket sockets[SOCKETS_MAX];
};

/* A question on its way through c-ares. */
struct question {
  dns_channel_handler *handler;
  void *context;
};

static void arm_timeout(struct dns_channel *channel) {
  struct timeval buffer;
  struct timeval *wait = ares_timeout(channel->ares, NULL, &buffer);
  if (!wait) {
    phone_timer_stop(&channel->timeout);
    return;
  }
  int64_t wait_ms = (int64_t)wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000;
  phone_timer_start(&channel->timeout, phone_now_ms() + wait_ms);
}

static void on_timeout(void *context) {
  struct dns_channel *channel = context;
  ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  arm_timeout(channel);
}

static int on_socket(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *argument) {
  (void)magic;
  struct channel_socket *entry = (struct channel_socket *)argument;
  struct dns_channel *channel = entry->channel;
  int events = su_wait_events(wait, entry->socket);
  bool readable = events & ~SU_WAIT_OUT; /* errors, too, are learnt by reading */
  bool writable = events & SU_WAIT_OUT;
  ares_process_fd(channel->ares, readable ? entry->socket : ARES_SOCKET_BAD,
                  writable ? entry->socket : ARES_SOCKET_BAD);
  arm_timeout(channel);
  return 0;
}

static void unwatch(struct channel_socket *entry) {
  if (entry->index > 0)
    su_root_deregister(entry->channel->root, entry->index);
  entry->index = 0;
}

static void watch(struct channel_socket *entry, ares_socket_t socket, int events) {
  entry->socket = socket;
  if (su_wait_create(&entry->wait, socket, events) < 0)
    return;
  entry->index =
      su_root_register(entry->channel->root, &entry->wait, on_socket, (su_wakeup_arg_t *)entry, 0);
  /* A socket that can't be watched is one whose query times out. */
  if (entry->index <= 0)
    su_wait_destroy(&entry->wait);
}

static void on_socket_state(void *context, ares_socket_t socket, int readable, int writable) {
  struct dns_channel *channel = context;
  struct channel_socket *unused = NULL;
  for (size_t i = 0; i < SOCKETS_MAX; i++) {
    struct channel_socket *entry = &channel->sockets[i];
    if (entry->index > 0 && entry->socket == socket)
      unwatch(entry);
    if (entry->index <= 0 && !unused)
      unused = entry;
  }
  if (unused && (readable || writable))
    watch(unused, socket, (readable ? SU_WAIT_IN : 0) | (writable ? SU_WAIT_OUT : 0));
}

/* A phone has addresses that are its own: queries come from there, like everything else it sends.
 */
static void set_local_address(ares_channel ares, const struct dns_channel_options *options) {
  int family = *options->server == '[' ? AF_INET6 : AF_INET;
  for (size_t i = 0; i < options->local_count; i++) {
    const struct target_address *local = &options->local[i];
    if (local->any.sa_family != family)
      continue;
    if (family == AF_INET)
      ares_set_local_ip4(ares, ntohl(local->v4.sin_addr.s_addr));
    else
      ares_set_local_ip6(ares, local->v6.sin6_addr.s6_addr);
    return;
  }
}

/* One try, because the resolver has its own order of servers and tries; and NOCHECKRESP, because it
 * is to hear what a server says that can't answer. c-ares asks again over TCP when TC is set, and
 * without EDNS when a server answers FORMERR to that. */
static int open_channel(struct dns_channel *channel, const struct dns_channel_options *options,
                        struct phone_error *error) {
  struct ares_options ares_options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
                                               ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS,
                                      .timeout = options->timeout_ms,
                                      .tries = 1,
                                      .ednspsz = EDNS_PAYLOAD_SIZE,
                                      .lookups = "b",
                                      .sock_state_cb = on_socket_state,
                                      .sock_state_cb_data = channel};
  int status = ares_init_options(&channel->ares, &ares_options,
                                 ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                     ARES_OPT_EDNSPSZ | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS)
    return phone_error_set(error, "DNS resolver: %s", ares_strerror(status));
  set_local_address(channel->ares, options);
  status = ares_set_servers_ports_csv(channel->ares, options->server);
  if (status != ARES_SUCCESS)
    return phone_error_set(error, "DNS server \"%s\": %s", options->server, ares_strerror(status));
  return 0;
}

int dns_channel_create(struct dns_channel **out, const struct dns_channel_options *options,
                       struct phone_error *error) {
  struct dns_channel *channel = calloc(1, sizeof *channel);
  if (!channel)
    return phone_error_set(error, "out of memory");
  channel->root = options->root;
  for (size_t i = 0; i < SOCKETS_MAX; i++)
    channel->sockets[i].channel = channel;
  if (phone_timer_init(&channel->timeout, options->root, on_timeout, channel) < 0)
    phone_error_set(error, "out of memory");
  else if (open_channel(channel, options, error) == 0) {
    *out = channel;
    return 0;
  }
  dns_channel_destroy(channel);
  return -1;
}

void dns_channel_destroy(struct dns_channel *channel) {
  if (!channel)
    return;
  if (channel->ares)
    ares_destroy(channel->ares);
  phone_timer_release(&channel->timeout);
  free(channel);
}

/* Why there is no answer. c-ares says ARES_ECONNREFUSED for all that the network says: a closed
 * port, no route, a TCP connection that ended. */
static const char *describe(int status) {
  if (status == ARES_ETIMEOUT)
    return "timeout";
  return status == ARES_ECONNREFUSED ? "the DNS server can't be reached" : ares_strerror(status);
}

static void on_answer(void *context, int status, int timeouts, unsigned char *bytes, int size) {
  (void)timeouts;
  struct question *question = context;
  bool has_answer = bytes && size > 0;
  question->handler(question->context, has_answer ? bytes : NULL, has_answer ? (size_t)size : 0,
                    has_answer ? NULL : describe(status));
  free(question);
}

void dns_channel_ask(struct dns_channel *channel, const char *name, enum dns_type type,
                     dns_channel_handler *handler, void *context) {
  struct question *question = malloc(sizeof *question);
  if (!question) {
    handler(context, NULL, 0, "out of memory");
    return;
  }
  *question = (struct question){.handler = handler, .context = context};
  ares_query(channel->ares, name, ns_c_in, (int)type, on_answer, question);
  arm_timeout(channel);
}
