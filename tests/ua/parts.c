/* SPDX-License-Identifier: MIT
 *
 * The parts of the phone that can be looked at alone: the order of SRV records, target lists,
 * parameters, code lists, the profiles' formulas (catalogue section 4), DNS answers, line framing.
 */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"
#include "ua/control.h"
#include "ua/dns_answer.h"
#include "ua/parameters.h"
#include "ua/phone.h"
#include "ua/policy/policy.h"
#include "ua/proxy.h"
#include "ua/resolution.h"
#include "ua/targets.h"

#define DRAWS 10000

/* RFC 2782: the share of each weight, within five standard deviations of the binomial distribution.
 * A weight of 0 beside others has a chance of 1 in (sum + 1). */
static void srv_weights_are_shares(void) {
  static const uint16_t weights[] = {10, 30, 60, 0};
  static const double shares[] = {10 / 101.0, 30 / 101.0, 60 / 101.0, 1 / 101.0};
  unsigned first[4] = {0};
  struct phone_random random;
  phone_random_init(&random, 7, "weights");
  for (int draw = 0; draw < DRAWS; draw++) {
    struct server servers[4];
    for (int i = 0; i < 4; i++)
      servers[i] = (struct server){.priority = 1, .weight = weights[i], .port = (uint16_t)i};
    servers_order(servers, 4, &random);
    first[servers[0].port]++;
  }
  for (int i = 0; i < 4; i++) {
    double expected = shares[i] * DRAWS, deviation = sqrt(expected * (1 - shares[i]));
    CU_ASSERT_TRUE(fabs(first[i] - expected) < 5 * deviation);
  }
}

static void srv_priority_comes_before_weight(void) {
  struct phone_random random;
  phone_random_init(&random, 1, "weights");
  for (int draw = 0; draw < 100; draw++) {
    struct server servers[] = {{.priority = 30, .weight = 100, .port = 4},
                               {.priority = 10, .weight = 0, .port = 1},
                               {.priority = 20, .weight = 1, .port = 2},
                               {.priority = 20, .weight = 9, .port = 3}};
    servers_order(servers, 4, &random);
    CU_ASSERT_EQUAL(servers[0].port, 1);
    CU_ASSERT_EQUAL(servers[1].priority, 20);
    CU_ASSERT_EQUAL(servers[2].priority, 20);
    CU_ASSERT_NOT_EQUAL(servers[1].port, servers[2].port);
    CU_ASSERT_EQUAL(servers[3].port, 4);
  }
}

static struct target target_of(const char *text) {
  struct target target = {.priority = 1};
  CU_ASSERT_TRUE(target_address_parse(&target.address, text, 5060));
  return target;
}

static void addresses_have_a_text_form(void) {
  static const char *const texts[][2] = {{"192.0.2.1", "192.0.2.1:5060"},
                                         {"192.0.2.1:5070", "192.0.2.1:5070"},
                                         {"2001:db8::1", "[2001:db8::1]:5060"},
                                         {"[2001:db8::1]", "[2001:db8::1]:5060"},
                                         {"[2001:db8::1]:5070", "[2001:db8::1]:5070"}};
  static const char *const wrong[] = {"",
                                      "example.com",
                                      "192.0.2.256",
                                      "192.0.2.1:",
                                      "192.0.2.1:0",
                                      "192.0.2.1:65536",
                                      "192.0.2.1:5x",
                                      "[::1",
                                      "[::1]5060",
                                      "1.2.3.4.5"};
  char text[TARGET_TEXT_SIZE];
  struct target_address address;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    CU_ASSERT_TRUE(target_address_parse(&address, texts[i][0], 5060));
    CU_ASSERT_STRING_EQUAL(target_address_format(&address, text), texts[i][1]);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CU_ASSERT_FALSE(target_address_parse(&address, wrong[i], 5060));
}

