#include "agent/sync/content.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/state_failure.h"
#include "agent/sync/content_parts.h"
#include "agent/sync/fresh.h"
#include "agent/sync/slices.h"
#include "agent/sync/suspect.h"
#include "agent/sync/verdict.h"

/* The loop waits no longer than this for one of us. */
enum {
    SLICE_MS = 20,
    MAX_REWINDS = 1000, /* in one filling: the next one goes on with what is left */
};

static void lane_clear(struct lane *lane)
{
    *lane = (struct lane){.first = NULL};
    lane->end = &lane->first;
}

static void lane_put(struct lane *lane, struct transfer *transfer)
{
    transfer->next = NULL;
    *lane->end = transfer;
    lane->end = &transfer->next;
    lane->waiting++;
}

static struct transfer *lane_take(struct lane *lane)
{
    struct transfer *transfer = lane->first;
    lane->first = transfer->next;
    if (lane->first == NULL)
        lane->end = &lane->first;
    lane->waiting--;
    return transfer;
}

static void lane_remove(struct lane *lane, struct transfer *transfer)
{
    struct transfer **place = &lane->first;
    while (*place != transfer)
        place = &(*place)->next;
    *place = transfer->next;
    if (*place == NULL)
        lane->end = place;
    lane->waiting--;
}

static struct lane *lane_of(struct transfer *transfer)
{
    struct content *content = transfer->content;
    return transfer->is_large ? &content->large : &content->small;
}

/* The window. */

struct transfer *content_find(const struct content *content, int64_t key)
{
    for (size_t i = 0; i < content->count; i++) {
        if (content->window[i]->key == key)
            return content->window[i];
    }
    return NULL;
}

struct transfer *content_begin(struct content *content, int64_t key)
{
    if (content->count == CONTENT_WINDOW)
        return NULL;
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL)
        return NULL;
    transfer->content = content;
    transfer->key = key;
    transfer->slot = content->count;
    content->window[content->count++] = transfer;
    return transfer;
}

static void free_transfer(struct transfer *transfer)
{
    struct content *content = transfer->content;
    content_stop_download(transfer);
    if (transfer->is_suspect)
        suspect_end(content->context);
    if (transfer->stage == TRANSFER_READY)
        lane_remove(lane_of(transfer), transfer);
    if (transfer->stage == TRANSFER_WAITING)
        content->waiting--;
    content->memory -= transfer->memory;
    content->context->status->flying_bytes -= transfer->counted;
    content->window[transfer->slot] = content->window[--content->count];
    content->window[transfer->slot]->slot = transfer->slot;
    free(transfer->id);
    free(transfer->name);
    free(transfer->version);
    free(transfer->address);
    free(transfer->asked_etag);
    free(transfer->bytes);
    free(transfer);
}

static void pump(struct content *content);

/* Those that wait for a folder go on when it stands, or when it will not. */
static void call_waiting(struct content *content, int64_t folder)
{
    /* Deciding can end a transfer and move another into its slot: begin anew each time. */
    for (size_t i = 0; i < content->count && content->waiting > 0; i++) {
        struct transfer *transfer = content->window[i];
        if (transfer->stage == TRANSFER_WAITING && transfer->waits_for == folder) {
            content_decide_again(transfer);
            i = (size_t)-1;
        }
    }
}

static void end(struct transfer *transfer)
{
    struct content *content = transfer->content;
    int64_t key = transfer->key;
    free_transfer(transfer);
    call_waiting(content, key);
    pump(content);
}

void content_end(struct transfer *transfer)
{
    transfer->content->has_moved = true;
    end(transfer);
}

void content_again(struct transfer *transfer)
{
    /* No progress by itself: else two that wait for each other would never rest. */
    transfer->content->wants_again = true;
    end(transfer);
}

void content_ready(struct transfer *transfer)
{
    transfer->stage = TRANSFER_READY;
    lane_put(lane_of(transfer), transfer);
    pump(transfer->content);
}

void content_trouble(struct transfer *transfer, const struct failure *failure)
{
    struct content *content = transfer->content;
    struct failure copy = *failure;
    bool is_first = !content->is_stopped;
    content->is_stopped = true;
    content_end(transfer);
    if (is_first && !content->is_closing)
        content->callbacks.on_trouble(content->user, &copy);
}

static void fail_store(struct content *content)
{
    struct failure failure;
    bool is_first = !content->is_stopped;
    (void)state_trouble(content->context->store, &failure);
    content->is_stopped = true;
    if (is_first && !content->is_closing)
        content->callbacks.on_trouble(content->user, &failure);
}

void content_wait(struct transfer *transfer, int64_t folder)
{
    transfer->stage = TRANSFER_WAITING;
    transfer->waits_for = folder;
    transfer->content->waiting++;
}

void content_go_on(struct transfer *transfer)
{
    transfer->stage = TRANSFER_BETWEEN;
    transfer->content->waiting--;
}

bool content_is_open(const struct content *content)
{
    return content->mode != CONTENT_HALTED && !content->is_stopped && !content->is_closing;
}

/* The lanes. */

