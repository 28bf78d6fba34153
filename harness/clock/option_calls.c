/* SPDX-License-Identifier: MIT
 *
 * Socket options (option_calls.h): SO_KEEPALIVE and TCP_USER_TIMEOUT are kept in the socket's note;
 * TCP_SYNCNT and SO_LINGER are, while the library has set them for itself; SO_ERROR gets its right
 * name; SO_BINDTODEVICE, which would bind to an interface of the machine, is kept and given. The
 * other options of keepalive are the kernel's, for which they do nothing.
 */
#include "harness/clock/option_calls.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/keepalive.h"
#include "harness/clock/program_memory.h"
#include "harness/clock/real.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"

static int refuse(int error) {
  errno = error;
  return -1;
}

static bool is(int level, int option, int wanted_level, int wanted_option) {
  return level == wanted_level && option == wanted_option;
}

static int set_keepalive(int fd, const void *value, socklen_t length) {
  int on;
  struct socket_note *note;
  if (length < sizeof on)
    return refuse(EINVAL);
  if (!program_memory_read(&on, value, sizeof on))
    return -1;
  if ((note = on ? socket_note_make(fd) : socket_note_find(fd)) == NULL)
    return on ? refuse(ENOMEM) : 0;
  note->options.keepalive = on;
  keepalive_heard(note);
  return 0;
}

static int set_user_timeout(int fd, const void *value, socklen_t length) {
  int timeout_ms;
  struct socket_note *note;
  if (length < sizeof timeout_ms)
    return refuse(EINVAL);
  if (!program_memory_read(&timeout_ms, value, sizeof timeout_ms))
    return -1;
  if (timeout_ms < 0)
    return refuse(EINVAL);
  if ((note = timeout_ms ? socket_note_make(fd) : socket_note_find(fd)) == NULL)
    return timeout_ms ? refuse(ENOMEM) : 0;
  note->options.user_timeout_ms = timeout_ms;
  return 0;
}

/* What the kernel would take, and the library puts back later. */
static int set_syn_retries(struct socket_note *note, const void *value, socklen_t length) {
  int retries;
  if (length < sizeof retries)
    return refuse(EINVAL);
  if (!program_memory_read(&retries, value, sizeof retries))
    return -1;
  if (retries < 1 || retries > 127)
    return refuse(EINVAL);
  note->options.syn_retries = retries;
  return 0;
}

static int set_linger(struct socket_note *note, const void *value, socklen_t length) {
  if (length < sizeof note->silence.linger)
    return refuse(EINVAL);
  return program_memory_read(&note->silence.linger, value, sizeof note->silence.linger) ? 0 : -1;
}

static void give(const void *from, size_t size, void *value, socklen_t *length) {
  if (*length > size)
    *length = (socklen_t)size;
  memcpy(value, from, *length);
}

/* ---- interfaces ---- */

static bool is_interface(int level, int option) {
  return level == SOL_SOCKET && (option == SO_BINDTODEVICE || option == SO_BINDTOIFINDEX) &&
         address_network();
}

/* The index of an interface of the host by what a program gives; 0: none. Returns whether there is
 * such an interface. */
static bool read_interface(int option, const void *value, socklen_t length, unsigned *index) {
  char name[IFNAMSIZ] = "";
  if (option == SO_BINDTOIFINDEX) {
    memcpy(index, value, sizeof *index);
    return *index == 0 || if_indextoname(*index, name);
  }
  memcpy(name, value, length < sizeof name ? length : sizeof name - 1);
  *index = name[0] ? if_nametoindex(name) : 0;
  return name[0] == '\0' || *index != 0;
}

/* A host has one way to the others, so a socket that is bound to an interface sends as ever. */
static int set_interface(int fd, int option, const void *value, socklen_t length) {
  unsigned index;
  struct socket_note *note;
  if (option == SO_BINDTOIFINDEX && length < sizeof index)
    return refuse(EINVAL);
  if (!read_interface(option, value, length, &index))
    return refuse(ENODEV);
  if ((note = index ? socket_note_make(fd) : socket_note_find(fd)) == NULL)
    return index ? refuse(ENOMEM) : 0;
  note->options.interface = index;
  return 0;
}

