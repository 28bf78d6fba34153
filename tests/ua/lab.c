/* SPDX-License-Identifier: MIT
 *
 * The little lab (lab.h).
 */
#include "tests/ua/lab.h"

#include <arpa/inet.h>
#include <sofia-sip/su_log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit.h"

/* sofia's hook for tests: it may change the time that su_now() is about to give. */
extern void (*_su_time)(su_time_t *time);

/* Seconds of sofia's epoch (1900) at the start. */
#define START_S 4000000000UL

static int64_t now_ms;

static void set_time(su_time_t *time) {
  time->tv_sec = START_S + (unsigned long)(now_ms / 1000);
  time->tv_usec = (unsigned long)(now_ms % 1000) * 1000;
}

static int open_socket(uint16_t *port) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CU_ASSERT_FATAL(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0);
  getsockname(descriptor, (struct sockaddr *)&address, &length);
  *port = ntohs(address.sin_port);
  return descriptor;
}

static void record(struct lab *lab, int server, const char *text) {
  CU_ASSERT_FATAL(lab->count < LAB_RECORDS_MAX);
  struct lab_record *item = &lab->records[lab->count++];
  item->t_ms = now_ms;
  item->server = server;
  snprintf(item->text, sizeof item->text, "%s", text);
}

static void on_event(void *context, cJSON *event) {
  char *text = cJSON_PrintUnformatted(event);
  record(context, 0, text);
  cJSON_free(text);
  cJSON_Delete(event);
}

/* DNS: the answer is built by hand, so that it isn't ldns that is tested against ldns. */

static size_t put_name(uint8_t *bytes, const char *name) {
  size_t size = 0;
  while (*name) {
    size_t length = strcspn(name, ".");
    bytes[size++] = (uint8_t)length;
    memcpy(bytes + size, name, length);
    size += length;
    name += length + (name[length] == '.');
  }
  bytes[size++] = 0;
  return size;
}

static size_t put_u16(uint8_t *bytes, unsigned number) {
  bytes[0] = (uint8_t)(number >> 8);
  bytes[1] = (uint8_t)number;
  return 2;
}

/* The owner is the question's name (a pointer to offset 12). */
static size_t put_head(uint8_t *bytes, int type, int ttl_s, size_t data_size) {
  put_u16(bytes, 0xc00c);
  put_u16(bytes + 2, (unsigned)type);
  put_u16(bytes + 4, 1);
  put_u16(bytes + 6, (unsigned)ttl_s >> 16);
  put_u16(bytes + 8, (unsigned)ttl_s & 0xffff);
  put_u16(bytes + 10, (unsigned)data_size);
  return 12;
}

static size_t put_srv(uint8_t *bytes, const struct lab *lab, int server, int ttl_s) {
  const struct lab_server *state = &lab->servers[server];
  char name[32];
  uint8_t data[64];
  size_t size = put_u16(data, (unsigned)(state->priority ? state->priority : server * 10));
  size += put_u16(data + size, 0);
  size += put_u16(data + size, state->port);
  snprintf(name, sizeof name, "sip%d.example.com", server);
  size += put_name(data + size, name);
  size_t head = put_head(bytes, DNS_SRV, ttl_s, size);
  memcpy(bytes + head, data, size);
  return head + size;
}

static size_t put_a(uint8_t *bytes, int ttl_s) {
  size_t head = put_head(bytes, DNS_A, ttl_s, 4);
  memcpy(bytes + head, "\177\0\0\1", 4);
  return head + 4;
}

static void read_question(const uint8_t *query, char *name, int *type, size_t *end) {
  size_t at = 12;
  *name = '\0';
  while (query[at]) {
    snprintf(name + strlen(name), 256 - strlen(name), "%s%.*s", *name ? "." : "", query[at],
             (const char *)query + at + 1);
    at += query[at] + 1u;
  }
  *type = query[at + 1] << 8 | query[at + 2];
  *end = at + 5;
}

