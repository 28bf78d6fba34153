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

#include "harness/clock/abstract_names.h"
#include "harness/clock/address_calls.h"
#include "harness/clock/any_sockets.h"
#include "harness/clock/audience.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/network.h"
#include "harness/clock/program_memory.h"
#include "harness/clock/reaching.h"
#include "harness/clock/real.h"
#include "harness/clock/silence.h"
#include "harness/clock/socket_notes.h"
#include "harness/clock/stamps.h"
#include "harness/clock/turn.h"
#include "harness/clock/waits.h"

/* ---- sending ---- */

/* Larger control data than any that carries addresses is passed as it is. */
enum { CONTROL_SIZE_MAX = 1024 };

/* A message on its way to the kernel: the program's, with addresses and control data realised. */
struct outgoing {
  struct msghdr message;
  struct sockaddr_storage target;
  bool has_target; /* realised */
  bool is_lost;    /* nothing of it reaches anybody */
  _Alignas(struct cmsghdr) char control[CONTROL_SIZE_MAX + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* The address that packet info says to send from, as the program sees it; false when the header is
 * no packet info, AF_UNSPEC when it leaves the address open. */
static bool read_packet_info(const struct cmsghdr *header, struct sockaddr_storage *from) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)from;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)from;
  *from = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
  if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO &&
      header->cmsg_len >= CMSG_LEN(sizeof(struct in_pktinfo))) {
    v4->sin_family = AF_INET;
    v4->sin_addr = ((const struct in_pktinfo *)CMSG_DATA(header))->ipi_spec_dst;
  } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO &&
             header->cmsg_len >= CMSG_LEN(sizeof(struct in6_pktinfo))) {
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = ((const struct in6_pktinfo *)CMSG_DATA(header))->ipi6_addr;
  } else {
    return false;
  }
  if (network_is_unspecified((struct sockaddr *)from))
    from->ss_family = AF_UNSPEC;
  return true;
}

/* unix(7): who a local message is from, which the kernel compares with who sends it. */
static struct ucred *credentials_in(struct cmsghdr *header) {
  return header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS &&
                 header->cmsg_len >= CMSG_LEN(sizeof(struct ucred))
             ? (struct ucred *)CMSG_DATA(header)
             : NULL;
}

static void realise_credentials(struct cmsghdr *header) {
  struct ucred *credentials = credentials_in(header);
  if (credentials)
    credentials->pid = identity_realise(credentials->pid);
}

static void simulate_credentials(struct cmsghdr *header) {
  struct ucred *credentials = credentials_in(header);
  if (credentials)
    credentials->pid = identity_simulate(credentials->pid);
}

/* Copies the control data but for packet info, whose address it looks up. Returns 0, or -1 with
 * errno EINVAL when that is none of the host's or a header's length is wrong. */
static int copy_control(const struct network *network, const struct msghdr *message,
                        struct outgoing *out, const struct network_address **chosen) {
  size_t used = 0;
  int own_host = address_own_host(network);
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR((struct msghdr *)message, header)) {
    struct sockaddr_storage from;
    size_t left = message->msg_controllen -
                  (size_t)((const char *)header - (const char *)message->msg_control);
    if (header->cmsg_len < sizeof *header || header->cmsg_len > left) {
      errno = EINVAL;
      return -1;
    }
    if (!read_packet_info(header, &from)) {
      memcpy(out->control + used, header, header->cmsg_len);
      realise_credentials((struct cmsghdr *)(out->control + used));
      used += CMSG_ALIGN(header->cmsg_len);
    } else if (from.ss_family != AF_UNSPEC) {
      *chosen = network_find(network, own_host, (struct sockaddr *)&from);
      if (!*chosen || ((*chosen)->host != own_host && own_host != NETWORK_LAB_HOST)) {
        errno = EINVAL;
        return -1;
      }
    }
  }
  out->message.msg_control = out->control;
  out->message.msg_controllen = used;
  return 0;
}

/* Appends packet info that makes the kernel send from a loopback address. It goes with IPv6 sockets
 * too, since all packets are IPv4. */
static void append_source(struct outgoing *out, uint32_t loopback) {
  struct in_pktinfo info = {.ipi_spec_dst.s_addr = loopback};
  struct cmsghdr *header = (struct cmsghdr *)(out->control + out->message.msg_controllen);
  memset(header, 0, CMSG_SPACE(sizeof info));
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(header), &info, sizeof info);
  out->message.msg_control = out->control;
  out->message.msg_controllen += CMSG_SPACE(sizeof info);
}

/* Linux takes an address without a family for an IPv4 one, on an IPv4 socket (net/ipv4/udp.c). */
static bool takes_without_family(int fd, const void *name, socklen_t length,
                                 struct sockaddr_storage *out) {
  struct sockaddr_in plain;
  int domain = AF_UNSPEC, saved_errno = errno;
  socklen_t domain_length = sizeof domain;
  bool is_taken = name && length >= sizeof plain &&
                  program_memory_read(&plain, name, sizeof plain) &&
                  plain.sin_family == AF_UNSPEC &&
                  REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_length) == 0 &&
                  domain == AF_INET;
  errno = saved_errno;
  if (!is_taken)
    return false;
  plain.sin_family = AF_INET;
  memcpy(out, &plain, sizeof plain);
  return true;
}

