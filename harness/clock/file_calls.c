/* SPDX-License-Identifier: MIT
 *
 * Interposed: opening files, because some say what the network is (resolv.conf and its like, and
 * those of /proc/net), one how long the machine has run, and one is random; and asking for the
 * host's name. In a lab with a simulated network these say what
 * the network's table says. Programs that read them: c-ares, libre, dig; the C library's own
 * resolver reads them by calls that can't be interposed, and is replaced (resolver.h).
 *
 * Only reading is ours. Status calls (stat) tell of the machine's own files.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/clock/address_calls.h"
#include "harness/clock/fifo.h"
#include "harness/clock/hosts_table.h"
#include "harness/clock/identity_calls.h"
#include "harness/clock/network_files.h"
#include "harness/clock/random_calls.h"
#include "harness/clock/real.h"
#include "harness/clock/turn.h"

/* ---- what the files say ---- */

static void print_address(FILE *file, const struct in6_addr *address) {
  char text[INET6_ADDRSTRLEN];
  bool v4 = IN6_IS_ADDR_V4MAPPED(address);
  fputs(inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &address->s6_addr[12] : address->s6_addr, text,
                  sizeof text),
        file);
}

static void print_resolv_conf(FILE *file, const struct network *network, int host) {
  (void)host;
  for (uint32_t i = 0; i < network->nameservers; i++) {
    fputs("nameserver ", file);
    print_address(file, &network->nameserver[i]);
    fputs("\n", file);
  }
}

static void print_hosts(FILE *file, const struct network *network, int host) {
  struct hosts_entry entry;
  for (unsigned n = 0; hosts_table_entry(network, host, n, &entry); n++) {
    print_address(file, &entry.address);
    fprintf(file, " %s\n", entry.name);
  }
}

static void print_hostname(FILE *file, const struct network *network, int host) {
  fprintf(file, "%s\n", network->host[host].name);
}

/* Since the machine was started, and the time in which it had nothing to do. */
static void print_uptime(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fprintf(file, "%.2f 0.00\n", (double)turn_now_ns() / 1e9);
}

/* What name_lookup.h does, in the words of nsswitch.conf(5). */
static void print_nsswitch_conf(FILE *file, const struct network *network, int host) {
  (void)network, (void)host;
  fputs("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n"
        "protocols: files\nservices: files\n",
        file);
}

static const struct lab_file {
  const char *path;
  void (*print)(FILE *file, const struct network *network, int host);
} lab_files[] = {
    {"/etc/resolv.conf", print_resolv_conf}, {"/etc/hosts", print_hosts},
    {"/etc/hostname", print_hostname},       {"/etc/nsswitch.conf", print_nsswitch_conf},
    {"/proc/uptime", print_uptime},          {"/proc/net/dev", network_file_dev},
    {"/proc/net/route", network_file_route}, {"/proc/net/if_inet6", network_file_if_inet6},
    {"/proc/net/arp", network_file_arp},     {"/proc/net/tcp", network_file_tcp},
    {"/proc/net/tcp6", network_file_tcp6},   {"/proc/net/udp", network_file_udp},
    {"/proc/net/udp6", network_file_udp6},
};

/* NULL: not one of ours. */
static const struct lab_file *find_file(const char *path) {
  if (!address_network() || !path)
    return NULL;
  for (size_t i = 0; i < sizeof lab_files / sizeof lab_files[0]; i++)
    if (strcmp(path, lab_files[i].path) == 0)
      return &lab_files[i];
  return NULL;
}

/* A descriptor that reads what the file says; -1 with errno. */
static int open_lab_file(const struct lab_file *lab_file, int flags) {
  const struct network *network = address_network();
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (!file)
    return -1;
  lab_file->print(file, network, address_own_host(network));
  int fd =
      fclose(file) == 0 ? memfd_create(lab_file->path, flags & O_CLOEXEC ? MFD_CLOEXEC : 0) : -1;
  if (fd >= 0 && pwrite(fd, text, size, 0) != (ssize_t)size) {
    close(fd);
    fd = -1;
  }
  free(text);
  return fd;
}

/* ---- open ---- */

/* Writing goes to the file itself, as its permissions say. */
static const struct lab_file *find_for_reading(const char *path, int flags) {
  return (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_PATH | O_DIRECTORY)) ? find_file(path)
                                                                              : NULL;
}

