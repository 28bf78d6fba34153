/* SPDX-License-Identifier: MIT
 *
 * Registration and failover of the phone, to the millisecond: catalogue sections 3.2, 3.5 and 3.9.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/ua/lab.h"
#include "tests/unit.h"

#define SRV "\"Use DNS SRV\":\"Yes\",\"DNS SRV Auto Prefix\":\"Yes\""

static struct lab lab;

static void start(const char *line, const char *global) {
  lab_start(&lab, "cisco-mpp", "fallback-either", line, global);
}

/* Before lab_start(): everything as it is by default. */
static void reset(void) {
  memset(&lab, 0, sizeof lab);
}

static void check_times(int server, const char *method, const int64_t *times, unsigned count) {
  CU_ASSERT_EQUAL(lab_count(&lab, server, method), count);
  for (unsigned i = 0; i < count; i++)
    CU_ASSERT_EQUAL(lab_time(&lab, server, method, i + 1), times[i]);
}

static const char *branch_of(const struct lab_record *record) {
  const char *via = strstr(lab_header(record, "Via"), "branch=");
  return via ? via : "";
}

static void registers_with_the_first_priority(void) {
  reset();
  start(SRV, "");
  lab_run(&lab, 2000000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 1), 0);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, ""), 0);
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"registered\",\"line\":1", 1));
  lab_end(&lab);
}

/* CISCO-REG-9: 0.78*(3600 - 16) = 2795.52 s; RFC 3261 section 10.2: one Call-ID, CSeq grows, a new
 * branch. */
static void refreshes_at_78_percent(void) {
  reset();
  start(SRV, "");
  lab_run(&lab, 6000000);
  check_times(1, "REGISTER", (int64_t[]){0, 2795520, 5591040}, 3);
  const struct lab_record *first = lab_find(&lab, 1, "REGISTER", 1);
  const struct lab_record *second = lab_find(&lab, 1, "REGISTER", 2);
  CU_ASSERT_STRING_EQUAL(lab_header(first, "Call-ID"), lab_header(second, "Call-ID"));
  CU_ASSERT_STRING_EQUAL(lab_header(second, "CSeq"), "2 REGISTER");
  CU_ASSERT_STRING_NOT_EQUAL(branch_of(first), branch_of(second));
  lab_end(&lab);
}

/* CISCO-FO-1: Timer F 16 s; RFC 3261 section 17.1.2.2: 0, .5, 1.5, 3.5, 7.5, 11.5, 15.5 s. */
static void silence_moves_at_timer_f(void) {
  reset();
  lab.servers[1].is_silent = true;
  start(SRV, "");
  lab_run(&lab, 100000);
  check_times(1, "REGISTER", (int64_t[]){0, 500, 1500, 3500, 7500, 11500, 15500}, 7);
  check_times(2, "REGISTER", (int64_t[]){16000}, 1);
  const struct lab_record *moved = lab_find(&lab, 2, "REGISTER", 1);
  CU_ASSERT_STRING_EQUAL(lab_header(moved, "Call-ID"),
                         lab_header(lab_find(&lab, 1, "REGISTER", 1), "Call-ID"));
  CU_ASSERT_STRING_EQUAL(lab_header(moved, "CSeq"), "2 REGISTER");
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"failover\"", 1), 16000);
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"reason\":\"timeout\"", 1));
  CU_ASSERT_PTR_NOT_NULL(
      lab_find(&lab, 0, "\"status\":408,\"reason\":\"Request Timeout\",\"local\":true", 1));
  lab_end(&lab);
}

/* CISCO-FO-4: ICMP port unreachable. */
static void refusal_moves_at_once(void) {
  reset();
  start(SRV, "");
  lab_close(&lab, 1);
  lab_run(&lab, 2795520);
  check_times(2, "REGISTER", (int64_t[]){2795520}, 1);
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"reason\":\"transport error\"", 1));
  lab_end(&lab);
}

/* A queued ICMP error of one server must not fail the message to the next one (transport.c, 5). */
static void two_refusals_in_a_row(void) {
  reset();
  start(SRV, "");
  lab_close(&lab, 1);
  lab_close(&lab, 2);
  lab_run(&lab, 2795520);
  check_times(3, "REGISTER", (int64_t[]){2795520}, 1);
  lab_end(&lab);
}

/* CISCO-FO-2, CISCO-REG-4: a blank list moves nothing, and an unlisted code waits the long
 * interval. */
