/* SPDX-License-Identifier: MIT
 *
 * sipfall dns: a fake DNS server by hand, in real time, with a line for each query, answer and
 * fault.
 */
#include <errno.h>
#include <getopt.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/address.h"
#include "fakedns/fakedns.h"
#include "harness/cli/cli.h"
#include "harness/cli/fault.h"
#include "harness/cli/options.h"
#include "harness/lab/suite.h"

#define LISTEN_DEFAULT "127.0.0.1:5300"

enum { DNS_PORT = 53, ZONES_MAX = 64, FAULTS_MAX = 64, ZONE_SIZE_MAX = 64 * 1024 * 1024 };

enum {
  OPTION_LISTEN = CLI_OPTION_LONG,
  OPTION_FAULT,
  OPTION_ORDER,
  OPTION_NO_ADDITIONAL,
  OPTION_SEED,
  OPTION_JSON,
  OPTION_QUIET
};

static const struct cli_option options[] = {
    {"listen", OPTION_LISTEN, "ADDR:PORT", "where (default " LISTEN_DEFAULT "); may be repeated"},
    {"fault", OPTION_FAULT, "FAULT", "\"answer=SERVFAIL qtype=SRV first=2\"; may be repeated"},
    {"order", OPTION_ORDER, "ORDER",
     "of the records of a set: zone (the default), rotate, shuffle"},
    {"no-additional", OPTION_NO_ADDITIONAL, NULL, "answers don't bring the targets' addresses"},
    {"seed", OPTION_SEED, "N", "of what is drawn (default 1)"},
    {"json", OPTION_JSON, NULL, "events as JSON Lines instead of the log"},
    {"quiet", OPTION_QUIET, NULL, "no log"},
    CLI_OPTION_HELP,
};

struct fault {
  struct rule_selector selector;
  struct rule_verdict verdict;
};

struct dns {
  uv_loop_t loop;
  uv_signal_t interrupted, terminated;
  struct fakedns *server;
  struct random_stream random;
  struct sockaddr_storage listen[FAKEDNS_LISTEN_MAX];
  size_t listen_count;
  struct fault faults[FAULTS_MAX];
  size_t fault_count;
  char *zones[ZONES_MAX];
  size_t zone_count;
  enum fakedns_order order;
  uint64_t seed;
  bool no_additional, json, quiet;
  int64_t start_ns;
  uint64_t events; /* so far */
  int signal;      /* that ended it */
};

static bool read_rcode(const char *word, int *rcode) {
  uint64_t number;
  const ldns_lookup_table *known = ldns_lookup_by_name(ldns_rcodes, word);
  if (!known && !cli_parse_number(word, 0, 4095, &number))
    return false;
  *rcode = known ? known->id : (int)number;
  return true;
}

static const char *const conditions[] = {"qname", "qtype", "transport", NULL};
static const struct cli_fault_words words = {.conditions = conditions, .read_status = read_rcode};

static int add_listen(struct dns *dns, const char *text) {
  struct error error;
  if (dns->listen_count == FAKEDNS_LISTEN_MAX)
    return cli_usage("dns", "--listen: %d addresses at most", FAKEDNS_LISTEN_MAX);
  struct sockaddr_storage *address = &dns->listen[dns->listen_count++];
  if (address_parse(address, text, DNS_PORT, &error))
    return cli_usage("dns", "--listen %s", error.text);
  struct sockaddr_storage any = {.ss_family = address->ss_family};
  return address_equal_host(address, &any)
             ? cli_usage("dns",
                         "--listen %s: answers must come from the address that was asked, so name "
                         "each (--listen may be repeated)",
                         text)
             : 0;
}

static int add_fault(struct dns *dns, const char *text) {
  struct error error;
  if (dns->fault_count == FAULTS_MAX)
    return cli_usage("dns", "--fault: %d at most", FAULTS_MAX);
  struct fault *fault = &dns->faults[dns->fault_count++];
  return cli_parse_fault(text, &words, &fault->selector, &fault->verdict, &error)
             ? cli_usage("dns", "--fault \"%s\": %s", text, error.text)
             : 0;
}

