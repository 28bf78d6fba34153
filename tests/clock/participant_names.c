/* SPDX-License-Identifier: MIT
 *
 * The part of the participant that looks names up in each way that the C library has, and prints
 * what it got and when. Commands:
 *
 *   addrinfo:NAME,SERVICE,WORD…   getaddrinfo; "-" is NULL; words are hints (see below)
 *   info:ADDRESS,WORD…            getnameinfo; "dgram", "numeric", "required"
 *   byname:NAME  byname2:NAME,4|6  byname_r:NAME,SIZE  byaddr:ADDRESS
 *   servers                       what res_ninit fills in
 *   query|search|nquery|send:NAME,TYPE   querydomain:NAME,DOMAIN
 *   timeout:SECONDS,ATTEMPTS      of this thread's resolver
 *   read:PATH  fopen:PATH  openat:PATH  hostname
 *   run:PROGRAM,ARGUMENT,…        somebody else's program
 */
#include "tests/clock/participant_names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clock/participant.h"

enum { WORDS_MAX = 8, SERVERS_MAX = 3, SHOWN_MAX = 6, TEXT_SIZE = 400 };

/* Text that is put together piece by piece. */
struct text {
  char bytes[TEXT_SIZE];
  size_t length;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length =
      vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, arguments);
  va_end(arguments);
  if (length < 0 || text->length + (size_t)length >= sizeof text->bytes)
    abort();
  text->length += (size_t)length;
}

/* ---- getaddrinfo, getnameinfo ---- */

static const struct hint {
  const char *word;
  int family, type, flag;
} hint_words[] = {
    {.word = "v4", .family = AF_INET},
    {.word = "v6", .family = AF_INET6},
    {.word = "stream", .type = SOCK_STREAM},
    {.word = "dgram", .type = SOCK_DGRAM},
    {.word = "raw", .type = SOCK_RAW},
    {.word = "odd-family", .family = AF_UNIX},
    {.word = "passive", .flag = AI_PASSIVE},
    {.word = "canonical", .flag = AI_CANONNAME},
    {.word = "numeric", .flag = AI_NUMERICHOST},
    {.word = "number", .flag = AI_NUMERICSERV},
    {.word = "configured", .flag = AI_ADDRCONFIG},
    {.word = "mapped", .flag = AI_V4MAPPED},
    {.word = "all", .flag = AI_ALL},
    {.word = "odd-flag", .flag = 0x8000},
};

static struct addrinfo hints_of(char **words) {
  struct addrinfo hints = {0};
  for (; *words; words++)
    for (size_t i = 0; i < sizeof hint_words / sizeof hint_words[0]; i++)
      if (strcmp(*words, hint_words[i].word) == 0) {
        hints.ai_family |= hint_words[i].family;
        hints.ai_socktype |= hint_words[i].type;
        hints.ai_flags |= hint_words[i].flag;
      }
  return hints;
}

static void add_address(struct text *text, const struct sockaddr *address) {
  char digits[INET6_ADDRSTRLEN];
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    add(text, " %s:%u", inet_ntop(AF_INET, &v4->sin_addr, digits, sizeof digits),
        ntohs(v4->sin_port));
    return;
  }
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
  add(text, " [%s", inet_ntop(AF_INET6, &v6->sin6_addr, digits, sizeof digits));
  if (v6->sin6_scope_id)
    add(text, "%%%u", v6->sin6_scope_id);
  add(text, "]:%u", ntohs(v6->sin6_port));
}

static const char *none(const char *word) {
  return strcmp(word, "-") == 0 ? NULL : word;
}

/* Without words, only datagrams are asked for, to see each address once. */
static void command_addrinfo(char **words) {
  struct text text = {0};
  struct addrinfo hints = hints_of(words + 2), *list = NULL;
  if (!words[2])
    hints.ai_socktype = SOCK_DGRAM;
  int error = getaddrinfo(none(words[0]), none(words[1]), &hints, &list);
  if (error)
    add(&text, " %s", gai_strerror(error));
  int count = 0;
  for (struct addrinfo *entry = list; entry; entry = entry->ai_next) {
    if (++count > SHOWN_MAX)
      continue;
    add_address(&text, entry->ai_addr);
    if (hints.ai_socktype == 0)
      add(&text, "/%d/%d", entry->ai_socktype, entry->ai_protocol);
    if (entry->ai_canonname)
      add(&text, "=%s", entry->ai_canonname);
  }
  if (count > SHOWN_MAX)
    add(&text, ", %d in all", count);
  if (list)
    freeaddrinfo(list);
  say("addrinfo %s:%s", words[0], text.bytes);
}