static void a_status_moves_only_if_listed(void) {
  static const struct {
    const char *global;
    int status;
    bool moves;
  } cases[] = {
      {"", 503, false},
      {"\"Try Backup RSC\":\"5??\"", 503, true},
      {"\"Try Backup RSC\":\"5??,6??\"", 603, true},
      {"\"Try Backup RSC\":\"5??,6??\"", 404, false},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reset();
    lab.servers[1].status = cases[i].status;
    start(SRV, cases[i].global);
    lab_run(&lab, 1199999);
    CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER") > 0, cases[i].moves);
    CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 1), cases[i].moves ? 0 : -1);
    lab_run(&lab, 1200000);
    CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 2), cases[i].moves ? -1 : 1200000);
    lab_end(&lab);
  }
}

/* CISCO-REG-3, REG-4, REG-5, REG-6. */
static void retries_wait_as_configured(void) {
  static const struct {
    const char *global, *header;
    int status;
    int64_t second_ms, third_ms;
  } cases[] = {
      {"\"Retry Reg RSC\":\"403\"", NULL, 403, 30000, 60000},
      {"\"Retry Reg RSC\":\"403\",\"Reg Retry Intvl Cap\":50", NULL, 403, 30000, 80000},
      {"\"Reg Retry Long Intvl\":100", NULL, 403, 100000, 200000},
      {"\"Reg Retry Long Intvl\":0", NULL, 403, -1, -1},
      {"", "Retry-After: 45\r\n", 503, 45000, 90000},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reset();
    lab.servers[1].status = cases[i].status;
    lab.servers[1].header = cases[i].header;
    start(SRV, cases[i].global);
    lab_run(&lab, 1000000);
    CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 2), cases[i].second_ms);
    CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 3), cases[i].third_ms);
    lab_end(&lab);
  }
}

/* CISCO-FO-9: all dead: 3 times 16 s, then Reg Retry Intvl, then again from the top. */
static void all_down_starts_again_from_the_top(void) {
  reset();
  for (int server = 1; server <= 3; server++)
    lab.servers[server].is_silent = true;
  start(SRV, "");
  lab_run(&lab, 77999);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 7);
  CU_ASSERT_EQUAL(lab_time(&lab, 3, "REGISTER", 1), 32000);
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"retry_in_s\":30", 1), 48000);
  lab.servers[2].is_silent = false;
  lab_run(&lab, 120000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 8), 78000);
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"registered\"", 1), 94000);
  CU_ASSERT_EQUAL(lab_count(&lab, 3, "REGISTER"), 7);
  lab_end(&lab);
}

/* CISCO-REG-1 and REG-2. */
static void expiry_follows_the_registrar(void) {
  reset();
  lab.servers[1].expires_s = 60;
  start(SRV, "");
  lab_run(&lab, 40000);
  check_times(1, "REGISTER", (int64_t[]){0, 34320}, 2);
  lab_end(&lab);
  reset();
  lab.servers[1].expires_s = 100000;
  start(SRV, "");
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"expires_s\":7200", 1));
  lab_end(&lab);
  reset();
  lab.servers[1].status = 423;
  lab.servers[1].header = "Min-Expires: 5000\r\n";
  start(SRV, "");
  CU_ASSERT_STRING_EQUAL(lab_header(lab_find(&lab, 1, "REGISTER", 2), "Expires"), "5000");
  /* It stops asking for more: CISCO-REG-4 then. */
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 3);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 0);
  lab_end(&lab);
}

/* The INVITE is at the backup at exactly Timer B, after the REGISTER (CISCO-FO-7); same Call-ID,
 * CSeq and From tag, another branch (RFC 3263 section 4.3). */
static void an_invite_moves_at_timer_b(void) {
  reset();
  start(SRV, "");
  lab.servers[1].is_silent = true;
  lab_run(&lab, 1000);
  CU_ASSERT_EQUAL(lab_dial(&lab), 1);
  lab_run(&lab, 30000);
  check_times(1, "INVITE", (int64_t[]){1000, 1500, 2500, 4500, 8500, 16500}, 6);
  check_times(2, "INVITE", (int64_t[]){17000}, 1);
  check_times(2, "REGISTER", (int64_t[]){17000}, 1);
  CU_ASSERT_TRUE(lab_find(&lab, 2, "REGISTER", 1) < lab_find(&lab, 2, "INVITE", 1));
  const struct lab_record *first = lab_find(&lab, 1, "INVITE", 1),
                          *second = lab_find(&lab, 2, "INVITE", 1);
  CU_ASSERT_STRING_EQUAL(lab_header(first, "Call-ID"), lab_header(second, "Call-ID"));
  CU_ASSERT_STRING_EQUAL(lab_header(first, "CSeq"), lab_header(second, "CSeq"));
  CU_ASSERT_STRING_EQUAL(lab_header(first, "From"), lab_header(second, "From"));
  CU_ASSERT_STRING_NOT_EQUAL(branch_of(first), branch_of(second));
  CU_ASSERT_STRING_EQUAL(strstr(first->text, "\r\n\r\n"), strstr(second->text, "\r\n\r\n"));
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"state\":\"answered\"", 1));
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "ACK"), 1);
  lab_end(&lab);
}

