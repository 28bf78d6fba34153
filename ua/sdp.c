/* SPDX-License-Identifier: MIT
 *
 * Session descriptions (sdp.h): written as text, offers read by sofia's SDP parser.
 */
#include "ua/sdp.h"

#include <sofia-sip/sdp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* RFC 3551 section 6: static payload types. */
enum { PCMU = 0, PCMA = 8 };

static int append(char text[SDP_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int append(char text[SDP_SIZE], const char *format, ...) {
  size_t length = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  int added = vsnprintf(text + length, SDP_SIZE - length, format, arguments);
  va_end(arguments);
  return added < 0 || (size_t)added >= SDP_SIZE - length ? -1 : 0;
}

static int append_head(char text[SDP_SIZE], const struct sdp_own *own) {
  bool is_v6 = strchr(own->host, ':');
  size_t bracket = own->host[0] == '[';
  int length = (int)(strlen(own->host) - 2 * bracket);
  const char *host = own->host + bracket, *family = is_v6 ? "IP6" : "IP4";
  text[0] = '\0';
  return append(text, "v=0\r\no=- %u %u IN %s %.*s\r\ns=-\r\nc=IN %s %.*s\r\nt=0 0\r\n",
                own->session, own->version, family, length, host, family, length, host);
}

int sdp_offer(char text[SDP_SIZE], const struct sdp_own *own) {
  if (append_head(text, own) < 0)
    return -1;
  return append(text, "m=audio %u RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n",
                own->port);
}

/* The first of the offered payload types that the phone has, or -1. */
static int choose_payload(const sdp_media_t *media) {
  if (media->m_type != sdp_media_audio || media->m_port == 0)
    return -1;
  for (const sdp_rtpmap_t *map = media->m_rtpmaps; map; map = map->rm_next)
    if (map->rm_pt == PCMU || map->rm_pt == PCMA)
      return (int)map->rm_pt;
  return -1;
}

/* RFC 3264 section 6.1: the direction as the answerer sees it. */
static const char *answer_direction(const sdp_media_t *media) {
  switch (media->m_mode) {
  case sdp_sendonly:
    return "a=recvonly\r\n";
  case sdp_recvonly:
    return "a=sendonly\r\n";
  case sdp_inactive:
    return "a=inactive\r\n";
  default: /* a bit field in sofia's header, not an enum */
    return "";
  }
}

/* RFC 3264 section 6: as many streams as the offer has, in its order; one that isn't taken gets
 * port 0. */
static int append_stream(char text[SDP_SIZE], const struct sdp_own *own, const sdp_media_t *media,
                         bool *is_taken) {
  int payload = *is_taken ? -1 : choose_payload(media);
  if (payload < 0)
    return append(text, "m=%s 0 %s 0\r\n", media->m_type_name, media->m_proto_name);
  *is_taken = true;
  return append(text, "m=audio %u RTP/AVP %d\r\na=rtpmap:%d %s/8000\r\n%s", own->port, payload,
                payload, payload == PCMU ? "PCMU" : "PCMA", answer_direction(media));
}

int sdp_answer(char text[SDP_SIZE], const struct sdp_own *own, const char *offer, size_t size) {
  bool is_taken = false;
  sdp_parser_t *parser = sdp_parse(NULL, offer, (issize_t)size, 0);
  const sdp_session_t *session = sdp_session(parser);
  int result = session && append_head(text, own) == 0 ? 0 : -1;
  for (const sdp_media_t *media = session ? session->sdp_media : NULL; media && result == 0;
       media = media->m_next)
    result = append_stream(text, own, media, &is_taken);
  sdp_parser_free(parser);
  return is_taken ? result : -1;
}
