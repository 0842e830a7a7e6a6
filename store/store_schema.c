#include "store/store_schema.h"

#include <assert.h>
#include <stdio.h>

#include "store/store_core.h"
#include "store/store_query.h"

/* Schema 1: what the drive said, what the folder held, and what is between them.
 *
 * The three id_ tables are the index of ids, kept by store_ident.c. Ids are compared in
 * full after its hash, and so are names after name_hash. */
static const char records[] =
    "create table setting(name text primary key, value text not null) without rowid;"
    "create table word(key integer primary key, text text not null unique);"
    "create table mirror("
    " key integer primary key, name text not null unique, folder text, drive text,"
    " drive_id text, account text, marker text, filters text, root_device integer,"
    " root_inode integer, root_item integer, feed integer, link text, fallback_link text,"
    " generation integer, keep_missing integer, enumerated_at integer, synced_at integer,"
    " approved_deletions integer, held_deletions integer, state text,"
    " last_key integer not null default 0, items integer not null default 0,"
    " files integer not null default 0, bytes integer not null default 0,"
    " placed integer not null default 0, waiting integer not null default 0,"
    " waiting_bytes integer not null default 0, held integer not null default 0,"
    " local_only integer not null default 0);"
    "create table item("
    " key integer primary key, mirror integer not null, parent integer not null,"
    " kind integer not null, gone integer not null default 0,"
    " malware integer not null default 0, flaw integer not null default 0,"
    " generation integer not null default 0, id text not null, name text,"
    " name_hash integer not null default 0, size integer, mtime integer,"
    " etag text, ctag text, editor integer, hash_kind integer not null default 0,"
    " hash blob);"
    "create table id_large(hash integer not null, key integer not null,"
    " primary key(hash, key)) without rowid;"
    "create table id_middle(hash integer not null, key integer not null,"
    " primary key(hash, key)) without rowid;"
    "create table id_small(hash integer not null, key integer not null,"
    " primary key(hash, key)) without rowid;"
    "create index item_parent on item(parent);"
    "create index item_name on item(parent, name_hash);"
    "create table base("
    " key integer primary key, mirror integer not null, parent integer not null,"
    " name text not null, kind integer not null, flags integer not null, mtime integer,"
    " size integer, hash_kind integer not null, hash blob, listed_kind integer not null,"
    " listed blob, listed_size integer, ctag text, device integer, inode integer,"
    " print_size integer, mtime_ns integer, ctime_ns integer);"
    "create unique index base_place on base(mirror, parent, name);"
    "create index base_parent on base(parent);"
    "create table todo("
    " mirror integer not null, key integer not null, structural integer not null default 0,"
    " held integer not null default 0, attempts integer not null default 0,"
    " failure integer not null default 0, not_before integer not null default 0,"
    " text text, primary key(mirror, key)) without rowid;"
    "create index todo_structural on todo(mirror, key) where structural = 1;"
    "create index todo_due on todo(mirror, not_before) where held = 0 and not_before > 0;"
    "create table intent("
    " key integer primary key, mirror integer not null, kind integer not null,"
    " parent integer, name text, partial text, version text, size integer,"
    " hash_kind integer not null, hash blob);";

/* Schema 2: what people want to know. */
static const char notes[] =
    "create table channel("
    " mirror integer primary key, state text, since integer, generation integer,"
    " ping_interval_ms integer, ping_timeout_ms integer, last_event integer,"
    " expires integer, renewals integer, reconnects integer, events integer,"
    " found_by_event integer, found_by_poll integer, last_error text);"
    "create table history("
    " key integer primary key, mirror integer not null, item integer not null, path text,"
    " operation text, trigger text, editor text, bytes integer, notified_at integer,"
    " delta_at integer, done_at integer);"
    "create table conflict("
    " key integer primary key, mirror integer not null, item integer not null, path text,"
    " copy text, at integer);"
    "create table problem("
    " mirror integer not null, failure integer not null, text text, at integer,"
    " primary key(mirror, failure)) without rowid;";

static const char *const steps[STORE_SCHEMA] = {records, notes};

const char *store_schema_step(int to)
{
    assert(to >= 1 && to <= STORE_SCHEMA);
    return steps[to - 1];
}

/* One number of `sql`. */
static enum store_status ask_number(struct store *store, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *out = sqlite3_column_int(statement, 0);
    (void)sqlite3_finalize(statement);
    return result == SQLITE_ROW ? STORE_OK : store_fail(store, result);
}

enum store_status store_schema_look(struct store *store, int *out_version)
{
    int version = 0;
    int application = 0;
    int tables = 0;
    enum store_status status = ask_number(store, "pragma user_version", &version);
    if (status == STORE_OK)
        status = ask_number(store, "pragma application_id", &application);
    if (status == STORE_OK)
        status = ask_number(store, "select count(*) from sqlite_schema", &tables);
    if (status != STORE_OK)
        return status;
    bool is_empty = version == 0 && application == 0 && tables == 0;
    if (!is_empty && (application != STORE_APPLICATION || version < 1))
        return store_refuse(store, STORE_DAMAGED, "a database, but not of this program");
    if (version > STORE_SCHEMA)
        return store_refuse(store, STORE_NEWER,
                            "written by a newer version (schema %d, this one knows %d)",
                            version, STORE_SCHEMA);
    *out_version = version;
    return STORE_OK;
}

/* Views carry no data: those of the code that runs replace whatever is there. */
static enum store_status make_views(struct store *store)
{
    enum store_status status = store_execute(
        store, "drop view if exists v_items; drop view if exists v_pending;"
               "drop view if exists v_problems; drop view if exists v_conflicts;"
               "drop view if exists v_history; drop view if exists v_mirrors;"
               "drop view if exists v_channel;");
    const char *part;
    for (size_t i = 0; status == STORE_OK && (part = store_schema_text(i)) != NULL; i++)
        status = store_execute(store, part);
    return status;
}

enum store_status store_schema_upgrade(struct store *store, int from)
{
    enum store_status status = store_begin(store);
    for (int to = from + 1; status == STORE_OK && to <= STORE_SCHEMA; to++)
        status = store_execute(store, store_schema_step(to));
    if (status == STORE_OK)
        status = make_views(store);
    char pragmas[128];
    (void)snprintf(pragmas, sizeof pragmas,
                   "pragma user_version = %d; pragma application_id = %d", STORE_SCHEMA,
                   STORE_APPLICATION);
    if (status == STORE_OK)
        status = store_execute(store, pragmas);
    if (status == STORE_OK)
        return store_commit(store, true);
    store_rollback(store);
    return status;
}
