/* SPDX-License-Identifier: MIT
 *
 * Interposed: sending and receiving with addresses, and the control messages that carry some:
 * packet info and the error queue.
 */
#include <errno.h>
#include <time.h>

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/audience.h"
#include "harness/clock/network.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"
#include "harness/clock/waits.h"

/* Realises the address to send to and binds the socket if need be. Returns false, with errno set,
 * when nobody has it. `*to` stays as it is when there is nothing to translate. */
static bool realise_target(struct network *network, int fd, const struct sockaddr **to,
                           socklen_t *length, struct sockaddr_storage *realised) {
  if (!network || !*to)
    return true;
  switch (network_realise(network, address_own_host(network), *to, realised, length)) {
  case NETWORK_NOT_INET:
    return true;
  case NETWORK_NO_HOST:
    address_report_outside(network, fd, *to, *length);
    errno = ENETUNREACH;
    return false;
  case NETWORK_REALISED:
    break;
  }
  address_bind_if_unbound(network, fd, *to);
  *to = (struct sockaddr *)realised;
  return true;
}

INTERPOSED ssize_t sendto(int fd, const void *bytes, size_t size, int flags,
                          const struct sockaddr *to, socklen_t length) {
  struct sockaddr_storage realised;
  if (!realise_target(address_network(), fd, &to, &length, &realised))
    return -1;
  struct iovec part = {(void *)bytes, size};
  struct msghdr message = {
      .msg_name = (void *)to, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  int audience = audience_of_message(fd, to);
  ssize_t result = waiting_sendmsg(fd, &message, flags);
  turn_activity_for(audience);
  return result;
}

/* The address that a packet is to be sent from, in a copy of the control messages. */
static void realise_packet_info(const struct network *network, struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != IPPROTO_IP || header->cmsg_type != IP_PKTINFO)
      continue;
    struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(header);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = info->ipi_spec_dst};
    struct sockaddr_storage realised;
    socklen_t length;
    if (from.sin_addr.s_addr != INADDR_ANY &&
        network_realise_local(network, address_own_host(network), (struct sockaddr *)&from,
                              &realised, &length) == NETWORK_REALISED)
      info->ipi_spec_dst = ((struct sockaddr_in *)&realised)->sin_addr;
    info->ipi_ifindex = 0; /* the simulated interface has no counterpart */
  }
}

/* Larger control data than any that carries addresses is passed as it is. */
enum { CONTROL_SIZE_MAX = 1024 };

INTERPOSED ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  struct network *network = address_network();
  struct sockaddr_storage realised;
  _Alignas(struct cmsghdr) char control[CONTROL_SIZE_MAX];
  struct msghdr copy = *message;
  const struct sockaddr *to = message->msg_name;
  if (!realise_target(network, fd, &to, &copy.msg_namelen, &realised))
    return -1;
  copy.msg_name = (void *)to;
  if (network && message->msg_control && message->msg_controllen <= sizeof control) {
    memcpy(control, message->msg_control, message->msg_controllen);
    copy.msg_control = control;
    realise_packet_info(network, &copy);
  }
  int audience = audience_of_message(fd, to);
  ssize_t result = waiting_sendmsg(fd, &copy, flags);
  turn_activity_for(audience);
  return result;
}

/* One by one: what the kernel does too, as far as a program can see. */
INTERPOSED int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  for (unsigned i = 0; i < count; i++) {
    ssize_t sent = sendmsg(fd, &messages[i].msg_hdr, flags);
    if (sent < 0)
      return i > 0 ? (int)i : -1;
    messages[i].msg_len = (unsigned)sent;
  }
  return (int)count;
}

INTERPOSED ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags,
                            struct sockaddr *restrict address, socklen_t *restrict length) {
  struct sockaddr_storage said = {0};
  socklen_t said_length = sizeof said;
  if (!(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && await_readable(fd))
    return -1;
  struct network *network = address_network();
  if (!network || !address)
    return REAL(recvfrom)(fd, bytes, size, flags, address, length);
  ssize_t result = REAL(recvfrom)(fd, bytes, size, flags, (struct sockaddr *)&said, &said_length);
  if (result >= 0)
    address_give(network, &said, said_length, address, length);
  return result;
}

static void simulate_v4(const struct network *network, struct in_addr *address) {
  struct sockaddr_in full = {.sin_family = AF_INET, .sin_addr = *address};
  if (network_simulate(network, (struct sockaddr *)&full))
    *address = full.sin_addr;
}

/* Addresses in control messages: where a packet came to, and who sent an ICMP error. */
static void simulate_control(const struct network *network, struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header)) {
    unsigned char *data = CMSG_DATA(header);
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      simulate_v4(network, &((struct in_pktinfo *)data)->ipi_addr);
      simulate_v4(network, &((struct in_pktinfo *)data)->ipi_spec_dst);
    } else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_RECVERR) ||
               (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_RECVERR)) {
      network_simulate(network, SO_EE_OFFENDER((struct sock_extended_err *)data));
    }
  }
}

INTERPOSED ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  if (!(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && await_readable(fd))
    return -1;
  struct network *network = address_network();
  ssize_t result = REAL(recvmsg)(fd, message, flags);
  if (result < 0 || !network)
    return result;
  if (message->msg_name && message->msg_namelen >= sizeof(sa_family_t))
    network_simulate(network, message->msg_name);
  if (message->msg_control)
    simulate_control(network, message);
  return result;
}

INTERPOSED int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length,
                       int flags) {
  struct sockaddr_storage said = {0};
  socklen_t said_length = sizeof said;
  if (await_readable(fd))
    return -1;
  int accepted = REAL(accept4)(fd, (struct sockaddr *)&said, &said_length, flags);
  if (accepted >= 0)
    address_give(address_network(), &said, said_length, address, length);
  return accepted;
}

INTERPOSED int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict length) {
  return accept4(fd, address, length, 0);
}

/* What programs built with _FORTIFY_SOURCE call. */
ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t capacity, int flags,
                       struct sockaddr *address, socklen_t *length);

INTERPOSED ssize_t __recvfrom_chk(int fd, void *bytes, size_t size, size_t capacity, int flags,
                                  struct sockaddr *address, socklen_t *length) {
  if (size > capacity)
    abort();
  return recvfrom(fd, bytes, size, flags, address, length);
}
