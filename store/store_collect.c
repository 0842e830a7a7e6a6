#include "store/store_ident.h"
#include "store/store_row.h"

/* The deletion itself is dear, and most items that it is asked for live on. */
static enum store_status look_for_end(struct store *store, int64_t key, int64_t *out_parent)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_HAS_ENDED);
    store_bind_int(statement, 1, key);
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK) {
        *out_parent = sqlite3_column_int64(statement, 0);
        store_done(statement);
    }
    return status;
}

/* STORE_NONE: something refers to it still. */
static enum store_status remove_row(struct store *store, int64_t key)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_COLLECT_ITEM);
    store_bind_int(statement, 1, key);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    int64_t hash = store_text_hash((const char *)sqlite3_column_text(statement, 0));
    store_done(statement);
    if (store->last_parent.key == key)
        store->last_parent.key = 0;
    return store_ident_drop(store, hash, key);
}

/* Folders that the drive had moved into each other as far as we were told (F-84), and then
 * deleted, would keep each other for ever: the first that is done with leaves the circle.
 * STORE_NONE: it is in none. */
static enum store_status leave_circle(struct store *store, int64_t key)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_LEAVE_CIRCLE);
    store_bind_int(statement, 1, key);
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK)
        store_done(statement);
    return status;
}

enum store_status store_collect(struct store *store, int64_t key)
{
    while (key != 0) {
        int64_t parent = 0;
        enum store_status status = look_for_end(store, key, &parent);
        if (status == STORE_OK)
            status = remove_row(store, key);
        if (status == STORE_NONE && parent != 0)
            status = leave_circle(store, key);
        if (status != STORE_OK)
            return status == STORE_NONE ? STORE_OK : status;
        key = parent;
    }
    return STORE_OK;
}
