/* SPDX-License-Identifier: MIT
 *
 * Names in a lab with a simulated network, seen from outside: each test runs the participant with
 * DNS servers of its own (participant_dns.c has their zone) and compares what it printed, virtual
 * times included. The times are those of glibc 2.36's resolver (harness/clock/resolver_send.c).
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clock/lab.h"
#include "tests/unit.h"

/* ---- networks ---- */

static void add_host(struct network *network, const char *name, const char *v4, const char *v6) {
  struct sockaddr_in address4 = {.sin_family = AF_INET};
  struct sockaddr_in6 address6 = {.sin6_family = AF_INET6};
  int host = network_add_host(network, name);
  if (v4 && (inet_pton(AF_INET, v4, &address4.sin_addr) != 1 ||
             network_add_address(network, host, (struct sockaddr *)&address4)))
    abort();
  if (v6 && (inet_pton(AF_INET6, v6, &address6.sin6_addr) != 1 ||
             network_add_address(network, host, (struct sockaddr *)&address6)))
    abort();
}

/* The first `count` of dns1, dns2 (IPv4) and dns3 (IPv6) are name servers. */
static void add_network(struct clock_lab *lab, uint32_t count) {
  struct network *network = &lab->segment->network;
  network_init(network, lab_block());
  add_host(network, "dns1", "10.9.0.1", NULL);
  add_host(network, "dns2", "10.9.0.2", NULL);
  add_host(network, "dns3", NULL, "2001:db8:9::3");
  add_host(network, "alice", "10.1.0.5", "2001:db8:1::5");
  add_host(network, "bob", "10.1.0.6", NULL);
  add_host(network, "carol", NULL, "2001:db8:1::7");
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  for (uint32_t i = 0; i < count && i < 2; i++) {
    v4.sin_addr.s_addr = htonl(0x0a090001 + i);
    network_add_nameserver(network, (struct sockaddr *)&v4);
  }
  if (count == 3 && inet_pton(AF_INET6, "2001:db8:9::3", &v6.sin6_addr) == 1)
    network_add_nameserver(network, (struct sockaddr *)&v6);
}

static void no_server(struct clock_lab *lab) {
  add_network(lab, 0);
}

static void one_server(struct clock_lab *lab) {
  add_network(lab, 1);
}

static void two_servers(struct clock_lab *lab) {
  add_network(lab, 2);
}

static void three_servers(struct clock_lab *lab) {
  add_network(lab, 3);
}

static void expect(const char *host, void (*network)(struct clock_lab *lab),
                   const char *const *arguments, const char *expected) {
  struct lab_result result =
      lab_run(&(struct lab_options){.seed = 1, .prepare = network, .host = host}, arguments);
  CU_ASSERT_EQUAL(result.status, 0);
  CU_ASSERT_STRING_EQUAL(result.output, expected);
  if (strcmp(result.output, expected) != 0)
    fprintf(stderr, "%s printed:\n%s", arguments[0], result.output);
  CU_ASSERT_EQUAL(result.left, 0);
  CU_ASSERT_EQUAL(result.report[0], '\0');
  free(result.output);
}

/* ---- files ---- */

static void test_files(void) {
  expect("alice", three_servers,
         ARGUMENTS("names", "fopen:/etc/resolv.conf", "read:/etc/hosts", "openat:/etc/hostname",
                   "read:/etc/nsswitch.conf", "hostname", "servers"),
         "0.000000000 /etc/resolv.conf: nameserver 10.9.0.1|nameserver 10.9.0.2|"
         "nameserver 2001:db8:9::3|\n"
         "0.000000000 /etc/hosts: 127.0.0.1 localhost|::1 localhost|10.1.0.5 alice|"
         "2001:db8:1::5 alice|\n"
         "0.000000000 /etc/hostname: alice|\n"
         "0.000000000 /etc/nsswitch.conf: passwd: files|group: files|shadow: files|"
         "hosts: files dns|networks: files|protocols: files|services: files|\n"
         "0.000000000 hostname: alice alice ENAMETOOLONG\n"
         "0.000000000 servers: 10.9.0.1:53 10.9.0.2:53 [2001:db8:9::3]:53, 5 s, 2 attempts\n");
}

