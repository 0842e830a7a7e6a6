/* Inside sync/listing only.
 *
 *   listing.c       asking, answers that are none, pages
 *   listing_end.c   the last page of a set, and what follows from it
 */
#ifndef AGENT_SYNC_LISTING_PARTS_H
#define AGENT_SYNC_LISTING_PARTS_H

#include "agent/sync/listing.h"

struct listing_held;
struct listing_parents;
struct unseen;

struct listing {
    uv_timer_t timer;
    struct sync_context *context;
    struct listing_callbacks callbacks;
    void *user;
    struct service_operation *operation;
    struct listing_parents *parents;
    struct unseen *unseen;
    struct listing_held *held; /* a page that is stored while the next one comes */
    char *last_link;           /* stored when the search for the unseen has ended */
    char *rest_link;           /* asked for when listing_wake() comes */
    bool is_paging;            /* a next link of this set has been followed */
    bool is_enumeration;
    bool is_first_enumeration;
    bool without_select;
    bool has_ended; /* freed when its timer is closed */
    unsigned doubts;
    unsigned restarts;
    unsigned empty_pages;
    /* Brent's search for a circle of links, in constant memory (F-77). */
    uint64_t seen_link;
    uint64_t pages;
    uint64_t next_power;
    struct listing_result result;
};

/* listing.c */

/* Tells the result; the listing is gone on return. */
void listing_finish(struct listing *listing);
void listing_fail(struct listing *listing, enum failure_kind kind, int number,
                  const char *text);
/* For the store's own words. */
void listing_fail_store(struct listing *listing);

/* listing_end.c */

/* The position behind the last page of changes, in the page's transaction (L-1). */
bool listing_store_last(struct listing *listing, const char *link);
/* The last page is stored: looks for what no page had, and for parents never told about.
 * Ends the listing, sooner or later. */
void listing_end(struct listing *listing, const char *link);

#endif
