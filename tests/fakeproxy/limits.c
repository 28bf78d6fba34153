/* SPDX-License-Identifier: MIT
 *
 * What the network may make fakeproxy keep: each limit, and one past it. The datagrams are given to
 * fakeproxy_receive, from port 9 of a loopback address where nobody listens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakeproxy/fakeproxy_internal.h"
#include "fakeproxy/server_transaction.h"
#include "tests/fakeproxy/phone.h"

/* Gives the proxy a request number `i`; the status of its last answer. */
static int request(struct phone *phone, const char *method, unsigned i, const char *rest) {
  char message[2048];
  struct sockaddr_storage source;
  struct error error;
  CU_ASSERT_EQUAL(address_parse(&source, "127.0.0.1:9", 0, &error), 0);
  int size =
      snprintf(message, sizeof message,
               "%s sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%s%u\r\n"
               "From: <sip:a@x>;tag=1\r\nTo: <sip:u%u@x>\r\nCall-ID: c%u\r\nCSeq: 1 %s\r\n%s\r\n",
               method, method, i, i, i, method, rest);
  fakeproxy_receive(phone->proxy, message, (size_t)size, &source);
  return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(phone_event(phone, "sip", 0), "status"));
}

/* Forgets the transactions as their timers would in 32 s, so that they are not the limit that is
 * met. */
static void forget_transactions(struct phone *phone) {
  server_transactions_clear(phone->proxy);
  uv_run(&phone->loop, UV_RUN_NOWAIT);
}

static void test_transactions(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  int answered = 0;
  for (unsigned i = 0; i < TRANSACTIONS_MAX; i++)
    answered += request(&phone, "OPTIONS", i, "") == 200;
  CU_ASSERT_EQUAL(answered, TRANSACTIONS_MAX);
  CU_ASSERT_EQUAL(request(&phone, "OPTIONS", TRANSACTIONS_MAX, ""), 503);
  const char *message = phone_text(phone_event(&phone, "sip", 0), "message");
  CU_ASSERT_PTR_NOT_NULL(strstr(message, "\r\nRetry-After: 32\r\n"));
  /* The same request gets the same answer, although nothing was kept of it. */
  char *first = strdup(message);
  CU_ASSERT_EQUAL(request(&phone, "OPTIONS", TRANSACTIONS_MAX, ""), 503);
  CU_ASSERT_STRING_EQUAL(first, phone_text(phone_event(&phone, "sip", 0), "message"));
  CU_ASSERT_EQUAL(request(&phone, "OPTIONS", 0, ""), 200); /* the old ones still stand */
  free(first);
  phone_end(&phone);
}

static void test_addresses_of_record(void) {
  struct phone phone;
  const char *contact = "Contact: <sip:a@127.0.0.1>\r\n";
  phone_begin(&phone, (struct fakeproxy_options){0});
  for (unsigned i = 0; i < ADDRESSES_OF_RECORD_MAX; i++) {
    request(&phone, "REGISTER", i, contact);
    if (i % 1000 == 999)
      forget_transactions(&phone);
  }
  forget_transactions(&phone);
  CU_ASSERT_EQUAL(phone.proxy->addresses_of_record.count, ADDRESSES_OF_RECORD_MAX);
  CU_ASSERT_EQUAL(request(&phone, "REGISTER", ADDRESSES_OF_RECORD_MAX, contact), 503);
  CU_ASSERT_EQUAL(request(&phone, "REGISTER", ADDRESSES_OF_RECORD_MAX + 1, ""),
                  200); /* a query needs none */
  phone_end(&phone);
}

static void test_dialogs(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  int answered = 0;
  for (unsigned i = 0; i < DIALOGS_MAX; i++)
    answered += request(&phone, "INVITE", i, "Contact: <sip:a@127.0.0.1>\r\n") == 200;
  CU_ASSERT_EQUAL(answered, DIALOGS_MAX);
  CU_ASSERT_EQUAL(request(&phone, "INVITE", DIALOGS_MAX, "Contact: <sip:a@127.0.0.1>\r\n"), 503);
  phone_end(&phone);
}

