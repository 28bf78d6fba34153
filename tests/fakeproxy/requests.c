/* SPDX-License-Identifier: MIT
 *
 * What fakeproxy answers to requests apart from registrations and calls, to broken ones, and what
 * it tells of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "tests/fakeproxy/phone.h"

/* A request with these method, top Via and further headers. */
static void send_request(struct phone *phone, const char *method, const char *via,
                         const char *rest) {
  phone_send(
      phone,
      "%s sip:example.com SIP/2.0\nVia: SIP/2.0/UDP %s\nFrom: <sip:a@x>;tag=1\nTo: <sip:b@x>\n"
      "Call-ID: c1\nCSeq: 1 %s\n%s\n",
      method, via, method, rest);
}

static void test_options(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  send_request(&phone, "OPTIONS", "127.0.0.1;branch=z9hG4bK1;rport", "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER\n"));
  CU_ASSERT_TRUE(phone_saw(&phone, "\nContent-Length: 0\n\n"));
  phone_end(&phone);
}

static void test_not_allowed(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  send_request(&phone, "SUBSCRIBE", "127.0.0.1;branch=z9hG4bK1;rport", "Event: message-summary\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 405);
  CU_ASSERT_TRUE(phone_saw(&phone, "\nAllow: INVITE, "));
  send_request(&phone, "DANCE", "127.0.0.1;branch=z9hG4bK2;rport", "Require: 100rel\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 405);
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, "sip", 1), "request"), "DANCE");
  phone_end(&phone);
}

static void test_unsupported(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  send_request(&phone, "OPTIONS", "127.0.0.1;branch=z9hG4bK1;rport",
               "Require: 100rel, timer\nRequire: gruu\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 420);
  CU_ASSERT_TRUE(phone_saw(&phone, "\nUnsupported: 100rel, timer, gruu\n"));
  phone_send(&phone,
             "OPTIONS nobody:knows SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2;rport\n"
             "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\nCall-ID: c1\nCSeq: 1 OPTIONS\n\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 416);
  phone_end(&phone);
}

static void test_via(void) {
  struct phone phone;
  char via[128], wanted[160];
  unsigned port;
  phone_begin(&phone, (struct fakeproxy_options){0});
  port = address_port(&phone.address);
  send_request(&phone, "OPTIONS", "192.0.2.1:9;branch=z9hG4bK1;rport", "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200); /* to where it came from */
  snprintf(wanted, sizeof wanted,
           "\nVia: SIP/2.0/UDP 192.0.2.1:9;branch=z9hG4bK1;rport=%u;received=127.0.0.1\n", port);
  CU_ASSERT_TRUE(phone_saw(&phone, wanted));
  snprintf(via, sizeof via, "phone.example.com:%u;branch=z9hG4bK2", port);
  send_request(&phone, "OPTIONS", via, "");
  CU_ASSERT_EQUAL(phone_receive(&phone),
                  200); /* to the port of the Via, at the host that it came from */
  CU_ASSERT_TRUE(phone_saw(&phone, ";branch=z9hG4bK2;received=127.0.0.1\n"));
  snprintf(via, sizeof via, "127.0.0.1:%u;branch=z9hG4bK3", port);
  send_request(&phone, "OPTIONS", via, "Via: SIP/2.0/TCP inner;branch=z9hG4bKi\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, ";branch=z9hG4bK3\nVia: SIP/2.0/TCP inner;branch=z9hG4bKi\n"));
  phone_end(&phone);
}

static void test_transaction_key(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  /* One branch, but two senders and two methods: four transactions. */
  send_request(&phone, "OPTIONS", "127.0.0.1:1;branch=z9hG4bK1;rport", "");
  send_request(&phone, "OPTIONS", "127.0.0.1:2;branch=z9hG4bK1;rport", "");
  send_request(&phone, "MESSAGE", "127.0.0.1:1;branch=z9hG4bK1;rport", "");
  send_request(&phone, "OPTIONS", "127.0.0.1:1;branch=z9hG4bK1;rport", "Subject: repeated\n");
  char tags[4][64];
  for (int i = 0; i < 4; i++) {
    phone_receive(&phone);
    phone_to_tag(&phone, tags[i]);
  }
  CU_ASSERT_STRING_NOT_EQUAL(tags[0], tags[1]);
  CU_ASSERT_STRING_NOT_EQUAL(tags[0], tags[2]);
  CU_ASSERT_STRING_EQUAL(tags[0], tags[3]);
  /* RFC 2543: no magic cookie, so everything else tells. */
  send_request(&phone, "OPTIONS", "127.0.0.1:1;branch=1;rport", "");
  send_request(&phone, "OPTIONS", "127.0.0.1:1;branch=1;rport", "");
  for (int i = 0; i < 2; i++) {
    phone_receive(&phone);
    phone_to_tag(&phone, tags[i]);
  }
  CU_ASSERT_STRING_EQUAL(tags[0], tags[1]);
  phone_end(&phone);
}

static void test_events(void) {
  struct phone phone;
  char address[ADDRESS_TEXT_SIZE];
  phone_begin(&phone, (struct fakeproxy_options){0});
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, "server", 0), "what"), "listening");
  send_request(&phone, "OPTIONS", "127.0.0.1:1;branch=z9hG4bK1;rport", "");
  const cJSON *event = phone_event(&phone, "sip", 1);
  CU_ASSERT_STRING_EQUAL(phone_text(event, "to"), "p1");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "from_address"),
                         address_format(&phone.address, address));
  CU_ASSERT_STRING_EQUAL(phone_text(event, "to_address"),
                         address_format(fakeproxy_address(phone.proxy), address));
  CU_ASSERT_STRING_EQUAL(phone_text(event, "transport"), "UDP");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "request"), "OPTIONS");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "uri"), "sip:example.com");
  CU_ASSERT_EQUAL(cJSON_GetNumberValue(cJSON_GetObjectItem(event, "cseq")), 1);
  CU_ASSERT_STRING_EQUAL(phone_text(event, "cseq_method"), "OPTIONS");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "call_id"), "c1");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "branch"), "z9hG4bK1");
  CU_ASSERT_PTR_NOT_NULL(
      strstr(phone_text(event, "message"), "OPTIONS sip:example.com SIP/2.0\r\nVia: "));
  event = phone_event(&phone, "sip", 0);
  CU_ASSERT_STRING_EQUAL(phone_text(event, "from"), "p1");
  CU_ASSERT_STRING_EQUAL(phone_text(event, "reason"), "OK");
  phone_receive(&phone);
  CU_ASSERT_STRING_EQUAL(phone_text(event, "message"), phone.answer);
  phone_end(&phone);
}

