/* SPDX-License-Identifier: MIT
 *
 * From a proxy's name to its target list, against a real DNS server: what is asked, and in which
 * order the targets come (catalogue, section 3.1; RFC 3263, RFC 2782, RFC 6724).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/ua/dns_lab.h"
#include "ua/address_order.h"
#include "ua/timer.h"

#define SOA "@ 600 IN SOA ns root 1 7200 3600 86400 60\n"

static struct dns_lab lab;

/* What came out: "1 UDP 192.0.2.1:5060 p1.example.com" and so on, a line for each target with its
 * rank in front; or "none: NAME: REASON", with "(DNS failure)" where it was one. */
static char outcome[8192];
static int64_t expires_at_ms;

static void on_resolved(void *context, const struct resolution_result *result) {
  (void)context;
  size_t size = 0;
  if (!result->list) {
    snprintf(outcome, sizeof outcome, "none: %s: %s%s", result->name, result->reason,
             result->is_dns_failure ? " (DNS failure)" : "");
    return;
  }
  outcome[0] = '\0';
  expires_at_ms = result->list->expires_at_ms;
  for (size_t i = 0; i < result->list->count; i++) {
    const struct target *target = &result->list->items[i];
    char text[TARGET_TEXT_SIZE];
    size += (size_t)snprintf(outcome + size, sizeof outcome - size, "%u %s %s %s\n", target->rank,
                             sip_transport_name(target->address.transport),
                             target_address_format(&target->address, text), target->name);
  }
}

/* A phone with SRV, Auto Prefix and one IPv4 address, whose transport is fixed. */
static struct resolution_options usual(void) {
  return (struct resolution_options){.resolver = lab.resolver,
                                     .weights = &lab.weights,
                                     .transports = SIP_TRANSPORT_BIT(SIP_UDP),
                                     .use_srv = true,
                                     .auto_prefix = true,
                                     .order = {.families = {AF_INET}, .family_count = 1},
                                     .handler = on_resolved};
}

static void resolve(struct resolution_options options, const char *proxy_text) {
  struct proxy proxy;
  struct resolution *resolution = NULL;
  CU_ASSERT_FATAL(proxy_parse(&proxy, proxy_text, NULL) == 0);
  options.proxy = &proxy;
  outcome[0] = '\0';
  CU_ASSERT_FATAL(resolution_start(&resolution, &options) == 0);
  dns_lab_run(&lab, dns_lab_now());
  CU_ASSERT_PTR_NULL(resolution);
}

static void check(struct resolution_options options, const char *proxy_text, const char *expected) {
  resolve(options, proxy_text);
  check_same(expected, outcome);
}

static void check_share(unsigned count, unsigned of, double share) {
  CU_ASSERT_TRUE(fabs(count - of * share) < 5 * sqrt(of * share * (1 - share)));
}

static void start(const char *zone) {
  dns_lab_start(&lab, zone, NULL);
  dns_lab_open(&lab, false, true);
}

/* The 7800 guide's own zone, with its own addresses where it gives some. */
static const char SAMPLE_ZONE[] =
    "$ORIGIN sipurash.com.\n$TTL 3600\n" SOA
    "as1bsoft           IN NAPTR 50  50 \"s\" \"SIPS+D2T\" \"\" _sips._tcp.tlstest\n"
    "as1bsoft           IN NAPTR 90  50 \"s\" \"SIP+D2T\"  \"\" _sip._tcp.tcptest\n"
    "as1bsoft           IN NAPTR 100 50 \"s\" \"SIP+D2U\"  \"\" _sip._udp.udptest\n"
    "_sips._tcp.tlstest IN SRV 1 10 5061 srv1\n"
    "_sips._tcp.tlstest IN SRV 2 10 5060 srv2\n"
    "_sip._tcp.tcptest  IN SRV 1 10 5061 srv3\n"
    "_sip._tcp.tcptest  IN SRV 2 10 5060 srv4\n"
    "_sip._udp.udptest  IN SRV 1 10 5061 srv5\n"
    "_sip._udp.udptest  IN SRV 2 10 5060 srv6\n"
    "srv1 IN A 1.1.1.1\nsrv2 IN A 2.2.2.2\nsrv3 IN A 3.3.3.3\n"
    "srv4 IN A 4.4.4.4\nsrv5 IN A 5.5.5.5\nsrv6 IN A 6.6.6.6\n";

