/* Intents: placements begun and not yet recorded (failure-model 3.1, 3.5).
 *
 * An intent is written before the disk is touched and dropped in the transaction that
 * writes the base record. What is found at the next start is decided by looking.
 */
#ifndef STORE_STORE_INTENT_H
#define STORE_STORE_INTENT_H

#include "store/store_item.h"

/* The numbers are stored. */
enum store_intent_kind {
    STORE_INTENT_NONE = 0,
    STORE_INTENT_PLACE = 1, /* a downloaded file goes to parent/name */
    STORE_INTENT_MOVE = 2,  /* the object moves from its base place to parent/name */
    STORE_INTENT_FETCH = 4, /* a partial of a large file, to go on with after a restart */
};

struct store_intent {
    int64_t key; /* of the item; one intent an item */
    enum store_intent_kind kind;
    int64_t parent;
    const char *name;    /* borrowed as in store_item.h */
    const char *partial; /* file name in the working folder, NULL if none */
    const char *version; /* cTag or eTag that the partial belongs to */
    int64_t size;
    struct store_hash hash;
};

/* Of an item that is gone with its record none is put: nothing could come of it. */
enum store_status store_put_intent(struct store *store, int64_t mirror,
                                   const struct store_intent *intent);
enum store_status store_get_intent(struct store *store, int64_t key,
                                   struct store_intent *out);
enum store_status store_next_intent(struct store *store, int64_t mirror, int64_t *after_key,
                                    struct store_intent *out);
enum store_status store_drop_intent(struct store *store, int64_t key);

#endif
