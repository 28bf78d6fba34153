/* SPDX-License-Identifier: MIT
 *
 * SDP by hand, because what is needed is little: the m= lines of the offer, and within the first
 * audio stream that can be accepted the direction and the lines that describe the chosen codec.
 *
 *   v=0
 *   o=- 1 1 IN IP4 192.0.2.20
 *   s=-
 *   c=IN IP4 192.0.2.20
 *   t=0 0
 *   m=audio 4000 RTP/AVP 0 101        media, port, transport, formats; the first format is chosen
 *   a=rtpmap:0 PCMU/8000              a codec; copied into the answer
 *   a=fmtp:101 0-15                   its parameters; copied if they are of the chosen codec
 *   a=sendonly                        direction, of the session or of one stream; mirrored
 *
 * The offer comes from the network: it is read line by line within its size, never as a C string.
 */
#include "fakeproxy/session_description.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"

/* An answer has a line for each stream of the offer. Video phones offer four or five; more than
 * this many is no phone, and would let a small offer make a large answer. */
enum { STREAMS_MAX = 16 };

struct text {
  const char *start;
  size_t length;
};

/* One m= line. */
struct stream {
  struct text media, port, transport, format;
};

static bool text_is(struct text text, const char *literal) {
  return text.length == strlen(literal) && memcmp(text.start, literal, text.length) == 0;
}

static bool text_starts(struct text text, const char *literal) {
  size_t length = strlen(literal);
  return text.length >= length && memcmp(text.start, literal, length) == 0;
}

/* Takes the next line off `rest`; false at the end. */
static bool next_line(struct text *rest, struct text *line) {
  if (rest->length == 0)
    return false;
  const char *end = memchr(rest->start, '\n', rest->length);
  size_t length = end ? (size_t)(end - rest->start) : rest->length;
  *line = (struct text){rest->start, length};
  size_t taken = end ? length + 1 : length;
  *rest = (struct text){rest->start + taken, rest->length - taken};
  if (line->length > 0 && line->start[line->length - 1] == '\r')
    line->length--;
  return true;
}

/* Takes the next word off `rest`; an empty one at the end. */
static struct text next_word(struct text *rest) {
  while (rest->length > 0 && rest->start[0] == ' ')
    rest->start++, rest->length--;
  struct text word = {rest->start, 0};
  while (word.length < rest->length && rest->start[word.length] != ' ')
    word.length++;
  rest->start += word.length;
  rest->length -= word.length;
  return word;
}

static struct stream parse_stream(struct text line) {
  struct text rest = {line.start + 2, line.length - 2};
  struct stream stream;
  stream.media = next_word(&rest);
  stream.port = next_word(&rest);
  stream.transport = next_word(&rest);
  stream.format = next_word(&rest);
  return stream;
}

/* Only plain RTP: a secure one would have to be answered with keys. */
static bool acceptable(const struct stream *stream) {
  return text_is(stream->media, "audio") && stream->port.length > 0 &&
         !text_is(stream->port, "0") &&
         (text_is(stream->transport, "RTP/AVP") || text_is(stream->transport, "RTP/AVPF")) &&
         stream->format.length > 0;
}

/* What we say to a direction that we are offered (RFC 3264 section 6.1); NULL for another line. */
static const char *mirrored_direction(struct text line) {
  if (text_is(line, "a=sendrecv"))
    return "a=sendrecv";
  if (text_is(line, "a=sendonly"))
    return "a=recvonly";
  if (text_is(line, "a=recvonly"))
    return "a=sendonly";
  if (text_is(line, "a=inactive"))
    return "a=inactive";
  return NULL;
}

/* Whether the line is an attribute of this format: "a=rtpmap:0 …", "a=fmtp:0 …". */
static bool describes_format(struct text line, struct text format) {
  static const char *const names[] = {"a=rtpmap:", "a=fmtp:"};
  for (size_t i = 0; i < 2; i++) {
    size_t length = strlen(names[i]);
    if (text_starts(line, names[i]) && line.length > length + format.length &&
        memcmp(line.start + length, format.start, format.length) == 0 &&
        line.start[length + format.length] == ' ')
      return true;
  }
  return false;
}

static void print_text(FILE *out, struct text text) {
  fwrite(text.start, 1, text.length, out);
}

static void print_session(FILE *out, const struct session_owner *owner) {
  char host[ADDRESS_TEXT_SIZE];
  const char *family = owner->media.ss_family == AF_INET6 ? "IP6" : "IP4";
  address_format_host(&owner->media, host);
  fprintf(out, "v=0\r\no=- %llu %llu IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
          (unsigned long long)owner->session_id, (unsigned long long)owner->version, family, host,
          family, host);
}

static void print_stream(FILE *out, const struct stream *stream, unsigned port) {
  fputs("m=", out);
  print_text(out, stream->media);
  fprintf(out, " %u ", port);
  print_text(out, stream->transport);
  fputc(' ', out);
  print_text(out, stream->format);
  fputs("\r\n", out);
}

/* The attributes of the accepted stream, which `rest` starts behind the m= line of. */
static void print_attributes(FILE *out, struct text rest, struct text format,
                             const char *direction) {
  struct text line;
  while (next_line(&rest, &line) && !text_starts(line, "m=")) {
    const char *mirrored = mirrored_direction(line);
    if (mirrored)
      direction = mirrored;
    if (describes_format(line, format)) {
      print_text(out, line);
      fputs("\r\n", out);
    }
  }
  fprintf(out, "%s\r\n", direction);
}

/* Prints the answer; false when nothing was accepted. */
static bool print_answer(FILE *out, const struct session_owner *owner, struct text rest) {
  const char *direction = "a=sendrecv";
  bool accepted = false;
  size_t streams = 0;
  struct text line;
  print_session(out, owner);
  while (next_line(&rest, &line)) {
    const char *mirrored = streams == 0 ? mirrored_direction(line) : NULL;
    if (mirrored)
      direction = mirrored;
    if (!text_starts(line, "m="))
      continue;
    if (++streams > STREAMS_MAX)
      return false;
    struct stream stream = parse_stream(line);
    bool accept = !accepted && acceptable(&stream);
    print_stream(out, &stream, accept ? address_port(&owner->media) : 0);
    if (accept)
      print_attributes(out, rest, stream.format, direction);
    accepted = accepted || accept;
  }
  return accepted;
}

/* A NUL or another control character can't be in a description, and would end ours early. */
static bool printable(const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if ((c < ' ' && c != '\r' && c != '\n' && c != '\t') || c == 0x7f)
      return false;
  }
  return true;
}

char *session_description_answer(const struct session_owner *owner, const char *offer,
                                 size_t size) {
  char *text = NULL;
  size_t length;
  FILE *out = printable(offer, size) ? open_memstream(&text, &length) : NULL;
  if (!out)
    return NULL;
  bool accepted = print_answer(out, owner, (struct text){offer, size});
  if (fclose(out) == 0 && accepted)
    return text;
  free(text);
  return NULL;
}

char *session_description_offer(const struct session_owner *owner) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out)
    return NULL;
  print_session(out, owner);
  fprintf(
      out,
      "m=audio %u RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n",
      address_port(&owner->media));
  if (fclose(out) == 0)
    return text;
  free(text);
  return NULL;
}
