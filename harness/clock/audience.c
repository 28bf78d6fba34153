/* SPDX-License-Identifier: MIT
 *
 * Whom a deed on a descriptor concerns (audience.h), by what the kernel says of the descriptor.
 *
 *   - A socket with a peer concerns the host that has the peer's address.
 *   - A datagram socket without one has nobody who could wait for its end.
 *   - A TCP socket without a peer may be a listening one, whose clients are anywhere.
 *   - Pipes, eventfds, terminals and pairs of sockets are handed down from parent to child.
 *   - What has a name in the file system can be opened by anybody. Files are always readable.
 */
#include "harness/clock/audience.h"

#include <errno.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/network.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

static int audience_of_file(int fd) {
  struct stat status;
  struct statfs system;
  if (fstat(fd, &status))
    return errno == EBADF ? TURN_NOBODY : TURN_EVERYBODY;
  if (S_ISREG(status.st_mode))
    return turn_files_watched() ? TURN_EVERYBODY : TURN_NOBODY;
  if (S_ISFIFO(status.st_mode) && (fstatfs(fd, &system) || system.f_type != PIPEFS_MAGIC))
    return TURN_EVERYBODY;
  return TURN_NEARBY;
}

/* A pair of sockets has no names. */
static int audience_of_local_socket(int fd, socklen_t peer_length) {
  struct sockaddr_un own;
  socklen_t own_length = sizeof own;
  if (REAL(getsockname)(fd, (struct sockaddr *)&own, &own_length))
    return TURN_EVERYBODY;
  const socklen_t unnamed = offsetof(struct sockaddr_un, sun_path);
  return own_length <= unnamed && peer_length <= unnamed ? TURN_NEARBY : TURN_EVERYBODY;
}

static int audience_without_peer(int fd) {
  int domain = 0, type = 0;
  socklen_t length = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length))
    return TURN_EVERYBODY;
  return (domain == AF_INET || domain == AF_INET6) && type == SOCK_DGRAM ? TURN_NEARBY
                                                                         : TURN_EVERYBODY;
}

static int audience_of_address(const struct network *network, const struct sockaddr *realised) {
  int host = network_host_at(network, realised);
  return host < 0 ? TURN_EVERYBODY : host;
}

static int find_audience(const struct network *network, int fd) {
  struct sockaddr_storage peer;
  socklen_t length = sizeof peer;
  if (REAL(getpeername)(fd, (struct sockaddr *)&peer, &length) == 0)
    return peer.ss_family == AF_UNIX ? audience_of_local_socket(fd, length)
                                     : audience_of_address(network, (struct sockaddr *)&peer);
  return errno == ENOTCONN ? audience_without_peer(fd) : audience_of_file(fd);
}

int audience_of(int fd) {
  const struct network *network = address_network();
  if (!network)
    return TURN_EVERYBODY;
  int saved_errno = errno, audience = find_audience(network, fd);
  errno = saved_errno;
  return audience;
}

/* Datagrams over loopback never wait: what has no room is dropped. */
void audience_read(int fd) {
  if (turn_room_is_wanted())
    turn_made_room_for(audience_of(fd));
}

int audience_at(const struct sockaddr *realised) {
  const struct network *network = address_network();
  return network ? audience_of_address(network, realised) : TURN_EVERYBODY;
}

/* A stream goes to its peer, whatever address a message names (send(2)). */
int audience_of_message(int fd, const struct sockaddr *realised) {
  int type = 0;
  socklen_t length = sizeof type;
  if (!realised || !address_network() || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) ||
      type != SOCK_DGRAM)
    return audience_of(fd);
  return audience_at(realised);
}

/* ---- interposed: watching files ---- */

INTERPOSED int inotify_init1(int flags) {
  turn_watch_files();
  return REAL(inotify_init1)(flags);
}

INTERPOSED int inotify_init(void) {
  return inotify_init1(0);
}
