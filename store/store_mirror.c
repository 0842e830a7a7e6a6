#include "store/store_mirror.h"

#include <string.h>

#include "store/store_core.h"

static bool read_mirror(struct store_texts *texts, sqlite3_stmt *row,
                        struct store_mirror *out)
{
    if (!store_texts_begin(texts, row))
        return false;
    *out = (struct store_mirror){
        .key = sqlite3_column_int64(row, 0),
        .name = store_texts_keep(texts, row, 1),
        .folder = store_texts_keep(texts, row, 2),
        .drive = store_texts_keep(texts, row, 3),
        .drive_id = store_texts_keep(texts, row, 4),
        .account = store_texts_keep(texts, row, 5),
        .marker = store_texts_keep(texts, row, 6),
        .filters = store_texts_keep(texts, row, 7),
        .root_device = (uint64_t)sqlite3_column_int64(row, 8),
        .root_inode = (uint64_t)sqlite3_column_int64(row, 9),
        .root_item = sqlite3_column_int64(row, 10),
        .feed = (enum store_feed)sqlite3_column_int(row, 11),
        .link = store_texts_keep(texts, row, 12),
        .fallback_link = store_texts_keep(texts, row, 13),
        .generation = sqlite3_column_int64(row, 14),
        .keep_missing = sqlite3_column_int(row, 15) != 0,
        .enumerated_at = sqlite3_column_int64(row, 16),
        .synced_at = sqlite3_column_int64(row, 17),
        .approved_deletions = sqlite3_column_int64(row, 18),
        .held_deletions = sqlite3_column_int64(row, 19),
        .state = store_texts_keep(texts, row, 20),
    };
    return true;
}

/* Steps a statement whose row is a mirror. */
static enum store_status take_mirror(struct store *store, sqlite3_stmt *statement,
                                     enum store_texts_of where, struct store_mirror *out)
{
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    bool ok = read_mirror(&store->texts[where], statement, out);
    store_done(statement);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

static bool is_same_mirror(const struct store_mirror *a, const struct store_mirror *b)
{
    return store_same_text(a->name, b->name) && store_same_text(a->folder, b->folder) &&
           store_same_text(a->drive, b->drive) &&
           store_same_text(a->drive_id, b->drive_id) &&
           store_same_text(a->account, b->account) &&
           store_same_text(a->marker, b->marker) &&
           store_same_text(a->filters, b->filters) && a->root_device == b->root_device &&
           a->root_inode == b->root_inode && a->root_item == b->root_item &&
           a->feed == b->feed && store_same_text(a->link, b->link) &&
           store_same_text(a->fallback_link, b->fallback_link) &&
           a->generation == b->generation && a->keep_missing == b->keep_missing &&
           a->enumerated_at == b->enumerated_at && a->synced_at == b->synced_at &&
           a->approved_deletions == b->approved_deletions &&
           a->held_deletions == b->held_deletions && store_same_text(a->state, b->state);
}

static void bind_mirror(sqlite3_stmt *statement, const struct store_mirror *mirror)
{
    store_bind_int(statement, 1, mirror->key);
    store_bind_text(statement, 2, mirror->name);
    store_bind_text(statement, 3, mirror->folder);
    store_bind_text(statement, 4, mirror->drive);
    store_bind_text(statement, 5, mirror->drive_id);
    store_bind_text(statement, 6, mirror->account);
    store_bind_text(statement, 7, mirror->marker);
    store_bind_text(statement, 8, mirror->filters);
    store_bind_int(statement, 9, (int64_t)mirror->root_device);
    store_bind_int(statement, 10, (int64_t)mirror->root_inode);
    store_bind_int(statement, 11, mirror->root_item);
    store_bind_int(statement, 12, mirror->feed);
    store_bind_text(statement, 13, mirror->link);
    store_bind_text(statement, 14, mirror->fallback_link);
    store_bind_int(statement, 15, mirror->generation);
    store_bind_int(statement, 16, mirror->keep_missing);
    store_bind_int(statement, 17, mirror->enumerated_at);
    store_bind_int(statement, 18, mirror->synced_at);
    store_bind_int(statement, 19, mirror->approved_deletions);
    store_bind_int(statement, 20, mirror->held_deletions);
    store_bind_text(statement, 21, mirror->state);
}

static enum store_status write_mirror(struct store *store, struct store_mirror *mirror)
{
    struct store_mirror old = {0};
    enum store_status status = STORE_NONE;
    if (mirror->key != 0) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_MIRROR_BY_KEY);
        store_bind_int(statement, 1, mirror->key);
        status = take_mirror(store, statement, STORE_TEXTS_OLD_MIRROR, &old);
    }
    if (status == STORE_OK && is_same_mirror(&old, mirror))
        return STORE_OK;
    if (status != STORE_OK && status != STORE_NONE)
        return status;
    bool is_new = status == STORE_NONE;
    sqlite3_stmt *statement =
        store_prepare(store, is_new ? STORE_SQL_INSERT_MIRROR : STORE_SQL_UPDATE_MIRROR);
    bind_mirror(statement, mirror);
    status = store_run(store, statement);
    if (status == STORE_OK && is_new)
        mirror->key = sqlite3_last_insert_rowid(store->database);
    return status;
}

enum store_status store_put_mirror(struct store *store, struct store_mirror *mirror)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = write_mirror(store, mirror);
    return store_leave(store, own, true, status);
}

enum store_status store_get_mirror(struct store *store, const char *name,
                                   struct store_mirror *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_MIRROR);
    store_bind_text(statement, 1, name);
    return take_mirror(store, statement, STORE_TEXTS_MIRROR, out);
}

static enum store_status delete_records(struct store *store, int64_t mirror)
{
    static const char *const deletes[] = {
        "delete from item where mirror = ?1",
        "delete from base where mirror = ?1",
        "delete from todo where mirror = ?1",
        "delete from intent where mirror = ?1",
        "delete from channel where mirror = ?1",
        "delete from history where mirror = ?1",
        "delete from conflict where mirror = ?1",
        "delete from problem where mirror = ?1",
        "delete from mirror where key = ?1",
        "delete from id_large where key not in (select key from item)",
        "delete from id_middle where key not in (select key from item)",
        "delete from id_small where key not in (select key from item)",
    };
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++) {
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v2(store->database, deletes[i], -1, &statement, NULL);
        if (result != SQLITE_OK)
            return store_fail(store, result);
        if (sqlite3_bind_parameter_count(statement) > 0)
            store_bind_int(statement, 1, mirror);
        enum store_status status = store_run(store, statement);
        (void)sqlite3_finalize(statement);
        if (status != STORE_OK)
            return status;
    }
    return STORE_OK;
}

enum store_status store_drop_mirror(struct store *store, int64_t key)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = store_tally_flush(store);
    if (status == STORE_OK)
        status = delete_records(store, key);
    store_forget_lookups(store);
    return store_leave(store, own, true, status);
}

enum store_status store_put_position(struct store *store, int64_t mirror,
                                     enum store_feed feed, const char *link,
                                     int64_t generation)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_POSITION);
        store_bind_int(statement, 1, mirror);
        store_bind_int(statement, 2, feed);
        store_bind_text(statement, 3, link);
        store_bind_int(statement, 4, generation);
        status = store_run(store, statement);
    }
    return store_leave(store, own, true, status);
}
