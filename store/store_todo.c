/* The queue of what is still to do. */
#include "store/store_row.h"

static enum store_status take_todo(struct store *store, sqlite3_stmt *row,
                                   struct store_todo *out)
{
    enum store_status status = store_row(store, row);
    if (status != STORE_OK)
        return status;
    struct store_texts *texts = &store->texts[STORE_TEXTS_TODO];
    bool ok = store_texts_begin(texts, row);
    if (ok)
        *out = (struct store_todo){
            .key = sqlite3_column_int64(row, 0),
            .attempts = sqlite3_column_int(row, 1),
            .failure = sqlite3_column_int(row, 2),
            .not_before = sqlite3_column_int64(row, 3),
            .text = store_texts_keep(texts, row, 4),
            .held = sqlite3_column_int(row, 5) != 0,
        };
    store_done(row);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

/* An entry as it stands, without its text. */
struct entry {
    bool exists;
    bool is_fresh; /* due at once, never failed */
    bool held;
};

static enum store_status look_up(struct store *store, int64_t mirror, int64_t key,
                                 struct entry *out)
{
    sqlite3_stmt *row = store_prepare(store, STORE_SQL_GET_TODO);
    store_bind_int(row, 1, mirror);
    store_bind_int(row, 2, key);
    enum store_status status = store_row(store, row);
    *out = (struct entry){0};
    if (status == STORE_NONE)
        return STORE_OK;
    if (status != STORE_OK)
        return status;
    *out = (struct entry){
        .exists = true,
        .is_fresh = sqlite3_column_int(row, 1) == 0 && sqlite3_column_int(row, 2) == 0 &&
                    sqlite3_column_int64(row, 3) == 0 &&
                    sqlite3_column_type(row, 4) == SQLITE_NULL,
        .held = sqlite3_column_int(row, 5) != 0,
    };
    store_done(row);
    return STORE_OK;
}

static enum store_status write_entry(struct store *store, int64_t mirror,
                                     const struct store_todo *todo, bool exists)
{
    sqlite3_stmt *statement =
        store_prepare(store, exists ? STORE_SQL_UPDATE_TODO : STORE_SQL_INSERT_TODO);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, todo->key);
    store_bind_int(statement, 3, todo->attempts);
    store_bind_int(statement, 4, todo->failure);
    store_bind_int(statement, 5, todo->not_before);
    store_bind_text(statement, 6, todo->text);
    store_bind_int(statement, 7, todo->held);
    return store_run(store, statement);
}

/* The one place that adds or changes an entry whose item is known. */
static enum store_status change_entry(struct store *store, int64_t mirror,
                                      const struct store_todo *todo, int64_t bytes_before,
                                      int64_t bytes_now)
{
    struct entry old;
    struct store_tally *tally;
    enum store_status status = look_up(store, mirror, todo->key, &old);
    if (status == STORE_OK)
        status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    bool is_fresh = todo->attempts == 0 && todo->failure == 0 && todo->not_before == 0 &&
                    todo->text == NULL && !todo->held;
    bool is_same = old.exists && old.is_fresh && !old.held && is_fresh;
    if (!is_same)
        status = write_entry(store, mirror, todo, old.exists);
    if (status != STORE_OK)
        return status;
    if (old.exists)
        store_tally_todo(tally, -1, old.held, bytes_before);
    store_tally_todo(tally, 1, todo->held, bytes_now);
    return STORE_OK;
}

enum store_status store_queue_item(struct store *store, int64_t mirror, int64_t key,
                                   int64_t bytes_before, int64_t bytes_now)
{
    struct store_todo todo = {.key = key};
    return change_entry(store, mirror, &todo, bytes_before, bytes_now);
}

enum store_status store_queue_new_item(struct store *store, int64_t mirror, int64_t key,
                                       int64_t bytes)
{
    struct store_tally *tally;
    enum store_status status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    store_tally_todo(tally, 1, false, bytes);
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_INSERT_NEW_TODO);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, key);
    return store_run(store, statement);
}

enum store_status store_recount_queued(struct store *store, int64_t mirror, int64_t key,
                                       int64_t bytes_before, int64_t bytes_now)
{
    struct entry entry;
    struct store_tally *tally;
    enum store_status status = look_up(store, mirror, key, &entry);
    if (status == STORE_OK)
        status = store_tally_of(store, mirror, &tally);
    if (status == STORE_OK && entry.exists) {
        store_tally_todo(tally, -1, entry.held, bytes_before);
        store_tally_todo(tally, 1, entry.held, bytes_now);
    }
    return status;
}

enum store_status store_mark_structural(struct store *store, int64_t mirror, int64_t key,
                                        bool structural)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_MARK_STRUCTURAL);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, key);
    store_bind_int(statement, 3, structural);
    return store_run(store, statement);
}

