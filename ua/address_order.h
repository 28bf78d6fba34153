/* SPDX-License-Identifier: MIT
 *
 * Destination address selection: the order in which the addresses of one server are tried (RFC 6724
 * section 6, which RFC 7984 prescribes for SIP).
 */
#ifndef UA_ADDRESS_ORDER_H
#define UA_ADDRESS_ORDER_H

#include "ua/address.h"

/* Puts the addresses in order; equal ones stay as they came. `own` are the phone's addresses: each
 * destination is reached from the first of its family, and one without is the last resort.
 *
 * Applied are rules 1 (usable), 2 (scope), 5 (label), 6 (precedence), 8 (smaller scope) and 10,
 * with the default policy table of section 2.1. The others have nothing to say: a phone has no
 * deprecated, home or tunnelled addresses (3, 4, 7), and it isn't told its prefix lengths, up to
 * which rule 9 compares; within one family the order of the DNS stands, which is how servers share
 * load. */
void address_order(struct target_address *addresses, size_t count, const struct target_address *own,
                   size_t own_count);

#endif