/* ---- getaddrinfo ---- */

static void test_names(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:a.example,5060", "addrinfo:both.example,5061",
                   "addrinfo:six.example.,0", "addrinfo:alias.example,0,dgram,canonical",
                   "addrinfo:dangling.example,-"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 dns1: UDP a.example type 28\n"
         "0.000000000 addrinfo a.example: 192.0.2.1:5060 192.0.2.2:5060\n"
         "0.000000000 dns1: UDP both.example type 1\n"
         "0.000000000 dns1: UDP both.example type 28\n"
         "0.000000000 addrinfo both.example: [2001:db8::3]:5061 192.0.2.3:5061\n"
         "0.000000000 dns1: UDP six.example type 1\n"
         "0.000000000 dns1: UDP six.example type 28\n"
         "0.000000000 addrinfo six.example.: [2001:db8::6]:0\n"
         "0.000000000 dns1: UDP alias.example type 1\n"
         "0.000000000 dns1: UDP alias.example type 28\n"
         "0.000000000 addrinfo alias.example: [2001:db8::3]:0=both.example 192.0.2.3:0\n"
         "0.000000000 dns1: UDP dangling.example type 1\n"
         "0.000000000 dns1: UDP dangling.example type 28\n"
         "0.000000000 addrinfo dangling.example: Name or service not known\n");
}

static void test_families(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:both.example,0,dgram,v4",
                   "addrinfo:both.example,0,dgram,v6", "addrinfo:a.example,0,dgram,v6",
                   "addrinfo:a.example,0,dgram,v6,mapped",
                   "addrinfo:both.example,0,dgram,v6,mapped",
                   "addrinfo:both.example,0,dgram,v6,mapped,all"),
         "0.000000000 dns1: UDP both.example type 1\n"
         "0.000000000 addrinfo both.example: 192.0.2.3:0\n"
         "0.000000000 dns1: UDP both.example type 28\n"
         "0.000000000 addrinfo both.example: [2001:db8::3]:0\n"
         "0.000000000 dns1: UDP a.example type 28\n"
         "0.000000000 addrinfo a.example: No address associated with hostname\n"
         "0.000000000 dns1: UDP a.example type 28\n"
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 addrinfo a.example: [::ffff:192.0.2.1]:0 [::ffff:192.0.2.2]:0\n"
         "0.000000000 dns1: UDP both.example type 28\n"
         "0.000000000 addrinfo both.example: [2001:db8::3]:0\n"
         "0.000000000 dns1: UDP both.example type 28\n"
         "0.000000000 dns1: UDP both.example type 1\n"
         "0.000000000 addrinfo both.example: [2001:db8::3]:0 [::ffff:192.0.2.3]:0\n");
}

/* What a host has no address of comes last, and AI_ADDRCONFIG doesn't even ask for it. */
static void test_order_and_configuration(void) {
  expect("bob", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:both.example,0",
                   "addrinfo:both.example,0,dgram,configured",
                   "addrinfo:both.example,0,dgram,v6,configured"),
         "0.000000000 dns1: UDP both.example type 1\n"
         "0.000000000 dns1: UDP both.example type 28\n"
         "0.000000000 addrinfo both.example: 192.0.2.3:0 [2001:db8::3]:0\n"
         "0.000000000 dns1: UDP both.example type 1\n"
         "0.000000000 addrinfo both.example: 192.0.2.3:0\n"
         "0.000000000 addrinfo both.example: Name or service not known\n");
  expect("carol", three_servers,
         ARGUMENTS("names", "dns3=answers", "addrinfo:both.example,0,dgram,configured"),
         "0.000000000 dns3: UDP both.example type 28\n"
         "0.000000000 addrinfo both.example: [2001:db8::3]:0\n");
}

