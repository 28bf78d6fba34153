/* SPDX-License-Identifier: MIT
 *
 * The phone's SIP transport: one sofia nta agent with a UDP socket for each of its addresses. nta
 * reads and writes messages and runs the server transactions. Client transactions are the phone's
 * own (transaction.h); why, and what else of sofia-sip 1.12.11 has to be gone round, stands at the
 * top of transport.c.
 */
#ifndef UA_TRANSPORT_H
#define UA_TRANSPORT_H

#include <sofia-sip/nta.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/su_wait.h>
#include <stdint.h>

#include "ua/error.h"
#include "ua/parameters.h"
#include "ua/random.h"
#include "ua/targets.h"

struct transaction;

/* The SIP transports that the phone speaks. Targets of others are not looked for. */
#define TRANSPORTS_SPOKEN SIP_TRANSPORT_BIT(SIP_UDP)

/* A request that belongs to no server transaction. Takes `msg`: it goes into nta_incoming_create()
 * or msg_destroy(). */
typedef void transport_request_handler(void *context, msg_t *msg, sip_t *sip);

/* A 2xx to an INVITE that belongs to no client transaction (any more). Borrows both. */
typedef void transport_stray_handler(void *context, const sip_t *sip);

struct transport {
  su_root_t *root;
  nta_agent_t *agent;
  struct target_address addresses[OWN_ADDRESSES_MAX];
  size_t address_count;
  char host[TARGET_TEXT_SIZE];         /* of the first address, an IPv6 one in brackets */
  struct global_parameters parameters; /* timers, Max Forward */
  struct phone_random *identifiers;    /* borrowed: branches, tags, Call-IDs */
  transport_request_handler *on_request;
  transport_stray_handler *on_stray;
  void *context;
  struct transaction *transactions; /* newest first */
};

struct transport_options {
  su_root_t *root;
  const struct target_address *addresses; /* of different families, the main one first; copied */
  size_t address_count;
  const struct global_parameters *parameters; /* copied */
  struct phone_random *identifiers;
  transport_request_handler *on_request;
  transport_stray_handler *on_stray;
  void *context;
};

int transport_create(struct transport **out, const struct transport_options *options,
                     struct phone_error *error);

/* Drops all transactions without calling their handlers. NULL is allowed. Not from within a
 * handler. */
void transport_destroy(struct transport *transport);

/* The phone's own address for what goes to `peer`, or came from it: that of its family; the first
 * when there is none. */
const struct target_address *transport_own_address(const struct transport *transport,
                                                   const struct target_address *peer);

/* Where an attempt to send went wrong is learnt from tport by this (tport_pending_error_f). */
struct tport_s;
struct tp_stack_s;
typedef void transport_error_handler(struct tp_stack_s *, struct transaction *, struct tport_s *,
                                     msg_t *, int error);

/* Sends the bytes of `msg` (borrowed) to `target`. Returns the tport, or NULL with errno set when
 * the message can't even be sent. */
struct tport_s *transport_send(struct transport *transport, msg_t *msg,
                               const struct target_address *target);

/* Asks for `handler` to be called when the network refuses `msg` (ICMP); returns a handle for
 * transport_release(), or 0. */
int transport_watch(struct tport_s *tport, msg_t *msg, transport_error_handler *handler,
                    struct transaction *transaction);
void transport_release(struct tport_s *tport, int handle, msg_t *msg,
                       struct transaction *transaction);

/* The header fields of a request that differ from request to request. Texts are copied; NULL: left
 * out. */
struct request_fields {
  sip_method_t method;
  const char *method_name;
  const char *uri;
  const char *from, *to, *call_id; /* whole header values */
  uint32_t cseq;
  const sip_route_t *route;
  const char *contact, *expires, *content_type, *body;
};

/* A request without Via. NULL when a field can't be parsed or memory is short. */
msg_t *transport_new_request(struct transport *transport, const struct request_fields *fields);

/* An ACK (for a non-2xx; `to` comes from the response) or CANCEL for `request`: RFC 3261
 * sections 17.1.1.3 and 9.1. Without Via. */
msg_t *transport_new_related(struct transport *transport, msg_t *request, sip_method_t method,
                             const char *method_name, const sip_to_t *to);

/* Puts the topmost Via with this branch in and makes the message ready to be sent to `target`.
 * False when out of memory. */
bool transport_finish_request(struct transport *transport, msg_t *msg,
                              const struct target_address *target, const char *branch);

/* A new branch: z9hG4bK (RFC 3261 section 8.1.1.7) and 64 random bits. */
#define BRANCH_DIGITS 16
#define BRANCH_SIZE (sizeof "z9hG4bK" + BRANCH_DIGITS)
void transport_new_branch(struct transport *transport, char branch[BRANCH_SIZE]);

/* What the phone allows and calls itself. */
#define PHONE_ALLOW "INVITE, ACK, CANCEL, BYE, OPTIONS"
#define PHONE_USER_AGENT "sipfall-phone/" SIPFALL_VERSION

#endif
