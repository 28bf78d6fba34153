/* SPDX-License-Identifier: MIT
 *
 * The parameter Proxy (proxy.h).
 */
#include "ua/proxy.h"

#include <stdlib.h>
#include <string.h>

/* Of names and numeric addresses; nothing that could end a URI or a header field. */
#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]"

/* Longest item of a list: a host, its port, and all of its addresses. */
#define ITEM_SIZE (DNS_NAME_SIZE + SERVER_ADDRESSES_MAX * TARGET_TEXT_SIZE)

static bool parse_number(const char *text, unsigned long *number) {
  char *rest;
  *number = strtoul(text, &rest, 10);
  return *text >= '0' && *text <= '9' && !*rest && *number <= UINT16_MAX;
}

/* Reads `host`, `host:port`, `[v6]`, `[v6]:port`. */
static bool parse_host(const char *text, char host[DNS_NAME_SIZE], uint16_t *port) {
  const char *end = *text == '[' ? strchr(text, ']') : NULL;
  end = end ? end + 1 : text + strcspn(text, ":");
  /* An IPv6 address without brackets has more than one colon and can't have a port. */
  if (*text != '[' && *end && strchr(end + 1, ':'))
    end = text + strlen(text);
  size_t length = (size_t)(end - text);
  unsigned long number = 0;
  if (length == 0 || length >= DNS_NAME_SIZE || (*end && *end != ':') ||
      strspn(text, HOST_CHARACTERS) < length)
    return false;
  if (*end == ':' && (!parse_number(end + 1, &number) || number == 0))
    return false;
  memcpy(host, text, length);
  host[length] = '\0';
  *port = (uint16_t)number;
  return true;
}

/* The next item up to `separator`, without blanks around it; brackets protect an IPv6 address.
 * `*list` is NULL after the last one. Returns false at the end of the list; and when the item is
 * too long, with `*list` still there. */
static bool next_item(const char **list, char separator, char item[ITEM_SIZE]) {
  const char *start = *list;
  if (!start)
    return false;
  const char *end = start;
  for (bool is_inside = false; *end && (is_inside || *end != separator); end++)
    is_inside = *end == '[' || (is_inside && *end != ']');
  const char *rest = *end ? end + 1 : NULL;
  start += strspn(start, " ");
  while (end > start && end[-1] == ' ')
    end--;
  if ((size_t)(end - start) >= ITEM_SIZE)
    return false;
  *list = rest;
  memcpy(item, start, (size_t)(end - start));
  item[end - start] = '\0';
  return true;
}

static bool parse_addresses(struct server *server, const char *list) {
  char item[ITEM_SIZE];
  while (next_item(&list, ',', item)) {
    struct target_address address;
    if (!target_address_parse(&address, item, 0) || target_address_port(&address) != 0 ||
        !server_add_address(server, &address))
      return false;
  }
  return !list && server->address_count > 0;
}

static bool parse_member(struct server *server, const char *member) {
  unsigned long number = 0;
  if (strncmp(member, "A=", 2) == 0)
    return server->address_count == 0 && parse_addresses(server, member + 2);
  bool is_priority = strncmp(member, "p=", 2) == 0, is_weight = strncmp(member, "w=", 2) == 0;
  bool is_port = !is_priority && !is_weight;
  if (!parse_number(is_port ? member : member + 2, &number))
    return false;
  if (is_priority)
    server->priority = (uint16_t)number;
  else if (is_weight)
    server->weight = (uint16_t)number;
  else if (server->port || number == 0)
    return false;
  else
    server->port = (uint16_t)number;
  return true;
}

static bool parse_server(struct server *server, const char *text) {
  char item[ITEM_SIZE];
  uint16_t port;
  *server = (struct server){.weight = 1};
  if (!next_item(&text, ':', item) || !parse_host(item, server->name, &port))
    return false;
  while (next_item(&text, ':', item))
    if (!parse_member(server, item))
      return false;
  return !text;
}

static int parse_list(struct proxy *proxy, const char *list, struct phone_error *error) {
  char item[ITEM_SIZE];
  while (next_item(&list, '|', item)) {
    if (proxy->server_count == SRV_RECORDS_MAX)
      return phone_error_set(error, "more than %d servers", SRV_RECORDS_MAX);
    if (!parse_server(&proxy->servers[proxy->server_count++], item))
      return phone_error_set(error,
                             "\"%.200s\" is no server: allowed is host[:port][:p=priority]"
                             "[:w=weight][:A=address,…]",
                             item);
  }
  return list ? phone_error_set(error, "an item of the list is too long") : 0;
}

int proxy_parse(struct proxy *out, const char *text, struct phone_error *error) {
  struct proxy proxy = {.server_count = 0};
  char host[ITEM_SIZE];
  const char *list = strstr(text, ":SRV=");
  const char *addresses = list ? NULL : strstr(text, ":A=");
  size_t length = list        ? (size_t)(list - text)
                  : addresses ? (size_t)(addresses - text)
                              : strlen(text);
  bool fits = length < sizeof host;
  if (fits) {
    memcpy(host, text, length);
    host[length] = '\0';
  }
  if (!fits || !parse_host(host, proxy.host, &proxy.port))
    return phone_error_set(error, "allowed is a host name or address, with a port or without");
  if (list && parse_list(&proxy, list + strlen(":SRV="), error) < 0)
    return -1;
  if (addresses) {
    struct server *server = &proxy.servers[proxy.server_count++];
    *server = (struct server){.port = proxy.port, .weight = 1};
    memcpy(server->name, proxy.host, sizeof server->name);
    if (!parse_addresses(server, addresses + strlen(":A=")))
      return phone_error_set(error,
                             "\"%.200s\": allowed are numeric addresses without ports, "
                             "separated by commas",
                             addresses + strlen(":A="));
  }
  *out = proxy;
  return 0;
}
