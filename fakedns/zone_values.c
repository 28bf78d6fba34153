/* SPDX-License-Identifier: MIT
 *
 * Single values of a master file. They are looked at before ldns reads the record, because ldns
 * names no token in its errors and takes 70000 for a port.
 */
#include "fakedns/zone_values.h"

#include <ctype.h>

/* RFC 2181 section 8: 31 bits. */
#define TTL_MAX UINT32_C(0x7fffffff)

/* How the usual types are written, for errors. */
static const struct {
  ldns_rr_type type;
  const char *usage;
} usages[] = {
    {LDNS_RR_TYPE_A, "A 192.0.2.1"},
    {LDNS_RR_TYPE_AAAA, "AAAA 2001:db8::1"},
    {LDNS_RR_TYPE_SRV, "SRV PRIORITY WEIGHT PORT TARGET"},
    {LDNS_RR_TYPE_NAPTR, "NAPTR ORDER PREFERENCE \"FLAGS\" \"SERVICE\" \"REGEXP\" REPLACEMENT"},
    {LDNS_RR_TYPE_CNAME, "CNAME NAME"},
    {LDNS_RR_TYPE_NS, "NS NAME"},
    {LDNS_RR_TYPE_PTR, "PTR NAME"},
    {LDNS_RR_TYPE_MX, "MX PREFERENCE NAME"},
    {LDNS_RR_TYPE_TXT, "TXT \"TEXT\""},
    {LDNS_RR_TYPE_SOA, "SOA SERVER MAILBOX SERIAL REFRESH RETRY EXPIRE MINIMUM"},
};

const char *zone_type_usage(ldns_rr_type type) {
  for (size_t i = 0; i < sizeof usages / sizeof usages[0]; i++)
    if (usages[i].type == type)
      return usages[i].usage;
  return "TYPE VALUE…, as the RFC of that type has it";
}

bool zone_read_ttl(const char *text, uint32_t *ttl) {
  static const struct {
    char letter;
    uint32_t seconds;
  } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
  uint64_t total = 0;
  do {
    uint64_t part = 0;
    if (!isdigit((unsigned char)*text))
      return false;
    for (; isdigit((unsigned char)*text); text++)
      if ((part = part * 10 + (uint64_t)(*text - '0')) > TTL_MAX)
        return false;
    size_t unit = 0;
    while (*text && unit < 5 && tolower((unsigned char)*text) != units[unit].letter)
      unit++;
    if (unit == 5)
      return false;
    if (*text)
      text++;
    total += part * units[unit].seconds;
    if (total > TTL_MAX)
      return false;
  } while (*text);
  *ttl = (uint32_t)total;
  return true;
}

static bool is_number(const char *text, uint64_t max) {
  uint64_t value = 0;
  if (!*text)
    return false;
  for (; *text; text++) {
    if (!isdigit((unsigned char)*text))
      return false;
    if ((value = value * 10 + (uint64_t)(*text - '0')) > max)
      return false;
  }
  return true;
}

const char *zone_wrong_value(ldns_rdf_type field, const char *text) {
  ldns_rdf *read = NULL;
  uint32_t period;
  const char *wanted;
  if (field == LDNS_RDF_TYPE_INT8)
    return is_number(text, UINT8_MAX) ? NULL : "a number from 0 to 255";
  if (field == LDNS_RDF_TYPE_INT16)
    return is_number(text, UINT16_MAX) ? NULL : "a number from 0 to 65535";
  if (field == LDNS_RDF_TYPE_INT32)
    return is_number(text, UINT32_MAX) ? NULL : "a number from 0 to 4294967295";
  if (field == LDNS_RDF_TYPE_PERIOD)
    return zone_read_ttl(text, &period) ? NULL : "a number of seconds (or 5m, 1h, 1d)";
  if (field == LDNS_RDF_TYPE_A)
    wanted = "an IPv4 address";
  else if (field == LDNS_RDF_TYPE_AAAA)
    wanted = "an IPv6 address";
  else
    return NULL;
  read = ldns_rdf_new_frm_str(field, text);
  ldns_rdf_deep_free(read);
  return read ? NULL : wanted;
}
