/* Inside store/ only: records as they were read last, found again by their key.
 *
 * One item on its way to the folder is asked for a score of times, and its folders with it;
 * only the first time SQLite does the work. A bounded table: a record sits in the slot that
 * its key names and gives way to the next one there. A slot takes memory when it is used
 * first, so that a small change touches little of it.
 *
 * Never stale: SQLite tells every change of a row (update hook) and every rollback, and
 * that empties the slots. A reader keeps none, since it is not told what the agent writes.
 */
#ifndef STORE_STORE_CACHE_H
#define STORE_STORE_CACHE_H

#include "store/store_item.h"
#include "store/store_statement.h"

struct store;

enum { STORE_CACHE_SLOTS = 2048 }; /* more than items are on their way at once */

enum store_cache_of { STORE_CACHE_ITEMS, STORE_CACHE_BASES, STORE_CACHE_COUNT };

/* `texts` keep what the record points to until another one takes the slot, also after the
 * row was changed: that is the promise of store_get_remote() and store_get_base(). */
struct store_slot {
    int64_t key;            /* 0: nothing */
    enum store_status said; /* STORE_OK, or STORE_NONE: there is no such row */
    union {
        struct store_remote remote;
        struct store_base base;
    };
    struct store_texts texts;
};

/* To be called once, before the first write. */
void store_cache_watch(struct store *store);

/* Where the record belongs, whatever is there now. NULL: none is kept (reader, no memory).
 */
struct store_slot *store_cache_slot(struct store *store, enum store_cache_of which,
                                    int64_t key);

/* Gives the memory back; for idle moments. */
void store_cache_drop(struct store *store);

#endif
