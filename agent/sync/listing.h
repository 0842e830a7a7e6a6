/* Asks the drive what changed and writes it down, page by page.
 *
 *   CHANGES      from the last delta link
 *   WALK         folder by folder, where the service has no change feed: what two passes
 *                in a row have not seen is gone (Graph: 4.11)
 *   ENUMERATION  everything anew, into a new generation: the first time, after the service
 *                lost our place (410), now and then against drift, and on wish; what was
 *                not seen when the last page is in is gone (F-81, F-82)
 *
 * Numbered promises:
 *   L-1  a page and the link behind it are one transaction (I-14); a stop at any time goes
 *        on with the page that was not stored yet. Only the last link of an enumeration
 *        comes later, with what was found gone: till then its last page is asked for again
 *   L-2  nothing is taken for deleted but by a deletion record, or by the end of a complete
 *        enumeration (I-13); an answer that is no page is never "no changes" (F-79)
 *   L-3  a set that changes nothing writes nothing (I-6): the old link stays good for
 *        asking again, and is replaced with the next change, or once a day
 *
 * Sequence: listing_start(), then on_page() after each page but the last, then exactly one
 * on_done(), after which the listing is gone. listing_cancel() ends it without.
 * While sync/fresh.h is full the next page is not asked for: listing_wake() goes on.
 */
#ifndef AGENT_SYNC_LISTING_H
#define AGENT_SYNC_LISTING_H

#include "agent/sync/context.h"

struct listing;

struct listing_result {
    struct failure failure; /* kind NONE: the set is complete */
    bool was_enumeration;
    bool was_walk;    /* folder by folder, and so will be the next one */
    bool was_resumed; /* begun in an earlier listing */
    uint64_t items;   /* heard of */
    uint64_t changed; /* put into the queue */
    uint64_t drift;   /* of them, found by an enumeration that was not the first */
};

struct listing_callbacks {
    void (*on_page)(void *user);
    void (*on_done)(void *user, const struct listing_result *result);
};

/* `full`: enumerate even where a delta link would do. NULL: out of memory. */
struct listing *listing_start(struct sync_context *context, bool full,
                              const struct listing_callbacks *callbacks, void *user);
void listing_wake(struct listing *listing);
void listing_cancel(struct listing *listing);

#endif