#define MODE_OF(flags)                                                                             \
  (__extension__({                                                                                 \
    mode_t given = 0;                                                                              \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                       \
      va_list arguments;                                                                           \
      va_start(arguments, flags);                                                                  \
      given = va_arg(arguments, mode_t);                                                           \
      va_end(arguments);                                                                           \
    }                                                                                              \
    given;                                                                                         \
  }))

INTERPOSED int open(const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags);
  int fd;
  if (fifo_open(AT_FDCWD, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags) : REAL(open)(REALISED_PATH(path), flags, mode);
}

INTERPOSED int open64(const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags);
  int fd;
  if (fifo_open(AT_FDCWD, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags) : REAL(open64)(REALISED_PATH(path), flags, mode);
}

INTERPOSED int openat(int directory, const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags);
  int fd;
  if (fifo_open(directory, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags)
                  : REAL(openat)(directory, REALISED_PATH(path), flags, mode);
}

INTERPOSED int openat64(int directory, const char *path, int flags, ...) {
  mode_t mode = MODE_OF(flags);
  int fd;
  if (fifo_open(directory, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags)
                  : REAL(openat64)(directory, REALISED_PATH(path), flags, mode);
}

/* What programs built with _FORTIFY_SOURCE call. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);

INTERPOSED int __open_2(const char *path, int flags) {
  int fd;
  if (fifo_open(AT_FDCWD, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags) : REAL(__open_2)(REALISED_PATH(path), flags);
}

INTERPOSED int __open64_2(const char *path, int flags) {
  int fd;
  if (fifo_open(AT_FDCWD, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags) : REAL(__open64_2)(REALISED_PATH(path), flags);
}

INTERPOSED int __openat_2(int directory, const char *path, int flags) {
  int fd;
  if (fifo_open(directory, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags)
                  : REAL(__openat_2)(directory, REALISED_PATH(path), flags);
}

INTERPOSED int __openat64_2(int directory, const char *path, int flags) {
  int fd;
  if (fifo_open(directory, path, flags, &fd))
    return fd;
  const struct lab_file *lab_file = find_for_reading(path, flags);
  return lab_file ? open_lab_file(lab_file, flags)
                  : REAL(__openat64_2)(directory, REALISED_PATH(path), flags);
}

/* ---- fopen ---- */

/* NULL: the real call's. */
static FILE *fopen_lab_file(const char *path, const char *mode) {
  if (mode[0] != 'r' || strchr(mode, '+'))
    return NULL;
  const struct lab_file *lab_file = find_file(path);
  int fd = lab_file ? open_lab_file(lab_file, strchr(mode, 'e') ? O_CLOEXEC : 0) : -1;
  FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
  if (fd >= 0 && !file)
    close(fd);
  return file;
}

INTERPOSED FILE *fopen(const char *restrict path, const char *restrict mode) {
  FILE *file;
  if (fifo_fopen(path, mode, &file))
    return file;
  file = random_device_fopen(path, mode);
  if (!file)
    file = fopen_lab_file(path, mode);
  return file ? file : REAL(fopen)(REALISED_PATH(path), mode);
}

INTERPOSED FILE *fopen64(const char *restrict path, const char *restrict mode) {
  FILE *file;
  if (fifo_fopen(path, mode, &file))
    return file;
  file = random_device_fopen(path, mode);
  if (!file)
    file = fopen_lab_file(path, mode);
  return file ? file : REAL(fopen64)(REALISED_PATH(path), mode);
}

/* ---- the host's name ---- */

_Static_assert(NETWORK_NAME_SIZE <= sizeof((struct utsname *)0)->nodename,
               "the name of a host fits uname()");

INTERPOSED int uname(struct utsname *out) {
  const struct network *network = address_network();
  int result = REAL(uname)(out);
  if (result == 0 && network)
    snprintf(out->nodename, sizeof out->nodename, "%s",
             network->host[address_own_host(network)].name);
  return result;
}

/* A name that is cut is an error as well, as in glibc. */
INTERPOSED int gethostname(char *name, size_t size) {
  const struct network *network = address_network();
  if (!network)
    return REAL(gethostname)(name, size);
  const char *own = network->host[address_own_host(network)].name;
  size_t length = strlen(own) + 1;
  memcpy(name, own, length < size ? length : size);
  if (length <= size)
    return 0;
  errno = ENAMETOOLONG;
  return -1;
}

int __gethostname_chk(char *name, size_t size, size_t capacity);

INTERPOSED int __gethostname_chk(char *name, size_t size, size_t capacity) {
  if (size > capacity)
    abort();
  return gethostname(name, size);
}
