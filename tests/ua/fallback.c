/* SPDX-License-Identifier: MIT
 *
 * The way back to the preferred server: catalogue sections 3.3 and 4.
 */
#include <string.h>

#include "tests/ua/lab.h"
#include "tests/unit.h"

#define SRV "\"Use DNS SRV\":\"Yes\",\"DNS SRV Auto Prefix\":\"Yes\""

/* Timer F, and the REGISTER that the first server has seen by then. */
#define MOVED 16000
#define FIRST_TRIES 7

static struct lab lab;

/* A phone that has moved to the second server at 16 s, because the first was silent at its start.
 */
static void start_moved(const char *variant, const char *line, int expires_s) {
  memset(&lab, 0, sizeof lab);
  lab.servers[1].is_silent = true;
  for (int server = 1; server <= LAB_SERVERS; server++)
    lab.servers[server].expires_s = expires_s;
  lab_start(&lab, "cisco-mpp", variant, line, "");
  lab_run(&lab, MOVED);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 1);
}

/* CISCO-FB-3: min(E, PFI) after the failover. */
static void either_is_the_smaller_one(void) {
  static const struct {
    const char *line;
    int expires_s;
    int64_t after_ms;
  } cases[] = {
      {SRV ",\"Proxy Fallback Intvl\":600", 3600, 600000},
      {SRV ",\"Proxy Fallback Intvl\":1000,\"Register Expires\":800", 800, 800000},
  };
  for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    start_moved("fallback-either", cases[i].line, cases[i].expires_s);
    lab.servers[1].is_silent = false;
    lab_run(&lab, MOVED + cases[i].after_ms - 1);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES);
    lab_run(&lab, MOVED + cases[i].after_ms);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES + 1);
    CU_ASSERT_EQUAL(lab_time(&lab, 0, "\"fallback\"", 1), MOVED + cases[i].after_ms);
    unsigned before = lab_count(&lab, 2, "REGISTER");
    CU_ASSERT_EQUAL(lab_dial(&lab), 1);
    lab_run(&lab, 3000000);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "INVITE"), 1);
    CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), before);
    lab_end(&lab);
  }
}

/* CISCO-FB-8, FB-10, FB-11: a try at a dead server leaves the line where it is; the interval starts
 * again. */
static void a_failed_try_costs_nothing(void) {
  start_moved("fallback-either", SRV ",\"Proxy Fallback Intvl\":600", 3600);
  lab_run(&lab, MOVED + 608000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", FIRST_TRIES + 1), MOVED + 600000);
  CU_ASSERT_EQUAL(lab_dial(&lab), 1);
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "INVITE", 1), MOVED + 608000);
  call_hang_up(phone_find_call(lab.phone, 1));
  lab.servers[1].is_silent = false;
  lab_run(&lab, MOVED + 616000);
  lab.servers[1].is_silent = false;
  CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"fallback\""), 1);
  lab_end(&lab);

  start_moved("fallback-either", SRV ",\"Proxy Fallback Intvl\":600", 3600);
  lab_run(&lab, MOVED + 616000);
  CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"fallback\""), 0);
  CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"failover\""), 1);
  lab.servers[1].is_silent = false;
  lab_run(&lab, MOVED + 616000 + 599999);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 2 * FIRST_TRIES);
  lab_run(&lab, MOVED + 616000 + 600000);
  CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"fallback\""), 1);
  lab_end(&lab);
}

/* The refresh at the backup goes on while the primary is tried again and again. */
static void the_backup_is_refreshed_meanwhile(void) {
  start_moved("fallback-either", SRV ",\"Proxy Fallback Intvl\":50", 3600);
  lab.servers[2].expires_s = 3600;
  int64_t refresh_ms = MOVED + 2795520;
  lab_run(&lab, refresh_ms + 16000);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 2);
  int64_t refreshed_ms = lab_time(&lab, 2, "REGISTER", 2);
  CU_ASSERT_TRUE(refreshed_ms >= refresh_ms && refreshed_ms <= refresh_ms + 16000);
  lab_end(&lab);
}

/* CISCO-FB-7. */
static void no_way_back_during_a_call(void) {
  start_moved("fallback-either", SRV ",\"Proxy Fallback Intvl\":600", 3600);
  lab.servers[1].is_silent = false;
  unsigned id = lab_dial(&lab);
  CU_ASSERT_STRING_EQUAL(call_state_name(phone_find_call(lab.phone, id)), "answered");
  lab_run(&lab, MOVED + 640000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES);
  call_hang_up(phone_find_call(lab.phone, id));
  lab_settle(&lab);
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "BYE", 1), MOVED + 640000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", FIRST_TRIES + 1), MOVED + 640000);
  CU_ASSERT_TRUE(lab_find(&lab, 2, "BYE", 1) < lab_find(&lab, 1, "REGISTER", FIRST_TRIES + 1));
  lab_end(&lab);
}

