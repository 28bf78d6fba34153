/* SPDX-License-Identifier: MIT
 *
 * A line: one user at one proxy. It owns the target list and the choice of the server, and what
 * depends on it: a registration, the fallback, calls.
 */
#ifndef UA_LINE_H
#define UA_LINE_H

#include <cjson/cJSON.h>

#include "ua/fallback.h"
#include "ua/parameters.h"
#include "ua/policy/policy.h"
#include "ua/registration.h"
#include "ua/resolution.h"
#include "ua/targets.h"

struct phone;
struct call;

/* When a name can't be resolved again, the targets that are known serve on, and the next try is due
 * after this time: RFC 8767 section 5, the failure recheck timer. */
#define STALE_RECHECK_MS 30000

/* scheme, user, @, host, colon and port of a SIP URI */
#define LINE_URI_SIZE (PARAMETER_TEXT_SIZE + DNS_NAME_SIZE + 16)

struct line {
  struct phone *phone;
  unsigned number; /* counted from 1 */
  struct line_parameters parameters;
  struct proxy proxy;
  struct target_list targets;
  bool has_current;
  struct target_address current; /* the server in use */
  struct resolution *resolution;
  struct registration registration;
  struct fallback fallback;
  struct call *calls; /* oldest first */
};

int line_init(struct line *line, struct phone *phone, unsigned number,
              const struct line_parameters *parameters, struct phone_error *error);
void line_release(struct line *line);

/* The set of transports that a line with this SIP Transport may use; empty when the phone speaks
 * none of them. */
unsigned line_transports(int sip_transport);

/* The line's own URI, and its contact for who is at `peer`: with the phone's address of that
 * family.
 */
void line_own_uri(const struct line *line, char uri[LINE_URI_SIZE]);
void line_contact(const struct line *line, const struct target_address *peer,
                  char contact[LINE_URI_SIZE]);

/* True when there are targets whose DNS answers haven't run out. Otherwise a resolution is under
 * way, whose end wakes the registration, the calls and the fallback that wait for targets. */
bool line_has_targets(struct line *line);

/* Where a new request of the given kind starts. When all servers are DOWN they all get another
 * chance, from the top (CISCO-FO-9). NULL: there are no targets, or each is to be avoided for now.
 */
struct target *line_first_target_for_register(struct line *line);
struct target *line_first_target_for_call(struct line *line);

/* The line uses this server from now on. */
void line_use(struct line *line, const struct target *target);

/* The server `failed` has failed a request that has been sent to all of `history`. It is flagged
 * DOWN (CISCO-FO-5). Returns the server to which the request is to go now (CISCO-FO-5, RFC 3263
 * section 4.3), or NULL when none is left. */
struct target *line_next_target(struct line *line, const struct target_address *failed,
                                const struct target_history *history);

/* The request goes from `failed` to `next`: moves the line with it and tells of the failover,
 * unless another request has moved the line already. */
void line_fail_over(struct line *line, const struct target_address *failed,
                    const struct target *next, const char *reason);

/* The word for a failure in events: "timeout", "transport error", "response CODE". */
#define FAILURE_TEXT_SIZE 32
void line_describe_failure(const struct transaction_result *result, char text[FAILURE_TEXT_SIZE]);

/* Whether a target of better priority than the server in use exists: without priorities there is no
 * way back (CISCO-FB-9, CISCO-SRV-5). */
bool line_has_preferred(struct line *line);

/* A call is over and its last transaction too. */
void line_call_ended(struct line *line);

/* An event of this line, for phone_tell(). */
cJSON *line_event(const struct line *line, const char *name);
void event_add_address(cJSON *event, const char *name, const struct target_address *address);

#endif
