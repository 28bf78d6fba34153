/* SPDX-License-Identifier: MIT
 *
 * The SIP transport (transport.h), and the one place that knows how sofia-sip 1.12.11 (Debian 12)
 * differs from what the phone needs. Found in its source and by measuring:
 *
 *  1. nta has one timeout, NTATAG_SIP_T1X64, for Timers B and F; a non-INVITE client transaction
 * can't be stopped at all (nta_outgoing_tcancel() refuses, nta_outgoing_destroy() lets it go on
 * retransmitting). Where SIP Timer B and SIP Timer F differ, one of them can't be kept. So client
 * transactions are the phone's own.
 *  2. nta runs all its transactions from one timer and doesn't move that timer up for anything less
 * than 5 ms earlier: with two transactions under way, a retransmission may come up to 5 ms late
 * (measured: one started 998 ms after another was repeated at 1.500 s instead of 1.498 s).
 * Its server transactions still have that (a 200 that is sent again for want of an ACK).
 *  3. A 408 or 503 that nta makes itself looks like a received one to its callback, but for the
 * flag NTA_INTERNAL_MSG (nta_sip_is_internal()). With the phone's own transactions nothing is made
 * up: a timeout and a transport error are outcomes of their own (RFC 3261 section 8.1.3.1 gives
 * them their codes).
 *  4. nta would resolve names itself, remember failed servers (NTATAG_GRAYLIST, 600 s) and try
 * others. It is only ever given numeric addresses, and the list is off.
 *  5. On Linux an ICMP error is queued on the socket (IP_RECVERR) and reported by tport_pend() to
 * those whose destination it was. The same error also waits in SO_ERROR and would fail the next
 * send, whoever it is for; tport clears it before each send and says that a race is left. Hence the
 * second try in transport_send().
 *  6. tport refuses UDP messages longer than 1300 bytes unless TPTAG_MTU says otherwise.
 */
#define NTA_AGENT_MAGIC_T struct transport
#define TP_CLIENT_T struct transaction

#include "ua/transport.h"

#include <errno.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <stdio.h>
#include <stdlib.h>

#include "ua/transaction.h"

/* `sip:` ADDRESS `;transport=udp` */
#define TARGET_URL_SIZE (TARGET_TEXT_SIZE + 24)

static int on_message(nta_agent_magic_t *magic, nta_agent_t *agent, msg_t *msg, sip_t *sip) {
  struct transport *transport = magic;
  (void)agent;
  if (sip && sip->sip_request) {
    transport->on_request(transport->context, msg, sip);
    return 0;
  }
  if (sip && sip->sip_status && !transactions_receive(transport, sip) &&
      sip->sip_cseq->cs_method == sip_method_invite && sip->sip_status->st_status / 100 == 2)
    transport->on_stray(transport->context, sip);
  msg_destroy(msg);
  return 0;
}

static void write_url(const struct target_address *address, char url[TARGET_URL_SIZE]) {
  char text[TARGET_TEXT_SIZE];
  snprintf(url, TARGET_URL_SIZE, "sip:%s;transport=udp", target_address_format(address, text));
}

/* Binds the sockets. Returns NULL, or the address that can't be used. */
static const struct target_address *open_agent(struct transport *transport) {
  const struct global_parameters *timers = &transport->parameters;
  char url[TARGET_URL_SIZE];
  write_url(&transport->addresses[0], url);
  transport->agent = nta_agent_create(
      transport->root, URL_STRING_MAKE(url), on_message, transport, NTATAG_UA(1),
      NTATAG_SERVER_RPORT(1), NTATAG_GRAYLIST(0), NTATAG_SIP_T1((unsigned)timers->t1_ms),
      NTATAG_SIP_T2((unsigned)timers->t2_ms), NTATAG_SIP_T4((unsigned)timers->t4_ms),
      NTATAG_SIP_T1X64((unsigned)timers->t1_ms * 64), TAG_END());
  if (!transport->agent)
    return &transport->addresses[0];
  for (size_t i = 1; i < transport->address_count; i++) {
    write_url(&transport->addresses[i], url);
    if (nta_agent_add_tport(transport->agent, URL_STRING_MAKE(url), TAG_END()) < 0)
      return &transport->addresses[i];
  }
  return NULL;
}

int transport_create(struct transport **out, const struct transport_options *options,
                     struct phone_error *error) {
  struct transport *transport = calloc(1, sizeof *transport);
  char text[TARGET_TEXT_SIZE];
  if (!transport)
    return phone_error_set(error, "out of memory");
  transport->root = options->root;
  transport->address_count = options->address_count;
  for (size_t i = 0; i < options->address_count; i++)
    transport->addresses[i] = options->addresses[i];
  transport->parameters = *options->parameters;
  transport->identifiers = options->identifiers;
  transport->on_request = options->on_request;
  transport->on_stray = options->on_stray;
  transport->context = options->context;
  target_address_host(&transport->addresses[0], transport->host);
  const struct target_address *unusable = open_agent(transport);
  if (!unusable) {
    *out = transport;
    return 0;
  }
  phone_error_set(error, "network.address %s can't be used for SIP: in use, or not of this host",
                  target_address_format(unusable, text));
  transport_destroy(transport);
  return -1;
}

const struct target_address *transport_own_address(const struct transport *transport,
                                                   const struct target_address *peer) {
  for (size_t i = 0; i < transport->address_count; i++)
    if (transport->addresses[i].any.sa_family == peer->any.sa_family)
      return &transport->addresses[i];
  return &transport->addresses[0];
}

