/* SPDX-License-Identifier: MIT
 *
 * Calls of the phone: both directions, their ends, and what goes wrong with them.
 */
#include <string.h>

#include "tests/ua/lab.h"
#include "tests/unit.h"

#define SRV "\"Use DNS SRV\":\"Yes\",\"DNS SRV Auto Prefix\":\"Yes\""

static struct lab lab;

static void start(const char *line) {
  memset(&lab, 0, sizeof lab);
  lab_start(&lab, "cisco-mpp", "fallback-either", line, "");
}

static const char *branch_of(const struct lab_record *record) {
  const char *via = strstr(lab_header(record, "Via"), "branch=");
  return via ? via : "";
}

static void an_answered_call_is_hung_up_with_bye(void) {
  start(SRV);
  lab.servers[1].provisional = 180;
  unsigned id = lab_dial(&lab);
  const struct lab_record *invite = lab_find(&lab, 1, "INVITE", 1),
                          *ack = lab_find(&lab, 1, "ACK", 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(invite->text, "m=audio 16384 RTP/AVP 0 8\r\n"));
  CU_ASSERT_STRING_EQUAL(lab_header(invite, "Max-Forwards"), "70");
  CU_ASSERT_STRING_EQUAL(lab_header(invite, "Expires"), "240");
  CU_ASSERT_STRING_EQUAL(lab_header(ack, "CSeq"), "1 ACK");
  CU_ASSERT_STRING_NOT_EQUAL(branch_of(invite), branch_of(ack));
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"state\":\"ringing\"", 1));
  call_hang_up(phone_find_call(lab.phone, id));
  lab_settle(&lab);
  CU_ASSERT_STRING_EQUAL(lab_header(lab_find(&lab, 1, "BYE", 1), "CSeq"), "2 BYE");
  CU_ASSERT_PTR_NULL(phone_find_call(lab.phone, id));
  lab_end(&lab);
}

/* RFC 3261 section 17.1.1.3: the ACK of a non-2xx has the branch of its INVITE. */
static void a_refused_call_is_acknowledged(void) {
  start(SRV);
  lab.servers[1].status = 486;
  lab_dial(&lab);
  CU_ASSERT_STRING_EQUAL(branch_of(lab_find(&lab, 1, "INVITE", 1)),
                         branch_of(lab_find(&lab, 1, "ACK", 1)));
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"state\":\"failed\",\"status\":486", 1));
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 0);
  lab_end(&lab);
}

/* RFC 3261 section 9.1: CANCEL has the branch of its INVITE, and waits for a provisional response.
 */
static void a_ringing_call_is_cancelled(void) {
  start(SRV);
  lab.servers[1].provisional = 180;
  lab.servers[1].is_provisional_only = true;
  unsigned id = lab_dial(&lab);
  call_hang_up(phone_find_call(lab.phone, id));
  lab_settle(&lab);
  CU_ASSERT_STRING_EQUAL(branch_of(lab_find(&lab, 1, "INVITE", 1)),
                         branch_of(lab_find(&lab, 1, "CANCEL", 1)));
  CU_ASSERT_STRING_EQUAL(lab_header(lab_find(&lab, 1, "CANCEL", 1), "CSeq"), "1 CANCEL");
  lab_end(&lab);

  start(SRV);
  lab.servers[1].is_silent = true;
  id = lab_dial(&lab);
  call_hang_up(phone_find_call(lab.phone, id));
  lab_run(&lab, 60000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "CANCEL"), 0);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 0);
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"state\":\"ended\"", 1), 16000);
  lab_end(&lab);
}

static void send_late_success(const struct lab_record *invite) {
  char text[2048], via[512], from[512];
  snprintf(via, sizeof via, "%s", lab_header(invite, "Via"));
  snprintf(from, sizeof from, "%s", lab_header(invite, "From"));
  snprintf(text, sizeof text,
           "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=late\r\nCall-ID: %s\r\nCSeq: 1 "
           "INVITE\r\n"
           "Contact: <sip:bob@127.0.0.1:%u>\r\nContent-Length: 0\r\n\r\n",
           via, from, lab_header(invite, "To"), lab_header(invite, "Call-ID"), lab.servers[1].port);
  lab_send(&lab, 1, text);
  lab_settle(&lab);
}

/* RFC 6026, RFC 3261 section 13.2.2.4: the server that was given up answers after all, twice: an
 * ACK for each, and one BYE; the call at the other server stands. */
