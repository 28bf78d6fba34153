/* SPDX-License-Identifier: MIT
 *
 * Transport addresses (IPv4 or IPv6, with a port) and their text form: `192.0.2.1:5060`,
 * `[2001:db8::1]:5060`. Names are never resolved here.
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/error.h"

/* INET6_ADDRSTRLEN, brackets, colon, five digits. */
#define ADDRESS_TEXT_SIZE 64

/* Reads `A.B.C.D[:PORT]`, `[V6]:PORT`, `[V6]` or `V6`. A missing port becomes `default_port`.
 * Returns 0, or -1 with the text filled in; `*out` is untouched then. */
int address_parse(struct sockaddr_storage *out, const char *text, uint16_t default_port,
                  struct error *error);

/* Writes the text form with the port into `text` (ADDRESS_TEXT_SIZE bytes) and returns it.
 * An address of another family (AF_UNSPEC: none) gives "-". */
const char *address_format(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_SIZE]);

/* The same without port and brackets: `192.0.2.1`, `2001:db8::1`. */
const char *address_format_host(const struct sockaddr_storage *address,
                                char text[ADDRESS_TEXT_SIZE]);

/* Port in host byte order; 0 for an address of another family. */
uint16_t address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, uint16_t port);

/* Same family, host and port. */
bool address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* Same family and host; ports may differ. */
bool address_equal_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

/* The length that bind() and sendto() want for this family; 0 for an address of another family. */
socklen_t address_length(const struct sockaddr_storage *address);

#endif
