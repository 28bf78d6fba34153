/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target once over each file of its corpus, in the order of their names: what libFuzzer
 * found once stays found in the ordinary tests. Usage: replay_TARGET DIRECTORY
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Larger than any message of SIP over UDP or DNS. */
enum { INPUT_SIZE_MAX = 1 << 20 };

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = malloc(INPUT_SIZE_MAX);
  size_t size = file && bytes ? fread(bytes, 1, INPUT_SIZE_MAX, file) : 0;
  int failed = !file || !bytes || ferror(file);
  if (!failed)
    LLVMFuzzerTestOneInput(bytes, size);
  if (file)
    fclose(file);
  free(bytes);
  return failed;
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
  struct dirent **entries;
  int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
  if (count <= 0) {
    fprintf(stderr, "usage: %s DIRECTORY (with at least one file)\n", argv[0]);
    return 2;
  }
  int failed = 0;
  for (int i = 0; i < count; i++) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
    failed |= replay_file(path);
    free(entries[i]);
  }
  free(entries);
  printf("%d inputs replayed\n", count);
  return failed;
}
