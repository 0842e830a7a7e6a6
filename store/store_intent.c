#include "store/store_intent.h"

#include "store/store_row.h"

static enum store_status take_intent(struct store *store, sqlite3_stmt *row,
                                     struct store_intent *out)
{
    enum store_status status = store_row(store, row);
    if (status != STORE_OK)
        return status;
    struct store_texts *texts = &store->texts[STORE_TEXTS_INTENT];
    bool ok = store_texts_begin(texts, row);
    if (ok) {
        *out = (struct store_intent){
            .key = sqlite3_column_int64(row, 0),
            .kind = (enum store_intent_kind)sqlite3_column_int(row, 1),
            .parent = sqlite3_column_int64(row, 2),
            .name = store_texts_keep(texts, row, 3),
            .partial = store_texts_keep(texts, row, 4),
            .version = store_texts_keep(texts, row, 5),
            .size = store_column_known(row, 6),
        };
        store_column_hash(row, 7, &out->hash);
    }
    store_done(row);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

static enum store_status write_intent(struct store *store, int64_t mirror,
                                      const struct store_intent *intent)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_INTENT);
    store_bind_int(statement, 1, intent->key);
    store_bind_int(statement, 2, intent->kind);
    store_bind_int(statement, 3, intent->parent);
    store_bind_text(statement, 4, intent->name);
    store_bind_text(statement, 5, intent->partial);
    store_bind_text(statement, 6, intent->version);
    store_bind_known(statement, 7, intent->size);
    store_bind_hash(statement, 8, &intent->hash);
    store_bind_int(statement, 10, mirror);
    return store_run(store, statement);
}

enum store_status store_put_intent(struct store *store, int64_t mirror,
                                   const struct store_intent *intent)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = write_intent(store, mirror, intent);
    return store_leave(store, own, true, status);
}

enum store_status store_get_intent(struct store *store, int64_t key,
                                   struct store_intent *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_INTENT);
    store_bind_int(statement, 1, key);
    return take_intent(store, statement, out);
}

enum store_status store_next_intent(struct store *store, int64_t mirror, int64_t *after_key,
                                    struct store_intent *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_INTENT);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, *after_key);
    enum store_status status = take_intent(store, statement, out);
    if (status == STORE_OK)
        *after_key = out->key;
    return status;
}

enum store_status store_drop_intent(struct store *store, int64_t key)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_DROP_INTENT);
        store_bind_int(statement, 1, key);
        status = store_run(store, statement);
    }
    if (status == STORE_OK)
        status = store_collect(store, key);
    return store_leave(store, own, true, status);
}
