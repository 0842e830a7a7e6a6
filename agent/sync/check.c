#include "agent/sync/check.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/state_failure.h"
#include "agent/sync/glance.h"
#include "agent/sync/local.h"
#include "agent/sync/missing.h"
#include "agent/sync/notice.h"
#include "agent/sync/record.h"
#include "agent/words.h"

enum {
    PORTION = 128, /* looks that are with the hands at once */
    LANES = 3,     /* the pool has four threads: one is left for downloads */
    SEARCHES_MAX = 4,
};

enum phase { CHECK_GLANCING, CHECK_SEARCHING, CHECK_SETTLING };

struct lane {
    uv_work_t work;
    struct check *check;
    struct glance *glance;
    const struct glance_result *result; /* NULL: not run yet */
    struct local *watched;              /* by this run; NULL nothing */
    size_t taken;                       /* of its doubtful ones */
    size_t searched;                    /* of what it has found */
    bool is_running;
};

struct check {
    uv_timer_t timer;
    struct sync_context *context;
    check_done_fn *done;
    void *user;
    enum phase phase;
    bool restore;
    bool is_closing;
    size_t jobs; /* with the hands */
    struct lane lanes[LANES];
    unsigned lane_count;
    unsigned running; /* lanes in the pool */
    struct missing missing;
    size_t settled;        /* of these */
    uint64_t found_before; /* the search that runs */
    unsigned searches;
    uint64_t began_ms;
    struct check_result result;
    void (*closed)(void *user);
    void *closed_user;
};

static void step(struct check *check);

/* The end. */

static void on_closed(uv_handle_t *handle)
{
    struct check *check = handle->data;
    void (*closed)(void *user) = check->closed;
    void *user = check->closed_user;
    for (unsigned i = 0; i < check->lane_count; i++)
        glance_free(check->lanes[i].glance);
    missing_clear(&check->missing);
    free(check);
    if (closed != NULL)
        closed(user);
}

static void close_when_still(struct check *check)
{
    if (check->running == 0)
        uv_close((uv_handle_t *)&check->timer, on_closed);
}

void check_close(struct check *check, void (*closed)(void *user), void *user)
{
    if (check == NULL) {
        closed(user);
        return;
    }
    assert(check->jobs == 0);
    check->is_closing = true;
    check->closed = closed;
    check->closed_user = user;
    close_when_still(check);
}

/* Nothing more is looked at. */
static void fail(struct check *check, const struct failure *failure)
{
    if (check->result.failure.kind == FAILURE_NONE)
        check->result.failure = *failure;
}

void check_trouble(struct check *check, const struct failure *failure)
{
    if (check != NULL)
        fail(check, failure);
}

static bool has_failed(const struct check *check)
{
    return check->result.failure.kind != FAILURE_NONE;
}

static void finish(struct check *check)
{
    check_done_fn *done = check->done;
    struct check_result result = check->result;
    void *user = check->user;
    result.took_ms = clock_now_ms() - check->began_ms;
    check_close(check, NULL, NULL);
    done(user, &result);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data);
}

static void add(struct check *check, struct batch_job *job)
{
    if (job == NULL)
        return;
    check->jobs++;
    batch_add(check->context->batch, job);
}

static void end_job(struct check *check, const struct batch_job *job)
{
    check->jobs--;
    if (!job->was_run)
        fail(check, &job->failure);
    /* Not inside the hands' transaction. */
    if (check->jobs == 0 && !check->is_closing)
        (void)uv_timer_start(&check->timer, on_timer, 0, 0);
}

static void queue(const struct check *check, int64_t key)
{
    const struct store_todo todo = {.key = key};
    if (check->restore)
        (void)store_put_todo(check->context->store, check->context->mirror, &todo);
}

/* Looking closely. */

static void take_removed(struct check *check, int64_t key)
{
    check->result.missing++;
    notice_removed(check->context, key);
    queue(check, key);
}