static bool answer_dns(struct lab *lab) {
  uint8_t query[512], answer[1024];
  char name[256];
  int type, count = 0, ttl_s = lab->ttl_s ? lab->ttl_s : 300;
  size_t size;
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  if (recvfrom(lab->dns_socket, query, sizeof query, 0, (struct sockaddr *)&from, &length) < 17)
    return false;
  lab->dns_queries++;
  read_question(query, name, &type, &size);
  memcpy(answer, query, size);
  bool exists = !lab->is_dns_empty && lab->dns_rcode == 0;
  if (exists && type == DNS_SRV && strcmp(name, "_sip._udp.example.com") == 0)
    for (int server = 1; server <= LAB_SERVERS; server++) {
      if (lab->servers[server].is_unlisted)
        continue;
      size += put_srv(answer + size, lab, server, ttl_s);
      count++;
    }
  else if (exists && type == DNS_A && strncmp(name, "sip", 3) == 0 && ++count)
    size += put_a(answer + size, ttl_s);
  int rcode = lab->dns_rcode ? lab->dns_rcode : count ? 0 : 3;
  put_u16(answer + 2, 0x8580u | (unsigned)rcode);
  put_u16(answer + 6, (unsigned)count);
  put_u16(answer + 10, 0);
  sendto(lab->dns_socket, answer, size, 0, (struct sockaddr *)&from, length);
  return true;
}

/* SIP */

const char *lab_header(const struct lab_record *item, const char *name) {
  static char values[8][512];
  static unsigned next;
  char pattern[64], *value = values[next++ % 8];
  snprintf(pattern, sizeof pattern, "\r\n%s: ", name);
  const char *found = item ? strstr(item->text, pattern) : NULL;
  if (!found)
    return "";
  found += strlen(pattern);
  snprintf(value, sizeof values[0], "%.*s", (int)strcspn(found, "\r\n"), found);
  return value;
}

static void reply(struct lab *lab, int server, const struct lab_record *request, int status) {
  const struct lab_server *state = &lab->servers[server];
  char text[4096], extra[256] = "";
  const char *to = lab_header(request, "To");
  if (status < 300 && strncmp(request->text, "REGISTER", 8) == 0)
    snprintf(extra, sizeof extra, "Expires: %d\r\n", state->expires_s ? state->expires_s : 3600);
  else if (status < 300)
    snprintf(extra, sizeof extra, "Contact: <sip:bob@127.0.0.1:%u>\r\n", state->port);
  char via[512], from[512];
  snprintf(via, sizeof via, "%s", lab_header(request, "Via"));
  snprintf(from, sizeof from, "%s", lab_header(request, "From"));
  snprintf(
      text, sizeof text,
      "SIP/2.0 %d Said So\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%d\r\nCall-ID: %s\r\nCSeq: %s\r\n%s%s"
      "Content-Length: 0\r\n\r\n",
      status, via, from, to, strstr(to, ";tag=") ? ";n=" : ";tag=far", server,
      lab_header(request, "Call-ID"), lab_header(request, "CSeq"), extra,
      state->header && status >= 200 ? state->header : "");
  lab_send(lab, server, text);
}

static void handle_request(struct lab *lab, int server, const struct lab_record *request) {
  const struct lab_server *state = &lab->servers[server];
  bool is_invite = strncmp(request->text, "INVITE", 6) == 0;
  bool is_register = strncmp(request->text, "REGISTER", 8) == 0;
  if (state->is_silent || strncmp(request->text, "ACK", 3) == 0 ||
      strncmp(request->text, "SIP/", 4) == 0)
    return;
  if (is_invite && state->provisional)
    reply(lab, server, request, state->provisional);
  if (is_invite && state->is_provisional_only)
    return;
  reply(lab, server, request, (is_invite || is_register) && state->status ? state->status : 200);
}

static bool serve(struct lab *lab, int server) {
  char bytes[4096];
  if (lab->servers[server].socket < 0)
    return false;
  ssize_t size = recv(lab->servers[server].socket, bytes, sizeof bytes - 1, 0);
  if (size < 0)
    return false;
  bytes[size] = '\0';
  record(lab, server, bytes);
  handle_request(lab, server, &lab->records[lab->count - 1]);
  return true;
}

