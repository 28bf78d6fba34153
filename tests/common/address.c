/* SPDX-License-Identifier: MIT
 *
 * Addresses: what is read, what is refused and with which text, and that both directions agree.
 */
#include "common/address.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static void check_parsed(const char *text, uint16_t default_port, const char *expected) {
  struct sockaddr_storage address;
  struct error error = {""};
  char formatted[ADDRESS_TEXT_SIZE] = "";
  int result = address_parse(&address, text, default_port, &error);
  if (result == 0)
    address_format(&address, formatted);
  CU_ASSERT(result == 0);
  CU_ASSERT_STRING_EQUAL(formatted, expected);
  if (strcmp(formatted, expected) != 0)
    fprintf(stderr, "\n%s: %s %s\n", text, formatted, error.text);
}

static void check_refused(const char *text, const char *expected) {
  struct sockaddr_storage address, untouched;
  struct error error = {""};
  memset(&address, 0x5a, sizeof address);
  untouched = address;
  CU_ASSERT(address_parse(&address, text, 5060, &error) == -1);
  CU_ASSERT_STRING_EQUAL(error.text, expected);
  CU_ASSERT(memcmp(&address, &untouched, sizeof address) == 0);
  CU_ASSERT(address_parse(&address, text, 5060, NULL) == -1);
}

static void test_parse(void) {
  check_parsed("192.0.2.1", 5060, "192.0.2.1:5060");
  check_parsed("192.0.2.1:5080", 5060, "192.0.2.1:5080");
  check_parsed("192.0.2.1:0", 5060, "192.0.2.1:0");
  check_parsed("192.0.2.1:65535", 5060, "192.0.2.1:65535");
  check_parsed("192.0.2.1", 0, "192.0.2.1:0");
  check_parsed("2001:db8::1", 5060, "[2001:db8::1]:5060");
  check_parsed("[2001:db8::1]", 5060, "[2001:db8::1]:5060");
  check_parsed("[2001:DB8:0::1]:5080", 5060, "[2001:db8::1]:5080");
  check_parsed("::", 53, "[::]:53");
  check_parsed("[::ffff:192.0.2.1]:1", 53, "[::ffff:192.0.2.1]:1");
  check_parsed("[192.0.2.1]:5080", 5060, "192.0.2.1:5080");
}

static void test_longest(void) {
  check_parsed("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", 0,
               "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
  check_parsed("0000:0000:0000:0000:0000:ffff:255.255.255.255", 1, "[::ffff:255.255.255.255]:1");
}

#define NO_PORT(text) "\"" text "\": the port must be a number from 0 to 65535"
#define NO_FORM(text) "\"" text "\" is not an address (192.0.2.1:5060 or [2001:db8::1]:5060)"
#define NO_HOST(text) "\"" text "\" is not an IPv4 or IPv6 address"

static void test_refused(void) {
  check_refused("192.0.2.1:65536", NO_PORT("192.0.2.1:65536"));
  check_refused("192.0.2.1:99999999999999999999", NO_PORT("192.0.2.1:99999999999999999999"));
  check_refused("192.0.2.1:", NO_PORT("192.0.2.1:"));
  check_refused("192.0.2.1:-1", NO_PORT("192.0.2.1:-1"));
  check_refused("192.0.2.1:+1", NO_PORT("192.0.2.1:+1"));
  check_refused("192.0.2.1:50x", NO_PORT("192.0.2.1:50x"));
  check_refused("[::1]:", NO_PORT("[::1]:"));
  check_refused("", NO_FORM(""));
  check_refused(":5060", NO_FORM(":5060"));
  check_refused("[]:5060", NO_FORM("[]:5060"));
  check_refused("[::1", NO_FORM("[::1"));
  check_refused("[::1]5060", NO_FORM("[::1]5060"));
  check_refused("[0000:0000:0000:0000:0000:ffff:255.255.255.2555]",
                NO_FORM("[0000:0000:0000:0000:0000:ffff:255.255.255.2555]"));
  check_refused("192.0.2.256", NO_HOST("192.0.2.256"));
  check_refused("192.0.2", NO_HOST("192.0.2"));
  check_refused("p1.example.com:5060", NO_HOST("p1.example.com:5060"));
  check_refused("2001:db8::1::2", NO_HOST("2001:db8::1::2"));
  check_refused(" 192.0.2.1", NO_HOST(" 192.0.2.1"));
}

static void test_format(void) {
  struct sockaddr_storage address = {0};
  char text[ADDRESS_TEXT_SIZE];
  CU_ASSERT_STRING_EQUAL(address_format(&address, text), "-");
  CU_ASSERT_STRING_EQUAL(address_format_host(&address, text), "-");
  address_parse(&address, "[2001:db8::1]:5060", 0, NULL);
  CU_ASSERT_STRING_EQUAL(address_format_host(&address, text), "2001:db8::1");
  address_parse(&address, "192.0.2.1:5060", 0, NULL);
  CU_ASSERT_STRING_EQUAL(address_format_host(&address, text), "192.0.2.1");
}

static void test_port(void) {
  struct sockaddr_storage address = {0};
  address_set_port(&address, 5060);
  CU_ASSERT(address_port(&address) == 0 && address_length(&address) == 0);
  address_parse(&address, "192.0.2.1", 1, NULL);
  address_set_port(&address, 65535);
  CU_ASSERT(address_port(&address) == 65535 &&
            address_length(&address) == sizeof(struct sockaddr_in));
  address_parse(&address, "::1", 1, NULL);
  address_set_port(&address, 258);
  CU_ASSERT(address_port(&address) == 258 &&
            address_length(&address) == sizeof(struct sockaddr_in6));
}

static void test_equal(void) {
  const char *texts[] = {"192.0.2.1:5060",     "192.0.2.1:5061",     "192.0.2.2:5060",
                         "[2001:db8::1]:5060", "[2001:db8::1]:5061", "[::ffff:192.0.2.1]:5060"};
  struct sockaddr_storage a[6], none = {0};
  for (size_t i = 0; i < 6; i++)
    address_parse(&a[i], texts[i], 0, NULL);
  for (size_t i = 0; i < 6; i++)
    for (size_t k = 0; k < 6; k++)
      CU_ASSERT(address_equal(&a[i], &a[k]) == (i == k));
  CU_ASSERT(address_equal_host(&a[0], &a[1]) && address_equal_host(&a[3], &a[4]));
  CU_ASSERT(!address_equal_host(&a[0], &a[2]) && !address_equal_host(&a[0], &a[5]) &&
            !address_equal_host(&a[3], &a[5]));
  CU_ASSERT(!address_equal(&none, &none) && !address_equal(&none, &a[0]));
}

static const struct unit_test tests[] = {
    {"addresses are read with and without port", test_parse},
    {"the longest addresses fit", test_longest},
    {"what is no address is refused by name, and the result is untouched", test_refused},
    {"an address of no family is a dash", test_format},
    {"ports are in host byte order", test_port},
    {"addresses are equal by family, host and port", test_equal},
};

UNIT_MAIN("common: address", tests)
