#include "agent/sync/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/place/name.h"
#include "agent/state_failure.h"
#include "agent/sync/watch.h"

enum {
    BATCH_MAX = 512,  /* a bound on what a kill makes us repeat */
    BUSY_STEPS = 8,   /* so many at once, or … */
    BUSY_MS = 100,    /* … within that time, are a long row */
    GATHER_MS = 60,   /* in such a row the next batch gathers so long … */
    GATHER_JOBS = 96, /* … or so many, to share syncs and commits */
};

struct queue {
    struct batch_job *first;
    struct batch_job **end;
    size_t count;
};

struct batch {
    uv_work_t work;
    uv_timer_t kick; /* so that jobs added in one turn of the loop run as one batch */
    const struct sync_context *context;
    batch_end_fn *on_end;
    void *user;
    struct queue waiting;
    struct queue running;
    uint64_t added; /* jobs so far */
    bool is_running;
    bool is_busy;      /* the last batch was one of a long row */
    uint64_t since_ms; /* when `steps` began to be counted */
    size_t steps;
    size_t steps_before; /* of the period before that one */
    bool has_failed;     /* until batch_take_failed() */
    bool closing;
    bool is_kick_closed;
    uint64_t free_bytes;
    struct failure failure; /* of the batch that runs; written in the pool */
    void (*closed)(void *user);
    void *closed_user;
};

static void queue_clear(struct queue *queue)
{
    *queue = (struct queue){.first = NULL};
    queue->end = &queue->first;
}

static void queue_put(struct queue *queue, struct batch_job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
    queue->count++;
}

static struct batch_job *queue_take(struct queue *queue)
{
    struct batch_job *job = queue->first;
    if (job == NULL)
        return NULL;
    queue->first = job->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    queue->count--;
    return job;
}

static void queue_append(struct queue *queue, struct queue *other)
{
    if (other->first == NULL)
        return;
    *queue->end = other->first;
    queue->end = other->end;
    queue->count += other->count;
}

/* In the pool. The root belongs to this thread until the batch has ended. */

static void open_partial(struct place_root *root, struct batch_job *job)
{
    job->fd = place_open_partial(root, job->step.key, job->expected_size, job->offset,
                                 job->partial, &job->failure);
    job->was_run = true;
}

static void add_watch(const struct place_root *root, struct batch_job *job)
{
    const struct disk *disk = place_disk(root);
    int fd = job->watching.is_above ? disk->open_root(disk->user, job->name)
                                    : place_open_path(root, job->name);
    int error = errno;
    job->watching.result =
        fd < 0 ? -error : watch_add(job->watching.descriptor, fd, job->watching.is_above);
    disk_close(disk, fd);
    job->was_run = true;
}

static size_t count_steps(const struct batch_job *job)
{
    size_t count = 0;
    for (; job != NULL && job->kind == BATCH_STEP; job = job->next)
        count++;
    return count;
}

