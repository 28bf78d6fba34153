/* SPDX-License-Identifier: MIT
 *
 * The lexical part of a master file (RFC 1035 section 5.1): cuts a text into entries (a record or a
 * directive each), and an entry into tokens that know their lines. Comments, parentheses and the
 * common indentation are gone afterwards; quotes and backslashes stay in the tokens, for ldns.
 */
#ifndef FAKEDNS_ZONE_TEXT_H
#define FAKEDNS_ZONE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct zone_token {
  char *text;
  size_t line; /* counted from 1 */
};

struct zone_entry {
  struct zone_token *tokens;
  size_t count;       /* at least 1 */
  size_t line;        /* of its first token */
  const char *indent; /* the blanks before its first token, in the text */
  size_t indent_length;
  bool directive;  /* $ORIGIN, $TTL, … */
  bool same_owner; /* indented deeper than the records have in common: the owner of the record
                      before */
};

struct zone_text {
  struct zone_entry *entries;
  size_t count;
};

/* Cuts `text`, which must outlive the result. Returns 0, or -1 with the text filled in ("line 3:
 * …");
 * `*out` is untouched then. */
int zone_text_create(struct zone_text **out, const char *text, struct error *error);
void zone_text_destroy(struct zone_text *zone_text);

#endif
