/* Inside store/ only: copies and removals of the database as a whole. */
#ifndef STORE_STORE_ASIDE_H
#define STORE_STORE_ASIDE_H

#include "store/store.h"

#define STORE_DATABASE "state.db"

/* Copies the open database to `folder`/state.db.schema-N with the online backup, durably,
 * before schema N is upgraded (F-66). `out` gets the path. */
enum store_status store_backup(struct store *store, const char *folder, int version,
                               char *out, size_t out_size);

#endif
