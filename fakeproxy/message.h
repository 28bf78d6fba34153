/* SPDX-License-Identifier: MIT
 *
 * SIP messages as the rest of the room sees them: an opaque message with questions that can be
 * asked of it, and a few ways to build one. message.c does this with sofia-sip's parser and is the
 * only file that knows of it.
 *
 * Texts that a question returns belong to the message and live as long as it does, unless said
 * otherwise. Bytes from the network are never trusted: a message that could not be parsed is still
 * a message, which says what is wrong with it.
 */
#ifndef FAKEPROXY_MESSAGE_H
#define FAKEPROXY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct message;

/* Reads the bytes of one datagram. Returns 0 whatever the bytes are, or -1 when out of memory;
 * `*out` is untouched then. `bytes` is not needed afterwards. */
int message_parse(struct message **out, const void *bytes, size_t size);
void message_destroy(struct message *message);

/* What is wrong with it ("no CSeq"), or NULL for a well-formed message. */
const char *message_malformed(const struct message *message);

/* The status that a malformed request deserves: 400 or 505; 0 when no response can be built because
 * there is no request line, top Via, From, To, Call-ID or CSeq (RFC 3261 section 8.2.6.2 copies
 * them). */
int message_malformed_status(const struct message *message);

bool message_is_request(const struct message *message);
bool message_is_method(const struct message *message,
                       const char *method);                /* a request of this method */
const char *message_method(const struct message *message); /* NULL for a response */
const char *message_uri(const struct message *message);    /* Request-URI, NULL for a response */
const char *
message_uri_scheme(const struct message *message); /* "sip", "sips", "tel" …; NULL: none known */
int message_status(const struct message *message); /* 0 for a request */
const char *message_reason(const struct message *message);      /* NULL for a request */
uint32_t message_cseq(const struct message *message);           /* 0 when there is none */
const char *message_cseq_method(const struct message *message); /* NULL when there is none */
const char *message_call_id(const struct message *message);     /* NULL when there is none */
const char *message_branch(const struct message *message);      /* of the top Via; NULL: none */
const char *message_from_tag(const struct message *message);    /* NULL when there is none */
const char *message_to_tag(const struct message *message);      /* NULL when there is none */

/* The method of the request, or that of a response's CSeq. NULL when there is none. */
const char *message_name(const struct message *message);

/* What rules may ask of a `message`, for struct rule_subject: "method" (as message_name()),
 * "status" (of a response), "call_id", "transport". NULL when it has none; valid until the next
 * call. */
const char *message_rule_value(void *message, const char *name);

/* What identifies the server transaction of a request (RFC 3261 section 17.2.3), as if its method
 * were `method`. malloc'd; NULL when out of memory or without a top Via. */
char *message_transaction_key(const struct message *message, const char *method);

/* Where the response to a request that came from `source` goes: back to that host, to the port that
 * it came from when the top Via asks for that (RFC 3581 section 4), else to the port of the top Via
 * (RFC 3261 section 18.2.2). Never to another host than the sender. */
struct sockaddr_storage message_reply_address(const struct message *message,
                                              const struct sockaddr_storage *source);

/* Body and its type ("application/sdp"); `*size` 0 and type NULL when there is none. */
const char *message_body(const struct message *message, size_t *size);
const char *message_body_type(const struct message *message);

/* The value of Expires; false when there is no such header. */
bool message_expires(const struct message *message, uint32_t *expires_s);

/* The option tags of Require, which this proxy supports none of, as a list for Unsupported; NULL:
 * none. */
const char *message_require(const struct message *message);

/* The address of record that a REGISTER is about: the URI of To without parameters, host in lower
 * case (RFC 3261 section 10.3, step 5). malloc'd; NULL when out of memory or when it is no SIP URI.
 */
char *message_address_of_record(const struct message *message);

/* The same for any URI text; NULL also when it can't be parsed. */
char *message_canonical_uri(const char *uri);

/* Whether two URIs name the same contact (RFC 3261 section 19.1.4, conservatively). */
bool message_uri_equal(const char *a, const char *b);

/* Host and port of a URI with a numeric host (port 5060 if it names none); false for any other. */
bool message_uri_address(const char *uri, struct sockaddr_storage *address);

/* One Contact of a message; malloc'd texts, to be freed by message_contact_clear. */
struct message_contact {
  char *uri;        /* "*" for the wildcard */
  char *parameters; /* ";q=0.5;+sip.instance=…", without expires; "" when there are none */
  bool has_expires;
  uint32_t expires_s;
};

/* Number of Contacts. */
size_t message_contact_count(const struct message *message);

/* The Contact at `index`; 0, or -1 when there is none or out of memory: nothing to clear then. */
int message_contact(const struct message *message, size_t index, struct message_contact *out);
void message_contact_clear(struct message_contact *contact);

/* Header values for a dialog (RFC 3261 section 12.1.1), malloc'd; NULL when absent or out of
 * memory. The route set is the list of Record-Route as one header value. */
char *message_from_value(const struct message *message);
char *message_to_value(const struct message *message);
char *message_record_route_value(const struct message *message);

/* A response to `request`, which came from `source`: status line, Via with received and rport,
 * From, To, Call-ID, CSeq. `reason` NULL or empty: the usual one. `to_tag` is added unless To has a
 * tag already; NULL: none. Returns 0, or -1 when out of memory; `*out` is untouched then. */
int message_create_response(struct message **out, const struct message *request,
                            const struct sockaddr_storage *source, int status, const char *reason,
                            const char *to_tag);

/* A request with nothing but its request line. */
int message_create_request(struct message **out, const char *method, const char *uri);

/* Adds a header. `value` must be one line. Returns 0, or -1 when out of memory or not parseable. */
int message_add(struct message *message, const char *name, const char *value);
int message_add_number(struct message *message, const char *name, uint32_t value);

/* Copies Record-Route from the request into its response (RFC 3261 section 12.1.1). */
int message_copy_record_route(struct message *response, const struct message *request);

/* Adds a body with its Content-Type. */
int message_set_body(struct message *message, const char *type, const char *text);

/* Puts the message into bytes, with Content-Length; no more can be added. Returns 0, or -1 when out
 * of memory. */
int message_finish(struct message *message);

/* The bytes of a finished message. */
const char *message_bytes(const struct message *message, size_t *size);

/* About what the message takes in memory, for limits. */
size_t message_weight(const struct message *message);

#endif