void transport_destroy(struct transport *transport) {
  if (!transport)
    return;
  while (transport->transactions)
    transaction_abort(transport->transactions);
  if (transport->agent)
    nta_agent_destroy(transport->agent);
  free(transport);
}

/* The socket for a family. (tport_by_name() takes the first one for either family.) */
static tport_t *find_socket(struct transport *transport, int family) {
  tport_t *tport = tport_primaries(nta_agent_tports(transport->agent));
  while (tport && tport_get_address(tport)->ai_family != family)
    tport = tport_next(tport);
  return tport;
}

struct tport_s *transport_send(struct transport *transport, msg_t *msg,
                               const struct target_address *target) {
  char host[TARGET_TEXT_SIZE], port[8];
  snprintf(port, sizeof port, "%u", target_address_port(target));
  target_address_host(target, host);
  tp_name_t name[1] = {{.tpn_proto = "udp", .tpn_canon = host, .tpn_host = host, .tpn_port = port}};
  tport_t *tport = find_socket(transport, target->any.sa_family);
  if (!tport) {
    errno = EAFNOSUPPORT;
    return NULL;
  }
  for (int i = 0; i < 2; i++) {
    tport_t *used = tport_tsend(tport, msg, name, TPTAG_MTU(65535), TAG_END());
    if (used)
      return used;
    errno = msg_errno(msg);
    msg_set_errno(msg, 0);
  }
  return NULL;
}

int transport_watch(struct tport_s *tport, msg_t *msg, transport_error_handler *handler,
                    struct transaction *transaction) {
  int handle = tport_pend(tport, msg, handler, transaction);
  return handle > 0 ? handle : 0;
}

void transport_release(struct tport_s *tport, int handle, msg_t *msg,
                       struct transaction *transaction) {
  if (handle > 0)
    tport_release(tport, handle, msg, NULL, transaction, 0);
}

msg_t *transport_new_request(struct transport *transport, const struct request_fields *fields) {
  msg_t *msg = nta_msg_create(transport->agent, 0);
  sip_t *sip = sip_object(msg);
  char cseq[48], max_forwards[24];
  if (!msg)
    return NULL;
  snprintf(cseq, sizeof cseq, "%u %s", fields->cseq, fields->method_name);
  snprintf(max_forwards, sizeof max_forwards, "%d", (int)transport->parameters.max_forward);
  sip_request_t *request = sip_request_create(msg_home(msg), fields->method, fields->method_name,
                                              URL_STRING_MAKE(fields->uri), NULL);
  if (request && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)request) == 0 &&
      sip_add_tl(msg, sip, SIPTAG_ROUTE(fields->route), SIPTAG_MAX_FORWARDS_STR(max_forwards),
                 SIPTAG_FROM_STR(fields->from), SIPTAG_TO_STR(fields->to),
                 SIPTAG_CALL_ID_STR(fields->call_id), SIPTAG_CSEQ_STR(cseq),
                 SIPTAG_CONTACT_STR(fields->contact), SIPTAG_EXPIRES_STR(fields->expires),
                 SIPTAG_USER_AGENT_STR(PHONE_USER_AGENT), SIPTAG_ALLOW_STR(PHONE_ALLOW),
                 SIPTAG_CONTENT_TYPE_STR(fields->content_type), SIPTAG_PAYLOAD_STR(fields->body),
                 TAG_END()) >= 0 &&
      sip->sip_from && sip->sip_to && sip->sip_call_id && sip->sip_cseq)
    return msg;
  msg_destroy(msg);
  return NULL;
}

msg_t *transport_new_related(struct transport *transport, msg_t *request, sip_method_t method,
                             const char *method_name, const sip_to_t *to) {
  const sip_t *original = sip_object(request);
  msg_t *msg = nta_msg_create(transport->agent, 0);
  sip_t *sip = sip_object(msg);
  if (!msg)
    return NULL;
  char cseq[48];
  snprintf(cseq, sizeof cseq, "%u %s", original->sip_cseq->cs_seq, method_name);
  sip_request_t *line =
      sip_request_create(msg_home(msg), method, method_name,
                         (const url_string_t *)original->sip_request->rq_url, NULL);
  if (line && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)line) == 0 &&
      sip_add_tl(msg, sip, SIPTAG_ROUTE(original->sip_route),
                 SIPTAG_MAX_FORWARDS(original->sip_max_forwards), SIPTAG_FROM(original->sip_from),
                 SIPTAG_TO(to ? to : original->sip_to), SIPTAG_CALL_ID(original->sip_call_id),
                 SIPTAG_CSEQ_STR(cseq), SIPTAG_USER_AGENT_STR(PHONE_USER_AGENT), TAG_END()) >= 0)
    return msg;
  msg_destroy(msg);
  return NULL;
}

void transport_new_branch(struct transport *transport, char branch[BRANCH_SIZE]) {
  char digits[BRANCH_DIGITS + 1];
  phone_random_hex(transport->identifiers, digits, BRANCH_DIGITS);
  snprintf(branch, BRANCH_SIZE, "z9hG4bK%s", digits);
}

bool transport_finish_request(struct transport *transport, msg_t *msg,
                              const struct target_address *target, const char *branch) {
  sip_t *sip = sip_object(msg);
  char own[TARGET_TEXT_SIZE];
  target_address_format(transport_own_address(transport, target), own);
  sip_via_t *via = sip_via_format(msg_home(msg), "SIP/2.0/UDP %s;branch=%s;rport", own, branch);
  return via && msg_header_insert(msg, (msg_pub_t *)sip, (msg_header_t *)via) == 0 &&
         sip_complete_message(msg) == 0 && msg_serialize(msg, (msg_pub_t *)sip) >= 0;
}
