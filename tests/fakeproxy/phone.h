/* SPDX-License-Identifier: MIT
 *
 * What the tests of fakeproxy stand on: a proxy on a loop of its own, the events that it told, and
 * one UDP socket that plays the phone. Messages are written with plain line ends and sent with
 * CRLF. A loopback datagram has arrived when the send returns, so nothing here waits except for a
 * timer of the proxy.
 */
#ifndef TESTS_FAKEPROXY_PHONE_H
#define TESTS_FAKEPROXY_PHONE_H

#include "fakeproxy/fakeproxy.h"
#include "tests/unit.h"

enum { PHONE_MESSAGE_SIZE = 65536 };

struct phone {
  uv_loop_t loop;
  struct random_stream random;
  struct fakeproxy *proxy;
  int fd;
  struct sockaddr_storage address;
  char answer[PHONE_MESSAGE_SIZE]; /* the last message that it received */
  cJSON *events;                   /* an array of the events in their JSON form */
};

/* A proxy with these options (loop, name, listen, random and observer are filled in) and a phone.
 * `listen` may be given: else the loopback address of `host`, any port. */
void phone_begin_with(struct phone *phone, struct fakeproxy_options options, const char *host);
void phone_begin(struct phone *phone, struct fakeproxy_options options);

/* Destroys the proxy and checks that the loop has nothing left. */
void phone_end(struct phone *phone);

/* Sends a message, over the network and through the loop, formatted; "\n" becomes CRLF. */
void phone_send(struct phone *phone, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sends bytes as they are. */
void phone_send_bytes(struct phone *phone, const void *bytes, size_t size);

/* Takes the next message that arrived into `answer` and returns its status: 0 for a request, -1
 * when there is none. */
int phone_receive(struct phone *phone);

/* Sends nothing, but runs the loop until a message has arrived; false after `limit_ms` without one.
 */
bool phone_wait(struct phone *phone, uint64_t limit_ms);

/* Runs the loop for this long. */
void phone_run(struct phone *phone, uint64_t duration_ms);

/* Whether the last message contains the text; "\n" in it means CRLF. */
bool phone_saw(const struct phone *phone, const char *text);

/* Copies the tag of To in the last message. */
const char *phone_to_tag(const struct phone *phone, char tag[64]);

/* The event at `index` from the end (0: the last one), of this kind if it is not NULL. NULL: none.
 */
const cJSON *phone_event(const struct phone *phone, const char *kind, int index);

/* A text member of an event; "" when absent. */
const char *phone_text(const cJSON *event, const char *name);

/* How many events of a kind have this text member; `name` NULL: any. */
int phone_count(const struct phone *phone, const char *kind, const char *name, const char *value);

/* REGISTER of user `alice`; `rest` is further headers, each with its line end. */
void phone_register(struct phone *phone, const char *branch, unsigned cseq, const char *rest);

/* INVITE with an offer of PCMU, From tag "caller", Call-ID "call-BRANCH". */
void phone_invite(struct phone *phone, const char *branch, const char *rest);

/* A request in the dialog of that INVITE. */
void phone_in_dialog(struct phone *phone, const char *method, const char *invite_branch,
                     const char *branch, unsigned cseq, const char *to_tag);

#endif