/* CISCO-FB-4: ceil(PFI/E)*E. */
static void register_only_waits_for_whole_registrations(void) {
  static const struct {
    const char *line;
    int64_t after_ms;
  } cases[] = {
      {SRV ",\"Proxy Fallback Intvl\":600", 3600000},
      {SRV ",\"Proxy Fallback Intvl\":1000,\"Register Expires\":600", 1200000},
  };
  for (unsigned i = 0; i < 2; i++) {
    start_moved("fallback-register-only", cases[i].line, i ? 600 : 3600);
    lab.servers[1].is_silent = false;
    lab_run(&lab, MOVED + cases[i].after_ms - 1);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES);
    lab_run(&lab, MOVED + cases[i].after_ms);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES + 1);
    lab_end(&lab);
  }
}

/* CISCO-FB-1: the first refresh that comes PFI or more after the failure. E=120, F=16: each 81.12
 * s. */
static void release_11_3_waits_for_a_refresh(void) {
  start_moved("11.3", SRV ",\"Register Expires\":120,\"Proxy Fallback Intvl\":100", 120);
  lab.servers[1].is_silent = false;
  lab_run(&lab, MOVED + 81120);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 2);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), FIRST_TRIES);
  lab_run(&lab, MOVED + 2 * 81120);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "REGISTER"), 2);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", FIRST_TRIES + 1), MOVED + 2 * 81120);
  CU_ASSERT_PTR_NOT_NULL(lab_find(&lab, 0, "\"reason\":\"refresh\"", 1));
  lab_end(&lab);
}

/* The same with a primary that stays dead: the refresh is done at the backup after all. */
static void release_11_3_refreshes_at_the_backup_if_it_must(void) {
  start_moved("11.3", SRV ",\"Register Expires\":120,\"Proxy Fallback Intvl\":60", 120);
  lab_run(&lab, MOVED + 81120 + 16000);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "REGISTER", FIRST_TRIES + 1), MOVED + 81120);
  CU_ASSERT_EQUAL(lab_time(&lab, 2, "REGISTER", 2), MOVED + 81120 + 16000);
  CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"failover\""), 1);
  lab_end(&lab);
}

/* CISCO-FB-9, CISCO-SRV-5: equals are no preference; PFI 0 is no timer. */
static void no_way_back_without_priorities_or_interval(void) {
  for (int i = 0; i < 2; i++) {
    memset(&lab, 0, sizeof lab);
    lab.servers[1].is_silent = true;
    for (int server = 1; server <= 3; server++)
      lab.servers[server].priority = i ? 0 : 10;
    lab_start(&lab, "cisco-mpp", "fallback-either",
              i ? SRV ",\"Proxy Fallback Intvl\":0" : SRV ",\"Proxy Fallback Intvl\":600", "");
    lab_run(&lab, 100000);
    lab.servers[1].is_silent = false;
    unsigned before = lab_count(&lab, 1, "");
    lab_run(&lab, 20000000);
    CU_ASSERT_EQUAL(lab_count(&lab, 1, ""), before);
    CU_ASSERT_EQUAL(lab_count(&lab, 0, "\"fallback\""), 0);
    lab_end(&lab);
  }
}

/* CISCO-FB-5: without Auto Register the messages simply go to the primary after PFI. */
static void without_auto_register_the_next_message_goes_back(void) {
  memset(&lab, 0, sizeof lab);
  lab_start(&lab, "cisco-mpp", "fallback-either",
            SRV ",\"Proxy Fallback Intvl\":60,\"Auto Register When Failover\":\"No\"", "");
  lab.servers[1].is_silent = true;
  unsigned id = lab_dial(&lab);
  lab_run(&lab, 20000);
  call_hang_up(phone_find_call(lab.phone, id));
  lab.servers[1].is_silent = false;
  lab_run(&lab, 75999);
  lab_dial(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 2);
  call_hang_up(phone_find_call(lab.phone, 2));
  lab_run(&lab, 76000);
  lab_dial(&lab);
  CU_ASSERT_EQUAL(lab_count(&lab, 2, "INVITE"), 2);
  CU_ASSERT_EQUAL(lab_time(&lab, 1, "INVITE", 7), 76000);
  CU_ASSERT_EQUAL(lab_count(&lab, 1, "REGISTER"), 1);
  lab_end(&lab);
}

static const struct unit_test tests[] = {
    {"either is the smaller one", either_is_the_smaller_one},
    {"a failed try costs nothing", a_failed_try_costs_nothing},
    {"the backup is refreshed meanwhile", the_backup_is_refreshed_meanwhile},
    {"no way back during a call", no_way_back_during_a_call},
    {"register-only waits for whole registrations", register_only_waits_for_whole_registrations},
    {"release 11.3 waits for a refresh", release_11_3_waits_for_a_refresh},
    {"release 11.3 refreshes at the backup if it must",
     release_11_3_refreshes_at_the_backup_if_it_must},
    {"no way back without priorities or interval", no_way_back_without_priorities_or_interval},
    {"without Auto Register the next message goes back",
     without_auto_register_the_next_message_goes_back},
};

UNIT_MAIN("ua fallback", tests)
