/* SPDX-License-Identifier: MIT
 *
 * The parameter Proxy: a host with a port or without, and, for phones that are to do without the
 * DNS, the records that it would give (Cisco's books: "a statically-configured DNS SRV record or
 * DNS A record", CISCO-SRV-9):
 *
 *   value      host[:port] [ :SRV=srv{|srv} | :A=address{,address} ]
 *   srv        host[:port]{:p=priority | :w=weight | :A=address{,address}}
 *
 *   example.com:SRV=p1.example.com:5060:p=1:A=192.0.2.1,192.0.2.2|p2.example.com:p=2:A=192.0.2.3
 *
 * An IPv6 address stands in brackets. The priority is 0 and the weight 1 unless given, the port
 * that of the transport. A host without addresses is asked for in the DNS. Blanks may stand around
 * `|` and `,`. The books that were read give `srv` and its defaults, but not the lead-in `:SRV=`,
 * which is recalled; and one of them writes `:weight` where the others have `w=`, which is what is
 * read.
 */
#ifndef UA_PROXY_H
#define UA_PROXY_H

#include "ua/error.h"
#include "ua/servers.h"

struct proxy {
  char host[DNS_NAME_SIZE];
  uint16_t port; /* 0: none was given */
  /* The static records, in the order in which they stand; without transports and ranks. */
  struct server servers[SRV_RECORDS_MAX];
  size_t server_count;
};

/* Returns 0, or -1 with a text that says what is wrong; `*out` is untouched then. */
int proxy_parse(struct proxy *out, const char *text, struct phone_error *error);

#endif
