/* SPDX-License-Identifier: MIT
 *
 * SIP messages by sofia-sip's parser: the only file of the room that includes its headers. A
 * message owns one msg_t, whose memory home holds every text that the questions of message.h hand
 * out.
 *
 * sofia-sip is used as a parser only: no su_root, no transports, and no su_init(), which would
 * change the signal dispositions of the program and switch on locks that one thread doesn't need.
 * Nothing here asks it for random numbers or for the time, so equal input gives equal bytes.
 *
 * A parsed message is one that message_malformed() accepts or explains. sofia-sip is tolerant: it
 * keeps going after a bad header and lists it in sip_error. Bad headers that decide what a request
 * means make the message malformed here; others (a bad Date, a line without a colon) are ignored as
 * if absent, in the spirit of RFC 3261 section 7.3.1 and of RFC 4475 sections 3.1.2 and 3.3.
 */
#include "fakeproxy/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/url.h>

#include "common/address.h"

/* RFC 3261 section 19.1.2: where a SIP URI or a sent-by without a port listens. */
enum { DEFAULT_PORT = 5060 };

/* RFC 3261 section 8.1.1.7: a branch that starts like this is unique for each transaction. */
static const char magic_cookie[] = "z9hG4bK";

struct message {
  msg_t *msg;
  sip_t *sip;
  const char *malformed;
  int malformed_status;
  const char *uri;     /* in msg's home; NULL for a response */
  const char *require; /* likewise; NULL: none */
  const char *bytes;   /* likewise; NULL until message_finish */
  size_t size;
};

static char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A malloc'd text; NULL when out of memory. */
static char *text_format(const char *format, ...) {
  char *text = NULL;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0)
    text = NULL;
  va_end(arguments);
  return text;
}

/* Ends a text that grew in an open_memstream; NULL when it ran out of memory. */
static char *close_text(FILE *stream, char **text) {
  if (fclose(stream) == 0)
    return *text;
  free(*text);
  return NULL;
}

static const char *or_empty(const char *text) {
  return text ? text : "";
}

/* Headers whose meaning can't be guessed when they can't be parsed. */
static bool header_decides(const char *name) {
  static const char *const names[] = {
      "Via",     "From",         "To",           "Call-ID",        "CSeq",
      "Contact", "Record-Route", "Content-Type", "Content-Length", "Require"};
  for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++)
    if (strcasecmp(name, names[i]) == 0)
      return true;
  return false;
}

static const char *missing_header(const sip_t *sip) {
  if (!sip->sip_via)
    return "no Via";
  if (!sip->sip_from)
    return "no From";
  if (!sip->sip_to)
    return "no To";
  if (!sip->sip_call_id)
    return "no Call-ID";
  if (!sip->sip_cseq)
    return "no CSeq";
  return NULL;
}

/* sip_error holds headers that can't be parsed, with their names, and also second ones of headers
 * that can be there only once, as they are. */
static const char *error_name(const sip_header_t *header) {
  return header->sh_class == sip_error_class ? header->sh_error->er_name
                                             : header->sh_class->hc_name;
}

static const char *bad_header(const struct message *message) {
  const sip_t *sip = message->sip;
  for (const sip_header_t *error = (const sip_header_t *)sip->sip_error; error;
       error = error->sh_next)
    if (header_decides(error_name(error)))
      return su_sprintf(msg_home(message->msg), "%s can't be parsed, or is there twice",
                        error_name(error));
  const sip_content_length_t *length = sip->sip_content_length;
  size_t body = sip->sip_payload ? sip->sip_payload->pl_len : 0;
  if (length && length->l_length > body)
    return "the body is shorter than Content-Length"; /* RFC 3261 section 18.3 */
  if (msg_has_error(message->msg))
    return "a header can't be parsed";
  return NULL;
}

static const char *bad_request_line(const sip_t *sip) {
  const sip_request_t *line = sip->sip_request;
  if (!line || !sip->sip_cseq)
    return NULL;
  if (sip->sip_cseq->cs_method != line->rq_method ||
      strcmp(or_empty(sip->sip_cseq->cs_method_name), or_empty(line->rq_method_name)) != 0)
    return "the method of CSeq is not that of the request";
  if (line->rq_url->url_type == url_invalid)
    return "the Request-URI can't be parsed";
  return NULL;
}

