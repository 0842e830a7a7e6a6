#include "agent/sync/round.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/sync/batch.h"
#include "agent/sync/content.h"
#include "agent/sync/fresh.h"
#include "agent/sync/listing.h"
#include "agent/sync/row.h"
#include "agent/sync/structure.h"

enum {
    CLEAR_AFTER_MS = 2000, /* removals wait for contents, but not for large ones */
    MAX_PASSES = 64,       /* of placing and clearing in one round */
};

struct round {
    uv_timer_t timer;
    struct sync_context *context;
    struct round_callbacks callbacks;
    void *user;
    enum round_state state;
    struct round_request request;
    struct round_result result;
    struct content *content;
    struct listing *listing;
    struct structure *structure;
    bool is_clearing; /* HALTING leads to CLEARING, not to PLACING */
    bool is_idle;     /* the contents had nothing more to do */
    bool has_cleared; /* since the last listing */
    unsigned passes;
};

static void set_state(struct round *round, enum round_state state)
{
    round->state = state;
    round->callbacks.on_state(round->user, state);
}

static void halt(struct round *round)
{
    listing_cancel(round->listing);
    round->listing = NULL;
    structure_halt(round->structure);
    (void)uv_timer_stop(&round->timer);
    content_set_mode(round->content, CONTENT_HALTED);
}

static void end(struct round *round)
{
    struct round_result result = round->result;
    halt(round);
    fresh_drop_all(round->context->fresh);
    set_state(round, ROUND_IDLE);
    round->callbacks.on_done(round->user, &result);
}

static void end_with(struct round *round, const struct failure *failure)
{
    if (round->state == ROUND_IDLE)
        return;
    round->result.failure = *failure;
    end(round);
}

/* FILLING. */

static void on_clear_timer(uv_timer_t *timer);

static void fill(struct round *round)
{
    round->is_idle = false;
    set_state(round, ROUND_FILLING);
    if (!round->has_cleared)
        (void)uv_timer_start(&round->timer, on_clear_timer, CLEAR_AFTER_MS, 0);
    content_set_mode(round->content, CONTENT_FULL);
}

/* PLACING and CLEARING. */

static void on_structured(void *user, const struct structure_result *result)
{
    struct round *round = user;
    bool was_clearing = round->state == ROUND_CLEARING;
    round->structure = NULL;
    if (round->state == ROUND_IDLE)
        return; /* stopped meanwhile */
    round->result.held = result->held;
    if (result->failure.kind != FAILURE_NONE) {
        end_with(round, &result->failure);
        return;
    }
    bool has_moved = result->done > 0;
    if (++round->passes > MAX_PASSES) {
        end(round); /* the queue keeps what is left */
    } else if (!was_clearing) {
        fill(round);
    } else {
        round->has_cleared = true;
        if (has_moved || !round->is_idle)
            fill(round);
        else
            end(round);
    }
}

static void start_structure(struct round *round)
{
    const struct structure_request request = {
        .with_removals = round->is_clearing,
        .allow_big_delete = round->request.allow_big_delete,
    };
    set_state(round, round->is_clearing ? ROUND_CLEARING : ROUND_PLACING);
    round->structure = structure_start(round->context, &request, on_structured, round);
    if (round->structure == NULL) {
        (void)failure_set(&round->result.failure, FAILURE_RESOURCE, 22, "out of memory");
        end(round);
    }
}

static void try_structure(struct round *round)
{
    if (round->state == ROUND_HALTING && content_is_still(round->content) &&
        round->structure == NULL)
        start_structure(round);
}

static void prepare_structure(struct round *round, bool is_clearing)
{
    round->is_clearing = is_clearing;
    (void)uv_timer_stop(&round->timer);
    content_set_mode(round->content, CONTENT_HALTED);
    set_state(round, ROUND_HALTING);
    try_structure(round);
}

static void on_clear_timer(uv_timer_t *timer)
{
    struct round *round = timer->data;
    if (round->state == ROUND_FILLING)
        prepare_structure(round, true);
}

/* The contents. */

static void on_idle(void *user)
{
    struct round *round = user;
    if (round->state != ROUND_FILLING || round->is_idle)
        return;
    round->is_idle = true;
    prepare_structure(round, true);
}