/* The address that a message names, as sendmsg() takes it: too long a one is cut. */
static bool takes_name(int fd, const struct msghdr *message, struct sockaddr_storage *out) {
  socklen_t length = message->msg_namelen;
  if ((int)length > (int)sizeof *out)
    length = sizeof *out;
  return address_take(message->msg_name, length, out) ||
         takes_without_family(fd, message->msg_name, length, out);
}

/* Realises where a message goes to and comes from. Returns 0, or -1 with errno set. */
static int realise_message(struct network *network, int fd, const struct msghdr *message,
                           struct outgoing *out) {
  struct sockaddr_storage taken;
  const struct sockaddr *address = (struct sockaddr *)&taken;
  const struct network_address *chosen = NULL, *to = NULL;
  uint32_t source = 0;
  out->message = *message;
  out->is_lost = out->has_target = false;
  if (message->msg_controllen > CONTROL_SIZE_MAX)
    out->message.msg_controllen = 0; /* for the source; put back below if there is none */
  else if (message->msg_controllen > 0 && copy_control(network, message, out, &chosen))
    return -1;
  if (message->msg_name) {
    if (!takes_name(fd, message, &taken)) {
      const struct sockaddr *name = message->msg_name;
      if (message->msg_controllen > CONTROL_SIZE_MAX)
        out->message.msg_controllen = message->msg_controllen;
      if (!abstract_realise(network, &name, &out->message.msg_namelen,
                            (struct sockaddr_un *)&out->target))
        return -1;
      out->message.msg_name = (void *)name;
      return 0;
    }
    switch (address_realise(network, fd, address, message->msg_namelen, &out->target,
                            &out->message.msg_namelen)) {
    case NETWORK_NOT_INET:
    case NETWORK_NO_HOST:
    case NETWORK_NO_ROUTE:
      return -1;
    case NETWORK_REALISED:
      break;
    }
    any_bind_unbound(network, fd);
    to = network_find(network, address_own_host(network), address);
    source = any_address_datagram(network, fd, to, address, chosen, &out->target);
    out->message.msg_name = &out->target;
    out->has_target = true;
    switch (reach_datagram(network, fd, address, &out->target)) {
    case REACH_ARRIVES:
      break;
    case REACH_LOST:
      out->is_lost = true;
      return 0;
    case REACH_RETURNS:
      reach_show(network, fd, address, message);
      source = 0; /* the error comes back to the socket itself */
      break;
    }
  } else if (chosen) {
    source = chosen->loopback; /* of a connected socket */
  }
  if (source != 0)
    append_source(out, source);
  else if (message->msg_controllen > CONTROL_SIZE_MAX)
    out->message.msg_controllen = message->msg_controllen;
  return 0;
}

static ssize_t send_message(int fd, const struct msghdr *message, int flags) {
  struct network *network = address_network();
  struct outgoing out = {.has_target = false};
  reach_settle();
  if (network && (message->msg_name || message->msg_controllen > 0)) {
    if (realise_message(network, fd, message, &out))
      return -1;
    if (out.is_lost)
      return message_size(message);
    message = &out.message;
  }
  int audience = message->msg_name && !out.has_target ? TURN_EVERYBODY
                                                      : audience_of_message(fd, message->msg_name);
  ssize_t result = waiting_sendmsg(fd, message, flags);
  turn_activity_for(audience);
  return result;
}

/* The kernel refuses a header that it can't read. */
INTERPOSED ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  struct msghdr taken;
  if (!program_memory_read(&taken, message, sizeof taken))
    return REAL(sendmsg)(fd, message, flags);
  return send_message(fd, &taken, flags);
}

