/* SPDX-License-Identifier: MIT
 *
 * The registrar. The proxy's map owns the addresses of record; each owns its bindings, in the order
 * in which they were made, which is the order in which they are listed.
 *
 * A REGISTER is done whole or not at all (section 10.3, step 7): its Contacts are first read and
 * checked against the bindings, then applied.
 */
#include "fakeproxy/registrar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakeproxy/server_transaction.h"

/* RFC 3261 section 10.2: what a registrar grants when nothing else is said. */
enum { EXPIRES_DEFAULT_S = 3600 };

struct binding {
  struct message_contact contact;
  char *call_id;
  uint32_t cseq;
  uint64_t expires_at_ms; /* by uv_now() */
  size_t kept;
};

struct address_of_record {
  struct fakeproxy *proxy;
  char *uri;
  struct proxy_timer *expiry_timer; /* the next expiry */
  struct binding bindings[BINDINGS_MAX];
  size_t count;
  size_t kept;
};

/* One Contact of a REGISTER, read. */
struct change {
  struct message_contact contact;
  uint32_t expires_s;
  char *call_id; /* what the new binding will own; NULL before registration_prepare */
  size_t kept;   /* counted for it */
};

/* A REGISTER, read. */
struct registration {
  const char *call_id;
  uint32_t cseq;
  bool remove_all; /* Contact: * */
  struct change changes[BINDINGS_MAX];
  size_t count;
};

static void binding_clear(struct fakeproxy *proxy, struct binding *binding) {
  message_contact_clear(&binding->contact);
  free(binding->call_id);
  fakeproxy_release(proxy, binding->kept);
  *binding = (struct binding){0};
}

static void remove_binding(struct address_of_record *record, size_t index) {
  binding_clear(record->proxy, &record->bindings[index]);
  record->count--;
  memmove(&record->bindings[index], &record->bindings[index + 1],
          (record->count - index) * sizeof record->bindings[0]);
}

static void record_destroy(struct address_of_record *record) {
  if (!record)
    return;
  while (record->count)
    remove_binding(record, record->count - 1);
  proxy_timer_destroy(record->expiry_timer);
  fakeproxy_release(record->proxy, record->kept);
  free(record->uri);
  free(record);
}

static void remove_expired(struct address_of_record *record) {
  uint64_t now_ms = uv_now(record->proxy->loop);
  for (size_t i = record->count; i-- > 0;)
    if (record->bindings[i].expires_at_ms <= now_ms)
      remove_binding(record, i);
}

/* Removes what has expired, and the whole record when nothing is left; else sets its timer. */
static void tidy_up(struct address_of_record *record) {
  uint64_t next_ms = UINT64_MAX;
  remove_expired(record);
  for (size_t i = 0; i < record->count; i++)
    if (record->bindings[i].expires_at_ms < next_ms)
      next_ms = record->bindings[i].expires_at_ms;
  if (record->count) {
    proxy_timer_start(record->expiry_timer, next_ms - uv_now(record->proxy->loop));
    return;
  }
  text_map_remove(&record->proxy->addresses_of_record, record->uri);
  record_destroy(record);
}

static void on_expiry(void *context) {
  tidy_up(context);
}

/* A new, empty record in the map; NULL at a limit or when out of memory. Takes `uri`. */
static struct address_of_record *record_create(struct fakeproxy *proxy, char *uri) {
  size_t weight = sizeof(struct address_of_record) + 2 * strlen(uri);
  struct address_of_record *record = NULL;
  if (proxy->addresses_of_record.count < ADDRESSES_OF_RECORD_MAX && fakeproxy_keep(proxy, weight)) {
    record = calloc(1, sizeof *record);
    if (!record)
      fakeproxy_release(proxy, weight);
  }
  if (!record) {
    free(uri);
    return NULL;
  }
  *record = (struct address_of_record){.proxy = proxy, .uri = uri, .kept = weight};
  record->expiry_timer = proxy_timer_create(proxy, on_expiry, record);
  if (!record->expiry_timer || text_map_add(&proxy->addresses_of_record, uri, record)) {
    record_destroy(record);
    return NULL;
  }
  return record;
}

static struct binding *find_binding(struct address_of_record *record, const char *uri) {
  for (size_t i = 0; i < record->count; i++)
    if (message_uri_equal(record->bindings[i].contact.uri, uri))
      return &record->bindings[i];
  return NULL;
}

