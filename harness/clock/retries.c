/* SPDX-License-Identifier: MIT
 *
 * Waiting by calls that have a way not to block (retries.h).
 */
#include "harness/clock/retries.h"

#include <errno.h>

struct retry {
  const struct retried_call *call;
  long result;
  int error;
};

static int is_done(void *context) {
  struct retry *retry = context;
  retry->result = retry->call->make(retry->call->arguments);
  retry->error = retry->result < 0 ? errno : 0;
  return retry->error != retry->call->busy;
}

long retry_until_done(const struct retried_call *call) {
  struct retry retry = {.call = call};
  int result = turn_await(&(struct turn_request){
      .ready = is_done, .context = &retry, .deadline = call->deadline, .manner = call->manner});
  if (result < 0)
    return -1;
  if (result == 0)
    retry.error = call->late;
  if (retry.error)
    errno = retry.error;
  return retry.error ? -1 : retry.result;
}
