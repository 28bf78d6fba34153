/* SPDX-License-Identifier: MIT
 *
 * The registrar of fakeproxy (RFC 3261 section 10.3) over real sockets.
 */
#include <stdio.h>
#include <string.h>

#include "fakeproxy/fakeproxy_internal.h"
#include "tests/fakeproxy/phone.h"

static size_t contacts(const struct phone *phone) {
  const char *found[BINDINGS_MAX + 1];
  return fakeproxy_contacts(phone->proxy, "sip:alice@example.com", found, BINDINGS_MAX + 1);
}

static void test_binding(void) {
  struct phone phone;
  const char *found[2];
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1,
                 "Contact: <sip:alice@127.0.0.1:5070>;+sip.instance=\"<urn:x:1>\"\nExpires: 60\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(
      &phone, "Contact: <sip:alice@127.0.0.1:5070>;+sip.instance=\"<urn:x:1>\";expires=60\n"));
  CU_ASSERT_EQUAL(fakeproxy_contacts(phone.proxy, "sip:alice@EXAMPLE.com", found, 2), 1);
  CU_ASSERT_STRING_EQUAL(found[0], "sip:alice@127.0.0.1:5070");
  CU_ASSERT_EQUAL(fakeproxy_contacts(phone.proxy, "sip:bob@example.com", found, 2), 0);
  CU_ASSERT_EQUAL(fakeproxy_contacts(phone.proxy, "sip:alice@example.com", found, 0), 0);
  phone_end(&phone);
}

static void test_default_expires(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1, "Contact: <sip:alice@127.0.0.1>\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, ";expires=3600\n"));
  phone_register(&phone, "2", 2, "Contact: <sip:alice@127.0.0.1>;expires=nonsense\nExpires: 50\n");
  phone_receive(&phone);
  CU_ASSERT_TRUE(phone_saw(&phone, ";expires=3600\n"));
  phone_end(&phone);
}

static void test_maximum_expires(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){.max_expires_s = 100});
  phone_register(&phone, "1", 1,
                 "Contact: <sip:alice@127.0.0.1>;expires=200, <sip:a2@127.0.0.1>\nExpires: 99\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "<sip:alice@127.0.0.1>;expires=100\n"));
  CU_ASSERT_TRUE(phone_saw(&phone, "<sip:a2@127.0.0.1>;expires=99\n"));
  phone_end(&phone);
}

static void test_query(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1, "Contact: <sip:a1@127.0.0.1>\nContact: <sip:a2@127.0.0.1>\n");
  phone_receive(&phone);
  phone_register(&phone, "2", 2, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(
      phone_saw(&phone, "Contact: <sip:a1@127.0.0.1>;expires=3600\nContact: <sip:a2@127.0.0.1>;"));
  CU_ASSERT_EQUAL(contacts(&phone), 2);
  phone_end(&phone);
}

static void test_removal(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1,
                 "Contact: <sip:a1@127.0.0.1>, <sip:a2@127.0.0.1>, <sip:a3@127.0.0.1>\n");
  phone_receive(&phone);
  phone_register(&phone, "2", 2, "Contact: <sip:a2@127.0.0.1>;expires=0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_FALSE(phone_saw(&phone, "a2@"));
  CU_ASSERT_EQUAL(contacts(&phone), 2);
  phone_register(&phone, "3", 3, "Contact: *\nExpires: 0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_FALSE(phone_saw(&phone, "Contact:"));
  CU_ASSERT_EQUAL(contacts(&phone), 0);
  phone_end(&phone);
}

static void test_bad_wildcard(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1, "Contact: <sip:a1@127.0.0.1>\n");
  phone_receive(&phone);
  phone_register(&phone, "2", 2, "Contact: *\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 400);
  phone_register(&phone, "3", 3, "Contact: *\nExpires: 10\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 400);
  phone_register(&phone, "4", 4, "Contact: *, <sip:a2@127.0.0.1>\nExpires: 0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 400);
  CU_ASSERT_EQUAL(contacts(&phone), 1);
  phone_end(&phone);
}

static void test_order(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 5, "Contact: <sip:a1@127.0.0.1>;expires=100\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_register(&phone, "2", 4, "Contact: <sip:a2@127.0.0.1>, <sip:a1@127.0.0.1>;expires=0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 500);
  CU_ASSERT_EQUAL(contacts(&phone), 1); /* neither of the two was done */
  phone_register(&phone, "3", 5, "Contact: *\nExpires: 0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 500);
  phone_send(
      &phone,
      "REGISTER sip:example.com SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx;rport\n"
      "From: <sip:alice@example.com>;tag=9\nTo: <sip:alice@example.com>\nCall-ID: restarted\n"
      "CSeq: 1 REGISTER\nContact: <sip:a1@127.0.0.1>;expires=7\n\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "expires=7\n"));
  phone_end(&phone);
}

static void test_repetition(void) {
  struct phone phone;
  char first[PHONE_MESSAGE_SIZE];
  phone_begin(&phone, (struct fakeproxy_options){0});
  for (int i = 0; i < 2; i++) {
    phone_register(&phone, "1", 1, "Contact: <sip:a1@127.0.0.1>\n");
    CU_ASSERT_EQUAL(phone_receive(&phone), 200);
    if (i == 0)
      memcpy(first, phone.answer, sizeof first);
  }
  CU_ASSERT_STRING_EQUAL(first, phone.answer);
  const char *flag = "retransmission";
  CU_ASSERT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(phone_event(&phone, "sip", 3), flag)));
  CU_ASSERT_TRUE(cJSON_IsFalse(cJSON_GetObjectItem(phone_event(&phone, "sip", 2), flag)));
  CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItem(phone_event(&phone, "sip", 1), flag)));
  CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItem(phone_event(&phone, "sip", 0), flag)));
  phone_end(&phone);
}