/* A broken request, and the status that it is answered with; -1: with nothing. */
struct broken {
  const char *text;
  int status;
};

static void test_broken(void) {
  static const struct broken cases[] = {
      {"OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCall-ID: c\nCSeq: 1 INVITE\n\n",
       400},
      {"OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCall-ID: c\nCSeq: 1 OPTIONS\nContact: \"unterminated <sip:a@x>\n\n",
       400},
      {"OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK3;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCall-ID: c\nCSeq: 1 OPTIONS\nContent-Length: 10\n\nshort",
       400},
      {"OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK8;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nTo: <sip:c@x>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n",
       400},
      {"OPTIONS sip:x SIP/3.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK4;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n",
       505},
      {"OPTIONS sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK5;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCSeq: 1 OPTIONS\n\n",
       -1},
      {"ACK sip:x SIP/2.0\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK6;rport\nFrom: "
       "<sip:a@x>;tag=1\n"
       "To: <sip:b@x>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n",
       -1},
      {"SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK7\n\n", -1},
      {"GET / HTTP/1.1\nHost: x\n\n", -1},
      {"nonsense", -1},
      {" ", -1},
  };
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    phone_send(&phone, "%s", cases[i].text);
    CU_ASSERT_EQUAL(phone_receive(&phone), cases[i].status);
    const cJSON *event = phone_event(&phone, "sip", cases[i].status < 0 ? 0 : 1);
    CU_ASSERT_STRING_NOT_EQUAL(phone_text(event, "malformed"), "");
    CU_ASSERT_STRING_NOT_EQUAL(phone_text(event, "message"), "");
    CU_ASSERT_PTR_NULL(cJSON_GetObjectItem(event, "transport"));
  }
  phone_end(&phone);
}

