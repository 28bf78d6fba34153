/* SPDX-License-Identifier: MIT
 *
 * Parts of the participant about what belongs to the machine and is simulated for each host: names
 * of local sockets and shared memory, temporary names, interfaces, the time since the start. The
 * lab's hosts are those of test_machine.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "tests/clock/participant.h"

static const char *result_of(int result) {
  return result < 0 ? strerrorname_np(errno) : "0";
}

/* Runs `body` on both hosts, on the second one after the first has ended or waits. */
static int on_both_hosts(void (*body)(const char *host)) {
  static const char *const hosts[] = {"server", "client"};
  int status, worst = 0;
  for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
    if (fork() == 0) {
      setenv(CLOCK_HOST_VARIABLE, hosts[i], 1);
      sleep((unsigned)i);
      body(hosts[i]);
      _exit(0);
    }
  while (wait(&status) > 0)
    worst |= status;
  return worst != 0;
}

/* ---- the abstract namespace ---- */

enum { PATH_AT = offsetof(struct sockaddr_un, sun_path) };

/* "NAME" after the first NUL; `size` counts it. */
static socklen_t make_local(struct sockaddr_un *out, const char *name, size_t size) {
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(out->sun_path + 1, name, strlen(name));
  return (socklen_t)(PATH_AT + size);
}

static const char *text_of(const struct sockaddr_un *name, socklen_t length) {
  static char text[160];
  snprintf(text, sizeof text, "%d bytes: %s%s", (int)length - PATH_AT,
           length > PATH_AT && !name->sun_path[0] ? "@" : "",
           length > PATH_AT ? name->sun_path + 1 : "");
  return text;
}

static int bind_local(int type, const char *name, size_t size) {
  struct sockaddr_un address;
  socklen_t length = make_local(&address, name, size);
  int fd = socket(AF_UNIX, type, 0);
  int result = bind(fd, (struct sockaddr *)&address, length);
  struct sockaddr_un own = {0};
  length = sizeof own;
  if (result == 0)
    need(getsockname(fd, (struct sockaddr *)&own, &length) == 0);
  say("bind %.8s: %s", name, result ? strerrorname_np(errno) : text_of(&own, length));
  return fd;
}

