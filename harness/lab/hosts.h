/* SPDX-License-Identifier: MIT
 *
 * The hosts of a lab and their addresses. Each host has one loopback address in the block of its
 * worker (127.BLOCK.NETWORK.NUMBER), so that workers don't meet. The block has three digits in
 * every worker, so that messages have the same length everywhere.
 */
#ifndef HARNESS_LAB_HOSTS_H
#define HARNESS_LAB_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/error.h"
#include "common/event.h"

#define HOSTS_BLOCK_FIRST 100
#define HOSTS_BLOCK_LAST 254

/* Ports that a host of a kind is reached at unless the scenario says otherwise. DNS is not at 53,
 * which an ordinary user can't open on loopback. */
#define HOSTS_SIP_PORT 5060
#define HOSTS_DNS_PORT 5300

/* The number is the third octet of the host's address. */
enum host_kind { HOST_DNS, HOST_PROXY, HOST_PHONE };

struct hosts;

int hosts_create(struct hosts **out, unsigned block);
void hosts_destroy(struct hosts *hosts);

/* Adds a host and gives it the next address of its kind. `*address` gets it, with the usual port of
 * the kind. Returns 0, or -1 with the text filled in: the name is taken or no name, or there are
 * too many. */
int hosts_add(struct hosts *hosts, enum host_kind kind, const char *name,
              struct sockaddr_storage *address, struct error *error);

/* The name of the host with this address (any port); NULL when there is none. */
const char *hosts_name(const struct hosts *hosts, const struct sockaddr_storage *address);

/* Replaces each address of a host in the text by the host's name: what is the same in every worker.
 * Free the result. NULL when out of memory. */
char *hosts_canonical_text(const struct hosts *hosts, const char *text);

#endif
