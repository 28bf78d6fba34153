/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: any bytes as the answer of a DNS server. What was read must keep what dns_answer.h
 * says.
 */
#include <stdlib.h>
#include <string.h>

#include "ua/naptr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct dns_answer *answer) {
  if (answer->count > DNS_RECORDS_MAX || (answer->outcome == DNS_RECORDS) != (answer->count > 0))
    abort();
  if (answer->outcome != DNS_RECORDS && !*answer->reason)
    abort();
  if (answer->is_nxdomain && answer->outcome != DNS_NONE)
    abort();
  for (size_t i = 0; i < answer->count; i++) {
    const struct dns_record *record = &answer->records[i];
    if (!memchr(record->target, '\0', DNS_NAME_SIZE) ||
        !memchr(record->flags, '\0', NAPTR_FLAGS_SIZE) ||
        !memchr(record->service, '\0', NAPTR_SERVICE_SIZE))
      abort();
  }
  if (answer->ttl_s > INT32_MAX)
    abort();
}

/* What is chosen from the records, by either rule. */
static void check_services(const struct dns_answer *answer) {
  struct service services[NAPTR_RECORDS_MAX];
  size_t all = naptr_select(services, answer->records, answer->count, SIP_TRANSPORTS_ALL, false);
  size_t some = naptr_select(services, answer->records, answer->count, SIP_TRANSPORTS_ALL, true);
  if (all > NAPTR_RECORDS_MAX || some > all || (all > 0 && some == 0))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct dns_answer answer;
  static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    dns_answer_parse(&answer, bytes, size, "_sip._udp.example.com", types[i]);
    check(&answer);
    if (types[i] == DNS_NAPTR)
      check_services(&answer);
  }
  return 0;
}
