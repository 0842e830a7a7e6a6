/* After a change of the filters, or of a folder's place: what they concern goes into the
 * queue, from the records alone, without asking the drive (F-162).
 *
 * In slices (sync/slices.h), each a transaction; the filters in force are noted with the
 * last one, so that an interrupted walk begins again. No round may run meanwhile.
 */
#ifndef AGENT_SYNC_REFILTER_H
#define AGENT_SYNC_REFILTER_H

#include "agent/sync/context.h"

struct refilter;

/* Whether the filters in force are others than those of the records, or all is to be walked
 * through for another reason. */
bool refilter_is_due(const struct sync_context *context);

/* The drive has a folder at another place, where the filters may see what is in it in
 * another way. Inside the page's transaction; where there is too much in it for that, the
 * walk through all is due. */
enum store_status refilter_folder(struct sync_context *context, int64_t key);

/* `is_done` false: the store failed. */
typedef void refilter_done_fn(void *user, bool is_done);

/* `done` once, never inside this call; then the refilter is gone. NULL: out of memory. */
struct refilter *refilter_start(struct sync_context *context, refilter_done_fn *done,
                                void *user);
/* Ends it without `done`. Accepts NULL. */
void refilter_cancel(struct refilter *refilter);

#endif
