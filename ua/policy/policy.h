/* SPDX-License-Identifier: MIT
 *
 * A profile: one vendor's rules for failover and fallback, as a table of values and the few
 * functions that differ. Target lists, transactions, registrations and calls are shared; what they
 * ask a policy stands here. Where official texts contradict each other, each reading is a variant,
 * that is: a policy of its own.
 */
#ifndef UA_POLICY_POLICY_H
#define UA_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "ua/error.h"
#include "ua/parameters.h"

struct policy {
  const char *profile;
  const char *variant;
  const struct parameter_default *defaults; /* where they differ from the table of parameters */

  /* Whether a request starts at the server in use as long as that is UP (a phone that keeps DOWN
   * marks), or at the top of the list each time. */
  bool keeps_server;

  /* Whether a service, once chosen, excludes the others (resolution.h), and whether the addresses
   * of a server are ordered by RFC 6724 instead of by SIP IP Preference. */
  bool keeps_to_one_service;
  bool orders_by_rfc6724;

  /* Whether fallback waits for a refresh of the registration instead of having a timer of its own.
   */
  bool falls_back_at_refresh;

  /* How long after a REGISTER was sent it is refreshed; `expires_s` is what the registrar granted.
   */
  int64_t (*refresh_after_ms)(int64_t expires_s, int64_t timer_f_ms);

  /* How long after the failover (the moment when the request was sent to the new server) the
   * preferred server is tried again; 0: never. `expires_s` is what the registrar granted,
   * `fallback_s` is Proxy Fallback Intvl, `registers` is Auto Register When Failover. */
  int64_t (*fallback_after_ms)(int64_t expires_s, int64_t fallback_s, bool registers);

  /* Whether a response with this status means that the server has failed. */
  bool (*is_failover_status)(const struct global_parameters *parameters, int status);
};

/* All of them; the first variant of a profile is its default. The list ends with NULL. */
extern const struct policy *const POLICIES[];

/* `variant` NULL: the profile's default. Returns NULL with a text that names what there is. */
const struct policy *policy_find(const char *profile, const char *variant,
                                 struct phone_error *error);

extern const struct policy policy_cisco_mpp_11_3;
extern const struct policy policy_cisco_mpp_either;
extern const struct policy policy_cisco_mpp_register_only;
extern const struct policy policy_rfc3263;

#endif