/* CISCO-SRV-3: NAPTR order first, then SRV priority; the port is that of the SRV record. */
static void the_guide_s_zone_gives_the_guide_s_list(void) {
  start(SAMPLE_ZONE);
  struct resolution_options options = usual();
  options.use_naptr = true;
  options.transports = SIP_TRANSPORTS_ALL;
  check(options, "as1bsoft.sipurash.com",
        "0 TLS 1.1.1.1:5061 srv1.sipurash.com\n1 TLS 2.2.2.2:5060 srv2.sipurash.com\n"
        "2 TCP 3.3.3.3:5061 srv3.sipurash.com\n3 TCP 4.4.4.4:5060 srv4.sipurash.com\n"
        "4 UDP 5.5.5.5:5061 srv5.sipurash.com\n5 UDP 6.6.6.6:5060 srv6.sipurash.com\n");
  CU_ASSERT_EQUAL(lab.queries, 10);
  CU_ASSERT_EQUAL(expires_at_ms, phone_now_ms() + 3600000);
  dns_lab_end(&lab);
}

/* What the phone doesn't speak isn't looked for. */
static void only_what_the_phone_speaks_is_asked_for(void) {
  start(SAMPLE_ZONE);
  struct resolution_options options = usual();
  options.use_naptr = true;
  check(options, "as1bsoft.sipurash.com",
        "0 UDP 5.5.5.5:5061 srv5.sipurash.com\n1 UDP 6.6.6.6:5060 srv6.sipurash.com\n");
  dns_lab_check_log(&lab, "0 ns1 NAPTR as1bsoft.sipurash.com.\n"
                          "0 ns1 SRV _sip._udp.udptest.sipurash.com.\n"
                          "0 ns1 A srv5.sipurash.com.\n0 ns1 A srv6.sipurash.com.\n");
  dns_lab_end(&lab);
}

/* RFC 3403: after a match no higher order is used; equal orders go by preference. */
static void one_order_may_be_all(void) {
  start("$ORIGIN example.com.\n$TTL 300\n" SOA "@ IN NAPTR 20 1 \"s\" \"SIP+D2U\" \"\" _sip._udp\n"
        "@ IN NAPTR 10 2 \"S\" \"sip+d2t\" \"\" _sip._tcp\n"
        "@ IN NAPTR 10 1 \"a\" \"SIPS+D2T\" \"\" p1\n"
        "@ IN NAPTR 5 1 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .\n"
        "@ IN NAPTR 6 1 \"s\" \"SIP+D2S\" \"\" _sip._sctp\n"
        "_sip._udp IN SRV 1 1 5062 p1\n_sip._tcp IN SRV 1 1 5063 p1\np1 IN A 192.0.2.1\n");
  struct resolution_options options = usual();
  options.use_naptr = true;
  options.transports = SIP_TRANSPORTS_ALL;
  check(options, "example.com",
        "0 TLS 192.0.2.1:5061 p1.example.com\n1 TCP 192.0.2.1:5063 p1.example.com\n"
        "2 UDP 192.0.2.1:5062 p1.example.com\n");
  options.keeps_to_one_service = true;
  check(options, "example.com",
        "0 TLS 192.0.2.1:5061 p1.example.com\n1 TCP 192.0.2.1:5063 p1.example.com\n");
  dns_lab_end(&lab);
}