static void on_trouble(void *user, const struct failure *failure)
{
    end_with(user, failure);
}

static void on_room(void *user)
{
    struct round *round = user;
    listing_wake(round->listing);
}

/* LISTING. */

static void on_page(void *user)
{
    struct round *round = user;
    if (!round->request.only_listing) {
        content_pump(round->content);
        return;
    }
    /* Nobody is going to take the addresses; full of them the listing would rest. */
    fresh_drop_all(round->context->fresh);
    listing_wake(round->listing);
}

static void on_listed(void *user, const struct listing_result *result)
{
    struct round *round = user;
    round->listing = NULL;
    round->result.was_enumeration = result->was_enumeration;
    round->result.was_walk = result->was_walk;
    round->result.was_resumed = result->was_resumed;
    round->result.changed = result->changed;
    round->result.drift = result->drift;
    round->result.failure = result->failure;
    round->callbacks.on_listed(round->user, &round->result);
    if (result->failure.kind != FAILURE_NONE || round->request.only_listing)
        end(round);
    else
        prepare_structure(round, false);
}

static void list(struct round *round)
{
    const struct listing_callbacks callbacks = {.on_page = on_page, .on_done = on_listed};
    set_state(round, ROUND_LISTING);
    round->listing = listing_start(round->context, round->request.full, &callbacks, round);
    if (round->listing == NULL) {
        (void)failure_set(&round->result.failure, FAILURE_RESOURCE, 22,
                          "no memory or no room to list the drive");
        end(round);
        return;
    }
    content_set_mode(round->content,
                     round->request.only_listing ? CONTENT_HALTED : CONTENT_EARLY);
}

/* The contract. */

bool round_may_begin(const struct round *round)
{
    return (round->state == ROUND_IDLE && content_is_still(round->content) &&
            round->structure == NULL) ||
           round->state == ROUND_FILLING;
}

void round_begin(struct round *round, const struct round_request *request)
{
    assert(round_may_begin(round));
    /* Wishes that the work under way was begun with outlive its being listed anew. */
    bool goes_on = round->state == ROUND_FILLING;
    bool restore = goes_on && round->request.restore;
    bool allow = goes_on && round->request.allow_big_delete;
    round->request = *request;
    round->request.restore = request->restore || restore;
    round->request.allow_big_delete = request->allow_big_delete || allow;
    round->result = (struct round_result){.failure = {.kind = FAILURE_NONE}};
    round->passes = 0;
    round->has_cleared = false;
    content_set_restore(round->content, round->request.restore);
    (void)uv_timer_stop(&round->timer);
    if (request->without_listing)
        prepare_structure(round, false);
    else
        list(round);
}

void round_stop(struct round *round)
{
    bool was_idle = round->state == ROUND_IDLE;
    halt(round);
    content_abandon(round->content); /* trouble has left them waiting */
    if (!was_idle)
        set_state(round, ROUND_IDLE);
}

void round_drop_plan(struct round *round)
{
    structure_cancel(round->structure);
    round->structure = NULL;
}

void round_trouble(struct round *round, const struct failure *failure)
{
    end_with(round, failure);
}

void round_jobs_done(struct round *round)
{
    try_structure(round);
}

enum round_state round_state(const struct round *round)
{
    return round->state;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void round_free(struct round *round)
{
    if (round == NULL)
        return;
    listing_cancel(round->listing);
    structure_cancel(round->structure);
    content_free(round->content);
    uv_close((uv_handle_t *)&round->timer, on_closed);
}

struct round *round_new(struct sync_context *context,
                        const struct round_callbacks *callbacks, void *user)
{
    const struct content_callbacks content_callbacks = {
        .on_idle = on_idle, .on_trouble = on_trouble, .on_room = on_room};
    struct round *round = calloc(1, sizeof *round);
    if (round == NULL)
        return NULL;
    round->context = context;
    round->callbacks = *callbacks;
    round->user = user;
    round->content = content_new(context, &content_callbacks, round);
    if (round->content == NULL || uv_timer_init(context->loop, &round->timer) != 0) {
        content_free(round->content);
        free(round);
        return NULL;
    }
    round->timer.data = round;
    return round;
}