/* Section 10.3, step 7: what Contact asks for, or else Expires, or else the default; and our own
 * maximum. */
static uint32_t granted_expires(const struct fakeproxy *proxy, const struct message *request,
                                const struct message_contact *contact) {
  uint32_t expires_s = EXPIRES_DEFAULT_S;
  if (contact->has_expires)
    expires_s = contact->expires_s;
  else
    message_expires(request, &expires_s);
  if (proxy->max_expires_s && expires_s > proxy->max_expires_s)
    return proxy->max_expires_s;
  return expires_s;
}

/* Frees and gives back what no binding took. */
static void registration_clear(struct fakeproxy *proxy, struct registration *registration) {
  for (size_t i = 0; i < registration->count; i++) {
    message_contact_clear(&registration->changes[i].contact);
    free(registration->changes[i].call_id);
    fakeproxy_release(proxy, registration->changes[i].kept);
  }
}

/* Reads the Contacts. Returns 0, or the status that refuses the request. */
static int registration_read(struct fakeproxy *proxy, const struct message *request,
                             struct registration *registration) {
  size_t count = message_contact_count(request);
  uint32_t expires_s;
  if (count > BINDINGS_MAX)
    return 503;
  for (size_t i = 0; i < count; i++) {
    struct change *change = &registration->changes[i];
    if (message_contact(request, i, &change->contact))
      return 500;
    registration->count++;
    change->expires_s = granted_expires(proxy, request, &change->contact);
    if (strcmp(change->contact.uri, "*") == 0)
      registration->remove_all = true;
  }
  /* Section 10.3, step 6: the wildcard stands alone and goes with Expires 0. */
  if (registration->remove_all &&
      (count != 1 || !message_expires(request, &expires_s) || expires_s != 0))
    return 400;
  return 0;
}

/* Section 10.3, steps 6 and 7: within one Call-ID, a REGISTER must be newer than the one that made
 * the binding. */
static bool newer(const struct binding *binding, const struct registration *registration) {
  return strcmp(binding->call_id, registration->call_id) != 0 || registration->cseq > binding->cseq;
}

/* Whether all changes can be made. Returns 0, or the status that refuses the request. */
static int registration_check(struct address_of_record *record,
                              const struct registration *registration) {
  size_t added = 0;
  if (registration->remove_all) {
    for (size_t i = 0; record && i < record->count; i++)
      if (!newer(&record->bindings[i], registration))
        return 500;
    return 0;
  }
  for (size_t i = 0; i < registration->count; i++) {
    const struct change *change = &registration->changes[i];
    struct binding *binding = record ? find_binding(record, change->contact.uri) : NULL;
    if (binding && !newer(binding, registration))
      return 500;
    if (!binding && change->expires_s > 0)
      added++;
  }
  return added + (record ? record->count : 0) > BINDINGS_MAX ? 503 : 0;
}

static size_t binding_weight(const struct change *change, const struct registration *registration) {
  return strlen(change->contact.uri) + strlen(change->contact.parameters) +
         strlen(registration->call_id);
}

/* Makes or refreshes a binding, whose weight is counted already. */
static void bind_contact(struct address_of_record *record, struct change *change,
                         const struct registration *registration) {
  struct binding *binding = find_binding(record, change->contact.uri);
  if (binding)
    binding_clear(record->proxy, binding);
  else
    binding = &record->bindings[record->count++];
  *binding = (struct binding){
      .contact = change->contact,
      .call_id = change->call_id,
      .cseq = registration->cseq,
      .expires_at_ms = uv_now(record->proxy->loop) + (uint64_t)change->expires_s * 1000,
      .kept = change->kept,
  };
  change->contact = (struct message_contact){0};
  change->call_id = NULL;
  change->kept = 0;
}

/* Gets all that the new bindings need, so that nothing can fail half-way. Returns 0, or 503. */
static int registration_prepare(struct fakeproxy *proxy, struct registration *registration) {
  for (size_t i = 0; i < registration->count && !registration->remove_all; i++) {
    struct change *change = &registration->changes[i];
    size_t weight = binding_weight(change, registration);
    if (!fakeproxy_keep(proxy, weight))
      return 503;
    change->kept = weight;
    change->call_id = strdup(registration->call_id);
    if (!change->call_id)
      return 503;
  }
  return 0;
}