static void test_without_dns(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "addrinfo:localhost,0", "addrinfo:LocalHost,0,dgram,v4",
                   "addrinfo:alice,0", "addrinfo:-,80,stream", "addrinfo:-,80,stream,passive",
                   "addrinfo:192.0.2.7,sip,dgram", "addrinfo:fe80::1%eth0,5060,dgram",
                   "addrinfo:fe80::1%7,5060,dgram", "addrinfo:10.1,80,-",
                   "addrinfo:2001:db8::9,0,dgram,v4", "addrinfo:192.0.2.7,0,dgram,v6",
                   "addrinfo:192.0.2.7,0,dgram,v6,mapped", "addrinfo:::ffff:1.2.3.4,0,dgram,v4"),
         "0.000000000 addrinfo localhost: [::1]:0 127.0.0.1:0\n"
         "0.000000000 addrinfo LocalHost: 127.0.0.1:0\n"
         "0.000000000 addrinfo alice: [2001:db8:1::5]:0 10.1.0.5:0\n"
         "0.000000000 addrinfo -: [::1]:80 127.0.0.1:80\n"
         "0.000000000 addrinfo -: 0.0.0.0:80 [::]:80\n"
         "0.000000000 addrinfo 192.0.2.7: 192.0.2.7:5060\n"
         "0.000000000 addrinfo fe80::1%eth0: [fe80::1%2]:5060\n"
         "0.000000000 addrinfo fe80::1%7: [fe80::1%7]:5060\n"
         "0.000000000 addrinfo 10.1: 10.0.0.1:80/1/6 10.0.0.1:80/2/17 10.0.0.1:80/3/0\n"
         "0.000000000 addrinfo 2001:db8::9: Address family for hostname not supported\n"
         "0.000000000 addrinfo 192.0.2.7: Address family for hostname not supported\n"
         "0.000000000 addrinfo 192.0.2.7: [::ffff:192.0.2.7]:0\n"
         "0.000000000 addrinfo ::ffff:1.2.3.4: 1.2.3.4:0\n");
}

static void test_refused_arguments(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "addrinfo:-,-", "addrinfo:alice,0,odd-family",
                   "addrinfo:alice,0,odd-flag", "addrinfo:-,0,canonical",
                   "addrinfo:alice,nonesuch,stream", "addrinfo:alice,sip,dgram,number",
                   "addrinfo:alice,5060,raw", "addrinfo:alice,0,dgram,numeric"),
         "0.000000000 addrinfo -: Name or service not known\n"
         "0.000000000 addrinfo alice: ai_family not supported\n"
         "0.000000000 addrinfo alice: Bad value for ai_flags\n"
         "0.000000000 addrinfo -: Bad value for ai_flags\n"
         "0.000000000 addrinfo alice: Servname not supported for ai_socktype\n"
         "0.000000000 addrinfo alice: Name or service not known\n"
         "0.000000000 addrinfo alice: Servname not supported for ai_socktype\n"
         "0.000000000 addrinfo alice: Name or service not known\n");
}

static void test_errors(void) {
  expect("bob", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:nx.example,0", "addrinfo:empty.example,0",
                   "addrinfo:fails.example,0,dgram,v4", "addrinfo:a..example,0"),
         "0.000000000 dns1: UDP nx.example type 1\n"
         "0.000000000 dns1: UDP nx.example type 28\n"
         "0.000000000 addrinfo nx.example: Name or service not known\n"
         "0.000000000 dns1: UDP empty.example type 1\n"
         "0.000000000 dns1: UDP empty.example type 28\n"
         "0.000000000 addrinfo empty.example: No address associated with hostname\n"
         "0.000000000 dns1: UDP fails.example type 1\n"
         "0.000000000 dns1: UDP fails.example type 1\n"
         "0.000000000 addrinfo fails.example: Temporary failure in name resolution\n"
         "0.000000000 addrinfo a..example: Name or service not known\n");
}

/* ---- waiting ---- */

static void test_silent_server(void) {
  expect("bob", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:silent.example,0,dgram,v4"),
         "0.000000000 dns1: UDP silent.example type 1\n"
         "5.000000000 dns1: UDP silent.example type 1\n"
         "10.000000000 addrinfo silent.example: Temporary failure in name resolution\n");
}

