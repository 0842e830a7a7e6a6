/* Inside store/ only: the index from the service's ids to keys.
 *
 * Ids come in no order. In one index of a million of them nearly every new one dirties a
 * page of its own, and writing that page costs more than all the rest of the item. So the
 * index has three tables: a new entry goes into id_small; when that is full it is poured
 * in its order into id_middle, and that into id_large, many entries to a page. An entry
 * is a hash of the id and the key; whoever looks up compares the id itself.
 */
#ifndef STORE_STORE_IDENT_H
#define STORE_STORE_IDENT_H

#include "store/store.h"

/* Entries of the two upper tables, -1 not counted yet. They may be too high where entries
 * were dropped: a table is poured that much earlier. */
struct store_ident_counts {
    int64_t small;
    int64_t middle;
};

enum store_status store_ident_add(struct store *store, const char *id, int64_t key);
enum store_status store_ident_drop(struct store *store, int64_t hash, int64_t key);

#endif
