/* The end of a set: its position, what no page had, and parents never told about. */
#include <string.h>

#include "agent/clock.h"
#include "agent/sync/listing_parents.h"
#include "agent/sync/listing_parts.h"
#include "agent/sync/row.h"
#include "agent/sync/unseen.h"
#include "agent/words.h"

#define LINK_LIFE_MS INT64_C(86400000) /* an unused delta link is renewed once a day */

bool listing_store_last(struct listing *listing, const char *link)
{
    struct row *row = listing->context->row;
    struct store *store = listing->context->store;
    int64_t now = clock_wall_ms();
    bool is_idle =
        !listing->is_enumeration && !listing->is_paging && listing->result.changed == 0;
    if (is_idle && now - row->mirror.synced_at < LINK_LIFE_MS)
        return true; /* L-3 */
    if (listing->is_enumeration)
        row->mirror.enumerated_at = now;
    row->mirror.feed = listing->walk == NULL ? STORE_FEED_CURRENT : STORE_FEED_NEW;
    return row_set(row, ROW_FALLBACK, NULL) && row_set(row, ROW_LINK, link) &&
           row_save(store, row) == STORE_OK;
}

static void on_parents(void *user)
{
    struct listing *listing = user;
    listing->parents = NULL;
    listing_finish(listing);
}

static void after_last_page(struct listing *listing)
{
    listing->parents = listing_parents_start(listing->context, on_parents, listing);
    if (listing->parents == NULL)
        listing_finish(listing);
}

static int64_t oldest_seen(const struct listing *listing)
{
    return listing->walk != NULL ? listing_walk_oldest(listing)
                                 : listing->context->row->mirror.generation;
}

/* With the position in one transaction: until then a stop leads to the last page once more,
 * and nothing has been taken for deleted (L-1, L-2). */
static bool store_end(struct listing *listing, const struct unseen_result *unseen)
{
    struct store *store = listing->context->store;
    struct row *row = listing->context->row;
    struct row_mark before;
    uint64_t swept = 0;
    if (!row_mark(row, &before))
        return false;
    bool is_stored = store_begin(store) == STORE_OK &&
                     store_sweep(store, row->mirror.key, oldest_seen(listing), unseen->keys,
                                 unseen->count, &swept) == STORE_OK;
    listing->result.changed += swept;
    is_stored = is_stored && listing_store_last(listing, listing->last_link) &&
                store_commit(store, true) == STORE_OK;
    if (is_stored)
        row_mark_clear(&before);
    else
        row_return(row, &before);
    return is_stored;
}

static void on_unseen(void *user, const struct unseen_result *unseen)
{
    struct listing *listing = user;
    listing->unseen = NULL;
    if (!unseen->is_complete)
        listing_fail(listing, FAILURE_RESOURCE, 12, _("cannot read the state database"));
    else if (listing->walk != NULL && listing_walk_again(listing, unseen->count > 0))
        return;
    else if (!store_end(listing, unseen))
        listing_fail_store(listing);
    else
        after_last_page(listing);
}

/* Was the drive's root among what the pages of this enumeration had? */
static bool has_seen_root(const struct sync_context *context)
{
    struct store_remote root;
    return context->root_item != 0 &&
           store_get_remote(context->store, context->root_item, &root) == STORE_OK &&
           root.generation == context->row->mirror.generation;
}

/* Whatever else it had: a listing without its root is not the whole of a drive, and what it
 * misses is not gone. The next one begins at the first page. */
static void refuse_rootless(struct listing *listing)
{
    struct row *row = listing->context->row;
    if (!row_set(row, ROW_LINK, NULL) || row_save(listing->context->store, row) != STORE_OK)
        listing_fail_store(listing);
    else
        listing_fail(listing, FAILURE_PROTOCOL, 79,
                     _("a complete listing without a root folder; trying again later"));
}

static void end_enumeration(struct listing *listing, const char *link)
{
    const struct sync_context *context = listing->context;
    if (!has_seen_root(context)) {
        refuse_rootless(listing);
        return;
    }
    if (link != NULL)
        listing->last_link = strdup(link);
    if (link == NULL || listing->last_link != NULL)
        listing->unseen = unseen_start(context, oldest_seen(listing), on_unseen, listing);
    if (listing->unseen == NULL)
        listing_fail(listing, FAILURE_RESOURCE, 22, _("out of memory"));
}

void listing_end(struct listing *listing, const char *link)
{
    if (listing->is_enumeration)
        end_enumeration(listing, link);
    else
        after_last_page(listing);
}
