/* SPDX-License-Identifier: MIT
 *
 * The table of parameters (parameters.h), and reading values into it. Sources of names, elements,
 * defaults and ranges: Cisco MPP common administration guide and XML reference, Cisco ATA 191/192
 * and SPA5xx guides, as collected in the requirement catalogue, sections 2.1 and 2.2.
 */
#include "ua/parameters.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ua/address.h"

enum parameter_kind {
  KIND_TEXT,
  KIND_USER, /* user part of a SIP URI */
  KIND_YES_NO,
  KIND_INTEGER,
  KIND_SECONDS, /* decimal seconds, kept in milliseconds */
  KIND_CODES,   /* list of response codes */
  KIND_CHOICE,  /* one of some words, kept as its number */
  KIND_PROXY,   /* text that may be longer */
  KIND_ADDRESS  /* numeric, or nothing */
};

struct parameter {
  const char *name;
  const char *element; /* `n` stands for the line */
  enum parameter_scope scope;
  enum parameter_kind kind;
  const char *value; /* default */
  double minimum, maximum;
  size_t offset;
  const char *choices; /* with `|` between them */
};

#define TEXT_PARAMETER(name, element, kind, value, member)                                         \
  {                                                                                                \
    name, element, PARAMETER_LINE, kind, value, 0, 0, offsetof(struct line_parameters, member),    \
        NULL                                                                                       \
  }
#define FLAG_PARAMETER(name, element, value, member)                                               \
  {                                                                                                \
    name, element, PARAMETER_LINE, KIND_YES_NO, value, 0, 0,                                       \
        offsetof(struct line_parameters, member), NULL                                             \
  }
#define NUMBER_PARAMETER(name, element, value, minimum, maximum, member)                           \
  {                                                                                                \
    name, element, PARAMETER_LINE, KIND_INTEGER, value, minimum, maximum,                          \
        offsetof(struct line_parameters, member), NULL                                             \
  }
#define GLOBAL_PARAMETER(name, element, kind, value, minimum, maximum, member)                     \
  {                                                                                                \
    name, element, PARAMETER_GLOBAL, kind, value, minimum, maximum,                                \
        offsetof(struct global_parameters, member), NULL                                           \
  }

#define CHOICE_PARAMETER(name, element, value, choices, member)                                    \
  {                                                                                                \
    name, element, PARAMETER_LINE, KIND_CHOICE, value, 0, 0,                                       \
        offsetof(struct line_parameters, member), choices                                          \
  }
#define GLOBAL_CHOICE(name, element, value, choices, member)                                       \
  {                                                                                                \
    name, element, PARAMETER_GLOBAL, KIND_CHOICE, value, 0, 0,                                     \
        offsetof(struct global_parameters, member), choices                                        \
  }

/* The books disagree about the range of Register Expires (catalogue, X5): the widest one is taken,
 * without 0, which in a REGISTER means to remove the binding (RFC 3261 section 10.2.2).
 *
 * DNS Caching Enable: one book says that with Yes nothing is cached, another one that it is
 * (catalogue, X9); the name and the other one are followed. */
