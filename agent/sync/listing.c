/* States of a listing:
 *
 *   ASKING   -> ASKING    a next link came: asked for at once, its page stored meanwhile
 *   ASKING   -> RESTING   on_page: a next link came, but the addresses are full
 *   RESTING  -> ASKING    listing_wake
 *   ASKING   -> WAITING   a doubtful answer, asked again a little later
 *   WAITING  -> ASKING    on_timer
 *   ASKING   -> SEARCHING the last page of an enumeration is in: what was not in any?
 *   ASKING   -> PARENTS   the last page is in, but some parent was never told about
 *   ASKING   -> WALKING   the service has no change feed: listing_walk.c
 *   WALKING  -> SEARCHING all folders have been listed
 *   SEARCHING -> WALKING  something was not seen: once more
 *   SEARCHING -> PARENTS  on_unseen
 *   any      -> ended     finish
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/state_failure.h"
#include "agent/sync/fresh.h"
#include "agent/sync/listing_parents.h"
#include "agent/sync/listing_parts.h"
#include "agent/sync/listing_store.h"
#include "agent/sync/row.h"
#include "agent/sync/unseen.h"
#include "agent/words.h"
#include "protocol/graph_page.h"
#include "protocol/graph_url.h"

enum {
    MAX_EMPTY_PAGES = 3,   /* in a row, with a next link (failure-model 7) */
    MAX_RESTARTS = 3,      /* of the enumeration in one listing (F-81) */
    DOUBT_DELAY_MS = 1000, /* before a doubtful answer is asked for again */
    MAX_DOUBTS = 2,
    HELD_MS = 1, /* for the next question to be on its way */
};

/* A page with a body of its own. */
struct listing_held {
    struct graph_page *page;
    uint8_t body[];
};

static void ask(struct listing *listing, const char *link);

