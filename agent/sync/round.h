/* One round: list, put in place, fill, clear away.
 *
 *   IDLE     -> LISTING   round_begin
 *   LISTING  -> HALTING   the set is complete; early contents are halted
 *   HALTING  -> PLACING   the hands are free
 *   PLACING  -> FILLING   everything stands where it belongs
 *   FILLING  -> CLEARING  no content can be done now, or removals have waited long enough
 *   FILLING  -> LISTING   round_begin: large downloads go on meanwhile
 *   CLEARING -> FILLING   something was done that may have made room for more
 *   CLEARING -> IDLE      nothing is left that could be done now: on_done
 *   any      -> IDLE      round_stop, or trouble of more than one item
 *
 * LISTING   nothing stands or moves but what is new; the store's link is a next link
 * PLACING, CLEARING   no content is with the hands
 * IDLE      the queue holds only what waits for time, a cause or a person
 *
 * A stop at any point, also a kill, loses nothing: the queue in the store is the plan, and
 * whoever begins the next round finds it.
 */
#ifndef AGENT_SYNC_ROUND_H
#define AGENT_SYNC_ROUND_H

#include "agent/sync/context.h"

struct round;

enum round_state {
    ROUND_IDLE,
    ROUND_LISTING,
    ROUND_HALTING,
    ROUND_PLACING,
    ROUND_FILLING,
    ROUND_CLEARING,
};

struct round_request {
    bool full;    /* enumerate anew */
    bool restore; /* what a person removed comes back */
    bool allow_big_delete;
    bool without_listing; /* only what the queue holds: a retry */
    bool only_listing;    /* the folder is not touched */
};

struct round_result {
    struct failure failure; /* kind NONE: went through */
    bool was_enumeration;
    bool was_walk;    /* the service has no change feed for the drive */
    bool was_resumed; /* the set was begun before, and may be old */
    uint64_t changed; /* found by the listing */
    uint64_t drift;
    uint64_t held; /* removals that wait for a person's word */
};

struct round_callbacks {
    void (*on_state)(void *user, enum round_state state);
    void (*on_listed)(void *user, const struct round_result *result);
    void (*on_done)(void *user, const struct round_result *result);
};

/* The context's batch calls round_trouble() when the hands could not work. */
struct round *round_new(struct sync_context *context,
                        const struct round_callbacks *callbacks, void *user);
/* Frees; the batch must have been closed before. */
void round_free(struct round *round);

bool round_may_begin(const struct round *round);
void round_begin(struct round *round, const struct round_request *request);
/* Ends the round without on_done, with its downloads. Jobs with the hands end by
 * themselves. */
void round_stop(struct round *round);
/* Lets go of a plan that was stopped on its way. No job of it may be with the hands. */
void round_drop_plan(struct round *round);
/* The hands could not work (root, disk, store): the round ends with that failure. */
void round_trouble(struct round *round, const struct failure *failure);
/* A batch has ended well. */
void round_jobs_done(struct round *round);

enum round_state round_state(const struct round *round);

#endif