static const struct parameter TABLE[] = {
    FLAG_PARAMETER("Line Enable", "Line_Enable_n_", "Yes", line_enable),
    TEXT_PARAMETER("User ID", "User_ID_n_", KIND_USER, "", user_id),
    TEXT_PARAMETER("Proxy", "Proxy_n_", KIND_PROXY, "", proxy),
    FLAG_PARAMETER("Register", "Register_n_", "Yes", do_register),
    FLAG_PARAMETER("Make Call Without Reg", "Make_Call_Without_Reg_n_", "No",
                   make_call_without_reg),
    FLAG_PARAMETER("Ans Call Without Reg", "Ans_Call_Without_Reg_n_", "No",
                   answer_call_without_reg),
    NUMBER_PARAMETER("Register Expires", "Register_Expires_n_", "3600", 1, INT32_MAX,
                     register_expires_s),
    FLAG_PARAMETER("Use DNS SRV", "Use_DNS_SRV_n_", "No", use_dns_srv),
    FLAG_PARAMETER("DNS SRV Auto Prefix", "DNS_SRV_Auto_Prefix_n_", "No", dns_srv_auto_prefix),
    NUMBER_PARAMETER("Proxy Fallback Intvl", "Proxy_Fallback_Intvl_n_", "3600", 0, 65535,
                     proxy_fallback_s),
    FLAG_PARAMETER("Auto Register When Failover", "Auto_Register_When_Failover_n_", "Yes",
                   auto_register_when_failover),
    CHOICE_PARAMETER("SIP Transport", "SIP_Transport_n_", "UDP", "UDP|TCP|TLS|AUTO", sip_transport),
    CHOICE_PARAMETER("Proxy Redundancy Method", "Proxy_Redundancy_Method_n_", "Normal",
                     "Normal|Based on SRV Port", proxy_redundancy_method),
    GLOBAL_PARAMETER("SIP T1", "SIP_T1", KIND_SECONDS, "0.5", 0.001, 64, t1_ms),
    GLOBAL_PARAMETER("SIP T2", "SIP_T2", KIND_SECONDS, "4", 0.001, 64, t2_ms),
    GLOBAL_PARAMETER("SIP T4", "SIP_T4", KIND_SECONDS, "5", 0, 64, t4_ms),
    GLOBAL_PARAMETER("SIP Timer B", "SIP_Timer_B", KIND_SECONDS, "16", 0.001, 64, timer_b_ms),
    GLOBAL_PARAMETER("SIP Timer F", "SIP_Timer_F", KIND_SECONDS, "16", 0.001, 64, timer_f_ms),
    GLOBAL_PARAMETER("SIP Timer D", "SIP_Timer_D", KIND_SECONDS, "16", 0, 64, timer_d_ms),
    GLOBAL_PARAMETER("INVITE Expires", "INVITE_Expires", KIND_INTEGER, "240", 0, 2000000,
                     invite_expires_s),
    GLOBAL_PARAMETER("Reg Min Expires", "Reg_Min_Expires", KIND_INTEGER, "1", 0, INT32_MAX,
                     reg_min_expires_s),
    GLOBAL_PARAMETER("Reg Max Expires", "Reg_Max_Expires", KIND_INTEGER, "7200", 1, INT32_MAX,
                     reg_max_expires_s),
    GLOBAL_PARAMETER("Reg Retry Intvl", "Reg_Retry_Intvl", KIND_INTEGER, "30", 1, INT32_MAX,
                     reg_retry_s),
    GLOBAL_PARAMETER("Reg Retry Long Intvl", "Reg_Retry_Long_Intvl", KIND_INTEGER, "1200", 0,
                     INT32_MAX, reg_retry_long_s),
    GLOBAL_PARAMETER("Reg Retry Random Delay", "Reg_Retry_Random_Delay", KIND_INTEGER, "0", 0,
                     INT32_MAX, reg_retry_random_s),
    GLOBAL_PARAMETER("Reg Retry Long Random Delay", "Reg_Retry_Long_Random_Delay", KIND_INTEGER,
                     "0", 0, INT32_MAX, reg_retry_long_random_s),
    GLOBAL_PARAMETER("Reg Retry Intvl Cap", "Reg_Retry_Intvl_Cap", KIND_INTEGER, "0", 0, INT32_MAX,
                     reg_retry_cap_s),
    GLOBAL_PARAMETER("Try Backup RSC", "Try_Backup_RSC", KIND_CODES, "", 0, 0, try_backup_rsc),
    GLOBAL_PARAMETER("Retry Reg RSC", "Retry_Reg_RSC", KIND_CODES, "", 0, 0, retry_reg_rsc),
    GLOBAL_PARAMETER("Max Forward", "Max_Forward", KIND_INTEGER, "70", 1, 255, max_forward),
    GLOBAL_CHOICE("IP Mode", "IP_Mode", "Dual Mode", "Dual Mode|IPv4 Only|IPv6 Only", ip_mode),
    GLOBAL_CHOICE("SIP IP Preference", "SIP_IP_Preference", "IPv4", "IPv4|IPv6", sip_ip_preference),
    GLOBAL_PARAMETER("Primary DNS", "Primary_DNS", KIND_ADDRESS, "", 0, 0, primary_dns),
    GLOBAL_PARAMETER("Secondary DNS", "Secondary_DNS", KIND_ADDRESS, "", 0, 0, secondary_dns),
    GLOBAL_CHOICE("DNS Server Order", "DNS_Server_Order", "Manual,DHCP",
                  "Manual,DHCP|Manual|DHCP,Manual", dns_server_order),
    GLOBAL_CHOICE("DNS Query Mode", "DNS_Query_Mode", "Parallel", "Parallel|Sequential",
                  dns_query_mode),
    GLOBAL_PARAMETER("DNS Caching Enable", "DNS_Caching_Enable", KIND_YES_NO, "Yes", 0, 0,
                     dns_caching),
};

