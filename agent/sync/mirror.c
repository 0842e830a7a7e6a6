#include "agent/sync/mirror.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/state_failure.h"
#include "agent/sync/filter.h"
#include "agent/sync/fresh.h"
#include "agent/sync/mirror_parts.h"
#include "agent/sync/record.h"

/* Birth. */

static void on_timer(uv_timer_t *timer)
{
    struct mirror *mirror = timer->data;
    mirror_on_timer(mirror, (enum mirror_timer)(timer - mirror->timers));
}

static void release(struct mirror *mirror)
{
    fresh_free(mirror->context.fresh);
    filter_free(mirror->context.filter);
    row_clear(&mirror->row);
    free(mirror);
}

static void fill_context(struct mirror *mirror)
{
    const struct mirror_environment *environment = &mirror->environment;
    struct sync_context *context = &mirror->context;
    context->loop = environment->loop;
    context->config = environment->config;
    context->service = environment->service;
    context->store = environment->store;
    context->disk = environment->disk;
    context->row = &mirror->row;
    context->name = mirror->config->name;
    context->is_careful = environment->is_careful;
    context->status = &mirror->status;
    context->on_arrival = mirror_on_arrival;
    context->on_stray = mirror_on_stray;
    context->on_progress = mirror_on_progress;
    context->user = mirror;
}

struct mirror *mirror_new(const struct mirror_environment *environment,
                          const struct config_mirror *config,
                          const struct mirror_callbacks *callbacks, void *user,
                          struct failure *failure)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);
    if (mirror == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
        return NULL;
    }
    mirror->environment = *environment;
    mirror->config = config;
    mirror->callbacks = *callbacks;
    mirror->user = user;
    mirror->problem = MIRROR_OLD_PROBLEM;
    fill_context(mirror);
    mirror->context.fresh = fresh_new();
    bool is_ready =
        mirror->context.fresh != NULL && filter_new(config, &mirror->context.filter);
    if (!is_ready || !graph_drive_parse(config->drive, &mirror->drive)) {
        (void)failure_set(failure, is_ready ? FAILURE_CONFIG : FAILURE_RESOURCE, 159,
                          "mirror %s cannot be set up", config->name);
        release(mirror);
        return NULL;
    }
    for (int i = 0; i < MIRROR_TIMERS; i++) {
        if (uv_timer_init(environment->loop, &mirror->timers[i]) != 0)
            abort(); /* it only fills memory of ours */
        mirror->timers[i].data = mirror;
        mirror->open_handles++;
    }
    return mirror;
}

void mirror_start_timer(struct mirror *mirror, enum mirror_timer which, uint64_t delay_ms)
{
    if (!mirror->is_closing)
        (void)uv_timer_start(&mirror->timers[which], on_timer, delay_ms, 0);
}

enum failure_kind mirror_start(struct mirror *mirror, struct failure *failure)
{
    enum store_status status =
        row_load(mirror->environment.store, mirror->config->name, &mirror->row);
    if (status != STORE_OK && status != STORE_NONE)
        return state_trouble(mirror->environment.store, failure);
    mirror->status.synced_at = mirror->row.mirror.synced_at;
    mirror->status.held_deletions = (uint64_t)mirror->row.mirror.held_deletions;
    if (mirror->environment.with_link)
        mirror_want_round(mirror, "start", 0);
    if (mirror->row.mirror.drive_id != NULL) {
        struct failure trouble = {.kind = FAILURE_NONE};
        enum failure_kind kind = mirror_open_root(mirror, &trouble);
        if (kind == FAILURE_HELD || kind == FAILURE_INTERNAL) {
            *failure = trouble;
            return kind;
        }
        if (kind != FAILURE_NONE) {
            mirror_trouble(mirror, &trouble);
            return FAILURE_NONE;
        }
    }
    mirror_open_go_on(mirror);
    return FAILURE_NONE;
}

/* Wishes. */