/* CISCO-SRV-2; which of more count is ours. */
static void six_naptr_and_twelve_srv_records_count(void) {
  char zone[4096] = "$ORIGIN example.com.\n$TTL 300\n" SOA, expected[2048] = "";
  size_t size = strlen(zone), length = 0;
  for (unsigned i = 8; i > 0; i--)
    size += (size_t)snprintf(zone + size, sizeof zone - size,
                             "naptr IN NAPTR %u 1 \"s\" \"SIP+D2U\" \"\" s%u\ns%u IN SRV 1 1 %u "
                             "p1\n",
                             i, i, i, 5060 + i);
  for (unsigned i = 14; i > 0; i--)
    size += (size_t)snprintf(zone + size, sizeof zone - size, "_sip._udp.srv IN SRV %u 1 %u p1\n",
                             i, 6000 + i);
  snprintf(zone + size, sizeof zone - size, "p1 IN A 192.0.2.1\n");
  start(zone);
  struct resolution_options options = usual();
  for (unsigned i = 1; i <= 12; i++)
    length += (size_t)snprintf(expected + length, sizeof expected - length,
                               "%u UDP 192.0.2.1:%u p1.example.com\n", i - 1, 6000 + i);
  check(options, "srv.example.com", expected);
  options.use_naptr = true;
  check(options, "naptr.example.com",
        "0 UDP 192.0.2.1:5061 p1.example.com\n1 UDP 192.0.2.1:5062 p1.example.com\n"
        "2 UDP 192.0.2.1:5063 p1.example.com\n3 UDP 192.0.2.1:5064 p1.example.com\n"
        "4 UDP 192.0.2.1:5065 p1.example.com\n5 UDP 192.0.2.1:5066 p1.example.com\n");
  dns_lab_end(&lab);
}

static const char PLAIN_ZONE[] =
    "$ORIGIN example.com.\n$TTL 300\n" SOA "_sip._udp  IN SRV 10 10 5070 p1\n"
    "_sip._udp  IN SRV 20 10 5080 p2\n"
    "_sip._udp  IN SRV 30 10 5070 p3\n"
    "_sip._tcp  IN SRV 10 10 5090 p1\n"
    "@          IN A 192.0.2.100\n"
    "@          IN A 192.0.2.101\n"
    "p1 IN A 192.0.2.1\np1 IN A 192.0.2.11\np1 IN A 192.0.2.12\n"
    "p2 60 IN A 192.0.2.2\np3 IN A 192.0.2.3\n"
    "none       IN TXT \"nothing for SIP\"\n"
    "_sip._udp.off IN SRV 0 0 0 .\noff IN A 192.0.2.99\n"
    "lit        IN SRV 10 10 5070 p2\n"
    "_sip._udp.partly IN SRV 10 10 5060 gone\n_sip._udp.partly IN SRV 20 10 5060 p2\n";

/* CISCO-SRV-1, SRV-8; and how long the list lives. */
static void addresses_expand_in_place(void) {
  start(PLAIN_ZONE);
  check(usual(), "example.com",
        "0 UDP 192.0.2.1:5070 p1.example.com\n0 UDP 192.0.2.11:5070 p1.example.com\n"
        "0 UDP 192.0.2.12:5070 p1.example.com\n1 UDP 192.0.2.2:5080 p2.example.com\n"
        "2 UDP 192.0.2.3:5070 p3.example.com\n");
  CU_ASSERT_EQUAL(expires_at_ms, phone_now_ms() + 60000);
  dns_lab_check_log(&lab, "0 ns1 SRV _sip._udp.example.com.\n0 ns1 A p1.example.com.\n"
                          "0 ns1 A p2.example.com.\n0 ns1 A p3.example.com.\n");
  dns_lab_end(&lab);
}

/* CISCO-SRV-7. */
static void the_list_may_keep_to_the_first_port(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  options.order.keeps_to_first_port = true;
  check(options, "example.com",
        "0 UDP 192.0.2.1:5070 p1.example.com\n0 UDP 192.0.2.11:5070 p1.example.com\n"
        "0 UDP 192.0.2.12:5070 p1.example.com\n2 UDP 192.0.2.3:5070 p3.example.com\n");
  dns_lab_end(&lab);
}

/* RFC 3263 section 4.1: without NAPTR the SRV records of each transport; CISCO-SRV-5, SRV-6. */
static void without_naptr_each_transport_is_asked_for(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  options.use_naptr = true;
  options.transports = SIP_TRANSPORTS_ALL;
  options.order.keeps_to_first_port = true;
  check(options, "example.com",
        "0 UDP 192.0.2.1:5070 p1.example.com\n0 UDP 192.0.2.11:5070 p1.example.com\n"
        "0 UDP 192.0.2.12:5070 p1.example.com\n2 UDP 192.0.2.3:5070 p3.example.com\n");
  dns_lab_check_log(&lab, "0 ns1 NAPTR example.com.\n0 ns1 SRV _sip._udp.example.com.\n"
                          "0 ns1 SRV _sip._tcp.example.com.\n0 ns1 SRV _sips._tcp.example.com.\n"
                          "0 ns1 A p1.example.com.\n0 ns1 A p2.example.com.\n"
                          "0 ns1 A p3.example.com.\n"); /* p1 for TCP from the cache */
  dns_lab_end(&lab);
}

