/* SPDX-License-Identifier: MIT
 *
 * Profile cisco-mpp: Cisco IP Phone 6800/7800/8800 with multiplatform firmware, and the Linksys and
 * Cisco SPA phones before them. The books contradict each other on the time of the fallback
 * (catalogue, X1 and X2); each reading is a variant:
 *
 *   11.3                    release 11.3(1) and later, UDP: at the first refresh of the
 * registration that comes Proxy Fallback Intvl or more after the failure (CISCO-FB-1)
 *   fallback-either         8800 guide before 11.3: when the registration expires or Proxy Fallback
 * Intvl fires, whichever is first (CISCO-FB-3) fallback-register-only  newer books, Auto Register
 * When Failover=Yes: only a REGISTER that comes after Proxy Fallback Intvl brings the phone back:
 * ceil(PFI/E)*E (CISCO-FB-4)
 */
#include "ua/policy/policy.h"

/* CISCO-REG-9: 78 % of (E - Timer F) after the last REGISTER, in all variants; only the 11.3 book
 * says it. A registration that isn't longer than Timer F leaves nothing of that: it is refreshed at
 * its half. */
static int64_t refresh_after_ms(int64_t expires_s, int64_t timer_f_ms) {
  int64_t left_ms = expires_s * 1000 - timer_f_ms;
  return left_ms > 0 ? left_ms * 78 / 100 : expires_s * 500;
}

/* CISCO-FO-2: only codes of Try Backup RSC; a blank list has none. */
static bool is_failover_status(const struct global_parameters *parameters, int status) {
  return code_list_matches(parameters->try_backup_rsc, status);
}

static int64_t never(int64_t expires_s, int64_t fallback_s, bool registers) {
  (void)expires_s;
  (void)fallback_s;
  (void)registers;
  return 0;
}

/* CISCO-FB-3: min(E, PFI). PFI 0 turns the fallback off (catalogue, X4). */
static int64_t fallback_either_ms(int64_t expires_s, int64_t fallback_s, bool registers) {
  (void)registers;
  if (fallback_s == 0)
    return 0;
  return (expires_s < fallback_s ? expires_s : fallback_s) * 1000;
}

/* CISCO-FB-4: ceil(PFI/E)*E. Without Auto Register When Failover as soon as PFI is over
 * (CISCO-FB-5). */
static int64_t fallback_register_only_ms(int64_t expires_s, int64_t fallback_s, bool registers) {
  if (!registers || expires_s <= 0)
    return fallback_s * 1000;
  return (fallback_s + expires_s - 1) / expires_s * expires_s * 1000;
}

/* CISCO-SRV, tables 2.1 and 2.2: the table of parameters has the phones' own defaults. */
static const struct parameter_default DEFAULTS[] = {{NULL, NULL}};

const struct policy policy_cisco_mpp_11_3 = {
    .profile = "cisco-mpp",
    .variant = "11.3",
    .defaults = DEFAULTS,
    .keeps_server = true,
    .falls_back_at_refresh = true,
    .refresh_after_ms = refresh_after_ms,
    .fallback_after_ms = never,
    .is_failover_status = is_failover_status,
};

const struct policy policy_cisco_mpp_either = {
    .profile = "cisco-mpp",
    .variant = "fallback-either",
    .defaults = DEFAULTS,
    .keeps_server = true,
    .refresh_after_ms = refresh_after_ms,
    .fallback_after_ms = fallback_either_ms,
    .is_failover_status = is_failover_status,
};

const struct policy policy_cisco_mpp_register_only = {
    .profile = "cisco-mpp",
    .variant = "fallback-register-only",
    .defaults = DEFAULTS,
    .keeps_server = true,
    .refresh_after_ms = refresh_after_ms,
    .fallback_after_ms = fallback_register_only_ms,
    .is_failover_status = is_failover_status,
};
