/* SPDX-License-Identifier: MIT
 *
 * The part of `core` that phones and programs are driven with: processes, and TCP connections to
 * them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/phones/connection.h"
#include "harness/phones/process.h"
#include "harness/script/script_internal.h"

static const char process_type[] = "sipfall.process";
static const char connection_type[] = "sipfall.connection";

/* A process or a connection as Lua holds it: the handlers are the members of the userdata's
 * uservalue. */
struct driven {
  struct script *script;
  struct process *process;
  struct connection *connection;
  int handlers; /* registry reference to the table with the handlers */
};

static struct driven *new_driven(lua_State *state, const char *type, int handlers) {
  struct driven *driven = lua_newuserdatauv(state, sizeof *driven, 0);
  *driven = (struct driven){.script = script_of(state)};
  lua_pushvalue(state, handlers);
  driven->handlers = luaL_ref(state, LUA_REGISTRYINDEX);
  luaL_setmetatable(state, type);
  return driven;
}

static int driven_destroy(lua_State *state) {
  struct driven *driven = lua_touserdata(state, 1);
  process_destroy(driven->process);
  connection_destroy(driven->connection);
  driven->process = NULL;
  driven->connection = NULL;
  luaL_unref(state, LUA_REGISTRYINDEX, driven->handlers);
  driven->handlers = LUA_NOREF;
  return 0;
}

/* Pushes the handler of this name; false when there is none. */
static bool push_handler(struct driven *driven, const char *name) {
  lua_State *state = driven->script->state;
  lua_rawgeti(state, LUA_REGISTRYINDEX, driven->handlers);
  int type = lua_getfield(state, -1, name);
  lua_remove(state, -2);
  if (type != LUA_TFUNCTION)
    lua_pop(state, 1);
  return type == LUA_TFUNCTION;
}

static void on_bytes(struct driven *driven, const char *handler, const char *bytes, size_t size) {
  if (!push_handler(driven, handler))
    return;
  lua_pushlstring(driven->script->state, bytes, size);
  script_call(driven->script, 1);
}

/* ---- processes ---- */

static void on_line(void *context, const char *line, size_t length) {
  on_bytes(context, "on_line", line, length);
}

static void on_error_line(void *context, const char *line, size_t length) {
  on_bytes(context, "on_error_line", line, length);
}

static void lua_process_exited(void *context, int64_t status, int signal_number) {
  struct driven *driven = context;
  if (!push_handler(driven, "on_exit"))
    return;
  lua_pushinteger(driven->script->state, (lua_Integer)status);
  lua_pushinteger(driven->script->state, signal_number);
  script_call(driven->script, 2);
}

/* More is a mistake: no command line of a scenario has so many words. */
enum { WORDS_MAX = 255 };

/* Fills in the texts of the list that is the member `name`, NULL-terminated; the list keeps them. A
 * missing list is empty. */
static void read_words(lua_State *state, const char *name, const char *words[WORDS_MAX + 1]) {
  int count = 0;
  if (lua_getfield(state, 1, name) == LUA_TTABLE) {
    while (lua_rawgeti(state, -1, count + 1) == LUA_TSTRING && count < WORDS_MAX) {
      words[count++] = lua_tostring(state, -1);
      lua_pop(state, 1);
    }
    if (!lua_isnil(state, -1))
      luaL_error(state, "%s: up to %d texts", name, WORDS_MAX);
    lua_pop(state, 1);
  }
  words[count] = NULL;
  lua_pop(state, 1);
}

/* core.spawn{host=, argv={…}, environment={…}, directory=, on_line=, on_error_line=, on_exit=}: a
 * process, or nil and why not. */