static void one_transport_may_be_all(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  options.use_naptr = options.keeps_to_one_service = true;
  options.transports = SIP_TRANSPORT_BIT(SIP_TCP) | SIP_TRANSPORT_BIT(SIP_TLS);
  check(options, "example.com",
        "0 TCP 192.0.2.1:5090 p1.example.com\n0 TCP 192.0.2.11:5090 p1.example.com\n"
        "0 TCP 192.0.2.12:5090 p1.example.com\n");
  dns_lab_check_log(&lab, "0 ns1 NAPTR example.com.\n0 ns1 SRV _sip._tcp.example.com.\n"
                          "0 ns1 A p1.example.com.\n");
  dns_lab_end(&lab);
}

/* CISCO-SRV-4: other services than the fixed transport's aren't used. */
static void a_fixed_transport_stays(void) {
  start(SAMPLE_ZONE);
  check(usual(), "tlstest.sipurash.com", "none: tlstest.sipurash.com: no A record");
  dns_lab_check_log(&lab, "0 ns1 SRV _sip._udp.tlstest.sipurash.com.\n"
                          "0 ns1 A tlstest.sipurash.com.\n");
  struct resolution_options options = usual();
  options.transports = SIP_TRANSPORT_BIT(SIP_TLS);
  check(options, "tlstest.sipurash.com",
        "0 TLS 1.1.1.1:5061 srv1.sipurash.com\n1 TLS 2.2.2.2:5060 srv2.sipurash.com\n");
  dns_lab_end(&lab);
}

/* RFC 2782: of 10,000 resolutions each server comes first in its share, within five standard
 * deviations of the binomial distribution; and the others follow in theirs. */
static void weights_are_shares_of_resolutions(void) {
  enum { RESOLUTIONS = 10000 };
  static const double shares[] = {0.1, 0.3, 0.6};
  unsigned first[3] = {0}, second_of_60[3] = {0};
  start("$ORIGIN example.com.\n$TTL 86400\n" SOA "_sip._udp IN SRV 1 10 5060 p0\n"
        "_sip._udp IN SRV 1 30 5061 p0\n_sip._udp IN SRV 1 60 5062 p0\np0 IN A 192.0.2.1\n");
  for (int i = 0; i < RESOLUTIONS; i++) {
    struct resolution_options options = usual();
    unsigned ports[3];
    resolve(options, "example.com");
    CU_ASSERT_FATAL(sscanf(outcome,
                           "0 UDP 192.0.2.1:%u p0.example.com 0 UDP 192.0.2.1:%u p0.example.com "
                           "0 UDP 192.0.2.1:%u",
                           &ports[0], &ports[1], &ports[2]) == 3);
    first[ports[0] - 5060]++;
    if (ports[0] == 5062)
      second_of_60[ports[1] - 5060]++;
  }
  for (int i = 0; i < 3; i++)
    check_share(first[i], RESOLUTIONS, shares[i]);
  check_share(second_of_60[1], first[2], 0.75);
  CU_ASSERT_EQUAL(second_of_60[2], 0);
  dns_lab_end(&lab);
}

/* RFC 3263 section 4.2. */
static void hosts_serve_where_there_is_no_srv(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  check(options, "p1.example.com",
        "0 UDP 192.0.2.1:5060 p1.example.com\n0 UDP 192.0.2.11:5060 p1.example.com\n"
        "0 UDP 192.0.2.12:5060 p1.example.com\n");
  CU_ASSERT_EQUAL(expires_at_ms, phone_now_ms() + 60000); /* the absence of SRV */
  lab.log[0] = '\0';
  check(options, "example.com:5066",
        "0 UDP 192.0.2.100:5066 example.com\n0 UDP 192.0.2.101:5066 example.com\n");
  dns_lab_check_log(&lab, "0 ns1 A example.com.\n");
  options.transports = SIP_TRANSPORT_BIT(SIP_TLS);
  options.use_srv = false;
  check(options, "example.com",
        "0 TLS 192.0.2.100:5061 example.com\n0 TLS 192.0.2.101:5061 example.com\n");
  check(options, "192.0.2.7", "0 TLS 192.0.2.7:5061 192.0.2.7\n");
  check(options, "[2001:db8::1]:5070",
        "none: [2001:db8::1]: no address of a family that the phone uses");
  CU_ASSERT_EQUAL(lab.queries, 3);
  dns_lab_end(&lab);
}

