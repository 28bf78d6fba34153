/* SPDX-License-Identifier: MIT
 *
 * What the calls of a program come to when somebody can't be reached (reaching.h). The kernel does
 * what it can: what is refused is sent to an address where nobody listens, and errors are renamed
 * only where loopback gives another one than a router would.
 */
#include "harness/clock/reaching.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>
#include <time.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/connection.h"
#include "harness/clock/keepalive.h"
#include "harness/clock/pending.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/turn.h"

void reach_settle(void) {
  struct network *network = address_network();
  if (!network || network->reach.settled == network->reach.version || !turn_taking_part())
    return;
  network->reach.settled = network->reach.version;
  turn_summon();
  turn_activity();
}

static in_port_t port_of(const struct sockaddr *address) {
  return address->sa_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                       : ((const struct sockaddr_in6 *)address)->sin6_port;
}

static struct sockaddr *plain(struct sockaddr_storage *address) {
  return (struct sockaddr *)address;
}

/* ---- connecting ---- */

static int connect_stream(struct network *network, int fd, const struct sockaddr *target,
                          struct sockaddr_storage *realised, socklen_t length) {
  struct socket_note *note = socket_note_find(fd);
  if (note && (note->pending.waits || note->pending.is_unreported))
    return pending_again(note, fd);
  enum reach_state state = connection_way(fd, target, IPPROTO_TCP);
  if (state == REACH_SILENT || state == REACH_UNREACHABLE)
    note = socket_note_make(fd);
  if (note) {
    note->refused_means = state == REACH_UNREACHABLE ? EHOSTUNREACH : 0;
    note->options.heard_ns = turn_now_ns();
  }
  if (note && state == REACH_SILENT)
    return pending_start(note, fd, target, length);
  if (state != REACH_UP)
    address_report_attempt(network, fd, target, length, state, 0);
  network_point(plain(realised), state);
  return (int)socket_result(fd, REAL(connect)(fd, plain(realised), length));
}

int reach_connect(struct network *network, int fd, const struct sockaddr *target,
                  struct sockaddr_storage *realised, socklen_t length) {
  int protocol = network->reach.entries || socket_notes ? inet_protocol(fd) : -1;
  if (protocol == IPPROTO_TCP)
    return connect_stream(network, fd, target, realised, length);
  network_point(plain(realised), reach_of(network, target, IPPROTO_UDP));
  return REAL(connect)(fd, plain(realised), length);
}

/* ---- sending ---- */

static bool wants_errors(int fd) {
  int on = 0;
  socklen_t length = sizeof on;
  return REAL(getsockopt)(fd, IPPROTO_IP, IP_RECVERR, &on, &length) == 0 && on;
}

/* Linux tells of an unreachable host only those who asked for errors (udp(7), ip(7): it is no fatal
 * one); of a closed port also those who are connected, which the kernel does by itself. */
static enum reach_fate fate(int fd, enum reach_state state) {
  if (state == REACH_SILENT || (state == REACH_UNREACHABLE && !wants_errors(fd)))
    return REACH_LOST;
  struct socket_note *note =
      state == REACH_UNREACHABLE ? socket_note_make(fd) : socket_note_find(fd);
  if (note)
    note->refused_means = state == REACH_UNREACHABLE ? EHOSTUNREACH : 0;
  return state == REACH_UP ? REACH_ARRIVES : REACH_RETURNS;
}

void reach_show(struct network *network, int fd, const struct sockaddr *target,
                const struct msghdr *message) {
  struct sockaddr_storage place;
  struct msghdr copy = *message;
  if (!reach_is_witnessed(network, target, IPPROTO_UDP) ||
      network_realise(network, address_own_host(network), target, &place, &copy.msg_namelen) !=
          NETWORK_REALISED)
    return;
  copy.msg_name = &place;
  copy.msg_control = NULL;
  copy.msg_controllen = 0;
  REAL(sendmsg)(fd, &copy, MSG_DONTWAIT);
  turn_activity();
}

