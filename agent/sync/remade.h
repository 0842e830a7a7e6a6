/* Which of two folders is an item's: the one that its record knows by its inode, or the one
 * that stands where it was.
 *
 * A person moves a folder away, and it is made again for what is new in it: until that is
 * recorded, which a kill or a failed transaction may prevent, only what has been placed in
 * it since tells it from a folder that the person has made there himself.
 */
#ifndef AGENT_SYNC_REMADE_H
#define AGENT_SYNC_REMADE_H

#include "agent/sync/context.h"

/* Whether something that by the records stands in the item's folder, or in one below it,
 * really does, at the place that they have for it. Looks at no more than REMADE_LOOKS of
 * them, by stat, on the calling thread: for when an answer is rarely needed. What could not
 * be seen is no. */
enum { REMADE_LOOKS = 10000 };
bool remade_is_its_own(const struct sync_context *context, int64_t key);

#endif