/* CISCO-FO-5: the next is the first entry still UP. */
static void a_list_gives_the_first_that_is_up(void) {
  struct target_list list = {.count = 0};
  struct target_history history = {.count = 0};
  struct target one = target_of("192.0.2.1"), two = target_of("192.0.2.2"),
                three = target_of("192.0.2.3");
  CU_ASSERT_TRUE(target_list_add(&list, &one) && target_list_add(&list, &two) &&
                 target_list_add(&list, &three));
  CU_ASSERT_FALSE(target_list_add(&list, &one));
  CU_ASSERT_PTR_EQUAL(target_list_first_up(&list, NULL, 0), &list.items[0]);
  list.items[0].down = true;
  list.items[1].avoid_until_ms = 1000;
  CU_ASSERT_PTR_EQUAL(target_list_first_up(&list, NULL, 999), &list.items[2]);
  CU_ASSERT_PTR_EQUAL(target_list_first_up(&list, NULL, 1000), &list.items[1]);
  target_history_add(&history, &two.address);
  CU_ASSERT_PTR_EQUAL(target_list_first_up(&list, &history, 1000), &list.items[2]);
  target_history_add(&history, &three.address);
  CU_ASSERT_PTR_NULL(target_list_first_up(&list, &history, 1000));
  target_list_mark_all_up(&list);
  CU_ASSERT_PTR_EQUAL(target_list_first_up(&list, NULL, 0), &list.items[0]);
}

static void a_renewed_list_keeps_states(void) {
  struct target_list list = {.count = 0}, fresh = {.count = 0, .expires_at_ms = 5};
  struct target one = target_of("192.0.2.1"), two = target_of("192.0.2.2"),
                three = target_of("192.0.2.3");
  target_list_add(&list, &one);
  target_list_add(&list, &two);
  list.items[1].down = true;
  target_list_add(&fresh, &two);
  target_list_add(&fresh, &one);
  target_list_renew(&list, &fresh); /* another draw of the same set */
  CU_ASSERT_TRUE(target_address_equal(&list.items[0].address, &one.address));
  CU_ASSERT_EQUAL(list.expires_at_ms, 5);
  target_list_add(&fresh, &three);
  target_list_renew(&list, &fresh);
  CU_ASSERT_EQUAL(list.count, 3);
  CU_ASSERT_TRUE(list.items[0].down);
  CU_ASSERT_FALSE(list.items[1].down || list.items[2].down);
}

static void the_list_has_a_limit(void) {
  struct target_list list = {.count = 0};
  struct target target = target_of("192.0.2.1");
  for (unsigned i = 0; i < TARGETS_MAX; i++) {
    target_address_set_port(&target.address, (uint16_t)(i + 1));
    CU_ASSERT_TRUE(target_list_add(&list, &target));
  }
  target_address_set_port(&target.address, 9999);
  CU_ASSERT_FALSE(target_list_add(&list, &target));
}

static const char *try_parameters(enum parameter_scope scope, const char *json) {
  static struct phone_error error;
  struct line_parameters line;
  struct global_parameters global;
  parameters_set_defaults(&line, &global, NULL);
  cJSON *object = cJSON_Parse(json);
  CU_ASSERT_PTR_NOT_NULL_FATAL(object);
  error.text[0] = '\0';
  parameters_set(scope == PARAMETER_LINE ? (void *)&line : (void *)&global, scope, object, &error);
  cJSON_Delete(object);
  return error.text;
}

static void parameters_name_what_is_wrong(void) {
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"Use DNS SRV\":\"Yes\",\"Register Expires\":60}"), "");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_GLOBAL, "{\"SIP T1\":\"0.25\",\"Try Backup RSC\":\"5??, 600\"}"),
      "");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"Proxy Fallback Interval\":60}"),
      "unknown line parameter \"Proxy Fallback Interval\": the nearest known one is "
      "\"Proxy Fallback Intvl\"");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"Proxy Fallback Intvl\":65536}"),
      "\"Proxy Fallback Intvl\" is \"65536\": allowed is a whole number from 0 to 65535");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"Proxy Fallback Intvl\":1.5}"),
      "\"Proxy Fallback Intvl\" is \"1.5\": allowed is a whole number from 0 to 65535");
  CU_ASSERT_STRING_EQUAL(try_parameters(PARAMETER_LINE, "{\"Use DNS SRV\":true}"),
                         "\"Use DNS SRV\" is neither text nor a number: allowed is Yes or No");
  CU_ASSERT_STRING_EQUAL(try_parameters(PARAMETER_LINE, "{\"SIP T1\":1}"),
                         "\"SIP T1\" is not a line parameter but a global one");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_GLOBAL, "{\"Try Backup RSC\":\"5?\"}"),
      "\"Try Backup RSC\" is \"5?\": allowed is response codes with ? for any digit, separated "
      "by commas: 5??,6??");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"User ID\":\"a>b\"}"),
      "\"User ID\" is \"a>b\": allowed is letters, digits and -_.!~*'()&=+$,;?/ (RFC 3261 "
      "section 25.1)");
}

