/* SPDX-License-Identifier: MIT
 *
 * Values on their way between Lua, JSON and events.
 */
#include <stdlib.h>
#include <string.h>

#include "common/address.h"
#include "harness/script/script_internal.h"

/* Deeper tables are a mistake (one that contains itself). */
enum { DEPTH_MAX = 32 };

void script_push_json(lua_State *state, const cJSON *item) {
  luaL_checkstack(state, 4, "JSON is nested too deeply");
  if (cJSON_IsString(item)) {
    lua_pushstring(state, item->valuestring);
  } else if (cJSON_IsBool(item)) {
    lua_pushboolean(state, cJSON_IsTrue(item));
  } else if (cJSON_IsNumber(item)) {
    lua_Integer whole = (lua_Integer)item->valuedouble;
    if ((double)whole == item->valuedouble)
      lua_pushinteger(state, whole);
    else
      lua_pushnumber(state, item->valuedouble);
  } else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
    lua_newtable(state);
    lua_Integer position = 0;
    for (const cJSON *member = item->child; member; member = member->next) {
      script_push_json(state, member);
      if (cJSON_IsArray(item))
        lua_rawseti(state, -2, ++position);
      else
        lua_setfield(state, -2, member->string);
    }
  } else {
    lua_pushnil(state);
  }
}

static cJSON *to_json(lua_State *state, int index, int depth);

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the members, sorted: the order in a Lua table is not the same every time. */
static const char **sorted_names(lua_State *state, int index, size_t *count) {
  size_t capacity = 16;
  const char **names = malloc(capacity * sizeof *names);
  *count = 0;
  lua_pushnil(state);
  while (names && lua_next(state, index)) {
    lua_pop(state, 1);
    if (lua_type(state, -1) != LUA_TSTRING)
      continue;
    if (*count == capacity) {
      const char **larger = realloc(names, 2 * capacity * sizeof *names);
      if (!larger)
        break;
      names = larger;
      capacity *= 2;
    }
    names[(*count)++] = lua_tostring(state, -1);
  }
  if (names)
    qsort(names, *count, sizeof *names, compare_names);
  return names;
}

static cJSON *object_to_json(lua_State *state, int index, int depth) {
  size_t count;
  const char **names = sorted_names(state, index, &count);
  cJSON *object = cJSON_CreateObject();
  for (size_t i = 0; names && i < count; i++) {
    lua_getfield(state, index, names[i]);
    cJSON_AddItemToObject(object, names[i], to_json(state, lua_gettop(state), depth + 1));
    lua_pop(state, 1);
  }
  free(names);
  return object;
}

static cJSON *array_to_json(lua_State *state, int index, int depth) {
  cJSON *array = cJSON_CreateArray();
  for (lua_Integer i = 1; lua_rawgeti(state, index, i) != LUA_TNIL; i++) {
    cJSON_AddItemToArray(array, to_json(state, lua_gettop(state), depth + 1));
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return array;
}

/* What JSON can't hold (functions, userdata, too deep tables) becomes null. */
static cJSON *to_json(lua_State *state, int index, int depth) {
  luaL_checkstack(state, 4, "tables are nested too deeply");
  switch (lua_type(state, index)) {
  case LUA_TBOOLEAN:
    return cJSON_CreateBool(lua_toboolean(state, index));
  case LUA_TNUMBER:
    return cJSON_CreateNumber(lua_tonumber(state, index));
  case LUA_TSTRING:
    return cJSON_CreateString(lua_tostring(state, index));
  case LUA_TTABLE:
    if (depth > DEPTH_MAX)
      return cJSON_CreateNull();
    return lua_rawlen(state, index) > 0 ? array_to_json(state, index, depth)
                                        : object_to_json(state, index, depth);
  }
  return cJSON_CreateNull();
}

cJSON *script_to_json(lua_State *state, int index) {
  return to_json(state, lua_absindex(state, index), 0);
}

static void set_text(lua_State *state, const char *name, const char *text) {
  if (text && text[0]) {
    lua_pushstring(state, text);
    lua_setfield(state, -2, name);
  }
}

void script_push_event(lua_State *state, const struct event *event) {
  char address[ADDRESS_TEXT_SIZE];
  script_push_json(state, event->detail);
  lua_pushinteger(state, (lua_Integer)event->sequence);
  lua_setfield(state, -2, "seq");
  lua_pushinteger(state, event->t_ns);
  lua_setfield(state, -2, "t_ns");
  lua_pushnumber(state, (double)event->t_ns / 1e9);
  lua_setfield(state, -2, "t");
  set_text(state, "kind", event->kind);
  set_text(state, "from", event->source);
  set_text(state, "to", event->target);
  if (event->source_address.ss_family != AF_UNSPEC)
    set_text(state, "from_address", address_format(&event->source_address, address));
  if (event->target_address.ss_family != AF_UNSPEC)
    set_text(state, "to_address", address_format(&event->target_address, address));
}

const char *script_text(lua_State *state, int index, const char *name, const char *otherwise) {
  int type = lua_getfield(state, index, name);
  if (type != LUA_TNIL && type != LUA_TSTRING)
    luaL_error(state, "%s must be a string", name);
  const char *text = type == LUA_TNIL ? otherwise : lua_tostring(state, -1);
  lua_pop(state, 1); /* the table keeps the string */
  return text;
}

double script_number(lua_State *state, int index, const char *name, double otherwise) {
  int type = lua_getfield(state, index, name);
  if (type != LUA_TNIL && type != LUA_TNUMBER)
    luaL_error(state, "%s must be a number", name);
  double number = type == LUA_TNIL ? otherwise : lua_tonumber(state, -1);
  lua_pop(state, 1);
  return number;
}
