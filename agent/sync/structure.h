/* Brings the places of objects into order: moves, renames, folders that moves need, and
 * removals (sync/plan.h decides, sync/place.h does).
 *
 *   FALLING     what lies in a deleted folder is deleted with it, by record, not by path
 *   SUCCEEDING  a new item takes over the record of a deleted one of its kind at the same
 *               place: nothing is moved, the rest is an update (F-85)
 *   GATHERING   the facts of all that must move or go, and of folders that moves need
 *   LINKING     how they stand in each other's way
 *   APPLYING    the plan, in waves: a step whose path leads through something that the wave
 *               before moved waits for its result; after a surprise the rest is planned
 * anew
 *
 * Work is in proportion to what is queued (and to what falls with it). The loop is given
 * back after some milliseconds in every phase.
 *
 * Nothing else may use the hands meanwhile but readers of contents: content_set_mode()
 * HALTED first, and wait for content_is_still().
 */
#ifndef AGENT_SYNC_STRUCTURE_H
#define AGENT_SYNC_STRUCTURE_H

#include "agent/sync/context.h"

struct structure;

struct structure_request {
    bool with_removals; /* all of the plan; else removals only where they are in the way */
    bool allow_big_delete; /* a person's word for this round (F-90) */
};

struct structure_result {
    struct failure failure; /* kind NONE: went through */
    uint64_t done;          /* steps that changed something */
    bool wants_again;       /* a surprise: plan anew */
    uint64_t held;          /* removals that wait for a person's word */
};

typedef void structure_done_fn(void *user, const struct structure_result *result);

/* NULL: out of memory. `done` is called exactly once, never inside this call. */
struct structure *structure_start(struct sync_context *context,
                                  const struct structure_request *request,
                                  structure_done_fn *done, void *user);
/* No further wave; accepts NULL. What the hands have done may not have been written down,
 * and all that follows counts on that. */
void structure_halt(struct structure *structure);
/* Ends it without `done`. No job of it may be with the hands: close sync/batch.h first. */
void structure_cancel(struct structure *structure);

#endif
