/* SPDX-License-Identifier: MIT
 *
 * Waiting for one descriptor in blocking mode, for the files of interposed calls that do; and the
 * writing calls that wait in between, because the kernel has room for a part only.
 */
#ifndef HARNESS_CLOCK_WAITS_H
#define HARNESS_CLOCK_WAITS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Waits in virtual time until a real call that reads (or accepts) will not block; at once when the
 * descriptor is in non-blocking mode. Returns 0, or -1 with errno EINTR after a signal, EAGAIN when
 * the socket's SO_RCVTIMEO is over, ECANCELED for a timer whose date was stepped. */
int await_readable(int fd);

/* The same for a real call that writes, or for the end of a connect; SO_SNDTIMEO is its time. */
int await_writable(int fd);

/* Waits until `ready` says so, as long as a call on this descriptor does; `option` is the one that
 * has its time, SO_RCVTIMEO or SO_SNDTIMEO. Returns as the others do. */
int await_ready_until(int fd, int option, int (*ready)(void *context), void *context);

/* Whether a descriptor is in non-blocking mode (or none). */
bool is_non_blocking(int fd);

/* The time of one of the two options, in ns; -1: none, or what is no socket. Keeps errno. */
int64_t socket_timeout_ns(int fd, int option);

/* As recvmsg, to the kernel; waits for the first bytes, or with MSG_WAITALL for all
 * (receive_all.c). */
ssize_t waiting_recvmsg(int fd, struct msghdr *message, int flags);

/* As sendmsg, write and writev, to the kernel (addresses are taken as they are). What could be sent
 * before an error counts, as POSIX has it. */
ssize_t waiting_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t waiting_write(int fd, const void *bytes, size_t size);
ssize_t waiting_writev(int fd, const struct iovec *parts, int count);

/* As sendfile: into a socket over IPv4 or IPv6 as if the program had read the file and sent it. */
ssize_t waiting_sendfile(int to, int from, off_t *offset, size_t size);

#endif
