/* SPDX-License-Identifier: MIT
 *
 * Sending queries and waiting for answers (resolver.h), step by step as glibc 2.36 does in its
 * resolv/res_send.c (__res_context_send, send_dg, send_vc), so that a program fails over between
 * name servers at the same instants as on a real machine:
 *
 *   - server n (0, 1, …) of `count` is waited for retrans × 2^n seconds, divided by `count` but for
 *     the first server, and at least one; in each of `retry` rounds alike;
 *   - a socket stays open between the rounds, so that a late answer still counts;
 *   - SERVFAIL, NOTIMP, REFUSED, an empty referral and an ICMP error lead to the next server at
 * once;
 *   - two queries go out together; if only one is answered in time, they are sent one after the
 *     other, then from a new socket each, and then the one answer is taken;
 *   - a truncated answer leads to TCP, with the same server and those after it; there is no further
 *     round, and no timeout but the connection's own.
 *
 * Two differences: a TCP connection is never kept open (RES_STAYOPEN), and the servers aren't
 * rotated (RES_ROTATE), which no resolv.conf of a lab asks for.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock/calls.h"
#include "harness/clock/resolver.h"
#include "harness/clock/turn.h"

union server {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

struct exchange {
  struct __res_state *state;
  const struct resolver_query *queries;
  struct resolver_answer *answers;
  int count; /* of queries */
  union server servers[MAXNS];
  int sockets[MAXNS]; /* -1: not open */
  int server_count;
  bool got_somewhere;     /* a server was there, though it may not have answered */
  int stream_error;       /* errno of the last TCP connection */
  unsigned char *message; /* RESOLVER_MESSAGE_MAX */
};

enum outcome {
  DONE,
  NEXT_SERVER,
  TRUNCATED,  /* over TCP, please */
  UNANSWERED, /* so far; at the end of a round: in its time */
  GIVE_UP     /* errno says why */
};

static socklen_t server_length(const union server *server) {
  return server->any.sa_family == AF_INET ? sizeof server->v4 : sizeof server->v6;
}

