#include "store/store_ident.h"

#include "store/store_row.h"

/* Pouring 16,384 entries into an index of a million touches most of its pages: some 40 ms
 * once in so many new items. */
enum { MAX_SMALL = 2048, MAX_MIDDLE = 16384 };

static enum store_status count(struct store *store, enum store_statement which,
                               int64_t *out)
{
    if (*out >= 0)
        return STORE_OK;
    sqlite3_stmt *statement = store_prepare(store, which);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    *out = sqlite3_column_int64(statement, 0);
    store_done(statement);
    return STORE_OK;
}

static enum store_status pour(struct store *store, enum store_statement copy,
                              enum store_statement empty)
{
    enum store_status status = store_run(store, store_prepare(store, copy));
    return status == STORE_OK ? store_run(store, store_prepare(store, empty)) : status;
}

static enum store_status pour_small(struct store *store)
{
    struct store_ident_counts *counts = &store->ident_counts;
    enum store_status status = count(store, STORE_SQL_COUNT_MIDDLE, &counts->middle);
    if (status == STORE_OK)
        status = pour(store, STORE_SQL_COPY_SMALL, STORE_SQL_EMPTY_SMALL);
    if (status != STORE_OK)
        return status;
    counts->middle += counts->small;
    counts->small = 0;
    if (counts->middle < MAX_MIDDLE)
        return STORE_OK;
    counts->middle = 0;
    return pour(store, STORE_SQL_COPY_MIDDLE, STORE_SQL_EMPTY_MIDDLE);
}

enum store_status store_ident_add(struct store *store, const char *id, int64_t key)
{
    struct store_ident_counts *counts = &store->ident_counts;
    enum store_status status = count(store, STORE_SQL_COUNT_SMALL, &counts->small);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_ADD_ID);
    store_bind_int(statement, 1, store_text_hash(id));
    store_bind_int(statement, 2, key);
    status = store_run(store, statement);
    if (status != STORE_OK)
        return status;
    counts->small++;
    return counts->small < MAX_SMALL ? STORE_OK : pour_small(store);
}

enum store_status store_ident_drop(struct store *store, int64_t hash, int64_t key)
{
    static const enum store_statement drops[] = {
        STORE_SQL_DROP_ID_SMALL, STORE_SQL_DROP_ID_MIDDLE, STORE_SQL_DROP_ID_LARGE};
    enum store_status status = STORE_OK;
    for (size_t i = 0; status == STORE_OK && i < sizeof drops / sizeof *drops; i++) {
        sqlite3_stmt *statement = store_prepare(store, drops[i]);
        store_bind_int(statement, 1, hash);
        store_bind_int(statement, 2, key);
        status = store_run(store, statement);
    }
    return status;
}