/* The entry behind `*after_key` that one of the two questions gives, which take the same
 * words. */
static enum store_status next_entry(struct store *store, sqlite3_stmt *statement,
                                    int64_t now_ms, bool with_held, int64_t *after_key,
                                    struct store_todo *out)
{
    store_bind_int(statement, 2, *after_key);
    store_bind_int(statement, 3, now_ms);
    store_bind_int(statement, 4, with_held);
    enum store_status status = take_todo(store, statement, out);
    if (status == STORE_OK)
        *after_key = out->key;
    return status;
}

enum store_status store_next_todo(struct store *store, int64_t mirror, int64_t now_ms,
                                  bool with_held, int64_t *after_key,
                                  struct store_todo *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_TODO);
    store_bind_int(statement, 1, mirror);
    return next_entry(store, statement, now_ms, with_held, after_key, out);
}

enum store_status store_next_structural(struct store *store, int64_t mirror, int64_t now_ms,
                                        bool with_held, int64_t *after_key,
                                        struct store_todo *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_STRUCTURAL);
    store_bind_int(statement, 1, mirror);
    return next_entry(store, statement, now_ms, with_held, after_key, out);
}

enum store_status store_put_todo(struct store *store, int64_t mirror,
                                 const struct store_todo *todo)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    struct store_remote item;
    if (status == STORE_OK)
        status = store_load_item(store, todo->key, STORE_TEXTS_OLD_REMOTE, &item, NULL);
    if (status == STORE_NONE)
        status = store_refuse(store, STORE_MISUSE, "no item has that key");
    if (status == STORE_OK) {
        int64_t bytes = store_waiting_bytes(&item);
        status = change_entry(store, mirror, todo, bytes, bytes);
    }
    return store_leave(store, own, true, status);
}

static enum store_status drop_entry(struct store *store, int64_t key)
{
    struct store_remote item;
    int64_t mirror;
    struct entry old;
    struct store_tally *tally;
    enum store_status status =
        store_load_item(store, key, STORE_TEXTS_OLD_REMOTE, &item, &mirror);
    if (status == STORE_OK)
        status = look_up(store, mirror, key, &old);
    if (status == STORE_OK && !old.exists)
        return STORE_OK;
    if (status == STORE_OK)
        status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status == STORE_NONE ? STORE_OK : status;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_DROP_TODO);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, key);
    status = store_run(store, statement);
    if (status != STORE_OK)
        return status;
    store_tally_todo(tally, -1, old.held, store_waiting_bytes(&item));
    return store_collect(store, key);
}

enum store_status store_drop_todo(struct store *store, int64_t key)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = drop_entry(store, key);
    return store_leave(store, own, true, status);
}

static enum store_status wake_held(struct store *store, int64_t mirror)
{
    struct store_tally *tally;
    enum store_status status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *sum = store_prepare(store, STORE_SQL_SUM_HELD_TODO);
    store_bind_int(sum, 1, mirror);
    status = store_row(store, sum);
    if (status != STORE_OK)
        return status;
    int64_t count = sqlite3_column_int64(sum, 0);
    int64_t bytes = sqlite3_column_int64(sum, 1);
    store_done(sum);
    if (count == 0)
        return STORE_OK;
    sqlite3_stmt *wake = store_prepare(store, STORE_SQL_WAKE_HELD_TODO);
    store_bind_int(wake, 1, mirror);
    status = store_run(store, wake);
    if (status != STORE_OK)
        return status;
    tally->held -= count;
    tally->waiting += count;
    tally->waiting_bytes += bytes;
    return STORE_OK;
}

static enum store_status wake_later(struct store *store, int64_t mirror, int64_t than_ms)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_WAKE_TODO);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, than_ms);
    return store_run(store, statement);
}

enum store_status store_wake_later(struct store *store, int64_t mirror, int64_t than_ms)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = wake_later(store, mirror, than_ms);
    return store_leave(store, own, true, status);
}

enum store_status store_wake_todo(struct store *store, int64_t mirror, bool held)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = wake_later(store, mirror, 0);
    if (status == STORE_OK && held)
        status = wake_held(store, mirror);
    return store_leave(store, own, true, status);
}

enum store_status store_count_failed(struct store *store, int64_t mirror, uint64_t *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_COUNT_FAILED_TODO);
    store_bind_int(statement, 1, mirror);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    *out = (uint64_t)sqlite3_column_int64(statement, 0);
    store_done(statement);
    return STORE_OK;
}

enum store_status store_next_due(struct store *store, int64_t mirror, int64_t *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_DUE);
    store_bind_int(statement, 1, mirror);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    *out = sqlite3_column_int64(statement, 0);
    store_done(statement);
    return STORE_OK;
}
