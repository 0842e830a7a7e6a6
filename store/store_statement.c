#include "store/store_statement.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_core.h"

/* The columns of each record, in the order in which the readers take them. */
#define ITEM_COLUMNS                                                                       \
    "item.key, item.id, item.parent, item.name, item.kind, item.gone, item.malware, "      \
    "item.size, item.mtime, item.etag, item.ctag, "                                        \
    "(select text from word where word.key = item.editor), item.hash_kind, item.hash, "    \
    "item.generation, item.flaw, item.mirror"
#define BASE_COLUMNS                                                                       \
    "key, parent, name, kind, mtime, size, hash_kind, hash, listed_kind, listed, "         \
    "listed_size, ctag, device, inode, print_size, mtime_ns, ctime_ns, flags, mirror"
#define TODO_COLUMNS   "key, attempts, failure, not_before, text, held"
#define INTENT_COLUMNS "key, kind, parent, name, partial, version, size, hash_kind, hash"
#define MIRROR_COLUMNS                                                                     \
    "key, name, folder, drive, drive_id, account, marker, filters, root_device, "          \
    "root_inode, root_item, feed, link, fallback_link, generation, keep_missing, "         \
    "enumerated_at, synced_at, approved_deletions, held_deletions, state"
#define CHANNEL_COLUMNS                                                                    \
    "mirror, state, since, generation, ping_interval_ms, ping_timeout_ms, last_event, "    \
    "expires, renewals, reconnects, events, found_by_event, found_by_poll, last_error"
/* Three questions and no IN: that would build a table of its list at every call. */
#define WITH_HITS                                                                          \
    "with hit(key) as (select key from id_small where hash = ?1 "                          \
    "union all select key from id_middle where hash = ?1 "                                 \
    "union all select key from id_large where hash = ?1) "
#define OF_HITS                                                                            \
    " from hit cross join item on item.key = hit.key where item.id = ?2 and item.mirror "  \
    "= ?3"
#define DUE "(?4 or (not_before <= ?3 and not held))"

