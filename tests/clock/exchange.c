/* SPDX-License-Identifier: MIT
 *
 * An exchange of messages between two hosts among many that wait (exchange.h).
 */
#include "tests/clock/exchange.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static void add_host(struct network *network, const char *name, uint32_t v4) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(v4)};
  if (network_add_address(network, network_add_host(network, name), (struct sockaddr *)&address))
    abort();
}

static unsigned idle_hosts; /* of the next lab */

void exchange_network(struct clock_lab *lab) {
  struct network *network = &lab->segment->network;
  network_init(network, lab_block());
  add_host(network, "ping", 0x0a000001);
  add_host(network, "pong", 0x0a000002);
  add_host(network, "proxy", 0x0a000003);
  for (uint32_t i = 1; i <= idle_hosts; i++) {
    char name[16];
    snprintf(name, sizeof name, "idle%u", (unsigned)i);
    add_host(network, name, 0x0a000100 + i);
  }
}

struct lab_result exchange_run(unsigned messages, unsigned idle) {
  char texts[2][12];
  idle_hosts = idle;
  snprintf(texts[0], sizeof texts[0], "%u", messages);
  snprintf(texts[1], sizeof texts[1], "%u", idle);
  return lab_run(&(struct lab_options){.seed = 1, .prepare = exchange_network},
                 ARGUMENTS("exchange", texts[0], texts[1]));
}
