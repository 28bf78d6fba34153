/* SPDX-License-Identifier: MIT
 *
 * Reading the `phone` object of docs/phone-control.md. Example:
 *
 *   {"profile":"cisco-mpp","network":{"address":"192.0.2.20:5060","dns":["192.0.2.53:53"]},
 *    "lines":[{"User ID":"alice","Proxy":"example.com"}],"global":{"SIP Timer F":16},"seed":7}
 */
#include <string.h>

#include "ua/phone.h"

/* Cisco's RTP Port Min; nobody listens there. */
#define RTP_PORT 16384

/* JSON numbers are exact up to here. */
#define SEED_MAX 9007199254740992.0

/* Refuses a member that `names` (comma-separated, with commas at both ends) doesn't have. */
static int check_members(const cJSON *object, const char *what, const char *names,
                         struct phone_error *error) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    char pattern[64];
    int length = snprintf(pattern, sizeof pattern, ",%s,", item->string);
    if (length < 0 || (size_t)length >= sizeof pattern || !strstr(names, pattern))
      return phone_error_set(error, "unknown member \"%.100s\" of %s: allowed are %.*s",
                             item->string, what, (int)strlen(names) - 2, names + 1);
  }
  return 0;
}

static const char *text_member(const cJSON *object, const char *name) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int add_dns_server(struct phone_configuration *out, const char *text,
                          struct phone_error *error) {
  struct target_address address;
  if (!text || !target_address_parse(&address, text, 53))
    return phone_error_set(
        error, "network.dns has \"%.100s\": allowed are numeric addresses with a port or without",
        text ? text : "no text");
  for (size_t i = 0; i < out->dns_count; i++)
    if (target_address_equal(&out->dns[i], &address))
      return 0;
  if (out->dns_count == RESOLVER_SERVERS_MAX)
    return phone_error_set(error, "more than %d DNS servers", RESOLVER_SERVERS_MAX);
  out->dns[out->dns_count++] = address;
  return 0;
}

/* Primary DNS and Secondary DNS, of which the latter has no sense without the former. */
static int add_manual_dns(struct phone_configuration *out, struct phone_error *error) {
  const struct global_parameters *global = &out->global;
  if (*global->primary_dns && add_dns_server(out, global->primary_dns, error) < 0)
    return -1;
  return *global->secondary_dns ? add_dns_server(out, global->secondary_dns, error) : 0;
}

/* DNS Server Order (CISCO-SRV-12): the servers of the parameters are the manual ones, those of
 * `network` stand for DHCP's. Comes after the parameters. */
static int read_dns(struct phone_configuration *out, const cJSON *servers,
                    struct phone_error *error) {
  const cJSON *item;
  int order = out->global.dns_server_order;
  if (servers && !cJSON_IsArray(servers))
    return phone_error_set(error, "network.dns must be an array of addresses");
  if (order != DNS_DHCP_MANUAL && add_manual_dns(out, error) < 0)
    return -1;
  cJSON_ArrayForEach(item, servers) {
    if (order != DNS_MANUAL && add_dns_server(out, cJSON_GetStringValue(item), error) < 0)
      return -1;
  }
  return order == DNS_DHCP_MANUAL ? add_manual_dns(out, error) : 0;
}

static int add_address(struct phone_configuration *out, const char *text,
                       struct phone_error *error) {
  struct target_address address;
  if (!text || !target_address_parse(&address, text, 5060))
    return phone_error_set(
        error,
        "network.address is \"%.100s\": allowed is a numeric address, with a port or without",
        text ? text : "");
  for (size_t i = 0; i < out->address_count; i++)
    if (out->addresses[i].any.sa_family == address.any.sa_family)
      return phone_error_set(error, "network.address has more than one address of a family");
  out->addresses[out->address_count++] = address;
  return 0;
}

/* One address, or one of each family in an array, the main one first. */
static int read_addresses(struct phone_configuration *out, const cJSON *addresses,
                          struct phone_error *error) {
  const cJSON *item;
  if (!cJSON_IsArray(addresses) || !addresses->child)
    return add_address(out, cJSON_GetStringValue(addresses), error);
  cJSON_ArrayForEach(item, addresses) {
    if (add_address(out, cJSON_GetStringValue(item), error) < 0)
      return -1;
  }
  return 0;
}

static int read_network(struct phone_configuration *out, const cJSON *network,
                        struct phone_error *error) {
  const cJSON *rtp = cJSON_GetObjectItemCaseSensitive(network, "rtp_port");
  if (!cJSON_IsObject(network))
    return phone_error_set(error, "\"network\" is missing");
  if (check_members(network, "network", ",address,dns,rtp_port,", error) < 0)
    return -1;
  if (read_addresses(out, cJSON_GetObjectItemCaseSensitive(network, "address"), error) < 0)
    return -1;
  out->rtp_port = RTP_PORT;
  if (rtp && (!cJSON_IsNumber(rtp) || rtp->valuedouble < 1 || rtp->valuedouble > 65535))
    return phone_error_set(error, "network.rtp_port must be a number from 1 to 65535");
  if (rtp)
    out->rtp_port = (uint16_t)rtp->valuedouble;
  return 0;
}

