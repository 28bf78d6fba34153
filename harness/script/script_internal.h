/* SPDX-License-Identifier: MIT
 *
 * What the files of the binding share. Lua sees one table of primitives, `core`, which only the
 * modules under lua/sipfall/ get.
 */
#ifndef HARNESS_SCRIPT_SCRIPT_INTERNAL_H
#define HARNESS_SCRIPT_SCRIPT_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "harness/script/script.h"

struct script_timer;

struct script {
  struct lab *lab;
  lua_State *state;
  const struct script_options *options;
  int settle;    /* registry references: the function that is called when events were added, */
  int traceback; /* and the one that adds a traceback to errors of the harness's own Lua */
  struct script_timer *timers;
  cJSON *result;                 /* set by core.finish() */
  char failure[ERROR_TEXT_SIZE]; /* an error in the harness's own Lua */
};

/* The script that a Lua state belongs to. */
struct script *script_of(lua_State *state);

/* Calls the function below its `arguments` on the stack, from the loop. An error there is a fault
 * of the harness (errors of scenarios are caught in Lua): it is kept and the lab stops. */
void script_call(struct script *script, int arguments);

/* ---- values ---- */

/* Pushes the value that a JSON item stands for; null is nil. */
void script_push_json(lua_State *state, const cJSON *item);

/* The JSON form of the value at `index`: tables with a first element are arrays, others objects
 * with their members in the order of their names. Raises a Lua error for what JSON can't hold. */
cJSON *script_to_json(lua_State *state, int index);

/* Pushes an event as a table: seq, t (s), t_ns, kind, from, to, from_address, to_address, and its
 * details. */
void script_push_event(lua_State *state, const struct event *event);

/* Members of the table at `index`; a missing one gives the default. One of the wrong type raises an
 * error. */
const char *script_text(lua_State *state, int index, const char *name, const char *otherwise);
double script_number(lua_State *state, int index, const char *name, double otherwise);

/* ---- the parts of `core`, each adds its functions to the table on top of the stack ---- */

/* Ends all timers of core.timer(). */
void script_close_timers(struct script *script);

void script_open_lab(lua_State *state);
void script_open_servers(lua_State *state);
void script_open_processes(lua_State *state);

#endif