static void without_auto_register_only_the_invite_moves(void) {
  reset();
  start(SRV ",\"Auto Register When Failover\":\"No\"", "");
  lab.servers[1].is_silent = true;
  lab_dial(&lab);
  lab_run(&lab, 30000);
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "INVITE", 1), 16000);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 0);
  lab_end(&lab);
}

/* RFC 3261 section 17.1.1.2: no failover once there was a provisional response; INVITE Expires ends
 * it. */
static void a_provisional_response_holds_the_call(void) {
  reset();
  start(SRV, "");
  lab.servers[1].provisional = 100;
  lab.servers[1].is_provisional_only = true;
  lab_dial(&lab);
  lab_run(&lab, 239999);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, ""), 0);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "CANCEL"), 0);
  lab_run(&lab, 300000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "CANCEL", 1), 240000);
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"state\":\"ended\"", 1), 240000 + 32000);
  lab_end(&lab);
}

/* SIP Timer B and SIP Timer F are separate, whichever is the longer one. */
static void timers_b_and_f_are_separate(void) {
  static const char *const globals[] = {"\"SIP Timer B\":4,\"SIP Timer F\":10",
                                        "\"SIP Timer B\":10,\"SIP Timer F\":4"};
  for (int i = 0; i < 2; i++) {
    reset();
    start(SRV ",\"Register Expires\":60", globals[i]);
    lab.servers[1].expires_s = 60;
    lab.servers[1].is_silent = true;
    lab_dial(&lab);
    lab_run(&lab, i ? 9999 : 3999);
    CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 0);
    lab_run(&lab, i ? 10000 : 4000);
    CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 1);
    lab_end(&lab);
    reset();
    lab.servers[1].is_silent = true;
    start(SRV, globals[i]);
    lab_run(&lab, 60000);
    CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 1), i ? 4000 : 10000);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), i ? 4 : 5);
    lab_end(&lab);
  }
}

/* CISCO-FO-6 and X4: with Proxy Fallback Intvl 0 the DOWN mark of the first isn't honoured when the
 * second fails; otherwise it is. */
static void a_second_failure_goes_down_or_up(void) {
  for (int zero = 0; zero < 2; zero++) {
    reset();
    lab.servers[1].is_silent = true;
    start(zero ? SRV ",\"Proxy Fallback Intvl\":0" : SRV ",\"Proxy Fallback Intvl\":60000", "");
    lab_run(&lab, 20000);
    lab.servers[1].is_silent = false;
    lab.servers[2].is_silent = true;
    lab_run(&lab, 16000 + 2795520 + 15999);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 7);
    lab_run(&lab, 16000 + 2795520 + 16000);
    CU_ASSERT_EQUAL(lab_count(&lab, zero ? 1 : 3, "REGISTER"), zero ? 8 : 1);
    CU_ASSERT_EQUAL(lab_count(&lab, zero ? 3 : 1, "REGISTER"), zero ? 0 : 7);
    lab_end(&lab);
  }
}

/* RFC 8767: while the DNS is silent or broken, the targets stay; what it says is gone, is gone. */
static void dead_dns_keeps_the_targets(void) {
  reset();
  start(SRV, "");
  lab.dns_rcode = 2;
  lab_run(&lab, 2900000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 2), 2795520);
  CU_ASSERT_PTR_NULL(lab_find(&lab, 0, "\"resolution_failed\"", 1));
  CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"stale\":true", 1), 2795520);
  lab_end(&lab);
  reset();
  start(SRV, "");
  lab.is_dns_empty = true;
  lab_run(&lab, 2795520 + 29999);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 1);
  unsigned queries = lab.dns_queries;
  lab.is_dns_empty = false;
  lab_run(&lab, 2795520 + 30000);
  CU_ASSERT_TRUE(lab.dns_queries > queries);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 2), 2795520 + 30000);
  lab_end(&lab);
}

