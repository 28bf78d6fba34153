/* SPDX-License-Identifier: MIT
 *
 * What the library remembers of single sockets of its process: of those that wait for a silent
 * host, that are cut off from their peer, or that have options which the kernel would time in real
 * time. Most sockets have no note, and most processes have none at all.
 *
 * A note belongs to a socket, not to a descriptor: it is found by SO_COOKIE, which all duplicates
 * of a descriptor share. A child of fork has copies of its parent's notes; an exec loses them.
 */
#ifndef HARNESS_CLOCK_SOCKET_NOTES_H
#define HARNESS_CLOCK_SOCKET_NOTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "harness/clock/timers.h"

/* A connect that is on its way to a silent host (pending.c). */
struct pending {
  bool waits;
  bool is_unreported; /* it is over, and no connect() has said how */
  unsigned attempt;   /* of its SYN segments, 0 is the first */
  int64_t started_ns;
  struct sockaddr_storage target; /* simulated */
  socklen_t length;
};

/* A connection whose path is or was silent (silence.c). */
struct silence {
  bool is_on;
  bool is_doubted;      /* whether the peer still has its end: silence may have hidden a reset */
  struct linger linger; /* the program's own, while silence is on */
  char *held;           /* what the program has sent and the kernel hasn't got */
  size_t held_size;
  bool held_end; /* of the stream, which the program has shut down */
  bool is_retransmitting;
  int64_t timeout_ns; /* the next one's */
  int64_t first_sent_ns;
  int soft_error; /* what a router said (RFC 1122 4.2.3.9); 0: nothing */
};

/* Options of which the kernel knows nothing (keepalive.c, option_calls.c). */
struct socket_options {
  unsigned interface; /* that the program has bound it to; 0: to none */
  bool keepalive;
  int user_timeout_ms; /* 0: none */
  int syn_retries;     /* while a connect is pending */
  int64_t heard_ns;    /* when the peer was last heard or keepalive was turned on */
  unsigned probes;     /* that weren't answered */
};

struct socket_note {
  uint64_t cookie;
  int fd;            /* where it was seen last */
  int refused_means; /* the errno that the kernel's ECONNREFUSED stands for; 0: itself */
  struct pending pending;
  struct silence silence;
  struct socket_options options;
  void (*due)(struct socket_note *note); /* when its timer expires */
  struct timer timer;
  struct timer_time time;
  struct socket_note *next;
};

/* In the order of their making. Empty, in nearly all processes. */
extern struct socket_note *socket_notes;

/* The note of a descriptor's socket; NULL: it has none. */
struct socket_note *socket_note_find(int fd);

/* The same, made when there is none; NULL when it is no socket or memory is out. */
struct socket_note *socket_note_make(int fd);

/* A descriptor of the socket in this process, or -1: all are closed. */
int socket_note_descriptor(struct socket_note *note);

/* Lets `due` be called at a time; CLOCK_NEVER: not at all. One call at most is outstanding. */
void socket_note_wake(struct socket_note *note, int64_t at_ns, void (*due)(struct socket_note *));

/* Frees the notes whose sockets have no descriptor any more. */
void socket_notes_collect(void);

/* Calls `deed` for each descriptor of this process that is a TCP or UDP socket over IPv4 or IPv6,
 * in the order of their numbers. It must not open any. Keeps errno. */
void each_inet_socket(void (*deed)(int fd, int protocol));

/* IPPROTO_TCP, IPPROTO_UDP …; -1 when it is no socket over IPv4 or IPv6. Keeps errno. */
int inet_protocol(int fd);

/* Gives a result of a call on a socket its right errno. */
ssize_t socket_result(int fd, ssize_t result);

/* The same for what receives or reads, whatever the descriptor is: the peer has been heard, and
 * writers may have room. */
ssize_t socket_received(int fd, ssize_t result);

#endif