static const size_t TABLE_COUNT = sizeof TABLE / sizeof TABLE[0];

/* The items of a code list, separated by commas: a digit 1 to 6 or `?`, then two digits or `?`. */
static bool is_code_pattern(const char *item, size_t length) {
  if (length != 3 || (item[0] != '?' && (item[0] < '1' || item[0] > '6')))
    return false;
  for (size_t i = 1; i < 3; i++)
    if (item[i] != '?' && (item[i] < '0' || item[i] > '9'))
      return false;
  return true;
}

/* The next item of a list, without blanks around it. Returns NULL at the end. */
static const char *next_item(const char **list, size_t *length) {
  if (!**list)
    return NULL;
  const char *item = *list + strspn(*list, " ");
  size_t span = strcspn(item, ",");
  *list = item + span + (item[span] == ',');
  while (span > 0 && item[span - 1] == ' ')
    span--;
  *length = span;
  return item;
}

static bool is_code_list(const char *list) {
  const char *item;
  size_t length;
  while ((item = next_item(&list, &length)))
    if (!is_code_pattern(item, length))
      return false;
  return true;
}

bool code_list_matches(const char *list, int status) {
  const char *item;
  size_t length;
  char code[12];
  snprintf(code, sizeof code, "%d", status);
  while ((item = next_item(&list, &length))) {
    bool same = length == strlen(code);
    for (size_t i = 0; same && i < length; i++)
      same = item[i] == '?' || item[i] == code[i];
    if (same)
      return true;
  }
  return false;
}

/* What is allowed, for errors and for the printed table. */
static void describe_range(const struct parameter *parameter, char *text, size_t size) {
  switch (parameter->kind) {
  case KIND_TEXT:
    snprintf(text, size, "text of at most %d characters", PARAMETER_TEXT_SIZE - 1);
    return;
  case KIND_USER:
    snprintf(text, size, "letters, digits and -_.!~*'()&=+$,;?/ (RFC 3261 section 25.1)");
    return;
  case KIND_YES_NO:
    snprintf(text, size, "Yes or No");
    return;
  case KIND_INTEGER:
    snprintf(text, size, "a whole number from %.0f to %.0f", parameter->minimum,
             parameter->maximum);
    return;
  case KIND_SECONDS:
    snprintf(text, size, "seconds from %g to %g", parameter->minimum, parameter->maximum);
    return;
  case KIND_CODES:
    snprintf(text, size, "response codes with ? for any digit, separated by commas: 5??,6??");
    return;
  case KIND_CHOICE:
    snprintf(text, size, "%s", parameter->choices);
    return;
  case KIND_PROXY:
    snprintf(text, size, "host[:port], and :SRV=server|… or :A=address,… to do without the DNS");
    return;
  case KIND_ADDRESS:
    snprintf(text, size, "a numeric address, with a port or without");
    return;
  }
}

