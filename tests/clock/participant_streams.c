/* SPDX-License-Identifier: MIT
 *
 * The participant's streams: stdio on pipes and sockets, by functions of each kind that fill or
 * flush a buffer, and the shell's pipelines, whose programs do the same.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include "tests/clock/participant.h"

/* ---- reading ---- */

/* A stream in which a child writes a text of these, one each second, and then its end. */
static FILE *open_slow(const char *const *texts) {
  int ends[2];
  need(pipe(ends) == 0);
  if (fork() == 0) {
    close(ends[0]);
    for (; *texts; texts++) {
      sleep(1);
      need(write(ends[1], *texts, strlen(*texts)) == (ssize_t)strlen(*texts));
    }
    sleep(1);
    _exit(0);
  }
  close(ends[1]);
  FILE *stream = fdopen(ends[0], "r");
  need(stream);
  return stream;
}

static void close_slow(FILE *stream) {
  say("%s", feof(stream) && !ferror(stream) ? "end" : "?");
  need(fclose(stream) == 0 && wait(NULL) > 0);
}

static void read_lines(void) {
  char line[64], *longer = NULL;
  size_t size = 0;
  FILE *stream = open_slow((const char *[]){"one\n", "two ", "three\nfour", NULL});
  need(fgets(line, sizeof line, stream));
  say("fgets %.3s", line);
  need(getline(&longer, &size, stream) == 10);
  say("getline %.9s", longer);
  need(fgets(line, sizeof line, stream));
  say("fgets %s", line);
  need(!fgets(line, sizeof line, stream));
  close_slow(stream);
  free(longer);
}

static void read_parts(void) {
  char bytes[8] = "";
  int first, second;
  FILE *stream = open_slow((const char *[]){"ab", "cd", "12 3", "4 ", "e", NULL});
  need(getc(stream) == 'a');
  say("getc a");
  need(fread(bytes, 1, 3, stream) == 3);
  say("fread %s", bytes);
  need(fscanf(stream, "%d%d", &first, &second) == 2);
  say("fscanf %d %d", first, second);
  need(fread(bytes, 1, 8, stream) == 2);
  say("fread%.2s", bytes);
  close_slow(stream);
}

static void read_wide(void) {
  wchar_t line[8];
  FILE *stream = open_slow((const char *[]){"x\n", "yz", NULL});
  need(fgetws(line, 8, stream) && line[0] == L'x');
  say("fgetws x");
  need(fgetwc(stream) == L'y' && fgetwc(stream) == L'z' && fgetwc(stream) == WEOF);
  say("fgetwc");
  close_slow(stream);
}

static void *wait_for_line(void *stream) {
  char line[8];
  need(!fgets(line, sizeof line, stream));
  return NULL;
}

/* A thread that is cancelled while it waits lets go of the stream. */
static void cancel_reader(void) {
  int ends[2];
  pthread_t thread;
  void *result;
  need(pipe(ends) == 0);
  FILE *stream = fdopen(ends[0], "r");
  need(stream);
  need(pthread_create(&thread, NULL, wait_for_line, stream) == 0);
  sleep(1);
  need(pthread_cancel(thread) == 0);
  need(pthread_join(thread, &result) == 0);
  say("%s", result == PTHREAD_CANCELED ? "cancelled" : "?");
  need(write(ends[1], "z", 1) == 1);
  say("getc %c", getc(stream));
  fclose(stream);
  close(ends[1]);
}

static int part_stream_reads(int a, int b) {
  (void)a, (void)b;
  read_lines();
  read_parts();
  read_wide();
  cancel_reader();
  return 0;
}

/* ---- writing ---- */

/* A process that reads all of it, one megabyte each second. */
static FILE *open_slow_reader(void) {
  static char bytes[1 << 20];
  int ends[2];
  need(pipe(ends) == 0);
  if (fork() == 0) {
    size_t total = 0;
    close(ends[1]);
    for (ssize_t size = 1; size > 0;) {
      sleep(1);
      for (size_t part = 0; part < sizeof bytes && size > 0; part += (size_t)size)
        total += (size_t)(size = read(ends[0], bytes, sizeof bytes - part));
    }
    say("read %zu", total);
    _exit(0);
  }
  close(ends[0]);
  FILE *stream = fdopen(ends[1], "w");
  need(stream);
  return stream;
}

