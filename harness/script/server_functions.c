/* SPDX-License-Identifier: MIT
 *
 * The part of `core` that makes fake DNS servers and fake proxies, and does faults to them. Both
 * take the same rules, so they share everything but their making.
 */
#include <string.h>

#include "common/address.h"
#include "fakedns/fakedns.h"
#include "fakeproxy/fakeproxy.h"
#include "harness/clock/reach.h"
#include "harness/script/script_internal.h"

static const char server_type[] = "sipfall.server";

struct server {
  struct fakedns *dns;
  struct fakeproxy *proxy; /* one of the two */
};

static struct server *new_server(lua_State *state) {
  struct server *server = lua_newuserdatauv(state, sizeof *server, 0);
  *server = (struct server){0};
  luaL_setmetatable(state, server_type);
  return server;
}

static void check_address(lua_State *state, struct sockaddr_storage *address) {
  struct error error;
  const char *text = script_text(state, 1, "address", NULL);
  if (!text || address_parse(address, text, 0, &error))
    luaL_error(state, "%s", text ? error.text : "address is missing");
}

/* The list `addresses` of the first argument; returns how many there are. */
static size_t check_addresses(lua_State *state, struct sockaddr_storage *addresses, size_t room) {
  struct error error;
  lua_getfield(state, 1, "addresses");
  size_t count = lua_istable(state, -1) ? (size_t)lua_rawlen(state, -1) : 0;
  if (count == 0 || count > room)
    luaL_error(state, "addresses must be a list of 1 to %d", (int)room);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(state, -1, (lua_Integer)i + 1);
    const char *text = lua_tostring(state, -1);
    if (!text || address_parse(&addresses[i], text, 0, &error))
      luaL_error(state, "%s", text ? error.text : "an address must be a text");
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return count;
}

static struct random_stream *random_of(lua_State *state, const char *name) {
  struct random_stream *stream = lab_random(script_of(state)->lab, name);
  if (!stream)
    luaL_error(state, "out of memory");
  return stream;
}

/* The network makes what a process can't: a TCP connect that nobody answers, and hosts that routers
 * can't reach. The server still sees the datagrams for its port, so that they are on the
 * timeline. */
static void reach_server(void *context, const struct sockaddr_storage *address,
                         const char *transport, enum rule_verdict_kind down) {
  bool tcp = strcmp(transport, "TCP") == 0;
  enum reach_state state = REACH_UP;
  if (down == VERDICT_UNREACHABLE)
    state = REACH_UNREACHABLE;
  else if (down == VERDICT_DROP)
    state = REACH_SILENT;
  hosts_reach(lab_hosts(context), address, tcp ? IPPROTO_TCP : IPPROTO_UDP, state);
}

static enum fakedns_order check_order(lua_State *state) {
  static const char *const names[] = {[FAKEDNS_ORDER_ZONE] = "zone",
                                      [FAKEDNS_ORDER_ROTATE] = "rotate",
                                      [FAKEDNS_ORDER_SHUFFLE] = "shuffle"};
  const char *order = script_text(state, 1, "order", "zone");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(order, names[i]) == 0)
      return (enum fakedns_order)i;
  return (enum fakedns_order)luaL_error(state, "\"%s\" is no order", order);
}

/* The list `zones` of the table at 1. The array is Lua's, its texts stay as long as the table.
 * Leaves one value on the stack. */
static const char *const *check_zones(lua_State *state, size_t *count) {
  lua_getfield(state, 1, "zones");
  luaL_checktype(state, -1, LUA_TTABLE);
  *count = lua_rawlen(state, -1);
  const char **zones = lua_newuserdatauv(state, (*count + 1) * sizeof *zones, 0);
  for (size_t i = 0; i < *count; i++) {
    lua_rawgeti(state, -2, (lua_Integer)i + 1);
    zones[i] = luaL_checkstring(state, -1);
    lua_pop(state, 1);
  }
  lua_remove(state, -2);
  return zones;
}

/* core.dns{name=, addresses=, zones=, order=, without_additional=, udp_size=}: a server, or nil and
 * why not. */
