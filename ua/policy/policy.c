/* SPDX-License-Identifier: MIT
 *
 * The list of profiles and their variants.
 */
#include "ua/policy/policy.h"

#include <string.h>

const struct policy *const POLICIES[] = {&policy_cisco_mpp_11_3, &policy_cisco_mpp_either,
                                         &policy_cisco_mpp_register_only, &policy_rfc3263, NULL};

static void append(char *text, size_t size, const char *word) {
  size_t length = strlen(text);
  snprintf(text + length, size - length, "%s%s", length ? ", " : "", word);
}

/* The names of all profiles, or of the variants of one. */
static void list_names(const char *profile, char *text, size_t size) {
  const char *last = "";
  text[0] = '\0';
  for (const struct policy *const *policy = POLICIES; *policy; policy++) {
    if (profile && strcmp((*policy)->profile, profile) == 0)
      append(text, size, (*policy)->variant);
    else if (!profile && strcmp((*policy)->profile, last) != 0)
      append(text, size, (*policy)->profile);
    last = (*policy)->profile;
  }
}

const struct policy *policy_find(const char *profile, const char *variant,
                                 struct phone_error *error) {
  bool is_known = false;
  char names[256];
  for (const struct policy *const *policy = POLICIES; *policy; policy++) {
    if (strcmp((*policy)->profile, profile) != 0)
      continue;
    is_known = true;
    if (!variant || strcmp((*policy)->variant, variant) == 0)
      return *policy;
  }
  list_names(is_known ? profile : NULL, names, sizeof names);
  if (is_known)
    phone_error_set(error, "unknown variant \"%s\" of profile %s: %s", variant, profile, names);
  else
    phone_error_set(error, "unknown profile \"%s\": %s", profile, names);
  return NULL;
}
