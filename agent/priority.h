/* Bulk work steps back: the threads of the pool, which hash, write and sync, get a lower
 * priority for processor and disk than the loop's own thread (nice by 5; best effort, level
 * 7), which keeps the one it was started with, so that notifications and questions are
 * answered at once. No lower than that: a single change is the work of the same threads,
 * and is to arrive on a busy computer too.
 */
#ifndef AGENT_PRIORITY_H
#define AGENT_PRIORITY_H

#include <uv.h>

enum { PRIORITY_NICE = 5, PRIORITY_IO_LEVEL = 7 };

/* Lowers the pool, from the loop, soon. What the system refuses stays as it is. */
void priority_lower_pool(uv_loop_t *loop);

#endif
