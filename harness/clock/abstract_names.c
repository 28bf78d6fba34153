/* SPDX-License-Identifier: MIT
 *
 * Names in the abstract namespace (abstract_names.h). What the kernel gets is
 *
 *   NUL "~" BLOCK HOST HOST LENGTH NAME
 *
 * one byte each but for the name: the program's own without its first NUL and without those at its
 * end, which many programs have there because they pass the whole struct; LENGTH, which counts
 * them, lets them come back.
 */
#include "harness/clock/abstract_names.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/program_memory.h"
#include "harness/clock/real.h"

enum { PATH_AT = offsetof(struct sockaddr_un, sun_path), MARK = '~', HEAD_SIZE = 6 };

/* The kernel's names for sockets that ask for none have 5 hexadecimal digits. */
enum { UNNAMED_MAX = 0xfffff };

_Static_assert(HEAD_SIZE + ABSTRACT_NAME_MAX <= sizeof((struct sockaddr_un *)0)->sun_path,
               "a name fits an address");

/* What the program gave, if that is a local address of this length at least. */
static bool take_local(const struct sockaddr *given, socklen_t length, size_t length_min,
                       struct sockaddr_un *out) {
  int saved_errno = errno;
  *out = (struct sockaddr_un){.sun_family = AF_UNSPEC};
  bool is_taken = given && length >= length_min && length <= sizeof *out &&
                  program_memory_read(out, given, length);
  errno = saved_errno;
  return is_taken && out->sun_family == AF_UNIX;
}

bool abstract_realise(const struct network *network, const struct sockaddr **address,
                      socklen_t *length, struct sockaddr_un *out) {
  struct sockaddr_un given;
  if (!take_local(*address, *length, PATH_AT + 1, &given) || given.sun_path[0] != '\0')
    return true;
  size_t said = *length - PATH_AT - 1, kept = said;
  while (kept > 0 && given.sun_path[kept] == '\0')
    kept--;
  if (kept > ABSTRACT_NAME_MAX) {
    errno = EINVAL;
    return false;
  }
  int host = address_own_host(network);
  const char head[HEAD_SIZE] = {'\0',       MARK,      (char)network->block, (char)(host >> 8),
                                (char)host, (char)said};
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(out->sun_path, head, HEAD_SIZE);
  memcpy(out->sun_path + HEAD_SIZE, given.sun_path + 1, kept);
  *address = (const struct sockaddr *)out;
  *length = (socklen_t)(PATH_AT + HEAD_SIZE + kept);
  return true;
}

void abstract_simulate(struct sockaddr_storage *said, socklen_t *length) {
  struct sockaddr_un *name = (struct sockaddr_un *)said;
  if (!address_network() || said->ss_family != AF_UNIX || *length < PATH_AT + HEAD_SIZE ||
      name->sun_path[0] != '\0' || name->sun_path[1] != MARK)
    return;
  size_t size = (unsigned char)name->sun_path[HEAD_SIZE - 1];
  size_t kept = *length - PATH_AT - HEAD_SIZE;
  memmove(name->sun_path + 1, name->sun_path + HEAD_SIZE, kept);
  memset(name->sun_path + 1 + kept, 0, size - kept);
  *length = (socklen_t)(PATH_AT + 1 + size);
}

/* The kernel starts at a random one. */
static int bind_unnamed(const struct network *network, int fd) {
  struct sockaddr_un name = {0}, realised;
  socklen_t length = sizeof name;
  if (REAL(getsockname)(fd, (struct sockaddr *)&name, &length))
    return -1;
  if (length > PATH_AT)
    return 0; /* it has a name already, and keeps it */
  for (unsigned n = 0; n <= UNNAMED_MAX; n++) {
    name = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%05x", n);
    length = PATH_AT + 1 + 5;
    const struct sockaddr *to = (struct sockaddr *)&name;
    if (abstract_realise(network, &to, &length, &realised) && REAL(bind)(fd, to, length) == 0)
      return 0;
    if (errno != EADDRINUSE)
      return -1;
  }
  errno = ENOSPC;
  return -1;
}

int abstract_bind(const struct network *network, int fd, const struct sockaddr *address,
                  socklen_t length) {
  struct sockaddr_un local;
  if (length == PATH_AT && take_local(address, length, PATH_AT, &local))
    return bind_unnamed(network, fd);
  return abstract_realise(network, &address, &length, &local) ? REAL(bind)(fd, address, length)
                                                              : -1;
}
