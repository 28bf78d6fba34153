/* SPDX-License-Identifier: MIT
 *
 * DNS servers for the participant that looks names up: each a process on a host of its own, over
 * UDP and TCP at port 53, with one small zone. All names end in .example:
 *
 *   a       A 192.0.2.1, 192.0.2.2     both   A 192.0.2.3, AAAA 2001:db8::3
 *   six     AAAA 2001:db8::6           alias  CNAME both       dangling  CNAME nx
 *   big     40 A; cut over UDP         empty  no records       nx        does not exist
 *   fails   SERVFAIL                   silent no answer        half      A 192.0.2.8; no answer to
 * AAAA
 *
 * and the pointers of 192.0.2.1 (a) and 2001:db8::3 (both).
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/clock/participant.h"
#include "tests/clock/participant_names.h"

enum { MESSAGE_SIZE = 4096, BIG_RECORDS = 40, LATE_S = 7 };

struct message {
  unsigned char bytes[MESSAGE_SIZE];
  size_t length;
};

struct question {
  char name[NS_MAXDNAME];
  unsigned type;
  size_t end; /* where it ends in the query */
};

static bool read_question(const struct message *query, struct question *question) {
  const unsigned char *end = query->bytes + query->length, *at = query->bytes + NS_HFIXEDSZ;
  int length = query->length > NS_HFIXEDSZ
                   ? dn_expand(query->bytes, end, at, question->name, sizeof question->name)
                   : -1;
  if (length < 0 || end - at < length + NS_QFIXEDSZ)
    return false;
  at += length;
  NS_GET16(question->type, at);
  question->end = (size_t)(at - query->bytes) + NS_INT16SZ;
  return true;
}

/* Appends a record of a name that is compressed to `owner`, an offset in the message. Returns where
 * its data begin. */
static size_t append(struct message *answer, unsigned owner, unsigned type, const void *data,
                     size_t length) {
  unsigned char *at = answer->bytes + answer->length;
  NS_PUT16(0xc000u | owner, at);
  NS_PUT16(type, at);
  NS_PUT16(ns_c_in, at);
  NS_PUT32(300, at);
  NS_PUT16(length, at);
  memcpy(at, data, length);
  answer->length = (size_t)(at - answer->bytes) + length;
  ((HEADER *)answer->bytes)->ancount =
      htons((uint16_t)(ntohs(((HEADER *)answer->bytes)->ancount) + 1));
  return (size_t)(at - answer->bytes);
}

static void append_text(struct message *answer, unsigned owner, int family, const char *text) {
  unsigned char address[sizeof(struct in6_addr)];
  if (inet_pton(family, text, address) != 1)
    abort();
  append(answer, owner, family == AF_INET ? ns_t_a : ns_t_aaaa, address,
         family == AF_INET ? NS_INADDRSZ : NS_IN6ADDRSZ);
}

/* A name as the data of a CNAME or PTR. Returns where it begins. */
static unsigned append_name(struct message *answer, unsigned type, const char *name) {
  unsigned char data[NS_MAXCDNAME];
  int length = dn_comp(name, data, sizeof data, NULL, NULL);
  return (unsigned)append(answer, NS_HFIXEDSZ, type, data, (size_t)length);
}

static void append_both(struct message *answer, unsigned owner, unsigned type) {
  if (type == ns_t_a)
    append_text(answer, owner, AF_INET, "192.0.2.3");
  if (type == ns_t_aaaa)
    append_text(answer, owner, AF_INET6, "2001:db8::3");
}

static void append_big(struct message *answer) {
  for (int i = 0; i < BIG_RECORDS; i++) {
    char text[INET_ADDRSTRLEN];
    snprintf(text, sizeof text, "198.51.100.%d", i + 1);
    append_text(answer, NS_HFIXEDSZ, AF_INET, text);
  }
}

static bool is(const struct question *question, const char *name) {
  size_t length = strlen(name);
  return strncasecmp(question->name, name, length) == 0 &&
         (strcasecmp(question->name + length, ".example") == 0 || question->name[length] == '\0');
}

/* Fills in the records. Returns the response code, or -1 for no answer. */
static int answer_question(const struct question *question, bool over_udp, struct message *answer) {
  unsigned type = question->type, owner = NS_HFIXEDSZ;
  if (is(question, "silent") || (is(question, "half") && type == ns_t_aaaa))
    return -1;
  if (is(question, "fails"))
    return ns_r_servfail;
  if (is(question, "a") && type == ns_t_a) {
    append_text(answer, owner, AF_INET, "192.0.2.1");
    append_text(answer, owner, AF_INET, "192.0.2.2");
  } else if (is(question, "both")) {
    append_both(answer, owner, type);
  } else if (is(question, "alias")) {
    append_both(answer, append_name(answer, ns_t_cname, "both.example"), type);
  } else if (is(question, "dangling")) {
    append_name(answer, ns_t_cname, "nx.example");
  } else if (is(question, "six") && type == ns_t_aaaa) {
    append_text(answer, owner, AF_INET6, "2001:db8::6");
  } else if (is(question, "half")) {
    append_text(answer, owner, AF_INET, "192.0.2.8");
  } else if (is(question, "big") && type == ns_t_a && over_udp) {
    ((HEADER *)answer->bytes)->tc = 1;
  } else if (is(question, "big") && type == ns_t_a) {
    append_big(answer);
  } else if (is(question, "1.2.0.192.in-addr.arpa")) {
    append_name(answer, ns_t_ptr, "a.example");
  } else if (is(question,
                "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")) {
    append_name(answer, ns_t_ptr, "both.example");
  } else if (!is(question, "a") && !is(question, "six") && !is(question, "empty") &&
             !is(question, "big")) {
    return ns_r_nxdomain;
  }
  return ns_r_noerror;
}

