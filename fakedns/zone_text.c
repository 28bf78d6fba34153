/* SPDX-License-Identifier: MIT
 *
 * Cuts a master file into entries and tokens:
 *
 *   $ORIGIN example.com.            ; a comment
 *   @   300 IN SOA ns hostmaster (  ; parentheses join lines
 *                  1 2h 15m 1w 5m )
 *   p1  300 IN A   192.0.2.1
 *       300 IN A   192.0.2.2        ; leading blanks: the same owner as before
 *   p1  300 IN TXT "a; b" c\;d      ; quoted text and escaped characters mean nothing here
 *
 * Texts that stand inside another language are usually indented as a whole, which RFC 1035 would
 * read as "same owner as before" everywhere. So the indentation that all records have in common is
 * taken off first; directives, comments, blank lines and the further lines of a record don't count
 * for it.
 *
 * Everything is copied into tokens of their own; only zone_entry.indent points into the caller's
 * text.
 */
#include "fakedns/zone_text.h"

#include <stdlib.h>
#include <string.h>

/* The place in the text, and what is open there. */
struct lexer {
  const char *at;
  size_t line;
  size_t open_line; /* where the parenthesis that is open now was opened; 0: none is */
  struct error *error;
};

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Makes room for one more element; doubling keeps the cost linear. */
static void *grow(void *elements, size_t count, size_t size) {
  if (count != 0 && (count & (count - 1)) != 0)
    return elements;
  return realloc(elements, (count ? 2 * count : 1) * size);
}

static void skip_comment(struct lexer *lexer) {
  while (*lexer->at && *lexer->at != '\n')
    lexer->at++;
}

static int parenthesis(struct lexer *lexer) {
  bool opens = *lexer->at++ == '(';
  if (opens && lexer->open_line)
    return error_set(lexer->error, "line %zu: \"(\" inside the \"(\" of line %zu: they don't nest",
                     lexer->line, lexer->open_line);
  if (!opens && !lexer->open_line)
    return error_set(lexer->error, "line %zu: \")\" without a \"(\" before it", lexer->line);
  lexer->open_line = opens ? lexer->line : 0;
  return 0;
}

/* Skips what separates tokens. Returns 1 at a token, 0 at the end of the entry, -1 on error. */
static int skip_to_token(struct lexer *lexer) {
  for (;;) {
    char c = *lexer->at;
    if (c == ';') {
      skip_comment(lexer);
    } else if (c == '(' || c == ')') {
      if (parenthesis(lexer))
        return -1;
    } else if (is_blank(c)) {
      lexer->at++;
    } else if (c == '\n' && lexer->open_line) {
      lexer->at++;
      lexer->line++;
    } else if (c == '\0' && lexer->open_line) {
      return error_set(lexer->error, "line %zu: the \"(\" is never closed by a \")\"",
                       lexer->open_line);
    } else {
      return c != '\n' && c != '\0';
    }
  }
}

/* The end of the token at lexer->at, or NULL on error. */
static const char *token_end(struct lexer *lexer) {
  bool quoted = false;
  const char *end = lexer->at;
  for (; *end && *end != '\n'; end++) {
    if (*end == '\\' && end[1] && end[1] != '\n')
      end++;
    else if (*end == '"')
      quoted = !quoted;
    else if (!quoted && (is_blank(*end) || strchr(";()", *end)))
      break;
  }
  if (quoted) {
    error_set(lexer->error, "line %zu: %.40s… has no closing \" on its line", lexer->line,
              lexer->at);
    return NULL;
  }
  return end;
}

static int add_token(struct lexer *lexer, struct zone_entry *entry) {
  const char *end = token_end(lexer);
  if (!end)
    return -1;
  struct zone_token *tokens = grow(entry->tokens, entry->count, sizeof *tokens);
  if (!tokens)
    return error_set(lexer->error, "out of memory");
  entry->tokens = tokens;
  char *text = strndup(lexer->at, (size_t)(end - lexer->at));
  if (!text)
    return error_set(lexer->error, "out of memory");
  tokens[entry->count++] = (struct zone_token){.text = text, .line = lexer->line};
  lexer->at = end;
  return 0;
}

static void entry_clear(struct zone_entry *entry) {
  for (size_t i = 0; i < entry->count; i++)
    free(entry->tokens[i].text);
  free(entry->tokens);
}

/* Reads the tokens up to the end of the entry, and over it. A line without tokens gives an empty
 * entry. */
static int read_entry(struct lexer *lexer, struct zone_entry *entry) {
  entry->indent = lexer->at;
  while (is_blank(lexer->at[entry->indent_length]))
    entry->indent_length++;
  int found;
  while ((found = skip_to_token(lexer)) > 0)
    if (add_token(lexer, entry))
      return -1;
  if (found < 0)
    return -1;
  if (*lexer->at == '\n') {
    lexer->at++;
    lexer->line++;
  }
  if (entry->count > 0) {
    entry->line = entry->tokens[0].line;
    entry->directive = entry->tokens[0].text[0] == '$';
  }
  return 0;
}

static int add_entry(struct zone_text *zone_text, const struct zone_entry *entry) {
  struct zone_entry *entries = grow(zone_text->entries, zone_text->count, sizeof *entries);
  if (!entries)
    return -1;
  zone_text->entries = entries;
  entries[zone_text->count++] = *entry;
  return 0;
}

/* Finds the blanks that all records begin with; those that begin with more repeat the owner. */
static void take_off_indentation(struct zone_text *zone_text) {
  const struct zone_entry *shortest = NULL;
  size_t common = 0;
  for (size_t i = 0; i < zone_text->count; i++) {
    const struct zone_entry *entry = &zone_text->entries[i];
    if (entry->directive)
      continue;
    if (!shortest) {
      shortest = entry;
      common = entry->indent_length;
    }
    /* The same blanks, not the same number of them: a tab is no eight spaces. */
    size_t same = 0;
    while (same < common && same < entry->indent_length &&
           entry->indent[same] == shortest->indent[same])
      same++;
    common = same;
  }
  for (size_t i = 0; i < zone_text->count; i++) {
    struct zone_entry *entry = &zone_text->entries[i];
    entry->same_owner = !entry->directive && entry->indent_length > common;
  }
}

int zone_text_create(struct zone_text **out, const char *text, struct error *error) {
  struct lexer lexer = {.at = text, .line = 1, .error = error};
  struct zone_entry entry = {0};
  struct zone_text *zone_text = calloc(1, sizeof *zone_text);
  if (!zone_text)
    return error_set(error, "out of memory");
  while (*lexer.at) {
    if (read_entry(&lexer, &entry))
      goto out;
    if (entry.count > 0 && add_entry(zone_text, &entry)) {
      error_set(error, "out of memory");
      goto out;
    }
    entry = (struct zone_entry){0};
  }
  take_off_indentation(zone_text);
  *out = zone_text;
  return 0;

out:
  entry_clear(&entry);
  zone_text_destroy(zone_text);
  return -1;
}

void zone_text_destroy(struct zone_text *zone_text) {
  if (!zone_text)
    return;
  for (size_t i = 0; i < zone_text->count; i++)
    entry_clear(&zone_text->entries[i]);
  free(zone_text->entries);
  free(zone_text);
}
