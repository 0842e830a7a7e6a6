#include "agent/sync/local.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/local_keys.h"
#include "agent/sync/local_moves.h"
#include "agent/sync/notice.h"
#include "agent/sync/tree.h"
#include "agent/sync/watch.h"

enum {
    QUIET_MS = 2000,   /* a program that saves has done so by then (F-30) */
    LONGEST_MS = 5000, /* but one that never rests is not waited for */
    PORTION = 128,     /* of looks, so that other work gets between them */
    CHILDREN_MAX = 4096,
    ABOVE = -1, /* stands for all folders above the root */
};

struct local {
    uv_timer_t timer;
    struct sync_context *context;
    struct local_callbacks callbacks;
    void *user;
    struct watch *watch;
    struct local_keys touched; /* to be looked at after a while */
    struct local_keys looked;  /* being looked at */
    size_t next;               /* of `looked` */
    struct local_moves moves;
    uint64_t first_at_ms; /* of `touched` */
    size_t jobs;          /* with the hands */
    size_t looks;         /* of these, what on_looked() and on_elsewhere() answer */
    bool is_confirming;
    bool is_incomplete;
    bool is_closing;
    bool is_timer_closed;
};

static void on_timer(uv_timer_t *timer);

/* What was touched. */

static void arm(struct local *local)
{
    uint64_t now = clock_now_ms();
    if (local->is_closing || local->looks > 0)
        return;
    if (local->first_at_ms == 0)
        local->first_at_ms = now;
    uint64_t waited = now - local->first_at_ms;
    uint64_t left = waited < LONGEST_MS ? LONGEST_MS - waited : 0;
    (void)uv_timer_start(&local->timer, on_timer, left < QUIET_MS ? left : QUIET_MS, 0);
}

/* F-33: looking at everything makes up for all that was lost. */
static void lose(struct local *local)
{
    local_keys_clear(&local->touched);
    local_moves_clear(&local->moves);
    local->callbacks.on_lost(local->user);
}

static void touch(struct local *local, int64_t key)
{
    if (local_keys_add(&local->touched, key))
        arm(local);
    else
        lose(local);
}

static void touch_children(struct local *local, int64_t folder)
{
    const struct sync_context *context = local->context;
    struct store_base child;
    int64_t after = 0;
    size_t count = 0;
    while (store_next_base_child(context->store, context->mirror, folder, &after, &child) ==
           STORE_OK) {
        if (++count > CHILDREN_MAX) {
            lose(local); /* too many for one turn of the loop: the check has time */
            return;
        }
        touch(local, child.key);
    }
}

/* Jobs. */

static void release(struct local *local)
{
    if (!local->is_closing || !local->is_timer_closed || local->jobs > 0)
        return;
    local_keys_clear(&local->touched);
    local_keys_clear(&local->looked);
    local_moves_clear(&local->moves);
    free(local);
}

static void add(struct local *local, struct batch_job *job)
{
    local->jobs++;
    batch_add(local->context->batch, job);
}

/* True: nothing is to be made of its result any more. */
static bool end_job(struct local *local)
{
    local->jobs--;
    if (!local->is_closing)
        return false;
    release(local);
    return true;
}

/* Looking. */

static void on_looked(void *user, struct batch_job *job);
static void on_elsewhere(void *user, struct batch_job *job);

static void look_on(struct local *local)
{
    if (local->looks > 0)
        return;
    while (local->looks < PORTION && local->next < local->looked.count) {
        struct batch_job *job = notice_look(
            local->context, local->looked.list[local->next++], on_looked, local);
        if (job == NULL)
            continue;
        local->looks++;
        add(local, job);
    }
    if (local->looks > 0)
        return;
    local_keys_clear(&local->looked);
    if (local->touched.count > 0)
        arm(local);
    else
        local_moves_clear(&local->moves);
}