static void connect_local(const char *name) {
  struct sockaddr_un address;
  socklen_t length = make_local(&address, name, strlen(name) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int result = connect(fd, (struct sockaddr *)&address, length);
  say("connect %s: %s", name, result_of(result));
  length = sizeof address;
  if (result == 0 && getpeername(fd, (struct sockaddr *)&address, &length) == 0)
    say("peer %s", text_of(&address, length));
  close(fd);
}

/* From a socket that has a name to one that has, and who it was, by each way to receive. */
static void exchange_local(void) {
  struct sockaddr_un to, from = {0};
  socklen_t length = make_local(&to, "to", 3), from_length = sizeof from;
  int receiver = bind_local(SOCK_DGRAM, "to", 3), sender = bind_local(SOCK_DGRAM, "from", 5);
  char byte;
  need(sendto(sender, "x", 1, 0, (struct sockaddr *)&to, length) == 1);
  need(recvfrom(receiver, &byte, 1, 0, (struct sockaddr *)&from, &from_length) == 1);
  say("recvfrom %s", text_of(&from, from_length));
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_name = &to, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
  need(sendmsg(sender, &message, 0) == 1);
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  need(recvmsg(receiver, &message, 0) == 1);
  say("recvmsg %s", text_of(&from, message.msg_namelen));
  close(receiver);
  close(sender);
}

static void use_abstract_names(const char *host) {
  char longest[108];
  memset(longest, 'l', sizeof longest);
  say("%s", host);
  int both = bind_local(SOCK_STREAM, "both", 5);
  close(bind_local(SOCK_STREAM, "both", 5));
  if (strcmp(host, "server") == 0)
    need(listen(bind_local(SOCK_STREAM, "server", 7), 1) == 0);
  connect_local("server");
  close(bind_local(SOCK_STREAM, "padded", 108));
  longest[100] = '\0';
  close(bind_local(SOCK_STREAM, longest, 101));
  longest[100] = 'l';
  longest[101] = '\0';
  close(bind_local(SOCK_STREAM, longest, 102));
  int first = bind_local(SOCK_STREAM, "", 0), second = bind_local(SOCK_STREAM, "", 0);
  exchange_local();
  sleep(2); /* while the other host does the same */
  close(first);
  close(second);
  close(both);
}

static int part_abstract(int a, int b) {
  (void)a, (void)b;
  return on_both_hosts(use_abstract_names);
}

/* ---- shared memory, semaphores ---- */

static void use_shared_names(const char *host) {
  const int flags = O_CREAT | O_EXCL | O_RDWR;
  say("%s", host);
  int memory = shm_open("/sipfall-test", flags, 0600);
  say("shm_open %s", result_of(memory));
  say("again %s", result_of(shm_open("/sipfall-test", flags, 0600)));
  sem_t *semaphore = sem_open("/sipfall-test", O_CREAT | O_EXCL, 0600, 1);
  say("sem_open %s", semaphore == SEM_FAILED ? strerrorname_np(errno) : "0");
  need(sem_wait(semaphore) == 0);
  sleep(2); /* while the other host does the same */
  need(sem_open("/sipfall-test", 0) == semaphore);
  say("sem_unlink %s", result_of(sem_unlink("/sipfall-test")));
  if (strcmp(host, "server") == 0)
    say("shm_unlink %s", result_of(shm_unlink("/sipfall-test")));
}

static int part_shared(int a, int b) {
  (void)a, (void)b;
  return on_both_hosts(use_shared_names);
}

/* ---- temporary names ---- */

static void say_made(const char *call, int fd, const char *path) {
  need(fd >= 0 && fcntl(fd, F_GETFL) >= 0 && unlink(path) == 0);
  say("%s %s", call, path);
  close(fd);
}

static int part_temporary(int a, int b) {
  (void)a, (void)b;
  char path[64], directory[] = "/tmp/sipfall-test-XXXXXX";
  need(mkdtemp(directory) == directory && chdir(directory) == 0);
  struct stat status;
  need(stat(directory, &status) == 0 && (status.st_mode & 0777) == 0700);
  say("mkdtemp");
#define MAKE(template, call, ...)                                                                  \
  snprintf(path, sizeof path, "%s", template);                                                     \
  say_made(#call, call(__VA_ARGS__), path)
  MAKE("fileXXXXXX", mkstemp, path);
  MAKE("fileXXXXXX", mkstemp64, path);
  MAKE("fileXXXXXX", mkostemp, path, O_CLOEXEC);
  MAKE("fileXXXXXX", mkostemp64, path, O_CLOEXEC);
  MAKE("fileXXXXXX.c", mkstemps, path, 2);
  MAKE("fileXXXXXX.c", mkstemps64, path, 2);
  MAKE("fileXXXXXX.c", mkostemps, path, 2, O_APPEND);
  MAKE("fileXXXXXX.c", mkostemps64, path, 2, O_APPEND);
  say("no template: %s", result_of(mkstemp((char[]){"fileXXXXX"})));
  need(chdir("/") == 0 && rmdir(directory) == 0);
  return 0;
}

/* ---- when a message came ---- */

static void say_stamp(int fd, int type, const char *name) {
  char byte;
  _Alignas(struct cmsghdr) char control[128];
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct timespec stamp = {0};
  need(send(fd, "x", 1, 0) == 1);
  need(recvmsg(fd, &message, 0) == 1);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  while (header && (header->cmsg_level != SOL_SOCKET || header->cmsg_type != type))
    header = CMSG_NXTHDR(&message, header);
  need(header);
  memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
  say("%s %ld.%ld", name, (long)stamp.tv_sec, stamp.tv_nsec);
}

/* A UDP socket that is its own peer. */
static int make_echo(void) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof own;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  need(bind(fd, (struct sockaddr *)&own, length) == 0);
  need(getsockname(fd, (struct sockaddr *)&own, &length) == 0);
  need(connect(fd, (struct sockaddr *)&own, length) == 0);
  return fd;
}

static int part_stamps(int a, int b) {
  (void)a, (void)b;
  int fd = make_echo(), on = 1;
  usleep(250000);
  need(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof on) == 0);
  say_stamp(fd, SO_TIMESTAMP, "SO_TIMESTAMP");
  need(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0);
  say_stamp(fd, SO_TIMESTAMPNS, "SO_TIMESTAMPNS");
  /* Beside the other, because alone it gives none until the kernel has begun to stamp, soon. */
  int software = 1 << 3 | 1 << 4; /* SOF_TIMESTAMPING_RX_SOFTWARE, SOF_TIMESTAMPING_SOFTWARE */
  need(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &software, sizeof software) == 0);
  say_stamp(fd, SO_TIMESTAMPING, "SO_TIMESTAMPING");
  close(fd);
  fd = make_echo(); /* one whose stamps are no messages */
  need(send(fd, "x", 1, 0) == 1 && recv(fd, &(char){0}, 1, 0) == 1);
  struct timeval stamp;
  need(ioctl(fd, SIOCGSTAMP_OLD, &stamp) == 0);
  say("SIOCGSTAMP %ld.%ld", (long)stamp.tv_sec, (long)stamp.tv_usec);
  struct timespec finer;
  need(ioctl(fd, SIOCGSTAMPNS_OLD, &finer) == 0);
  say("SIOCGSTAMPNS %ld.%ld", (long)finer.tv_sec, finer.tv_nsec);
  return 0;
}

/* ---- since the start ---- */

static void say_file(const char *path) {
  char line[256];
  FILE *file = fopen(path, "r");
  need(file);
  while (fgets(line, sizeof line, file)) {
    size_t length = strcspn(line, "\n");
    while (length > 0 && line[length - 1] == ' ')
      length--;
    say("%.*s", (int)length, line);
  }
  fclose(file);
}

