/* Whether a complete download may be placed (F-97 … F-105). Pure.
 *
 * The service sometimes delivers other bytes than it lists, for some kinds of file on
 * purpose: two complete downloads that agree with each other are believed for those kinds
 * only, and never against a hash for any other.
 */
#ifndef AGENT_SYNC_VERDICT_H
#define AGENT_SYNC_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store_item.h"

enum { VERDICT_MAX_TRIES = 3 };

enum verdict {
    VERDICT_HOLD, /* keep what stands, report (F-98, F-99) */
    VERDICT_ACCEPT,
    VERDICT_ACCEPT_WEAK,    /* no hash to hold it against (F-104) */
    VERDICT_ACCEPT_DIFFERS, /* verified against itself, not against the listing (F-99) */
    VERDICT_AGAIN,          /* ask for the item anew, then download once more */
};

/* Texts and hashes of the same version throughout. */
struct verdict_facts {
    const char *name;
    int64_t listed_size; /* STORE_UNKNOWN */
    struct store_hash listed_hash;
    int64_t size; /* of what came, complete */
    struct store_hash hash;
    unsigned tries; /* complete downloads of this version, with this one */
    int64_t earlier_size;
    struct store_hash earlier_hash; /* of the download before; kind 0: none */
};

enum verdict verdict_judge(const struct verdict_facts *facts);

/* Whether the service is known to rewrite files of such a name. */
bool verdict_is_rewritten(const char *name);

/* Whether the content is known to be empty without asking (F-105). */
bool verdict_is_empty(int64_t listed_size, const struct store_hash *listed_hash);

#endif