static void start_downloads(struct content *content)
{
    size_t slots = (size_t)service_slots(content->context->service);
    /* A quarter of the slots is kept free of large files. */
    size_t large_slots = slots > 1 ? slots - (slots + 3) / 4 : 1;
    if (content->context->is_careful)
        slots = content->jobs == 0 ? 1 : 0;
    while (content_is_open(content) && content->small.waiting > 0 &&
           content->memory < CONTENT_MEMORY &&
           content->small.running + content->large.running < slots)
        content_download(lane_take(&content->small));
    while (content_is_open(content) && content->large.waiting > 0 &&
           content->large.running < large_slots &&
           content->small.running + content->large.running < slots)
        content_download(lane_take(&content->large));
}

static void place_parked(struct content *content)
{
    /* From the end: one that ends here leaves its slot to one that was seen already. */
    for (size_t i = content->count; i-- > 0;) {
        if (i < content->count && content->window[i]->stage == TRANSFER_PARKED)
            content_place(content->window[i]);
    }
}

/* The queue. */

static void on_turn(uv_timer_t *turn)
{
    pump(turn->data);
}

/* Decides what the queue names until the window is full. False: the slice is over. */
static bool decide_slice(struct content *content, uint64_t until_ms)
{
    const struct sync_context *context = content->context;
    struct store_todo todo;
    for (unsigned seen = 0; content->count < CONTENT_WINDOW; seen++) {
        if (seen % 16 == 0 && clock_now_ms() > until_ms)
            return false;
        enum store_status status =
            store_next_todo(context->store, context->mirror, clock_wall_ms(), false,
                            &content->after_key, &todo);
        if (status != STORE_OK) {
            content->is_at_end = true;
            return true;
        }
        if (content_find(content, todo.key) == NULL)
            content_decide(content, todo.key);
    }
    return true;
}

/* Many that are only held are one transaction, and do not keep the loop. False: to be gone
 * on with later. */
static bool fill_window(struct content *content, uint64_t until_ms)
{
    struct store *store = content->context->store;
    if (content->is_at_end || content->count == CONTENT_WINDOW)
        return true;
    bool is_own = !store_in_transaction(store) && store_begin(store) == STORE_OK;
    bool is_done = decide_slice(content, until_ms);
    /* Also what was only read: of a read that failed nothing follows. */
    if (is_own && store_commit(store, false) != STORE_OK)
        fail_store(content);
    else if (!is_done)
        (void)uv_timer_start(&content->turn, on_turn, SLICES_NEXT_TURN, 0);
    return is_done;
}

static bool rewind_queue(struct content *content)
{
    if (!content->wants_again || !content->has_moved || ++content->rewinds > MAX_REWINDS)
        return false;
    content->wants_again = false;
    content->has_moved = false;
    content->after_key = 0;
    content->is_at_end = false;
    return true;
}

static void pump(struct content *content)
{
    /* What is decided may end at once and pump again: one loop is enough. */
    if (content->is_pumping || !content_is_open(content))
        return;
    bool is_filled;
    uint64_t until_ms = clock_now_ms() + SLICE_MS;
    content->is_pumping = true;
    do {
        is_filled = fill_window(content, until_ms);
        start_downloads(content);
    } while (is_filled && content_is_open(content) &&
             ((!content->is_at_end && content->count < CONTENT_WINDOW) ||
              (content->count == 0 && rewind_queue(content))));
    content->is_pumping = false;
    if (content->count > 0 || !content->is_at_end || !content_is_open(content))
        return;
    if (content->mode == CONTENT_FULL) {
        content->callbacks.on_idle(content->user);
    } else {
        /* Addresses of what cannot be done early are not to keep the next page away. */
        fresh_drop_all(content->context->fresh);
        content->callbacks.on_room(content->user);
    }
}

void content_lane_freed(struct content *content)
{
    pump(content);
}

void content_pump(struct content *content)
{
    content->is_at_end = false;
    pump(content);
}

void content_set_restore(struct content *content, bool restore)
{
    content->restore = restore;
}

void content_set_mode(struct content *content, enum content_mode mode)
{
    content->mode = mode;
    content->is_stopped = false;
    content->after_key = 0;
    content->is_at_end = false;
    content->wants_again = false;
    content->has_moved = false;
    content->rewinds = 0;
    if (mode == CONTENT_HALTED)
        return;
    place_parked(content);
    pump(content);
}

static bool is_with_hands(const struct transfer *transfer)
{
    return transfer->stage == TRANSFER_LOOKING || transfer->stage == TRANSFER_PLACING ||
           (transfer->stage == TRANSFER_FETCHING && transfer->fetch == NULL);
}

void content_abandon(struct content *content)
{
    assert(content->mode == CONTENT_HALTED);
    content->is_stopped = true;
    for (size_t i = content->count; i-- > 0;) {
        if (!is_with_hands(content->window[i]))
            free_transfer(content->window[i]);
    }
}

bool content_is_still(const struct content *content)
{
    return content->jobs == 0;
}

struct content *content_new(struct sync_context *context,
                            const struct content_callbacks *callbacks, void *user)
{
    struct content *content = calloc(1, sizeof *content);
    if (content == NULL)
        return NULL;
    content->context = context;
    content->callbacks = *callbacks;
    content->user = user;
    lane_clear(&content->small);
    lane_clear(&content->large);
    if (uv_timer_init(context->loop, &content->turn) != 0) {
        free(content);
        return NULL;
    }
    content->turn.data = content;
    return content;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void content_free(struct content *content)
{
    if (content == NULL)
        return;
    assert(content->jobs == 0);
    content->is_closing = true;
    while (content->count > 0)
        free_transfer(content->window[content->count - 1]);
    uv_close((uv_handle_t *)&content->turn, on_closed);
}