static void test_expiry(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_register(&phone, "1", 1,
                 "Contact: <sip:a1@127.0.0.1>;expires=1, <sip:a2@127.0.0.1>;expires=2\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_EQUAL(contacts(&phone), 2);
  phone_run(&phone, 1010);
  CU_ASSERT_EQUAL(contacts(&phone), 1);
  phone_register(&phone, "2", 2, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "Contact: <sip:a2@127.0.0.1>;expires=1\n"));
  phone_end(&phone);
}

static void test_binding_limit(void) {
  struct phone phone;
  char branch[16], contact[64];
  phone_begin(&phone, (struct fakeproxy_options){0});
  for (unsigned i = 1; i <= BINDINGS_MAX + 1; i++) {
    snprintf(branch, sizeof branch, "%u", i);
    snprintf(contact, sizeof contact, "Contact: <sip:a%u@127.0.0.1>\n", i);
    phone_register(&phone, branch, i, contact);
    CU_ASSERT_EQUAL(phone_receive(&phone), i <= BINDINGS_MAX ? 200 : 503);
  }
  CU_ASSERT_EQUAL(contacts(&phone), BINDINGS_MAX);
  phone_end(&phone);
}

static void test_contacts_in_one_request(void) {
  struct phone phone;
  char headers[(BINDINGS_MAX + 1) * 40];
  size_t length = 0;
  phone_begin(&phone, (struct fakeproxy_options){0});
  for (unsigned i = 0; i <= BINDINGS_MAX; i++)
    length += (size_t)snprintf(headers + length, sizeof headers - length,
                               "Contact: <sip:a%u@127.0.0.1>\n", i);
  phone_register(&phone, "1", 1, headers);
  CU_ASSERT_EQUAL(phone_receive(&phone), 503);
  CU_ASSERT_EQUAL(contacts(&phone), 0);
  phone_end(&phone);
}

static void test_not_an_address_of_record(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_send(&phone,
             "REGISTER sip:example.com SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx;rport\n"
             "From: <tel:+123>;tag=9\nTo: <tel:+123>\nCall-ID: x\nCSeq: 1 REGISTER\n\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 404);
  phone_end(&phone);
}

static void test_ipv6(void) {
  struct phone phone;
  phone_begin_with(&phone, (struct fakeproxy_options){0}, "[::1]:0");
  phone_send(&phone,
             "REGISTER sip:[::1] SIP/2.0\nVia: SIP/2.0/UDP [::2]:5060;branch=z9hG4bKx;rport\n"
             "From: <sip:a@[::1]>;tag=9\nTo: <sip:a@[::1]>\nCall-ID: x\nCSeq: 1 REGISTER\n"
             "Contact: <sip:a@[::1]:5070>\n\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "received=::1"));
  CU_ASSERT_TRUE(phone_saw(&phone, "Contact: <sip:a@[::1]:5070>;expires=3600\n"));
  phone_end(&phone);
}

static const struct unit_test tests[] = {
    {"a REGISTER makes a binding, which the 200 lists with its parameters", test_binding},
    {"a binding lasts 3600 s when nothing valid is asked for", test_default_expires},
    {"Contact;expires goes before Expires, and max_expires_s before both", test_maximum_expires},
    {"a REGISTER without Contact lists the bindings", test_query},
    {"expires=0 removes one binding, the wildcard all", test_removal},
    {"a wildcard with another Contact or without Expires 0 is answered 400", test_bad_wildcard},
    {"an older CSeq of the same Call-ID is answered 500 and changes nothing", test_order},
    {"a repeated REGISTER gets the same answer again", test_repetition},
    {"a binding expires", test_expiry},
    {"one binding more than BINDINGS_MAX is answered 503", test_binding_limit},
    {"more Contacts than BINDINGS_MAX in one REGISTER are answered 503",
     test_contacts_in_one_request},
    {"a tel URI is no address of record", test_not_an_address_of_record},
    {"IPv6", test_ipv6},
};

UNIT_MAIN("fakeproxy registrar", tests)
