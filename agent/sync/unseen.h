/* At the end of a full enumeration: which live items has it not seen (F-81, F-82)?
 *
 * All records of the drive are looked through, so it is done in the pool, by a connection
 * of its own to the state. The answer may be a moment old: store_sweep() looks again.
 *
 * `done` once, never inside the start call; then the search is gone. unseen_cancel() ends
 * it without.
 */
#ifndef AGENT_SYNC_UNSEEN_H
#define AGENT_SYNC_UNSEEN_H

#include "agent/sync/context.h"

struct unseen;

struct unseen_result {
    bool is_complete; /* false: the state cannot be read, or memory is short */
    const int64_t *keys;
    size_t count;
};

/* `result` is borrowed for the call. */
typedef void unseen_done_fn(void *user, const struct unseen_result *result);

/* What the enumeration has stored must be committed. NULL: out of memory. */
struct unseen *unseen_start(const struct sync_context *context, int64_t generation,
                            unseen_done_fn *done, void *user);
/* Accepts NULL. */
void unseen_cancel(struct unseen *unseen);

#endif