static int choice_of(const char *json) {
  struct line_parameters line;
  struct global_parameters global;
  parameters_set_defaults(&line, &global, NULL);
  cJSON *object = cJSON_Parse(json);
  int result = parameters_set(&global, PARAMETER_GLOBAL, object, NULL);
  cJSON_Delete(object);
  return result < 0 ? -1 : global.dns_server_order;
}

/* The books write these words in more than one way. */
static void choices_are_read_leniently(void) {
  CU_ASSERT_EQUAL(choice_of("{\"DNS Server Order\":\"Manual\"}"), DNS_MANUAL);
  CU_ASSERT_EQUAL(choice_of("{\"DNS Server Order\":\"Manual,DHCP\"}"), DNS_MANUAL_DHCP);
  CU_ASSERT_EQUAL(choice_of("{\"DNS Server Order\":\"dhcp, manual\"}"), DNS_DHCP_MANUAL);
  CU_ASSERT_EQUAL(choice_of("{\"DNS Server Order\":\"Manual,\"}"), -1);
  CU_ASSERT_EQUAL(choice_of("{\"DNS Server Order\":\"\"}"), -1);
  CU_ASSERT_STRING_EQUAL(try_parameters(PARAMETER_LINE, "{\"SIP Transport\":\"Auto\"}"), "");
  CU_ASSERT_STRING_EQUAL(try_parameters(PARAMETER_LINE, "{\"SIP Transport\":\"SCTP\"}"),
                         "\"SIP Transport\" is \"SCTP\": allowed is UDP|TCP|TLS|AUTO");
  CU_ASSERT_STRING_EQUAL(
      try_parameters(PARAMETER_LINE, "{\"Proxy Redundancy Method\":\"Based on SRV Port\"}"), "");
  CU_ASSERT_STRING_EQUAL(try_parameters(PARAMETER_GLOBAL, "{\"Primary DNS\":\"ns.example.com\"}"),
                         "\"Primary DNS\" is \"ns.example.com\": allowed is a numeric address, "
                         "with a port or without");
}

/* What `phone_configure` makes of a line and global parameters, or what it says. */
static const char *configured(const char *line, const char *global, const char *network,
                              struct phone_configuration *configuration) {
  static struct phone_error error;
  char text[1024];
  snprintf(text, sizeof text,
           "{\"profile\":\"cisco-mpp\",\"network\":{\"address\":%s,\"dns\":[\"192.0.2.53\","
           "\"192.0.2.54:5300\"]},\"lines\":[{\"User ID\":\"a\",\"Proxy\":\"e\"%s}],"
           "\"global\":{%s},\"seed\":1}",
           network, line, global);
  cJSON *object = cJSON_Parse(text);
  CU_ASSERT_PTR_NOT_NULL_FATAL(object);
  error.text[0] = '\0';
  phone_configure(configuration, object, &error);
  cJSON_Delete(object);
  return error.text;
}

static void check_servers(const char *global, const char *expected) {
  static struct phone_configuration configuration;
  char list[256] = "", text[TARGET_TEXT_SIZE];
  CU_ASSERT_STRING_EQUAL(configured("", global, "\"192.0.2.1\"", &configuration), "");
  for (size_t i = 0; i < configuration.dns_count; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? " " : "",
             target_address_format(&configuration.dns[i], text));
  CU_ASSERT_STRING_EQUAL(list, expected);
}

/* CISCO-SRV-12: DNS Server Order. */
static void dns_servers_have_an_order(void) {
  check_servers("", "192.0.2.53:53 192.0.2.54:5300");
  check_servers("\"Primary DNS\":\"192.0.2.1\",\"Secondary DNS\":\"2001:db8::53\"",
                "192.0.2.1:53 [2001:db8::53]:53 192.0.2.53:53 192.0.2.54:5300");
  check_servers("\"Primary DNS\":\"192.0.2.1\",\"DNS Server Order\":\"DHCP,Manual\"",
                "192.0.2.53:53 192.0.2.54:5300 192.0.2.1:53");
  check_servers("\"Primary DNS\":\"192.0.2.54:5300\"", "192.0.2.54:5300 192.0.2.53:53");
  check_servers("\"Primary DNS\":\"192.0.2.1\",\"DNS Server Order\":\"Manual\"", "192.0.2.1:53");
  check_servers("\"DNS Server Order\":\"Manual\"", "");
}