/* Makes the answer to a query. False: there is none. */
static bool make_answer(const char *host, const char *behaviour, bool over_udp,
                        const struct message *query, struct message *answer) {
  struct question question;
  if (!read_question(query, &question))
    abort();
  say("%s: %s %s type %u", host, over_udp ? "UDP" : "TCP", question.name, question.type);
  if (strcmp(behaviour, "is-silent") == 0)
    return false;
  if (strcmp(behaviour, "is-late") == 0)
    sleep(LATE_S);
  memcpy(answer->bytes, query->bytes, question.end);
  answer->length = question.end;
  HEADER *header = (HEADER *)answer->bytes;
  header->qr = header->ra = 1;
  header->ancount = header->nscount = header->arcount = 0;
  int code = strcmp(behaviour, "fails") == 0 ? ns_r_servfail
                                             : answer_question(&question, over_udp, answer);
  header->rcode = code < 0 ? 0u : (unsigned)code & 0xfu;
  return code >= 0;
}

static void serve_datagram(const char *host, const char *behaviour, int fd) {
  struct message query, answer;
  struct sockaddr_storage from;
  socklen_t from_length = sizeof from;
  ssize_t length =
      recvfrom(fd, query.bytes, sizeof query.bytes, 0, (struct sockaddr *)&from, &from_length);
  if (length < 0)
    abort();
  query.length = (size_t)length;
  if (make_answer(host, behaviour, true, &query, &answer) &&
      sendto(fd, answer.bytes, answer.length, 0, (struct sockaddr *)&from, from_length) < 0)
    abort();
}

static void serve_connection(const char *host, const char *behaviour, int listener) {
  int fd = accept(listener, NULL, NULL);
  uint16_t length;
  while (recv(fd, &length, sizeof length, MSG_WAITALL) == sizeof length) {
    struct message query = {.length = ntohs(length)}, answer;
    if (recv(fd, query.bytes, query.length, MSG_WAITALL) != (ssize_t)query.length)
      abort();
    if (!make_answer(host, behaviour, false, &query, &answer))
      continue;
    length = htons((uint16_t)answer.length);
    if (send(fd, &length, sizeof length, 0) != sizeof length ||
        send(fd, answer.bytes, answer.length, 0) != (ssize_t)answer.length)
      abort();
  }
  close(fd);
}

/* This host's first address that isn't its localhost. */
static socklen_t own_address(struct sockaddr_storage *out) {
  struct ifaddrs *list;
  socklen_t length = 0;
  if (getifaddrs(&list))
    abort();
  for (struct ifaddrs *entry = list; entry && !length; entry = entry->ifa_next)
    if (strcmp(entry->ifa_name, "lo") != 0) {
      bool v4 = entry->ifa_addr->sa_family == AF_INET;
      length = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
      memcpy(out, entry->ifa_addr, length);
      *(v4 ? &((struct sockaddr_in *)out)->sin_port : &((struct sockaddr_in6 *)out)->sin6_port) =
          htons(NS_DEFAULTPORT);
    }
  freeifaddrs(list);
  return length;
}

static void serve(const char *host, const char *behaviour, int ready) {
  struct sockaddr_storage own;
  socklen_t length = own_address(&own);
  int datagrams = socket(own.ss_family, SOCK_DGRAM, 0),
      listener = socket(own.ss_family, SOCK_STREAM, 0);
  if (bind(datagrams, (struct sockaddr *)&own, length) ||
      bind(listener, (struct sockaddr *)&own, length) || listen(listener, 1))
    abort();
  close(ready);
  for (;;) {
    struct pollfd polled[] = {{.fd = datagrams, .events = POLLIN},
                              {.fd = listener, .events = POLLIN}};
    poll(polled, 2, -1);
    if (polled[0].revents & POLLIN)
      serve_datagram(host, behaviour, datagrams);
    if (polled[1].revents & POLLIN)
      serve_connection(host, behaviour, listener);
  }
}

pid_t dns_server_start(const char *host, const char *behaviour) {
  int ready[2];
  char byte;
  if (pipe(ready))
    abort();
  pid_t child = fork();
  if (child == 0) {
    close(ready[0]);
    setenv("SIPFALL_HOST", host, 1);
    serve(host, behaviour, ready[1]);
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 0)
    abort();
  close(ready[0]);
  return child;
}
