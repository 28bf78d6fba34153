/* SPDX-License-Identifier: MIT
 *
 * What the files of /proc/net say on a host of the simulated network, in the kernel's own formats
 * (proc(5)).
 */
#ifndef HARNESS_CLOCK_NETWORK_FILES_H
#define HARNESS_CLOCK_NETWORK_FILES_H

#include <stdio.h>

#include "harness/clock/network.h"

void network_file_dev(FILE *file, const struct network *network, int host);
void network_file_route(FILE *file, const struct network *network, int host);
void network_file_if_inet6(FILE *file, const struct network *network, int host);
void network_file_arp(FILE *file, const struct network *network, int host);

/* Sockets are the kernel's, in which those of all labs lie beside each other: none is listed. */
void network_file_tcp(FILE *file, const struct network *network, int host);
void network_file_tcp6(FILE *file, const struct network *network, int host);
void network_file_udp(FILE *file, const struct network *network, int host);
void network_file_udp6(FILE *file, const struct network *network, int host);

#endif