static bool answer_at_once(struct mirror *mirror, const struct mirror_request *request)
{
    struct failure failure;
    if (mirror->is_paused && !request->dry_run) {
        (void)failure_set(&failure, FAILURE_RESOURCE, 0,
                          "work is paused: nothing was changed; take it up with agent "
                          "resume");
        request->done(request->user, &failure, 0);
        return true;
    }
    if (mirror->status.state == MIRROR_STOPPED) {
        request->done(request->user, &mirror->status.failure, 0);
        return true;
    }
    return false;
}

void mirror_sync(struct mirror *mirror, const struct mirror_request *request)
{
    if (request->done != NULL && answer_at_once(mirror, request))
        return;
    struct wish *wish = calloc(1, sizeof *wish);
    if (wish == NULL) {
        struct failure failure;
        (void)failure_set(&failure, FAILURE_RESOURCE, 22, "out of memory");
        if (request->done != NULL)
            request->done(request->user, &failure, 0);
        return;
    }
    wish->request = *request;
    wish->next = mirror->waiting;
    mirror->waiting = wish;
    pace_ask(&mirror->pace);
    mirror_want_round(mirror, request->trigger == NULL ? "sync-now" : request->trigger, 0);
    if (!mirror->is_open || !mirror->is_drive_known)
        mirror_open_go_on(mirror);
}

void mirror_pause(struct mirror *mirror)
{
    if (mirror->is_paused)
        return;
    mirror->is_paused = true;
    if (mirror->round != NULL)
        round_stop(mirror->round);
    pace_end(&mirror->pace);
    if (mirror->link != NULL)
        link_stop(mirror->link);
    for (int i = 0; i < MIRROR_TIMERS; i++)
        (void)uv_timer_stop(&mirror->timers[i]);
    struct failure paused;
    (void)failure_set(&paused, FAILURE_RESOURCE, 0,
                      "work was paused before the end: take it up with agent resume");
    mirror_answer(mirror, &mirror->running, &paused);
    mirror_answer(mirror, &mirror->waiting, &paused);
    mirror_set_state(mirror, MIRROR_PAUSED);
}

void mirror_resume(struct mirror *mirror)
{
    if (!mirror->is_paused)
        return;
    mirror->is_paused = false;
    mirror_set_state(mirror, mirror->is_open ? MIRROR_IDLE : MIRROR_OPENING);
    if (mirror->link != NULL)
        link_start(mirror->link);
    mirror_want_round(mirror, "start", 0);
    mirror_arm_poll(mirror);
    /* The pause may have come at any point of the opening. */
    mirror_open_go_on(mirror);
}

/* A person's word. */

void mirror_release_deletions(struct mirror *mirror)
{
    mirror->row.mirror.approved_deletions = mirror->row.mirror.held_deletions;
    mirror->row.mirror.held_deletions = 0;
    mirror->status.held_deletions = 0;
    (void)row_save(mirror->context.store, &mirror->row);
    (void)store_wake_todo(mirror->context.store, mirror->context.mirror, true);
}

bool mirror_approve(struct mirror *mirror)
{
    if (mirror->row.mirror.held_deletions > 0 && mirror->is_open) {
        mirror_release_deletions(mirror);
        pace_ask(&mirror->pace);
        mirror_want_round(mirror, "sync-now", 0);
        return true;
    }
    /* Not by the state: a round may just be finding the same again. */
    if (mirror->status.failure.kind != FAILURE_GUARD || mirror->status.failure.number == 64)
        return false;
    mirror->is_adopting = true;
    if (mirror->is_open)
        mirror_reopen(mirror);
    else
        mirror_open_go_on(mirror);
    mirror_want_round(mirror, "sync-now", 0);
    return true;
}

bool mirror_moved_to(const struct mirror *mirror, char *out, size_t size)
{
    return mirror->is_open && mirror->status.failure.number == 59 &&
           place_moved_to(mirror->context.root, out, size);
}

/* One pass over what is held; from the leaves up it takes some. False: it changed nothing.
 */
static bool leave_held(const struct sync_context *context)
{
    struct store_todo todo;
    int64_t after = 0;
    bool has_changed = false;
    while (store_next_structural(context->store, context->mirror, INT64_MAX, true, &after,
                                 &todo) == STORE_OK) {
        if (todo.failure == 90)
            has_changed = record_leave(context, after) || has_changed;
    }
    return has_changed;
}

