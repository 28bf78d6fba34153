/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: a DNS answer as the preloaded library reads it in the place of the C library's
 * resolver. The name asked for is the one in the question, as it is when an answer gets that far.
 */
#include <resolv.h>
#include <stdint.h>
#include <stdlib.h>

#include "harness/clock/name_result.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(struct name_result *result) {
  for (size_t i = 0; i < result->count; i++)
    if (result->addresses[i].any.sa_family != AF_INET &&
        result->addresses[i].any.sa_family != AF_INET6)
      abort();
  if (result->count > 0 && !result->name)
    abort();
  name_result_clear(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char name[NS_MAXDNAME];
  struct name_result first = {0}, second = {0}, pointers = {0};
  if (size < NS_HFIXEDSZ || size > NS_MAXMSG ||
      dn_expand(bytes, bytes + size, bytes + NS_HFIXEDSZ, name, sizeof name) < 0)
    return 0;
  if (!name_result_read_addresses(&first, bytes, (int)size, ns_t_a, name) ||
      !name_result_read_addresses(&second, bytes, (int)size, ns_t_aaaa, name) ||
      !name_result_join(&first, &second) ||
      !name_result_read_pointers(&pointers, bytes, (int)size, name))
    abort(); /* out of memory */
  check(&first);
  name_result_clear(&second);
  check(&pointers);
  return 0;
}