/* Consecutive steps go to place_run() together, so that they share their syncs. */
static enum failure_kind run_steps(struct place_root *root, struct batch_job **job,
                                   struct failure *failure)
{
    size_t count = count_steps(*job);
    struct place_step *steps = calloc(count, sizeof *steps);
    if (steps == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    struct batch_job *next = *job;
    for (size_t i = 0; i < count; i++, next = next->next)
        steps[i] = next->step;
    enum failure_kind kind = place_run(root, steps, count, failure);
    for (size_t i = 0; i < count; i++, *job = (*job)->next) {
        (*job)->step = steps[i];
        (*job)->was_run = steps[i].result != PLACE_PENDING;
    }
    free(steps);
    return kind;
}

/* What is going to be recorded as found must be durable first (I-3). If it is not known to
 * be, it was not found. */
static enum failure_kind sync_found(struct batch *batch, struct failure *failure)
{
    enum failure_kind kind = place_sync(batch->context->root, failure);
    struct batch_job *job = batch->running.first;
    for (; kind != FAILURE_NONE && job != NULL; job = job->next) {
        if (job->kind == BATCH_LOOK && job->answer.fact == LOOK_HOLDS_REMOTE)
            job->was_run = false;
    }
    return kind;
}

static enum failure_kind run_jobs(struct batch *batch, struct failure *failure)
{
    struct place_root *root = batch->context->root;
    enum failure_kind kind = place_confirm(root, failure);
    struct batch_job *job = batch->running.first;
    bool is_adopting = false;
    while (kind == FAILURE_NONE && job != NULL) {
        switch (job->kind) {
        case BATCH_LOOK:
            look_at(root, &job->look, &job->answer);
            job->was_run = true;
            is_adopting = is_adopting || job->answer.fact == LOOK_HOLDS_REMOTE;
            break;
        case BATCH_WATCH:
            add_watch(root, job);
            break;
        case BATCH_CONFIRM:
            job->was_run = true;
            break;
        case BATCH_OPEN:
            open_partial(root, job);
            break;
        case BATCH_DROP:
            place_drop_partial(root, job->step.key);
            job->was_run = true;
            break;
        case BATCH_STEP:
            kind = run_steps(root, &job, failure);
            continue;
        }
        job = job->next;
    }
    return kind == FAILURE_NONE && is_adopting ? sync_found(batch, failure) : kind;
}

static void in_pool(uv_work_t *work)
{
    struct batch *batch = work->data;
    if (run_jobs(batch, &batch->failure) == FAILURE_NONE)
        batch->failure.kind = FAILURE_NONE;
    batch->free_bytes = place_free_bytes(batch->context->root);
}

/* On the loop. */

static void fail_store(struct batch *batch)
{
    (void)state_trouble(batch->context->store, &batch->failure);
}

/* Whether it does something to what we left there. */
static bool wants_durable(const struct batch_job *job)
{
    enum place_op op = job->step.op;
    return job->kind == BATCH_STEP &&
           (op == PLACE_MOVE || op == PLACE_STAGE || op == PLACE_UNSTAGE ||
            op == PLACE_REMOVE_FILE || op == PLACE_REMOVE_FOLDER ||
            (op == PLACE_FILE && job->step.expect_present));
}

/* B-1. Durable, since after a power cut a file that stands there would have no owner; and
 * with them the record of what is going to be moved or removed, which needs no intent. */
static bool record_intents(struct batch *batch)
{
    const struct sync_context *context = batch->context;
    bool is_needed = false;
    for (struct batch_job *job = batch->running.first; job != NULL; job = job->next)
        is_needed =
            is_needed || job->intent.kind != STORE_INTENT_NONE || wants_durable(job);
    if (!is_needed)
        return true;
    if (store_begin(context->store) != STORE_OK)
        return false;
    enum store_status status = STORE_OK;
    struct batch_job *job = batch->running.first;
    for (; job != NULL && status == STORE_OK; job = job->next) {
        if (job->intent.kind != STORE_INTENT_NONE)
            status = store_put_intent(context->store, context->mirror, &job->intent);
    }
    if (status == STORE_OK)
        status = store_commit(context->store, true);
    if (status != STORE_OK)
        store_rollback(context->store);
    return status == STORE_OK;
}

/* Whether something is to be brought back from the working folder: by a step that failed
 * half-way, or a person's in what was to be removed there (F-88). A folder that could not
 * be made leaves nothing, unless all has to stop. */
static bool leaves_work(const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    bool is_refused =
        step->op == PLACE_FOLDER && step->failure.kind == FAILURE_ITEM; /* F-50 */
    return job->kind == BATCH_STEP &&
           ((step->result == PLACE_FAILED && !is_refused) ||
            (step->result == PLACE_LEFT && strcmp(job->folder, NAME_WORKING_FOLDER) == 0));
}

/* B-2. */
static void finish_jobs(struct batch *batch)
{
    struct store *store = batch->context->store;
    struct queue done = batch->running;
    uint64_t mark = batch_mark(batch);
    queue_clear(&batch->running);
    batch->is_running = false;
    bool is_open = store_begin(store) == STORE_OK;
    bool is_durable = false;
    struct batch_job *job = done.first;
    while (job != NULL) {
        struct batch_job *next = job->next;
        is_durable = is_durable || wants_durable(job);
        if (!job->was_run && job->failure.kind == FAILURE_NONE)
            job->failure = batch->failure;
        batch->has_failed = batch->has_failed || leaves_work(job);
        job->done(job->user, job);
        batch_job_free(job);
        job = next;
    }
    /* A store that failed on the way has rolled back: what was done stands on disk, and
     * the queue still has it; it is looked at again and only recorded (P-5). */
    if (!is_open || store_commit(store, is_durable) != STORE_OK) {
        batch->has_failed = true;
        if (batch->failure.kind == FAILURE_NONE)
            fail_store(batch);
        batch_forget(batch, mark);
    }
}

static void cancel_all(struct queue *queue)
{
    struct batch_job *job;
    while ((job = queue_take(queue)) != NULL) {
        job->failure.kind = FAILURE_CANCELLED;
        job->done(job->user, job);
        batch_job_free(job);
    }
}

uint64_t batch_mark(const struct batch *batch)
{
    return batch->added;
}

void batch_forget(struct batch *batch, uint64_t mark)
{
    struct queue all = batch->waiting;
    struct queue lost;
    struct batch_job *job;
    queue_clear(&batch->waiting);
    queue_clear(&lost);
    while ((job = queue_take(&all)) != NULL) {
        bool is_lost = job->kind == BATCH_STEP && job->number > mark;
        queue_put(is_lost ? &lost : &batch->waiting, job);
    }
    cancel_all(&lost);
}

static void finish_close(struct batch *batch)
{
    if (!batch->closing || batch->is_running || !batch->is_kick_closed)
        return;
    cancel_all(&batch->waiting);
    void (*closed)(void *user) = batch->closed;
    void *user = batch->closed_user;
    free(batch);
    closed(user);
}

static void start(struct batch *batch);

static void on_kick(uv_timer_t *kick)
{
    start(kick->data);
}

/* Alone a job begins in the next turn of the loop; in a long row it waits for others. */
static void start_soon(struct batch *batch)
{
    if (batch->is_running || batch->closing || batch->waiting.first == NULL)
        return;
    bool gathers = batch->is_busy && batch->waiting.count < GATHER_JOBS;
    if (!gathers)
        (void)uv_timer_start(&batch->kick, on_kick, 0, 0);
    else if (!uv_is_active((uv_handle_t *)&batch->kick))
        (void)uv_timer_start(&batch->kick, on_kick, GATHER_MS, 0);
}

static void after_pool(uv_work_t *work, int status)
{
    struct batch *batch = work->data;
    (void)status; /* never cancelled */
    finish_jobs(batch);
    struct failure failure = batch->failure;
    if (batch->closing) {
        finish_close(batch);
        return;
    }
    batch->on_end(batch->user, &failure);
    start_soon(batch);
}

/* Whether these steps are part of a long row: of many at once, or of a steady stream. */
static bool is_long_row(struct batch *batch, size_t steps)
{
    uint64_t now_ms = clock_now_ms();
    uint64_t passed_ms = now_ms - batch->since_ms;
    if (passed_ms >= BUSY_MS) {
        batch->steps_before = passed_ms < (uint64_t)2 * BUSY_MS ? batch->steps : 0;
        batch->steps = 0;
        batch->since_ms = now_ms;
    }
    batch->steps += steps;
    return batch->steps >= BUSY_STEPS || batch->steps_before >= BUSY_STEPS;
}

/* The eyes go first, so that they do not part the steps; then all in their order. */
static void fill(struct batch *batch)
{
    struct queue others;
    size_t steps = 0;
    queue_clear(&batch->running);
    queue_clear(&others);
    for (size_t i = 0; i < BATCH_MAX && batch->waiting.first != NULL; i++) {
        struct batch_job *job = queue_take(&batch->waiting);
        bool is_eye = job->kind == BATCH_LOOK || job->kind == BATCH_WATCH ||
                      job->kind == BATCH_CONFIRM;
        steps += job->kind == BATCH_STEP;
        queue_put(is_eye ? &batch->running : &others, job);
    }
    queue_append(&batch->running, &others);
    batch->is_busy = is_long_row(batch, steps);
}

static void start(struct batch *batch)
{
    if (batch->is_running || batch->closing || batch->waiting.first == NULL)
        return;
    fill(batch);
    batch->is_running = true;
    batch->failure = (struct failure){.kind = FAILURE_NONE};
    if (!record_intents(batch)) {
        fail_store(batch);
        finish_jobs(batch);
        struct failure failure = batch->failure;
        batch->on_end(batch->user, &failure);
        return;
    }
    int result = uv_queue_work(batch->context->loop, &batch->work, in_pool, after_pool);
    assert(result == 0);
    (void)result;
}

struct batch *batch_new(const struct sync_context *context, batch_end_fn *on_end,
                        void *user)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        return NULL;
    *batch = (struct batch){.context = context, .on_end = on_end, .user = user};
    batch->free_bytes = UINT64_MAX;
    batch->work.data = batch;
    queue_clear(&batch->waiting);
    queue_clear(&batch->running);
    if (uv_timer_init(context->loop, &batch->kick) != 0) {
        free(batch);
        return NULL;
    }
    batch->kick.data = batch;
    return batch;
}

