/* SPDX-License-Identifier: MIT
 *
 * The order of the records of a set in an answer, which RFC 1034 section 3.6 leaves to the server.
 */
#ifndef FAKEDNS_ORDER_H
#define FAKEDNS_ORDER_H

#include "fakedns/respond.h"

/* Puts the sets of the answer in the responder's order; a rotation turns those of the zones for the
 * next answer. */
void fakedns_order_answer(struct responder *responder, struct answer *answer);

#endif
