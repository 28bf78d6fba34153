/* SPDX-License-Identifier: MIT
 *
 * The records of a master file before they are in a zone, with the lines at which they stand there.
 */
#ifndef FAKEDNS_ZONE_RECORDS_H
#define FAKEDNS_ZONE_RECORDS_H

#include <ldns/ldns.h>
#include <stddef.h>

#include "common/error.h"

struct zone_records {
  ldns_rr_list *list;     /* owned, with its records */
  size_t *lines;          /* the line of each record */
  ldns_rdf *first_origin; /* that the text says; NULL: none */
};

/* Reads the text; relative names before the first $ORIGIN are relative to `origin` (NULL: they are
 * errors). Returns 0, or -1 with the text filled in ("line 3: ..."); `*out` is untouched then. */
int zone_records_parse(struct zone_records *out, const char *text, const ldns_rdf *origin,
                       struct error *error);
void zone_records_clear(struct zone_records *records);

#endif