INTERPOSED ssize_t sendto(int fd, const void *bytes, size_t size, int flags,
                          const struct sockaddr *to, socklen_t length) {
  if (to && length > sizeof(struct sockaddr_storage)) /* sendmsg() would cut it */
    return REAL(sendto)(fd, bytes, size, flags, to, length);
  struct iovec part = {(void *)bytes, size};
  struct msghdr message = {
      .msg_name = (void *)to, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  return send_message(fd, &message, flags);
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

/* ---- receiving ---- */

/* recvfrom() by recvmsg(). */
static ssize_t receive_from(int fd, struct iovec *part, int flags, struct sockaddr *address,
                            socklen_t *length) {
  struct msghdr message = {.msg_name = address, .msg_iov = part, .msg_iovlen = 1};
  message.msg_namelen = address ? *length : 0;
  ssize_t result = recvmsg(fd, &message, flags);
  if (result >= 0 && address)
    *length = message.msg_namelen;
  return result;
}

INTERPOSED ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags,
                            struct sockaddr *restrict address, socklen_t *restrict length) {
  struct sockaddr_storage said = {0};
  socklen_t said_length = sizeof said;
  if (flags & MSG_WAITALL)
    return receive_from(fd, &(struct iovec){bytes, size}, flags, address, length);
  if (!(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && await_readable(fd))
    return -1;
  struct network *network = address_network();
  if (!network || !address)
    return socket_received(fd, REAL(recvfrom)(fd, bytes, size, flags, address, length));
  ssize_t result = socket_received(
      fd, REAL(recvfrom)(fd, bytes, size, flags, (struct sockaddr *)&said, &said_length));
  if (result < 0)
    return result;
  any_simulate_peer(network, fd, &said);
  return address_give(&said, said_length, address, length) ? -1 : result;
}

/* The address of ours that a packet came to: `to` is its number if the kernel's own word, the
 * realised address, isn't right. */
static const struct network_address *came_to(const struct network *network, uint16_t to,
                                             const struct sockaddr *realised) {
  const struct network_address *entry = network_numbered(network, to);
  return entry ? entry : network_of_loopback(network, realised);
}

static int interface_of(const struct network_address *entry) {
  return entry->is_localhost ? NETWORK_LOOPBACK_INTERFACE : NETWORK_ETHERNET_INTERFACE;
}

static void simulate_v4_info(const struct network *network, uint16_t to, struct in_pktinfo *info) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = info->ipi_addr};
  const struct network_address *entry = came_to(network, to, (struct sockaddr *)&address);
  if (!entry)
    return;
  if (network_is_v4(entry))
    network_write(network, entry, (struct sockaddr *)&address);
  else
    address.sin_addr.s_addr = INADDR_ANY; /* an IPv6 packet has IPV6_PKTINFO */
  info->ipi_addr = info->ipi_spec_dst = address.sin_addr;
  info->ipi_ifindex = interface_of(entry);
}

static void simulate_v6_info(const struct network *network, uint16_t to, struct in6_pktinfo *info) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = info->ipi6_addr};
  const struct network_address *entry = came_to(network, to, (struct sockaddr *)&address);
  if (!entry)
    return;
  info->ipi6_addr = entry->simulated;
  info->ipi6_ifindex = (unsigned)interface_of(entry);
}

/* In control messages: where a packet came to, who sent an ICMP error, the credentials. */
static void simulate_control(const struct network *network, uint16_t to, struct msghdr *message) {
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header)) {
    void *data = CMSG_DATA(header);
    int level = header->cmsg_level, type = header->cmsg_type;
    if (level == IPPROTO_IP && type == IP_PKTINFO)
      simulate_v4_info(network, to, data);
    else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO)
      simulate_v6_info(network, to, data);
    else if ((level == IPPROTO_IP && type == IP_RECVERR) ||
             (level == IPPROTO_IPV6 && type == IPV6_RECVERR))
      network_simulate(network, SO_EE_OFFENDER((struct sock_extended_err *)data));
    else
      simulate_credentials(header);
  }
}

INTERPOSED ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  struct msghdr copy;
  if (!program_memory_read(&copy, message, sizeof copy) ||
      (copy.msg_name && (int)copy.msg_namelen < 0))
    return REAL(recvmsg)(fd, message, flags);
  struct network *network = address_network();
  if (!network || (!message->msg_name && !message->msg_control)) {
    ssize_t result = waiting_recvmsg(fd, message, flags);
    if (result >= 0)
      stamps_correct(message);
    return result;
  }
  struct sockaddr_storage said = {0};
  copy.msg_name = &said;
  copy.msg_namelen = sizeof said;
  ssize_t result = waiting_recvmsg(fd, &copy, flags);
  if (result < 0)
    return result;
  bool unreachable = network_is_unreachable((struct sockaddr *)&said);
  if (copy.msg_control && copy.msg_controllen > 0)
    simulate_control(network, any_conversation(network, fd, &said).to, &copy);
  stamps_correct(&copy);
  any_simulate_peer(network, fd, &said);
  if (copy.msg_control && flags & MSG_ERRQUEUE)
    reach_error_queue(&copy, unreachable);
  if (message->msg_name)
    address_give(&said, copy.msg_namelen, message->msg_name, &message->msg_namelen);
  else
    message->msg_namelen = 0;
  message->msg_controllen = copy.msg_controllen;
  message->msg_flags = copy.msg_flags;
  return result;
}

INTERPOSED int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length,
                       int flags) {
  struct sockaddr_storage said = {0};
  socklen_t said_length = sizeof said;
  if (await_readable(fd))
    return -1;
  int accepted = REAL(accept4)(fd, (struct sockaddr *)&said, &said_length, flags);
  if (accepted >= 0 && turn_taking_part())
    silence_accepted(fd, accepted);
  if (accepted >= 0 && address_network())
    any_simulate_peer(address_network(), fd, &said);
  if (accepted >= 0 && address && address_give(&said, said_length, address, length)) {
    REAL(close)(accepted); /* as the kernel does */
    return -1;
  }
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
