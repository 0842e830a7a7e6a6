#include "store/store_note.h"

#include "store/store_core.h"

enum {
    MAX_HISTORY = 200000, /* lines */
    PRUNE_EVERY = 1000,   /* lines */
};

static enum store_status prune_history(struct store *store, int64_t last)
{
    if (last % PRUNE_EVERY != 0 || last <= MAX_HISTORY)
        return STORE_OK;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PRUNE_HISTORY);
    store_bind_int(statement, 1, last - MAX_HISTORY);
    return store_run(store, statement);
}

static enum store_status write_history(struct store *store, const struct store_event *event)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_HISTORY);
    store_bind_int(statement, 1, event->mirror);
    store_bind_int(statement, 2, event->key);
    store_bind_text(statement, 3, event->path);
    store_bind_text(statement, 4, event->operation);
    store_bind_text(statement, 5, event->trigger);
    store_bind_text(statement, 6, event->editor);
    store_bind_int(statement, 7, event->bytes);
    store_bind_int(statement, 8, event->notified_at);
    store_bind_int(statement, 9, event->delta_at);
    store_bind_int(statement, 10, event->done_at);
    enum store_status status = store_run(store, statement);
    if (status != STORE_OK)
        return status;
    return prune_history(store, sqlite3_last_insert_rowid(store->database));
}

enum store_status store_put_history(struct store *store, const struct store_event *event)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = write_history(store, event);
    return store_leave(store, own, false, status);
}

enum store_status store_put_conflict(struct store *store, int64_t mirror, int64_t key,
                                     const char *path, const char *copy_path, int64_t at)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_CONFLICT);
        store_bind_int(statement, 1, mirror);
        store_bind_int(statement, 2, key);
        store_bind_text(statement, 3, path);
        store_bind_text(statement, 4, copy_path);
        store_bind_int(statement, 5, at);
        status = store_run(store, statement);
    }
    return store_leave(store, own, true, status);
}

static enum store_status drop_other_problems(struct store *store, int64_t mirror,
                                             int failure)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_DROP_PROBLEMS);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, failure);
    return store_run(store, statement);
}

static enum store_status put_problem(struct store *store, int64_t mirror, int failure,
                                     const char *text, int64_t at)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_PUT_PROBLEM);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, failure);
    store_bind_text(statement, 3, text);
    store_bind_int(statement, 4, at);
    return store_run(store, statement);
}

enum store_status store_put_problem(struct store *store, int64_t mirror, int failure,
                                    const char *text, int64_t at)
{
    enum { NO_FAILURE = -1 };
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = drop_other_problems(store, mirror, text == NULL ? NO_FAILURE : failure);
    if (status == STORE_OK && text != NULL)
        status = put_problem(store, mirror, failure, text, at);
    return store_leave(store, own, true, status);
}