static void take_look(struct check *check, const struct batch_job *job)
{
    int64_t key = job->step.key;
    enum look_fact seen = job->answer.fact;
    enum notice_fact fact = notice_take(check->context, job);
    check->result.edited += seen == LOOK_EDITED || seen == LOOK_OTHER_KIND;
    if (seen == LOOK_MISSING && (fact == NOTICE_MISSING || check->restore)) {
        if (!missing_add(&check->missing, key, job->base.print.inode))
            take_removed(check, key);
    } else if (seen == LOOK_MISSING) {
        check->result.missing++;
    } else if (seen == LOOK_UNKNOWN) {
        queue(check, key); /* who wants it restored is told why it is not (F-16) */
    }
    if (check->restore && (job->base.flags & STORE_BASE_MOVED) != 0)
        record_call_home(check->context, key);
}

static void on_looked(void *user, struct batch_job *job)
{
    struct check *check = user;
    if (job->was_run)
        take_look(check, job);
    end_job(check, job);
}

/* Searching. */

static void on_elsewhere(void *user, struct batch_job *job)
{
    struct check *check = user;
    if (notice_take_elsewhere(check->context, job, job->intent.parent)) {
        check->result.moved++;
        missing_drop(&check->missing, job->step.key, job->base.print.inode);
        if (check->restore)
            record_call_home(check->context, job->step.key);
    }
    end_job(check, job);
}

static void look_elsewhere(struct check *check, const struct glance_found *found)
{
    int64_t key = missing_find(&check->missing, found->what.inode);
    struct batch_job *job =
        key == 0 ? NULL
                 : notice_look_elsewhere(check->context, key, found->folder,
                                         found->what.name, on_elsewhere, check);
    if (job != NULL)
        job->intent.parent = found->folder; /* of kind NONE: only remembers */
    add(check, job);
}

/* Settling. */

static void on_settled(void *user, struct batch_job *job)
{
    struct check *check = user;
    if (job->was_run) {
        (void)notice_take(check->context, job);
        if (job->answer.fact == LOOK_MISSING)
            take_removed(check, job->step.key);
    }
    end_job(check, job);
}

/* The lanes. */

static void in_pool(uv_work_t *work)
{
    struct lane *lane = work->data;
    lane->result = glance_run(lane->glance);
}

static void take_watched(struct lane *lane)
{
    if (lane->watched == NULL)
        return;
    for (size_t i = 0; i < lane->result->watched_count; i++)
        local_watched(lane->watched, lane->result->watched[i].folder,
                      lane->result->watched[i].result);
    local_end_watching(lane->watched);
    lane->watched = NULL;
}

static void fail_reading(struct check *check)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_RESOURCE, 12, "%s",
                      _("cannot read the state database"));
    fail(check, &failure);
}

static void after_pool(uv_work_t *work, int status)
{
    struct lane *lane = work->data;
    struct check *check = lane->check;
    (void)status; /* never cancelled */
    lane->is_running = false;
    lane->taken = 0;
    lane->searched = 0;
    check->running--;
    if (check->phase == CHECK_GLANCING)
        check->result.seen += lane->result->seen;
    if (lane->result->has_failed)
        fail_reading(check);
    take_watched(lane);
    if (check->is_closing)
        close_when_still(check);
    else
        step(check);
}

static void run_lane(struct check *check, struct lane *lane)
{
    struct local *local = check->phase == CHECK_GLANCING ? check->context->local : NULL;
    int descriptor = local_begin_watching(local);
    lane->watched = descriptor >= 0 ? local : NULL;
    glance_watch(lane->glance, descriptor);
    lane->is_running = true;
    check->running++;
    int result = uv_queue_work(check->context->loop, &lane->work, in_pool, after_pool);
    assert(result == 0); /* the callback is given */
    (void)result;
}

