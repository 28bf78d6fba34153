/* SPDX-License-Identifier: MIT
 *
 * Single values of a master file: whether a token is what its place wants, and what the place
 * wants.
 */
#ifndef FAKEDNS_ZONE_VALUES_H
#define FAKEDNS_ZONE_VALUES_H

#include <ldns/ldns.h>
#include <stdbool.h>
#include <stdint.h>

/* Reads "300", "5m", "1h30m"; false, and `*ttl` untouched, when it is no TTL. */
bool zone_read_ttl(const char *text, uint32_t *ttl);

/* How a record of this type is written, for errors. */
const char *zone_type_usage(ldns_rr_type type);

/* What a value of this field should be, or NULL when it is that (or only ldns can tell). */
const char *zone_wrong_value(ldns_rdf_type field, const char *text);

#endif
