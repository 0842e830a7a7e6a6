/* One page of the drive's answer into the store, and the position behind it. */
#ifndef AGENT_SYNC_LISTING_STORE_H
#define AGENT_SYNC_LISTING_STORE_H

#include "agent/sync/context.h"
#include "protocol/graph_page.h"

/* What a page held. */
struct listing_page {
    uint64_t items;
    uint64_t changed;
    uint64_t unnamed;   /* without a usable id: cannot even be held (F-146) */
    bool has_lost_root; /* the drive's root is reported as deleted (F-89) */
};

/* Stores the items of a page, within the caller's transaction; their download addresses go
 * to the context's `fresh`. */
enum store_status listing_store_page(struct sync_context *context, struct graph_page *page,
                                     struct listing_page *out);

/* Stores one item that was asked for by its id. */
enum store_status listing_store_item(struct sync_context *context,
                                     const struct graph_item *item, bool force);

#endif
