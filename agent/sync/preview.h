/* The plan as lines for people: what the queue would do, and what a full round would bring
 * back of what a person removed or moved here (F-31, F-32), without doing it.
 *
 * In slices (sync/slices.h), so that whoever reads the lines keeps up with them. No round
 * may run meanwhile.
 */
#ifndef AGENT_SYNC_PREVIEW_H
#define AGENT_SYNC_PREVIEW_H

#include "agent/sync/context.h"

struct preview;

/* One thing that would change the folder, or, with `held`, that would be found not to be
 * able to stand there; `is_restored`: only in a full round. */
typedef void preview_line_fn(void *user, const char *operation, const char *path,
                             int64_t bytes, bool is_restored, const struct failure *held);
typedef void preview_done_fn(void *user);

/* `is_full`: with what would be restored. `done` once, never inside this call; then the
 * preview is gone. NULL: out of memory. */
struct preview *preview_start(const struct sync_context *context, bool is_full,
                              preview_line_fn *line, preview_done_fn *done, void *user);
/* Ends it without `done`. Accepts NULL. */
void preview_cancel(struct preview *preview);

#endif
