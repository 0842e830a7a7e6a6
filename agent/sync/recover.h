/* After an unclean stop: what the folder and the records make of each other (failure-model
 * 3.5). Blocks; called once, before anything else is done with the root. */
#ifndef AGENT_SYNC_RECOVER_H
#define AGENT_SYNC_RECOVER_H

#include "agent/sync/context.h"

/* Lets the hands clean their working folder, then decides by looking which moves were done.
 * Placements are left to sync/reclaim.h. Safe to repeat (F-02).
 *
 * FAILURE_RESOURCE: to be repeated before anything else is done, since something could not
 * be looked at or brought back, and what follows would make it look like a person's. With
 * `is_last_try` that is logged, kept and passed over. */
enum failure_kind recover_run(struct sync_context *context, bool is_last_try,
                              struct failure *failure);

#endif
