/* SPDX-License-Identifier: MIT
 *
 * Interposed: the C library's resolver, res_*(3). In a lab with a simulated network the resolver of
 * resolver.h takes its place.
 *
 * Each function has two names, which programs use according to when they were built: since glibc
 * 2.34 res_query, before that __res_query, and both lie in libc.so.6; res_init and res_ninit are
 * macros for the latter form still.
 */
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/resolver.h"
#include "harness/clock/turn.h"

#define ALSO_NAMED(old, name)                                                                      \
  extern __typeof__(name) old __attribute__((alias(#name), visibility("default"), leaf, nothrow));

/* ---- the state ---- */

/* The macro names would confuse the next ones. */
#undef res_init
#undef res_ninit
#undef res_randomid

INTERPOSED int __res_ninit(res_state state) {
  return address_network() ? resolver_init(state) : REAL(__res_ninit)(state);
}

/* What a program has set before is kept, as glibc does. */
INTERPOSED int __res_init(void) {
  if (!address_network())
    return REAL(__res_init)();
  struct __res_state *state = &_res, former = *state;
  if (former.options & RES_INIT)
    res_nclose(state);
  if (resolver_init(state))
    return -1;
  if (former.retrans)
    state->retrans = former.retrans;
  if (former.retry)
    state->retry = former.retry;
  if (former.options)
    state->options = former.options | RES_INIT | RES_NORELOAD;
  return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* it is there all the same */
INTERPOSED unsigned int __res_randomid(void) {
  return turn_in_lab() ? random_stream_u64(turn_random()) & UINT16_MAX : REAL(__res_randomid)();
}
#pragma GCC diagnostic pop

/* ---- queries ---- */

/* The C library fills in the message; the id is ours. */
static int with_seeded_id(unsigned char *query, int length) {
  if (length >= NS_HFIXEDSZ)
    ((HEADER *)query)->id = (uint16_t)random_stream_u64(turn_random());
  return length;
}

INTERPOSED int res_nmkquery(res_state state, int operation, const char *name, int class, int type,
                            const unsigned char *data, int data_length,
                            const unsigned char *new_record, unsigned char *query, int capacity) {
  int length = REAL(res_nmkquery)(state, operation, name, class, type, data, data_length,
                                  new_record, query, capacity);
  return turn_in_lab() ? with_seeded_id(query, length) : length;
}

INTERPOSED int res_mkquery(int operation, const char *name, int class, int type,
                           const unsigned char *data, int data_length,
                           const unsigned char *new_record, unsigned char *query, int capacity) {
  if (!address_network())
    return REAL(res_mkquery)(operation, name, class, type, data, data_length, new_record, query,
                             capacity);
  struct __res_state *state = resolver_own_state();
  return state ? res_nmkquery(state, operation, name, class, type, data, data_length, new_record,
                              query, capacity)
               : -1;
}

ALSO_NAMED(__res_nmkquery, res_nmkquery)
ALSO_NAMED(__res_mkquery, res_mkquery)

/* ---- asking ---- */

INTERPOSED int res_nsend(res_state state, const unsigned char *bytes, int length,
                         unsigned char *answer, int capacity) {
  if (!address_network())
    return REAL(res_nsend)(state, bytes, length, answer, capacity);
  struct resolver_query query = {bytes, length};
  struct resolver_answer received = {.bytes = answer, .capacity = capacity};
  return resolver_send(state, &query, &received, 1) ? -1 : received.length;
}

INTERPOSED int res_nquery(res_state state, const char *name, int class, int type,
                          unsigned char *answer, int capacity) {
  if (!address_network())
    return REAL(res_nquery)(state, name, class, type, answer, capacity);
  return resolver_query(state, name, class, type, answer, capacity);
}

/* The search list of a lab is empty. */
INTERPOSED int res_nsearch(res_state state, const char *name, int class, int type,
                           unsigned char *answer, int capacity) {
  if (!address_network())
    return REAL(res_nsearch)(state, name, class, type, answer, capacity);
  return resolver_query(state, name, class, type, answer, capacity);
}

INTERPOSED int res_nquerydomain(res_state state, const char *name, const char *domain, int class,
                                int type, unsigned char *answer, int capacity) {
  char full[NS_MAXDNAME];
  if (!address_network())
    return REAL(res_nquerydomain)(state, name, domain, class, type, answer, capacity);
  int length = snprintf(full, sizeof full, "%s%s%s", name, domain ? "." : "", domain ? domain : "");
  if (length >= (int)sizeof full)
    return resolver_fail(state, NO_RECOVERY);
  return resolver_query(state, full, class, type, answer, capacity);
}

ALSO_NAMED(__res_nsend, res_nsend)
ALSO_NAMED(__res_nquery, res_nquery)
ALSO_NAMED(__res_nsearch, res_nsearch)
ALSO_NAMED(__res_nquerydomain, res_nquerydomain)

/* ---- the same with this thread's state ---- */

#define WITH_OWN_STATE(call, ...)                                                                  \
  struct __res_state *state = resolver_own_state();                                                \
  return state ? call(state, __VA_ARGS__) : resolver_fail(NULL, NETDB_INTERNAL)

INTERPOSED int res_send(const unsigned char *bytes, int length, unsigned char *answer,
                        int capacity) {
  if (!address_network())
    return REAL(res_send)(bytes, length, answer, capacity);
  WITH_OWN_STATE(res_nsend, bytes, length, answer, capacity);
}

INTERPOSED int res_query(const char *name, int class, int type, unsigned char *answer,
                         int capacity) {
  if (!address_network())
    return REAL(res_query)(name, class, type, answer, capacity);
  WITH_OWN_STATE(res_nquery, name, class, type, answer, capacity);
}

INTERPOSED int res_search(const char *name, int class, int type, unsigned char *answer,
                          int capacity) {
  if (!address_network())
    return REAL(res_search)(name, class, type, answer, capacity);
  WITH_OWN_STATE(res_nsearch, name, class, type, answer, capacity);
}

INTERPOSED int res_querydomain(const char *name, const char *domain, int class, int type,
                               unsigned char *answer, int capacity) {
  if (!address_network())
    return REAL(res_querydomain)(name, domain, class, type, answer, capacity);
  WITH_OWN_STATE(res_nquerydomain, name, domain, class, type, answer, capacity);
}

ALSO_NAMED(__res_send, res_send)
ALSO_NAMED(__res_query, res_query)
ALSO_NAMED(__res_search, res_search)
ALSO_NAMED(__res_querydomain, res_querydomain)
