/* SPDX-License-Identifier: MIT
 *
 * Calls to the far end of fakeproxy over real sockets. Where a timer is the subject, the test waits
 * for its first expiry and no longer; the long ones are for virtual time.
 */
#include <stdio.h>
#include <string.h>

#include "common/address.h"
#include "tests/fakeproxy/phone.h"

/* An INVITE that is answered 100 and then `status`; the To tag of the answer. */
static void place_call(struct phone *phone, const char *branch, int status, char tag[64]) {
  phone_invite(phone, branch, "");
  CU_ASSERT_EQUAL(phone_receive(phone), 100);
  CU_ASSERT_FALSE(phone_saw(phone, "To: <sip:bob@example.com>;tag="));
  CU_ASSERT_EQUAL(phone_receive(phone), status);
  CU_ASSERT_NOT_EQUAL(phone_to_tag(phone, tag)[0], '\0');
}

static void test_answered(void) {
  struct phone phone;
  char tag[64], contact[128], address[ADDRESS_TEXT_SIZE];
  phone_begin(&phone, (struct fakeproxy_options){0});
  place_call(&phone, "1", 200, tag);
  snprintf(contact, sizeof contact, "\nContact: <sip:%s>\n",
           address_format(fakeproxy_address(phone.proxy), address));
  CU_ASSERT_TRUE(phone_saw(&phone, contact));
  CU_ASSERT_TRUE(phone_saw(&phone, "\nContent-Type: application/sdp\n"));
  CU_ASSERT_TRUE(phone_saw(&phone, " RTP/AVP 0\na=rtpmap:0 PCMU/8000\na=sendrecv\n"));
  phone_in_dialog(&phone, "ACK", "1", "1a", 1, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  phone_in_dialog(&phone, "BYE", "1", "1b", 2, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_in_dialog(&phone, "BYE", "1", "1b", 2, tag); /* repeated: the same answer */
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_in_dialog(&phone, "BYE", "1", "1c", 3, tag); /* a new one: no such dialog any more */
  CU_ASSERT_EQUAL(phone_receive(&phone), 481);
  phone_end(&phone);
}

static void test_rings(void) {
  struct phone phone;
  char ringing[64], answered[64];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.ring_ms = 20}});
  place_call(&phone, "1", 180, ringing);
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  phone_invite(&phone, "1", ""); /* repeated: the last answer again */
  CU_ASSERT_EQUAL(phone_receive(&phone), 180);
  CU_ASSERT_TRUE(phone_wait(&phone, 2000));
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_STRING_EQUAL(phone_to_tag(&phone, answered), ringing);
  phone_end(&phone);
}

static void test_repeated_until_acknowledged(void) {
  struct phone phone;
  char tag[64], first[PHONE_MESSAGE_SIZE];
  phone_begin(&phone, (struct fakeproxy_options){0});
  place_call(&phone, "1", 200, tag);
  memcpy(first, phone.answer, sizeof first);
  CU_ASSERT_TRUE(phone_wait(&phone, 2000)); /* T1 */
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_STRING_EQUAL(first, phone.answer);
  phone_in_dialog(&phone, "ACK", "1", "1a", 1, tag);
  CU_ASSERT_FALSE(phone_wait(&phone, 1100)); /* 2 T1 later nothing comes */
  phone_end(&phone);
}

static void test_refused(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.status = 486}});
  place_call(&phone, "1", 486, tag);
  CU_ASSERT_TRUE(phone_wait(&phone, 2000)); /* timer G */
  CU_ASSERT_EQUAL(phone_receive(&phone), 486);
  phone_in_dialog(&phone, "ACK", "1", "1", 1,
                  tag); /* the ACK of a non-2xx has the branch of the INVITE */
  CU_ASSERT_FALSE(phone_wait(&phone, 1100));
  phone_in_dialog(&phone, "BYE", "1", "1b", 2, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 481);
  phone_end(&phone);
}