static void a_late_answer_is_ended(void) {
  start(SRV);
  lab.servers[1].is_silent = true;
  unsigned id = lab_dial(&lab);
  lab_run(&lab, 18000);
  lab.servers[1].is_silent = false;
  send_late_success(lab_find(&lab, 1, "INVITE", 1));
  send_late_success(lab_find(&lab, 1, "INVITE", 1));
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "ACK"), 2);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "BYE"), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(lab_header(lab_find(&lab, 1, "BYE", 1), "To"), ";tag=late"));
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "BYE"), 0);
  CU_ASSERT_STRING_EQUAL(call_state_name(phone_find_call(lab.phone, id)), "answered");
  lab_run(&lab, 100000);
  CU_ASSERT_PTR_NULL(lab.phone->orphans);
  lab_end(&lab);
}

/* CISCO-FO-10: in-dialog requests stay where the call was made; a repeated 2xx gets its ACK again.
 */
static void a_dialog_keeps_its_route(void) {
  start(SRV);
  unsigned id = lab_dial(&lab);
  const struct lab_record *invite = lab_find(&lab, 1, "INVITE", 1);
  char text[2048], via[512], from[512];
  snprintf(via, sizeof via, "%s", lab_header(invite, "Via"));
  snprintf(from, sizeof from, "%s", lab_header(invite, "From"));
  snprintf(text, sizeof text,
           "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=far1\r\nCall-ID: %s\r\nCSeq: 1 "
           "INVITE\r\n"
           "Contact: <sip:bob@127.0.0.1:%u>\r\nContent-Length: 0\r\n\r\n",
           via, from, lab_header(invite, "To"), lab_header(invite, "Call-ID"), lab.servers[1].port);
  lab_send(&lab, 1, text);
  lab_settle(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "ACK"), 2);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "BYE"), 0);
  lab.servers[1].is_silent = true;
  unsigned second = lab_dial(&lab);
  lab_run(&lab, 17000);
  CU_ASSERT_STRING_EQUAL(call_state_name(phone_find_call(lab.phone, second)), "answered");
  call_hang_up(phone_find_call(lab.phone, id));
  lab_run(&lab, 60000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "BYE"), 7);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "BYE"), 0);
  CU_ASSERT_PTR_NULL(phone_find_call(lab.phone, id));
  lab_end(&lab);
}

static void send_request(int server, const char *method, int cseq, const char *to_tag,
                         const char *body) {
  char text[2048];
  snprintf(
      text, sizeof text,
      "%s sip:alice@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%d\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:bob@example.com>;tag=bob\r\nTo: "
      "<sip:alice@example.com>%s%s\r\n"
      "Call-ID: incoming\r\nCSeq: %d %s\r\nContact: <sip:bob@127.0.0.1:%u>\r\n%sContent-Length: "
      "%zu\r\n\r\n%s",
      method, lab.phone_port, lab.servers[server].port,
      strcmp(method, "CANCEL") ? method : "INVITE", cseq, *to_tag ? ";tag=" : "", to_tag, cseq,
      method, lab.servers[server].port, *body ? "Content-Type: application/sdp\r\n" : "",
      strlen(body), body);
  lab_send(&lab, server, text);
  lab_settle(&lab);
}

#define OFFER                                                                                      \
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP " \
  "99\r\n"                                                                                         \
  "a=rtpmap:99 H264/90000\r\nm=audio 4002 RTP/AVP 18 8\r\na=sendonly\r\n"

static void own_tag(char *tag, size_t size) {
  const char *found = strstr(lab_header(lab_find(&lab, 1, "SIP/2.0 180", 1), "To"), ";tag=");
  snprintf(tag, size, "%s", found ? found + 5 : "");
}

static void an_incoming_call_rings_and_is_answered(void) {
  char tag[64];
  start(SRV);
  send_request(1, "INVITE", 1, "", OFFER);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 180"), 1);
  CU_ASSERT_PTR_NOT_NULL(
      lab_find(&lab, 0, "\"incoming\",\"line\":1,\"call\":1,\"from\":\"sip:bob@example.com\"", 1));
  call_answer(phone_find_call(lab.phone, 1));
  lab_settle(&lab);
  const struct lab_record *success = lab_find(&lab, 1, "SIP/2.0 200", 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(success);
  CU_ASSERT_PTR_NOT_NULL(
      strstr(success->text, "m=video 0 RTP/AVP 0\r\nm=audio 16384 RTP/AVP 8\r\n"));
  CU_ASSERT_PTR_NOT_NULL(strstr(success->text, "a=recvonly\r\n"));
  own_tag(tag, sizeof tag);
  send_request(1, "ACK", 1, tag, "");
  lab_run(&lab, 10000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 200"), 1);
  send_request(1, "BYE", 2, tag, "");
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 200"), 2);
  CU_ASSERT_PTR_NULL(phone_find_call(lab.phone, 1));
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"state\":\"ended\"", 1));
  send_request(1, "BYE", 3, tag, "");
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 481"), 1);
  lab_end(&lab);
}

