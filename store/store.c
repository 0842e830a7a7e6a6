#include "store/store.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_core.h"

enum store_status store_status_of(int result)
{
    switch (result & 0xff) { /* the primary code of an extended one */
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_DAMAGED;
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return STORE_READONLY;
    case SQLITE_NOMEM:
        return STORE_MEMORY;
    case SQLITE_CONSTRAINT:
        return STORE_CONFLICT;
    case SQLITE_IOERR:
        return result == SQLITE_IOERR_NOMEM ? STORE_MEMORY : STORE_IO;
    case SQLITE_CANTOPEN:
        return STORE_IO;
    default:
        return STORE_MISUSE;
    }
}

void store_forget_lookups(struct store *store)
{
    store->last_parent.key = 0;
    store->last_word.key = 0;
    store->ident_counts = (struct store_ident_counts){.small = -1, .middle = -1};
}

static void roll_back(struct store *store)
{
    store_tally_forget(store);
    store_forget_lookups(store);
    if (!store_in_transaction(store))
        return;
    /* Its words would cover those of the error that led here. */
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_ROLLBACK);
    (void)sqlite3_step(statement);
    (void)sqlite3_reset(statement);
}

enum store_status store_fail(struct store *store, int result)
{
    store->failed = store_status_of(result);
    (void)snprintf(store->error, sizeof store->error, "%s",
                   sqlite3_errmsg(store->database));
    bool is_lost = store->failed == STORE_FULL || store->failed == STORE_IO ||
                   store->failed == STORE_DAMAGED || store->failed == STORE_MEMORY;
    store->is_damaged = store->is_damaged || store->failed == STORE_DAMAGED;
    if (is_lost)
        roll_back(store);
    return store->failed;
}

enum store_status store_refuse(struct store *store, enum store_status status,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(store->error, sizeof store->error, format, arguments);
    va_end(arguments);
    store->failed = status;
    return status;
}

enum store_status store_execute(struct store *store, const char *sql)
{
    int result = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? STORE_OK : store_fail(store, result);
}

bool store_in_transaction(const struct store *store)
{
    return sqlite3_get_autocommit(store->database) == 0;
}

/* A failure has ended a transaction that its owner still believes to be open: what he puts
 * in is not to be written by itself. */
static bool is_lost(const struct store *store)
{
    return store->has_begun && !store_in_transaction(store);
}

enum store_status store_begin(struct store *store)
{
    if (store_in_transaction(store))
        return store_refuse(store, STORE_MISUSE, "a transaction is open already");
    store->changes_at_begin = sqlite3_total_changes(store->database);
    enum store_status status = store_run(store, store_prepare(store, STORE_SQL_BEGIN));
    store->has_begun = status == STORE_OK;
    return status;
}

void store_rollback(struct store *store)
{
    roll_back(store);
    store->has_begun = false;
}

/* With synchronous=NORMAL a commit only appends to the WAL; syncing that file makes it
 * and all before it durable. The setting itself cannot be changed inside a transaction,
 * and only at its end is it known what the transaction was. */
static enum store_status sync_wal(struct store *store)
{
    sqlite3_file *wal = NULL;
    int result =
        sqlite3_file_control(store->database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (result == SQLITE_OK && wal != NULL && wal->pMethods != NULL)
        result = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    if (result != SQLITE_OK)
        return store_refuse(store, store_status_of(result),
                            "the write-ahead log cannot be made durable");
    store->unsynced = false;
    return STORE_OK;
}

enum store_status store_commit(struct store *store, bool durable)
{
    if (is_lost(store)) {
        store_rollback(store);
        return store->failed;
    }
    if (!store_in_transaction(store))
        return store_refuse(store, STORE_MISUSE, "no transaction is open");
    enum store_status status = store_tally_flush(store);
    if (status == STORE_OK)
        status = store_run(store, store_prepare(store, STORE_SQL_COMMIT));
    if (status != STORE_OK) {
        store_rollback(store);
        return status;
    }
    store->has_begun = false;
    if (sqlite3_total_changes(store->database) != store->changes_at_begin)
        store->unsynced = true;
    return durable && store->unsynced && store->has_wal ? sync_wal(store) : STORE_OK;
}

enum store_status store_enter(struct store *store, bool *out_own)
{
    if (is_lost(store)) {
        *out_own = false;
        return store->failed;
    }
    bool own = !store_in_transaction(store);
    enum store_status status = own ? store_begin(store) : STORE_OK;
    *out_own = own && status == STORE_OK;
    return status;
}

enum store_status store_leave(struct store *store, bool own, bool durable,
                              enum store_status status)
{
    if (!own)
        return status;
    /* A failure may have ended the transaction already. */
    if (status == STORE_OK)
        return store_commit(store, durable);
    store_rollback(store);
    return status;
}

/* Gives the page cache back to the system: the library alone keeps it for later. */
static void release_memory(struct store *store)
{
    store_cache_drop(store);
    (void)sqlite3_db_release_memory(store->database);
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

enum store_status store_checkpoint(struct store *store)
{
    enum { ENOUGH = 256 * 1024 };
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;
    if (store->has_wal &&
        sqlite3_file_control(store->database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) ==
            SQLITE_OK &&
        wal != NULL && wal->pMethods != NULL)
        (void)wal->pMethods->xFileSize(wal, &size);
    int result = SQLITE_OK;
    if (size > ENOUGH) {
        /* A reader in the way is not waited for: the next idle moment will do. */
        (void)sqlite3_busy_timeout(store->database, 0);
        result = sqlite3_wal_checkpoint_v2(store->database, "main",
                                           SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        (void)sqlite3_busy_timeout(store->database, STORE_BUSY_MS);
    }
    release_memory(store);
    bool is_done = result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED;
    return is_done ? STORE_OK : store_fail(store, result);
}

const char *store_error_text(const struct store *store)
{
    return store->error;
}

enum store_status store_failed(const struct store *store)
{
    return store->failed;
}

const char *store_status_text(enum store_status status)
{
    switch (status) {
    case STORE_OK:
        return "done";
    case STORE_NONE:
        return "not there";
    case STORE_BUSY:
        return "locked by another program";
    case STORE_HELD:
        return "another agent holds this state";
    case STORE_FULL:
        return "no space for the database";
    case STORE_IO:
        return "the database cannot be read or written";
    case STORE_DAMAGED:
        return "the database is damaged";
    case STORE_NEWER:
        return "the database was written by a newer version";
    case STORE_READONLY:
        return "the database may not be written";
    case STORE_MEMORY:
        return "out of memory";
    case STORE_CONFLICT:
        return "two records claim one place";
    case STORE_MISUSE:
        return "wrong use of the database";
    }
    return "unknown";
}
