/* SPDX-License-Identifier: MIT
 *
 * Faults of fakeproxy: rules, what they do to messages and to the port, and what is told of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/address.h"
#include "tests/fakeproxy/phone.h"

static const struct rule_verdict drop = {.kind = VERDICT_DROP};
static const struct rule_verdict refuse = {.kind = VERDICT_REFUSE};
static const struct rule_selector every_message;

static void test_drop_inbound(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct rule_selector selector = {.conditions = {{"method", "register"}},
                                   .direction = RULE_INBOUND};
  uint64_t rule = fakeproxy_add_rule(phone.proxy, &selector, &drop);
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, "fault", 0), "action"), "added");
  phone_register(&phone, "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, NULL, 1), "request"), "REGISTER");
  const cJSON *verdict = phone_event(&phone, NULL, 0);
  CU_ASSERT_STRING_EQUAL(phone_text(verdict, "kind"), "verdict");
  CU_ASSERT_STRING_EQUAL(phone_text(verdict, "verdict"), "drop");
  CU_ASSERT_STRING_EQUAL(phone_text(verdict, "name"), "REGISTER");
  CU_ASSERT_EQUAL(cJSON_GetNumberValue(cJSON_GetObjectItem(verdict, "rule")), (double)rule);
  CU_ASSERT_TRUE(fakeproxy_remove_rule(phone.proxy, rule));
  CU_ASSERT_FALSE(fakeproxy_remove_rule(phone.proxy, rule));
  CU_ASSERT_EQUAL(phone_count(&phone, "fault", "action", "removed"), 1);
  phone_register(&phone, "1", 1, ""); /* it never came, so this is no repetition to the proxy */
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_end(&phone);
}

static void test_drop_outbound(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct rule_selector selector = {.conditions = {{"method", "INVITE"}},
                                   .direction = RULE_OUTBOUND,
                                   .source = *fakeproxy_address(phone.proxy),
                                   .first = 2};
  CU_ASSERT_NOT_EQUAL(fakeproxy_add_rule(phone.proxy, &selector, &drop), 0);
  phone_invite(&phone, "1", "");
  CU_ASSERT_EQUAL(phone_receive(&phone), -1); /* 100 and 200 were sent, and lost */
  CU_ASSERT_EQUAL(
      cJSON_GetNumberValue(cJSON_GetObjectItem(phone_event(&phone, "sip", 0), "status")), 200);
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, NULL, 0), "kind"), "verdict");
  phone_invite(&phone, "1", "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_end(&phone);
}