static void test_ignored(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  phone_send_bytes(&phone, "\r\n\r\n", 4);
  phone_send_bytes(&phone, "", 0);
  CU_ASSERT_EQUAL(phone_count(&phone, "sip", NULL, NULL), 0);
  phone_send(&phone,
             "SIP/2.0 200 OK\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\nFrom: <sip:a@x>;tag=1\n"
             "To: <sip:b@x>;tag=2\nCall-ID: c\nCSeq: 1 BYE\n\n");
  CU_ASSERT_EQUAL(phone_count(&phone, "sip", "reason", "OK"), 1);
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  phone_end(&phone);
}

/* The same requests, from one address, to a proxy on `listen`; all that it sent, in one text. */
static char *transcript(const struct sockaddr_storage *listen, struct sockaddr_storage *listened) {
  struct phone phone;
  struct error error;
  struct sockaddr_storage source;
  phone_begin(&phone, (struct fakeproxy_options){.listen = *listen, .far_end = {.hang_up_ms = 1}});
  *listened = *fakeproxy_address(phone.proxy);
  static const char format[] =
      "%s sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK%d\r\n"
      "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>%s\r\nCall-ID: c\r\nCSeq: 1 %s\r\n"
      "Contact: <sip:a@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n";
  static const char *const methods[] = {"REGISTER", "OPTIONS", "INVITE", "ACK"};
  CU_ASSERT_EQUAL(address_parse(&source, "127.0.0.1:9", 0, &error), 0);
  char tag[80] = "";
  for (int i = 0; i < 4; i++) {
    char message[1024];
    int size =
        snprintf(message, sizeof message, format, methods[i], i, i == 3 ? tag : "", methods[i]);
    fakeproxy_receive(phone.proxy, message, (size_t)size, &source);
    snprintf(phone.answer, sizeof phone.answer, "%s",
             phone_text(phone_event(&phone, "sip", 0), "message"));
    char found[64];
    snprintf(tag, sizeof tag, ";tag=%s", phone_to_tag(&phone, found));
  }
  /* Until the BYE and no further, however slow the machine is: it would be repeated. */
  for (int i = 0; i < 1000 && phone_count(&phone, "sip", "request", "BYE") == 0; i++)
    phone_run(&phone, 1);
  CU_ASSERT_EQUAL(phone_count(&phone, "sip", "request", "BYE"), 1);
  char *text = cJSON_PrintUnformatted(phone.events);
  phone_end(&phone);
  return text;
}

static void test_determinism(void) {
  struct sockaddr_storage any, listen, again;
  struct error error;
  CU_ASSERT_EQUAL(address_parse(&any, "127.0.0.1:0", 0, &error), 0);
  char *first = transcript(&any, &listen);
  char *second = transcript(&listen, &again);
  CU_ASSERT_STRING_EQUAL(first, second);
  free(first);
  free(second);
}

static void test_create_errors(void) {
  struct phone phone;
  struct error error;
  struct fakeproxy *proxy = NULL;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct fakeproxy_options options = {.loop = &phone.loop, .name = "p2", .random = &phone.random};
  options.listen = *fakeproxy_address(phone.proxy);
  CU_ASSERT_EQUAL(fakeproxy_create(&proxy, &options, &error), -1);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "proxy p2: can't listen on 127.0.0.1:"));
  CU_ASSERT_EQUAL(address_parse(&options.listen, "0.0.0.0:0", 0, &error), 0);
  CU_ASSERT_EQUAL(fakeproxy_create(&proxy, &options, &error), -1);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "one address"));
  options.listen = phone.address;
  options.far_end.status = 180;
  CU_ASSERT_EQUAL(fakeproxy_create(&proxy, &options, &error), -1);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "180"));
  CU_ASSERT_PTR_NULL(proxy);
  fakeproxy_destroy(NULL);
  phone_end(&phone);
}

static const struct unit_test tests[] = {
    {"OPTIONS is answered 200 with Allow", test_options},
    {"other methods are answered 405 with Allow", test_not_allowed},
    {"unknown extensions are answered 420, unknown schemes 416", test_unsupported},
    {"a response goes back by rport, or to the port of the Via", test_via},
    {"transactions are told apart by branch, sender and method", test_transaction_key},
    {"a message is told with its details", test_events},
    {"a broken request is answered if that is possible, and told as malformed", test_broken},
    {"keepalives and stray responses are ignored", test_ignored},
    {"one seed gives the same bytes", test_determinism},
    {"what can't work is refused with a reason", test_create_errors},
};

UNIT_MAIN("fakeproxy requests", tests)
