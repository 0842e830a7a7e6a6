/* Inside store/ only: prepared statements, made when first needed and kept.
 *
 * Sequence: store_prepare(); store_bind_x() for every parameter; then either store_run()
 * for a statement without rows, or store_row() and, after a row was read, store_done().
 * Every path ends with the statement reset, so that none pins a snapshot. Texts are bound
 * without a copy: they must live until the statement has run.
 *
 * Errors: store_prepare() answers NULL after noting the reason; the other calls accept
 * NULL, and store_run() and store_row() then answer that reason.
 */
#ifndef STORE_STORE_STATEMENT_H
#define STORE_STORE_STATEMENT_H

#include <sqlite3.h>

#include "store/store_item.h"

enum store_statement {
    STORE_SQL_BEGIN,
    STORE_SQL_COMMIT,
    STORE_SQL_ROLLBACK,
    STORE_SQL_PUT_SETTING,
    STORE_SQL_GET_SETTING,
    STORE_SQL_DROP_SETTING,
    STORE_SQL_GET_WORD,
    STORE_SQL_PUT_WORD,
    STORE_SQL_INSERT_MIRROR,
    STORE_SQL_UPDATE_MIRROR,
    STORE_SQL_GET_MIRROR,
    STORE_SQL_GET_MIRROR_BY_KEY,
    STORE_SQL_PUT_POSITION,
    STORE_SQL_ADD_COUNTS,
    STORE_SQL_GET_COUNTS,
    STORE_SQL_PUT_CHANNEL,
    STORE_SQL_GET_CHANNEL,
    STORE_SQL_FIND_ITEM,
    STORE_SQL_FIND_ITEM_KEY,
    STORE_SQL_GET_ITEM,
    STORE_SQL_FIND_CHILD,
    STORE_SQL_NEXT_CHILD,
    STORE_SQL_NEXT_PENDING,
    STORE_SQL_FIND_UNSEEN,
    STORE_SQL_INSERT_ITEM,
    STORE_SQL_INSERT_PENDING,
    STORE_SQL_UPDATE_ITEM,
    STORE_SQL_UPDATE_ITEM_PLACE,
    STORE_SQL_UPDATE_GENERATION,
    STORE_SQL_MARK_GONE,
    STORE_SQL_HAS_ENDED,
    STORE_SQL_COLLECT_ITEM,
    STORE_SQL_LEAVE_CIRCLE,
    STORE_SQL_ADD_ID,
    STORE_SQL_DROP_ID_SMALL,
    STORE_SQL_DROP_ID_MIDDLE,
    STORE_SQL_DROP_ID_LARGE,
    STORE_SQL_COUNT_SMALL,
    STORE_SQL_COUNT_MIDDLE,
    STORE_SQL_COPY_SMALL,
    STORE_SQL_COPY_MIDDLE,
    STORE_SQL_EMPTY_SMALL,
    STORE_SQL_EMPTY_MIDDLE,
    STORE_SQL_CLIMB_ITEM,
    STORE_SQL_CLIMB_BASE,
    STORE_SQL_INSERT_BASE,
    STORE_SQL_UPDATE_BASE,
    STORE_SQL_GET_BASE,
    STORE_SQL_FIND_BASE,
    STORE_SQL_NEXT_BASE_CHILD,
    STORE_SQL_NEXT_BASE,
    STORE_SQL_NEXT_BASE_PARENT,
    STORE_SQL_TRACE_BASE_CHILDREN,
    STORE_SQL_DROP_BASE,
    STORE_SQL_GET_TODO,
    STORE_SQL_NEXT_TODO,
    STORE_SQL_NEXT_STRUCTURAL,
    STORE_SQL_INSERT_NEW_TODO,
    STORE_SQL_INSERT_TODO,
    STORE_SQL_UPDATE_TODO,
    STORE_SQL_MARK_STRUCTURAL,
    STORE_SQL_DROP_TODO,
    STORE_SQL_WAKE_TODO,
    STORE_SQL_SUM_HELD_TODO,
    STORE_SQL_WAKE_HELD_TODO,
    STORE_SQL_COUNT_FAILED_TODO,
    STORE_SQL_NEXT_DUE,
    STORE_SQL_PUT_INTENT,
    STORE_SQL_GET_INTENT,
    STORE_SQL_NEXT_INTENT,
    STORE_SQL_DROP_INTENT,
    STORE_SQL_PUT_HISTORY,
    STORE_SQL_PRUNE_HISTORY,
    STORE_SQL_PUT_CONFLICT,
    STORE_SQL_PUT_PROBLEM,
    STORE_SQL_DROP_PROBLEMS,
    STORE_STATEMENT_COUNT,
};

/* Where the texts of a record that was handed out live: one block a kind of record. */
enum store_texts_of {
    STORE_TEXTS_REMOTE,
    STORE_TEXTS_OLD_REMOTE, /* what put_remote compares with: the caller's may be borrowed
                             */
    STORE_TEXTS_BASE,
    STORE_TEXTS_OLD_BASE,
    STORE_TEXTS_TODO,
    STORE_TEXTS_INTENT,
    STORE_TEXTS_MIRROR,
    STORE_TEXTS_OLD_MIRROR,
    STORE_TEXTS_CHANNEL,
    STORE_TEXTS_OLD_CHANNEL,
    STORE_TEXTS_COUNT,
};

struct store_texts {
    char *bytes; /* owned */
    size_t size;
    size_t capacity;
};

sqlite3_stmt *store_prepare(struct store *store, enum store_statement which);

void store_bind_int(sqlite3_stmt *statement, int index, int64_t value);
/* STORE_UNKNOWN becomes NULL. */
void store_bind_known(sqlite3_stmt *statement, int index, int64_t value);
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);
/* Binds kind and bytes to `index` and `index` + 1. */
void store_bind_hash(sqlite3_stmt *statement, int index, const struct store_hash *hash);

/* STORE_OK: ran to its end. */
enum store_status store_run(struct store *store, sqlite3_stmt *statement);
/* STORE_OK: the statement stands on a row until store_done(). STORE_NONE: no row. */
enum store_status store_row(struct store *store, sqlite3_stmt *statement);
void store_done(sqlite3_stmt *statement);

int64_t store_column_known(sqlite3_stmt *statement, int index);
void store_column_hash(sqlite3_stmt *statement, int index, struct store_hash *out);

/* Makes room for all texts of the row that `statement` stands on; what the block held
 * before is no longer valid. False: no memory. */
bool store_texts_begin(struct store_texts *texts, sqlite3_stmt *statement);
/* Copies a text of that row. NULL for SQL NULL. */
const char *store_texts_keep(struct store_texts *texts, sqlite3_stmt *statement, int index);

bool store_same_text(const char *a, const char *b);
bool store_same_hash(const struct store_hash *a, const struct store_hash *b);

void store_statements_finalize(struct store *store);

#endif