static bool is_user(const char *text) {
  return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "-_.!~*'()&=+$,;?/")] == '\0';
}

static bool set_number(const struct parameter *parameter, void *field, const char *text) {
  char *end;
  double number = strtod(text, &end);
  if (end == text || *end || !(number >= parameter->minimum && number <= parameter->maximum))
    return false;
  if (parameter->kind == KIND_INTEGER && number != floor(number))
    return false;
  *(int64_t *)field =
      parameter->kind == KIND_SECONDS ? (int64_t)llround(number * 1000) : (int64_t)number;
  return true;
}

static bool set_text(void *field, const char *text, size_t size) {
  size_t length = strlen(text);
  if (length >= size)
    return false;
  memcpy(field, text, length + 1);
  return true;
}

/* Without regard to case and to blanks after a comma: the books write "Manual,DHCP" and "Manual,
 * DHCP", "AUTO" and "Auto". */
static bool is_choice(const char *choice, size_t length, const char *text) {
  for (size_t i = 0; i < length; i++, text++) {
    while (i > 0 && choice[i - 1] == ',' && *text == ' ')
      text++;
    if (!*text || strncasecmp(&choice[i], text, 1) != 0)
      return false;
  }
  return !*text;
}

static bool set_choice(const char *choices, int *field, const char *text) {
  for (int number = 0;; number++) {
    size_t length = strcspn(choices, "|");
    if (is_choice(choices, length, text)) {
      *field = number;
      return true;
    }
    if (!choices[length])
      return false;
    choices += length + 1;
  }
}

static bool set_value(const struct parameter *parameter, void *values, const char *text) {
  void *field = (char *)values + parameter->offset;
  struct target_address address;
  switch (parameter->kind) {
  case KIND_TEXT:
    return set_text(field, text, PARAMETER_TEXT_SIZE);
  case KIND_USER:
    return is_user(text) && set_text(field, text, PARAMETER_TEXT_SIZE);
  case KIND_YES_NO:
    if (strcasecmp(text, "Yes") != 0 && strcasecmp(text, "No") != 0)
      return false;
    *(bool *)field = strcasecmp(text, "Yes") == 0;
    return true;
  case KIND_INTEGER:
  case KIND_SECONDS:
    return set_number(parameter, field, text);
  case KIND_CODES:
    return is_code_list(text) && set_text(field, text, PARAMETER_TEXT_SIZE);
  case KIND_CHOICE:
    return set_choice(parameter->choices, field, text);
  case KIND_PROXY:
    return set_text(field, text, PARAMETER_PROXY_SIZE);
  case KIND_ADDRESS:
    return (!*text || target_address_parse(&address, text, 1)) &&
           set_text(field, text, PARAMETER_TEXT_SIZE);
  }
  return false;
}

static const struct parameter *find_parameter(const char *name, enum parameter_scope scope) {
  for (size_t i = 0; i < TABLE_COUNT; i++)
    if (TABLE[i].scope == scope && strcmp(TABLE[i].name, name) == 0)
      return &TABLE[i];
  return NULL;
}

void parameters_set_defaults(struct line_parameters *line, struct global_parameters *global,
                             const struct parameter_default *profile) {
  memset(line, 0, sizeof *line);
  memset(global, 0, sizeof *global);
  for (size_t i = 0; i < TABLE_COUNT; i++)
    set_value(&TABLE[i], TABLE[i].scope == PARAMETER_LINE ? (void *)line : (void *)global,
              TABLE[i].value);
  for (; profile && profile->name; profile++) {
    const struct parameter *parameter = find_parameter(profile->name, PARAMETER_LINE);
    if (parameter)
      set_value(parameter, line, profile->value);
    else if ((parameter = find_parameter(profile->name, PARAMETER_GLOBAL)))
      set_value(parameter, global, profile->value);
  }
}

