#include "agent/sync/reclaim.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/state_failure.h"
#include "agent/sync/batch.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/tree.h"
#include "store/store_intent.h"

enum { PORTION = 64 };

struct reclaim {
    uv_timer_t timer;
    struct sync_context *context;
    reclaim_done_fn *done;
    void *user;
    int64_t after_key;
    size_t jobs;
    bool is_last_try;
    bool is_closing;
    struct failure failure; /* the first one */
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void reclaim_cancel(struct reclaim *reclaim)
{
    if (reclaim == NULL)
        return;
    assert(reclaim->jobs == 0);
    reclaim->is_closing = true;
    uv_close((uv_handle_t *)&reclaim->timer, on_closed);
}

/* Whether something of the item may stand at the place of its intent without a record. */
static bool may_stand(const struct sync_context *context, const struct store_intent *intent,
                      enum store_kind *out_kind)
{
    struct store_remote remote;
    struct store_base base;
    if (intent->kind != STORE_INTENT_PLACE || intent->name == NULL ||
        store_get_remote(context->store, intent->key, &remote) != STORE_OK ||
        !facts_is_mirrored(&remote))
        return false;
    *out_kind = remote.kind;
    return remote.kind != STORE_KIND_FOLDER ||
           store_get_base(context->store, intent->key, &base) != STORE_OK;
}

static void record(const struct sync_context *context, const struct batch_job *job)
{
    struct store_intent intent;
    bool is_file = job->look.kind == STORE_KIND_FILE;
    if (store_get_intent(context->store, job->step.key, &intent) != STORE_OK)
        return;
    record_taken(context, job->step.key, intent.parent, job->name, &job->answer.print);
    if (store_get_intent(context->store, job->step.key, &intent) != STORE_OK)
        return;
    const struct record_object object = {
        .key = intent.key,
        .parent = intent.parent,
        .kind = job->look.kind,
        .name = intent.name,
        .operation = "record",
        .version = intent.version,
        .mtime_ms = is_file ? job->answer.print.mtime_ns / 1000000 : STORE_UNKNOWN,
        .size = is_file ? job->answer.print.size : STORE_UNKNOWN,
        .hash = is_file ? intent.hash : (struct store_hash){.kind = 0},
        .listed_size = STORE_UNKNOWN,
        .print = job->answer.print,
        .flags = STORE_BASE_RACY,
    };
    (void)record_object(context, &object);
}

static void on_timer(uv_timer_t *timer);

static void fail(struct reclaim *reclaim, enum failure_kind kind,
                 const struct failure *failure)
{
    if (reclaim->failure.kind != FAILURE_NONE)
        return;
    reclaim->failure = *failure;
    reclaim->failure.kind = kind;
}

/* A link on the way says that nothing of ours is behind it (F-50). */
static bool is_doubtful(const struct look_answer *answer)
{
    return answer->fact == LOOK_UNKNOWN && answer->failure.number != 50;
}

static void on_looked(void *user, struct batch_job *job)
{
    struct reclaim *reclaim = user;
    reclaim->jobs--;
    if (!job->was_run)
        fail(reclaim, FAILURE_CANCELLED, &job->failure);
    else if (job->answer.fact == LOOK_HOLDS_REMOTE)
        record(reclaim->context, job);
    else if (is_doubtful(&job->answer) && !reclaim->is_last_try)
        fail(reclaim, FAILURE_RESOURCE, &job->answer.failure);
    /* Not inside the hands' transaction. */
    if (reclaim->jobs == 0 && !reclaim->is_closing)
        (void)uv_timer_start(&reclaim->timer, on_timer, 0, 0);
}

static void look(struct reclaim *reclaim, const struct store_intent *intent,
                 enum store_kind kind)
{
    const struct sync_context *context = reclaim->context;
    char folder[TREE_PATH_SIZE];
    if (!tree_standing(context, intent->parent, folder))
        return;
    struct batch_job *job =
        batch_job_new(BATCH_LOOK, intent->key, folder, intent->name, on_looked, reclaim);
    if (job == NULL) {
        struct failure failure;
        (void)failure_set(&failure, FAILURE_RESOURCE, 22, "out of memory");
        fail(reclaim, FAILURE_RESOURCE, &failure);
        return;
    }
    job->look.kind = kind;
    job->look.remote_size = intent->size;
    job->look.remote_hash = intent->hash;
    reclaim->jobs++;
    batch_add(context->batch, job);
}

static void finish(struct reclaim *reclaim)
{
    reclaim_done_fn *done = reclaim->done;
    void *user = reclaim->user;
    struct failure failure = reclaim->failure;
    reclaim_cancel(reclaim);
    done(user, &failure);
}

static void look_on(struct reclaim *reclaim)
{
    const struct sync_context *context = reclaim->context;
    struct store_intent intent;
    enum store_kind kind;
    while (reclaim->jobs < PORTION && reclaim->failure.kind == FAILURE_NONE &&
           store_next_intent(context->store, context->mirror, &reclaim->after_key,
                             &intent) == STORE_OK) {
        if (may_stand(context, &intent, &kind))
            look(reclaim, &intent, kind);
    }
}

/* In one transaction: where a read in it fails its end does as well, so that nothing is
 * passed over as if it were not there. */
static void on_timer(uv_timer_t *timer)
{
    struct reclaim *reclaim = timer->data;
    struct store *store = reclaim->context->store;
    struct failure failure;
    bool is_open = store_begin(store) == STORE_OK;
    if (is_open)
        look_on(reclaim);
    if (!is_open || store_commit(store, false) != STORE_OK)
        fail(reclaim, state_trouble(store, &failure), &failure);
    if (reclaim->jobs == 0)
        finish(reclaim);
}

struct reclaim *reclaim_start(struct sync_context *context, bool is_last_try,
                              reclaim_done_fn *done, void *user)
{
    struct reclaim *reclaim = calloc(1, sizeof *reclaim);
    if (reclaim == NULL)
        return NULL;
    *reclaim = (struct reclaim){
        .context = context, .is_last_try = is_last_try, .done = done, .user = user};
    (void)uv_timer_init(context->loop, &reclaim->timer); /* cannot fail, nor its start */
    reclaim->timer.data = reclaim;
    (void)uv_timer_start(&reclaim->timer, on_timer, 0, 0);
    return reclaim;
}
