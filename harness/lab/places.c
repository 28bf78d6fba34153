/* SPDX-License-Identifier: MIT
 *
 * Where the parts lie (places.h): …/bin/sipfall, …/bin/sipfall-phone,
 * …/LIBDIR/sipfall/libsipfall-clock.so, …/share/sipfall/lua.
 */
#include "harness/lab/places.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int find(char place[PATH_MAX], const char *prefix, const char *name, struct error *error) {
  if (snprintf(place, PATH_MAX, "%s/%s", prefix, name) >= PATH_MAX)
    return error_set(error, "%s/%s: the path is too long", prefix, name);
  if (access(place, R_OK))
    return error_set(error, "%s: %s (a part of sipfall is missing; was it installed whole?)", place,
                     strerror(errno));
  return 0;
}

int places_find(struct places *places, struct error *error) {
  char prefix[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", prefix, sizeof prefix - 1);
  if (length < 0)
    return error_set(error, "/proc/self/exe: %s (is /proc mounted?)", strerror(errno));
  prefix[length] = '\0';
  memcpy(places->program, prefix, (size_t)length + 1);
  for (int i = 0; i < 2; i++) {
    char *slash = strrchr(prefix, '/');
    if (slash)
      *slash = '\0';
  }
  if (find(places->phone, prefix, "bin/sipfall-phone", error) ||
      find(places->clock_library, prefix, SIPFALL_LIBDIR "/sipfall/libsipfall-clock.so", error) ||
      find(places->lua, prefix, "share/sipfall/lua", error))
    return -1;
  return 0;
}
