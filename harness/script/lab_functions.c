/* SPDX-License-Identifier: MIT
 *
 * The part of `core` that is about the lab itself: time, events, hosts, randomness, the result.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/address.h"
#include "common/rule_chain.h"
#include "harness/script/script_internal.h"

/* ---- time ---- */

struct script_timer {
  struct script_timer *next; /* of the script's timers that still run */
  uv_timer_t timer;
  struct script *script;
  int function; /* registry reference */
};

static void timer_closed(uv_handle_t *handle) {
  free(handle->data);
}

static void timer_fired(uv_timer_t *handle) {
  struct script_timer *timer = handle->data;
  struct script *script = timer->script;
  struct script_timer **link = &script->timers;
  while (*link != timer)
    link = &(*link)->next;
  *link = timer->next;
  lua_rawgeti(script->state, LUA_REGISTRYINDEX, timer->function);
  luaL_unref(script->state, LUA_REGISTRYINDEX, timer->function);
  uv_close((uv_handle_t *)handle, timer_closed);
  script_call(script, 0);
}

void script_close_timers(struct script *script) {
  for (struct script_timer *timer = script->timers; timer; timer = timer->next)
    uv_close((uv_handle_t *)&timer->timer, timer_closed);
  script->timers = NULL;
}

/* core.timer(at_ns, function): calls the function once, at this lab time; at once if it is over. */
static int core_timer(lua_State *state) {
  struct script *script = script_of(state);
  int64_t at_ns = luaL_checkinteger(state, 1);
  luaL_checktype(state, 2, LUA_TFUNCTION);
  struct script_timer *timer = calloc(1, sizeof *timer);
  if (!timer)
    return luaL_error(state, "out of memory");
  timer->script = script;
  timer->timer.data = timer;
  timer->next = script->timers;
  script->timers = timer;
  lua_pushvalue(state, 2);
  timer->function = luaL_ref(state, LUA_REGISTRYINDEX);
  uv_loop_t *loop = lab_loop(script->lab);
  uv_timer_init(loop, &timer->timer);
  /* libuv counts timers from the start of the loop's turn, in whole ms: up, so that none is early.
   */
  uv_update_time(loop);
  int64_t delay_ns = at_ns - lab_now_ns(script->lab);
  uv_timer_start(&timer->timer, timer_fired,
                 delay_ns > 0 ? (uint64_t)((delay_ns + 999999) / 1000000) : 0, 0);
  return 0;
}

static int core_now(lua_State *state) {
  lua_pushinteger(state, lab_now_ns(script_of(state)->lab));
  return 1;
}

/* ---- events ---- */

/* core.event(number): the event of this number, or nil. */
static int core_event(lua_State *state) {
  const struct event *event =
      timeline_event(lab_timeline(script_of(state)->lab), (uint64_t)luaL_checkinteger(state, 1));
  if (!event)
    return 0;
  script_push_event(state, event);
  return 1;
}

static int core_event_count(lua_State *state) {
  struct timeline *timeline = lab_timeline(script_of(state)->lab);
  lua_pushinteger(state, (lua_Integer)timeline_count(timeline));
  lua_pushboolean(state, timeline_overflowed(timeline));
  return 2;
}

/* core.emit(kind, {from=, to=, …detail…}): returns the number of the event. */
static int core_emit(lua_State *state) {
  static const char *const kinds[] = {"lab", "phone", "process", "check",
                                      "log", "fault", "date",    NULL};
  struct script *script = script_of(state);
  struct event *event = event_create(kinds[luaL_checkoption(state, 1, NULL, kinds)]);
  if (!event)
    return luaL_error(state, "out of memory");
  luaL_checktype(state, 2, LUA_TTABLE);
  cJSON *detail = script_to_json(state, 2);
  const char *from = cJSON_GetStringValue(cJSON_GetObjectItem(detail, "from"));
  const char *to = cJSON_GetStringValue(cJSON_GetObjectItem(detail, "to"));
  snprintf(event->source, sizeof event->source, "%s", from ? from : "");
  snprintf(event->target, sizeof event->target, "%s", to ? to : "");
  cJSON_DeleteItemFromObject(detail, "from");
  cJSON_DeleteItemFromObject(detail, "to");
  cJSON_Delete(event->detail);
  event->detail = detail;
  lua_pushinteger(state, (lua_Integer)timeline_count(lab_timeline(script->lab)));
  lab_append(script->lab, event);
  return 1;
}

