/* The drive folder by folder, where the service has no change feed for it
 * (Graph: 1.1, 4.11):
 *
 *   the root item, then the children of each folder in the order they were found
 *   -> all seen                 the end
 *   -> something was not seen   a second pass, after which what neither has seen is gone
 *
 * Such a listing says of each moment only what lay in one folder: what moved meanwhile may
 * be missed by one pass, and is hardly missed by two. It has no position; a stop begins
 * anew, and so does the next one, with the question for a change feed.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/fresh.h"
#include "agent/sync/listing_parts.h"
#include "agent/sync/listing_store.h"
#include "agent/sync/row.h"
#include "agent/words.h"
#include "protocol/graph_url.h"
#include "store/store_item.h"

enum { FIRST_ROOM = 64 };

struct listing_walk {
    int64_t *folders; /* keys of those found in this pass, each to be listed once */
    size_t count;
    size_t room;
    size_t next;       /* of them */
    uint8_t *is_found; /* a bit for each key, so that a circle (F-84) is gone round once */
    size_t found_size;
    int64_t folder; /* whose pages come */
    char *link;     /* of its next page */
    bool is_second;
    bool has_gap;    /* a folder that was seen could not be listed */
    bool is_resting; /* until listing_wake() */
};

void listing_walk_free(struct listing_walk *walk)
{
    if (walk == NULL)
        return;
    free(walk->folders);
    free(walk->is_found);
    free(walk->link);
    free(walk);
}

bool listing_walk_is_wanted(const struct listing *listing,
                            const struct service_answer *answer)
{
    const struct store_mirror *row = &listing->context->row->mirror;
    bool is_refused = answer->error.code == GRAPH_ERROR_NOT_SUPPORTED ||
                      answer->error.code == GRAPH_ERROR_INVALID_REQUEST;
    bool is_first = row->link == NULL && row->fallback_link == NULL;
    switch (answer->status) {
    case 400:
        /* It may be the selection alone that is refused. */
        return is_first && is_refused && listing->without_select;
    case 404:
    case 405:
    case 501:
        return is_first && is_refused;
    default:
        return false;
    }
}

int64_t listing_walk_oldest(const struct listing *listing)
{
    return listing->context->row->mirror.generation - (listing->walk->is_second ? 1 : 0);
}

static bool make_room(struct listing_walk *walk, size_t byte)
{
    if (walk->count == walk->room) {
        size_t room = walk->room == 0 ? FIRST_ROOM : walk->room * 2;
        int64_t *folders = realloc(walk->folders, room * sizeof *folders);
        if (folders == NULL)
            return false;
        walk->folders = folders;
        walk->room = room;
    }
    if (byte >= walk->found_size) {
        size_t size = (byte + 1) * 2;
        uint8_t *is_found = realloc(walk->is_found, size);
        if (is_found == NULL)
            return false;
        memset(is_found + walk->found_size, 0, size - walk->found_size);
        walk->is_found = is_found;
        walk->found_size = size;
    }
    return true;
}

static bool add_folder(struct listing_walk *walk, int64_t key)
{
    size_t byte = (size_t)key / 8;
    uint8_t bit = (uint8_t)(1U << ((size_t)key % 8));
    if (!make_room(walk, byte))
        return false;
    if ((walk->is_found[byte] & bit) == 0)
        walk->folders[walk->count++] = key;
    walk->is_found[byte] |= bit;
    return true;
}

/* All pages of a folder are in: what lies in it and is one is listed later. False: that
 * has ended the listing. */
static bool add_folders_in(struct listing *listing, int64_t folder)
{
    const struct sync_context *context = listing->context;
    struct store_remote child;
    int64_t after = 0;
    enum store_status status;
    while ((status = store_next_remote_child(context->store, folder, &after, &child)) ==
           STORE_OK) {
        if (child.kind == STORE_KIND_FOLDER && !child.gone &&
            child.generation == context->row->mirror.generation &&
            !add_folder(listing->walk, child.key)) {
            listing_fail(listing, FAILURE_RESOURCE, 22, _("out of memory"));
            return false;
        }
    }
    if (status != STORE_NONE)
        listing_fail_store(listing);
    return status == STORE_NONE;
}

static void on_children(void *user, const struct service_answer *answer,
                        const struct failure *failure);

static void ask(struct listing *listing, const char *link, service_done_fn *done)
{
    listing->operation = service_get(listing->context->service, SERVICE_CLASS_PAGE, link,
                                     done, listing, &listing->result.failure);
    if (listing->operation == NULL)
        listing_finish(listing);
}

/* Deleted a moment after it was seen, maybe: then its parent knows in the second pass. A
 * folder that is there and has no list says nothing of what lies in it. */
static bool may_skip(struct listing *listing)
{
    struct listing_walk *walk = listing->walk;
    if (walk->is_second || walk->folder == listing->context->root_item)
        return false;
    walk->has_gap = true;
    return true;
}

/* The next folder to be asked for. False: there is none, or the listing has ended: of one
 * that cannot be asked for nothing may follow. */
