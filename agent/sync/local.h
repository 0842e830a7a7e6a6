/* Notices while the agent runs what people change in the folder, and when the folder
 * itself moves or goes (F-30 … F-36, F-57 … F-59).
 *
 *   sync/watch.h -> which record is that? -> quiet for a while -> look -> note
 *
 * An event only says where to look. It is waited for quiet first, because programs save in
 * several steps (F-30); the agent's own writes come back as well and are found to be as
 * recorded (F-36). An object that is gone and has been seen to arrive elsewhere has been
 * moved (F-32). Events that were lost, or more than is worth being remembered, are made up
 * for by sync/check.h (F-33).
 *
 * Nothing waits for it: what it has not noticed yet is found when the hands get there.
 * Memory: sync/watch.h, and 8 bytes for each object that was touched a moment ago.
 */
#ifndef AGENT_SYNC_LOCAL_H
#define AGENT_SYNC_LOCAL_H

#include "agent/sync/context.h"

struct local;

struct local_callbacks {
    /* A person's change was noted. */
    void (*on_noticed)(void *user);
    /* Events were lost: everything is to be looked at. */
    void (*on_lost)(void *user);
    /* The folder was, or may have been, moved or mounted over, and it is the right one. One
     * that is not is told by the end of the batch (sync/batch.h). */
    void (*on_root)(void *user);
};

/* NULL: `failure` says why nothing can be watched. No folder is watched yet. */
struct local *local_start(struct sync_context *context,
                          const struct local_callbacks *callbacks, void *user,
                          struct failure *failure);
/* Accepts NULL. It is gone when its last job with the hands has ended. */
void local_close(struct local *local);

/* Watches the mirror's folder `key`, then looks at what it holds by the records (F-35).
 * `local` may be NULL. */
void local_folder(struct local *local, int64_t key);
/* The same for many, by sync/glance.h, which looks itself: a descriptor for watch_add(), or
 * -1: nothing more is to be watched. Not -1: local_watched() for each, then as many
 * local_end_watching(), also after local_close(). */
int local_begin_watching(struct local *local);
void local_watched(struct local *local, int64_t key, int result);
void local_end_watching(struct local *local);
/* Whether all folders that were asked for are watched. */
bool local_is_complete(const struct local *local);

#endif
