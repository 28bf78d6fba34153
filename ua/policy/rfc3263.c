/* SPDX-License-Identifier: MIT
 *
 * Profile rfc3263: a phone that does what the RFCs say and nothing more, under the same parameter
 * names.
 *
 * RFC 3263 section 4 has the procedures done once for each transaction; section 4.3 says what a
 * failure is (503, a transport failure, a timeout without any response) and that the request then
 * goes to the next element of the list. It knows no lasting DOWN state: so each new request starts
 * at the top of the list again, dead or not; only a server that answered 503 with Retry-After is
 * left out for that time (RFC 3261 section 21.5.4). There is no fallback timer: the next request is
 * the fallback.
 */
#include "ua/policy/policy.h"

/* RFC 3261 section 10.2.4 wants a refresh before the expiry and leaves the time open. Ours: early
 * enough for one server to time out and the next one to be registered with; a short registration at
 * its half. */
static int64_t refresh_after_ms(int64_t expires_s, int64_t timer_f_ms) {
  int64_t expires_ms = expires_s * 1000;
  return expires_ms > 2 * timer_f_ms ? expires_ms - timer_f_ms : expires_ms / 2;
}

static int64_t never(int64_t expires_s, int64_t fallback_s, bool registers) {
  (void)expires_s;
  (void)fallback_s;
  (void)registers;
  return 0;
}

/* RFC 3263 section 4.3. */
static bool is_failover_status(const struct global_parameters *parameters, int status) {
  (void)parameters;
  return status == 503;
}

/* RFC 3261 section 17: B and F are 64*T1, D is at least 32 s over UDP; RFC 3263: SRV with its
 * prefix. SIP Transport stays UDP, as if the URI said it; AUTO is the procedure with NAPTR. DNS
 * servers are asked one after another, like resolvers do. */
static const struct parameter_default DEFAULTS[] = {
    {"SIP Timer B", "32"},
    {"SIP Timer F", "32"},
    {"SIP Timer D", "32"},
    {"Use DNS SRV", "Yes"},
    {"DNS SRV Auto Prefix", "Yes"},
    {"DNS Query Mode", "Sequential"},
    {"Proxy Fallback Intvl", "0"},
    {"Auto Register When Failover", "No"},
    {NULL, NULL},
};

const struct policy policy_rfc3263 = {
    .profile = "rfc3263",
    .variant = "rfc3263",
    .defaults = DEFAULTS,
    .keeps_to_one_service = true,
    .orders_by_rfc6724 = true,
    .refresh_after_ms = refresh_after_ms,
    .fallback_after_ms = never,
    .is_failover_status = is_failover_status,
};
