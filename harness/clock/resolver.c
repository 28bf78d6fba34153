/* SPDX-License-Identifier: MIT
 *
 * The resolver's questions (resolver.h): its state, queries, and what an answer means. How they are
 * sent is resolver_send.c.
 */
#include "harness/clock/resolver.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock/address_calls.h"

/* What glibc tells servers that it takes, whatever the room (RESOLV_EDNS_BUFFER_SIZE of its
 * resolv/resolv-internal.h), and the least (RFC 6891 section 6.2.3). */
enum { EDNS_SIZE_MAX = 1200, EDNS_SIZE_MIN = NS_PACKETSZ };

/* ---- the state ---- */

/* Where glibc keeps them: IPv4 in the old list, IPv6 in the extension (its
 * resolv/resolv_conf.c). res_nclose() frees the latter. */
static int add_server(struct __res_state *state, const struct in6_addr *address) {
  int n = state->nscount;
  state->_u._ext.nsaddrs[n] = NULL;
  state->_u._ext.nssocks[n] = -1;
  memset(&state->nsaddr_list[n], 0, sizeof state->nsaddr_list[n]);
  if (IN6_IS_ADDR_V4MAPPED(address)) {
    state->nsaddr_list[n].sin_family = AF_INET;
    state->nsaddr_list[n].sin_port = htons(NS_DEFAULTPORT);
    memcpy(&state->nsaddr_list[n].sin_addr, &address->s6_addr[12], sizeof(struct in_addr));
  } else {
    struct sockaddr_in6 *full = calloc(1, sizeof *full);
    if (!full)
      return -1;
    full->sin6_family = AF_INET6;
    full->sin6_port = htons(NS_DEFAULTPORT);
    full->sin6_addr = *address;
    state->_u._ext.nsaddrs[n] = full;
  }
  state->nscount++;
  return 0;
}

/* Nothing is reloaded, or the C library's own functions would put the machine's resolv.conf in
 * place. */
int resolver_init(struct __res_state *state) {
  static const struct in6_addr localhost = {{{[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}}};
  const struct network *network = address_network();
  *state = (struct __res_state){
      .retrans = RES_TIMEOUT,
      .retry = RES_DFLRETRY,
      .options = RES_INIT | RES_DEFAULT | RES_NORELOAD,
      .ndots = 1,
      ._vcsock = -1,
  };
  for (uint32_t i = 0; i < network->nameservers; i++)
    if (add_server(state, &network->nameserver[i])) {
      res_nclose(state);
      return -1;
    }
  /* resolv.conf(5): without any, it is the name server on the local machine. */
  return network->nameservers > 0 ? 0 : add_server(state, &localhost);
}

struct __res_state *resolver_own_state(void) {
  struct __res_state *state = &_res;
  return state->options & RES_INIT || resolver_init(state) == 0 ? state : NULL;
}

int resolver_fail(struct __res_state *state, int host_error) {
  if (state)
    state->res_h_errno = host_error;
  h_errno = host_error;
  return -1;
}

/* ---- questions ---- */

/* Appends an OPT record without options (RFC 6891 section 6.1.2). Returns the new length. */
static int append_opt(const struct __res_state *state, unsigned char *query, int length,
                      int capacity) {
  unsigned char *end = query + length;
  unsigned size = capacity < EDNS_SIZE_MIN   ? EDNS_SIZE_MIN
                  : capacity > EDNS_SIZE_MAX ? EDNS_SIZE_MAX
                                             : (unsigned)capacity;
  *end++ = 0; /* the root's name */
  NS_PUT16(ns_t_opt, end);
  NS_PUT16(size, end);
  NS_PUT16(0, end); /* extended response code, version */
  NS_PUT16(state->options & RES_USE_DNSSEC ? NS_OPT_DNSSEC_OK : 0, end);
  NS_PUT16(0, end);
  ((HEADER *)query)->arcount = htons(1);
  return (int)(end - query);
}

/* Returns the query's length, or -1. res_nmkquery() is the interposed one: its ids are seeded. */
static int make_query(struct __res_state *state, const char *name, int class, int type,
                      int capacity, unsigned char query[RESOLVER_QUERY_MAX]) {
  int length = res_nmkquery(state, ns_o_query, name, class, type, NULL, 0, NULL, query,
                            RESOLVER_QUERY_MAX - NS_RRFIXEDSZ - 1);
  if (length > 0 && state->options & (RES_USE_EDNS0 | RES_USE_DNSSEC))
    length = append_opt(state, query, length, capacity);
  return length;
}

/* The meaning of the answer's response code when it has no records: res_query(3). */
static int error_of_code(int code) {
  switch (code) {
  case ns_r_nxdomain:
    return HOST_NOT_FOUND;
  case ns_r_servfail:
    return TRY_AGAIN;
  case ns_r_noerror:
    return NO_DATA;
  }
  return NO_RECOVERY;
}

static bool has_records(const struct resolver_answer *answer) {
  const HEADER *header = (const HEADER *)answer->bytes;
  return answer->length >= NS_HFIXEDSZ && header->rcode == ns_r_noerror && header->ancount != 0;
}

static int code_of(const struct resolver_answer *answer) {
  return (int)((const HEADER *)answer->bytes)->rcode;
}

int resolver_query(struct __res_state *state, const char *name, int class, int type,
                   unsigned char *answer, int capacity) {
  unsigned char bytes[RESOLVER_QUERY_MAX];
  struct resolver_query query = {bytes, make_query(state, name, class, type, capacity, bytes)};
  struct resolver_answer received = {.bytes = answer, .capacity = capacity};
  if (query.length <= 0)
    return resolver_fail(state, NO_RECOVERY);
  if (resolver_send(state, &query, &received, 1))
    return resolver_fail(state, TRY_AGAIN);
  if (!has_records(&received))
    return resolver_fail(state, error_of_code(code_of(&received)));
  return received.length;
}

int resolver_query_addresses(struct __res_state *state, const char *name,
                             struct resolver_answer answers[RESOLVER_QUERIES_MAX]) {
  static const int types[RESOLVER_QUERIES_MAX] = {ns_t_a, ns_t_aaaa};
  unsigned char bytes[RESOLVER_QUERIES_MAX][RESOLVER_QUERY_MAX];
  struct resolver_query queries[RESOLVER_QUERIES_MAX];
  for (int i = 0; i < RESOLVER_QUERIES_MAX; i++) {
    queries[i].bytes = bytes[i];
    queries[i].length = make_query(state, name, ns_c_in, types[i], EDNS_SIZE_MAX, bytes[i]);
    if (queries[i].length <= 0)
      return resolver_fail(state, NO_RECOVERY);
  }
  if (resolver_send(state, queries, answers, RESOLVER_QUERIES_MAX))
    return resolver_fail(state, TRY_AGAIN);
  if (has_records(&answers[0]) || has_records(&answers[1]))
    return 0;
  /* The first that is an error says what it is; one that didn't come says nothing. */
  const struct resolver_answer *first = &answers[answers[0].length ? 0 : 1],
                               *second = &answers[answers[1].length ? 1 : 0];
  return resolver_fail(
      state, error_of_code(code_of(first) == ns_r_noerror ? code_of(second) : code_of(first)));
}
