/* SPDX-License-Identifier: MIT
 *
 * The hosts of a lab and their addresses.
 */
#include "harness/lab/hosts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"

/* One network (third octet) for each kind, numbers from 1. */
enum { HOSTS_OF_KIND_MAX = 250, HOST_KINDS = HOST_PHONE + 1 };

struct host {
  char name[EVENT_HOST_SIZE];
  char text[ADDRESS_TEXT_SIZE]; /* its address without port */
  struct sockaddr_storage address;
};

struct hosts {
  unsigned block;
  unsigned of_kind[HOST_KINDS];
  size_t count;
  struct host host[HOST_KINDS * HOSTS_OF_KIND_MAX];
};

int hosts_create(struct hosts **out, unsigned block) {
  struct hosts *hosts = calloc(1, sizeof *hosts);
  if (!hosts)
    return -1;
  hosts->block = block;
  *out = hosts;
  return 0;
}

void hosts_destroy(struct hosts *hosts) {
  free(hosts);
}

static const struct host *find(const struct hosts *hosts, const char *name) {
  for (size_t i = 0; i < hosts->count; i++)
    if (strcmp(hosts->host[i].name, name) == 0)
      return &hosts->host[i];
  return NULL;
}

/* Names stand in zones and SIP URIs, and as Lua identifiers. */
static bool is_name(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= EVENT_HOST_SIZE || !isalpha((unsigned char)name[0]))
    return false;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
      return false;
  return true;
}

int hosts_add(struct hosts *hosts, enum host_kind kind, const char *name,
              struct sockaddr_storage *address, struct error *error) {
  if (!is_name(name))
    return error_set(
        error,
        "\"%s\" can't be the name of a host: a letter, then letters, digits, _ or -, %d at most",
        name, EVENT_HOST_SIZE - 1);
  if (find(hosts, name))
    return error_set(error, "there are two hosts named \"%s\"", name);
  if (hosts->of_kind[kind] == HOSTS_OF_KIND_MAX)
    return error_set(error, "\"%s\": a lab has room for %d hosts of a kind", name,
                     HOSTS_OF_KIND_MAX);
  struct host *host = &hosts->host[hosts->count];
  snprintf(host->name, sizeof host->name, "%s", name);
  snprintf(host->text, sizeof host->text, "127.%u.%u.%u", hosts->block, (unsigned)kind,
           hosts->of_kind[kind] + 1);
  if (address_parse(&host->address, host->text, kind == HOST_DNS ? HOSTS_DNS_PORT : HOSTS_SIP_PORT,
                    error))
    return -1;
  hosts->of_kind[kind]++;
  hosts->count++;
  *address = host->address;
  return 0;
}

const char *hosts_name(const struct hosts *hosts, const struct sockaddr_storage *address) {
  for (size_t i = 0; i < hosts->count; i++)
    if (address_equal_host(&hosts->host[i].address, address))
      return hosts->host[i].name;
  return NULL;
}

/* The host whose address stands at `text`, not followed by another digit. */
static const struct host *host_at(const struct hosts *hosts, const char *text) {
  for (size_t i = 0; i < hosts->count; i++) {
    size_t length = strlen(hosts->host[i].text);
    if (strncmp(text, hosts->host[i].text, length) == 0 && !isdigit((unsigned char)text[length]))
      return &hosts->host[i];
  }
  return NULL;
}

char *hosts_canonical_text(const struct hosts *hosts, const char *text) {
  /* A name is at most EVENT_HOST_SIZE long, an address at least 9. */
  char *out = malloc(strlen(text) * (EVENT_HOST_SIZE / 9 + 1) + 1);
  if (!out)
    return NULL;
  size_t length = 0;
  while (*text) {
    const struct host *host = strncmp(text, "127.", 4) == 0 ? host_at(hosts, text) : NULL;
    if (host) {
      memcpy(out + length, host->name, strlen(host->name));
      length += strlen(host->name);
      text += strlen(host->text);
    } else {
      out[length++] = *text++;
    }
  }
  out[length] = '\0';
  return out;
}