/* As the kernel does (sock_getbindtodevice): no bytes when there is none. */
static int get_interface(int fd, int option, void *value, socklen_t *length) {
  const struct socket_note *note = socket_note_find(fd);
  unsigned index = note ? note->options.interface : 0;
  char name[IFNAMSIZ] = "";
  if (option == SO_BINDTOIFINDEX) {
    give(&index, sizeof index, value, length);
    return 0;
  }
  if (index && *length < sizeof name)
    return refuse(EINVAL);
  give(name, index ? strlen(if_indextoname(index, name)) + 1 : 0, value, length);
  return 0;
}

/* Whether a call is for us: the kernel judges what is no socket, and what has no value. */
static bool is_ours(int fd, int level, int option, const void *value) {
  int type;
  socklen_t length = sizeof type;
  int saved_errno = errno;
  bool ours = value && is_interface(level, option) &&
              REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
  errno = saved_errno;
  return ours;
}

bool option_get(int fd, int level, int option, void *value, socklen_t *length, int *result) {
  if (!length || !is_ours(fd, level, option, value))
    return false;
  *result = get_interface(fd, option, value, length);
  return true;
}

/* ---- setting and getting ---- */

bool option_set(int fd, int level, int option, const void *value, socklen_t length, int *result) {
  if (is_ours(fd, level, option, value)) {
    *result = set_interface(fd, option, value, length);
    return true;
  }
  if (!turn_taking_part() || (level != SOL_SOCKET && level != IPPROTO_TCP) ||
      inet_protocol(fd) != IPPROTO_TCP)
    return false;
  if (is(level, option, SOL_SOCKET, SO_KEEPALIVE)) {
    *result = set_keepalive(fd, value, length);
    return true;
  }
  if (is(level, option, IPPROTO_TCP, TCP_USER_TIMEOUT)) {
    *result = set_user_timeout(fd, value, length);
    return true;
  }
  struct socket_note *note = socket_note_find(fd);
  if (note && note->pending.waits && is(level, option, IPPROTO_TCP, TCP_SYNCNT)) {
    *result = set_syn_retries(note, value, length);
    return true;
  }
  if (note && note->silence.is_on && is(level, option, SOL_SOCKET, SO_LINGER)) {
    *result = set_linger(note, value, length);
    return true;
  }
  return false;
}

/* Keepalive starts anew with another time. The errors of an IPv6 socket of the lab are those of
 * IPv4, in which all of its packets are. */
void option_changed(int fd, int level, int option, const void *value, socklen_t length) {
  if (is(level, option, IPPROTO_IPV6, IPV6_RECVERR) && address_network())
    REAL(setsockopt)(fd, IPPROTO_IP, IP_RECVERR, value, length);
  struct socket_note *note =
      is(level, option, IPPROTO_TCP, TCP_KEEPIDLE) ? socket_note_find(fd) : NULL;
  if (note)
    keepalive_watch(note);
}

void option_correct(int fd, int level, int option, void *value, socklen_t *length) {
  const struct socket_note *note =
      level == SOL_SOCKET || level == IPPROTO_TCP ? socket_note_find(fd) : NULL;
  if (!note)
    return;
  int keepalive = note->options.keepalive;
  if (is(level, option, SOL_SOCKET, SO_KEEPALIVE) && inet_protocol(fd) == IPPROTO_TCP)
    give(&keepalive, sizeof keepalive, value, length);
  else if (is(level, option, IPPROTO_TCP, TCP_USER_TIMEOUT))
    give(&note->options.user_timeout_ms, sizeof note->options.user_timeout_ms, value, length);
  else if (is(level, option, IPPROTO_TCP, TCP_SYNCNT) && note->pending.waits)
    give(&note->options.syn_retries, sizeof note->options.syn_retries, value, length);
  else if (is(level, option, SOL_SOCKET, SO_LINGER) && note->silence.is_on)
    give(&note->silence.linger, sizeof note->silence.linger, value, length);
  else if (is(level, option, SOL_SOCKET, SO_ERROR) && note->refused_means &&
           *length == sizeof(int) && *(int *)value == ECONNREFUSED)
    *(int *)value = note->refused_means;
}