static void configurations_name_what_is_wrong(void) {
  static struct phone_configuration configuration;
  const char *one = "\"192.0.2.1\"";
  CU_ASSERT_STRING_EQUAL(configured(",\"SIP Transport\":\"TCP\"", "", one, &configuration),
                         "line 1: \"SIP Transport\" is TCP: this phone speaks UDP only");
  CU_ASSERT_STRING_EQUAL(configured(",\"SIP Transport\":\"AUTO\"", "", one, &configuration), "");
  CU_ASSERT_STRING_EQUAL(
      configured(",\"Proxy\":\"e:SRV=p1:p=x\"", "", one, &configuration),
      "line 1: \"Proxy\" is \"e:SRV=p1:p=x\": \"p1:p=x\" is no server: allowed is "
      "host[:port][:p=priority][:w=weight][:A=address,…]");
  CU_ASSERT_STRING_EQUAL(configured("", "", "[\"192.0.2.1\",\"192.0.2.2\"]", &configuration),
                         "network.address has more than one address of a family");
  CU_ASSERT_STRING_EQUAL(
      configured("", "", "[]", &configuration),
      "network.address is \"\": allowed is a numeric address, with a port or without");
  CU_ASSERT_STRING_EQUAL(
      configured("", "", "[\"192.0.2.1\",7]", &configuration),
      "network.address is \"\": allowed is a numeric address, with a port or without");
}

/* Catalogue, tables 2.1 and 2.2, and X6. */
static void profiles_have_their_defaults(void) {
  struct line_parameters line;
  struct global_parameters global;
  parameters_set_defaults(&line, &global, policy_find("cisco-mpp", NULL, NULL)->defaults);
  CU_ASSERT_EQUAL(global.timer_b_ms, 16000);
  CU_ASSERT_EQUAL(global.timer_f_ms, 16000);
  CU_ASSERT_EQUAL(global.reg_retry_s, 30);
  CU_ASSERT_EQUAL(global.reg_retry_long_s, 1200);
  CU_ASSERT_EQUAL(line.register_expires_s, 3600);
  CU_ASSERT_FALSE(line.use_dns_srv);
  CU_ASSERT_EQUAL(line.sip_transport, TRANSPORT_UDP);
  CU_ASSERT_EQUAL(global.dns_query_mode, DNS_PARALLEL);
  CU_ASSERT_EQUAL(global.ip_mode, IP_MODE_DUAL);
  CU_ASSERT_EQUAL(global.sip_ip_preference, IP_PREFERENCE_V4);
  CU_ASSERT_TRUE(line.auto_register_when_failover);
  parameters_set_defaults(&line, &global, policy_find("rfc3263", NULL, NULL)->defaults);
  CU_ASSERT_EQUAL(global.timer_b_ms, 32000);
  CU_ASSERT_TRUE(line.use_dns_srv && line.dns_srv_auto_prefix);
  CU_ASSERT_FALSE(line.auto_register_when_failover);
  CU_ASSERT_EQUAL(global.dns_query_mode, DNS_SEQUENTIAL);
  CU_ASSERT_STRING_EQUAL(policy_find("cisco-mpp", NULL, NULL)->variant, "11.3");
}

static void code_lists_match(void) {
  CU_ASSERT_FALSE(code_list_matches("", 503));
  CU_ASSERT_TRUE(code_list_matches("500", 500));
  CU_ASSERT_FALSE(code_list_matches("500", 503));
  CU_ASSERT_TRUE(code_list_matches("5??", 503));
  CU_ASSERT_TRUE(code_list_matches("5??,6??", 603));
  CU_ASSERT_TRUE(code_list_matches("5??, 6?? ", 603));
  CU_ASSERT_FALSE(code_list_matches("5??,6??", 404));
  CU_ASSERT_TRUE(code_list_matches("404,5?3", 513));
  CU_ASSERT_FALSE(code_list_matches("404,5?3", 512));
}

