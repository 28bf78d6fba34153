/* SPDX-License-Identifier: MIT
 *
 * The Lua binding: runs a scenario file in a lab. The only room that knows Lua. What scenarios see
 * is made in Lua (lua/sipfall/), on the primitives that this room gives to lua/sipfall/worker.lua.
 */
#ifndef HARNESS_SCRIPT_SCRIPT_H
#define HARNESS_SCRIPT_SCRIPT_H

#include <cjson/cJSON.h>

#include "harness/lab/lab.h"

struct script_options {
  const char *scenario;   /* path of the file */
  const char *lua;        /* folder with sipfall/worker.lua */
  const char *phone;      /* adapter that stands in for every phone: "reference", "baresip", … */
  const char *phone_path; /* program of the reference phone */
  bool plan_only;         /* the lab is made and described (hosts_describe()), and not run */
};

/* Runs the scenario to its end. Returns what came of it, an object: result ("passed", "failed",
 * "skipped"), title, checks (number), failures (texts), reason (skipped), plan (text); or NULL with
 * the text filled in, when the harness itself is at fault. A scenario that is wrong is a failed
 * scenario, with a failure that names file and line. */
cJSON *script_run(struct lab *lab, const struct script_options *options, struct error *error);

#endif