/* Fills in what is wrong, if anything, and what a response would say about it. */
static void judge(struct message *message) {
  const sip_t *sip = message->sip;
  if (!sip->sip_request && !sip->sip_status) {
    message->malformed = "neither a request line nor a status line";
    return;
  }
  const char *missing = missing_header(sip);
  const char *bad = bad_header(message);
  message->malformed = bad ? bad : missing;
  message->malformed_status = sip->sip_request && !missing && message->malformed ? 400 : 0;
  if (message->malformed)
    return;
  const char *version =
      sip->sip_request ? sip->sip_request->rq_version : sip->sip_status->st_version;
  if (!version || strcasecmp(version, "SIP/2.0") != 0) {
    message->malformed = "the version is not SIP/2.0";
    message->malformed_status = sip->sip_request ? 505 : 0;
  } else if ((message->malformed = bad_request_line(sip))) {
    message->malformed_status = 400;
  }
}

/* The option tags of all Require headers in one text, in msg's home. */
static const char *require_text(struct message *message) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = message->sip->sip_require ? open_memstream(&text, &size) : NULL;
  if (!stream)
    return NULL;
  const char *separator = "";
  for (const sip_require_t *require = message->sip->sip_require; require;
       require = (const sip_require_t *)require->k_next)
    for (size_t i = 0; require->k_items && require->k_items[i]; i++, separator = ", ")
      fprintf(stream, "%s%s", separator, require->k_items[i]);
  text = close_text(stream, &text);
  const char *kept = text && text[0] ? su_strdup(msg_home(message->msg), text) : NULL;
  free(text);
  return kept;
}

int message_parse(struct message **out, const void *bytes, size_t size) {
  struct message *message = calloc(1, sizeof *message);
  if (!message)
    return -1;
  /* An empty text is no message to sofia-sip; a space is a bad one. */
  message->msg = msg_make(sip_default_mclass(), 0, size ? bytes : " ", size ? (ssize_t)size : 1);
  if (!message->msg) {
    free(message);
    return -1;
  }
  message->sip = sip_object(message->msg);
  judge(message);
  if (message->sip->sip_request)
    message->uri = url_as_string(msg_home(message->msg), message->sip->sip_request->rq_url);
  message->require = require_text(message);
  *out = message;
  return 0;
}

void message_destroy(struct message *message) {
  if (!message)
    return;
  msg_destroy(message->msg);
  free(message);
}

const char *message_malformed(const struct message *message) {
  return message->malformed;
}

int message_malformed_status(const struct message *message) {
  return message->malformed_status;
}

bool message_is_request(const struct message *message) {
  return message->sip->sip_request != NULL;
}

bool message_is_method(const struct message *message, const char *method) {
  /* Methods are case-sensitive (RFC 3261 section 7.1). */
  return message->sip->sip_request && strcmp(or_empty(message_method(message)), method) == 0;
}

const char *message_method(const struct message *message) {
  return message->sip->sip_request ? message->sip->sip_request->rq_method_name : NULL;
}

const char *message_uri(const struct message *message) {
  return message->uri;
}

const char *message_uri_scheme(const struct message *message) {
  return message->sip->sip_request ? message->sip->sip_request->rq_url->url_scheme : NULL;
}

int message_status(const struct message *message) {
  return message->sip->sip_status ? message->sip->sip_status->st_status : 0;
}

const char *message_reason(const struct message *message) {
  return message->sip->sip_status ? message->sip->sip_status->st_phrase : NULL;
}

uint32_t message_cseq(const struct message *message) {
  return message->sip->sip_cseq ? message->sip->sip_cseq->cs_seq : 0;
}

const char *message_cseq_method(const struct message *message) {
  return message->sip->sip_cseq ? message->sip->sip_cseq->cs_method_name : NULL;
}

const char *message_call_id(const struct message *message) {
  return message->sip->sip_call_id ? message->sip->sip_call_id->i_id : NULL;
}

const char *message_branch(const struct message *message) {
  return message->sip->sip_via ? message->sip->sip_via->v_branch : NULL;
}

const char *message_from_tag(const struct message *message) {
  return message->sip->sip_from ? message->sip->sip_from->a_tag : NULL;
}

const char *message_to_tag(const struct message *message) {
  return message->sip->sip_to ? message->sip->sip_to->a_tag : NULL;
}

const char *message_name(const struct message *message) {
  return message_is_request(message) ? message_method(message) : message_cseq_method(message);
}