/* RFC 3261 section 13.3.1.4: a 200 that nobody acknowledges is sent for 64*T1, then the call is
 * ended. */
static void an_unacknowledged_answer_ends_the_call(void) {
  start(SRV);
  send_request(1, "INVITE", 1, "", OFFER);
  call_answer(phone_find_call(lab.phone, 1));
  lab_run(&lab, 31000);
  CU_ASSERT_TRUE(lab_count(&lab, 1, "SIP/2.0 200") >= 8);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "BYE"), 0);
  lab_run(&lab, 40000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "BYE"), 1);
  CU_ASSERT_PTR_NULL(phone_find_call(lab.phone, 1));
  lab_end(&lab);
}

static void an_incoming_call_is_cancelled_or_refused(void) {
  start(SRV);
  send_request(1, "INVITE", 1, "", OFFER);
  send_request(1, "CANCEL", 1, "", "");
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 487"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 200"), 1);
  CU_ASSERT_PTR_NULL(phone_find_call(lab.phone, 1));
  lab_end(&lab);
  start(SRV);
  send_request(1, "INVITE", 1, "", OFFER);
  call_hang_up(phone_find_call(lab.phone, 1));
  lab_settle(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 486"), 1);
  lab_end(&lab);
  start(SRV);
  send_request(1, "INVITE", 1, "",
               "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 18\r\n");
  call_answer(phone_find_call(lab.phone, 1));
  lab_settle(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 488"), 1);
  lab_end(&lab);
}

/* "Make Call Without Reg" and "Ans Call Without Reg" are No. */
static void without_registration_there_are_no_calls(void) {
  memset(&lab, 0, sizeof lab);
  lab.servers[1].status = 403;
  lab_start(&lab, "cisco-mpp", NULL, SRV, "");
  CU_ASSERT_EQUAL(lab_dial(&lab), 0);
  send_request(1, "INVITE", 1, "", OFFER);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 480"), 1);
  lab_end(&lab);
  start(SRV ",\"Register\":\"No\"");
  CU_ASSERT_EQUAL(lab_dial(&lab), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 0);
  lab_end(&lab);
}

/* The limit, and one past it. */
static void a_line_has_so_many_calls(void) {
  start(SRV);
  for (unsigned i = 0; i < CALLS_PER_LINE_MAX; i++)
    CU_ASSERT_NOT_EQUAL(lab_dial(&lab), 0);
  CU_ASSERT_EQUAL(lab_dial(&lab), 0);
  send_request(1, "INVITE", 1, "", OFFER);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 486"), 1);
  lab_end(&lab);
}

static void other_requests_have_their_answers(void) {
  start(SRV);
  send_request(1, "OPTIONS", 1, "", "");
  CU_ASSERT_STRING_EQUAL(lab_header(lab_find(&lab, 1, "SIP/2.0 200", 1), "Allow"), PHONE_ALLOW);
  send_request(1, "MESSAGE", 2, "", "");
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 405"), 1);
  send_request(1, "BYE", 3, "nobody", "");
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "SIP/2.0 481"), 1);
  lab_end(&lab);
}

static const struct unit_test tests[] = {
    {"an answered call is hung up with BYE", an_answered_call_is_hung_up_with_bye},
    {"a refused call is acknowledged", a_refused_call_is_acknowledged},
    {"a ringing call is cancelled", a_ringing_call_is_cancelled},
    {"a late answer is ended", a_late_answer_is_ended},
    {"a dialog keeps its route", a_dialog_keeps_its_route},
    {"an incoming call rings and is answered", an_incoming_call_rings_and_is_answered},
    {"an unacknowledged answer ends the call", an_unacknowledged_answer_ends_the_call},
    {"an incoming call is cancelled or refused", an_incoming_call_is_cancelled_or_refused},
    {"without registration there are no calls", without_registration_there_are_no_calls},
    {"a line has so many calls", a_line_has_so_many_calls},
    {"other requests have their answers", other_requests_have_their_answers},
};

UNIT_MAIN("ua calls", tests)
