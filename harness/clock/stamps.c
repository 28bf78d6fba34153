/* SPDX-License-Identifier: MIT
 *
 * When a message came (stamps.h). The older and the newer forms of the kernel are the same on
 * machines whose time has 64 bits.
 */
#include "harness/clock/stamps.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "harness/clock/calls.h"
#include "harness/clock/turn.h"

_Static_assert(sizeof(time_t) == 8 && sizeof(long) == 8, "times have 64 bits");

/* What SCM_TIMESTAMPING has: by software, none any more, by hardware. */
enum { STAMPING_TIMES = 3 };

static struct timespec date(void) {
  return timespec_of_ns(turn_realtime_ns());
}

static void write_timeval(void *to) {
  struct timespec now = date();
  struct timeval time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  memcpy(to, &time, sizeof time);
}

static void write_timespec(void *to) {
  struct timespec now = date();
  memcpy(to, &now, sizeof now);
}

/* Zero means that there is none of this kind. */
static void write_stamping(struct timespec times[STAMPING_TIMES]) {
  for (int i = 0; i < STAMPING_TIMES; i++)
    if (times[i].tv_sec || times[i].tv_nsec)
      times[i] = date();
}

static void correct(struct cmsghdr *header) {
  switch (header->cmsg_type) {
  case SO_TIMESTAMP_OLD:
  case SO_TIMESTAMP_NEW:
    if (header->cmsg_len >= CMSG_LEN(sizeof(struct timeval)))
      write_timeval(CMSG_DATA(header));
    break;
  case SO_TIMESTAMPNS_OLD:
  case SO_TIMESTAMPNS_NEW:
    if (header->cmsg_len >= CMSG_LEN(sizeof(struct timespec)))
      write_timespec(CMSG_DATA(header));
    break;
  case SO_TIMESTAMPING_OLD:
  case SO_TIMESTAMPING_NEW:
    if (header->cmsg_len >= CMSG_LEN(STAMPING_TIMES * sizeof(struct timespec)))
      write_stamping((struct timespec *)CMSG_DATA(header));
    break;
  }
}

void stamps_correct(struct msghdr *message) {
  if (!turn_in_lab() || !message->msg_control)
    return;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
       header = CMSG_NXTHDR(message, header))
    if (header->cmsg_level == SOL_SOCKET)
      correct(header);
}

void stamps_correct_request(unsigned long what, void *argument) {
  if (!turn_in_lab() || !argument)
    return;
  if (what == SIOCGSTAMP_OLD || what == SIOCGSTAMP_NEW)
    write_timeval(argument);
  else if (what == SIOCGSTAMPNS_OLD || what == SIOCGSTAMPNS_NEW)
    write_timespec(argument);
}