const char *message_rule_value(void *context, const char *name) {
  static char status[sizeof "699"];
  const struct message *message = context;
  if (strcmp(name, "method") == 0)
    return message_name(message);
  if (strcmp(name, "call_id") == 0)
    return message_call_id(message);
  if (strcmp(name, "transport") == 0)
    return "UDP";
  if (strcmp(name, "status") != 0 || message_is_request(message))
    return NULL;
  snprintf(status, sizeof status, "%d", message_status(message));
  return status;
}

char *message_transaction_key(const struct message *message, const char *method) {
  const sip_via_t *via = message->sip->sip_via;
  if (!via)
    return NULL;
  const char *port = via->v_port ? via->v_port : "5060";
  if (via->v_branch && strncasecmp(via->v_branch, magic_cookie, sizeof magic_cookie - 1) == 0)
    return text_format("%s\n%s\n%s\n%s", via->v_branch, or_empty(via->v_host), port, method);
  /* An RFC 2543 sender. To is left out, because the ACK has the tag of the response there and the
   * request has none; the rest tells transactions apart well enough. */
  return text_format("\n%s\n%s\n%s\n%s\n%u\n%s\n%s\n%s", or_empty(message->uri),
                     or_empty(message_from_tag(message)), or_empty(message_call_id(message)),
                     method, message_cseq(message), or_empty(via->v_branch), or_empty(via->v_host),
                     port);
}

/* A port from a text of the network; `otherwise` when it is none. */
static uint16_t parse_port(const char *text, uint16_t otherwise) {
  char *end;
  if (!text || !isdigit((unsigned char)text[0]))
    return otherwise;
  unsigned long port = strtoul(text, &end, 10);
  return *end == '\0' && port > 0 && port <= UINT16_MAX ? (uint16_t)port : otherwise;
}

struct sockaddr_storage message_reply_address(const struct message *message,
                                              const struct sockaddr_storage *source) {
  struct sockaddr_storage address = *source;
  const sip_via_t *via = message->sip->sip_via;
  if (via && !via->v_rport)
    address_set_port(&address,
                     via->v_port ? parse_port(via->v_port, address_port(source)) : DEFAULT_PORT);
  return address;
}

const char *message_body(const struct message *message, size_t *size) {
  const sip_payload_t *payload = message->sip->sip_payload;
  *size = payload && payload->pl_data ? payload->pl_len : 0;
  return *size ? payload->pl_data : NULL;
}

const char *message_body_type(const struct message *message) {
  size_t size;
  const sip_content_type_t *type = message->sip->sip_content_type;
  return message_body(message, &size) && type ? type->c_type : NULL;
}

bool message_expires(const struct message *message, uint32_t *expires_s) {
  if (!message->sip->sip_expires)
    return false;
  *expires_s = (uint32_t)message->sip->sip_expires->ex_delta;
  return true;
}

const char *message_require(const struct message *message) {
  return message->require;
}

static char *canonical_url(const url_t *url) {
  if (url->url_type != url_sip && url->url_type != url_sips)
    return NULL;
  const char *host = or_empty(url->url_host);
  if (!host[0])
    return NULL;
  char *text = text_format("%s:%s%s%s%s%s", url->url_type == url_sips ? "sips" : "sip",
                           or_empty(url->url_user), url->url_user ? "@" : "", host,
                           url->url_port ? ":" : "", or_empty(url->url_port));
  if (!text)
    return NULL;
  char *at = strrchr(text, '@');
  for (char *c = at ? at : text; *c; c++)
    *c = (char)tolower((unsigned char)*c);
  return text;
}

char *message_address_of_record(const struct message *message) {
  return message->sip->sip_to ? canonical_url(message->sip->sip_to->a_url) : NULL;
}

char *message_canonical_uri(const char *uri) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  url_t *url = url_make(home, uri);
  char *text = url ? canonical_url(url) : NULL;
  su_home_deinit(home);
  return text;
}

bool message_uri_equal(const char *a, const char *b) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  url_t *first = url_make(home, a);
  url_t *second = url_make(home, b);
  bool equal = first && second ? url_cmp_all(first, second) == 0 : strcmp(a, b) == 0;
  su_home_deinit(home);
  return equal;
}

bool message_uri_address(const char *uri, struct sockaddr_storage *address) {
  su_home_t home[1] = {SU_HOME_INIT(home)};
  url_t *url = url_make(home, uri);
  bool found = false;
  if (url && url->url_host && (url->url_type == url_sip || url->url_type == url_sips)) {
    uint16_t port = url->url_port ? parse_port(url->url_port, 0) : DEFAULT_PORT;
    found = port != 0 && address_parse(address, url->url_host, port, NULL) == 0;
  }
  su_home_deinit(home);
  return found;
}

