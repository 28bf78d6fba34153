/* SPDX-License-Identifier: MIT
 *
 * Interposed: what streams (stdio) do with their descriptors. There are a hundred functions that
 * may fill or flush a buffer (fgets, scanf, printf, getwc …), and they read and write inside the C
 * library, where no symbol can be interposed. But all of them go through the three members read,
 * write and close of a stream's table of functions (libio/libioP.h, struct _IO_jump_t). There are
 * two such tables for streams of descriptors, one for bytes and one for wide characters; their
 * members are replaced here by those that make our calls. So a stream waits in virtual time like
 * any other reader or writer, and what it does is told to others.
 *
 * glibc has shown the tables and their members since its version 2.2.5. It checks where the table
 * of a stream lies, not what is in it.
 */
#include "harness/clock/stdio_calls.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/clock/turn.h"

/* The members of struct _IO_jump_t. */
#define TABLE_MEMBERS 21

/* Streams that the C library opens for itself and in which no thread may be cancelled
 * (_IO_FLAGS2_NOTCANCEL): those of passwd(5) and the like. */
#define STREAM_NOT_CANCELLED 2

extern uintptr_t _IO_file_jumps[TABLE_MEMBERS], _IO_wfile_jumps[TABLE_MEMBERS];
extern FILE *_IO_list_all; /* all streams, chained */

ssize_t _IO_file_read(FILE *stream, void *bytes, ssize_t size);
ssize_t _IO_file_write(FILE *stream, const void *bytes, ssize_t size);
int _IO_file_close(FILE *stream);

static ssize_t read_stream(FILE *stream, void *bytes, ssize_t size) {
  if (stream->_flags2 & STREAM_NOT_CANCELLED)
    return _IO_file_read(stream, bytes, size);
  return read(stream->_fileno, bytes, (size_t)size);
}

/* Somebody outside the lab reads in real time, so this is when the writer waits for him. */
static bool is_written_in_real_time(const FILE *stream) {
  return stream->_flags2 & STREAM_NOT_CANCELLED || turn_leads_outside(stream->_fileno);
}

/* As _IO_file_write: all of it, unless there is an error. */
static ssize_t write_stream(FILE *stream, const void *bytes, ssize_t size) {
  if (is_written_in_real_time(stream))
    return _IO_file_write(stream, bytes, size);
  ssize_t written = 0;
  while (written < size) {
    ssize_t part = write(stream->_fileno, (const char *)bytes + written, (size_t)(size - written));
    if (part < 0) {
      stream->_flags |= _IO_ERR_SEEN;
      break;
    }
    written += part;
  }
  if (stream->_offset >= 0)
    stream->_offset += written;
  return written;
}

/* In the C library this is no cancellation point. */
static int close_stream(FILE *stream) {
  int cancel_state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  int result = close(stream->_fileno);
  pthread_setcancelstate(cancel_state, NULL);
  return result;
}

/* ---- taking over ---- */

/* The tables are in memory that is read-only once the program is loaded (RELRO). */
static bool make_writable(uintptr_t *table) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)table / page * page,
            end = (uintptr_t)(table + TABLE_MEMBERS);
  return mprotect((void *)first, end - first, PROT_READ | PROT_WRITE) == 0;
}

static bool replace(uintptr_t *table, uintptr_t theirs, uintptr_t ours) {
  for (unsigned i = 0; i < TABLE_MEMBERS; i++)
    if (table[i] == theirs) {
      table[i] = ours;
      return true;
    }
  return false;
}

static bool take_over(uintptr_t *table) {
  return make_writable(table) && replace(table, (uintptr_t)_IO_file_read, (uintptr_t)read_stream) &&
         replace(table, (uintptr_t)_IO_file_write, (uintptr_t)write_stream) &&
         replace(table, (uintptr_t)_IO_file_close, (uintptr_t)close_stream);
}

bool stdio_take_over(void) {
  return take_over(_IO_file_jumps) && take_over(_IO_wfile_jumps);
}

/* One that another thread is using is left to the C library, which at exit asks for no lock. */
void stdio_flush(void) {
  if (!turn_taking_part())
    return;
  for (FILE *stream = _IO_list_all; stream; stream = stream->_chain) {
    if (ftrylockfile(stream))
      continue;
    if (__fpending(stream) > 0)
      fflush_unlocked(stream);
    funlockfile(stream);
  }
}
