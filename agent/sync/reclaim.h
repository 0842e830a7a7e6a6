/* After a kill: what was placed but not recorded is known again by its content (F-03), and
 * recorded as if nothing had happened.
 *
 * The eyes look, in the pool, since all of a content may have to be hashed; no round may
 * run meanwhile, so that nothing newer of the drive makes it look like a person's.
 */
#ifndef AGENT_SYNC_RECLAIM_H
#define AGENT_SYNC_RECLAIM_H

#include "agent/sync/context.h"

struct reclaim;

/* FAILURE_NONE: done. Else to be begun again before any round: FAILURE_RESOURCE says why,
 * FAILURE_CANCELLED that the hands have told it. */
typedef void reclaim_done_fn(void *user, const struct failure *failure);

/* After recover_run(). `done` once, never inside this call; then the reclaim is gone. With
 * `is_last_try` what cannot be read is passed over, and will look like a person's (F-16).
 * NULL: out of memory. */
struct reclaim *reclaim_start(struct sync_context *context, bool is_last_try,
                              reclaim_done_fn *done, void *user);
/* Ends it without `done`; accepts NULL. No job of it may be with the hands: close
 * sync/batch.h first. */
void reclaim_cancel(struct reclaim *reclaim);

#endif
