/* Inside sync/listing only.
 *
 *   listing.c       asking, answers that are none, pages
 *   listing_end.c   the last page of a set, and what follows from it
 *   listing_walk.c  folder by folder, where the service has no change feed
 */
#ifndef AGENT_SYNC_LISTING_PARTS_H
#define AGENT_SYNC_LISTING_PARTS_H

#include "agent/sync/listing.h"

struct graph_page;
struct listing_held;
struct listing_parents;
struct listing_walk;
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
    struct listing_walk *walk; /* NULL: through the change feed */
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
/* Begins a new generation; the records stay (F-81). */
bool listing_begin_generation(struct listing *listing, bool keep_missing);
/* Whether its links may be followed. False: that has ended the listing. */
bool listing_check_links(struct listing *listing, const struct graph_page *page);
/* Stores a page, and says what is wrong with it. False: that has ended the listing. */
bool listing_take_page(struct listing *listing, struct graph_page *page);
/* An answer that is none, and from which nothing follows but another try. */
void listing_refused(struct listing *listing, const struct service_answer *answer);

/* listing_end.c */

/* The position behind the last page of changes, in the page's transaction (L-1). */
bool listing_store_last(struct listing *listing, const char *link);
/* The last page is stored: looks for what no page had, and for parents never told about.
 * Ends the listing, sooner or later. */
void listing_end(struct listing *listing, const char *link);

/* listing_walk.c */

/* Whether the service says at the very first question that it has no change feed for the
 * drive (Graph: 1.1). */
bool listing_walk_is_wanted(const struct listing *listing,
                            const struct service_answer *answer);
/* Reads the drive folder by folder instead, until listing_end() without a link. */
void listing_walk_begin(struct listing *listing);
/* After listing_wake(). */
void listing_walk_go_on(struct listing *listing);
/* The generation before which a record has not been seen: that of this pass, or of the one
 * before it when this is the second. */
int64_t listing_walk_oldest(const struct listing *listing);
/* Where the first pass has not seen all, a second one begins. False: that was it. */
bool listing_walk_again(struct listing *listing, bool has_unseen);
/* Accepts NULL. */
void listing_walk_free(struct listing_walk *walk);

#endif
