/* SPDX-License-Identifier: MIT
 *
 * Addresses (address.h).
 */
#include "ua/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *sip_transport_name(enum sip_transport transport) {
  switch (transport) {
  case SIP_UDP:
    return "UDP";
  case SIP_TCP:
    return "TCP";
  case SIP_TLS:
    return "TLS";
  }
  return "?";
}

uint16_t sip_transport_port(enum sip_transport transport) {
  return transport == SIP_TLS ? 5061 : 5060;
}

enum sip_transport sip_transport_first(unsigned transports) {
  enum sip_transport transport = SIP_UDP;
  while (transport < SIP_TLS && !(transports & SIP_TRANSPORT_BIT(transport)))
    transport++;
  return transport;
}

/* Reads `:PORT` or nothing. */
static bool parse_port(const char *text, uint16_t default_port, uint16_t *port) {
  *port = default_port;
  if (!*text)
    return true;
  if (*text != ':' || text[1] < '0' || text[1] > '9')
    return false;
  char *end;
  unsigned long number = strtoul(text + 1, &end, 10);
  *port = (uint16_t)number;
  return !*end && number > 0 && number <= UINT16_MAX;
}

static bool parse_v6(struct target_address *out, const char *text, uint16_t default_port) {
  char host[INET6_ADDRSTRLEN];
  uint16_t port = default_port;
  const char *close = *text == '[' ? strchr(text, ']') : NULL;
  const char *start = close ? text + 1 : text;
  size_t length = close ? (size_t)(close - start) : strlen(start);
  if ((*text == '[' && !close) || length >= sizeof host)
    return false;
  if (close && !parse_port(close + 1, default_port, &port))
    return false;
  memcpy(host, start, length);
  host[length] = '\0';
  struct target_address address = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
  if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) != 1)
    return false;
  *out = address;
  return true;
}

bool target_address_parse(struct target_address *out, const char *text, uint16_t default_port) {
  char host[INET_ADDRSTRLEN];
  size_t length = strcspn(text, ":");
  uint16_t port;
  if (length >= sizeof host)
    return parse_v6(out, text, default_port);
  memcpy(host, text, length);
  host[length] = '\0';
  struct target_address address = {.v4 = {.sin_family = AF_INET}};
  if (inet_pton(AF_INET, host, &address.v4.sin_addr) != 1)
    return parse_v6(out, text, default_port);
  if (!parse_port(text + length, default_port, &port))
    return false;
  address.v4.sin_port = htons(port);
  *out = address;
  return true;
}

void target_address_set_port(struct target_address *address, uint16_t port) {
  if (address->any.sa_family == AF_INET6)
    address->v6.sin6_port = htons(port);
  else
    address->v4.sin_port = htons(port);
}

bool target_address_equal(const struct target_address *a, const struct target_address *b) {
  if (a->any.sa_family != b->any.sa_family || a->transport != b->transport)
    return false;
  if (a->any.sa_family == AF_INET6)
    return a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
  return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

uint16_t target_address_port(const struct target_address *address) {
  return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

const char *target_address_host(const struct target_address *address, char text[TARGET_TEXT_SIZE]) {
  if (address->any.sa_family == AF_INET6) {
    char host[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
    snprintf(text, TARGET_TEXT_SIZE, "[%s]", host);
  } else {
    inet_ntop(AF_INET, &address->v4.sin_addr, text, TARGET_TEXT_SIZE);
  }
  return text;
}

const char *target_address_format(const struct target_address *address,
                                  char text[TARGET_TEXT_SIZE]) {
  target_address_host(address, text);
  size_t length = strlen(text);
  snprintf(text + length, TARGET_TEXT_SIZE - length, ":%u", target_address_port(address));
  return text;
}