static void drop_held(struct listing *listing)
{
    if (listing->held == NULL)
        return;
    graph_page_close(listing->held->page);
    free(listing->held);
    listing->held = NULL;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void release(struct listing *listing)
{
    listing->has_ended = true;
    if (listing->operation != NULL)
        service_cancel(listing->operation);
    listing_parents_cancel(listing->parents);
    unseen_cancel(listing->unseen);
    drop_held(listing);
    listing_walk_free(listing->walk);
    listing->walk = NULL;
    free(listing->last_link);
    free(listing->rest_link);
    uv_close((uv_handle_t *)&listing->timer, on_timer_closed);
}

void listing_cancel(struct listing *listing)
{
    if (listing != NULL)
        release(listing);
}

void listing_finish(struct listing *listing)
{
    struct listing_callbacks callbacks = listing->callbacks;
    struct listing_result result = listing->result;
    void *user = listing->user;
    result.was_walk = listing->walk != NULL;
    result.was_enumeration = listing->is_enumeration && !result.was_walk;
    if (result.was_enumeration && !listing->is_first_enumeration)
        result.drift = result.changed;
    release(listing);
    callbacks.on_done(user, &result);
}

void listing_fail(struct listing *listing, enum failure_kind kind, int number,
                  const char *text)
{
    (void)failure_set(&listing->result.failure, kind, number, "%s", text);
    listing_finish(listing);
}

void listing_fail_store(struct listing *listing)
{
    struct store *store = listing->context->store;
    (void)state_trouble(store, &listing->result.failure);
    store_rollback(store);
    listing_finish(listing);
}

bool listing_begin_generation(struct listing *listing, bool keep_missing)
{
    struct row *row = listing->context->row;
    struct row_mark before;
    if (!row_mark(row, &before))
        return false;
    listing->is_enumeration = true;
    listing->is_paging = false;
    listing->is_first_enumeration = row->mirror.enumerated_at == 0;
    row->mirror.feed = STORE_FEED_ENUMERATING;
    row->mirror.generation++;
    row->mirror.keep_missing = row->mirror.keep_missing || keep_missing;
    bool is_stored = row_set(row, ROW_FALLBACK, row->mirror.link) &&
                     row_set(row, ROW_LINK, NULL) &&
                     row_save(listing->context->store, row) == STORE_OK;
    if (is_stored)
        row_mark_clear(&before);
    else
        row_return(row, &before);
    return is_stored;
}

static void start_again(struct listing *listing, bool keep_missing, int number,
                        const char *why)
{
    if (++listing->restarts > MAX_RESTARTS) {
        listing_fail(
            listing, FAILURE_PROTOCOL, number,
            _("the service refuses every listing of the drive; trying again later"));
        return;
    }
    log_line(LOG_LEVEL_WARNING, number, listing->context->name,
             "%s: full comparison with the drive", why);
    if (!listing_begin_generation(listing, keep_missing)) {
        listing_fail_store(listing);
        return;
    }
    listing->pages = 0;
    listing->empty_pages = 0;
    ask(listing, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    struct listing *listing = timer->data;
    ask(listing, listing->context->row->mirror.link);
}

/* Asks once more, a little later. False: that has been tried. */
static bool doubt(struct listing *listing)
{
    if (listing->doubts >= MAX_DOUBTS)
        return false;
    listing->doubts++;
    return uv_timer_start(&listing->timer, on_timer,
                          (uint64_t)DOUBT_DELAY_MS * listing->doubts, 0) == 0;
}

static void fail_drive(struct listing *listing, int status)
{
    (void)failure_set(&listing->result.failure, FAILURE_PROTOCOL, 93,
                      "no access to the drive (status %d); your files stay, trying again "
                      "from time to time",
                      status);
    listing_finish(listing);
}

void listing_refused(struct listing *listing, const struct service_answer *answer)
{
    (void)failure_set(&listing->result.failure, FAILURE_TRANSIENT, 111,
                      "the service answers a listing with status %d (%s)", answer->status,
                      answer->error.code_text);
    listing_finish(listing);
}

/* Answers that are no page (Graph: driveItem delta, 410 and friends). */
static void on_refusal(struct listing *listing, const struct service_answer *answer)
{
    bool has_link = listing->context->row->mirror.link != NULL;
    if (listing_walk_is_wanted(listing, answer)) {
        listing_walk_begin(listing);
        return;
    }
    switch (answer->status) {
    case 410:
        start_again(listing, answer->error.code == GRAPH_ERROR_RESYNC_UPLOAD, 81,
                    _("the drive's change feed starts anew"));
        return;
    case 400:
        if (!has_link && !listing->without_select) {
            listing->without_select = true;
            ask(listing, NULL);
        } else if (has_link && !doubt(listing)) {
            start_again(listing, false, 81, _("the service refuses our place in its feed"));
        } else if (!has_link) {
            listing_fail(listing, FAILURE_PROTOCOL, 81,
                         _("the service refuses to list the drive"));
        }
        return;
    case 404:
        if (doubt(listing))
            return;
        if (has_link)
            start_again(listing, false, 81,
                        _("the service has lost our place in its feed"));
        else
            fail_drive(listing, answer->status);
        return;
    case 403:
        fail_drive(listing, answer->status);
        return;
    default:
        listing_refused(listing, answer);
    }
}

static uint64_t hash_link(const char *link)
{
    uint64_t hash = 14695981039346656037U;
    for (; *link != '\0'; link++)
        hash = (hash ^ (uint8_t)*link) * 1099511628211U;
    return hash;
}

/* F-77. A circle of any length is found within a few of its rounds. */
static bool is_circle(struct listing *listing, const char *link)
{
    uint64_t hash = hash_link(link);
    if (listing->pages > 0 && hash == listing->seen_link)
        return true;
    if (++listing->pages >= listing->next_power || listing->pages == 1) {
        listing->seen_link = hash;
        listing->next_power = listing->pages * 2;
    }
    return false;
}

/* The position behind a page, in the page's transaction (L-1). */
static bool store_next(struct listing *listing, const char *link)
{
    struct row *row = listing->context->row;
    if (row->mirror.feed != STORE_FEED_ENUMERATING && !listing->is_paging) {
        /* The old delta link stays until the set is complete. */
        row->mirror.feed = STORE_FEED_LISTING;
        listing->is_paging = true;
        if (!row_set(row, ROW_FALLBACK, row->mirror.link))
            return false;
    }
    return row_set(row, ROW_LINK, link) &&
           row_save(listing->context->store, row) == STORE_OK;
}

static void go_on(struct listing *listing, const char *link)
{
    if (fresh_is_full(listing->context->fresh) && listing->callbacks.on_page != NULL) {
        listing->rest_link = strdup(link);
        if (listing->rest_link != NULL)
            return;
    }
    ask(listing, link);
}

/* Everything of a page, in the transaction that is open. */
static bool put_page(struct listing *listing, struct graph_page *page,
                     struct listing_page *out)
{
    const char *next = graph_page_next_link(page);
    if (listing_store_page(listing->context, page, out) != STORE_OK)
        return false;
    listing->result.items += out->items;
    listing->result.changed += out->changed;
    if (out->has_lost_root)
        return false;
    if (listing->walk != NULL)
        return true; /* it has no position: a new start begins anew */
    if (next != NULL)
        return store_next(listing, next);
    return listing->is_enumeration ||
           listing_store_last(listing, graph_page_delta_link(page));
}

/* Stores a page whose frame is sound, or nothing of it. False: the store failed, or the
 * page says what cannot be. */
static bool store_page(struct listing *listing, struct graph_page *page,
                       struct listing_page *out)
{
    struct sync_context *context = listing->context;
    struct row_mark before;
    *out = (struct listing_page){.items = 0};
    if (!row_mark(context->row, &before))
        return false;
    if (store_begin(context->store) == STORE_OK && put_page(listing, page, out) &&
        store_commit(context->store, true) == STORE_OK) {
        row_mark_clear(&before);
        return true;
    }
    store_rollback(context->store);
    row_return(context->row, &before);
    context->root_item = context->row->mirror.root_item;
    return false;
}

bool listing_take_page(struct listing *listing, struct graph_page *page)
{
    struct listing_page seen;
    bool is_stored = store_page(listing, page, &seen);
    if (seen.has_lost_root) {
        listing_fail(
            listing, FAILURE_GUARD, 89,
            _("the drive's root folder is reported as deleted; nothing is removed here"));
        return false;
    }
    if (!is_stored) {
        listing_fail_store(listing);
        return false;
    }
    if (seen.unnamed > 0)
        log_line(LOG_LEVEL_WARNING, 146, listing->context->name,
                 words_count("%llu item without a usable id is left out",
                             "%llu items without a usable id are left out", seen.unnamed),
                 (unsigned long long)seen.unnamed);
    listing->context->status->listed += seen.items;
    listing->context->on_progress(listing->context->user);
    listing->doubts = 0;
    return true;
}

/* False: that has ended the listing. */
static bool store_held(struct listing *listing)
{
    struct graph_page *page = listing->held->page;
    (void)uv_timer_stop(&listing->timer); /* the next answer may be quicker than it */
    if (!listing_take_page(listing, page))
        return false;
    if (graph_page_next_link(page) == NULL)
        listing_end(listing, graph_page_delta_link(page));
    else
        listing->callbacks.on_page(listing->user);
    if (!listing->has_ended)
        drop_held(listing);
    return !listing->has_ended;
}

bool listing_check_links(struct listing *listing, const struct graph_page *page)
{
    const char *next = graph_page_next_link(page);
    /* A link that may not be followed must not become our place (F-147). */
    if (!service_takes_link(listing->context->service,
                            next != NULL ? next : graph_page_delta_link(page),
                            &listing->result.failure)) {
        listing_finish(listing);
        return false;
    }
    if (next != NULL &&
        (is_circle(listing, next) ||
         (graph_page_count(page) == 0 && ++listing->empty_pages > MAX_EMPTY_PAGES))) {
        listing_fail(listing, FAILURE_PROTOCOL, 77,
                     _("the service's pages lead in a circle"));
        return false;
    }
    return true;
}

static void on_held(uv_timer_t *timer)
{
    (void)store_held(timer->data);
}

/* The next page is asked for first, and this one stored while that is on its way. */
static void take_held(struct listing *listing)
{
    const struct graph_page *page = listing->held->page;
    if (!listing_check_links(listing, page))
        return;
    if (graph_page_count(page) > 0)
        listing->empty_pages = 0;
    listing->context->origin.delta_at = clock_wall_ms();
    if (graph_page_next_link(page) == NULL) {
        (void)store_held(listing);
        return;
    }
    go_on(listing, graph_page_next_link(page));
    if (!listing->has_ended)
        (void)uv_timer_start(&listing->timer, on_held, HELD_MS, 0);
}

static enum graph_page_status hold(struct listing *listing,
                                   const struct service_answer *answer)
{
    struct listing_held *held = malloc(sizeof *held + answer->size);
    if (held == NULL)
        return GRAPH_PAGE_NO_MEMORY;
    held->page = NULL;
    if (answer->size > 0)
        memcpy(held->body, answer->body, answer->size);
    enum graph_page_status status =
        graph_page_open(held->body, answer->size, false, &held->page);
    if (status == GRAPH_PAGE_OK)
        listing->held = held;
    else
        free(held);
    return status;
}

static void on_answer(void *user, const struct service_answer *answer,
                      const struct failure *failure)
{
    struct listing *listing = user;
    listing->operation = NULL;
    if (listing->held != NULL && !store_held(listing))
        return;
    if (failure != NULL) {
        listing->result.failure = *failure;
        listing_finish(listing);
        return;
    }
    if (answer->status < 200 || answer->status > 299) {
        on_refusal(listing, answer);
        return;
    }
    enum graph_page_status status = hold(listing, answer);
    if (status == GRAPH_PAGE_OK) {
        take_held(listing);
        return;
    }
    if (doubt(listing))
        return; /* nothing of it was used */
    (void)failure_set(&listing->result.failure, FAILURE_PROTOCOL, 79,
                      "the answer is no page of changes: %s",
                      _(graph_page_status_text(status)));
    listing_finish(listing);
}

/* `link` NULL: the first page of an enumeration. */
static void ask(struct listing *listing, const char *link)
{
    char path[GRAPH_URL_SIZE];
    const struct sync_context *context = listing->context;
    if (link == NULL) {
        if (!graph_url_delta(path, context->drive_id, !listing->without_select)) {
            listing_fail(listing, FAILURE_INTERNAL, 0,
                         _("the drive's id makes no address"));
            return;
        }
        link = path;
    }
    listing->operation = service_get(context->service, SERVICE_CLASS_PAGE, link, on_answer,
                                     listing, &listing->result.failure);
    if (listing->operation == NULL)
        listing_finish(listing);
}

void listing_wake(struct listing *listing)
{
    if (listing == NULL || fresh_is_full(listing->context->fresh))
        return;
    if (listing->walk != NULL)
        listing_walk_go_on(listing);
    if (listing->rest_link == NULL)
        return;
    char *link = listing->rest_link;
    listing->rest_link = NULL;
    ask(listing, link);
    free(link);
}

static void on_begin(uv_timer_t *timer)
{
    struct listing *listing = timer->data;
    ask(listing, listing->context->row->mirror.link);
}

struct listing *listing_start(struct sync_context *context, bool full,
                              const struct listing_callbacks *callbacks, void *user)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == NULL)
        return NULL;
    *listing = (struct listing){.context = context, .callbacks = *callbacks, .user = user};
    const struct store_mirror *mirror = &context->row->mirror;
    listing->is_enumeration = mirror->feed == STORE_FEED_ENUMERATING;
    listing->is_first_enumeration = mirror->enumerated_at == 0;
    listing->is_paging = mirror->feed == STORE_FEED_LISTING;
    listing->result.was_resumed = listing->is_paging;
    if (uv_timer_init(context->loop, &listing->timer) != 0) {
        free(listing);
        return NULL;
    }
    listing->timer.data = listing;
    /* Without a link an interrupted one begins anew, and in a generation of its own: what
     * it had seen already may be gone by now. */
    bool begins = listing->is_enumeration ? mirror->link == NULL
                                          : full || mirror->feed == STORE_FEED_NEW;
    if ((begins && !listing_begin_generation(listing, false)) ||
        uv_timer_start(&listing->timer, on_begin, 0, 0) != 0) {
        release(listing);
        return NULL;
    }
    return listing;
}