static void registration_apply(struct address_of_record *record,
                               struct registration *registration) {
  if (registration->remove_all)
    while (record->count)
      remove_binding(record, record->count - 1);
  for (size_t i = 0; i < registration->count && !registration->remove_all; i++) {
    struct change *change = &registration->changes[i];
    struct binding *binding = find_binding(record, change->contact.uri);
    if (change->expires_s > 0)
      bind_contact(record, change, registration);
    else if (binding)
      remove_binding(record, (size_t)(binding - record->bindings));
  }
}

/* Section 10.3, step 8: each binding with what is left of its time, rounded up, so that a fresh one
 * shows what was granted. */
static int add_contacts(struct message *response, const struct address_of_record *record,
                        uint64_t now_ms) {
  for (size_t i = 0; i < record->count; i++) {
    const struct binding *binding = &record->bindings[i];
    char *value;
    unsigned long long left_s = (binding->expires_at_ms - now_ms + 999) / 1000;
    if (asprintf(&value, "<%s>%s;expires=%llu", binding->contact.uri, binding->contact.parameters,
                 left_s) < 0)
      return -1;
    int failed = message_add(response, "Contact", value);
    free(value);
    if (failed)
      return -1;
  }
  return 0;
}

static void answer_with_bindings(struct server_transaction *transaction,
                                 struct address_of_record *record, uint64_t now_ms) {
  struct message *response = server_transaction_response(transaction, 200, NULL);
  if (response && record && add_contacts(response, record, now_ms)) {
    message_destroy(response);
    server_transaction_answer(transaction, 500, NULL);
    return;
  }
  server_transaction_send(transaction, response);
}

/* The record of the request's address of record. `*status` is 0, or says why there can be none. */
static struct address_of_record *find_record(struct fakeproxy *proxy, const struct message *request,
                                             bool create, int *status) {
  char *uri = message_address_of_record(request);
  *status = uri ? 0 : 404; /* section 10.3, step 5: not an address of ours */
  if (!uri)
    return NULL;
  struct address_of_record *record = text_map_find(&proxy->addresses_of_record, uri);
  if (record)
    remove_expired(record);
  if (record || !create) {
    free(uri);
    return record;
  }
  record = record_create(proxy, uri);
  *status = record ? 0 : 503;
  return record;
}

/* Whether the changes leave anything that needs a record. */
static bool makes_bindings(const struct registration *registration) {
  for (size_t i = 0; i < registration->count; i++)
    if (registration->changes[i].expires_s > 0)
      return !registration->remove_all;
  return false;
}

void registrar_register(struct fakeproxy *proxy, struct server_transaction *transaction) {
  const struct message *request = server_transaction_request(transaction);
  struct registration registration = {.call_id = message_call_id(request),
                                      .cseq = message_cseq(request)};
  int status = registration_read(proxy, request, &registration);
  struct address_of_record *record = NULL;
  if (!status)
    record = find_record(proxy, request, makes_bindings(&registration), &status);
  if (!status)
    status = registration_check(record, &registration);
  if (!status)
    status = registration_prepare(proxy, &registration);
  if (!status && record)
    registration_apply(record, &registration);
  if (status)
    server_transaction_answer(transaction, status, NULL);
  else
    answer_with_bindings(transaction, record, uv_now(proxy->loop));
  registration_clear(proxy, &registration);
  if (record)
    tidy_up(record);
}

size_t fakeproxy_contacts(const struct fakeproxy *proxy, const char *address_of_record,
                          const char **contacts, size_t capacity) {
  char *uri = message_canonical_uri(address_of_record);
  const struct address_of_record *record =
      uri ? text_map_find(&proxy->addresses_of_record, uri) : NULL;
  uint64_t now_ms = uv_now(proxy->loop);
  size_t count = 0;
  free(uri);
  for (size_t i = 0; record && i < record->count && count < capacity; i++)
    if (record->bindings[i].expires_at_ms > now_ms)
      contacts[count++] = record->bindings[i].contact.uri;
  return count;
}

void registrar_clear(struct fakeproxy *proxy) {
  struct address_of_record *record;
  while ((record = text_map_take(&proxy->addresses_of_record)))
    record_destroy(record);
  text_map_clear(&proxy->addresses_of_record);
}
