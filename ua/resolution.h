/* SPDX-License-Identifier: MIT
 *
 * From the name of a proxy to its target list: RFC 3263 sections 4.1 and 4.2 with the switches of a
 * desk phone (SIP Transport, Use DNS SRV, DNS SRV Auto Prefix).
 *
 *   static records     those that the parameter Proxy has (proxy.h); the DNS is asked only for
 * hosts without addresses numeric host       that address, no query explicit port      addresses of
 * the host (RFC 3263 section 4.2; the same in Cisco's books) Use DNS SRV        NAPTR, if the
 * transport isn't fixed (CISCO-SRV-4); SRV for each service that it names or, without NAPTR
 * records, for each transport; then the addresses of each target; without SRV records those of the
 * host, with the default port otherwise          addresses of the host; all have the same priority
 * (CISCO-SRV-5)
 *
 * Auto Prefix puts `_sip._udp.`, `_sip._tcp.` or `_sips._tcp.` in front (CISCO-SRV-6); without it
 * the proxy's name itself is the owner of the SRV records, and if that has one of the prefixes, it
 * says the transport. Where nothing says it, it is UDP (RFC 3263 section 4.1), or the first that
 * the phone has.
 *
 * The list is in the order of NAPTR, then SRV (CISCO-SRV-3); servers of one service that have the
 * same priority have one rank. A name for which the DNS gives nothing is left out and the others
 * serve. The list lives as long as the answers that it rests on, absence included.
 */
#ifndef UA_RESOLUTION_H
#define UA_RESOLUTION_H

#include "ua/proxy.h"
#include "ua/random.h"
#include "ua/resolver.h"
#include "ua/servers.h"

struct resolution;

/* What came out. `list` NULL: no target could be found; then `name` is the name that failed,
 * `reason` says why, and `is_dns_failure` whether that was for want of an answer, or the DNS said
 * that there is nothing. `is_stale`: the list rests on answers past their time. Valid during the
 * call. */
struct resolution_result {
  const struct target_list *list;
  const char *name;
  const char *reason;
  bool is_dns_failure, is_stale;
};

/* The resolution is gone when its handler is called. */
typedef void resolution_handler(void *context, const struct resolution_result *result);

struct resolution_options {
  struct resolver *resolver;    /* borrowed; NULL: only numeric hosts can be resolved */
  struct phone_random *weights; /* borrowed */
  const struct proxy *proxy;    /* borrowed until the end of the resolution */
  unsigned transports;          /* the set of those that may be used; not empty */
  bool use_naptr;
  bool use_srv, auto_prefix;

  /* Once a service is chosen no other is used: only the NAPTR records of one order and, without
   * them, only the first transport that has SRV records (RFC 3263 section 4.1). */
  bool keeps_to_one_service;

  struct target_order order;
  resolution_handler *handler;
  void *context;
};

/* Returns 0, or -1 when out of memory. Where no query is needed the handler is called before it
 * returns; otherwise later. `*out` is NULL once the handler has been called. */
int resolution_start(struct resolution **out, const struct resolution_options *options);

/* The handler won't be called. NULL is allowed. */
void resolution_cancel(struct resolution *resolution);

#endif
