/* SPDX-License-Identifier: MIT
 *
 * Interposed: message queues (mq_overview(7)) and the message queues and semaphores of System V
 * (sysvipc(7)). They stay the kernel's: waiting for one is trying it whenever something was done.
 *
 * Of what has no way not to block there is the time that is over: a POSIX queue gives ETIMEDOUT
 * then, if it would have to wait, and EAGAIN if it is in non-blocking mode.
 */
#include <errno.h>
#include <mqueue.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "harness/clock/calls.h"
#include "harness/clock/real.h"
#include "harness/clock/retries.h"
#include "harness/clock/turn.h"

/* Who waits for room, for a message or for a value looks again. */
static long counted(long result) {
  int saved_errno = errno;
  if (result >= 0)
    turn_activity();
  errno = saved_errno;
  return result;
}

/* ---- POSIX message queues ---- */

struct posted {
  mqd_t queue;
  char *bytes;
  size_t size;
  unsigned *priority;
};

static const struct timespec long_ago = {0};

static long try_to_post(const void *arguments) {
  const struct posted *it = arguments;
  return REAL(mq_timedsend)(it->queue, it->bytes, it->size, *it->priority, &long_ago);
}

static long try_to_fetch(const void *arguments) {
  const struct posted *it = arguments;
  return REAL(mq_timedreceive)(it->queue, it->bytes, it->size, it->priority, &long_ago);
}

/* signal(7): these go on after a handler that was set with SA_RESTART. */
static long use_queue(long (*make)(const void *arguments), const struct posted *posted,
                      const struct timespec *time) {
  struct retried_call call = {.make = make,
                              .arguments = posted,
                              .busy = ETIMEDOUT,
                              .deadline = TURN_NEVER,
                              .late = ETIMEDOUT,
                              .manner = TURN_RESTARTS};
  int64_t date_ns = time ? ns_of_timespec(time) : 0;
  if (date_ns < 0) {
    errno = EINVAL;
    return -1;
  }
  if (time)
    call.deadline = (struct turn_deadline){.ns = date_ns, .is_date = true};
  return counted(retry_until_done(&call));
}

INTERPOSED int mq_timedsend(mqd_t queue, const char *bytes, size_t size, unsigned priority,
                            const struct timespec *time) {
  if (!turn_taking_part())
    return REAL(mq_timedsend)(queue, bytes, size, priority, time);
  return (int)use_queue(try_to_post, &(struct posted){queue, (char *)bytes, size, &priority}, time);
}

INTERPOSED int mq_send(mqd_t queue, const char *bytes, size_t size, unsigned priority) {
  if (!turn_taking_part())
    return REAL(mq_send)(queue, bytes, size, priority);
  return (int)use_queue(try_to_post, &(struct posted){queue, (char *)bytes, size, &priority}, NULL);
}

INTERPOSED ssize_t mq_timedreceive(mqd_t queue, char *restrict bytes, size_t size,
                                   unsigned *restrict priority,
                                   const struct timespec *restrict time) {
  if (!turn_taking_part())
    return REAL(mq_timedreceive)(queue, bytes, size, priority, time);
  return use_queue(try_to_fetch, &(struct posted){queue, bytes, size, priority}, time);
}

INTERPOSED ssize_t mq_receive(mqd_t queue, char *bytes, size_t size, unsigned *priority) {
  if (!turn_taking_part())
    return REAL(mq_receive)(queue, bytes, size, priority);
  return use_queue(try_to_fetch, &(struct posted){queue, bytes, size, priority}, NULL);
}

/* ---- System V ---- */

/* signal(7): any handler ends these. What was removed meanwhile isn't found any more, which the
 * kernel tells those who waited by another errno. */
static long use_identified(long (*make)(const void *arguments), const void *arguments, int busy,
                           struct turn_deadline deadline) {
  long result = make(arguments);
  if (result >= 0 || errno != busy)
    return counted(result);
  result = retry_until_done(&(struct retried_call){
      .make = make, .arguments = arguments, .busy = busy, .deadline = deadline, .late = EAGAIN});
  if (result < 0 && errno == EINVAL)
    errno = EIDRM;
  return counted(result);
}

struct letter {
  int queue;
  void *message;
  size_t size;
  long type;
  int flags;
};

static long try_to_send(const void *arguments) {
  const struct letter *letter = arguments;
  return REAL(msgsnd)(letter->queue, letter->message, letter->size, letter->flags | IPC_NOWAIT);
}

static long try_to_receive(const void *arguments) {
  const struct letter *letter = arguments;
  return REAL(msgrcv)(letter->queue, letter->message, letter->size, letter->type,
                      letter->flags | IPC_NOWAIT);
}

INTERPOSED int msgsnd(int queue, const void *message, size_t size, int flags) {
  if (!turn_taking_part() || flags & IPC_NOWAIT)
    return (int)counted(REAL(msgsnd)(queue, message, size, flags));
  struct letter letter = {queue, (void *)message, size, 0, flags};
  return (int)use_identified(try_to_send, &letter, EAGAIN, TURN_NEVER);
}

INTERPOSED ssize_t msgrcv(int queue, void *message, size_t size, long type, int flags) {
  if (!turn_taking_part() || flags & IPC_NOWAIT)
    return counted(REAL(msgrcv)(queue, message, size, type, flags));
  struct letter letter = {queue, message, size, type, flags};
  return use_identified(try_to_receive, &letter, ENOMSG, TURN_NEVER);
}

INTERPOSED int msgctl(int queue, int command, struct msqid_ds *state) {
  return (int)counted(REAL(msgctl)(queue, command, state));
}

/* The kernel's limit for one call (SEMOPM, semop(2)) may be raised; a longer list goes to it. */
enum { OPERATIONS_MAX = 500 };

struct operations {
  int set;
  struct sembuf *list;
  size_t count;
};

static long try_operations(const void *arguments) {
  const struct operations *operations = arguments;
  return REAL(semop)(operations->set, operations->list, operations->count);
}

/* A list in which any operation doesn't wait is made once, and not waited for. */
static bool may_wait(const struct sembuf *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (list[i].sem_flg & IPC_NOWAIT)
      return false;
  return count > 0 && count <= OPERATIONS_MAX;
}

static void set_no_wait(struct sembuf *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    list[i].sem_flg |= IPC_NOWAIT;
}

INTERPOSED int semtimedop(int set, struct sembuf *list, size_t count,
                          const struct timespec *timeout) {
  struct sembuf copy[OPERATIONS_MAX];
  if (!turn_taking_part() || !may_wait(list, count))
    return (int)counted(REAL(semtimedop)(set, list, count, timeout));
  int64_t duration_ns = timeout ? ns_of_timespec(timeout) : 0;
  if (duration_ns < 0) {
    errno = EINVAL;
    return -1;
  }
  memcpy(copy, list, count * sizeof *list);
  set_no_wait(copy, count);
  struct turn_deadline deadline = TURN_NEVER;
  if (timeout)
    deadline.ns = turn_deadline_ns(duration_ns);
  return (int)use_identified(try_operations, &(struct operations){set, copy, count}, EAGAIN,
                             deadline);
}

INTERPOSED int semop(int set, struct sembuf *list, size_t count) {
  return turn_taking_part() ? semtimedop(set, list, count, NULL)
                            : (int)counted(REAL(semop)(set, list, count));
}

/* The fourth argument is a union of an int and pointers, or isn't there. */
INTERPOSED int semctl(int set, int number, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return (int)counted(REAL(semctl)(set, number, command, argument));
}
