/* SPDX-License-Identifier: MIT
 *
 * The phone: its lines, its transport, its resolver. It knows neither a lab nor the form in which
 * it is driven: what happens goes as JSON objects to whoever it was given.
 */
#ifndef UA_PHONE_H
#define UA_PHONE_H

#include <cjson/cJSON.h>
#include <sofia-sip/su_wait.h>

#include "ua/line.h"
#include "ua/policy/policy.h"
#include "ua/random.h"
#include "ua/resolver.h"
#include "ua/transport.h"

/* Lines of the largest desk phones (Cisco 8800 with key modules: 16). */
#define LINES_MAX 16

struct orphan;
struct call;

struct phone_configuration {
  const struct policy *policy;
  struct target_address addresses[OWN_ADDRESSES_MAX]; /* of different families */
  size_t address_count;
  struct target_address dns[RESOLVER_SERVERS_MAX]; /* in the order in which they are asked */
  size_t dns_count;
  uint16_t rtp_port;
  uint64_t seed;
  struct global_parameters global;
  struct line_parameters lines[LINES_MAX];
  unsigned line_count;
};

/* Takes the event. */
typedef void phone_event_handler(void *context, cJSON *event);

/* All lines have unregistered, or have tried to. The handler may destroy the phone only from the
 * loop. */
typedef void phone_stopped_handler(void *context);

struct phone {
  su_root_t *root;
  struct phone_configuration configuration;
  phone_event_handler *on_event;
  phone_stopped_handler *on_stopped; /* NULL: not stopping */
  void *context;
  struct transport *transport; /* NULL: not started */
  struct resolver *resolver;
  struct phone_random identifiers, weights, delays;
  struct line *lines;
  unsigned line_count;
  unsigned calls_made;
  struct orphan *orphans;
};

/* Reads the `phone` object of docs/phone-control.md. `*out` is untouched on error. */
int phone_configure(struct phone_configuration *out, const cJSON *object,
                    struct phone_error *error);

/* Opens the sockets; nothing is sent yet. */
int phone_create(struct phone **out, su_root_t *root,
                 const struct phone_configuration *configuration, phone_event_handler *on_event,
                 void *context, struct phone_error *error);

/* Ends everything at once, without a message. NULL is allowed. */
void phone_destroy(struct phone *phone);

/* The lines begin to register. */
void phone_begin(struct phone *phone);

/* Unregisters all lines (one attempt each), then calls the handler: possibly before this returns.
 */
void phone_stop(struct phone *phone, phone_stopped_handler *on_stopped);

/* For registrations: one that had a binding to remove is done. */
void phone_unregistered(struct phone *phone);

/* NULL when there is none. */
struct line *phone_find_line(struct phone *phone, unsigned number);
struct call *phone_find_call(struct phone *phone, unsigned id);

/* Takes the event (NULL: out of memory, nothing is told). */
void phone_tell(struct phone *phone, cJSON *event);

/* The `lines` member of a status answer. */
cJSON *phone_status(const struct phone *phone);

/* An identifier of 64 random bits, as hexadecimal digits. */
void phone_new_identifier(struct phone *phone, char text[IDENTIFIER_SIZE]);
void phone_new_call_id(struct phone *phone, char text[CALL_ID_SIZE]);

#endif