/* Levenshtein's distance without regard to case: how many letters to change, add or leave out. */
static size_t distance(const char *a, const char *b) {
  size_t row[64];
  size_t length = strlen(b);
  if (length >= sizeof row / sizeof row[0])
    return SIZE_MAX;
  for (size_t j = 0; j <= length; j++)
    row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < length; j++) {
      size_t best = diagonal + (strncasecmp(&a[i], &b[j], 1) != 0);
      if (row[j] + 1 < best)
        best = row[j] + 1;
      if (row[j + 1] + 1 < best)
        best = row[j + 1] + 1;
      diagonal = row[j + 1];
      row[j + 1] = best;
    }
  }
  return row[length];
}

static int refuse_name(const char *name, enum parameter_scope scope, struct phone_error *error) {
  static const char *const where[] = {
      [PARAMETER_LINE] = "line ", [PARAMETER_GLOBAL] = "global ", [PARAMETER_EITHER] = ""};
  const struct parameter *nearest = NULL;
  enum parameter_scope other = scope == PARAMETER_LINE ? PARAMETER_GLOBAL : PARAMETER_LINE;
  if (find_parameter(name, other))
    return phone_error_set(error, "\"%s\" is not a %sparameter but a %sone", name, where[scope],
                           where[other]);
  for (size_t i = 0; i < TABLE_COUNT; i++)
    if ((TABLE[i].scope == scope || scope == PARAMETER_EITHER) &&
        (!nearest || distance(name, TABLE[i].name) < distance(name, nearest->name)))
      nearest = &TABLE[i];
  return phone_error_set(error, "unknown %sparameter \"%s\": the nearest known one is \"%s\"",
                         where[scope], name, nearest->name);
}

static int set_one(void *values, enum parameter_scope scope, const cJSON *item,
                   struct phone_error *error) {
  const struct parameter *parameter = find_parameter(item->string, scope);
  char text[PARAMETER_TEXT_SIZE] = "", range[128];
  if (!parameter)
    return refuse_name(item->string, scope, error);
  if (cJSON_IsNumber(item))
    snprintf(text, sizeof text, "%.15g", item->valuedouble);
  bool is_scalar = cJSON_IsNumber(item) || cJSON_IsString(item);
  const char *value = cJSON_IsString(item) ? item->valuestring : text;
  if (is_scalar && set_value(parameter, values, value))
    return 0;
  describe_range(parameter, range, sizeof range);
  return phone_error_set(error, "\"%s\" is %s%.100s%s: allowed is %s", parameter->name,
                         is_scalar ? "\"" : "", is_scalar ? value : "neither text nor a number",
                         is_scalar ? "\"" : "", range);
}

int parameters_set(void *values, enum parameter_scope scope, const cJSON *object,
                   struct phone_error *error) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    if (set_one(values, scope, item, error) < 0)
      return -1;
  }
  return 0;
}

int parameters_split(const cJSON *object, cJSON *line, cJSON *global, struct phone_error *error) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    bool is_line = find_parameter(item->string, PARAMETER_LINE);
    if (!is_line && !find_parameter(item->string, PARAMETER_GLOBAL))
      return refuse_name(item->string, PARAMETER_EITHER, error);
    cJSON_AddItemReferenceToObject(is_line ? line : global, item->string, (cJSON *)item);
  }
  return 0;
}

void parameters_print(FILE *file) {
  for (size_t i = 0; i < TABLE_COUNT; i++) {
    char range[128];
    describe_range(&TABLE[i], range, sizeof range);
    fprintf(file, "%-6s  %-28s %-32s default %-6s %s\n",
            TABLE[i].scope == PARAMETER_LINE ? "line" : "global", TABLE[i].name, TABLE[i].element,
            *TABLE[i].value ? TABLE[i].value : "-", range);
  }
}