static int set_order(struct dns *dns, const char *text) {
  static const char *const orders[] = {[FAKEDNS_ORDER_ZONE] = "zone",
                                       [FAKEDNS_ORDER_ROTATE] = "rotate",
                                       [FAKEDNS_ORDER_SHUFFLE] = "shuffle"};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
    if (strcmp(orders[i], text) == 0) {
      dns->order = (enum fakedns_order)i;
      return 0;
    }
  return cli_usage("dns", "--order %s: zone, rotate or shuffle", text);
}

static int take_option(void *context, int option, const char *argument) {
  struct dns *dns = context;
  switch (option) {
  case OPTION_LISTEN:
    return add_listen(dns, argument);
  case OPTION_FAULT:
    return add_fault(dns, argument);
  case OPTION_ORDER:
    return set_order(dns, argument);
  case OPTION_NO_ADDITIONAL:
    dns->no_additional = true;
    return 0;
  case OPTION_SEED:
    return cli_parse_number(argument, 0, UINT64_MAX, &dns->seed)
               ? 0
               : cli_usage("dns", "--seed %s: a whole number", argument);
  case OPTION_JSON:
    dns->json = true;
    return 0;
  case OPTION_QUIET:
    dns->quiet = true;
    return 0;
  }
  return cli_usage("dns", "an option is in the table, but nothing is done about it");
}

static const struct cli_command command = {
    .name = "dns",
    .usage =
        "dns [OPTION…] ZONE-FILE…\n"
        "Answers DNS queries from zones (master files, RFC 1035) over UDP and TCP, until it is\n"
        "interrupted, and says what it is asked and answers.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .take = take_option,
};

/* ---- the log ---- */

static const char *text_of(const struct event *event, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(event->detail, name));
  return text ? text : "";
}

static int number_of(const struct event *event, const char *name) {
  const cJSON *number = cJSON_GetObjectItem(event->detail, name);
  return cJSON_IsNumber(number) ? (int)number->valuedouble : 0;
}

/* "14:02:11.123". */
static void print_time(void) {
  uv_timeval64_t now;
  struct tm broken;
  char text[16];
  uv_gettimeofday(&now);
  localtime_r(&(time_t){now.tv_sec}, &broken);
  strftime(text, sizeof text, "%H:%M:%S", &broken);
  printf("%s.%03d  ", text, (int)now.tv_usec / 1000);
}

static void print_message(const struct event *event) {
  if (text_of(event, "malformed")[0])
    printf("malformed: %s", text_of(event, "malformed"));
  else
    printf("%s %s", text_of(event, "qtype"), text_of(event, "qname"));
  if (text_of(event, "rcode")[0])
    printf("  %s, answers: %d%s", text_of(event, "rcode"),
           cJSON_GetArraySize(cJSON_GetObjectItem(event->detail, "answers")),
           cJSON_IsTrue(cJSON_GetObjectItem(event->detail, "truncated")) ? ", truncated" : "");
}

static void print_event(const struct event *event) {
  char from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
  bool between = event->target_address.ss_family != AF_UNSPEC;
  print_time();
  address_format(&event->source_address, from);
  printf("%s%s%s  ", from, between ? " → " : "",
         between ? address_format(&event->target_address, to) : "");
  if (strcmp(event->kind, "dns") == 0) {
    printf("%s  ", text_of(event, "transport"));
    print_message(event);
  } else if (strcmp(event->kind, "verdict") == 0) {
    printf("%s by fault %d", text_of(event, "verdict"), number_of(event, "rule"));
  } else if (strcmp(event->kind, "fault") == 0) {
    printf("fault %d %s: %s", number_of(event, "rule"), text_of(event, "action"),
           text_of(event, "verdict"));
  } else if (text_of(event, "what")[0]) { /* a port or a connection */
    printf("%s %s", text_of(event, "transport"), text_of(event, "what"));
  } else {
    printf("%s", text_of(event, "text"));
  }
  putchar('\n');
}

static void told(void *context, struct event *event) {
  struct dns *dns = context;
  if (dns->json) {
    event->sequence = dns->events++;
    event->t_ns = (int64_t)uv_hrtime() - dns->start_ns;
    char *text = event_format(event);
    if (text)
      puts(text);
    free(text);
  } else {
    print_event(event);
  }
  event_destroy(event);
}

/* ---- running ---- */

