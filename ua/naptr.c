/* SPDX-License-Identifier: MIT
 *
 * NAPTR records (naptr.h).
 */
#include "ua/naptr.h"

#include <string.h>
#include <strings.h>

/* RFC 3263 section 9. SIP over SCTP ("SIP+D2S") is for no desk phone. */
static bool transport_of_service(const char *service, enum sip_transport *transport) {
  static const struct {
    const char *service;
    enum sip_transport transport;
  } known[] = {{"SIP+D2U", SIP_UDP}, {"SIP+D2T", SIP_TCP}, {"SIPS+D2T", SIP_TLS}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    /* RFC 3403 section 4.1: services are case-insensitive. */
    if (strcasecmp(service, known[i].service) == 0) {
      *transport = known[i].transport;
      return true;
    }
  }
  return false;
}

static bool read_service(const struct dns_record *record, unsigned transports,
                         struct service *service) {
  bool is_host = strcasecmp(record->flags, "a") == 0;
  if ((!is_host && strcasecmp(record->flags, "s") != 0) || record->has_regexp ||
      strcmp(record->target, ".") == 0 ||
      !transport_of_service(record->service, &service->transport) ||
      !(transports & SIP_TRANSPORT_BIT(service->transport)))
    return false;
  service->is_host = is_host;
  memcpy(service->name, record->target, sizeof service->name);
  return true;
}

static bool comes_before(const struct dns_record *a, const struct dns_record *b) {
  return a->order < b->order || (a->order == b->order && a->preference < b->preference);
}

/* The places of the records in ascending order; equal ones stay as they came. */
static void sort(const struct dns_record *records, size_t count,
                 const struct dns_record *sorted[DNS_RECORDS_MAX]) {
  for (size_t i = 0; i < count; i++) {
    size_t place = i;
    for (; place > 0 && comes_before(&records[i], sorted[place - 1]); place--)
      sorted[place] = sorted[place - 1];
    sorted[place] = &records[i];
  }
}

size_t naptr_select(struct service out[NAPTR_RECORDS_MAX], const struct dns_record *records,
                    size_t count, unsigned transports, bool keeps_to_one_order) {
  const struct dns_record *sorted[DNS_RECORDS_MAX];
  size_t used = 0;
  uint16_t order = 0;
  sort(records, count, sorted);
  for (size_t i = 0; i < count && i < NAPTR_RECORDS_MAX; i++) {
    if (used > 0 && keeps_to_one_order && sorted[i]->order != order)
      break;
    if (!read_service(sorted[i], transports, &out[used]))
      continue;
    order = sorted[i]->order;
    used++;
  }
  return used;
}