static void test_answer(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct rule_selector selector = {.first = 1};
  struct rule_verdict answer = {
      .kind = VERDICT_ANSWER, .status = 503, .reason = "Gone\r\nfishing", .retry_after_s = 20};
  fakeproxy_add_rule(phone.proxy, &selector, &answer);
  for (int i = 0; i < 2;
       i++) { /* the repetition gets the same, though the rule was for one message */
    phone_register(&phone, "1", 1, "Contact: <sip:a@127.0.0.1>\n");
    CU_ASSERT_EQUAL(phone_receive(&phone), 503);
    CU_ASSERT_PTR_EQUAL(strstr(phone.answer, "SIP/2.0 503 Gone  fishing\r\n"), phone.answer);
    CU_ASSERT_TRUE(phone_saw(&phone, "\nRetry-After: 20\n"));
  }
  CU_ASSERT_EQUAL(phone_count(&phone, "verdict", "verdict", "answer"), 1);
  phone_register(&phone, "2", 2, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_FALSE(phone_saw(&phone, "Contact")); /* the first one was not carried out */
  phone_end(&phone);
}

static void test_answer_to_invite(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct rule_verdict answer = {.kind = VERDICT_ANSWER, .status = 500};
  fakeproxy_add_rule(phone.proxy, &every_message, &answer);
  phone_invite(&phone, "1", "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 500);
  CU_ASSERT_PTR_EQUAL(strstr(phone.answer, "SIP/2.0 500 Internal Server Error\r\n"), phone.answer);
  phone_in_dialog(&phone, "ACK", "1", "1", 1, phone_to_tag(&phone, tag));
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  CU_ASSERT_FALSE(phone_wait(&phone, 600)); /* the ACK came through */
  CU_ASSERT_EQUAL(phone_count(&phone, "verdict", NULL, NULL), 1);
  phone_end(&phone);
}

static void test_bad_status(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct rule_verdict answer = {.kind = VERDICT_ANSWER, .status = 99};
  CU_ASSERT_EQUAL(fakeproxy_add_rule(phone.proxy, &every_message, &answer), 0);
  answer.status = 700;
  CU_ASSERT_EQUAL(fakeproxy_add_rule(phone.proxy, &every_message, &answer), 0);
  phone_end(&phone);
}

/* Whether the kernel refuses a datagram to the proxy's port: the second send reports the ICMP
 * error. */
static bool port_refuses(struct phone *phone) {
  struct sockaddr_storage target = *fakeproxy_address(phone->proxy);
  int fd = socket(target.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&target, address_length(&target)), 0);
  CU_ASSERT_EQUAL(send(fd, "\r\n", 2, 0), 2);
  bool refused = send(fd, "\r\n", 2, 0) < 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

static void test_refuse(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct sockaddr_storage address = *fakeproxy_address(phone.proxy);
  CU_ASSERT_FALSE(port_refuses(&phone));
  uint64_t rule = fakeproxy_add_rule(phone.proxy, &every_message, &refuse);
  CU_ASSERT_TRUE(port_refuses(&phone));
  CU_ASSERT_STRING_EQUAL(phone_text(phone_event(&phone, "server", 0), "what"), "closed");
  CU_ASSERT_TRUE(fakeproxy_remove_rule(phone.proxy, rule));
  CU_ASSERT_FALSE(port_refuses(&phone));
  CU_ASSERT_TRUE(address_equal(&address, fakeproxy_address(phone.proxy)));
  CU_ASSERT_EQUAL(phone_count(&phone, "server", "what", "listening"), 2);
  phone_register(&phone, "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_end(&phone);
}

static void test_refuse_some(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  fakeproxy_add_rule(phone.proxy, &(struct rule_selector){.conditions = {{"method", "REGISTER"}}},
                     &refuse);
  CU_ASSERT_FALSE(port_refuses(&phone));
  phone_register(&phone, "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  CU_ASSERT_EQUAL(phone_count(&phone, "verdict", "verdict", "refuse"), 1);
  phone_end(&phone);
}

static void test_refuse_interval(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  /* Lab time starts now, whatever building the phone took. */
  int64_t start_ns = (int64_t)uv_hrtime();
  fakeproxy_destroy(phone.proxy);
  struct error error;
  struct fakeproxy_options options = {
      .loop = &phone.loop, .name = "p1", .random = &phone.random, .start_ns = start_ns};
  CU_ASSERT_EQUAL(address_parse(&options.listen, "127.0.0.1:0", 0, &error), 0);
  CU_ASSERT_EQUAL(fakeproxy_create(&phone.proxy, &options, &error), 0);
  struct rule_selector selector = {.from_ns = 300000000, .until_ns = 600000000};
  CU_ASSERT_NOT_EQUAL(fakeproxy_add_rule(phone.proxy, &selector, &refuse), 0);
  CU_ASSERT_FALSE(port_refuses(&phone));
  phone_run(&phone, 310);
  CU_ASSERT_TRUE(port_refuses(&phone));
  phone_run(&phone, 310);
  CU_ASSERT_FALSE(port_refuses(&phone));
  phone_end(&phone);
}

static void test_port_taken_meanwhile(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  struct sockaddr_storage address = *fakeproxy_address(phone.proxy);
  uint64_t rule = fakeproxy_add_rule(phone.proxy, &every_message, &refuse);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, address_length(&address)), 0);
  CU_ASSERT_TRUE(fakeproxy_remove_rule(phone.proxy, rule));
  CU_ASSERT_PTR_NOT_NULL(
      strstr(phone_text(phone_event(&phone, "log", 0), "text"), "can't be listened on again"));
  close(fd);
  phone_run(&phone, 1050);
  CU_ASSERT_EQUAL(phone_count(&phone, "log", NULL, NULL), 1);
  phone_register(&phone, "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_end(&phone);
}

static const struct unit_test tests[] = {
    {"a message dropped inbound is told, judged and lost", test_drop_inbound},
    {"a message dropped outbound is told, judged and lost", test_drop_outbound},
    {"an answer of a rule is remembered by the transaction", test_answer},
    {"an answer to every message lets the ACK through", test_answer_to_invite},
    {"an answer must be a SIP status", test_bad_status},
    {"refusing every message closes the port until the rule is removed", test_refuse},
    {"refusing some messages loses them", test_refuse_some},
    {"the port closes and opens at the edges of an interval", test_refuse_interval},
    {"a port that was taken meanwhile is opened when it is free", test_port_taken_meanwhile},
};

UNIT_MAIN("fakeproxy rules", tests)