static void close_socket(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static void close_sockets(struct exchange *exchange) {
  for (int i = 0; i < MAXNS; i++)
    close_socket(&exchange->sockets[i]);
}

/* The sockets stay open only when nobody did anything wrong. */
static enum outcome fail_over(struct exchange *exchange) {
  close_sockets(exchange);
  return NEXT_SERVER;
}

static void forget_answers(struct exchange *exchange) {
  for (int i = 0; i < exchange->count; i++)
    exchange->answers[i].length = 0;
}

/* ---- messages ---- */

static const HEADER *header_of(const unsigned char *bytes) {
  return (const HEADER *)bytes;
}

/* Takes the next question. Returns where it ends, or NULL. */
static const unsigned char *read_question(const unsigned char *start, const unsigned char *end,
                                          const unsigned char *at, char name[NS_MAXDNAME],
                                          unsigned *type, unsigned *class) {
  int length = dn_expand(start, end, at, name, NS_MAXDNAME);
  if (length < 0 || end - at < length + NS_QFIXEDSZ)
    return NULL;
  at += length;
  NS_GET16(*type, at);
  NS_GET16(*class, at);
  return at;
}

/* Whether a message answers a query: the same id and questions. (glibc compares the latter without
 * their order; there is never more than one.) */
static bool is_answer(const struct resolver_query *query, const unsigned char *message,
                      int length) {
  const unsigned char *asked = query->bytes + NS_HFIXEDSZ, *told = message + NS_HFIXEDSZ;
  const HEADER *query_header = header_of(query->bytes), *header = header_of(message);
  if (query_header->id != header->id || query_header->qdcount != header->qdcount)
    return false;
  for (int i = 0; i < ntohs(header->qdcount); i++) {
    char asked_name[NS_MAXDNAME], told_name[NS_MAXDNAME];
    unsigned asked_type, told_type, asked_class, told_class;
    asked = read_question(query->bytes, query->bytes + query->length, asked, asked_name,
                          &asked_type, &asked_class);
    told = read_question(message, message + length, told, told_name, &told_type, &told_class);
    if (!asked || !told || asked_type != told_type || asked_class != told_class ||
        strcasecmp(asked_name, told_name) != 0)
      return false;
  }
  return true;
}

/* An answer that says nothing; another server may know. */
static bool is_refusal(const unsigned char *message) {
  const HEADER *header = header_of(message);
  switch (header->rcode) {
  case ns_r_servfail:
  case ns_r_notimpl:
  case ns_r_refused:
    return true;
  case ns_r_noerror: /* a referral to nowhere */
    return header->ancount == 0 && !header->aa && !header->ra && header->arcount == 0;
  }
  return false;
}

/* Keeps a message; the program trusts the AD bit only when it has said so (RES_TRUSTAD). */
static void keep_answer(const struct exchange *exchange, int i, int length) {
  struct resolver_answer *answer = &exchange->answers[i];
  answer->length = length < answer->capacity ? length : answer->capacity;
  memcpy(answer->bytes, exchange->message, (size_t)answer->length);
  if (!(exchange->state->options & RES_TRUSTAD) && answer->length >= NS_HFIXEDSZ)
    ((HEADER *)answer->bytes)->ad = 0;
}

/* ---- UDP ---- */

static bool open_datagram(struct exchange *exchange, int n) {
  static const int on = 1;
  const union server *server = &exchange->servers[n];
  bool v4 = server->any.sa_family == AF_INET;
  if (exchange->sockets[n] >= 0)
    return true;
  int fd = socket(server->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return false;
  exchange->sockets[n] = fd;
  setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
  if (connect(fd, &server->any, server_length(server)) == 0)
    return true;
  close_sockets(exchange);
  return false;
}

/* What has come in one round with one server. */
struct round {
  int fd;
  bool one_by_one; /* the second query waits for the first answer */
  bool seen[RESOLVER_QUERIES_MAX];
  bool refused[RESOLVER_QUERIES_MAX];
  int sent;
};

static bool send_next(const struct exchange *exchange, struct round *round) {
  const struct resolver_query *query = &exchange->queries[round->sent++];
  return send(round->fd, query->bytes, (size_t)query->length, MSG_NOSIGNAL) == query->length;
}

static bool all_seen(const struct exchange *exchange, const struct round *round) {
  return round->seen[0] && (exchange->count == 1 || round->seen[1]);
}

/* Which query the message answers that is still open; -1: none. */
static int match(const struct exchange *exchange, const struct round *round, int length) {
  for (int i = 0; i < exchange->count; i++)
    if (!round->seen[i] && is_answer(&exchange->queries[i], exchange->message, length))
      return i;
  return -1;
}

/* Takes a message in. Returns UNANSWERED when the round goes on. */
static enum outcome take_message(struct exchange *exchange, struct round *round, int n) {
  ssize_t size = recv(round->fd, exchange->message, RESOLVER_MESSAGE_MAX, 0);
  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return UNANSWERED;
  if (size <= 0)
    return fail_over(exchange);
  exchange->got_somewhere = true;
  if (size < NS_HFIXEDSZ)
    return fail_over(exchange);
  int i = match(exchange, round, (int)size), other = !i;
  if (i < 0)
    return UNANSWERED; /* somebody else's */
  round->seen[i] = true;
  if (is_refusal(exchange->message)) {
    round->refused[i] = true;
    if (exchange->count == 1)
      return fail_over(exchange);
    if (!round->seen[other])
      return UNANSWERED;
    return round->refused[other] ? NEXT_SERVER : DONE;
  }
  if (header_of(exchange->message)->tc && !(exchange->state->options & RES_IGNTC))
    return TRUNCATED;
  keep_answer(exchange, i, (int)size);
  if (all_seen(exchange, round))
    return DONE;
  if (round->one_by_one && exchange->state->options & RES_SNGLKUPREOP) {
    close_sockets(exchange);
    if (!open_datagram(exchange, n))
      return NEXT_SERVER;
    round->fd = exchange->sockets[n];
  }
  return round->one_by_one && !send_next(exchange, round) ? fail_over(exchange) : UNANSWERED;
}

static enum outcome run_round(struct exchange *exchange, struct round *round, int n,
                              int64_t deadline_ns) {
  for (;;) {
    int64_t left_ns = deadline_ns - turn_now_ns();
    struct timespec timeout = timespec_of_ns(left_ns > 0 ? left_ns : 0);
    struct pollfd polled = {.fd = round->fd, .events = POLLIN};
    int ready = ppoll(&polled, 1, &timeout, NULL);
    if (ready == 0)
      return UNANSWERED;
    if (ready < 0 && errno == EINTR && left_ns > 0)
      continue;
    if (ready < 0 || !(polled.revents & POLLIN))
      return fail_over(exchange);
    enum outcome outcome = take_message(exchange, round, n);
    if (outcome != UNANSWERED)
      return outcome;
  }
}

static enum outcome ask_in_one_round(struct exchange *exchange, struct round *round, int n) {
  int seconds = exchange->state->retrans << n;
  if (n > 0)
    seconds /= exchange->server_count;
  int64_t deadline_ns = turn_deadline_ns((seconds > 0 ? seconds : 1) * NS_PER_S);
  *round = (struct round){
      .fd = exchange->sockets[n],
      .one_by_one = (exchange->state->options & (RES_SNGLKUP | RES_SNGLKUPREOP)) != 0,
  };
  do
    if (!send_next(exchange, round))
      return fail_over(exchange);
  while (!round->one_by_one && round->sent < exchange->count);
  return run_round(exchange, round, n, deadline_ns);
}

/* Some name servers and firewalls can't do with two queries from one port; what is learnt of that
 * stays in the state. */
static enum outcome ask_by_datagrams(struct exchange *exchange, int n) {
  unsigned long *options = &exchange->state->options;
  bool got_somewhere = exchange->got_somewhere;
  for (;;) {
    struct round round;
    forget_answers(exchange);
    if (!open_datagram(exchange, n))
      return NEXT_SERVER;
    enum outcome outcome = ask_in_one_round(exchange, &round, n);
    if (outcome == TRUNCATED)
      close_sockets(exchange);
    if (outcome != UNANSWERED)
      return outcome;
    bool one_came =
        exchange->answers[0].length > 0 || (exchange->count > 1 && exchange->answers[1].length > 0);
    if (!one_came) {
      exchange->got_somewhere = true;
      return NEXT_SERVER;
    }
    if (*options & RES_SNGLKUPREOP)
      return DONE;
    if (*options & RES_SNGLKUP)
      close_sockets(exchange);
    *options |= *options & RES_SNGLKUP ? RES_SNGLKUPREOP : RES_SNGLKUP;
    exchange->got_somewhere = got_somewhere;
  }
}

/* ---- TCP ---- */

static bool send_stream(const struct exchange *exchange, int fd) {
  uint16_t lengths[RESOLVER_QUERIES_MAX];
  struct iovec parts[2 * RESOLVER_QUERIES_MAX];
  ssize_t whole = 0;
  for (int i = 0; i < exchange->count; i++) {
    const struct resolver_query *query = &exchange->queries[i];
    lengths[i] = htons((uint16_t)query->length);
    parts[2 * i] = (struct iovec){&lengths[i], sizeof lengths[i]};
    parts[2 * i + 1] = (struct iovec){(void *)query->bytes, (size_t)query->length};
    whole += (ssize_t)sizeof lengths[i] + query->length;
  }
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2 * (size_t)exchange->count};
  return sendmsg(fd, &message, MSG_NOSIGNAL) == whole;
}

/* False at the end of the stream (errno 0) or after an error. */
static bool read_stream(int fd, void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t part = recv(fd, (char *)bytes + done, size - done, 0);
    if (part < 0 && errno == EINTR)
      continue;
    if (part == 0)
      errno = 0;
    if (part <= 0)
      return false;
    done += (size_t)part;
  }
  return true;
}

