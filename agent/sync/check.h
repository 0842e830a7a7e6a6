/* Holds every base record against the disk, in the background: notes what a person has
 * edited, removed or moved (F-25, F-31, F-32), and queues what is to be restored. Folders
 * are watched from then on, where context->local is there.
 *
 *   glance    sync/glance.h, in the pool -> doubtful ones -> a look by the hands -> noted
 *   search   only if something is missing: all folders for its inode, in the pool
 *   settle   what was not found is looked at once more, since its folder may have been;
 *            then it counts as removed
 *
 * All is looked through by stat, some thousands in a job, two jobs or three at once; what
 * is not plainly as it was left is given to the hands in small portions, so that other work
 * gets between them.
 */
#ifndef AGENT_SYNC_CHECK_H
#define AGENT_SYNC_CHECK_H

#include "agent/sync/context.h"

struct check;

struct check_result {
    uint64_t seen;
    uint64_t edited;
    uint64_t missing;
    uint64_t moved;
    uint64_t took_ms;
    struct failure failure; /* kind NONE: all has been looked at */
};

typedef void check_done_fn(void *user, const struct check_result *result);

/* `restore`: what is missing or moved is put into the queue. NULL: out of memory. `done` is
 * called exactly once, never inside this call; then the check is gone. */
struct check *check_start(struct sync_context *context, bool restore, check_done_fn *done,
                          void *user);
/* What the hands looked at is not written down: with `failure` it ends soon, not all of it
 * being known. Nothing where `check` is NULL. */
void check_trouble(struct check *check, const struct failure *failure);
/* Ends it without `done`; `closed` is called when nothing of it is left in the pool, at
 * once where `check` is NULL. No job of it may be with the hands: close sync/batch.h first.
 */
void check_close(struct check *check, void (*closed)(void *user), void *user);

#endif
