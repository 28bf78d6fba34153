/* SPDX-License-Identifier: MIT
 *
 * What the calls of a program come to when somebody can't be reached (reach.h): the part that the
 * interposed calls ask. Costs a comparison while everybody is up.
 */
#ifndef HARNESS_CLOCK_REACHING_H
#define HARNESS_CLOCK_REACHING_H

#include <stdbool.h>
#include <sys/socket.h>

#include "harness/clock/network.h"

/* Lets each process of the lab apply the table's changes to its sockets, when there are some. Call
 * it before anything by which others could notice the difference. */
void reach_settle(void);

/* As connect() of a bound socket to `target` (simulated), which lies at `realised`; both have one
 * length. */
int reach_connect(struct network *network, int fd, const struct sockaddr *target,
                  struct sockaddr_storage *realised, socklen_t length);

/* What becomes of a datagram. */
enum reach_fate {
  REACH_ARRIVES,
  REACH_LOST,
  REACH_RETURNS /* as an ICMP error */
};

/* Of one to `target` (simulated); `realised` becomes where the kernel is to send it. */
enum reach_fate reach_datagram(struct network *network, int fd, const struct sockaddr *target,
                               struct sockaddr_storage *realised);

/* Gives a copy of a datagram that doesn't reach `target` (simulated) to the fake server there that
 * witnesses it; does nothing when there is none. */
void reach_show(struct network *network, int fd, const struct sockaddr *target,
                const struct msghdr *message);

/* Whether what is about to be sent on `fd` doesn't go to the kernel: then `*result` and errno are
 * those of the call. */
bool reach_takes(int fd, const struct msghdr *message, int flags, ssize_t *result);

ssize_t message_size(const struct msghdr *message);

/* A message of the error queue, its address simulated: what it says of an ICMP error becomes what
 * it would have said on a real network. `unreachable`: network_is_unreachable() of its address. */
void reach_error_queue(struct msghdr *message, bool unreachable);

#endif
