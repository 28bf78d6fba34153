/* SPDX-License-Identifier: MIT
 *
 * The table of process ids (process_ids.h). What a lab started last is asked for most.
 */
#include "harness/clock/process_ids.h"

#include <limits.h>

pid_t process_ids_give(struct process_ids *ids) {
  uint32_t index = atomic_fetch_add(&ids->given, 1);
  if (index < PROCESS_IDS_MAX)
    return PROCESS_ID_FIRST + (pid_t)index;
  ids->given = PROCESS_IDS_MAX;
  return -1;
}

/* -1: none has that id. */
static int32_t find_real(const struct process_ids *ids, pid_t real) {
  for (uint32_t i = ids->given < PROCESS_IDS_MAX ? ids->given : PROCESS_IDS_MAX; i > 0; i--)
    if (ids->real[i - 1] == real)
      return (int32_t)i - 1;
  return -1;
}

void process_ids_note(struct process_ids *ids, pid_t simulated, pid_t real) {
  int32_t former = find_real(ids, real);
  if (former >= 0)
    ids->real[former] = 0;
  ids->real[simulated - PROCESS_ID_FIRST] = real;
}

pid_t process_ids_realise(const struct process_ids *ids, pid_t id) {
  if (id < -1 && id != INT_MIN)
    return -process_ids_realise(ids, -id);
  if (id < PROCESS_ID_FIRST || id - PROCESS_ID_FIRST >= PROCESS_IDS_MAX)
    return id;
  pid_t real = ids->real[id - PROCESS_ID_FIRST];
  return real ? real : id;
}

pid_t process_ids_simulate(const struct process_ids *ids, pid_t id) {
  if (id < -1 && id != INT_MIN)
    return -process_ids_simulate(ids, -id);
  int32_t index = id > 0 ? find_real(ids, id) : -1;
  return index < 0 ? id : PROCESS_ID_FIRST + index;
}
