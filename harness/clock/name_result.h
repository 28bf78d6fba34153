/* SPDX-License-Identifier: MIT
 *
 * What is known of a host's name or address, collected from a table or from DNS answers.
 */
#ifndef HARNESS_CLOCK_NAME_RESULT_H
#define HARNESS_CLOCK_NAME_RESULT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

/* Names that lead to the canonical one (CNAME); more are left out, as in glibc. */
#define NAME_ALIASES_MAX 47

/* A name in its printed form: NS_MAXDNAME of <arpa/nameser.h>, which is NI_MAXHOST. */
#define NAME_SIZE 1025

/* An address of either family; the port is 0. */
union name_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

struct name_result {
  char *name;                          /* the canonical one */
  char *aliases[NAME_ALIASES_MAX + 1]; /* NULL-terminated */
  union name_address *addresses;
  size_t count;
};

/* Starts as {0}. */
void name_result_clear(struct name_result *result);

/* Each returns false when out of memory; then the result is to be cleared. `bytes` are 4 of IPv4 or
 * 16 of IPv6. */
bool name_result_set_name(struct name_result *result, const char *name);
bool name_result_add_address(struct name_result *result, int family, const void *bytes);

/* Too many are left out. */
bool name_result_add_alias(struct name_result *result, const char *name);

/* The name so far becomes an alias of `name`. */
bool name_result_follow_alias(struct name_result *result, const char *name);

/* Appends the addresses of `more`; the first of several that has any gives the names. Both are to
 * be cleared after. */
bool name_result_join(struct name_result *result, struct name_result *more);

/* DNS answers, read in their order as glibc's nss_dns reads them: an alias counts when it belongs
 * to the name asked for or the alias before, an address when it belongs to the last of them. What
 * is malformed ends the reading; what came before it counts. */

/* `type` is A or AAAA; `result->name` is set to where the aliases of `name` lead. */
bool name_result_read_addresses(struct name_result *result, const unsigned char *answer, int length,
                                unsigned type, const char *name);

/* Names of the pointer record `owner`: the first is the name, further ones are aliases. */
bool name_result_read_pointers(struct name_result *result, const unsigned char *answer, int length,
                               const char *owner);

#endif
