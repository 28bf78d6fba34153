/* SPDX-License-Identifier: MIT
 *
 * Names of shared memory and semaphores (shared_names.h): "NAME" is "sipfall-BLOCK-HOST.NAME". They
 * are files in /dev/shm; those of semaphores begin with "sem." there (sem_overview(7)).
 */
#include "harness/clock/shared_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void shared_name(unsigned block, int host, const char *name, char out[PATH_MAX]) {
  const char *bare = name + strspn(name, "/");
  if (*bare == '\0' || strchr(bare, '/'))
    snprintf(out, PATH_MAX, "%s", name);
  else
    snprintf(out, PATH_MAX, "/sipfall-%u-%d.%s", block, host, bare);
}

void shared_names_remove(unsigned block) {
  char prefix[32];
  int length = snprintf(prefix, sizeof prefix, "sipfall-%u-", block);
  DIR *directory = opendir("/dev/shm");
  for (struct dirent *entry; directory && (entry = readdir(directory)) != NULL;) {
    const char *name = entry->d_name;
    if (strncmp(name, "sem.", 4) == 0)
      name += 4;
    if (strncmp(name, prefix, (size_t)length) == 0)
      unlinkat(dirfd(directory), entry->d_name, 0);
  }
  if (directory)
    closedir(directory);
}
