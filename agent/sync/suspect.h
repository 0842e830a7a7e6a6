/* After a row of crashes (agent/crash.h) contents are fetched and placed one at a time, and
 * the store says which one is in hand. If the agent crashes again, that one is held at the
 * next start, and the rest goes on (F-07). */
#ifndef AGENT_SYNC_SUSPECT_H
#define AGENT_SYNC_SUSPECT_H

#include "agent/sync/context.h"

/* The item is begun, or has ended. Durable on return; nothing where the context is not
 * careful. */
void suspect_begin(const struct sync_context *context, int64_t key);
void suspect_end(const struct sync_context *context);

/* At the start: holds the item of this mirror that was in hand at the crash. */
void suspect_hold(const struct sync_context *context);

#endif
