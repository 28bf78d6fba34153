/* SPDX-License-Identifier: MIT
 *
 * A Lua state for one scenario: made, run on the lab's loop, and torn down. Errors that scenarios
 * make are caught in Lua (lua/sipfall/worker.lua); an error that arrives here is a fault of the
 * harness.
 */
#include "harness/script/script.h"

#include <stdlib.h>

#include "harness/script/script_internal.h"

struct script *script_of(lua_State *state) {
  return *(struct script **)lua_getextraspace(state);
}

void script_call(struct script *script, int arguments) {
  lua_State *state = script->state;
  int function = lua_gettop(state) - arguments;
  lua_rawgeti(state, LUA_REGISTRYINDEX, script->traceback);
  lua_insert(state, function);
  if (lua_pcall(state, arguments, 0, function) != LUA_OK) {
    snprintf(script->failure, sizeof script->failure, "%s", lua_tostring(state, -1));
    lua_pop(state, 1);
    lab_stop(script->lab);
  }
  lua_remove(state, function);
}

static void settle(void *context) {
  struct script *script = context;
  lua_rawgeti(script->state, LUA_REGISTRYINDEX, script->settle);
  script_call(script, 0);
}

static int add_traceback(lua_State *state) {
  luaL_traceback(state, state, lua_tostring(state, 1), 1);
  return 1;
}

/* Modules come from our own folder and from nowhere else. */
static void set_module_path(lua_State *state, const char *lua) {
  lua_getglobal(state, "package");
  lua_pushfstring(state, "%s/?.lua;%s/?/init.lua", lua, lua);
  lua_setfield(state, -2, "path");
  lua_pushliteral(state, "");
  lua_setfield(state, -2, "cpath");
  lua_pop(state, 1);
}

static void open_core(struct script *script) {
  lua_State *state = script->state;
  lua_newtable(state);
  script_open_lab(state);
  script_open_servers(state);
  script_open_processes(state);
  lua_pushstring(state, script->options->phone);
  lua_setfield(state, -2, "phone");
  lua_pushstring(state, script->options->phone_path);
  lua_setfield(state, -2, "phone_path");
  lua_pushboolean(state, script->options->plan_only);
  lua_setfield(state, -2, "plan_only");
}

/* Calls require("sipfall.worker")(core, PATH), which starts the scenario and returns the settle
 * function. */
static int start(lua_State *state) {
  struct script *script = script_of(state);
  luaL_openlibs(state);
  set_module_path(state, script->options->lua);
  lua_getglobal(state, "require");
  lua_pushliteral(state, "sipfall.worker");
  lua_call(state, 1, 1);
  open_core(script);
  lua_pushstring(state, script->options->scenario);
  lua_call(state, 2, 1);
  luaL_checktype(state, -1, LUA_TFUNCTION);
  script->settle = luaL_ref(state, LUA_REGISTRYINDEX);
  return 0;
}

cJSON *script_run(struct lab *lab, const struct script_options *options, struct error *error) {
  struct script script = {.lab = lab, .options = options, .state = luaL_newstate()};
  if (!script.state) {
    error_set(error, "can't make a Lua state: out of memory");
    return NULL;
  }
  *(struct script **)lua_getextraspace(script.state) = &script;
  lua_pushcfunction(script.state, add_traceback);
  script.traceback = luaL_ref(script.state, LUA_REGISTRYINDEX);
  lua_pushcfunction(script.state, start);
  script_call(&script, 0);
  if (!script.failure[0]) {
    lab_on_settle(lab, settle, &script);
    settle(&script);
    if (!script.result && !script.failure[0])
      lab_run(lab);
    lab_on_settle(lab, NULL, NULL);
  }
  script_close_timers(&script);
  /* Destroys servers and processes too, whose handles close when the lab goes. */
  lua_close(script.state);
  if (script.failure[0] || !script.result) {
    error_set(error, "%s",
              script.failure[0] ? script.failure
                                : "the scenario waits for something that can't come");
    cJSON_Delete(script.result);
    return NULL;
  }
  return script.result;
}
