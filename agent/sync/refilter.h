/* After a change of the filters: what they concern goes into the queue, from the records
 * alone, without asking the drive (F-162).
 *
 * In slices (sync/slices.h), each a transaction; the filters in force are noted with the
 * last one, so that an interrupted walk begins again. No round may run meanwhile.
 */
#ifndef AGENT_SYNC_REFILTER_H
#define AGENT_SYNC_REFILTER_H

#include "agent/sync/context.h"

struct refilter;

/* Whether the filters in force are others than those of the records. */
bool refilter_is_due(const struct sync_context *context);

/* `is_done` false: the store failed. */
typedef void refilter_done_fn(void *user, bool is_done);

/* `done` once, never inside this call; then the refilter is gone. NULL: out of memory. */
struct refilter *refilter_start(struct sync_context *context, refilter_done_fn *done,
                                void *user);
/* Ends it without `done`. Accepts NULL. */
void refilter_cancel(struct refilter *walk);

#endif
