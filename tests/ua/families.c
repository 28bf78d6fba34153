/* SPDX-License-Identifier: MIT
 *
 * A phone with an IPv4 and an IPv6 address, in real time on loopback: which server it registers
 * with (CISCO-SRV-10, RFC 7984), and which of its own addresses it says there. Its records are
 * static (CISCO-SRV-9), so that there is no DNS.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit.h"
#include "ua/phone.h"

/* Nothing takes so long but a machine that stands still. */
#define PATIENCE_STEPS 500
#define STEP_MS 20

static int open_socket(const char *host, uint16_t *port) {
  struct target_address address;
  socklen_t length = sizeof address.v6;
  CU_ASSERT_FATAL(target_address_parse(&address, host, *port ? *port : 1));
  target_address_set_port(&address, *port);
  int descriptor =
      socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  socklen_t size = address.any.sa_family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
  CU_ASSERT_FATAL(bind(descriptor, &address.any, size) == 0);
  CU_ASSERT_FATAL(getsockname(descriptor, &address.any, &length) == 0);
  *port = target_address_port(&address);
  return descriptor;
}

static uint16_t free_port(const char *host) {
  uint16_t port = 0;
  close(open_socket(host, &port));
  return port;
}

static void drop_event(void *context, cJSON *event) {
  (void)context;
  cJSON_Delete(event);
}

/* The first message that comes to either server; 6 or 4 says to which. */
static int first_message(su_root_t *root, int v4, int v6, char text[4096]) {
  for (int step = 0; step < PATIENCE_STEPS; step++) {
    su_root_step(root, STEP_MS);
    ssize_t size = recv(v6, text, 4095, 0);
    int family = size >= 0 ? 6 : 4;
    if (size < 0)
      size = recv(v4, text, 4095, 0);
    text[size < 0 ? 0 : size] = '\0';
    if (size >= 0)
      return family;
  }
  return 0;
}

static void check(const char *profile, const char *global, int expected) {
  uint16_t v4_port = 0, v6_port = 0, own4 = free_port("127.0.0.1"), own6 = free_port("::1");
  int v4 = open_socket("127.0.0.1", &v4_port), v6;
  char json[2048], text[4096], via[128], contact[128];
  struct phone_configuration configuration;
  struct phone_error error = {""};
  struct phone *phone = NULL;
  v6_port = v4_port;
  v6 = open_socket("::1", &v6_port);
  snprintf(json, sizeof json,
           "{\"profile\":\"%s\",\"network\":{\"address\":[\"127.0.0.1:%u\",\"[::1]:%u\"]},"
           "\"lines\":[{\"User ID\":\"alice\",\"Proxy\":\"example.com:SRV=p1:%u:A=127.0.0.1,"
           "[::1]\"}],\"global\":{%s}}",
           profile, own4, own6, v4_port, global);
  cJSON *object = cJSON_Parse(json);
  su_init();
  su_root_t *root = su_root_create(NULL);
  int result = phone_configure(&configuration, object, &error);
  cJSON_Delete(object);
  if (result == 0)
    result = phone_create(&phone, root, &configuration, drop_event, NULL, &error);
  if (result < 0)
    fprintf(stderr, "%s\n", error.text);
  CU_ASSERT_FATAL(result == 0);
  phone_begin(phone);
  CU_ASSERT_EQUAL(first_message(root, v4, v6, text), expected);
  snprintf(via, sizeof via, "Via: SIP/2.0/UDP %s:%u;", expected == 6 ? "[::1]" : "127.0.0.1",
           expected == 6 ? own6 : own4);
  snprintf(contact, sizeof contact, "Contact: <sip:alice@%s:%u>",
           expected == 6 ? "[::1]" : "127.0.0.1", expected == 6 ? own6 : own4);
  CU_ASSERT_PTR_NOT_NULL(strstr(text, via));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, contact));
  phone_destroy(phone);
  su_root_destroy(root);
  su_deinit();
  close(v4);
  close(v6);
}

static void the_preferred_family_is_first(void) {
  check("cisco-mpp", "", 4);
  check("cisco-mpp", "\"SIP IP Preference\":\"IPv4\"", 4);
  check("cisco-mpp", "\"SIP IP Preference\":\"IPv6\"", 6);
}

static void the_mode_leaves_a_family_out(void) {
  check("cisco-mpp", "\"IP Mode\":\"IPv6 Only\"", 6);
  check("cisco-mpp", "\"IP Mode\":\"IPv4 Only\",\"SIP IP Preference\":\"IPv6\"", 4);
}

/* RFC 6724 section 2.1: ::1 has the precedence 50, IPv4 has 35. */
static void the_rfc_profile_orders_by_rfc_6724(void) {
  check("rfc3263", "\"SIP IP Preference\":\"IPv4\"", 6);
  check("rfc3263", "\"IP Mode\":\"IPv4 Only\"", 4);
}

static const struct unit_test tests[] = {
    {"the preferred family is first", the_preferred_family_is_first},
    {"the mode leaves a family out", the_mode_leaves_a_family_out},
    {"the RFC profile orders by RFC 6724", the_rfc_profile_orders_by_rfc_6724},
};

UNIT_MAIN("ua families", tests)