static int read_line(struct phone_configuration *out, const cJSON *item,
                     struct phone_error *error) {
  struct line_parameters *line = &out->lines[out->line_count];
  struct global_parameters unused;
  struct proxy proxy;
  unsigned number = out->line_count + 1;
  if (out->line_count == LINES_MAX)
    return phone_error_set(error, "more than %d lines", LINES_MAX);
  if (!cJSON_IsObject(item))
    return phone_error_set(error, "line %u must be an object", number);
  parameters_set_defaults(line, &unused, out->policy->defaults);
  if (parameters_set(line, PARAMETER_LINE, item, error) < 0)
    return phone_error_prefix(error, "line %u: ", number);
  if (!*line->user_id)
    return phone_error_set(error, "line %u: \"User ID\" is missing", number);
  if (proxy_parse(&proxy, line->proxy, error) < 0)
    return phone_error_prefix(error, "line %u: \"Proxy\" is \"%.200s\": ", number, line->proxy);
  if (!line_transports(line->sip_transport))
    return phone_error_set(error, "line %u: \"SIP Transport\" is %s: this phone speaks UDP only",
                           number, sip_transport_name((enum sip_transport)line->sip_transport));
  out->line_count++;
  return 0;
}

static int read_lines(struct phone_configuration *out, const cJSON *lines,
                      struct phone_error *error) {
  const cJSON *item;
  if (!cJSON_IsArray(lines) || !lines->child)
    return phone_error_set(error, "\"lines\" must be an array with at least one line");
  cJSON_ArrayForEach(item, lines) {
    if (read_line(out, item, error) < 0)
      return -1;
  }
  return 0;
}

static int read_seed(struct phone_configuration *out, const cJSON *seed,
                     struct phone_error *error) {
  if (!seed) {
    out->seed = phone_random_system_seed();
    return 0;
  }
  if (!cJSON_IsNumber(seed) || !(seed->valuedouble >= 0 && seed->valuedouble <= SEED_MAX))
    return phone_error_set(error, "\"seed\" must be a whole number from 0 to 2^53");
  out->seed = (uint64_t)seed->valuedouble;
  return 0;
}

static int read_policy(struct phone_configuration *out, const cJSON *object,
                       struct phone_error *error) {
  const char *profile = text_member(object, "profile");
  const cJSON *variant = cJSON_GetObjectItemCaseSensitive(object, "variant");
  if (!profile)
    return phone_error_set(error, "\"profile\" is missing");
  if (variant && !cJSON_IsString(variant))
    return phone_error_set(error, "\"variant\" must be text");
  out->policy = policy_find(profile, cJSON_GetStringValue(variant), error);
  return out->policy ? 0 : -1;
}

/* The parameters of all lines and the global ones. */
static int read_parameters(struct phone_configuration *out, const cJSON *lines, const cJSON *global,
                           struct phone_error *error) {
  struct line_parameters unused;
  if (global && !cJSON_IsObject(global))
    return phone_error_set(error, "\"global\" must be an object");
  parameters_set_defaults(&unused, &out->global, out->policy->defaults);
  if (parameters_set(&out->global, PARAMETER_GLOBAL, global, error) < 0)
    return -1;
  return read_lines(out, lines, error);
}

/* All parameters of a phone with one line in one object. */
static int read_config(struct phone_configuration *out, const cJSON *config,
                       struct phone_error *error) {
  cJSON *lines = cJSON_CreateArray(), *line = cJSON_CreateObject(), *global = cJSON_CreateObject();
  int result = -1;
  if (!lines || !line || !global || !cJSON_AddItemToArray(lines, line))
    phone_error_set(error, "out of memory");
  else if (!cJSON_IsObject(config))
    phone_error_set(error, "\"config\" must be an object");
  else if (parameters_split(config, line, global, error) == 0)
    result = read_parameters(out, lines, global, error);
  cJSON_Delete(lines);
  cJSON_Delete(global);
  return result;
}

int phone_configure(struct phone_configuration *out, const cJSON *object,
                    struct phone_error *error) {
  struct phone_configuration configuration = {0};
  const cJSON *config = cJSON_GetObjectItemCaseSensitive(object, "config");
  const cJSON *lines = cJSON_GetObjectItemCaseSensitive(object, "lines");
  const cJSON *global = cJSON_GetObjectItemCaseSensitive(object, "global");
  const cJSON *network = cJSON_GetObjectItemCaseSensitive(object, "network");
  if (!cJSON_IsObject(object))
    return phone_error_set(error, "\"phone\" must be an object");
  if (config && (lines || global))
    return phone_error_set(error,
                           "\"config\" stands for \"lines\" and \"global\": give one or the other");
  if (check_members(object, "phone", ",profile,variant,network,config,lines,global,seed,", error) <
          0 ||
      read_policy(&configuration, object, error) < 0 ||
      read_network(&configuration, network, error) < 0 ||
      read_seed(&configuration, cJSON_GetObjectItemCaseSensitive(object, "seed"), error) < 0)
    return -1;
  if ((config ? read_config(&configuration, config, error)
              : read_parameters(&configuration, lines, global, error)) < 0 ||
      read_dns(&configuration, cJSON_GetObjectItemCaseSensitive(network, "dns"), error) < 0)
    return -1;
  *out = configuration;
  return 0;
}