static void test_next_server(void) {
  expect("bob", two_servers,
         ARGUMENTS("names", "dns1=is-silent", "dns2=answers", "addrinfo:a.example,0,dgram,v4"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "5.000000000 dns2: UDP a.example type 1\n"
         "5.000000000 addrinfo a.example: 192.0.2.1:0 192.0.2.2:0\n");
  /* Nobody at port 53 is found out at once, and so is SERVFAIL. */
  expect("bob", two_servers, ARGUMENTS("names", "dns2=answers", "addrinfo:a.example,0,dgram,v4"),
         "0.000000000 dns2: UDP a.example type 1\n"
         "0.000000000 addrinfo a.example: 192.0.2.1:0 192.0.2.2:0\n");
  expect("bob", two_servers,
         ARGUMENTS("names", "dns1=fails", "dns2=answers", "addrinfo:a.example,0,dgram,v4"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 dns2: UDP a.example type 1\n"
         "0.000000000 addrinfo a.example: 192.0.2.1:0 192.0.2.2:0\n");
}

/* 5 s, 10/3 s and 20/3 s, in whole seconds, twice. */
static void test_three_silent_servers(void) {
  expect(
      "alice", three_servers,
      ARGUMENTS("names", "dns1=is-silent", "dns2=is-silent", "dns3=is-silent", "byname:a.example"),
      "0.000000000 dns1: UDP a.example type 1\n"
      "5.000000000 dns2: UDP a.example type 1\n"
      "8.000000000 dns3: UDP a.example type 1\n"
      "14.000000000 dns1: UDP a.example type 1\n"
      "19.000000000 dns2: UDP a.example type 1\n"
      "22.000000000 dns3: UDP a.example type 1\n"
      "28.000000000 byname a.example: Host name lookup failure\n");
}

static void test_no_server_at_all(void) {
  expect("bob", two_servers, ARGUMENTS("names", "addrinfo:a.example,0", "send:a.example,1"),
         "0.000000000 addrinfo a.example: Temporary failure in name resolution\n"
         "0.000000000 send a.example: ECONNREFUSED\n");
  expect("bob", no_server, ARGUMENTS("names", "addrinfo:a.example,0", "servers"),
         "0.000000000 addrinfo a.example: Temporary failure in name resolution\n"
         "0.000000000 servers: 127.0.0.1:53, 5 s, 2 attempts\n");
}

/* The answer to the first attempt comes during the second one, which is the same query. */
static void test_late_answer(void) {
  expect("bob", one_server, ARGUMENTS("names", "dns1=is-late", "addrinfo:a.example,0,dgram,v4"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "7.000000000 dns1: UDP a.example type 1\n"
         "7.000000000 addrinfo a.example: 192.0.2.1:0 192.0.2.2:0\n");
}

/* One of two queries is never answered: asked one by one, then from another socket, then the one
 * answer is good enough; from then on that's the way. */
static void test_half_an_answer(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:half.example,0", "addrinfo:both.example,0"),
         "0.000000000 dns1: UDP half.example type 1\n"
         "0.000000000 dns1: UDP half.example type 28\n"
         "5.000000000 dns1: UDP half.example type 1\n"
         "5.000000000 dns1: UDP half.example type 28\n"
         "10.000000000 dns1: UDP half.example type 1\n"
         "10.000000000 dns1: UDP half.example type 28\n"
         "15.000000000 addrinfo half.example: 192.0.2.8:0\n"
         "15.000000000 dns1: UDP both.example type 1\n"
         "15.000000000 dns1: UDP both.example type 28\n"
         "15.000000000 addrinfo both.example: [2001:db8::3]:0 192.0.2.3:0\n");
}

static void test_program_sets_the_timeout(void) {
  expect("bob", one_server,
         ARGUMENTS("names", "dns1=is-silent", "timeout:2,3", "addrinfo:a.example,0,dgram,v4"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "2.000000000 dns1: UDP a.example type 1\n"
         "4.000000000 dns1: UDP a.example type 1\n"
         "6.000000000 addrinfo a.example: Temporary failure in name resolution\n");
}

static void test_truncated_answer(void) {
  expect("bob", one_server,
         ARGUMENTS("names", "dns1=answers", "addrinfo:big.example,0", "query:big.example,1"),
         "0.000000000 dns1: UDP big.example type 1\n"
         "0.000000000 dns1: UDP big.example type 28\n"
         "0.000000000 dns1: TCP big.example type 1\n"
         "0.000000000 dns1: TCP big.example type 28\n"
         "0.000000000 addrinfo big.example: 198.51.100.1:0 198.51.100.2:0 198.51.100.3:0 "
         "198.51.100.4:0 198.51.100.5:0 198.51.100.6:0, 40 in all\n"
         "0.000000000 dns1: UDP big.example type 1\n"
         "0.000000000 dns1: TCP big.example type 1\n"
         "0.000000000 query big.example: code 0, 40 records\n");
}

/* ---- the other calls ---- */

static void test_hosts(void) {
  expect("alice", one_server,
         ARGUMENTS("names", "dns1=answers", "byname:a.example", "byname:alias.example",
                   "byname2:alias.example,6", "byname2:a.example,6", "byname:nx.example",
                   "byname:10.0.0.1", "byname2:2001:db8::9,6", "byname2:2001:db8::9,4",
                   "byname_r:a.example,1024", "byname_r:a.example,40", "byname_r:nx.example,1024",
                   "byname:alice", "byaddr:192.0.2.1", "byaddr:2001:db8::3", "byaddr:10.1.0.5",
                   "byaddr:192.0.2.9"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 byname a.example: a.example 192.0.2.1 192.0.2.2\n"
         "0.000000000 dns1: UDP alias.example type 1\n"
         "0.000000000 byname alias.example: both.example (alias.example) 192.0.2.3\n"
         "0.000000000 dns1: UDP alias.example type 28\n"
         "0.000000000 byname2 alias.example: both.example (alias.example) 2001:db8::3\n"
         "0.000000000 dns1: UDP a.example type 28\n"
         "0.000000000 byname2 a.example: No address associated with name\n"
         "0.000000000 dns1: UDP nx.example type 1\n"
         "0.000000000 byname nx.example: Unknown host\n"
         "0.000000000 byname 10.0.0.1: 10.0.0.1 10.0.0.1\n"
         "0.000000000 byname2 2001:db8::9: 2001:db8::9 2001:db8::9\n"
         "0.000000000 byname2 2001:db8::9: Unknown host\n"
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 byname_r a.example: a.example 192.0.2.1 192.0.2.2\n"
         "0.000000000 dns1: UDP a.example type 1\n"
         "0.000000000 byname_r a.example: ERANGE\n"
         "0.000000000 dns1: UDP nx.example type 1\n"
         "0.000000000 byname_r nx.example: Unknown host\n"
         "0.000000000 byname alice: alice 10.1.0.5\n"
         "0.000000000 dns1: UDP 1.2.0.192.in-addr.arpa type 12\n"
         "0.000000000 byaddr 192.0.2.1: a.example 192.0.2.1\n"
         "0.000000000 dns1: UDP "
         "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa type 12\n"
         "0.000000000 byaddr 2001:db8::3: both.example 2001:db8::3\n"
         "0.000000000 byaddr 10.1.0.5: alice 10.1.0.5\n"
         "0.000000000 dns1: UDP 9.2.0.192.in-addr.arpa type 12\n"
         "0.000000000 byaddr 192.0.2.9: Unknown host\n");
}

static void test_name_information(void) {
  expect("alice", two_servers,
         ARGUMENTS("names", "dns1=is-silent", "dns2=answers", "info:192.0.2.1,numeric,dgram",
                   "info:fe80::1,numeric", "info:192.0.2.1", "info:10.1.0.5,dgram"),
         "0.000000000 info 192.0.2.1: 192.0.2.1 sip\n"
         "0.000000000 info fe80::1: fe80::1%eth0 sip\n"
         "0.000000000 dns1: UDP 1.2.0.192.in-addr.arpa type 12\n"
         "5.000000000 dns2: UDP 1.2.0.192.in-addr.arpa type 12\n"
         "5.000000000 info 192.0.2.1: a.example sip\n"
         "5.000000000 info 10.1.0.5: alice sip\n");
  expect("alice", one_server,
         ARGUMENTS("names", "dns1=answers", "info:192.0.2.9,dgram", "info:192.0.2.9,required"),
         "0.000000000 dns1: UDP 9.2.0.192.in-addr.arpa type 12\n"
         "0.000000000 info 192.0.2.9: 192.0.2.9 sip\n"
         "0.000000000 dns1: UDP 9.2.0.192.in-addr.arpa type 12\n"
         "0.000000000 info 192.0.2.9: Name or service not known\n");
  expect("alice", one_server, ARGUMENTS("names", "dns1=is-silent", "info:192.0.2.9,dgram"),
         "0.000000000 dns1: UDP 9.2.0.192.in-addr.arpa type 12\n"
         "5.000000000 dns1: UDP 9.2.0.192.in-addr.arpa type 12\n"
         "10.000000000 info 192.0.2.9: Temporary failure in name resolution\n");
}

static void test_resolver_calls(void) {
  expect("alice", two_servers,
         ARGUMENTS("names", "dns1=is-silent", "dns2=answers", "query:a.example,1",
                   "search:nx.example,1", "nquery:six.example,28", "querydomain:a,example",
                   "send:nx.example,1", "query:empty.example,33"),
         "0.000000000 dns1: UDP a.example type 1\n"
         "5.000000000 dns2: UDP a.example type 1\n"
         "5.000000000 query a.example: code 0, 2 records\n"
         "5.000000000 dns1: UDP nx.example type 1\n"
         "10.000000000 dns2: UDP nx.example type 1\n"
         "10.000000000 search nx.example: Unknown host\n"
         "10.000000000 dns1: UDP six.example type 28\n"
         "15.000000000 dns2: UDP six.example type 28\n"
         "15.000000000 nquery six.example: code 0, 1 records\n"
         "15.000000000 dns1: UDP a.example type 1\n"
         "20.000000000 dns2: UDP a.example type 1\n"
         "20.000000000 querydomain a: code 0, 2 records\n"
         "20.000000000 dns1: UDP nx.example type 1\n"
         "25.000000000 dns2: UDP nx.example type 1\n"
         "25.000000000 send nx.example: code 3, 0 records\n"
         "25.000000000 dns1: UDP empty.example type 33\n"
         "30.000000000 dns2: UDP empty.example type 33\n"
         "30.000000000 query empty.example: No address associated with name\n");
}

/* The C library's own program, which knows nothing of labs. */
static void test_foreign_program(void) {
  expect("alice", two_servers,
         ARGUMENTS("names", "dns1=is-silent", "dns2=answers",
                   "run:/usr/bin/getent,hosts,both.example",
                   "run:/usr/bin/getent,ahostsv4,a.example"),
         "0.000000000 dns1: UDP both.example type 28\n"
         "5.000000000 dns2: UDP both.example type 28\n"
         "2001:db8::3     both.example\n"
         "5.000000000 /usr/bin/getent: status 0\n"
         "5.000000000 dns1: UDP a.example type 1\n"
         "10.000000000 dns2: UDP a.example type 1\n"
         "192.0.2.1       STREAM a.example\n"
         "192.0.2.1       DGRAM  \n"
         "192.0.2.1       RAW    \n"
         "192.0.2.2       STREAM \n"
         "192.0.2.2       DGRAM  \n"
         "192.0.2.2       RAW    \n"
         "10.000000000 /usr/bin/getent: status 0\n");
}

static const struct unit_test tests[] = {
    {"resolv.conf, hosts, hostname and uname are the lab's", test_files},
    {"getaddrinfo asks the lab's servers, IPv6 first where the host has it", test_names},
    {"getaddrinfo asks for the families that are wanted", test_families},
    {"families that a host has no address of come last or not at all",
     test_order_and_configuration},
    {"localhost, the own name and digits need no server", test_without_dns},
    {"getaddrinfo refuses what glibc refuses", test_refused_arguments},
    {"each failure has its error", test_errors},
    {"a silent server is asked twice, for 5 s each", test_silent_server},
    {"a silent, failing or missing server is followed by the next", test_next_server},
    {"three silent servers take 28 s", test_three_silent_servers},
    {"without any server the failure is at once", test_no_server_at_all},
    {"a late answer counts", test_late_answer},
    {"one of two answers is enough after three attempts", test_half_an_answer},
    {"a program's own timeout and attempts hold", test_program_sets_the_timeout},
    {"a truncated answer is fetched over TCP", test_truncated_answer},
    {"gethostbyname and its relatives", test_hosts},
    {"getnameinfo", test_name_information},
    {"res_query and its relatives", test_resolver_calls},
    {"getent, unmodified", test_foreign_program},
};

UNIT_MAIN("names", tests)