enum reach_fate reach_datagram(struct network *network, int fd, const struct sockaddr *target,
                               struct sockaddr_storage *realised) {
  const struct network_address *to = network_find(network, address_own_host(network), target);
  if ((network->reach.entries == 0 && !socket_notes) || !to || inet_protocol(fd) != IPPROTO_UDP)
    return REACH_ARRIVES;
  enum reach_state state = connection_way(fd, target, IPPROTO_UDP);
  enum reach_fate becomes = fate(fd, state);
  if (becomes == REACH_LOST && reach_is_witnessed(network, target, IPPROTO_UDP))
    return REACH_ARRIVES; /* and is lost there */
  socklen_t length;
  if (becomes == REACH_RETURNS) {
    /* Its own, even if it is heard elsewhere (any_bound.h): so an error says where it went. */
    network_place(network, to, target->sa_family, port_of(target), realised, &length);
    network_point(plain(realised), state);
  }
  return becomes;
}

/* One that is connected, and pointed to the right place by silence_apply(). */
static bool loses_to_peer(int fd, const struct msghdr *message) {
  struct sockaddr_storage local, peer;
  if (!connection_addresses(fd, &local, &peer))
    return false;
  enum reach_fate becomes = fate(fd, connection_way(fd, plain(&peer), IPPROTO_UDP));
  if (becomes != REACH_ARRIVES)
    reach_show(address_network(), fd, plain(&peer), message);
  return becomes == REACH_LOST;
}

/* A segment to a closed port gets a reset; the call itself goes well. */
static bool resets(const struct network *network, int fd) {
  struct sockaddr_storage local, peer;
  if (network->reach.entries == 0 || !connection_addresses(fd, &local, &peer) ||
      reach_of(network, plain(&peer), IPPROTO_TCP) != REACH_REFUSED)
    return false;
  struct socket_note *note = socket_note_make(fd);
  if (note)
    connection_fail(note, fd, ECONNRESET);
  return note;
}

static bool takes_segment(const struct network *network, int fd, const struct msghdr *message,
                          int flags, ssize_t *result) {
  struct socket_note *note = socket_note_find(fd);
  if (note && silence_holds(note)) {
    *result = silence_send(note, fd, message, flags);
    return true;
  }
  if (note)
    keepalive_heard(note);
  *result = message_size(message);
  return resets(network, fd);
}

bool reach_takes(int fd, const struct msghdr *message, int flags, ssize_t *result) {
  reach_settle();
  const struct network *network = address_network();
  int protocol = network && (network->reach.entries || socket_notes) ? inet_protocol(fd) : -1;
  if (protocol == IPPROTO_TCP)
    return takes_segment(network, fd, message, flags, result);
  *result = message_size(message);
  return protocol == IPPROTO_UDP && !message->msg_name && loses_to_peer(fd, message);
}

ssize_t message_size(const struct msghdr *message) {
  size_t size = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++)
    size += message->msg_iov[i].iov_len;
  return (ssize_t)size;
}

/* ---- the error queue ---- */

static void rewrite_error(struct sock_extended_err *error, bool unreachable, bool is_v6) {
  if (error->ee_origin != SO_EE_ORIGIN_ICMP)
    return;
  if (unreachable) {
    error->ee_errno = EHOSTUNREACH;
    error->ee_code = ICMP_HOST_UNREACH;
  }
  if (is_v6) { /* RFC 4443 section 3.1 */
    error->ee_origin = SO_EE_ORIGIN_ICMP6;
    error->ee_type = ICMP6_DST_UNREACH;
    error->ee_code = unreachable ? ICMP6_DST_UNREACH_ADDR : ICMP6_DST_UNREACH_NOPORT;
  }
}

void reach_error_queue(struct msghdr *message, bool unreachable) {
  const struct sockaddr_in6 *to = message->msg_name;
  bool is_v6 = to && to->sin6_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&to->sin6_addr);
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header))
    if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
        (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR))
      rewrite_error((struct sock_extended_err *)CMSG_DATA(header), unreachable, is_v6);
}
