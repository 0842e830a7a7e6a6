/* The content hash of a file, of the kind that the drive's listing names.
 *
 * Kinds are those of protocol/graph_page.h (QuickXorHash, SHA-256, SHA-1), numbered as
 * stored in struct store_hash. Pure and streaming.
 */
#ifndef AGENT_PLACE_HASH_H
#define AGENT_PLACE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store_item.h"

struct hash; /* one running computation */

/* `kind` 0, or one not known here, is computed as QuickXorHash, so that a base record
 * always has a hash; the result names the kind that was computed. NULL: no memory. */
struct hash *hash_new(uint8_t kind);
void hash_update(struct hash *hash, const void *data, size_t size);
/* Ends it; frees. */
struct store_hash hash_finish(struct hash *hash);
/* Ends it without a result. Accepts NULL. */
void hash_free(struct hash *hash);

/* False also where either is unknown (kind 0) or the kinds differ. */
bool hash_equal(const struct store_hash *one, const struct store_hash *other);

#endif