static socklen_t read_address(const char *digits, struct sockaddr_storage *out) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  v4->sin_port = htons(5060); /* at the same place in both */
  if (inet_pton(AF_INET, digits, &v4->sin_addr) == 1) {
    out->ss_family = AF_INET;
    return sizeof *v4;
  }
  if (inet_pton(AF_INET6, digits, &v6->sin6_addr) != 1)
    abort();
  out->ss_family = AF_INET6;
  if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
    v6->sin6_scope_id = 2;
  return sizeof *v6;
}

static void command_info(char **words) {
  struct sockaddr_storage address;
  socklen_t length = read_address(words[0], &address);
  char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
  int flags = 0;
  for (int i = 1; words[i]; i++)
    flags |= strcmp(words[i], "numeric") == 0    ? NI_NUMERICHOST
             : strcmp(words[i], "required") == 0 ? NI_NAMEREQD
             : strcmp(words[i], "dgram") == 0    ? NI_DGRAM
                                                 : 0;
  int error = getnameinfo((struct sockaddr *)&address, length, host, sizeof host, service,
                          sizeof service, flags);
  say("info %s: %s%s%s", words[0], error ? gai_strerror(error) : host, error ? "" : " ",
      error ? "" : service);
}

/* ---- gethostby* ---- */

static void say_entry(const char *what, const char *name, const struct hostent *entry, int error) {
  struct text text = {0};
  if (!entry)
    add(&text, " %s", hstrerror(error));
  else
    add(&text, " %s", entry->h_name);
  for (int i = 0; entry && entry->h_aliases[i]; i++)
    add(&text, " (%s)", entry->h_aliases[i]);
  for (int i = 0; entry && entry->h_addr_list[i]; i++) {
    char digits[INET6_ADDRSTRLEN];
    add(&text, " %s", inet_ntop(entry->h_addrtype, entry->h_addr_list[i], digits, sizeof digits));
  }
  say("%s %s:%s", what, name, text.bytes);
}

static void command_byname(char **words) {
  const struct hostent *entry = gethostbyname(words[0]);
  say_entry("byname", words[0], entry, h_errno);
}

static void command_byname2(char **words) {
  const struct hostent *entry =
      gethostbyname2(words[0], strcmp(words[1], "6") == 0 ? AF_INET6 : AF_INET);
  say_entry("byname2", words[0], entry, h_errno);
}

static void command_byname_r(char **words) {
  char buffer[1024];
  struct hostent entry, *found;
  size_t size = (size_t)strtoul(words[1], NULL, 10);
  int host_error;
  need(size <= sizeof buffer);
  int error = gethostbyname_r(words[0], &entry, buffer, size, &found, &host_error);
  if (error)
    say("byname_r %s: %s", words[0], error == ERANGE ? "ERANGE" : "EAGAIN");
  else
    say_entry("byname_r", words[0], found, host_error);
}

static void command_byaddr(char **words) {
  struct sockaddr_storage address;
  read_address(words[0], &address);
  const struct hostent *entry = address.ss_family == AF_INET
                                    ? gethostbyaddr(&((struct sockaddr_in *)&address)->sin_addr,
                                                    sizeof(struct in_addr), AF_INET)
                                    : gethostbyaddr(&((struct sockaddr_in6 *)&address)->sin6_addr,
                                                    sizeof(struct in6_addr), AF_INET6);
  say_entry("byaddr", words[0], entry, h_errno);
}

/* ---- res_* ---- */

static void say_answer(const char *what, const char *name, const unsigned char *answer,
                       int length) {
  if (length < 0)
    say("%s %s: %s", what, name, hstrerror(h_errno));
  else
    say("%s %s: code %u, %u records", what, name, ((const HEADER *)answer)->rcode,
        ntohs(((const HEADER *)answer)->ancount));
}

static unsigned char answer_room[65536];

static void command_query(char **words) {
  int type = (int)strtol(words[1], NULL, 10);
  say_answer("query", words[0], answer_room,
             res_query(words[0], ns_c_in, type, answer_room, sizeof answer_room));
}

static void command_search(char **words) {
  int type = (int)strtol(words[1], NULL, 10);
  say_answer("search", words[0], answer_room,
             res_search(words[0], ns_c_in, type, answer_room, sizeof answer_room));
}

static void command_querydomain(char **words) {
  say_answer("querydomain", words[0], answer_room,
             res_querydomain(words[0], words[1], ns_c_in, ns_t_a, answer_room, sizeof answer_room));
}

static void command_nquery(char **words) {
  struct __res_state state = {0};
  int type = (int)strtol(words[1], NULL, 10);
  if (res_ninit(&state))
    abort();
  say_answer("nquery", words[0], answer_room,
             res_nquery(&state, words[0], ns_c_in, type, answer_room, sizeof answer_room));
  res_nclose(&state);
}