static void on_timer(uv_timer_t *timer)
{
    struct local *local = timer->data;
    local_keys_tidy(&local->touched);
    local->looked = local->touched;
    local->touched = (struct local_keys){.list = NULL};
    local->next = 0;
    local->first_at_ms = 0;
    look_on(local);
}

static void remove_one(struct local *local, const struct batch_job *job)
{
    int64_t key = job->step.key;
    notice_removed(local->context, key);
    if (job->base.kind == STORE_KIND_FOLDER) {
        watch_drop(local->watch, key);
        touch_children(local, key);
    }
    local->callbacks.on_noticed(local->user);
}

/* It is not where it stood: perhaps it has been seen to arrive somewhere. */
static void miss(struct local *local, const struct batch_job *job)
{
    const struct local_move *move = local_moves_find(&local->moves, job->step.key);
    struct batch_job *look =
        move == NULL ? NULL
                     : notice_look_elsewhere(local->context, move->key, move->folder,
                                             move->name, on_elsewhere, local);
    if (look == NULL) {
        remove_one(local, job);
        return;
    }
    look->intent.parent = move->folder; /* of kind NONE: only remembers */
    local->looks++;
    add(local, look);
}

static void on_looked(void *user, struct batch_job *job)
{
    struct local *local = user;
    local->looks--;
    if (end_job(local))
        return;
    enum notice_fact fact =
        job->was_run ? notice_take(local->context, job) : NOTICE_NOTHING;
    switch (fact) {
    case NOTICE_NOTHING:
        break;
    case NOTICE_MISSING:
        miss(local, job);
        break;
    case NOTICE_STANDS:
        if (job->base.kind == STORE_KIND_FOLDER)
            local_folder(local, job->step.key);
        local->callbacks.on_noticed(local->user);
        break;
    case NOTICE_EDITED:
        local->callbacks.on_noticed(local->user);
        break;
    }
    look_on(local);
}

static void on_elsewhere(void *user, struct batch_job *job)
{
    struct local *local = user;
    local->looks--;
    if (end_job(local))
        return;
    if (notice_take_elsewhere(local->context, job, job->intent.parent)) {
        local_moves_drop(&local->moves, job->step.key);
        local->callbacks.on_noticed(local->user);
    } else if (local_moves_retry(&local->moves, job->step.key)) {
        touch(local, job->step.key); /* its new folder may have been moved as well */
    } else {
        remove_one(local, job);
    }
    look_on(local);
}

/* Events. */

/* Whose place that is, also if the object has been seen to arrive there just now; 0
 * nobody's. */
static int64_t find_owner(const struct local *local, const struct watch_event *event)
{
    const struct sync_context *context = local->context;
    struct store_base base;
    if (store_find_base(context->store, context->mirror, event->folder, event->name,
                        &base) == STORE_OK)
        return base.key;
    return local_moves_owner(&local->moves, event->folder, event->name);
}

static void on_name(struct local *local, const struct watch_event *event)
{
    int64_t owner = find_owner(local, event);
    if (owner != 0)
        touch(local, owner);
    if (event->kind == WATCH_LEFT)
        local_moves_leave(&local->moves, owner, event->cookie);
    else if (event->kind == WATCH_CAME)
        local_moves_arrive(&local->moves, event->cookie, event->folder, event->name);
}

static void on_confirmed(void *user, struct batch_job *job)
{
    struct local *local = user;
    local->is_confirming = false;
    if (!end_job(local) && job->was_run)
        local->callbacks.on_root(local->user);
}

static void confirm(struct local *local)
{
    struct batch_job *job = local->is_confirming ? NULL
                                                 : batch_job_new(BATCH_CONFIRM, 0, NULL,
                                                                 NULL, on_confirmed, local);
    if (job == NULL)
        return;
    local->is_confirming = true;
    add(local, job);
}

