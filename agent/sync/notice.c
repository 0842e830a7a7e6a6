#include "agent/sync/notice.h"

#include <string.h>

#include "agent/sync/record.h"
#include "agent/sync/tree.h"

enum { NOTED = STORE_BASE_EDITED | STORE_BASE_REMOVED };

static struct batch_job *new_look(const struct sync_context *context, int64_t key,
                                  const char *folder, const char *name, batch_done_fn *done,
                                  void *user)
{
    struct store_base base;
    struct batch_job *job = batch_job_new(BATCH_LOOK, key, folder, name, done, user);
    if (job == NULL || store_get_base(context->store, key, &base) != STORE_OK ||
        !batch_job_base(job, &base)) {
        batch_job_free(job);
        return NULL;
    }
    job->look.kind = base.kind;
    job->look.remote_size = STORE_UNKNOWN;
    return job;
}

struct batch_job *notice_look(const struct sync_context *context, int64_t key,
                              batch_done_fn *done, void *user)
{
    char path[TREE_PATH_SIZE];
    const char *folder;
    if (!tree_standing(context, key, path))
        return NULL;
    const char *name = tree_split(path, &folder);
    return new_look(context, key, folder, name, done, user);
}

struct batch_job *notice_look_elsewhere(const struct sync_context *context, int64_t key,
                                        int64_t folder, const char *name,
                                        batch_done_fn *done, void *user)
{
    char path[TREE_PATH_SIZE];
    if (!tree_standing(context, folder, path))
        return NULL;
    return new_look(context, key, path, name, done, user);
}

/* Whether the record is still the one that was compared: other work goes on meanwhile. */
static bool is_same_record(const struct sync_context *context, const struct batch_job *job,
                           struct store_base *out)
{
    return store_get_base(context->store, job->step.key, out) == STORE_OK &&
           memcmp(&out->print, &job->base.print, sizeof out->print) == 0;
}

static bool is_same_place(const struct sync_context *context, const struct batch_job *job)
{
    char path[TREE_PATH_SIZE];
    const char *folder;
    if (!tree_standing(context, job->step.key, path))
        return false;
    const char *name = tree_split(path, &folder);
    return strcmp(name, job->name) == 0 && strcmp(folder, job->folder) == 0;
}

/* As we left it. One that was hashed to find that out need not be hashed again, and a
 * folder has nothing to hash. */
static enum notice_fact take_standing(const struct sync_context *context,
                                      const struct look_answer *answer,
                                      struct store_base *base)
{
    const struct store_base before = *base;
    bool is_sure = answer->hash.kind != 0 || base->kind == STORE_KIND_FOLDER;
    base->flags &= ~(unsigned)(NOTED | STORE_BASE_DOUBTFUL);
    if (answer->hash.kind != 0)
        base->print = answer->print;
    if (is_sure)
        base->flags &= ~(unsigned)STORE_BASE_RACY;
    if (answer->hash.kind != 0 && answer->racy)
        base->flags |= (unsigned)STORE_BASE_RACY;
    bool is_news = base->flags != before.flags ||
                   memcmp(&base->print, &before.print, sizeof before.print) != 0;
    if (is_news)
        (void)store_put_base(context->store, context->mirror, base);
    return (before.flags & NOTED) != 0 ? NOTICE_STANDS : NOTICE_NOTHING;
}

/* Missing, and nobody's news: noted before, or on its way out since the drive deleted it,
 * where a removal that was not known to last may have been our own. */
static bool is_to_be_missed(const struct sync_context *context,
                            const struct store_base *base)
{
    struct store_remote remote;
    return (base->flags & STORE_BASE_REMOVED) != 0 ||
           (store_get_remote(context->store, base->key, &remote) == STORE_OK &&
            remote.gone);
}

enum notice_fact notice_take(const struct sync_context *context,
                             const struct batch_job *job)
{
    struct store_base base;
    if (!is_same_place(context, job) || !is_same_record(context, job, &base))
        return NOTICE_NOTHING;
    switch (job->answer.fact) {
    case LOOK_MISSING:
        return is_to_be_missed(context, &base) ? NOTICE_NOTHING : NOTICE_MISSING;
    case LOOK_EDITED:
    case LOOK_OTHER_KIND:
        if ((base.flags & NOTED) == STORE_BASE_EDITED)
            return NOTICE_EDITED;
        base.flags = (base.flags & ~(unsigned)NOTED) | (unsigned)STORE_BASE_EDITED;
        (void)store_put_base(context->store, context->mirror, &base);
        return NOTICE_EDITED;
    case LOOK_AS_LEFT:
    case LOOK_HOLDS_REMOTE:
        return take_standing(context, &job->answer, &base);
    case LOOK_UNKNOWN:
        return NOTICE_NOTHING; /* neither changed nor gone (F-16) */
    }
    return NOTICE_NOTHING;
}

bool notice_take_elsewhere(const struct sync_context *context, const struct batch_job *job,
                           int64_t folder)
{
    const struct look_answer *answer = &job->answer;
    struct store_base base;
    bool is_it = job->was_run && answer->fact == LOOK_AS_LEFT &&
                 answer->print.inode == job->base.print.inode &&
                 answer->print.device == job->base.print.device;
    return is_it && !batch_is_overtaken(job) && is_same_record(context, job, &base) &&
           record_moved_here(context, job->step.key, folder, job->name, &answer->print);
}

void notice_removed(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    if (store_get_base(context->store, key, &base) != STORE_OK)
        return;
    base.flags = (base.flags & ~(unsigned)NOTED) | (unsigned)STORE_BASE_REMOVED;
    (void)store_put_base(context->store, context->mirror, &base);
}
