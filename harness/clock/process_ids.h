/* SPDX-License-Identifier: MIT
 *
 * The simulated process ids of a lab: counted up in the order in which processes and threads are
 * announced, as Linux counts both (gettid(2)), so that they are the same in every run. The table
 * says which id the kernel has given to each; it lies in the segment, and entries stay when their
 * process is gone, for its parent, and for those who get a signal from it later.
 *
 * Any other id, such as that of a process outside the lab, passes unchanged both ways.
 */
#ifndef HARNESS_CLOCK_PROCESS_IDS_H
#define HARNESS_CLOCK_PROCESS_IDS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/* Linux gives no id above PID_MAX_LIMIT, 4 * 1024 * 1024 (include/linux/threads.h). So a call that
 * doesn't translate one of ours fails with ESRCH, and hits no other process of the machine. */
#define PROCESS_ID_FIRST 5000000

/* More than a lab starts: one each second for twelve days. Pages that are not used cost nothing. */
#define PROCESS_IDS_MAX (1 << 20)

struct process_ids {
  _Atomic uint32_t given; /* so far */
  uint32_t reserved;
  _Atomic int32_t real[PROCESS_IDS_MAX]; /* of the kernel; 0: not started */
};

/* The next id; -1 when all are given. */
pid_t process_ids_give(struct process_ids *ids);

/* The kernel has given `real` to what has the id `simulated`. Whoever had it before is gone. */
void process_ids_note(struct process_ids *ids, pid_t simulated, pid_t real);

/* Translate an id; a negative one is that of a group. */
pid_t process_ids_realise(const struct process_ids *ids, pid_t id);
pid_t process_ids_simulate(const struct process_ids *ids, pid_t id);

#endif
