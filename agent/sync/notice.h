/* What people change in the folder: one look at an object that has a base record, and what
 * it means for that record (F-25, F-31, F-32, F-36). For sync/check.h, which looks at all
 * of them, and sync/local.h, which looks where something has just happened.
 *
 * Nothing is decided here but what is noted: a person's change stays as it is.
 */
#ifndef AGENT_SYNC_NOTICE_H
#define AGENT_SYNC_NOTICE_H

#include "agent/sync/batch.h"

enum notice_fact {
    NOTICE_NOTHING, /* as noted before, or it could not be told */
    NOTICE_STANDS,  /* as we left it, though it was noted as changed */
    NOTICE_EDITED,
    NOTICE_MISSING, /* not noted yet: notice_removed(), unless it stands elsewhere */
};

/* A look at the place of `key`. NULL: it does not stand anywhere, or out of memory. */
struct batch_job *notice_look(const struct sync_context *context, int64_t key,
                              batch_done_fn *done, void *user);
/* A look whether the object of `key` stands at `name` in the folder `folder` instead. */
struct batch_job *notice_look_elsewhere(const struct sync_context *context, int64_t key,
                                        int64_t folder, const char *name,
                                        batch_done_fn *done, void *user);

/* What a look of notice_look() has found, noted at the record unless that has changed
 * meanwhile. `job->was_run` is true. */
enum notice_fact notice_take(const struct sync_context *context,
                             const struct batch_job *job);
/* The same for notice_look_elsewhere(): true, it stands there, and that is recorded. */
bool notice_take_elsewhere(const struct sync_context *context, const struct batch_job *job,
                           int64_t folder);
/* The object of `key` is nowhere. */
void notice_removed(const struct sync_context *context, int64_t key);

#endif
