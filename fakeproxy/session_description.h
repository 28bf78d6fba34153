/* SPDX-License-Identifier: MIT
 *
 * Session descriptions (SDP, RFC 4566) of the far end: an answer to an offer, or an offer of its
 * own, by the rules of RFC 3264. The far end speaks one audio codec: the first one that it is
 * offered.
 */
#ifndef FAKEPROXY_SESSION_DESCRIPTION_H
#define FAKEPROXY_SESSION_DESCRIPTION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Who speaks: the address to which media is to be sent, and the identity of the session, whose
 * version grows by one with each description (RFC 3264 section 8). */
struct session_owner {
  struct sockaddr_storage media;
  uint64_t session_id;
  uint64_t version;
};

/* A malloc'd answer to the offer, in which the first audio stream is accepted and every other one
 * refused; or NULL when there is no audio stream that can be accepted (or no memory). */
char *session_description_answer(const struct session_owner *owner, const char *offer, size_t size);

/* A malloc'd offer of G.711, for an INVITE without one; NULL when out of memory. */
char *session_description_offer(const struct session_owner *owner);

#endif