static void names_that_give_nothing(void) {
  start(PLAIN_ZONE);
  check(usual(), "off.example.com",
        "none: _sip._udp.off.example.com: the service is not offered (target \".\")");
  dns_lab_check_log(&lab, "0 ns1 SRV _sip._udp.off.example.com.\n");
  check(usual(), "none.example.com", "none: none.example.com: no A record");
  check(usual(), "gone.example.com", "none: gone.example.com: NXDOMAIN");
  check(usual(), "partly.example.com", "1 UDP 192.0.2.2:5060 p2.example.com\n");
  dns_lab_break(&lab, 0, VERDICT_ANSWER, 2);
  check(usual(), "other.example.com", "none: _sip._udp.other.example.com: SERVFAIL (DNS failure)");
  dns_lab_end(&lab);
}

/* CISCO-SRV-6: without Auto Prefix the name itself is the owner. */
static void a_literal_name_may_say_its_transport(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  options.auto_prefix = false;
  options.transports = SIP_TRANSPORTS_ALL;
  check(options, "lit.example.com", "0 UDP 192.0.2.2:5070 p2.example.com\n");
  check(options, "_sip._tcp.example.com",
        "0 TCP 192.0.2.1:5090 p1.example.com\n0 TCP 192.0.2.11:5090 p1.example.com\n"
        "0 TCP 192.0.2.12:5090 p1.example.com\n");
  dns_lab_end(&lab);
}

/* CISCO-SRV-9: no DNS at all. */
static void static_records_need_no_dns(void) {
  start(PLAIN_ZONE);
  struct resolution_options options = usual();
  options.resolver = NULL;
  check(options,
        "example.com:SRV=p2.example.com:5070:p=2:A=192.0.2.2|"
        "p1.example.com:p=1:w=5:A=192.0.2.1, 192.0.2.11",
        "0 UDP 192.0.2.1:5060 p1.example.com\n0 UDP 192.0.2.11:5060 p1.example.com\n"
        "1 UDP 192.0.2.2:5070 p2.example.com\n");
  CU_ASSERT_EQUAL(expires_at_ms, INT64_MAX);
  check(options, "example.com:5062:A=192.0.2.1,192.0.2.2",
        "0 UDP 192.0.2.1:5062 example.com\n0 UDP 192.0.2.2:5062 example.com\n");
  check(options, "example.com:SRV=192.0.2.8:p=1 | 192.0.2.9:5069",
        "0 UDP 192.0.2.9:5069 192.0.2.9\n1 UDP 192.0.2.8:5060 192.0.2.8\n");
  check(options, "example.com:SRV=p1.example.com",
        "none: p1.example.com: no DNS server is configured");
  options.resolver = lab.resolver;
  check(options, "example.com:SRV=p2.example.com|p9.example.com:p=1:A=192.0.2.9",
        "0 UDP 192.0.2.2:5060 p2.example.com\n1 UDP 192.0.2.9:5060 p9.example.com\n");
  dns_lab_check_log(&lab, "0 ns1 A p2.example.com.\n");
  dns_lab_end(&lab);
}