static int core_dns(lua_State *state) {
  struct lab *lab = script_of(state)->lab;
  struct error error;
  struct sockaddr_storage listen[FAKEDNS_LISTEN_MAX];
  luaL_checktype(state, 1, LUA_TTABLE);
  struct fakedns_options options = {
      .loop = lab_loop(lab),
      .name = script_text(state, 1, "name", "dns"),
      .listen = listen,
      .listen_count = check_addresses(state, listen, FAKEDNS_LISTEN_MAX),
      .order = check_order(state),
      .udp_size = (uint16_t)script_number(state, 1, "udp_size", 0),
      .observer = lab_observer(lab),
      .start_ns = lab_start_ns(lab),
      .reach = reach_server,
      .reach_context = lab,
  };
  options.random = random_of(state, options.name);
  options.zones = check_zones(state, &options.zone_count);
  lua_getfield(state, 1, "without_additional");
  options.without_additional = lua_toboolean(state, -1);
  struct server *server = new_server(state);
  if (fakedns_create(&server->dns, &options, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  return 1;
}

/* core.proxy{name=, address=, max_expires=, far_end_status=, ring=, hang_up=}: a server, or nil and
 * why not. Times in seconds. */
static int core_proxy(lua_State *state) {
  struct lab *lab = script_of(state)->lab;
  struct error error;
  luaL_checktype(state, 1, LUA_TTABLE);
  struct fakeproxy_options options = {
      .loop = lab_loop(lab),
      .name = script_text(state, 1, "name", "proxy"),
      .observer = lab_observer(lab),
      .start_ns = lab_start_ns(lab),
      .max_expires_s = (uint32_t)script_number(state, 1, "max_expires", 0),
      .far_end =
          {
              .status = (int)script_number(state, 1, "far_end_status", 0),
              .ring_ms = (int64_t)(script_number(state, 1, "ring", 0) * 1000),
              .hang_up_ms = (int64_t)(script_number(state, 1, "hang_up", 0) * 1000),
          },
      .reach = reach_server,
      .reach_context = lab,
  };
  options.random = random_of(state, options.name);
  check_address(state, &options.listen);
  struct server *server = new_server(state);
  if (fakeproxy_create(&server->proxy, &options, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  return 1;
}

static int server_destroy(lua_State *state) {
  struct server *server = luaL_checkudata(state, 1, server_type);
  fakedns_destroy(server->dns);
  fakeproxy_destroy(server->proxy);
  *server = (struct server){0};
  return 0;
}

static int64_t lab_time(double seconds) {
  return (int64_t)(seconds * 1e9);
}

/* The table `conditions` of the table at `index`: a list of {name, pattern}. */
static void check_conditions(lua_State *state, int index, struct rule_selector *selector) {
  lua_getfield(state, index, "conditions");
  lua_Integer count = lua_istable(state, -1) ? (lua_Integer)lua_rawlen(state, -1) : 0;
  if (count > RULE_CONDITIONS_MAX)
    luaL_error(state, "a rule has room for %d conditions", RULE_CONDITIONS_MAX);
  for (lua_Integer i = 0; i < count; i++) {
    struct rule_condition *condition = &selector->conditions[i];
    lua_rawgeti(state, -1, i + 1);
    lua_rawgeti(state, -1, 1);
    lua_rawgeti(state, -2, 2);
    const char *name = lua_tostring(state, -2), *pattern = lua_tostring(state, -1);
    if (!name || !pattern || strlen(name) >= sizeof condition->name ||
        strlen(pattern) >= sizeof condition->pattern)
      luaL_error(state, "condition %d is none: it needs a name and a pattern", (int)i + 1);
    snprintf(condition->name, sizeof condition->name, "%s", name);
    snprintf(condition->pattern, sizeof condition->pattern, "%s", pattern);
    lua_pop(state, 3);
  }
  lua_pop(state, 1);
}

/* The selector in the table at `index`: conditions, direction ("in", "out"), source, first, every,
 * probability, from, until (s). */
static struct rule_selector check_selector(lua_State *state, int index) {
  struct rule_selector selector = {
      .first = (uint64_t)script_number(state, index, "first", 0),
      .every = (uint64_t)script_number(state, index, "every", 0),
      .from_ns = lab_time(script_number(state, index, "from", 0)),
      .until_ns = lab_time(script_number(state, index, "until", 0)),
  };
  struct error error;
  selector.by_chance = lua_getfield(state, index, "probability") != LUA_TNIL;
  selector.probability = lua_tonumber(state, -1);
  lua_pop(state, 1);
  check_conditions(state, index, &selector);
  const char *direction = script_text(state, index, "direction", "");
  if (strcmp(direction, "in") == 0)
    selector.direction = RULE_INBOUND;
  else if (strcmp(direction, "out") == 0)
    selector.direction = RULE_OUTBOUND;
  else if (direction[0])
    luaL_error(state, "direction must be \"in\" or \"out\", not \"%s\"", direction);
  const char *source = script_text(state, index, "source", NULL);
  if (source && address_parse(&selector.source, source, 0, &error))
    luaL_error(state, "source: %s", error.text);
  return selector;
}

/* The verdict in the table at `index`: verdict, status, reason, retry_after, delay and jitter (s),
 * copies, manner, sender. */
static struct rule_verdict check_verdict(lua_State *state, int index) {
  struct error error;
  struct rule_verdict verdict = {
      .status = (int)script_number(state, index, "status", 0),
      .retry_after_s = (int)script_number(state, index, "retry_after", 0),
      .delay_ns = lab_time(script_number(state, index, "delay", 0)),
      .jitter_ns = lab_time(script_number(state, index, "jitter", 0)),
      .copies = (unsigned)script_number(state, index, "copies", 0),
  };
  const char *name = script_text(state, index, "verdict", "");
  if (!rule_verdict_parse(name, &verdict.kind))
    luaL_error(state, "\"%s\" is no verdict", name);
  snprintf(verdict.reason, sizeof verdict.reason, "%s", script_text(state, index, "reason", ""));
  snprintf(verdict.manner, sizeof verdict.manner, "%s", script_text(state, index, "manner", ""));
  const char *sender = script_text(state, index, "sender", NULL);
  if (sender && address_parse(&verdict.from, sender, 0, &error))
    luaL_error(state, "from: %s", error.text);
  return verdict;
}

/* server:add_rule{…}: returns the rule's handle. */
static int server_add_rule(lua_State *state) {
  struct server *server = luaL_checkudata(state, 1, server_type);
  luaL_checktype(state, 2, LUA_TTABLE);
  struct rule_selector selector = check_selector(state, 2);
  struct rule_verdict verdict = check_verdict(state, 2);
  uint64_t handle = server->dns ? fakedns_add_rule(server->dns, &selector, &verdict)
                                : fakeproxy_add_rule(server->proxy, &selector, &verdict);
  if (!handle)
    return luaL_error(state, "this host takes no such rule, or memory is out");
  lua_pushinteger(state, (lua_Integer)handle);
  return 1;
}

/* server:remove_rule(handle): false when it is gone already. */
static int server_remove_rule(lua_State *state) {
  struct server *server = luaL_checkudata(state, 1, server_type);
  uint64_t handle = (uint64_t)luaL_checkinteger(state, 2);
  lua_pushboolean(state, server->dns ? fakedns_remove_rule(server->dns, handle)
                                     : fakeproxy_remove_rule(server->proxy, handle));
  return 1;
}

/* server:change{kind=, text=, name=, type=, data=, ttl=}: why it could not be done, or nothing. */
static int server_change(lua_State *state) {
  static const struct {
    const char *name;
    enum fakedns_change_kind kind;
  } kinds[] = {{"add", FAKEDNS_ADD},
               {"remove", FAKEDNS_REMOVE},
               {"replace", FAKEDNS_REPLACE},
               {"set_ttl", FAKEDNS_SET_TTL},
               {"set_zone", FAKEDNS_SET_ZONE}};
  struct server *server = luaL_checkudata(state, 1, server_type);
  struct error error;
  luaL_checktype(state, 2, LUA_TTABLE);
  const char *kind = script_text(state, 2, "kind", "");
  struct fakedns_change change = {
      .text = script_text(state, 2, "text", NULL),
      .name = script_text(state, 2, "name", NULL),
      .type = script_text(state, 2, "type", NULL),
      .data = script_text(state, 2, "data", NULL),
      .ttl = (uint32_t)script_number(state, 2, "ttl", 0),
  };
  size_t i = 0;
  while (i < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].name, kind) != 0)
    i++;
  if (i == sizeof kinds / sizeof kinds[0] || !server->dns)
    return luaL_error(state, "\"%s\" is no change of this server", kind);
  change.kind = kinds[i].kind;
  if (fakedns_change(server->dns, &change, &error) == 0)
    return 0;
  lua_pushstring(state, error.text);
  return 1;
}

/* server:contacts(address_of_record): the contacts registered for it, a list of URIs. */
static int server_contacts(lua_State *state) {
  enum { CONTACTS_MAX = 64 };
  struct server *server = luaL_checkudata(state, 1, server_type);
  const char *contacts[CONTACTS_MAX];
  size_t count = server->proxy ? fakeproxy_contacts(server->proxy, luaL_checkstring(state, 2),
                                                    contacts, CONTACTS_MAX)
                               : 0;
  lua_newtable(state);
  for (size_t i = 0; i < count && i < CONTACTS_MAX; i++) {
    lua_pushstring(state, contacts[i]);
    lua_rawseti(state, -2, (lua_Integer)i + 1);
  }
  return 1;
}

void script_open_servers(lua_State *state) {
  static const luaL_Reg methods[] = {
      {"add_rule", server_add_rule},
      {"remove_rule", server_remove_rule},
      {"contacts", server_contacts},
      {"change", server_change},
      {"close", server_destroy},
      {"__gc", server_destroy},
      {NULL, NULL},
  };
  static const luaL_Reg functions[] = {{"dns", core_dns}, {"proxy", core_proxy}, {NULL, NULL}};
  luaL_newmetatable(state, server_type);
  luaL_setfuncs(state, methods, 0);
  lua_pushvalue(state, -1);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 1);
  luaL_setfuncs(state, functions, 0);
}