static void on_event(void *user, const struct watch_event *event)
{
    struct local *local = user;
    bool is_root = event->folder == ABOVE || event->folder == local->context->root_item;
    switch (event->kind) {
    case WATCH_TOUCHED:
    case WATCH_LEFT:
    case WATCH_CAME:
        on_name(local, event);
        return;
    case WATCH_SELF:
        if (is_root)
            confirm(local);
        else
            touch(local, event->folder);
        return;
    case WATCH_MOUNTS:
        confirm(local);
        return;
    case WATCH_OVERFLOW:
        lose(local);
        return;
    }
}

/* Watching. */

void local_watched(struct local *local, int64_t key, int result)
{
    struct failure failure;
    bool is_watched = watch_put(local->watch, result, key, &failure);
    if (failure.kind != FAILURE_NONE && !local->is_closing)
        log_failure(local->context->name, &failure);
    /* A folder that has gone wants no watch: only one that was refused is missing. */
    bool is_refused = !is_watched && result != -ENOENT && result != -ENOTDIR;
    local->is_incomplete = local->is_incomplete || (is_refused && key != ABOVE);
}

int local_begin_watching(struct local *local)
{
    if (local == NULL)
        return -1;
    if (!watch_has_room(local->watch)) {
        local->is_incomplete = true;
        return -1;
    }
    local->jobs++;
    return watch_begin(local->watch);
}

void local_end_watching(struct local *local)
{
    watch_end(local->watch);
    (void)end_job(local);
}

static void on_watched(void *user, struct batch_job *job)
{
    struct local *local = user;
    int64_t folder = job->step.key;
    if (job->was_run)
        local_watched(local, folder, job->watching.result);
    if (!local->is_closing && folder != ABOVE)
        touch_children(local, folder);
    local_end_watching(local);
}

static void watch_one(struct local *local, int64_t key, const char *path)
{
    struct batch_job *job = batch_job_new(BATCH_WATCH, key, NULL, path, on_watched, local);
    int descriptor = job == NULL ? -1 : local_begin_watching(local);
    if (descriptor < 0) {
        local->is_incomplete = true;
        batch_job_free(job);
        return;
    }
    job->watching.descriptor = descriptor;
    job->watching.is_above = key == ABOVE;
    batch_add(local->context->batch, job);
}

void local_folder(struct local *local, int64_t key)
{
    char path[TREE_PATH_SIZE];
    if (local != NULL && tree_standing(local->context, key, path))
        watch_one(local, key, path);
}

/* The folders above tell when the way to the root changes (F-59). */
static void watch_above(struct local *local)
{
    char path[TREE_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s", place_real_path(local->context->root));
    for (char *slash = strrchr(path, '/'); slash != NULL && slash != path;
         slash = strrchr(path, '/')) {
        *slash = '\0';
        watch_one(local, ABOVE, path);
    }
}

bool local_is_complete(const struct local *local)
{
    return local != NULL && !local->is_incomplete;
}

/* Life. */

static void on_closed(uv_handle_t *handle)
{
    struct local *local = handle->data;
    local->is_timer_closed = true;
    release(local);
}

void local_close(struct local *local)
{
    if (local == NULL)
        return;
    assert(!local->is_closing);
    local->is_closing = true;
    watch_close(local->watch);
    uv_close((uv_handle_t *)&local->timer, on_closed);
}

struct local *local_start(struct sync_context *context,
                          const struct local_callbacks *callbacks, void *user,
                          struct failure *failure)
{
    struct local *local = calloc(1, sizeof *local);
    if (local == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
        return NULL;
    }
    local->context = context;
    local->callbacks = *callbacks;
    local->user = user;
    local->watch = watch_new(context->loop, on_event, local, failure);
    if (local->watch == NULL) {
        free(local);
        return NULL;
    }
    if (uv_timer_init(context->loop, &local->timer) != 0)
        abort(); /* it only fills memory of ours */
    local->timer.data = local;
    watch_above(local);
    watch_one(local, context->root_item, "");
    return local;
}