static const char *const texts[STORE_STATEMENT_COUNT] = {
    [STORE_SQL_BEGIN] = "begin immediate",
    [STORE_SQL_COMMIT] = "commit",
    [STORE_SQL_ROLLBACK] = "rollback",

    [STORE_SQL_PUT_SETTING] =
        "insert into setting(name, value) values(?1, ?2) on conflict(name) do "
        "update set value = excluded.value where value is not excluded.value",
    [STORE_SQL_GET_SETTING] = "select value from setting where name = ?1",
    [STORE_SQL_DROP_SETTING] = "delete from setting where name = ?1",
    [STORE_SQL_GET_WORD] = "select key from word where text = ?1",
    [STORE_SQL_PUT_WORD] = "insert into word(text) values(?1)",

    [STORE_SQL_INSERT_MIRROR] =
        "insert into mirror(" MIRROR_COLUMNS ") values(nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, "
        "?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    [STORE_SQL_UPDATE_MIRROR] =
        "update mirror set name = ?2, folder = ?3, drive = ?4, drive_id = ?5, account = "
        "?6, "
        "marker = ?7, filters = ?8, root_device = ?9, root_inode = ?10, root_item = ?11, "
        "feed = ?12, link = ?13, fallback_link = ?14, generation = ?15, keep_missing = "
        "?16, "
        "enumerated_at = ?17, synced_at = ?18, approved_deletions = ?19, "
        "held_deletions = ?20, state = ?21 where key = ?1",
    [STORE_SQL_GET_MIRROR] = "select " MIRROR_COLUMNS " from mirror where name = ?1",
    [STORE_SQL_GET_MIRROR_BY_KEY] = "select " MIRROR_COLUMNS " from mirror where key = ?1",
    [STORE_SQL_PUT_POSITION] =
        "update mirror set feed = ?2, link = ?3, generation = ?4 where key = ?1 "
        "and (feed, link, generation) is not (?2, ?3, ?4)",
    [STORE_SQL_ADD_COUNTS] =
        "update mirror set items = items + ?2, files = files + ?3, bytes = bytes + ?4, "
        "placed = placed + ?5, waiting = waiting + ?6, waiting_bytes = waiting_bytes + ?7, "
        "held = held + ?8, local_only = local_only + ?9, last_key = max(last_key, ?10) "
        "where key = ?1",
    [STORE_SQL_GET_COUNTS] = "select items, files, bytes, placed, waiting, waiting_bytes, "
                             "held, local_only from mirror where key = ?1",
    [STORE_SQL_PUT_CHANNEL] =
        "insert or replace into channel(" CHANNEL_COLUMNS ") "
        "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [STORE_SQL_GET_CHANNEL] = "select " CHANNEL_COLUMNS " from channel where mirror = ?1",

    [STORE_SQL_FIND_ITEM] = WITH_HITS "select " ITEM_COLUMNS OF_HITS,
    [STORE_SQL_FIND_ITEM_KEY] = WITH_HITS "select item.key" OF_HITS,
    [STORE_SQL_GET_ITEM] = "select " ITEM_COLUMNS " from item where key = ?1",
    [STORE_SQL_FIND_CHILD] =
        "select " ITEM_COLUMNS " from item indexed by item_name where parent = ?1 "
        "and name_hash = ?2 and name = ?3 and not gone and key <> ?4 order by key limit 1",
    [STORE_SQL_NEXT_CHILD] =
        "select " ITEM_COLUMNS " from item indexed by item_parent where parent = ?1 "
        "and key > ?2 order by key limit 1",
    [STORE_SQL_NEXT_PENDING] =
        "select " ITEM_COLUMNS " from item indexed by item_parent where parent = 0 "
        "and key > ?2 and mirror = ?1 and kind = 0 order by key limit 1",
    [STORE_SQL_FIND_UNSEEN] =
        "select key from item where key > ?2 and mirror = ?1 and not gone "
        "and kind not in (0, 3) and generation < ?3 order by key limit ?4",
    [STORE_SQL_INSERT_ITEM] =
        "insert into item(key, mirror, parent, kind, malware, flaw, generation, id, name, "
        "name_hash, size, mtime, etag, ctag, editor, hash_kind, hash) values(?1, ?2, ?3, "
        "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    [STORE_SQL_INSERT_PENDING] =
        "insert into item(key, mirror, parent, kind, id) values(?1, ?2, 0, 0, ?3)",
    /* The place has its own statement: naming an indexed column rewrites its index. */
    [STORE_SQL_UPDATE_ITEM] =
        "update item set kind = ?2, gone = 0, malware = ?3, flaw = ?4, generation = ?5, "
        "size = ?6, mtime = ?7, etag = ?8, ctag = ?9, editor = ?10, hash_kind = ?11, "
        "hash = ?12 where key = ?1",
    [STORE_SQL_UPDATE_ITEM_PLACE] =
        "update item set parent = ?2, name = ?3, name_hash = ?4 where key = ?1",
    [STORE_SQL_UPDATE_GENERATION] = "update item set generation = ?2 where key = ?1",
    [STORE_SQL_MARK_GONE] = "update item set gone = 1 where key = ?1",
    [STORE_SQL_HAS_ENDED] = "select parent from item where key = ?1 and (gone or kind = 0)",
    [STORE_SQL_COLLECT_ITEM] =
        "delete from item where key = ?1 and (gone or kind = 0) "
        "and not exists (select 1 from base where base.key = ?1) "
        "and not exists (select 1 from todo where todo.mirror = item.mirror "
        "and todo.key = ?1) "
        "and not exists (select 1 from intent where intent.key = ?1) "
        "and not exists (select 1 from item as child where child.parent = ?1) "
        "returning id",
    [STORE_SQL_LEAVE_CIRCLE] =
        "update item set parent = 0 where key = ?1 and (gone or kind = 0) "
        "and not exists (select 1 from base where base.key = ?1) "
        "and not exists (select 1 from todo where todo.mirror = item.mirror "
        "and todo.key = ?1) "
        "and not exists (select 1 from intent where intent.key = ?1) "
        "and ?1 in (with recursive up(key) as (select item.parent union "
        "select above.parent from up join item as above on above.key = up.key) "
        "select key from up) returning key",
    [STORE_SQL_ADD_ID] = "insert into id_small(hash, key) values(?1, ?2)",
    [STORE_SQL_DROP_ID_SMALL] = "delete from id_small where hash = ?1 and key = ?2",
    [STORE_SQL_DROP_ID_MIDDLE] = "delete from id_middle where hash = ?1 and key = ?2",
    [STORE_SQL_DROP_ID_LARGE] = "delete from id_large where hash = ?1 and key = ?2",
    [STORE_SQL_COUNT_SMALL] = "select count(*) from id_small",
    [STORE_SQL_COUNT_MIDDLE] = "select count(*) from id_middle",
    [STORE_SQL_COPY_SMALL] = "insert into id_middle select hash, key from id_small",
    [STORE_SQL_COPY_MIDDLE] = "insert into id_large select hash, key from id_middle",
    [STORE_SQL_EMPTY_SMALL] = "delete from id_small",
    [STORE_SQL_EMPTY_MIDDLE] = "delete from id_middle",
    [STORE_SQL_CLIMB_ITEM] = "select parent, name, kind from item where key = ?1",
    [STORE_SQL_CLIMB_BASE] =
        "select base.parent, base.name, coalesce(item.kind, base.kind) "
        "from base left join item on item.key = base.key "
        "where base.key = ?1 union all "
        "select 0, '', kind from item where key = ?1 and kind = 3 limit 1",

    [STORE_SQL_INSERT_BASE] = "insert into base(" BASE_COLUMNS
                              ") values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
                              "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [STORE_SQL_UPDATE_BASE] =
        "update base set parent = ?2, name = ?3, kind = ?4, mtime = ?5, size = ?6, "
        "hash_kind = ?7, hash = ?8, listed_kind = ?9, listed = ?10, listed_size = ?11, "
        "ctag = ?12, device = ?13, inode = ?14, print_size = ?15, mtime_ns = ?16, "
        "ctime_ns = ?17, flags = ?18, mirror = ?19 where key = ?1",
    [STORE_SQL_GET_BASE] = "select " BASE_COLUMNS " from base where key = ?1",
    [STORE_SQL_FIND_BASE] = "select " BASE_COLUMNS " from base where mirror = ?1 "
                            "and parent = ?2 and name = ?3",
    [STORE_SQL_NEXT_BASE_CHILD] =
        "select " BASE_COLUMNS " from base indexed by base_parent where parent = ?2 "
        "and key > ?3 and mirror = ?1 order by key limit 1",
    /* The plus keeps SQLite from sorting all of the mirror by another index, each time. */
    [STORE_SQL_NEXT_BASE] = "select " BASE_COLUMNS " from base where key > ?2 "
                            "and +mirror = ?1 order by key limit 1",
    [STORE_SQL_NEXT_BASE_PARENT] =
        "select parent from base indexed by base_parent where parent > ?1 "
        "order by parent limit 1",
    [STORE_SQL_TRACE_BASE_CHILDREN] =
        "select key, name, kind, device, inode, print_size, mtime_ns, ctime_ns, flags "
        "from base indexed by base_parent where parent = ?2 and key > ?3 and mirror = ?1 "
        "order by key limit ?4",
    [STORE_SQL_DROP_BASE] = "delete from base where key = ?1",

    [STORE_SQL_GET_TODO] =
        "select " TODO_COLUMNS " from todo where mirror = ?1 and key = ?2",
    [STORE_SQL_NEXT_TODO] = "select " TODO_COLUMNS " from todo where mirror = ?1 "
                            "and key > ?2 and " DUE " order by key limit 1",
    [STORE_SQL_NEXT_STRUCTURAL] =
        "select " TODO_COLUMNS " from todo indexed by todo_structural where mirror = ?1 "
        "and key > ?2 and structural = 1 and " DUE " order by key limit 1",
    [STORE_SQL_INSERT_NEW_TODO] = "insert into todo(mirror, key) values(?1, ?2)",
    [STORE_SQL_INSERT_TODO] =
        "insert into todo(mirror, key, structural, attempts, failure, not_before, text, "
        "held) values(?1, ?2, exists (select 1 from base where key = ?2), ?3, ?4, ?5, ?6, "
        "?7)",
    [STORE_SQL_UPDATE_TODO] =
        "update todo set attempts = ?3, failure = ?4, not_before = ?5, "
        "text = ?6, held = ?7 where mirror = ?1 and key = ?2",
    [STORE_SQL_MARK_STRUCTURAL] = "update todo set structural = ?3 where mirror = ?1 "
                                  "and key = ?2 and structural <> ?3",
    [STORE_SQL_DROP_TODO] = "delete from todo where mirror = ?1 and key = ?2",
    [STORE_SQL_WAKE_TODO] = "update todo indexed by todo_due set not_before = 0 "
                            "where mirror = ?1 and held = 0 and not_before > 0 "
                            "and not_before > ?2",
    [STORE_SQL_SUM_HELD_TODO] =
        "select count(*), coalesce(sum(case when item.kind = 1 and not item.gone "
        "then max(0, min(item.size, 549755813888)) end), 0) from todo cross join item on "
        "item.key = todo.key "
        "where todo.mirror = ?1 and todo.held",
    [STORE_SQL_WAKE_HELD_TODO] =
        "update todo set not_before = 0, held = 0 where mirror = ?1 and held",
    [STORE_SQL_COUNT_FAILED_TODO] = "select count(*) from todo where mirror = ?1 "
                                    "and (failure <> 0 or held)",
    [STORE_SQL_NEXT_DUE] = "select min(not_before) from todo indexed by todo_due "
                           "where mirror = ?1 and held = 0 and not_before > 0",

    [STORE_SQL_PUT_INTENT] = "insert or replace into intent(" INTENT_COLUMNS ", mirror) "
                             "select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 "
                             "where exists (select 1 from item where item.key = ?1)",
    [STORE_SQL_GET_INTENT] = "select " INTENT_COLUMNS " from intent where key = ?1",
    [STORE_SQL_NEXT_INTENT] = "select " INTENT_COLUMNS " from intent where key > ?2 "
                              "and mirror = ?1 order by key limit 1",
    [STORE_SQL_DROP_INTENT] = "delete from intent where key = ?1",

    [STORE_SQL_PUT_HISTORY] =
        "insert into history(mirror, item, path, operation, trigger, editor, bytes, "
        "notified_at, delta_at, done_at) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [STORE_SQL_PRUNE_HISTORY] = "delete from history where key <= ?1",
    [STORE_SQL_PUT_CONFLICT] =
        "insert into conflict(mirror, item, path, copy, at) values(?1, ?2, ?3, ?4, ?5)",
    [STORE_SQL_PUT_PROBLEM] =
        "insert into problem(mirror, failure, text, at) values(?1, ?2, ?3, ?4) "
        "on conflict(mirror, failure) do update set text = excluded.text "
        "where text is not excluded.text",
    [STORE_SQL_DROP_PROBLEMS] = "delete from problem where mirror = ?1 and failure <> ?2",
};