/* The text of a file; free() it. NULL when it was told that it can't be read. */
static char *read_file(const char *path) {
  FILE *file = fopen(path, "re");
  char *text = file ? malloc(ZONE_SIZE_MAX + 1) : NULL;
  size_t size = text ? fread(text, 1, ZONE_SIZE_MAX + 1, file) : 0;
  int error_number = errno;
  bool failed = !text || ferror(file) || size > ZONE_SIZE_MAX;
  if (failed)
    cli_usage("dns", "%s: %s", path,
              text && size > ZONE_SIZE_MAX ? "larger than 64 MiB" : strerror(error_number));
  else
    text[size] = '\0';
  if (file)
    fclose(file);
  if (failed) {
    free(text);
    return NULL;
  }
  char *fitting = realloc(text, size + 1);
  return fitting ? fitting : text;
}

static int read_zones(struct dns *dns, int count, char **paths) {
  if (count == 0)
    return cli_usage("dns", "which zone? Name a master file");
  if (count > ZONES_MAX)
    return cli_usage("dns", "%d zones at most", ZONES_MAX);
  for (int i = 0; i < count; i++)
    if (!(dns->zones[dns->zone_count++] = read_file(paths[i])))
      return EXIT_USAGE;
  return 0;
}

static void close_all(struct dns *dns) {
  fakedns_destroy(dns->server);
  uv_close((uv_handle_t *)&dns->interrupted, NULL);
  uv_close((uv_handle_t *)&dns->terminated, NULL);
}

static void on_signal(uv_signal_t *handle, int number) {
  struct dns *dns = handle->data;
  if (!dns->signal) {
    dns->signal = number;
    close_all(dns);
  }
}

static void watch_signals(struct dns *dns) {
  dns->interrupted.data = dns->terminated.data = dns;
  uv_signal_init(&dns->loop, &dns->interrupted);
  uv_signal_init(&dns->loop, &dns->terminated);
  uv_signal_start(&dns->interrupted, on_signal, SIGINT);
  uv_signal_start(&dns->terminated, on_signal, SIGTERM);
}

/* Opens the server with its faults. Returns 0 or an exit status. */
static int open_server(struct dns *dns) {
  struct error error;
  struct fakedns_options server_options = {
      .loop = &dns->loop,
      .name = "dns",
      .listen = dns->listen,
      .listen_count = dns->listen_count,
      .zones = (const char *const *)dns->zones,
      .zone_count = dns->zone_count,
      .order = dns->order,
      .without_additional = dns->no_additional,
      .random = &dns->random,
      .start_ns = dns->start_ns,
  };
  if (!dns->quiet)
    server_options.observer = (struct observer){.handler = told, .context = dns};
  if (fakedns_create(&dns->server, &server_options, &error))
    return cli_usage("dns", "%s", error.text);
  for (size_t i = 0; i < dns->fault_count; i++)
    if (!fakedns_add_rule(dns->server, &dns->faults[i].selector, &dns->faults[i].verdict))
      return cli_usage("dns", "fault %zu: a DNS server can't do that", i + 1);
  return 0;
}

static int serve(struct dns *dns) {
  uv_loop_init(&dns->loop);
  dns->start_ns = (int64_t)uv_hrtime();
  random_stream_init(&dns->random, dns->seed, "dns");
  watch_signals(dns);
  int status = open_server(dns);
  if (status)
    close_all(dns);
  uv_run(&dns->loop, UV_RUN_DEFAULT);
  uv_loop_close(&dns->loop);
  return status ? status : 128 + dns->signal;
}

int cli_dns(int argc, char **argv) {
  struct dns *dns = calloc(1, sizeof *dns);
  if (!dns)
    return EXIT_OWN_FAULT;
  dns->seed = 1;
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  int status = cli_read_options(&command, dns, argc, argv);
  if (!status)
    status = read_zones(dns, argc - optind, argv + optind);
  if (!status && dns->listen_count == 0)
    status = add_listen(dns, LISTEN_DEFAULT);
  if (!status)
    status = serve(dns);
  for (size_t i = 0; i < dns->zone_count; i++)
    free(dns->zones[i]);
  free(dns);
  return status < 0 ? EXIT_ALL_PASSED : status;
}
