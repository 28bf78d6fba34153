/* SPDX-License-Identifier: MIT
 *
 * Session descriptions (RFC 4566) of the phone: one audio stream, PCMU and PCMA, on a port where
 * nobody listens: what is tested is signalling. Offers and answers follow RFC 3264.
 */
#ifndef UA_SDP_H
#define UA_SDP_H

#include <stddef.h>
#include <stdint.h>

/* The phone's own description is some 200 bytes; an answer has a line for each stream of the offer.
 */
#define SDP_SIZE 2048

struct sdp_own {
  const char *host; /* numeric; an IPv6 address in brackets or without */
  uint16_t port;
  uint32_t session, version; /* of the o= line; the version grows with each new description */
};

/* Returns 0, or -1 when it doesn't fit into SDP_SIZE. */
int sdp_offer(char text[SDP_SIZE], const struct sdp_own *own);

/* Answers `offer` (`size` bytes; any are allowed). Returns 0, or -1 when it is none that can be
 * accepted: not a description, or no audio stream with PCMU or PCMA. */
int sdp_answer(char text[SDP_SIZE], const struct sdp_own *own, const char *offer, size_t size);

#endif