/* ---- hosts ---- */

/* core.host(kind, name, wanted): adds a host, at the wanted address if not nil; returns its
 * address, its usual port and both as a text, or nil and why not. */
static int core_host(lua_State *state) {
  static const char *const kinds[] = {"dns", "proxy", "phone", "program", NULL};
  struct sockaddr_storage address;
  struct error error;
  char text[ADDRESS_TEXT_SIZE];
  enum host_kind kind = (enum host_kind)luaL_checkoption(state, 1, NULL, kinds);
  if (hosts_add(lab_hosts(script_of(state)->lab), kind, luaL_checkstring(state, 2),
                luaL_optstring(state, 3, NULL), (uint16_t)luaL_optinteger(state, 4, 0), &address,
                &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  lua_pushstring(state, address_format_host(&address, text));
  lua_pushinteger(state, address_port(&address));
  lua_pushstring(state, address_format(&address, text));
  return 3;
}

/* core.host_address(name, wanted): gives a host one more address; returns it, and with the usual
 * port, or nil and why not. */
static int core_host_address(lua_State *state) {
  struct sockaddr_storage address;
  struct error error;
  char text[ADDRESS_TEXT_SIZE];
  if (hosts_add_address(lab_hosts(script_of(state)->lab), luaL_checkstring(state, 1),
                        luaL_checkstring(state, 2), &address, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  lua_pushstring(state, address_format_host(&address, text));
  lua_pushstring(state, address_format(&address, text));
  return 2;
}

/* core.host_name("127.…:5060"): the name of the host at this address, or nil. */
static int core_host_name(lua_State *state) {
  struct sockaddr_storage address;
  if (address_parse(&address, luaL_checkstring(state, 1), 0, NULL))
    return 0;
  lua_pushstring(state, hosts_name(lab_hosts(script_of(state)->lab), &address));
  return 1;
}

/* ---- dates ---- */

/* core.date(host): the date there, ns since 1970-01-01 UTC, or nil and why there is none. */
static int core_date(lua_State *state) {
  struct error error;
  int64_t date_ns;
  if (lab_date_ns(script_of(state)->lab, luaL_checkstring(state, 1), &date_ns, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  lua_pushinteger(state, date_ns);
  return 1;
}

/* core.set_date(host, date_ns): steps it; returns true, or nil and why not. */
static int core_set_date(lua_State *state) {
  struct error error;
  if (lab_set_date(script_of(state)->lab, luaL_checkstring(state, 1), luaL_checkinteger(state, 2),
                   &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  lua_pushboolean(state, true);
  return 1;
}

/* core.reach(name, state): how a host can be reached from now on: "up", "drop", "unreachable". */
static int core_reach(lua_State *state) {
  static const char *const names[] = {"up", "drop", "unreachable", NULL};
  static const enum reach_state states[] = {REACH_UP, REACH_SILENT, REACH_UNREACHABLE};
  const char *name = luaL_checkstring(state, 1);
  if (hosts_reach_all(lab_hosts(script_of(state)->lab), name,
                      states[luaL_checkoption(state, 2, NULL, names)]))
    return luaL_error(state, "%s can be cut off in virtual time only", name);
  return 0;
}

/* core.describe_hosts(): a table of all hosts, as a text. */
static int core_describe_hosts(lua_State *state) {
  char *text = hosts_describe(lab_hosts(script_of(state)->lab));
  if (!text)
    return luaL_error(state, "out of memory");
  lua_pushstring(state, text);
  free(text);
  return 1;
}

/* ---- values ---- */

/* core.fits(pattern, text): as the conditions of rules do. */
static int core_fits(lua_State *state) {
  lua_pushboolean(state, rule_pattern_fits(luaL_checkstring(state, 1), luaL_checkstring(state, 2)));
  return 1;
}

static int core_json(lua_State *state) {
  cJSON *json = script_to_json(state, 1);
  char *text = cJSON_PrintUnformatted(json);
  lua_pushstring(state, text);
  free(text);
  cJSON_Delete(json);
  return 1;
}

/* nil when the text is no JSON. */
static int core_parse_json(lua_State *state) {
  cJSON *json = cJSON_Parse(luaL_checkstring(state, 1));
  if (json)
    script_push_json(state, json);
  else
    lua_pushnil(state);
  cJSON_Delete(json);
  return 1;
}

/* core.random(stream): 0 <= x < 1 from the stream of this name. */
static int core_random(lua_State *state) {
  struct random_stream *stream = lab_random(script_of(state)->lab, luaL_checkstring(state, 1));
  if (!stream)
    return luaL_error(state, "out of memory");
  lua_pushnumber(state, random_stream_unit(stream));
  return 1;
}

/* ---- files ---- */

/* core.directory(): the lab's directory. */
static int core_directory(lua_State *state) {
  struct error error;
  const char *directory = lab_directory(script_of(state)->lab, &error);
  if (!directory)
    return luaL_error(state, "%s", error.text);
  lua_pushstring(state, directory);
  return 1;
}

/* Gives a file the date of the lab, which would be this machine's otherwise: servers show it. */
static void set_date(FILE *file) {
  struct timespec now;
  uv_timeval64_t time;
  uv_gettimeofday(&time);
  now = (struct timespec){.tv_sec = time.tv_sec, .tv_nsec = 1000 * time.tv_usec};
  futimens(fileno(file), (struct timespec[]){now, now});
}

/* core.write_file(name, text): writes a file into the lab's directory and returns its path. */
static int core_write_file(lua_State *state) {
  struct error error;
  size_t size;
  char path[PATH_MAX];
  const char *text = luaL_checklstring(state, 2, &size);
  if (lab_make_path(script_of(state)->lab, luaL_checkstring(state, 1), path, &error))
    return luaL_error(state, "%s", error.text);
  FILE *file = fopen(path, "w");
  bool is_written = file && fwrite(text, 1, size, file) == size && fflush(file) == 0;
  if (is_written)
    set_date(file);
  if ((file && fclose(file)) || !is_written)
    return luaL_error(state, "%s: can't write it: %s", path, strerror(errno));
  lua_pushstring(state, path);
  return 1;
}

/* core.finish(result): the scenario has ended. */
static int core_finish(lua_State *state) {
  struct script *script = script_of(state);
  luaL_checktype(state, 1, LUA_TTABLE);
  if (!script->result)
    script->result = script_to_json(state, 1);
  lab_stop(script->lab);
  return 0;
}

void script_open_lab(lua_State *state) {
  static const luaL_Reg functions[] = {
      {"timer", core_timer},
      {"now", core_now},
      {"event", core_event},
      {"event_count", core_event_count},
      {"emit", core_emit},
      {"host", core_host},
      {"host_address", core_host_address},
      {"host_name", core_host_name},
      {"reach", core_reach},
      {"describe_hosts", core_describe_hosts},
      {"date", core_date},
      {"set_date", core_set_date},
      {"fits", core_fits},
      {"json", core_json},
      {"parse_json", core_parse_json},
      {"random", core_random},
      {"directory", core_directory},
      {"write_file", core_write_file},
      {"finish", core_finish},
      {NULL, NULL},
  };
  luaL_setfuncs(state, functions, 0);
  struct lab *lab = script_of(state)->lab;
  lua_pushboolean(state, lab_is_real_time(lab));
  lua_setfield(state, -2, "real_time");
  lua_pushinteger(state, (lua_Integer)lab_seed(lab));
  lua_setfield(state, -2, "seed");
}