static void static_records_are_checked(void) {
  static const char *const wrong[] = {
      "example.com:SRV=",        "example.com:SRV=p1|",           "example.com:SRV=p1:p=65536",
      "example.com:SRV=p1:q=1",  "example.com:SRV=p1:5060:5061",  "example.com:SRV=p1:0",
      "example.com:SRV=p1:A=p2", "example.com:SRV=p1:A=1.2.3.4,", "example.com:A=",
      "example.com:A=1.2.3.4:5", "example.com:SRV=p1:A=[::1",     ":SRV=p1"};
  struct proxy proxy;
  struct phone_error error = {""};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CU_ASSERT_TRUE(proxy_parse(&proxy, wrong[i], &error) < 0 && *error.text);
  CU_ASSERT_TRUE(proxy_parse(&proxy, "e:SRV=1|2|3|4|5|6|7|8|9|10|11|12", &error) == 0);
  CU_ASSERT_EQUAL(proxy.server_count, SRV_RECORDS_MAX);
  CU_ASSERT_TRUE(proxy_parse(&proxy, "e:SRV=1|2|3|4|5|6|7|8|9|10|11|12|13", &error) < 0);
  check_same("more than 12 servers", error.text);
  CU_ASSERT_TRUE(proxy_parse(&proxy, "e:SRV=p1:A=[2001:db8::1],192.0.2.1:p=3", &error) == 0);
  CU_ASSERT_EQUAL(proxy.servers[0].address_count, 2);
  CU_ASSERT_EQUAL(proxy.servers[0].priority, 3);
  CU_ASSERT_EQUAL(proxy.servers[0].weight, 1);
}

static const char DUAL_ZONE[] =
    "$ORIGIN example.com.\n$TTL 300\n" SOA "_sip._udp.both IN SRV 10 1 5060 both1\n"
    "_sip._udp.both IN SRV 20 1 5060 both2\n"
    "_sip._udp.six  IN SRV 10 1 5060 six1\n"
    "_sip._udp.six  IN SRV 20 1 5060 both2\n"
    "both1 IN A 1.1.1.1\nboth1 IN AAAA 2009:1:1:1::1\n"
    "six1  IN AAAA 2009:1:1:1::1\n"
    "both2 IN A 2.2.2.2\nboth2 IN AAAA 2009:2:2:2::2\n";

/* CISCO-SRV-10: the rows of the guide's table; its fourth row's result contradicts its sequence,
 * which is followed. */
static void families_go_by_preference(void) {
  static const struct {
    int families[2];
    const char *proxy, *expected;
  } rows[] = {
      {{AF_INET, AF_INET6},
       "both.example.com",
       "0 UDP 1.1.1.1:5060 both1.example.com\n0 UDP [2009:1:1:1::1]:5060 both1.example.com\n"
       "1 UDP 2.2.2.2:5060 both2.example.com\n1 UDP [2009:2:2:2::2]:5060 both2.example.com\n"},
      {{AF_INET6, AF_INET},
       "both.example.com",
       "0 UDP [2009:1:1:1::1]:5060 both1.example.com\n0 UDP 1.1.1.1:5060 both1.example.com\n"
       "1 UDP [2009:2:2:2::2]:5060 both2.example.com\n1 UDP 2.2.2.2:5060 both2.example.com\n"},
      {{AF_INET, AF_INET6},
       "six.example.com",
       "0 UDP [2009:1:1:1::1]:5060 six1.example.com\n"
       "1 UDP 2.2.2.2:5060 both2.example.com\n1 UDP [2009:2:2:2::2]:5060 both2.example.com\n"},
      {{AF_INET6, AF_INET},
       "six.example.com",
       "0 UDP [2009:1:1:1::1]:5060 six1.example.com\n"
       "1 UDP [2009:2:2:2::2]:5060 both2.example.com\n1 UDP 2.2.2.2:5060 both2.example.com\n"},
      {{AF_INET, 0},
       "both.example.com",
       "0 UDP 1.1.1.1:5060 both1.example.com\n1 UDP 2.2.2.2:5060 both2.example.com\n"},
      {{AF_INET6, 0},
       "both.example.com",
       "0 UDP [2009:1:1:1::1]:5060 both1.example.com\n"
       "1 UDP [2009:2:2:2::2]:5060 both2.example.com\n"},
  };
  start(DUAL_ZONE);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct resolution_options options = usual();
    memcpy(options.order.families, rows[i].families, sizeof rows[i].families);
    options.order.family_count = rows[i].families[1] ? 2 : 1;
    check(options, rows[i].proxy, rows[i].expected);
  }
  dns_lab_end(&lab);
}