static bool take_folder(struct listing *listing, char path[GRAPH_URL_SIZE])
{
    const struct sync_context *context = listing->context;
    struct listing_walk *walk = listing->walk;
    struct store_remote folder;
    while (walk->next < walk->count) {
        walk->folder = walk->folders[walk->next++];
        listing->pages = 0; /* the search for a circle of links is for one folder */
        listing->empty_pages = 0;
        if (store_get_remote(context->store, walk->folder, &folder) != STORE_OK) {
            listing_fail_store(listing);
            return false;
        }
        if (!folder.gone && graph_url_children(path, context->drive_id, folder.id))
            return true;
        if (!folder.gone && !may_skip(listing)) {
            listing_fail(listing, FAILURE_PROTOCOL, 146, _("an id that makes no address"));
            return false;
        }
    }
    return false;
}

static void ask_next(struct listing *listing)
{
    struct listing_walk *walk = listing->walk;
    char path[GRAPH_URL_SIZE];
    char *link = walk->link;
    walk->link = NULL;
    if (link != NULL)
        ask(listing, link, on_children);
    else if (take_folder(listing, path))
        ask(listing, path, on_children);
    else if (!listing->has_ended)
        listing_end(listing, NULL);
    free(link);
}

static void go_on(struct listing *listing)
{
    struct listing_walk *walk = listing->walk;
    walk->is_resting =
        fresh_is_full(listing->context->fresh) && listing->callbacks.on_page != NULL;
    if (!walk->is_resting)
        ask_next(listing);
    if (!listing->has_ended)
        listing->callbacks.on_page(listing->user);
}

void listing_walk_go_on(struct listing *listing)
{
    if (!listing->walk->is_resting)
        return;
    listing->walk->is_resting = false;
    ask_next(listing);
}

/* False: that has ended the listing. */
static bool take_page(struct listing *listing, struct graph_page *page)
{
    struct listing_walk *walk = listing->walk;
    const char *next = graph_page_next_link(page);
    if ((next != NULL && !listing_check_links(listing, page)) ||
        !listing_take_page(listing, page))
        return false;
    listing->context->origin.delta_at = clock_wall_ms();
    if (next == NULL)
        return add_folders_in(listing, walk->folder);
    walk->link = strdup(next);
    if (walk->link == NULL)
        listing_fail(listing, FAILURE_RESOURCE, 22, _("out of memory"));
    return !listing->has_ended;
}

static void on_children(void *user, const struct service_answer *answer,
                        const struct failure *failure)
{
    struct listing *listing = user;
    struct graph_page *page;
    listing->operation = NULL;
    if (failure != NULL) {
        listing->result.failure = *failure;
        listing_finish(listing);
    } else if (answer->status == 404 && may_skip(listing)) {
        go_on(listing);
    } else if (answer->status < 200 || answer->status > 299) {
        listing_refused(listing, answer);
    } else if (graph_page_open(answer->body, answer->size, true, &page) != GRAPH_PAGE_OK) {
        listing_fail(listing, FAILURE_PROTOCOL, 79, _("the answer is no list of a folder"));
    } else {
        bool is_taken = take_page(listing, page);
        graph_page_close(page);
        if (is_taken)
            go_on(listing);
    }
}

static void on_root(void *user, const struct service_answer *answer,
                    const struct failure *failure)
{
    struct listing *listing = user;
    struct sync_context *context = listing->context;
    struct graph_page *owner;
    struct graph_item item;
    listing->operation = NULL;
    if (failure != NULL) {
        listing->result.failure = *failure;
        listing_finish(listing);
        return;
    }
    if (answer->status < 200 || answer->status > 299) {
        listing_refused(listing, answer);
        return;
    }
    if (graph_item_parse(answer->body, answer->size, &owner, &item) != GRAPH_PAGE_OK) {
        listing_fail(listing, FAILURE_PROTOCOL, 79, _("the answer is no root folder"));
        return;
    }
    bool is_root = item.kind == GRAPH_KIND_ROOT;
    bool is_stored = !is_root || listing_store_item(context, &item, false) == STORE_OK;
    graph_page_close(owner);
    if (!is_stored)
        listing_fail_store(listing);
    else if (!is_root || context->root_item == 0)
        listing_fail(listing, FAILURE_PROTOCOL, 79, _("the answer is no root folder"));
    else if (!add_folder(listing->walk, context->root_item))
        listing_fail(listing, FAILURE_RESOURCE, 22, _("out of memory"));
    else
        ask_next(listing);
}

static void begin_pass(struct listing *listing)
{
    char path[GRAPH_URL_SIZE];
    struct listing_walk *walk = listing->walk;
    walk->count = 0;
    walk->next = 0;
    if (walk->is_found != NULL)
        memset(walk->is_found, 0, walk->found_size);
    if (graph_url_root(path, listing->context->drive_id))
        ask(listing, path, on_root);
    else
        listing_fail(listing, FAILURE_INTERNAL, 0, _("the drive's id makes no address"));
}

bool listing_walk_again(struct listing *listing, bool has_unseen)
{
    if (listing->walk->is_second || !(has_unseen || listing->walk->has_gap))
        return false;
    listing->walk->is_second = true;
    if (listing_begin_generation(listing, false))
        begin_pass(listing);
    else
        listing_fail_store(listing);
    return true;
}

void listing_walk_begin(struct listing *listing)
{
    listing->walk = calloc(1, sizeof *listing->walk);
    if (listing->walk == NULL) {
        listing_fail(listing, FAILURE_RESOURCE, 22, _("out of memory"));
        return;
    }
    if (listing->is_first_enumeration)
        log_line(LOG_LEVEL_WARNING, 0, listing->context->name,
                 "the service has no change feed for this drive: its folders are listed "
                 "one by one, after notifications and every quarter of an hour");
    begin_pass(listing);
}
