/* SPDX-License-Identifier: MIT
 *
 * Transport addresses and their text form. The grammar is in address.h; inet_pton decides what a
 * host is.
 */
#include "common/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Splits the text into host and port. Exactly one colon outside brackets starts a port; more are
 * IPv6. */
static int split_port(const char *text, char *host, size_t host_size, const char **port) {
  const char *end;
  *port = NULL;
  if (text[0] == '[') {
    end = strchr(++text, ']');
    if (!end || (end[1] != '\0' && end[1] != ':'))
      return -1;
    if (end[1] == ':')
      *port = end + 2;
  } else {
    const char *colon = strchr(text, ':');
    bool one_colon = colon && !strchr(colon + 1, ':');
    end = one_colon ? colon : text + strlen(text);
    if (one_colon)
      *port = colon + 1;
  }
  size_t length = (size_t)(end - text);
  if (length == 0 || length >= host_size)
    return -1;
  memcpy(host, text, length);
  host[length] = '\0';
  return 0;
}

static int parse_port(const char *text, uint16_t *port) {
  char *end;
  if (text[0] < '0' || text[0] > '9')
    return -1;
  unsigned long value = strtoul(text, &end, 10);
  if (*end != '\0' || value > UINT16_MAX)
    return -1;
  *port = (uint16_t)value;
  return 0;
}

int address_parse(struct sockaddr_storage *out, const char *text, uint16_t default_port,
                  struct error *error) {
  char host[INET6_ADDRSTRLEN];
  const char *port_text;
  uint16_t port = default_port;
  struct sockaddr_storage address = {0};
  if (split_port(text, host, sizeof host, &port_text))
    return error_set(error, "\"%s\" is not an address (192.0.2.1:5060 or [2001:db8::1]:5060)",
                     text);
  if (port_text && parse_port(port_text, &port))
    return error_set(error, "\"%s\": the port must be a number from 0 to 65535", text);
  struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
    address.ss_family = AF_INET;
  else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1)
    address.ss_family = AF_INET6;
  else
    return error_set(error, "\"%s\" is not an IPv4 or IPv6 address", text);
  address_set_port(&address, port);
  *out = address;
  return 0;
}

const char *address_format_host(const struct sockaddr_storage *address,
                                char text[ADDRESS_TEXT_SIZE]) {
  const void *host = NULL;
  if (address->ss_family == AF_INET)
    host = &((const struct sockaddr_in *)address)->sin_addr;
  else if (address->ss_family == AF_INET6)
    host = &((const struct sockaddr_in6 *)address)->sin6_addr;
  if (!host || !inet_ntop(address->ss_family, host, text, ADDRESS_TEXT_SIZE))
    snprintf(text, ADDRESS_TEXT_SIZE, "-");
  return text;
}

const char *address_format(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_SIZE]) {
  char host[ADDRESS_TEXT_SIZE];
  address_format_host(address, host);
  if (address->ss_family == AF_INET6)
    snprintf(text, ADDRESS_TEXT_SIZE, "[%.45s]:%u", host, address_port(address));
  else if (address->ss_family == AF_INET)
    snprintf(text, ADDRESS_TEXT_SIZE, "%.45s:%u", host, address_port(address));
  else
    snprintf(text, ADDRESS_TEXT_SIZE, "-");
  return text;
}

uint16_t address_port(const struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET)
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
  if (address->ss_family == AF_INET6)
    return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
  return 0;
}

void address_set_port(struct sockaddr_storage *address, uint16_t port) {
  if (address->ss_family == AF_INET)
    ((struct sockaddr_in *)address)->sin_port = htons(port);
  else if (address->ss_family == AF_INET6)
    ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

bool address_equal_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  if (a->ss_family != b->ss_family)
    return false;
  if (a->ss_family == AF_INET)
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
  if (a->ss_family == AF_INET6)
    return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                  &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
  return false;
}

bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b) {
  return address_equal_host(a, b) && address_port(a) == address_port(b);
}

socklen_t address_length(const struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET)
    return sizeof(struct sockaddr_in);
  if (address->ss_family == AF_INET6)
    return sizeof(struct sockaddr_in6);
  return 0;
}