/* Reads until all is answered. False with errno. */
static bool read_answers(const struct exchange *exchange, int fd) {
  bool seen[RESOLVER_QUERIES_MAX] = {false};
  for (int left = exchange->count; left > 0;) {
    uint16_t length;
    if (!read_stream(fd, &length, sizeof length))
      return false;
    length = ntohs(length);
    if (length < NS_HFIXEDSZ) {
      errno = EMSGSIZE;
      return false;
    }
    if (!read_stream(fd, exchange->message, length))
      return false;
    for (int i = 0; i < exchange->count; i++)
      if (!seen[i] &&
          header_of(exchange->queries[i].bytes)->id == header_of(exchange->message)->id) {
        seen[i] = true;
        left--;
        keep_answer(exchange, i, length);
        if (length > exchange->answers[i].capacity)
          ((HEADER *)exchange->answers[i].bytes)->tc = 1;
        break;
      }
  }
  return true;
}

/* One connection; a server that resets it is tried once more. */
static enum outcome ask_by_stream(struct exchange *exchange, int n) {
  const union server *server = &exchange->servers[n];
  for (int resets = 0;; resets++) {
    forget_answers(exchange);
    int fd = socket(server->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
      return GIVE_UP;
    bool connected = connect(fd, &server->any, server_length(server)) == 0;
    bool done = connected && send_stream(exchange, fd) && read_answers(exchange, fd);
    int error = errno;
    close(fd);
    if (done)
      return DONE;
    exchange->stream_error = error;
    if (!connected || error != ECONNRESET || resets > 0)
      return NEXT_SERVER;
  }
}

/* ---- all servers ---- */

static enum outcome ask_all(struct exchange *exchange, bool *by_stream) {
  for (int round = 0; round < exchange->state->retry; round++) {
    for (int n = 0; n < exchange->server_count; n++) {
      enum outcome outcome = *by_stream ? TRUNCATED : ask_by_datagrams(exchange, n);
      if (outcome == TRUNCATED) {
        *by_stream = true;
        outcome = ask_by_stream(exchange, n);
      }
      if (outcome != NEXT_SERVER)
        return outcome;
    }
    if (*by_stream)
      break;
  }
  return NEXT_SERVER;
}

/* The program may have put others into the state. */
static void find_servers(struct exchange *exchange) {
  const struct __res_state *state = exchange->state;
  for (int i = 0; i < MAXNS; i++)
    exchange->sockets[i] = -1;
  for (int i = 0; i < state->nscount && i < MAXNS; i++) {
    union server *server = &exchange->servers[exchange->server_count];
    if (state->nsaddr_list[i].sin_family == AF_INET)
      server->v4 = state->nsaddr_list[i];
    else if (state->_u._ext.nsaddrs[i])
      server->v6 = *state->_u._ext.nsaddrs[i];
    else
      continue;
    exchange->server_count++;
  }
}

int resolver_send(struct __res_state *state, const struct resolver_query *queries,
                  struct resolver_answer *answers, int count) {
  struct exchange exchange = {
      .state = state, .queries = queries, .answers = answers, .count = count};
  enum outcome outcome = NEXT_SERVER;
  bool by_stream = state->options & RES_USEVC || queries[0].length > NS_PACKETSZ;
  find_servers(&exchange);
  if (exchange.server_count == 0) {
    errno = ESRCH;
    return -1;
  }
  exchange.message = malloc(RESOLVER_MESSAGE_MAX);
  if (!exchange.message)
    return -1;
  outcome = ask_all(&exchange, &by_stream);
  int error = outcome == GIVE_UP       ? errno
              : by_stream              ? exchange.stream_error
              : exchange.got_somewhere ? ETIMEDOUT
                                       : ECONNREFUSED;
  close_sockets(&exchange);
  free(exchange.message);
  if (outcome == DONE)
    return 0;
  forget_answers(&exchange);
  errno = error;
  return -1;
}