sqlite3_stmt *store_prepare(struct store *store, enum store_statement which)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL) {
        int result = sqlite3_prepare_v3(store->database, texts[which], -1,
                                        SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (result != SQLITE_OK) {
            (void)store_fail(store, result);
            return NULL;
        }
    }
    return *statement;
}

void store_bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
    (void)sqlite3_bind_int64(statement, index, value);
}

void store_bind_known(sqlite3_stmt *statement, int index, int64_t value)
{
    if (value == STORE_UNKNOWN)
        (void)sqlite3_bind_null(statement, index);
    else
        (void)sqlite3_bind_int64(statement, index, value);
}

void store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void store_bind_hash(sqlite3_stmt *statement, int index, const struct store_hash *hash)
{
    assert(hash->size <= STORE_MAX_HASH);
    (void)sqlite3_bind_int(statement, index, hash->kind);
    if (hash->kind == 0)
        (void)sqlite3_bind_null(statement, index + 1);
    else
        (void)sqlite3_bind_blob(statement, index + 1, hash->bytes, hash->size,
                                SQLITE_STATIC);
}

enum store_status store_row(struct store *store, sqlite3_stmt *statement)
{
    if (statement == NULL)
        return store->failed;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return STORE_OK;
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? STORE_NONE : store_fail(store, result);
}

