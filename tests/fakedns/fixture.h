/* SPDX-License-Identifier: MIT
 *
 * What the tests of fakedns share: a server on a loop of its own, its events as JSON texts, a
 * client on loopback, and DNS messages as texts that can be compared.
 */
#ifndef TESTS_FAKEDNS_FIXTURE_H
#define TESTS_FAKEDNS_FIXTURE_H

#include <ldns/ldns.h>
#include <stdbool.h>

#include "fakedns/fakedns.h"
#include "tests/unit.h"

/* More than any test makes; past it they fail. */
enum { FIXTURE_EVENTS_MAX = 2048 };

struct fixture {
  uv_loop_t loop;
  struct random_stream random;
  struct fakedns *server;
  char *events[FIXTURE_EVENTS_MAX];
  size_t event_count;
  struct error error;
  int client;           /* a UDP socket, connected to the server */
  char client_text[64]; /* its address */
  char server_text[64];
};

/* Starts a server named "dns" with this zone, and a client. On error `server` is NULL and `error`
 * says why. */
void fixture_start(struct fixture *fixture, const char *zone);

/* Likewise with these options, of which loop, name, random, observer and start are filled in;
 * without an address it listens at 127.0.0.1. */
void fixture_start_as(struct fixture *fixture, const struct fakedns_options *options);

/* Destroys the server, runs the loop out and asserts that nothing is left on it. */
void fixture_stop(struct fixture *fixture);

/* Nanoseconds of lab time. */
int64_t fixture_now_ns(void);

/* Asserts that both texts are equal, and shows them when they aren't. */
void check_text(const char *expected, const char *actual);

/* A query with id 4711, without RD. `udp_size` 0: without EDNS. Returns its size. */
size_t make_query(uint8_t bytes[512], const char *name, ldns_rr_type type, uint16_t udp_size);

/* An answer as lines: "NOERROR aa tc", then "answer NAME TTL TYPE DATA" and so on. free() it. */
char *answer_text(const uint8_t *bytes, size_t size);

/* Asserts what fakedns_respond says to a query. */
void check_respond(const struct fixture *fixture, const char *name, ldns_rr_type type,
                   const char *expected);

/* Sends from the client. */
void client_send(struct fixture *fixture, const void *bytes, size_t size);
void client_query(struct fixture *fixture, const char *name, ldns_rr_type type);

/* Runs the loop until the client has something. Returns the size of the datagram, -1 with errno
 * when the socket has an error, -2 after 5 s. */
long client_receive(struct fixture *fixture, uint8_t *bytes, size_t size);

/* The same from any socket. */
long socket_receive(struct fixture *fixture, int socket, uint8_t *bytes, size_t size);

/* A TCP connection to the server; close() it. */
int stream_connect(struct fixture *fixture);

/* Sends a query with its length before it. */
void stream_query(int stream, const char *name, ldns_rr_type type);

/* Reads up to `size` bytes. Returns how many came before the end of the stream, its reset (errno is
 * ECONNRESET, else 0) or 5 s. */
size_t stream_read(struct fixture *fixture, int stream, uint8_t *bytes, size_t size);

/* Asserts the next answer that comes over the stream. */
void check_stream(struct fixture *fixture, int stream, const char *expected);

/* Asserts the next answer that the client gets. */
void check_received(struct fixture *fixture, const char *expected);

/* Runs the loop until that many events were told; false after 5 s. */
bool run_until_events(struct fixture *fixture, size_t count);

/* Asserts event `index`; in `expected` CLIENT and SERVER stand for the addresses. */
void check_event(const struct fixture *fixture, size_t index, const char *expected);

#endif