static void on_kick_closed(uv_handle_t *handle)
{
    struct batch *batch = handle->data;
    batch->is_kick_closed = true;
    finish_close(batch);
}

void batch_close(struct batch *batch, void (*closed)(void *user), void *user)
{
    assert(!batch->closing);
    batch->closing = true;
    batch->closed = closed;
    batch->closed_user = user;
    cancel_all(&batch->waiting);
    uv_close((uv_handle_t *)&batch->kick, on_kick_closed);
}

void batch_add(struct batch *batch, struct batch_job *job)
{
    job->number = ++batch->added;
    queue_put(&batch->waiting, job);
    start_soon(batch);
}

void batch_add_first(struct batch *batch, struct batch_job *job)
{
    struct queue behind = batch->waiting;
    job->number = ++batch->added;
    queue_clear(&batch->waiting);
    queue_put(&batch->waiting, job);
    queue_append(&batch->waiting, &behind);
    start_soon(batch);
}

bool batch_take_failed(struct batch *batch)
{
    bool has_failed = batch->has_failed;
    batch->has_failed = false;
    return has_failed;
}

bool batch_has_failed(const struct batch *batch)
{
    return batch->has_failed;
}

void batch_leave_work(struct batch *batch)
{
    batch->has_failed = true;
}

size_t batch_pending(const struct batch *batch)
{
    return batch->waiting.count + batch->running.count;
}

uint64_t batch_free_bytes(const struct batch *batch)
{
    return batch->free_bytes;
}
