/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: any bytes as the answer of a DNS server. What was read must keep what dns_answer.h
 * says.
 */
#include <stdlib.h>
#include <string.h>

#include "ua/dns_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(const struct dns_answer *answer) {
  if (answer->count > DNS_RECORDS_MAX || (answer->outcome == DNS_RECORDS) != (answer->count > 0))
    abort();
  if (answer->outcome != DNS_RECORDS && !*answer->reason)
    abort();
  for (size_t i = 0; i < answer->count; i++)
    if (!memchr(answer->records[i].target, '\0', DNS_NAME_SIZE))
      abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static struct dns_answer answer;
  static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_SRV};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    dns_answer_parse(&answer, bytes, size, "_sip._udp.example.com", types[i]);
    check(&answer);
  }
  return 0;
}