size_t message_contact_count(const struct message *message) {
  size_t count = 0;
  for (const sip_contact_t *contact = message->sip->sip_contact; contact; contact = contact->m_next)
    count++;
  return count;
}

/* All parameters but expires, each with its semicolon. */
static char *contact_parameters(const sip_contact_t *contact) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream)
    return NULL;
  for (size_t i = 0; contact->m_params && contact->m_params[i]; i++) {
    const char *parameter = contact->m_params[i];
    if (strncasecmp(parameter, "expires", 7) != 0 || (parameter[7] != '=' && parameter[7] != '\0'))
      fprintf(stream, ";%s", parameter);
  }
  return close_text(stream, &text);
}

/* RFC 3261 section 10.2.1.1: a malformed value counts as 3600; one too large as the largest. */
static uint32_t parse_expires(const char *text) {
  uint64_t value = 0;
  if (!isdigit((unsigned char)text[0]))
    return 3600;
  for (; isdigit((unsigned char)*text); text++)
    if (value <= UINT32_MAX)
      value = value * 10 + (uint64_t)(*text - '0');
  if (*text != '\0')
    return 3600;
  return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

int message_contact(const struct message *message, size_t index, struct message_contact *out) {
  const sip_contact_t *contact = message->sip->sip_contact;
  while (contact && index-- > 0)
    contact = contact->m_next;
  if (!contact)
    return -1;
  su_home_t home[1] = {SU_HOME_INIT(home)};
  const char *uri = url_as_string(home, contact->m_url);
  struct message_contact found = {
      .uri = uri ? text_format("%s", uri) : NULL,
      .parameters = contact_parameters(contact),
      .has_expires = contact->m_expires != NULL,
      .expires_s = contact->m_expires ? parse_expires(contact->m_expires) : 0,
  };
  su_home_deinit(home);
  if (!found.uri || !found.parameters) {
    message_contact_clear(&found);
    return -1;
  }
  *out = found;
  return 0;
}

void message_contact_clear(struct message_contact *contact) {
  free(contact->uri);
  free(contact->parameters);
  *contact = (struct message_contact){0};
}

static char *header_value(const void *header) {
  if (!header)
    return NULL;
  su_home_t home[1] = {SU_HOME_INIT(home)};
  const char *value = sip_header_as_string(home, header);
  char *text = value ? text_format("%s", value) : NULL;
  su_home_deinit(home);
  return text;
}

char *message_from_value(const struct message *message) {
  return header_value(message->sip->sip_from);
}

char *message_to_value(const struct message *message) {
  return header_value(message->sip->sip_to);
}

char *message_record_route_value(const struct message *message) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = message->sip->sip_record_route ? open_memstream(&text, &size) : NULL;
  if (!stream)
    return NULL;
  const char *separator = "";
  for (const sip_record_route_t *route = message->sip->sip_record_route; route;
       route = route->r_next) {
    char *one = header_value(route);
    fprintf(stream, "%s%s", separator, or_empty(one));
    free(one);
    separator = ", ";
  }
  return close_text(stream, &text);
}

static struct message *create(void) {
  struct message *message = calloc(1, sizeof *message);
  if (!message)
    return NULL;
  message->msg = msg_create(sip_default_mclass(), 0);
  if (!message->msg) {
    free(message);
    return NULL;
  }
  message->sip = sip_object(message->msg);
  return message;
}

/* RFC 3261 section 18.2.1 (received) and RFC 3581 section 4 (rport, and received with it). */
static int mark_via(struct message *response, const struct sockaddr_storage *source) {
  sip_via_t *via = response->sip->sip_via;
  su_home_t *home = msg_home(response->msg);
  char host[ADDRESS_TEXT_SIZE];
  address_format_host(source, host);
  struct sockaddr_storage sent_by;
  bool same = via->v_host && address_parse(&sent_by, via->v_host, 0, NULL) == 0 &&
              address_equal_host(&sent_by, source);
  bool wants_port = via->v_rport != NULL;
  if (same && !wants_port)
    return 0;
  const char *received = su_sprintf(home, "received=%s", host);
  const char *rport = su_sprintf(home, "rport=%u", address_port(source));
  if (!received || !rport)
    return -1;
  if (wants_port && msg_header_replace_param(home, via->v_common, rport) < 0)
    return -1;
  return msg_header_replace_param(home, via->v_common, received) < 0 ? -1 : 0;
}