void lab_send(struct lab *lab, int server, const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(lab->phone_port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sendto(lab->servers[server].socket, text, strlen(text), 0, (struct sockaddr *)&address,
         sizeof address);
}

static su_duration_t settle(struct lab *lab) {
  su_duration_t wait = 0;
  /* Three turns without anything to do: a datagram, its answer, and what the phone does with it. */
  for (int quiet = 0; quiet < 3; quiet++) {
    wait = su_root_step(lab->root, 0);
    if (answer_dns(lab))
      quiet = -1;
    for (int server = 1; server <= LAB_SERVERS; server++)
      if (serve(lab, server))
        quiet = -1;
    if (wait == 0)
      quiet = -1;
  }
  return wait;
}

void lab_settle(struct lab *lab) {
  settle(lab);
}

void lab_run(struct lab *lab, int64_t t_ms) {
  for (;;) {
    su_duration_t wait = settle(lab);
    if (now_ms >= t_ms)
      return;
    now_ms = wait < 0 || wait > t_ms - now_ms ? t_ms : now_ms + wait;
  }
}

void lab_close(struct lab *lab, int server) {
  close(lab->servers[server].socket);
  lab->servers[server].socket = -1;
}

void lab_open(struct lab *lab, int server) {
  lab->servers[server].socket = open_socket(&lab->servers[server].port);
}

static void configure(struct lab *lab, const char *profile, const char *variant, const char *line,
                      const char *global) {
  struct phone_configuration configuration;
  struct phone_error error = {""};
  char text[2048];
  int probe = open_socket(&lab->phone_port);
  close(probe);
  snprintf(text, sizeof text,
           "{\"profile\":\"%s\"%s%s%s,\"network\":{\"address\":\"127.0.0.1:%u\",\"dns\":[\"127.0.0."
           "1:%u\"]},"
           "\"lines\":[{\"User "
           "ID\":\"alice\",\"Proxy\":\"example.com\"%s%s}],\"global\":{%s},\"seed\":7}",
           profile, variant ? ",\"variant\":\"" : "", variant ? variant : "", variant ? "\"" : "",
           lab->phone_port, lab->dns_port, *line ? "," : "", line, global);
  cJSON *object = cJSON_Parse(text);
  int result = phone_configure(&configuration, object, &error);
  cJSON_Delete(object);
  if (result == 0)
    result = phone_create(&lab->phone, lab->root, &configuration, on_event, lab, &error);
  if (result < 0)
    fprintf(stderr, "%s\n", error.text);
  CU_ASSERT_FATAL(result == 0);
}

void lab_start(struct lab *lab, const char *profile, const char *variant, const char *line,
               const char *global) {
  now_ms = 0;
  _su_time = set_time;
  su_init();
  su_log_set_level(su_log_default, 0);
  lab->root = su_root_create(NULL);
  su_root_threading(lab->root, 0);
  lab->dns_socket = open_socket(&lab->dns_port);
  for (int server = 1; server <= LAB_SERVERS; server++)
    if (lab->servers[server].socket == 0)
      lab_open(lab, server);
  configure(lab, profile, variant, line, global);
  phone_begin(lab->phone);
  lab_settle(lab);
}

void lab_end(struct lab *lab) {
  phone_destroy(lab->phone);
  su_root_destroy(lab->root);
  close(lab->dns_socket);
  for (int server = 1; server <= LAB_SERVERS; server++)
    if (lab->servers[server].socket >= 0)
      close(lab->servers[server].socket);
  _su_time = NULL;
  su_deinit();
}

unsigned lab_dial(struct lab *lab) {
  struct phone_error error;
  struct call *call = call_create(&lab->phone->lines[0], "sip:bob@example.com", &error);
  unsigned id = call ? call->id : 0;
  if (call)
    call_begin(call);
  lab_settle(lab);
  return id;
}

const struct lab_record *lab_find(const struct lab *lab, int server, const char *start,
                                  unsigned n) {
  for (unsigned i = 0; i < lab->count; i++) {
    const struct lab_record *item = &lab->records[i];
    bool fits =
        server ? strncmp(item->text, start, strlen(start)) == 0 : !!strstr(item->text, start);
    if (item->server == server && fits && --n == 0)
      return item;
  }
  return NULL;
}

unsigned lab_count(const struct lab *lab, int server, const char *start) {
  unsigned count = 0;
  while (lab_find(lab, server, start, count + 1))
    count++;
  return count;
}

int64_t lab_time(const struct lab *lab, int server, const char *start, unsigned n) {
  const struct lab_record *item = lab_find(lab, server, start, n);
  return item ? item->t_ms : -1;
}