/* Gives the hands what a lane has named. True: nothing of it is left. */
static bool empty_lane(struct check *check, struct lane *lane)
{
    const struct glance_result *result = lane->result;
    while (result != NULL && lane->taken < result->count && check->jobs < PORTION)
        add(check,
            notice_look(check->context, result->doubtful[lane->taken++], on_looked, check));
    while (result != NULL && lane->searched < result->found_count && check->jobs < PORTION)
        look_elsewhere(check, &result->found[lane->searched++]);
    return result == NULL ||
           (lane->taken == result->count && lane->searched == result->found_count);
}

/* What a lane has named is dealt with before it goes on: so both are bounded. */
static void go_through_lanes(struct check *check)
{
    for (unsigned i = 0; i < check->lane_count && !has_failed(check); i++) {
        struct lane *lane = &check->lanes[i];
        if (!lane->is_running && empty_lane(check, lane) &&
            (lane->result == NULL || !lane->result->is_at_end))
            run_lane(check, lane);
    }
}

static void settle(struct check *check)
{
    int64_t key;
    while (!has_failed(check) && check->jobs < PORTION &&
           missing_next(&check->missing, &check->settled, &key))
        add(check, notice_look(check->context, key, on_settled, check));
}

static void begin_search(struct check *check)
{
    check->found_before = check->result.moved;
    check->searches++;
    for (unsigned i = 0; i < check->lane_count; i++) {
        struct lane *lane = &check->lanes[i];
        lane->result = NULL;
        glance_search(lane->glance, check->missing.inodes, check->missing.count);
    }
}

/* The next phase. False: there is none. */
static bool go_on(struct check *check)
{
    if (has_failed(check) || check->phase == CHECK_SETTLING)
        return false;
    /* A folder that was found may hold what was moved into it. */
    bool again = check->phase == CHECK_SEARCHING && check->searches < SEARCHES_MAX &&
                 check->result.moved > check->found_before;
    if (!again)
        check->phase++;
    if (check->phase == CHECK_SETTLING)
        return true;
    if (!again && !missing_sort(&check->missing))
        return false; /* nothing is missing */
    begin_search(check);
    return true;
}

/* In one transaction: whom a read that fails in it leaves out, nobody would miss. */
static void hand_out(struct check *check)
{
    struct store *store = check->context->store;
    bool is_open = store_begin(store) == STORE_OK;
    if (is_open && check->phase == CHECK_SETTLING)
        settle(check);
    else if (is_open)
        go_through_lanes(check);
    if (!is_open || store_commit(store, false) != STORE_OK) {
        struct failure failure;
        (void)state_trouble(store, &failure);
        fail(check, &failure);
    }
}

static void step(struct check *check)
{
    do {
        hand_out(check);
        if (check->running > 0 || check->jobs > 0)
            return;
    } while (go_on(check));
    finish(check);
}

static bool make_lanes(struct check *check)
{
    unsigned cores = uv_available_parallelism();
    unsigned count = cores < LANES ? cores : LANES;
    for (; check->lane_count < count; check->lane_count++) {
        struct lane *lane = &check->lanes[check->lane_count];
        *lane = (struct lane){.check = check, .work = {.data = lane}};
        lane->glance = glance_new(check->context, check->lane_count, count);
        if (lane->glance == NULL)
            return false;
    }
    return true;
}

struct check *check_start(struct sync_context *context, bool restore, check_done_fn *done,
                          void *user)
{
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return NULL;
    *check = (struct check){.context = context,
                            .restore = restore,
                            .done = done,
                            .user = user,
                            .began_ms = clock_now_ms()};
    if (uv_timer_init(context->loop, &check->timer) != 0) {
        free(check);
        return NULL;
    }
    check->timer.data = check;
    if (!make_lanes(check) || uv_timer_start(&check->timer, on_timer, 0, 0) != 0) {
        check_close(check, NULL, NULL);
        return NULL;
    }
    return check;
}