/* Within the TTL nothing is asked again; after it, once for each name. */
static void dns_answers_live_for_their_ttl(void) {
  reset();
  lab.ttl_s = 5000;
  start(SRV, "");
  CU_ASSERT_EQUAL(lab.dns_queries, 4);
  lab_run(&lab, 2795520);
  CU_ASSERT_EQUAL(lab.dns_queries, 4);
  lab_run(&lab, 5591040);
  CU_ASSERT_EQUAL(lab.dns_queries, 8);
  lab_end(&lab);
}

/* CISCO-SRV-11: when the answers have run out, the next REGISTER goes by the new ones: to a server
 * that is better now, and away from one whose record is gone. */
static void dns_changes_move_the_registration(void) {
  for (int gone = 0; gone < 2; gone++) {
    reset();
    start(SRV, "");
    CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 1), 0);
    if (gone)
      lab.servers[1].is_unlisted = true;
    else
      lab.servers[1].priority = 40;
    lab_run(&lab, 2795520);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 1);
    CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 1), 2795520);
    lab.servers[1].is_unlisted = false;
    lab.servers[1].priority = 5;
    lab_run(&lab, 2 * 2795520);
    CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", 2), 2 * 2795520);
    lab_end(&lab);
  }
}

/* RFC 3263: each request starts at the top; 503 is a failure; Retry-After leaves the server out for
 * its time. */
static void the_rfc_profile_starts_at_the_top(void) {
  reset();
  lab.servers[1].status = 503;
  lab_start(&lab, "rfc3263", NULL, "", "");
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 1), 0);
  lab_dial(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "ACK"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 1);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 1);
  lab_end(&lab);
  reset();
  lab.servers[1].status = 503;
  lab.servers[1].header = "Retry-After: 20\r\n";
  lab_start(&lab, "rfc3263", NULL, "", "");
  lab_run(&lab, 19999);
  lab_dial(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 0);
  lab_run(&lab, 20000);
  lab_dial(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 1);
  lab_end(&lab);
  reset();
  lab.servers[1].is_silent = true;
  lab_start(&lab, "rfc3263", NULL, "", "");
  lab_run(&lab, 100000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 11);
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 1), 32000);
  lab_end(&lab);
}

/* One seed, one Call-ID; RFC 3261 section 10.2 wants it kept, the lab wants it repeated. */
static void a_seed_repeats_the_identifiers(void) {
  char call_id[256] = "";
  for (int i = 0; i < 2; i++) {
    reset();
    start(SRV, "");
    const char *seen = lab_header(lab_find(&lab, 1, "REGISTER", 1), "Call-ID");
    CU_ASSERT_TRUE(strlen(seen) > 16);
    if (i)
      CU_ASSERT_STRING_EQUAL(seen, call_id);
    snprintf(call_id, sizeof call_id, "%s", seen);
    lab_end(&lab);
  }
}

static const struct unit_test tests[] = {
    {"registers with the first priority", registers_with_the_first_priority},
    {"refreshes at 78 percent", refreshes_at_78_percent},
    {"silence moves at Timer F", silence_moves_at_timer_f},
    {"refusal moves at once", refusal_moves_at_once},
    {"two refusals in a row", two_refusals_in_a_row},
    {"a status moves only if it is listed", a_status_moves_only_if_listed},
    {"retries wait as configured", retries_wait_as_configured},
    {"all down starts again from the top", all_down_starts_again_from_the_top},
    {"expiry follows the registrar", expiry_follows_the_registrar},
    {"an INVITE moves at Timer B", an_invite_moves_at_timer_b},
    {"without Auto Register only the INVITE moves", without_auto_register_only_the_invite_moves},
    {"a provisional response holds the call", a_provisional_response_holds_the_call},
    {"Timers B and F are separate", timers_b_and_f_are_separate},
    {"a second failure goes down or up", a_second_failure_goes_down_or_up},
    {"dead DNS keeps the targets", dead_dns_keeps_the_targets},
    {"DNS answers live for their TTL", dns_answers_live_for_their_ttl},
    {"DNS changes move the registration", dns_changes_move_the_registration},
    {"the RFC profile starts at the top", the_rfc_profile_starts_at_the_top},
    {"a seed repeats the identifiers", a_seed_repeats_the_identifiers},
};

UNIT_MAIN("ua failover", tests)