/* Folders that something of ours has yet to leave. */
static void release_held(const struct sync_context *context)
{
    struct store_todo todo;
    int64_t after = 0;
    while (store_next_structural(context->store, context->mirror, INT64_MAX, true, &after,
                                 &todo) == STORE_OK) {
        const struct store_todo fresh = {.key = after};
        if (todo.failure == 90)
            (void)store_put_todo(context->store, context->mirror, &fresh);
    }
}

bool mirror_refuse(struct mirror *mirror)
{
    const struct sync_context *context = &mirror->context;
    if (mirror->row.mirror.held_deletions == 0 || !mirror->is_open)
        return false;
    if (store_begin(context->store) != STORE_OK)
        return false;
    while (leave_held(context))
        ;
    release_held(context);
    mirror->row.mirror.held_deletions = 0;
    (void)row_save(context->store, &mirror->row);
    if (store_commit(context->store, true) != STORE_OK)
        return false;
    mirror->status.held_deletions = 0;
    pace_ask(&mirror->pace);
    mirror_want_round(mirror, "sync-now", 0);
    return true;
}

void mirror_wake(struct mirror *mirror)
{
    if (mirror->is_paused || mirror->is_closing)
        return;
    if (mirror->link != NULL)
        link_wake(mirror->link);
    mirror_want_round(mirror, "poll", 0);
    if (!mirror->is_open || !mirror->is_drive_known)
        mirror_open_go_on(mirror);
}

void mirror_signed_in(struct mirror *mirror)
{
    if (mirror->is_paused || mirror->is_closing ||
        mirror->status.failure.kind != FAILURE_SIGN_IN)
        return;
    mirror->status.failure = (struct failure){.kind = FAILURE_NONE};
    mirror_set_state(mirror, mirror->is_open ? MIRROR_IDLE : MIRROR_OPENING);
    mirror->is_drive_known = false; /* it may be another account (F-118) */
    mirror_want_round(mirror, "start", 0);
    mirror_open_go_on(mirror);
}

/* The end. */

static void on_handle_closed(uv_handle_t *handle)
{
    struct mirror *mirror = handle->data;
    if (--mirror->open_handles > 0)
        return;
    void (*closed)(void *user) = mirror->closed;
    void *user = mirror->closed_user;
    release(mirror);
    if (closed != NULL)
        closed(user);
}

static void close_parts(void *user)
{
    struct mirror *mirror = user;
    assert(!mirror->is_parts_closed);
    mirror->is_parts_closed = true;
    reclaim_cancel(mirror->reclaim);
    refilter_cancel(mirror->refilter);
    round_free(mirror->round);
    place_close(mirror->context.root);
    for (int i = 0; i < MIRROR_TIMERS; i++)
        uv_close((uv_handle_t *)&mirror->timers[i], on_handle_closed);
}

static void close_check(void *user)
{
    struct mirror *mirror = user;
    check_close(mirror->check, close_parts, mirror);
}

void mirror_close(struct mirror *mirror, void (*done)(void *user), void *user)
{
    static const struct failure cancelled = {.kind = FAILURE_CANCELLED};
    mirror->closed = done;
    mirror->closed_user = user;
    mirror->is_closing = true;
    mirror_open_stop(mirror);
    if (mirror->round != NULL)
        round_stop(mirror->round);
    mirror_answer(mirror, &mirror->running, &cancelled);
    mirror_answer(mirror, &mirror->waiting, &cancelled);
    if (mirror->link != NULL)
        link_close(mirror->link);
    mirror->link = NULL;
    mirror_check_stop(mirror);
    if (mirror->batch != NULL)
        batch_close(mirror->batch, close_check, mirror);
    else
        close_parts(mirror);
}

/* Reading. */

const char *mirror_name(const struct mirror *mirror)
{
    return mirror->config->name;
}

const struct mirror_status *mirror_status(const struct mirror *mirror)
{
    return &mirror->status;
}

const struct link_status *mirror_link_status(const struct mirror *mirror)
{
    return mirror->link == NULL ? NULL : link_status(mirror->link);
}