static void test_kept_bytes(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  size_t before = phone.proxy->kept_bytes;
  CU_ASSERT_TRUE(fakeproxy_keep(phone.proxy, KEPT_BYTES_MAX - before));
  CU_ASSERT_FALSE(fakeproxy_keep(phone.proxy, 1));
  CU_ASSERT_EQUAL(request(&phone, "REGISTER", 1, ""), 503);
  fakeproxy_release(phone.proxy, KEPT_BYTES_MAX - before);
  CU_ASSERT_EQUAL(request(&phone, "REGISTER", 2, "Contact: <sip:a@127.0.0.1>\r\n"), 200);
  CU_ASSERT_EQUAL(request(&phone, "INVITE", 3, "Contact: <sip:a@127.0.0.1>\r\n"), 200);
  CU_ASSERT_TRUE(phone.proxy->kept_bytes > before);
  phone_end(&phone);
}

/* What was counted is given back to the last byte. */
static void test_nothing_stays(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){0});
  size_t before = phone.proxy->kept_bytes;
  phone_register(&phone, "1", 1, "Contact: <sip:a@127.0.0.1>, <sip:b@127.0.0.1>\n");
  phone_register(&phone, "2", 2, "Contact: *\nExpires: 0\n");
  while (phone_receive(&phone) >= 0)
    ;
  phone_invite(&phone, "3", "");
  phone_receive(&phone);
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_in_dialog(&phone, "BYE", "3", "4", 2, phone_to_tag(&phone, tag));
  forget_transactions(&phone);
  CU_ASSERT_EQUAL(phone.proxy->kept_bytes, before);
  CU_ASSERT_EQUAL(phone.proxy->dialogs.count, 0);
  CU_ASSERT_EQUAL(phone.proxy->addresses_of_record.count, 0);
  phone_end(&phone);
}

static void test_message_size(void) {
  struct phone phone;
  struct sockaddr_storage source;
  struct error error;
  phone_begin(&phone, (struct fakeproxy_options){0});
  CU_ASSERT_EQUAL(address_parse(&source, "127.0.0.1:9", 0, &error), 0);
  char *message = malloc(MESSAGE_SIZE_MAX + 1);
  static const char start[] = "OPTIONS sip:x SIP/2.0\r\n"
                              "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\n"
                              "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: c\r\n"
                              "CSeq: 1 OPTIONS\r\nContent-Length: 12345\r\n\r\n";
  int head = snprintf(message, MESSAGE_SIZE_MAX, "%s", start);
  int body = MESSAGE_SIZE_MAX - head;
  char *digits = strstr(message, "12345"), text[16];
  memcpy(digits, text, (size_t)snprintf(text, sizeof text, "%05d", body));
  memset(message + head, 'x', (size_t)(MESSAGE_SIZE_MAX + 1 - head));
  fakeproxy_receive(phone.proxy, message, MESSAGE_SIZE_MAX, &source);
  CU_ASSERT_EQUAL(
      cJSON_GetNumberValue(cJSON_GetObjectItem(phone_event(&phone, "sip", 0), "status")), 200);
  fakeproxy_receive(phone.proxy, message, MESSAGE_SIZE_MAX + 1, &source); /* cut: the same to it */
  CU_ASSERT_TRUE(
      cJSON_IsTrue(cJSON_GetObjectItem(phone_event(&phone, "sip", 1), "retransmission")));
  free(message);
  phone_end(&phone);
}

static const struct unit_test tests[] = {
    {"one transaction more than TRANSACTIONS_MAX is answered 503", test_transactions},
    {"one address of record more than ADDRESSES_OF_RECORD_MAX is answered 503",
     test_addresses_of_record},
    {"one dialog more than DIALOGS_MAX is answered 503", test_dialogs},
    {"nothing is kept past KEPT_BYTES_MAX", test_kept_bytes},
    {"after a registration and a call nothing stays", test_nothing_stays},
    {"a message of the largest size is read", test_message_size},
};

UNIT_MAIN("fakeproxy limits", tests)