static void formulas_of_section_4(void) {
  const struct policy *release = &policy_cisco_mpp_11_3, *either = &policy_cisco_mpp_either;
  const struct policy *register_only = &policy_cisco_mpp_register_only;
  CU_ASSERT_EQUAL(release->refresh_after_ms(3600, 16000), 2795520);
  CU_ASSERT_EQUAL(release->refresh_after_ms(600, 16000), 455520);
  CU_ASSERT_EQUAL(release->refresh_after_ms(120, 16000), 81120);
  CU_ASSERT_EQUAL(release->refresh_after_ms(60, 16000), 34320);
  CU_ASSERT_EQUAL(release->refresh_after_ms(16, 16000), 8000);
  CU_ASSERT_EQUAL(either->fallback_after_ms(3600, 600, true), 600000);
  CU_ASSERT_EQUAL(either->fallback_after_ms(800, 1000, true), 800000);
  CU_ASSERT_EQUAL(either->fallback_after_ms(3600, 0, true), 0);
  CU_ASSERT_EQUAL(register_only->fallback_after_ms(3600, 600, true), 3600000);
  CU_ASSERT_EQUAL(register_only->fallback_after_ms(600, 1000, true), 1200000);
  CU_ASSERT_EQUAL(register_only->fallback_after_ms(800, 1000, true), 1600000);
  CU_ASSERT_EQUAL(register_only->fallback_after_ms(3600, 600, false), 600000);
  CU_ASSERT_EQUAL(register_only->fallback_after_ms(3600, 0, true), 0);
  CU_ASSERT_EQUAL(release->fallback_after_ms(3600, 600, true), 0);
  CU_ASSERT_TRUE(release->falls_back_at_refresh);
}

static void unknown_profiles_are_named(void) {
  struct phone_error error;
  CU_ASSERT_PTR_NULL(policy_find("cisco", NULL, &error));
  CU_ASSERT_STRING_EQUAL(error.text, "unknown profile \"cisco\": cisco-mpp, rfc3263");
  CU_ASSERT_PTR_NULL(policy_find("cisco-mpp", "12", &error));
  CU_ASSERT_STRING_EQUAL(
      error.text,
      "unknown variant \"12\" of profile cisco-mpp: 11.3, fallback-either, fallback-register-only");
}

static void proxies_are_split(void) {
  static const char *const wrong[] = {"", "example.com:", "example.com:99999", "a b", "a\r\nX: y"};
  struct proxy proxy;
  CU_ASSERT_TRUE(proxy_parse(&proxy, "example.com", NULL) == 0 && proxy.port == 0);
  CU_ASSERT_TRUE(proxy_parse(&proxy, "example.com:5070", NULL) == 0 && proxy.port == 5070);
  CU_ASSERT_STRING_EQUAL(proxy.host, "example.com");
  CU_ASSERT_TRUE(proxy_parse(&proxy, "[2001:db8::1]:5070", NULL) == 0 && proxy.port == 5070);
  CU_ASSERT_STRING_EQUAL(proxy.host, "[2001:db8::1]");
  CU_ASSERT_TRUE(proxy_parse(&proxy, "2001:db8::1", NULL) == 0 && proxy.port == 0);
  CU_ASSERT_EQUAL(proxy.server_count, 0);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CU_ASSERT_TRUE(proxy_parse(&proxy, wrong[i], NULL) < 0);
}

/* A CNAME in front of two SRV records of another owner's name, and a smaller TTL on the CNAME. */
static const uint8_t CNAME_ANSWER[] = "\x12\x34\x81\x80\0\1\0\2\0\0\0\0"
                                      "\3foo\0\0\41\0\1"
                                      "\xc0\x0c\0\5\0\1\0\0\0\x0a\0\5\3bar\0"
                                      "\3bar\0\0\41\0\1\0\0\1\x2c\0\x0b\0\1\0\2\x13\xc4\3sip\0";

static void dns_answers_are_read(void) {
  struct dns_answer answer;
  dns_answer_parse(&answer, CNAME_ANSWER, sizeof CNAME_ANSWER - 1, "FOO", DNS_SRV);
  CU_ASSERT_EQUAL(answer.outcome, DNS_RECORDS);
  CU_ASSERT_EQUAL_FATAL(answer.count, 1);
  CU_ASSERT_EQUAL(answer.ttl_s, 10);
  CU_ASSERT_EQUAL(answer.records[0].priority, 1);
  CU_ASSERT_EQUAL(answer.records[0].weight, 2);
  CU_ASSERT_EQUAL(answer.records[0].port, 5060);
  CU_ASSERT_STRING_EQUAL(answer.records[0].target, "sip");
  dns_answer_parse(&answer, CNAME_ANSWER, sizeof CNAME_ANSWER - 1, "foo", DNS_A);
  CU_ASSERT_EQUAL(answer.outcome, DNS_NONE);
  CU_ASSERT_STRING_EQUAL(answer.reason, "no A record");
  for (size_t size = 0; size < sizeof CNAME_ANSWER - 1; size++) {
    dns_answer_parse(&answer, CNAME_ANSWER, size, "foo", DNS_SRV);
    CU_ASSERT_EQUAL(answer.outcome, DNS_FAILED);
  }
}

