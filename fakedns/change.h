/* SPDX-License-Identifier: MIT
 *
 * Changes of a server's zones while it runs (struct fakedns_change).
 */
#ifndef FAKEDNS_CHANGE_H
#define FAKEDNS_CHANGE_H

#include "fakedns/fakedns.h"
#include "fakedns/zones.h"

/* Makes `*changed` from the zones. Returns 0, or -1 with the text filled in; `*changed` is
 * untouched then. */
int fakedns_change_zones(struct zones *changed, const struct zones *zones,
                         const struct fakedns_change *change, struct error *error);

/* "add", "remove", … */
const char *fakedns_change_name(enum fakedns_change_kind kind);

#endif