static void command_send(char **words) {
  unsigned char query[NS_PACKETSZ];
  int type = (int)strtol(words[1], NULL, 10),
      length = res_mkquery(ns_o_query, words[0], ns_c_in, type, NULL, 0, NULL, query, sizeof query);
  int answered = res_send(query, length, answer_room, sizeof answer_room);
  if (answered < 0)
    say("send %s: %s", words[0], errno == ETIMEDOUT ? "ETIMEDOUT" : "ECONNREFUSED");
  else
    say_answer("send", words[0], answer_room, answered);
}

static void command_servers(char **words) {
  struct __res_state state = {0};
  struct text text = {0};
  (void)words;
  if (res_ninit(&state))
    abort();
  for (int i = 0; i < state.nscount; i++)
    add_address(&text, state.nsaddr_list[i].sin_family
                           ? (struct sockaddr *)&state.nsaddr_list[i]
                           : (struct sockaddr *)state._u._ext.nsaddrs[i]);
  res_nclose(&state);
  say("servers:%s, %d s, %d attempts", text.bytes, state.retrans, state.retry);
}

static void command_timeout(char **words) {
  if (res_init())
    abort();
  _res.retrans = (int)strtol(words[0], NULL, 10);
  _res.retry = (int)strtol(words[1], NULL, 10);
}

/* ---- files ---- */

static void say_file(const char *path, const char *bytes, size_t length) {
  struct text text = {0};
  for (size_t i = 0; i < length; i++)
    add(&text, "%c", bytes[i] == '\n' ? '|' : bytes[i]);
  say("%s: %s", path, text.bytes);
}

static void read_descriptor(const char *path, int fd) {
  char bytes[TEXT_SIZE];
  ssize_t length = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
  if (length < 0)
    abort();
  say_file(path, bytes, (size_t)length);
  close(fd);
}

static void command_read(char **words) {
  read_descriptor(words[0], open(words[0], O_RDONLY));
}

static void command_openat(char **words) {
  read_descriptor(words[0], openat(AT_FDCWD, words[0], O_RDONLY | O_CLOEXEC));
}

static void command_fopen(char **words) {
  char bytes[TEXT_SIZE];
  FILE *file = fopen(words[0], "re");
  if (!file)
    abort();
  say_file(words[0], bytes, fread(bytes, 1, sizeof bytes, file));
  fclose(file);
}

static void command_hostname(char **words) {
  char name[HOST_NAME_MAX + 1], cut[4] = "";
  struct utsname system;
  (void)words;
  if (gethostname(name, sizeof name) || uname(&system))
    abort();
  int error = gethostname(cut, sizeof cut) ? errno : 0;
  say("hostname: %s %s %s", name, system.nodename, error == ENAMETOOLONG ? "ENAMETOOLONG" : "fits");
}

/* ---- another program ---- */

static void command_run(char **words) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execv(words[0], words);
    _exit(127);
  }
  need(waitpid(child, &status, 0) == child);
  say("%s: status %d", words[0], WEXITSTATUS(status));
}

/* ---- commands ---- */

static const struct command {
  const char *name;
  void (*run)(char **words);
} commands[] = {
    {"addrinfo", command_addrinfo}, {"info", command_info},
    {"byname", command_byname},     {"byname2", command_byname2},
    {"byname_r", command_byname_r}, {"byaddr", command_byaddr},
    {"query", command_query},       {"search", command_search},
    {"nquery", command_nquery},     {"send", command_send},
    {"servers", command_servers},   {"querydomain", command_querydomain},
    {"timeout", command_timeout},   {"read", command_read},
    {"openat", command_openat},     {"fopen", command_fopen},
    {"hostname", command_hostname}, {"run", command_run},
};

/* Cuts "WHAT:ARGUMENT,…" in place; a second colon belongs to an argument. */
static void run_command(char *command) {
  char *words[WORDS_MAX + 1] = {NULL}, *rest = strchr(command, ':');
  int count = 0;
  if (rest)
    *rest++ = '\0';
  while (rest && count < WORDS_MAX)
    words[count++] = strsep(&rest, ",");
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(command, commands[i].name) == 0) {
      commands[i].run(words);
      return;
    }
  abort();
}

int part_names(char **arguments) {
  pid_t servers[SERVERS_MAX];
  int count = 0;
  for (; *arguments && !strchr(*arguments, ':') && strchr(*arguments, '='); arguments++) {
    const char *host = strsep(arguments, "=");
    if (count == SERVERS_MAX)
      abort();
    servers[count++] = dns_server_start(host, *arguments);
  }
  for (; *arguments; arguments++)
    run_command(*arguments);
  while (count > 0) {
    kill(servers[--count], SIGKILL);
    waitpid(servers[count], NULL, 0);
  }
  return 0;
}
