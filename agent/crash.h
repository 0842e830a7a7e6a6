/* What a crash leaves behind: no image of the memory (F-168), and its count, so that the
 * next start can be more careful (F-07).
 *
 * A crash is a signal that only a bug of ours or of a library raises: SIGSEGV, SIGBUS,
 * SIGFPE, SIGILL, SIGABRT. A kill from outside and a power cut are none. Each adds one byte
 * to the file `crashes` in the state folder; the file is forgotten with a stop in good
 * order, and an hour after the last crash.
 *
 * Sequence: crash_forbid_core_files() first thing; crash_watch() once the state is ours,
 * crash_forget() at the end of a good run.
 */
#ifndef AGENT_CRASH_H
#define AGENT_CRASH_H

#include <stdint.h>

/* From now on no core file of this process is written, and no other process of the same
 * user can read its memory: tokens live there. */
void crash_forbid_core_files(void);

/* So many within the hour, and work is done one item at a time (sync/suspect.h). */
enum { CRASH_LIMIT = 5 };

/* Counts from now on. Answers the crashes so far; where the file cannot be made, 0, and
 * none will be counted. */
uint64_t crash_watch(const char *state_dir);

/* The crashes that count still. */
uint64_t crash_count(const char *state_dir);

void crash_forget(const char *state_dir);

#endif