static void test_cancelled(void) {
  struct phone phone;
  char tag[64], other[64];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.ring_ms = 60000}});
  place_call(&phone, "1", 180, tag);
  phone_in_dialog(&phone, "CANCEL", "1", "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "CSeq: 1 CANCEL\n"));
  CU_ASSERT_EQUAL(phone_receive(&phone), 487);
  CU_ASSERT_TRUE(phone_saw(&phone, "CSeq: 1 INVITE\n"));
  CU_ASSERT_STRING_EQUAL(phone_to_tag(&phone, other), tag);
  phone_in_dialog(&phone, "ACK", "1", "1", 1, tag);
  phone_in_dialog(&phone, "CANCEL", "1", "2", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 481); /* no INVITE of this branch */
  phone_end(&phone);
}

static void test_cancelled_too_late(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){0});
  place_call(&phone, "1", 200, tag);
  phone_in_dialog(&phone, "CANCEL", "1", "1", 1, "");
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_EQUAL(phone_receive(&phone), -1);
  phone_in_dialog(&phone, "ACK", "1", "1a", 1, tag);
  phone_in_dialog(&phone, "BYE", "1", "1b", 2, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  phone_end(&phone);
}

static void test_bye_while_ringing(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.ring_ms = 60000}});
  place_call(&phone, "1", 180, tag);
  phone_in_dialog(&phone, "BYE", "1", "1b", 2, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_EQUAL(phone_receive(&phone), 487);
  phone_end(&phone);
}

static void test_invitation_expires(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.ring_ms = 60000}});
  phone_invite(&phone, "1", "Expires: 0\n");
  CU_ASSERT_EQUAL(phone_receive(&phone), 100);
  CU_ASSERT_EQUAL(phone_receive(&phone), 180);
  CU_ASSERT_TRUE(phone_wait(&phone, 2000));
  CU_ASSERT_EQUAL(phone_receive(&phone), 487);
  phone_end(&phone);
}

/* Answers the BYE that was received last. */
static void answer_bye(struct phone *phone) {
  char *via = strstr(phone->answer, "Via: "), *end = via ? strstr(via, "\r\n") : NULL;
  if (!end)
    return;
  phone_send(phone,
             "SIP/2.0 200 OK\n%.*s\nFrom: <sip:bob@example.com>;tag=x\nTo: "
             "<sip:alice@example.com>;tag=caller\n"
             "Call-ID: call-1\nCSeq: 1 BYE\nContent-Length: 0\n\n",
             (int)(end - via), via);
}

static void test_hangs_up(void) {
  struct phone phone;
  char tag[64], from[128];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.hang_up_ms = 10}});
  phone_invite(&phone, "1", "Record-Route: <sip:192.0.2.7;lr>\nRecord-Route: <sip:192.0.2.8;lr>\n");
  phone_receive(&phone);
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(
      phone_saw(&phone, "Record-Route: <sip:192.0.2.7;lr>\nRecord-Route: <sip:192.0.2.8;lr>\n"));
  phone_to_tag(&phone, tag);
  phone_in_dialog(&phone, "ACK", "1", "1a", 1, tag);
  CU_ASSERT_TRUE(phone_wait(&phone, 2000));
  CU_ASSERT_EQUAL(phone_receive(&phone), 0);
  CU_ASSERT_PTR_EQUAL(strstr(phone.answer, "BYE sip:alice@127.0.0.1:"), phone.answer);
  snprintf(from, sizeof from, "\nFrom: <sip:bob@example.com>;tag=%s\n", tag);
  CU_ASSERT_TRUE(phone_saw(&phone, from));
  CU_ASSERT_TRUE(phone_saw(&phone, "\nTo: <sip:alice@example.com>;tag=caller\n"));
  CU_ASSERT_TRUE(phone_saw(&phone, "\nRoute: <sip:192.0.2.7;lr>"));
  CU_ASSERT_TRUE(phone_wait(&phone, 2000)); /* timer E */
  CU_ASSERT_EQUAL(phone_receive(&phone), 0);
  answer_bye(&phone);
  CU_ASSERT_FALSE(phone_wait(&phone, 1100));
  CU_ASSERT_EQUAL(phone_count(&phone, "sip", "request", "BYE"), 2);
  phone_end(&phone);
}

