/* SPDX-License-Identifier: MIT
 *
 * A plain network program for the matrix (tests/network/cells): it does the steps of its command
 * line in one of six styles and prints what the kernel gave it, and when. It knows nothing of labs.
 */
#ifndef TESTS_NETWORK_CLIENT_H
#define TESTS_NETWORK_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum style { BLOCKING, NON_BLOCKING, POLL, SELECT, EPOLL, LIBUV };

struct client {
  enum style style;
  int type; /* SOCK_STREAM or SOCK_DGRAM */
  int fd;
  struct sockaddr_storage peer;
  socklen_t peer_length;
  bool is_unconnected; /* a UDP socket that names its peer in each send */
  int hang_up_ms;      /* when another thread shuts the socket down */
  int patience_ms;     /* how long a receive waits; -1: for ever */
  const struct style_calls *calls;
};

/* What a style does in its own way. Instants are ms since the client's start. */
struct style_calls {
  void (*open)(struct client *client);
  void (*connect)(struct client *client);
  void (*send)(struct client *client);
  void (*receive)(struct client *client);
  void (*shut_down)(struct client *client); /* for sending */
  void (*wait_until)(struct client *client, int64_t instant_ms);
};

extern const struct style_calls plain_calls, libuv_calls;

/* What is sent. */
extern const char message[4];

int64_t now_ns(void); /* since the client's start */

/* Prints a line: the instant, what was called, what came of it. */
void say(const char *what, const char *result);

/* The same with the result of a system call: its value, or errno's name when it is negative. */
void say_result(const char *what, int64_t result);

/* Ends the program: a mistake of the test's, not a result. */
_Noreturn void give_up(const char *what);

/* Waits for the socket by poll, select or epoll; prints what it is ready for. False: not in time.
 * Only for these styles. */
bool await_readiness(const struct client *client, bool for_writing, int timeout_ms);

#endif