/* More than a pipe has room for is left in the buffer of a process that exits. */
static void exit_with_full_buffer(void) {
  static char buffer[1 << 20];
  FILE *stream = open_slow_reader();
  if (fork() == 0) {
    need(setvbuf(stream, buffer, _IOFBF, sizeof buffer) == 0);
    need(fprintf(stream, "%600000s", "x") == 600000);
    say("exit");
    exit(0);
  }
  fclose(stream);
  need(wait(NULL) > 0);
  say("exited");
  need(wait(NULL) > 0);
}

static int part_stream_writes(int a, int b) {
  (void)a, (void)b;
  static char bytes[3 << 20];
  char line[16];
  FILE *stream = open_slow_reader();
  need(fwrite(bytes, 1, sizeof bytes, stream) == sizeof bytes);
  say("fwrite");
  need(fclose(stream) == 0 && wait(NULL) > 0);
  exit_with_full_buffer();
  int ends[2];
  need(pipe(ends) == 0);
  if (fork() == 0) {
    stream = fdopen(ends[1], "w");
    sleep(2);
    need(stream && fwprintf(stream, L"%ls", L"wide") == 4 && fflush(stream) == 0);
    sleep(2);
    _exit(0);
  }
  need(read(ends[0], line, sizeof line) == 4);
  say("read %.4s", line);
  need(wait(NULL) > 0);
  return 0;
}

/* ---- sockets ---- */

static void serve_lines(int listener) {
  char line[16];
  int fd = accept(listener, NULL, NULL);
  FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
  need(fd >= 0 && in && out);
  while (fgets(line, sizeof line, in)) {
    sleep(1);
    need(fprintf(out, "got %s", line) > 0 && fflush(out) == 0);
  }
  fclose(in);
  fclose(out);
  _exit(0);
}

static int part_stream_sockets(int a, int b) {
  (void)a, (void)b;
  char line[16];
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(7000), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
  need(listen(listener, 1) == 0);
  if (fork() == 0)
    serve_lines(listener);
  close(listener);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  need(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
  FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
  need(in && out);
  for (int i = 0; i < 2; i++) {
    sleep(1);
    need(fprintf(out, "line %d\n", i) > 0 && fflush(out) == 0);
    need(fgets(line, sizeof line, in));
    say("%.10s", line);
  }
  need(fclose(in) == 0 && fclose(out) == 0 && wait(NULL) > 0);
  say("closed");
  return 0;
}

/* ---- pipelines ---- */

static void run_pipeline(const char *command) {
  char line[64];
  FILE *stream = popen(command, "r");
  need(stream);
  while (fgets(line, sizeof line, stream)) {
    line[strcspn(line, "\n")] = '\0';
    say("%s", line);
  }
  need(pclose(stream) == 0);
}

static int part_pipelines(int a, int b) {
  (void)a, (void)b;
  run_pipeline(
      "(sleep 2; echo a; sleep 2; echo b) | sed -u s/a/A/ | while read x; do echo $x; done");
  run_pipeline("(sleep 1; echo 2; sleep 1; echo 1) | sort -n | tee /dev/null | cat");
  run_pipeline("head -c 1000000 /dev/zero | cat | wc -c");
  run_pipeline("seq 1 100000 | sort -rn | tail -n 1");
  run_pipeline("yes | head -n 1");
  int status = system("(sleep 1; echo c; sleep 2) | grep -q c && sleep 1");
  say("system %d", status);
  return 0;
}

const struct part stream_parts[] = {
    {"stream-reads", part_stream_reads},
    {"stream-writes", part_stream_writes},
    {"stream-sockets", part_stream_sockets},
    {"pipelines", part_pipelines},
    {NULL, NULL},
};