/* RFC 7984: A and AAAA, each target's in the order of RFC 6724, whatever SIP IP Preference says. */
static void families_go_by_rfc_6724(void) {
  struct target_address own[2];
  start(DUAL_ZONE);
  struct resolution_options options = usual();
  target_address_parse(&own[0], "198.51.100.1", 0);
  target_address_parse(&own[1], "2001:db8::1", 0);
  options.order = (struct target_order){.families = {AF_INET, AF_INET6},
                                        .family_count = 2,
                                        .is_by_rfc6724 = true,
                                        .own = own,
                                        .own_count = 2};
  check(options, "both.example.com",
        "0 UDP [2009:1:1:1::1]:5060 both1.example.com\n0 UDP 1.1.1.1:5060 both1.example.com\n"
        "1 UDP [2009:2:2:2::2]:5060 both2.example.com\n1 UDP 2.2.2.2:5060 both2.example.com\n");
  dns_lab_end(&lab);
}

/* RFC 6724 section 10.2, as far as it isn't about rule 9 or an address that changes; and more of
 * the table. */
static void destinations_have_an_order(void) {
  static const struct {
    const char *own[2]; /* IPv4, IPv6; "": none */
    const char *first, *second;
  } rows[] = {
      {{"131.107.65.121", "2001:db8:1::1"}, "2001:db8:1::2", "198.51.100.121"},
      {{"131.107.65.121", "fe80::1"}, "198.51.100.121", "2001:db8:1::1"},
      {{"10.1.2.4", "2001:db8:1::2"}, "2001:db8:1::1", "10.1.2.3"},
      {{"", "fe80::2"}, "fe80::1", "2001:db8:1::1"},
      {{"198.51.100.1", ""}, "192.0.2.1", "2001:db8::1"},
      {{"198.51.100.1", "fd00::1"}, "fd00::2", "2001:db8::1"},
      {{"198.51.100.1", "2002:c633:6401::1"}, "2002:c000:201::1", "2001:db8::1"},
      {{"198.51.100.1", "2002:c633:6401::1"}, "192.0.2.1", "2001:db8::1"},
      {{"198.51.100.1", "fd00::1"}, "192.0.2.1", "2001:db8::1"},
      {{"127.0.0.1", "::1"}, "::1", "127.0.0.1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct target_address own[2], both[2];
    size_t count = 0;
    for (size_t k = 0; k < 2; k++)
      if (*rows[i].own[k] && target_address_parse(&own[count], rows[i].own[k], 0))
        count++;
    for (size_t turned = 0; turned < 2; turned++) {
      char text[TARGET_TEXT_SIZE], expected[TARGET_TEXT_SIZE];
      struct target_address wanted;
      CU_ASSERT_TRUE_FATAL(target_address_parse(&both[turned], rows[i].first, 0) &&
                           target_address_parse(&both[!turned], rows[i].second, 0) &&
                           target_address_parse(&wanted, rows[i].first, 0));
      address_order(both, 2, own, count);
      check_same(target_address_format(&wanted, expected), target_address_format(&both[0], text));
    }
  }
}

static const struct unit_test tests[] = {
    {"the guide's zone gives the guide's list", the_guide_s_zone_gives_the_guide_s_list},
    {"only what the phone speaks is asked for", only_what_the_phone_speaks_is_asked_for},
    {"one order may be all", one_order_may_be_all},
    {"six NAPTR and twelve SRV records count", six_naptr_and_twelve_srv_records_count},
    {"addresses expand in place", addresses_expand_in_place},
    {"the list may keep to the first port", the_list_may_keep_to_the_first_port},
    {"without NAPTR each transport is asked for", without_naptr_each_transport_is_asked_for},
    {"one transport may be all", one_transport_may_be_all},
    {"a fixed transport stays", a_fixed_transport_stays},
    {"hosts serve where there is no SRV", hosts_serve_where_there_is_no_srv},
    {"names that give nothing", names_that_give_nothing},
    {"a literal name may say its transport", a_literal_name_may_say_its_transport},
    {"static records need no DNS", static_records_need_no_dns},
    {"static records are checked", static_records_are_checked},
    {"weights are shares of resolutions", weights_are_shares_of_resolutions},
    {"families go by preference", families_go_by_preference},
    {"families go by RFC 6724", families_go_by_rfc_6724},
    {"destinations have an order", destinations_have_an_order},
};

UNIT_MAIN("ua resolution", tests)
