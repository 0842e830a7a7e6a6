#include "store/store_ident.h"
#include "store/store_row.h"

/* The deletion itself is dear, and most items that it is asked for live on. */
static enum store_status look_for_end(struct store *store, int64_t key)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_HAS_ENDED);
    store_bind_int(statement, 1, key);
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK)
        store_done(statement);
    return status;
}

enum store_status store_collect(struct store *store, int64_t key)
{
    while (key != 0) {
        enum store_status status = look_for_end(store, key);
        if (status != STORE_OK)
            return status == STORE_NONE ? STORE_OK : status;
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_COLLECT_ITEM);
        store_bind_int(statement, 1, key);
        status = store_row(store, statement);
        if (status != STORE_OK)
            return status == STORE_NONE ? STORE_OK : status;
        int64_t parent = sqlite3_column_int64(statement, 0);
        int64_t hash = store_text_hash((const char *)sqlite3_column_text(statement, 1));
        store_done(statement);
        status = store_ident_drop(store, hash, key);
        if (status != STORE_OK)
            return status;
        if (store->last_parent.key == key)
            store->last_parent.key = 0;
        key = parent;
    }
    return STORE_OK;
}
