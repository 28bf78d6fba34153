/* SPDX-License-Identifier: MIT
 *
 * Parts of the participant about what a host is told of itself and of names, by each form of the
 * calls that ask for it: those of large files, of programs built with _FORTIFY_SOURCE, with storage
 * or a state of the caller's, of programs older than glibc 2.34.
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock/segment.h"
#include "tests/clock/participant.h"
#include "tests/clock/participant_names.h"

/* ---- files and the host's name ---- */

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
int __gethostname_chk(char *name, size_t size, size_t capacity);

static void say_file(const char *name, int fd) {
  char text[HOST_NAME_MAX + 1] = "";
  need(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
  text[strcspn(text, "\n")] = '\0';
  say("%s %s", name, text);
  close(fd);
}

static int part_file_forms(int a, int b) {
  (void)a, (void)b;
  static const char path[] = "/etc/hostname";
  char name[HOST_NAME_MAX + 1] = "";
  say_file("open64", open64(path, O_RDONLY));
  say_file("openat64", openat64(AT_FDCWD, path, O_RDONLY));
  say_file("__open_2", __open_2(path, O_RDONLY));
  say_file("__open64_2", __open64_2(path, O_RDONLY));
  say_file("__openat_2", __openat_2(AT_FDCWD, path, O_RDONLY));
  say_file("__openat64_2", __openat64_2(AT_FDCWD, path, O_RDONLY));
  FILE *file = fopen64(path, "r");
  need(file && fgets(name, sizeof name, file) && fclose(file) == 0);
  say("fopen64 %.*s", (int)strcspn(name, "\n"), name);
  need(__gethostname_chk(name, sizeof name, sizeof name) == 0);
  say("__gethostname_chk %s", name);
  return 0;
}

/* ---- interfaces ---- */

static const char *text_of(const struct sockaddr *address) {
  static char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
}

static void ask_ethernet(int fd, struct ifreq *request, unsigned long what) {
  memset(request, 0, sizeof *request);
  snprintf(request->ifr_name, sizeof request->ifr_name, "eth0");
  need(ioctl(fd, what, request) == 0);
}

static int part_interfaces(int a, int b) {
  (void)a, (void)b;
  char names[2][IF_NAMESIZE];
  say("lo %u eth0 %u", if_nametoindex("lo"), if_nametoindex("eth0"));
  say("%s %s", if_indextoname(1, names[0]), if_indextoname(2, names[1]));
  need(if_nametoindex("eth1") == 0);
  say("eth1 %s", strerrorname_np(errno));
  need(!if_indextoname(3, names[0]));
  say("3 %s", strerrorname_np(errno));
  struct ifreq entries[4], request;
  struct ifconf list = {.ifc_len = sizeof entries, .ifc_req = entries};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  need(ioctl(fd, SIOCGIFCONF, &list) == 0);
  for (int i = 0; i < list.ifc_len / (int)sizeof entries[0]; i++)
    say("%s %s", entries[i].ifr_name, text_of(&entries[i].ifr_addr));
  ask_ethernet(fd, &request, SIOCGIFADDR);
  say("address %s", text_of(&request.ifr_addr));
  ask_ethernet(fd, &request, SIOCGIFFLAGS);
  say("up %d loopback %d", !!(request.ifr_flags & IFF_UP), !!(request.ifr_flags & IFF_LOOPBACK));
  ask_ethernet(fd, &request, SIOCGIFINDEX);
  say("index %d", request.ifr_ifindex);
  return 0;
}

/* ---- names ---- */

static pid_t start_server(void) {
  pid_t server = dns_server_start("server", "answers");
  setenv(CLOCK_HOST_VARIABLE, "client", 1);
  return server;
}

static void stop_server(pid_t server) {
  need(kill(server, SIGKILL) == 0 && waitpid(server, NULL, 0) == server);
}

static int part_host_forms(int a, int b) {
  (void)a, (void)b;
  char buffer[1024], text[INET6_ADDRSTRLEN];
  struct hostent entry, *found;
  struct in_addr address = {.s_addr = htonl(0xc0000201)}; /* 192.0.2.1 */
  int host_error;
  pid_t server = start_server();
  need(gethostbyname2_r("six.example", AF_INET6, &entry, buffer, sizeof buffer, &found,
                        &host_error) == 0);
  say("gethostbyname2_r %s", inet_ntop(AF_INET6, found->h_addr_list[0], text, sizeof text));
  need(gethostbyaddr_r(&address, sizeof address, AF_INET, &entry, buffer, sizeof buffer, &found,
                       &host_error) == 0);
  say("gethostbyaddr_r %s", found->h_name);
  need(gethostbyaddr_r(&address, sizeof address, AF_INET, &entry, buffer, 8, &found, &host_error) ==
       ERANGE);
  stop_server(server);
  return 0;
}

/* What a program built before glibc 2.34 calls: names that the linker gives to nobody any more, in
 * the version that the C library began with on this machine. */
#ifdef __x86_64__
#define FIRST_VERSION "GLIBC_2.2.5"
#else
#define FIRST_VERSION "GLIBC_2.17"
#endif
#define OLD_NAME(name)                                                                             \
  extern __typeof__(name) old_##name;                                                              \
  __asm__(".symver old_" #name ", __" #name "@" FIRST_VERSION);
OLD_NAME(res_mkquery)
OLD_NAME(res_nmkquery)
OLD_NAME(res_send)
OLD_NAME(res_nsend)
OLD_NAME(res_query)
OLD_NAME(res_nquery)
OLD_NAME(res_search)
OLD_NAME(res_nsearch)
OLD_NAME(res_querydomain)
OLD_NAME(res_nquerydomain)

struct query {
  unsigned char bytes[NS_PACKETSZ];
  int length;
};

static unsigned id_of(const struct query *query) {
  return ntohs(((const HEADER *)query->bytes)->id);
}

static unsigned char answer[NS_PACKETSZ];

static void say_answer(const char *name, int length) {
  need(length > NS_HFIXEDSZ);
  say("%s: %u records", name, ntohs(((const HEADER *)answer)->ancount));
}

/* The calls with a name, each with another one of the resolver's questions. */
static int part_resolver_forms(int a, int b) {
  (void)a, (void)b;
  struct __res_state state = {0};
  pid_t server = start_server();
  need(res_ninit(&state) == 0);
#define ASK(call, ...) say_answer(#call, call(__VA_ARGS__, ns_c_in, ns_t_a, answer, sizeof answer))
  ASK(res_nsearch, &state, "a.example");
  ASK(res_nquerydomain, &state, "a", "example");
  ASK(old_res_query, "a.example");
  ASK(old_res_nquery, &state, "a.example");
  ASK(old_res_search, "a.example");
  ASK(old_res_nsearch, &state, "a.example");
  ASK(old_res_querydomain, "a", "example");
  ASK(old_res_nquerydomain, &state, "a", "example");
  res_nclose(&state);
  stop_server(server);
  return 0;
}

/* The calls that make a message or take one. Its id is drawn from the run's seed. */
static int part_message_forms(int a, int b) {
  (void)a, (void)b;
  struct __res_state state = {0};
  struct query query;
  pid_t server = start_server();
  need(res_ninit(&state) == 0);
#define MAKE(call, ...)                                                                            \
  query.length = call(__VA_ARGS__ ns_o_query, "a.example", ns_c_in, ns_t_a, NULL, 0, NULL,         \
                      query.bytes, sizeof query.bytes);                                            \
  say(#call " %d bytes, id %u", query.length, id_of(&query));
  MAKE(res_nmkquery, &state, )
  say_answer("res_nsend", res_nsend(&state, query.bytes, query.length, answer, sizeof answer));
  MAKE(res_mkquery, )
  MAKE(old_res_mkquery, )
  say_answer("old_res_send", old_res_send(query.bytes, query.length, answer, sizeof answer));
  MAKE(old_res_nmkquery, &state, )
  say_answer("old_res_nsend",
             old_res_nsend(&state, query.bytes, query.length, answer, sizeof answer));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* it is there all the same */
  say("res_randomid %u", res_randomid());
#pragma GCC diagnostic pop
  res_nclose(&state);
  stop_server(server);
  return 0;
}

const struct part name_form_parts[] = {
    {"file-forms", part_file_forms},       {"interfaces", part_interfaces},
    {"host-forms", part_host_forms},       {"resolver-forms", part_resolver_forms},
    {"message-forms", part_message_forms}, {NULL, NULL},
};