static int part_uptime(int a, int b) {
  (void)a, (void)b;
  struct tms used;
  struct sysinfo machine;
  long ticks = sysconf(_SC_CLK_TCK);
  clock_t before = times(NULL);
  usleep(2500000);
  say("times %ld", (long)(times(&used) - before) * 100 / ticks);
  say("by syscall() %ld", (syscall(SYS_times, &used) - before) * 100 / ticks);
  need(sysinfo(&machine) == 0 && machine.totalram > 0);
  say("sysinfo %ld", machine.uptime);
  need(syscall(SYS_sysinfo, &machine) == 0);
  say("by syscall() %ld", machine.uptime);
  say_file("/proc/uptime");
  return 0;
}

/* ---- interfaces ---- */

static const char *v4_text(const struct sockaddr *address) {
  static char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
}

static void say_interface(int fd, const char *name) {
  struct ifreq request;
#define ASK(what)                                                                                  \
  memset(&request, 0, sizeof request);                                                             \
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);                                 \
  need(ioctl(fd, what, &request) == 0)
  ASK(SIOCGIFNETMASK);
  say("%s mask %s", name, v4_text(&request.ifr_netmask));
  ASK(SIOCGIFBRDADDR);
  say("broadcast %s", v4_text(&request.ifr_broadaddr));
  ASK(SIOCGIFDSTADDR);
  say("destination %s", v4_text(&request.ifr_dstaddr));
  ASK(SIOCGIFHWADDR);
  const unsigned char *mac = (const unsigned char *)request.ifr_hwaddr.sa_data;
  say("hardware %d %02x:%02x:%02x:%02x:%02x:%02x", request.ifr_hwaddr.sa_family, mac[0], mac[1],
      mac[2], mac[3], mac[4], mac[5]);
  ASK(SIOCGIFMTU);
  say("mtu %d", request.ifr_mtu);
  ASK(SIOCGIFMETRIC);
  say("metric %d", request.ifr_metric);
  ASK(SIOCGIFTXQLEN);
  say("queue %d", request.ifr_qlen);
  say("SIOCSIFMTU %s", result_of(ioctl(fd, SIOCSIFMTU, &request)));
}

static int part_interface_requests(int a, int b) {
  (void)a, (void)b;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  say_interface(fd, "lo");
  say_interface(fd, "eth0");
  struct ifreq request = {.ifr_ifindex = 2};
  say("SIOCGIFNAME %s %s", result_of(ioctl(fd, SIOCGIFNAME, &request)), request.ifr_name);
  request.ifr_ifindex = 3;
  say("SIOCGIFNAME %s", result_of(ioctl(fd, SIOCGIFNAME, &request)));
  snprintf(request.ifr_name, sizeof request.ifr_name, "eth1");
  say("SIOCGIFMTU %s", result_of(ioctl(fd, SIOCGIFMTU, &request)));
  struct if_nameindex *list = if_nameindex();
  for (struct if_nameindex *entry = list; entry->if_index; entry++)
    say("%u %s", entry->if_index, entry->if_name);
  if_freenameindex(list);
  say("netlink %s", result_of(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)));
  return 0;
}

static void say_device(int fd) {
  char name[IFNAMSIZ] = "";
  unsigned index = 9;
  socklen_t length = sizeof name;
  int result = getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length);
  socklen_t index_length = sizeof index;
  need(getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &index_length) == 0);
  say("%s: %u bytes %s, index %u", result_of(result), length, name, index);
}

static int part_device(int a, int b) {
  (void)a, (void)b;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(5060), .sin_addr.s_addr = htonl(0x0a000001)};
  char room[4];
  socklen_t length = sizeof room;
  unsigned index = 1;
  say_device(fd);
  say("eth0 %s", result_of(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5)));
  say_device(fd);
  say("no room %s", result_of(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, room, &length)));
  say("send %s",
      result_of((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to) == 1 ? 0 : -1));
  say("eth1 %s", result_of(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth1", 5)));
  say("lo %s", result_of(setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof index)));
  say_device(fd);
  say("none %s", result_of(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 1)));
  say_device(fd);
  say("no socket %s", result_of(setsockopt(0, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5)));
  return 0;
}

static int part_network_files(int a, int b) {
  (void)a, (void)b;
  static const char *const paths[] = {"dev", "route", "if_inet6", "arp",
                                      "tcp", "tcp6",  "udp",      "udp6"};
  char path[32];
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    snprintf(path, sizeof path, "/proc/net/%s", paths[i]);
    say("%s", path);
    say_file(path);
  }
  return 0;
}

const struct part machine_parts[] = {
    {"abstract", part_abstract},
    {"shared-names", part_shared},
    {"temporary", part_temporary},
    {"stamps", part_stamps},
    {"uptime", part_uptime},
    {"interface-requests", part_interface_requests},
    {"device", part_device},
    {"network-files", part_network_files},
    {NULL, NULL},
};