static void test_reinvite(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){0});
  place_call(&phone, "1", 200, tag);
  CU_ASSERT_TRUE(phone_saw(&phone, "\no=- 1 1 IN"));
  phone_in_dialog(&phone, "ACK", "1", "1a", 1, tag);
  phone_in_dialog(&phone, "INVITE", "1", "2", 2, tag); /* without an offer: we make one */
  CU_ASSERT_EQUAL(phone_receive(&phone), 200);
  CU_ASSERT_TRUE(phone_saw(&phone, "\no=- 1 2 IN"));
  CU_ASSERT_TRUE(phone_saw(&phone, " RTP/AVP 0 8\n"));
  phone_in_dialog(&phone, "ACK", "1", "2a", 2, tag);
  CU_ASSERT_FALSE(phone_wait(&phone, 600)); /* both 2xx are acknowledged */
  phone_in_dialog(&phone, "INVITE", "1", "3", 1, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 500); /* an older CSeq */
  phone_in_dialog(&phone, "INVITE", "1", "4", 3, "nobody");
  CU_ASSERT_EQUAL(phone_receive(&phone), 481);
  phone_end(&phone);
}

static void test_reinvite_while_ringing(void) {
  struct phone phone;
  char tag[64];
  phone_begin(&phone, (struct fakeproxy_options){.far_end = {.ring_ms = 60000}});
  place_call(&phone, "1", 180, tag);
  phone_in_dialog(&phone, "INVITE", "1", "2", 2, tag);
  CU_ASSERT_EQUAL(phone_receive(&phone), 500);
  CU_ASSERT_TRUE(phone_saw(&phone, "\nRetry-After: "));
  phone_end(&phone);
}

static void test_no_audio(void) {
  struct phone phone;
  phone_begin(&phone, (struct fakeproxy_options){0});
  static const char format[] =
      "INVITE sip:bob@example.com SIP/2.0\n"
      "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%d;rport\n"
      "From: <sip:a@x>;tag=1\nTo: <sip:b@x>\nCall-ID: c%d\nCSeq: 1 INVITE\n"
      "Contact: <sip:a@127.0.0.1>\nContent-Type: %s\n\n%s";
  phone_send(&phone, format, 1, 1, "application/sdp", "v=0\nm=video 4000 RTP/AVP 96\n");
  phone_receive(&phone);
  CU_ASSERT_EQUAL(phone_receive(&phone), 488);
  phone_send(&phone, format, 2, 2, "text/plain", "hello");
  phone_receive(&phone);
  CU_ASSERT_EQUAL(phone_receive(&phone), 415);
  phone_end(&phone);
}

static const struct unit_test tests[] = {
    {"a call is answered with a session description and ended with BYE", test_answered},
    {"the far end rings with the tag with which it answers", test_rings},
    {"the 200 is repeated until the ACK", test_repeated_until_acknowledged},
    {"a refusal is repeated until the ACK and leaves no dialog", test_refused},
    {"CANCEL is answered 200 and the INVITE 487", test_cancelled},
    {"CANCEL after the answer changes nothing", test_cancelled_too_late},
    {"BYE while ringing ends the INVITE with 487", test_bye_while_ringing},
    {"an invitation that expires while ringing is answered 487", test_invitation_expires},
    {"the far end hangs up, and repeats its BYE until it is answered", test_hangs_up},
    {"a re-INVITE is answered in its dialog only", test_reinvite},
    {"a re-INVITE while the INVITE is pending is put off", test_reinvite_while_ringing},
    {"an offer without audio is answered 488, one of another kind 415", test_no_audio},
};

UNIT_MAIN("fakeproxy calls", tests)
