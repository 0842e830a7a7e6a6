/* What the two records of an item say of each other. Pure. */
#ifndef AGENT_SYNC_FACTS_H
#define AGENT_SYNC_FACTS_H

#include <stdbool.h>

#include "agent/sync/plan.h"
#include "store/store_item.h"

/* Whether the drive has other content than the base record: hashes where they can be
 * compared, else the version tag, else size and time (Graph: driveItem, cTag). */
bool facts_content_differs(const struct store_base *base,
                           const struct store_remote *remote);

/* The drive's side for plan_decide(); `base` NULL: none. */
enum plan_remote facts_remote(const struct store_base *base,
                              const struct store_remote *remote);

/* Whether the object stands where the drive has it, or where a person put it since (F-32),
 * and is of that kind. */
bool facts_is_at_place(const struct store_base *base, const struct store_remote *remote);

/* Whether the item is one that a folder can hold: a file or a folder. */
bool facts_is_mirrored(const struct store_remote *remote);

/* Whether the drive still lists the content that is being fetched. A listed hash says more
 * than the tags: the feed of a library names an eTag only, the item itself a cTag too. */
bool facts_is_content(const struct store_remote *remote, const char *version, int64_t size,
                      const struct store_hash *hash);

/* The version tag: cTag, or eTag where there is none; NULL. */
const char *facts_version(const struct store_remote *remote);

/* Delay before the next try of an item, by the number of failures so far. */
int64_t facts_retry_delay_ms(int attempts);

#endif