enum store_status store_run(struct store *store, sqlite3_stmt *statement)
{
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK)
        store_done(statement);
    return status == STORE_NONE ? STORE_OK : status;
}

void store_done(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
}

int64_t store_column_known(sqlite3_stmt *statement, int index)
{
    if (sqlite3_column_type(statement, index) == SQLITE_NULL)
        return STORE_UNKNOWN;
    return sqlite3_column_int64(statement, index);
}

void store_column_hash(sqlite3_stmt *statement, int index, struct store_hash *out)
{
    struct store_hash hash = {.kind = (uint8_t)sqlite3_column_int(statement, index)};
    const void *bytes = sqlite3_column_blob(statement, index + 1);
    int size = sqlite3_column_bytes(statement, index + 1);
    if (bytes != NULL && size > 0 && size <= STORE_MAX_HASH) {
        hash.size = (uint8_t)size;
        memcpy(hash.bytes, bytes, (size_t)size);
    }
    *out = hash;
}

bool store_texts_begin(struct store_texts *texts_of, sqlite3_stmt *statement)
{
    size_t need = 0;
    int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; i++)
        if (sqlite3_column_type(statement, i) == SQLITE_TEXT)
            need += (size_t)sqlite3_column_bytes(statement, i) + 1;
    if (need > texts_of->capacity) {
        char *bytes = realloc(texts_of->bytes, need * 2);
        if (bytes == NULL)
            return false;
        texts_of->bytes = bytes;
        texts_of->capacity = need * 2;
    }
    texts_of->size = 0;
    return true;
}

const char *store_texts_keep(struct store_texts *texts_of, sqlite3_stmt *statement,
                             int index)
{
    const unsigned char *text = sqlite3_column_text(statement, index);
    if (text == NULL)
        return NULL;
    size_t size = (size_t)sqlite3_column_bytes(statement, index) + 1;
    assert(texts_of->size + size <= texts_of->capacity);
    char *kept = texts_of->bytes + texts_of->size;
    memcpy(kept, text, size);
    texts_of->size += size;
    return kept;
}

bool store_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool store_same_hash(const struct store_hash *a, const struct store_hash *b)
{
    return a->kind == b->kind && a->size == b->size &&
           memcmp(a->bytes, b->bytes, a->size) == 0;
}

void store_statements_finalize(struct store *store)
{
    for (size_t i = 0; i < STORE_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}