static int core_spawn(lua_State *state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const char *argv[WORDS_MAX + 1], *environment[WORDS_MAX + 1];
  read_words(state, "argv", argv);
  read_words(state, "environment", environment);
  luaL_argcheck(state, argv[0] != NULL, 1, "argv is empty");
  struct driven *driven = new_driven(state, process_type, 1);
  struct error error = {""};
  struct process_options options = {
      .host = script_text(state, 1, "host", "phone"),
      .argv = argv,
      .environment = environment,
      .directory = script_text(state, 1, "directory", NULL),
      .line = on_line,
      .error_line = on_error_line,
      .exited = lua_process_exited,
      .context = driven,
  };
  if (process_start(&driven->process, driven->script->lab, &options, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  return 1;
}

/* core.can_start(program): whether there is such a program on this machine. */
static int core_can_start(lua_State *state) {
  lua_pushboolean(state, process_can_start(luaL_checkstring(state, 1)));
  return 1;
}

static struct process *check_process(lua_State *state) {
  struct driven *driven = luaL_checkudata(state, 1, process_type);
  if (!driven->process)
    luaL_error(state, "the process is closed");
  return driven->process;
}

/* process:write(text): false when it doesn't read any more. */
static int lua_process_write(lua_State *state) {
  size_t size;
  const char *text = luaL_checklstring(state, 2, &size);
  lua_pushboolean(state, process_write(check_process(state), text, size) == 0);
  return 1;
}

static int lua_process_close_input(lua_State *state) {
  process_close_input(check_process(state));
  return 0;
}

/* process:kill(number): false when it has ended. */
static int lua_process_kill(lua_State *state) {
  lua_pushboolean(
      state, process_signal(check_process(state), (int)luaL_optinteger(state, 2, SIGKILL)) == 0);
  return 1;
}

static int lua_process_id(lua_State *state) {
  lua_pushinteger(state, process_id(check_process(state)));
  return 1;
}

static int lua_process_log(lua_State *state) {
  lua_pushstring(state, process_log(check_process(state)));
  return 1;
}

/* ---- connections ---- */

static void on_data(void *context, const char *bytes, size_t size) {
  on_bytes(context, "on_data", bytes, size);
}

static void on_state(void *context, const char *error) {
  struct driven *driven = context;
  if (!push_handler(driven, error ? "on_close" : "on_open"))
    return;
  lua_pushstring(driven->script->state, error);
  script_call(driven->script, 1);
}

/* core.connect{address=, on_open=, on_data=, on_close=}: a TCP connection, or nil and why not. */
static int core_connect(lua_State *state) {
  struct sockaddr_storage address;
  struct error error = {""};
  luaL_checktype(state, 1, LUA_TTABLE);
  const char *text = script_text(state, 1, "address", "");
  struct driven *driven = new_driven(state, connection_type, 1);
  struct connection_options options = {.data = on_data, .state = on_state, .context = driven};
  if (address_parse(&address, text, 0, &error) ||
      connection_open(&driven->connection, driven->script->lab, &address, &options, &error)) {
    lua_pushnil(state);
    lua_pushstring(state, error.text);
    return 2;
  }
  return 1;
}

static int lua_connection_write(lua_State *state) {
  struct driven *driven = luaL_checkudata(state, 1, connection_type);
  size_t size;
  const char *text = luaL_checklstring(state, 2, &size);
  lua_pushboolean(state,
                  driven->connection && connection_write(driven->connection, text, size) == 0);
  return 1;
}

static void new_type(lua_State *state, const char *type, const luaL_Reg *methods) {
  luaL_newmetatable(state, type);
  luaL_setfuncs(state, methods, 0);
  lua_pushcfunction(state, driven_destroy);
  lua_setfield(state, -2, "close");
  lua_pushcfunction(state, driven_destroy);
  lua_setfield(state, -2, "__gc");
  lua_pushvalue(state, -1);
  lua_setfield(state, -2, "__index");
  lua_pop(state, 1);
}

void script_open_processes(lua_State *state) {
  static const luaL_Reg process_methods[] = {
      {"write", lua_process_write}, {"close_input", lua_process_close_input},
      {"kill", lua_process_kill},   {"id", lua_process_id},
      {"log", lua_process_log},     {NULL, NULL},
  };
  static const luaL_Reg connection_methods[] = {{"write", lua_connection_write}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"spawn", core_spawn},
                                       {"can_start", core_can_start},
                                       {"connect", core_connect},
                                       {NULL, NULL}};
  new_type(state, process_type, process_methods);
  new_type(state, connection_type, connection_methods);
  luaL_setfuncs(state, functions, 0);
}