/* RFC 2308 section 5: the smaller one of the SOA's TTL (600) and its MINIMUM (60). */
static const uint8_t NXDOMAIN_ANSWER[] =
    "\x12\x34\x81\x83\0\1\0\0\0\1\0\0"
    "\3foo\0\0\1\0\1"
    "\0\0\6\0\1\0\0\2\x58\0\x16\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\x3c";

static void absence_has_a_ttl(void) {
  struct dns_answer answer;
  dns_answer_parse(&answer, NXDOMAIN_ANSWER, sizeof NXDOMAIN_ANSWER - 1, "foo", DNS_A);
  CU_ASSERT_EQUAL(answer.outcome, DNS_NONE);
  CU_ASSERT_STRING_EQUAL(answer.reason, "NXDOMAIN");
  CU_ASSERT_EQUAL(answer.ttl_s, 60);
}

struct seen {
  unsigned lines, overlong;
  size_t length;
  char last[16];
};

static void see_line(void *context, char *line, size_t length) {
  struct seen *seen = context;
  if (!line) {
    seen->overlong++;
    return;
  }
  seen->lines++;
  seen->length = length;
  snprintf(seen->last, sizeof seen->last, "%s", line);
}

static void bytes_become_lines(void) {
  struct seen seen = {0};
  struct control_framing *framing = calloc(1, sizeof *framing);
  CU_ASSERT_PTR_NOT_NULL_FATAL(framing);
  framing->handler = see_line;
  framing->context = &seen;
  control_feed(framing, "on", 2);
  CU_ASSERT_EQUAL(seen.lines, 0);
  control_feed(framing, "e\ntwo\n\nthr", 10);
  CU_ASSERT_EQUAL(seen.lines, 3);
  control_feed(framing, "ee\n", 3);
  CU_ASSERT_STRING_EQUAL(seen.last, "three");
  /* At the limit, and one past it. */
  for (size_t i = 0; i < CONTROL_LINE_MAX; i++)
    control_feed(framing, "x", 1);
  control_feed(framing, "\n", 1);
  CU_ASSERT_EQUAL(seen.length, CONTROL_LINE_MAX);
  CU_ASSERT_EQUAL(seen.overlong, 0);
  for (size_t i = 0; i < CONTROL_LINE_MAX + 1; i++)
    control_feed(framing, "x", 1);
  CU_ASSERT_EQUAL(seen.overlong, 1);
  control_feed(framing, "xx\nafter\n", 9);
  CU_ASSERT_EQUAL(seen.overlong, 1);
  CU_ASSERT_STRING_EQUAL(seen.last, "after");
  free(framing);
}

static const struct unit_test tests[] = {
    {"SRV weights are shares", srv_weights_are_shares},
    {"SRV priority comes before weight", srv_priority_comes_before_weight},
    {"addresses have a text form", addresses_have_a_text_form},
    {"a list gives the first that is UP", a_list_gives_the_first_that_is_up},
    {"a renewed list keeps states", a_renewed_list_keeps_states},
    {"the list has a limit", the_list_has_a_limit},
    {"parameters name what is wrong", parameters_name_what_is_wrong},
    {"choices are read leniently", choices_are_read_leniently},
    {"DNS servers have an order", dns_servers_have_an_order},
    {"configurations name what is wrong", configurations_name_what_is_wrong},
    {"profiles have their defaults", profiles_have_their_defaults},
    {"code lists match", code_lists_match},
    {"formulas of section 4", formulas_of_section_4},
    {"unknown profiles are named", unknown_profiles_are_named},
    {"proxies are split", proxies_are_split},
    {"DNS answers are read", dns_answers_are_read},
    {"absence has a TTL", absence_has_a_ttl},
    {"bytes become lines", bytes_become_lines},
};

UNIT_MAIN("ua parts", tests)
