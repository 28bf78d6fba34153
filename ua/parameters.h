/* SPDX-License-Identifier: MIT
 *
 * The vendor's parameters: one table of the names that the phone honours, with their XML element,
 * default, range and scope (the catalogue's sections 2.1 and 2.2; Cisco's administration guides). A
 * name that isn't in the table is refused, because a scenario that sets it would believe that it
 * did something.
 */
#ifndef UA_PARAMETERS_H
#define UA_PARAMETERS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ua/error.h"

/* Host names are at most 253 characters; user names and code lists are shorter. */
#define PARAMETER_TEXT_SIZE 256

/* Twelve servers with an address or two (proxy.h). */
#define PARAMETER_PROXY_SIZE 1024

/* The choices of parameters that have some, in the order of the vendor's words in the table. */
enum transport_choice { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_AUTO };
enum redundancy_choice { REDUNDANCY_NORMAL, REDUNDANCY_BY_SRV_PORT };
enum ip_mode_choice { IP_MODE_DUAL, IP_MODE_V4, IP_MODE_V6 };
enum ip_preference_choice { IP_PREFERENCE_V4, IP_PREFERENCE_V6 };
enum dns_order_choice { DNS_MANUAL_DHCP, DNS_MANUAL, DNS_DHCP_MANUAL };
enum dns_mode_choice { DNS_PARALLEL, DNS_SEQUENTIAL };

struct line_parameters {
  bool line_enable;
  char user_id[PARAMETER_TEXT_SIZE];
  char proxy[PARAMETER_PROXY_SIZE]; /* proxy.h */
  bool do_register;
  bool make_call_without_reg;
  bool answer_call_without_reg;
  int64_t register_expires_s;
  bool use_dns_srv;
  bool dns_srv_auto_prefix;
  int64_t proxy_fallback_s;
  bool auto_register_when_failover;
  int sip_transport;           /* enum transport_choice */
  int proxy_redundancy_method; /* enum redundancy_choice */
};

struct global_parameters {
  int64_t t1_ms, t2_ms, t4_ms, timer_b_ms, timer_f_ms, timer_d_ms;
  int64_t invite_expires_s;
  int64_t reg_min_expires_s, reg_max_expires_s;
  int64_t reg_retry_s, reg_retry_long_s;
  int64_t reg_retry_random_s, reg_retry_long_random_s;
  int64_t reg_retry_cap_s;
  char try_backup_rsc[PARAMETER_TEXT_SIZE];
  char retry_reg_rsc[PARAMETER_TEXT_SIZE];
  int64_t max_forward;
  int ip_mode;           /* enum ip_mode_choice */
  int sip_ip_preference; /* enum ip_preference_choice */
  char primary_dns[PARAMETER_TEXT_SIZE], secondary_dns[PARAMETER_TEXT_SIZE]; /* empty: none */
  int dns_server_order; /* enum dns_order_choice */
  int dns_query_mode;   /* enum dns_mode_choice */
  bool dns_caching;
};

enum parameter_scope { PARAMETER_LINE, PARAMETER_GLOBAL, PARAMETER_EITHER };

/* A default that a profile has of its own. A list of them ends with a NULL name. */
struct parameter_default {
  const char *name;
  const char *value;
};

/* Fills in the table's defaults, then those of the profile (NULL: none). */
void parameters_set_defaults(struct line_parameters *line, struct global_parameters *global,
                             const struct parameter_default *profile);

/* Sets each member of `object`, whose names are the vendor's and whose values are the vendor's
 * texts
 * ("Yes", "5??,6??") or numbers. `values` is a struct line_parameters or global_parameters, as
 * `scope` says. Returns 0, or -1 with a text that names the parameter, its value and what is
 * allowed. */
int parameters_set(void *values, enum parameter_scope scope, const cJSON *object,
                   struct phone_error *error);

/* Sorts the members of `object` into those of a line and global ones: `line` and `global` get
 * references to them. Returns 0, or -1 with the text when a name is in neither. */
int parameters_split(const cJSON *object, cJSON *line, cJSON *global, struct phone_error *error);

/* Whether `status` is in a list like "500", "5??", "5??,6??". An empty list has none (CISCO-FO-2).
 */
bool code_list_matches(const char *list, int status);

/* The table, for people. */
void parameters_print(FILE *file);

#endif