/* A reason phrase on one line: rules may hold any text. */
static const char *clean_reason(su_home_t *home, int status, const char *reason) {
  if (!reason || !reason[0])
    reason = sip_status_phrase(status);
  char *text = su_strdup(home, reason ? reason : "Unknown");
  for (char *c = text; c && *c; c++)
    if (iscntrl((unsigned char)*c))
      *c = ' ';
  return text;
}

static int copy_header(struct message *to, const void *header) {
  return header ? sip_add_dup(to->msg, to->sip, header) : 0;
}

int message_create_response(struct message **out, const struct message *request,
                            const struct sockaddr_storage *source, int status, const char *reason,
                            const char *to_tag) {
  struct message *response = create();
  if (!response)
    return -1;
  su_home_t *home = msg_home(response->msg);
  const char *phrase = clean_reason(home, status, reason);
  sip_status_t *line = phrase ? sip_status_create(home, (unsigned)status, phrase, NULL) : NULL;
  if (!line || sip_header_insert(response->msg, response->sip, (sip_header_t *)line) < 0)
    goto out;
  const sip_t *from = request->sip;
  if (copy_header(response, from->sip_via) < 0 || copy_header(response, from->sip_from) < 0 ||
      copy_header(response, from->sip_to) < 0 || copy_header(response, from->sip_call_id) < 0 ||
      copy_header(response, from->sip_cseq) < 0)
    goto out;
  /* RFC 3261 section 8.2.6.1: Timestamp goes into the 100, so that the sender can measure. */
  if (status == 100 && copy_header(response, from->sip_timestamp) < 0)
    goto out;
  if (response->sip->sip_via && mark_via(response, source))
    goto out;
  if (to_tag && response->sip->sip_to && !response->sip->sip_to->a_tag &&
      sip_to_tag(home, response->sip->sip_to, to_tag) < 0)
    goto out;
  *out = response;
  return 0;
out:
  message_destroy(response);
  return -1;
}

int message_create_request(struct message **out, const char *method, const char *uri) {
  struct message *request = create();
  if (!request)
    return -1;
  su_home_t *home = msg_home(request->msg);
  sip_request_t *line =
      sip_request_create(home, sip_method_code(method), method, (const url_string_t *)uri, NULL);
  if (!line || sip_header_insert(request->msg, request->sip, (sip_header_t *)line) < 0) {
    message_destroy(request);
    return -1;
  }
  request->uri = su_strdup(home, uri);
  *out = request;
  return 0;
}

int message_add(struct message *message, const char *name, const char *value) {
  char *header = text_format("%s: %s", name, value);
  int failed =
      !header || strpbrk(value, "\r\n") || msg_header_add_str(message->msg, NULL, header) < 0;
  free(header);
  return failed ? -1 : 0;
}

int message_add_number(struct message *message, const char *name, uint32_t value) {
  char text[16];
  snprintf(text, sizeof text, "%u", value);
  return message_add(message, name, text);
}

int message_copy_record_route(struct message *response, const struct message *request) {
  return copy_header(response, request->sip->sip_record_route) < 0 ? -1 : 0;
}

int message_set_body(struct message *message, const char *type, const char *text) {
  sip_payload_t *payload = sip_payload_create(msg_home(message->msg), text, (isize_t)strlen(text));
  if (!payload || message_add(message, "Content-Type", type))
    return -1;
  return sip_header_insert(message->msg, message->sip, (sip_header_t *)payload) < 0 ? -1 : 0;
}

int message_finish(struct message *message) {
  size_t body;
  message_body(message, &body);
  if (message_add_number(message, "Content-Length", (uint32_t)body))
    return -1;
  if (sip_complete_message(message->msg) < 0 ||
      msg_serialize(message->msg, (msg_pub_t *)message->sip) < 0)
    return -1;
  message->bytes = msg_as_string(msg_home(message->msg), message->msg, NULL, 0, &message->size);
  return message->bytes ? 0 : -1;
}

const char *message_bytes(const struct message *message, size_t *size) {
  *size = message->size;
  return message->bytes;
}

size_t message_weight(const struct message *message) {
  return msg_size(message->msg) + message->size + sizeof *message + 4096;
}
