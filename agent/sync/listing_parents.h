/* Folders that were named as a parent and never told about: each is asked for once by its
 * id (F-74). */
#ifndef AGENT_SYNC_LISTING_PARENTS_H
#define AGENT_SYNC_LISTING_PARENTS_H

#include "agent/sync/context.h"

struct listing_parents;

/* NULL: nothing is to be asked (or memory is short). Else `done` is called exactly once,
 * when all answers are in, and the object is gone. */
struct listing_parents *listing_parents_start(struct sync_context *context,
                                              void (*done)(void *user), void *user);
void listing_parents_cancel(struct listing_parents *parents);

#endif
