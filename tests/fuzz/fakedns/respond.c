/* SPDX-License-Identifier: MIT
 *
 * Fuzz target: any bytes as a query to a server with a zone that has something of everything, and
 * the events made of the query and its answer. An answer must be readable, carry the query's id,
 * fit into what the client can take, and be the same when asked again.
 */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "fakedns/events.h"
#include "fakedns/fakedns.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char zone[] =
    "$ORIGIN example.com.\n"
    "$TTL 300\n"
    "@ SOA ns hostmaster 1 2h 15m 1w 60\n"
    "  NS ns\n"
    "  MX 10 p1\n"
    "  TXT \"a text\"\n"
    "  NAPTR 10 10 \"s\" \"SIP+D2U\" \"\" _sip._udp\n"
    "ns A 192.0.2.53\n"
    "_sip._udp SRV 10 10 5060 p1\n"
    "_sip._udp SRV 20 10 5060 p2\n"
    "_sip._udp SRV 30 10 5060 p3.wild\n"
    "p1 A 192.0.2.1\n"
    "p1 AAAA 2001:db8::1\n"
    "p2 A 192.0.2.2\n"
    "*.wild A 192.0.2.3\n"
    "*.loop CNAME x.y.loop\n"
    "a CNAME b\n"
    "b CNAME p1\n"
    "c CNAME c\n"
    "d CNAME nowhere\n"
    "e CNAME p1.example.net.\n"
    "t TXT \"0123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"1123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"2123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"3123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"4123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"5123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TXT \"6123456789012345678901234567890123456789012345678901234567890123456789\"\n"
    "t TYPE65280 \\# 3 010203\n";

/* One server for all inputs: it lives as long as the process. */
static struct fakedns *server(void) {
  static struct random_stream random;
  static struct fakedns *server;
  struct error error;
  struct sockaddr_storage listen;
  const char *zones[] = {zone};
  struct fakedns_options options = {.loop = uv_default_loop(),
                                    .name = "dns",
                                    .listen = &listen,
                                    .listen_count = 1,
                                    .zones = zones,
                                    .zone_count = 1,
                                    .random = &random};
  if (server)
    return server;
  random_stream_init(&random, 1, "dns");
  if (address_parse(&listen, "127.0.0.1", 0, &error) || fakedns_create(&server, &options, &error)) {
    fprintf(stderr, "%s\n", error.text);
    abort();
  }
  return server;
}

static void require(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "not so: %s\n", what);
  abort();
}

static void describe(const uint8_t *bytes, size_t size) {
  struct event *event = fakedns_event_message("udp", bytes, size);
  char *text = event ? event_format(event) : NULL;
  require(text != NULL, "a message can be described");
  free(text);
  event_destroy(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  uint8_t *answer, *again;
  size_t length, again_length;
  ldns_pkt *message = NULL;
  describe(bytes, size);
  if (fakedns_respond(server(), bytes, size, &answer, &length)) {
    require(size < 12 || (bytes[2] & 0x80),
            "only headless messages and answers stay without an answer");
    return 0;
  }
  require(length >= 12 && memcmp(answer, bytes, 2) == 0 && (answer[2] & 0x80),
          "the answer has the query's id");
  require(ldns_wire2pkt(&message, answer, length) == LDNS_STATUS_OK, "the answer can be read");
  require(length <= 512 || ldns_pkt_edns(message), "without EDNS 512 bytes are enough");
  ldns_pkt_free(message);
  require(fakedns_respond(server(), bytes, size, &again, &again_length) == 0 &&
              again_length == length && memcmp(again, answer, length) == 0,
          "the same query has the same answer");
  describe(answer, length);
  free(again);
  free(answer);
  return 0;
}
