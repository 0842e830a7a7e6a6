#include "agent/sync/structure.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/state_failure.h"
#include "agent/sync/slices.h"
#include "agent/sync/structure_parts.h"

/* The loop waits no longer than this for one of us. */
enum { SLICE_MS = 20 };

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void release(struct structure *structure)
{
    assert(structure->jobs == 0);
    for (size_t i = 0; i < structure->count; i++) {
        free(structure->objects[i].stands_name);
        free(structure->objects[i].wanted_name);
    }
    free(structure->nodes);
    free(structure->objects);
    plan_clear(&structure->plan);
    structure->is_closing = true;
    uv_close((uv_handle_t *)&structure->timer, on_closed);
}

void structure_halt(struct structure *structure)
{
    if (structure != NULL)
        structure->result.wants_again = true;
}

void structure_cancel(struct structure *structure)
{
    if (structure != NULL)
        release(structure);
}

static void finish(struct structure *structure)
{
    structure_done_fn *done = structure->done;
    struct structure_result result = structure->result;
    void *user = structure->user;
    release(structure);
    done(user, &result);
}

void structure_fail_store(struct structure *structure)
{
    (void)state_trouble(structure->context->store, &structure->result.failure);
}

static bool plan(struct structure *structure, uint64_t until_ms)
{
    (void)until_ms;
    structure_plan(structure);
    return true;
}

static bool apply(struct structure *structure, uint64_t until_ms)
{
    (void)until_ms;
    return structure_apply(structure);
}

/* One slice in one transaction: of a read that fails in it nothing follows, since its end
 * fails as well. A succession that a power cut took back would leave what the heir's new
 * version has displaced without an owner. */
static bool run_slice(struct structure *structure)
{
    static bool (*const phases[])(struct structure *, uint64_t) = {
        [STRUCTURE_FALLING] = structure_fall,  [STRUCTURE_SUCCEEDING] = structure_succeed,
        [STRUCTURE_LEAVING] = structure_leave, [STRUCTURE_GATHERING] = structure_gather,
        [STRUCTURE_LINKING] = structure_link,  [STRUCTURE_PLANNING] = plan,
        [STRUCTURE_APPLYING] = apply,
    };
    struct store *store = structure->context->store;
    struct batch *batch = structure->context->batch;
    uint64_t mark = batch_mark(batch);
    if (store_begin(store) != STORE_OK) {
        structure_fail_store(structure);
        return true;
    }
    size_t before = structure->result.done;
    bool is_over = phases[structure->phase](structure, clock_now_ms() + SLICE_MS);
    bool is_durable =
        structure->phase == STRUCTURE_SUCCEEDING && structure->result.done > before;
    if (store_commit(store, is_durable) != STORE_OK) {
        structure_fail_store(structure);
        batch_forget(batch, mark);
    }
    return is_over;
}

/* After a surprise no further wave: what follows in the plan counts on what came before. */
static bool has_ended(const struct structure *structure)
{
    return structure->phase == STRUCTURE_ENDED || structure->result.wants_again ||
           structure->result.failure.kind != FAILURE_NONE;
}

/* What waits for a folder that cannot come says so also where a surprise has ended the
 * plan: the next one may be made only when something else has happened. */
static void report(struct structure *structure)
{
    bool is_surprised = structure->phase == STRUCTURE_APPLYING &&
                        structure->result.wants_again &&
                        structure->result.failure.kind == FAILURE_NONE;
    if (!is_surprised || store_begin(structure->context->store) != STORE_OK)
        return;
    structure_report_folders(structure);
    if (store_commit(structure->context->store, false) != STORE_OK)
        structure_fail_store(structure);
}

static void on_timer(uv_timer_t *timer)
{
    struct structure *structure = timer->data;
    bool is_over = !has_ended(structure) && run_slice(structure);
    if (is_over) {
        structure->phase++;
        structure->cursor = 0;
    }
    if (structure->jobs > 0)
        return; /* structure_go_on() comes */
    if (has_ended(structure)) {
        report(structure);
        finish(structure);
    } else if (is_over)
        structure_go_on(structure);
    else
        (void)uv_timer_start(timer, on_timer, SLICES_NEXT_TURN, 0);
}

void structure_go_on(struct structure *structure)
{
    if (!structure->is_closing)
        (void)uv_timer_start(&structure->timer, on_timer, 0, 0);
}

size_t structure_find(const struct structure *structure, int64_t key)
{
    size_t low = 0;
    size_t high = structure->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (structure->nodes[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = low < structure->count && structure->nodes[low].key == key;
    return is_there ? low : STRUCTURE_NOBODY;
}

struct structure *structure_start(struct sync_context *context,
                                  const struct structure_request *request,
                                  structure_done_fn *done, void *user)
{
    struct structure *structure = calloc(1, sizeof *structure);
    if (structure == NULL)
        return NULL;
    structure->context = context;
    structure->request = *request;
    structure->done = done;
    structure->user = user;
    if (uv_timer_init(context->loop, &structure->timer) != 0) {
        free(structure);
        return NULL;
    }
    structure->timer.data = structure;
    structure_go_on(structure);
    return structure;
}
