/* Inside store/ only: the open store, its errors, and the step around every write.
 *
 * Sequence of a writing call:
 *
 *     bool own;
 *     enum store_status status = store_enter(store, &own);
 *     if (status == STORE_OK)
 *         status = … statements …;
 *     return store_leave(store, own, true, status);
 *
 * so that a call inside a transaction joins it and any other makes its own.
 */
#ifndef STORE_STORE_CORE_H
#define STORE_STORE_CORE_H

#include <sqlite3.h>

#include "store/store_cache.h"
#include "store/store_count.h"
#include "store/store_ident.h"
#include "store/store_lock.h"
#include "store/store_statement.h"

enum {
    STORE_MAX_ERROR = 512,
    STORE_BUSY_MS = 5000, /* a short wait for other programs (F-67) */
};

/* The parent looked up last: items of one folder mostly come one after the other. */
struct store_last_parent {
    int64_t mirror;
    int64_t key; /* 0: nothing is remembered */
    char id[64]; /* longer ids are not remembered */
};

/* The word interned last. */
struct store_last_word {
    int64_t key;
    char text[128];
};

struct store {
    sqlite3 *database;
    struct store_lock lock; /* not held by a reader */
    int folder_fd;          /* -1 in a reader */
    bool is_reader;
    bool is_damaged; /* seen at work: the next start has to check (F-61) */
    bool has_wal;
    sqlite3_stmt *statements[STORE_STATEMENT_COUNT];
    struct store_texts texts[STORE_TEXTS_COUNT];
    struct store_slot **cache[STORE_CACHE_COUNT];
    char error[STORE_MAX_ERROR];
    enum store_status failed; /* what the last error was */
    int64_t next_key;         /* of the next new item */
    bool has_begun;           /* a transaction that was neither committed nor rolled back */
    int changes_at_begin;
    bool unsynced;            /* a commit that was not made durable */
    struct store_tally tally; /* what the open transaction counted so far */
    int64_t tally_mirror;     /* whose; 0 none */
    struct store_last_parent last_parent;
    struct store_last_word last_word;
    struct store_ident_counts ident_counts;
};

/* Turns a result of SQLite into a status and keeps its words. After an error that leaves
 * nothing to go on with, the open transaction is rolled back. */
enum store_status store_fail(struct store *store, int result);

/* Our own refusal, in our words. */
enum store_status store_refuse(struct store *store, enum store_status status,
                               const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The status that a result of SQLite means, without any store. */
enum store_status store_status_of(int result);

/* Drops what was remembered to save looking it up, when it may no longer be so. */
void store_forget_lookups(struct store *store);

/* Runs SQL without results. */
enum store_status store_execute(struct store *store, const char *sql);

enum store_status store_enter(struct store *store, bool *out_own);
enum store_status store_leave(struct store *store, bool own, bool durable,
                              enum store_status status);

#endif
