/* Reading remote records, and the paths. */
#include "store/store_item.h"

#include <string.h>

#include "store/store_row.h"

enum { MAX_DEPTH = 256 }; /* F-42 */

/* FNV-1a, 32 bits, as the signed number that SQLite keeps in four bytes. */
int64_t store_text_hash(const char *text)
{
    uint32_t hash = 2166136261U;
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++)
        hash = (hash ^ *byte) * 16777619U;
    return (int64_t)hash - INT32_MAX - 1;
}

static bool read_item(struct store_texts *texts, sqlite3_stmt *row,
                      struct store_remote *out)
{
    if (!store_texts_begin(texts, row))
        return false;
    *out = (struct store_remote){
        .key = sqlite3_column_int64(row, 0),
        .id = store_texts_keep(texts, row, 1),
        .parent = sqlite3_column_int64(row, 2),
        .name = store_texts_keep(texts, row, 3),
        .kind = (enum store_kind)sqlite3_column_int(row, 4),
        .gone = sqlite3_column_int(row, 5) != 0,
        .malware = sqlite3_column_int(row, 6) != 0,
        .size = store_column_known(row, 7),
        .mtime_ms = store_column_known(row, 8),
        .etag = store_texts_keep(texts, row, 9),
        .ctag = store_texts_keep(texts, row, 10),
        .editor = store_texts_keep(texts, row, 11),
        .generation = sqlite3_column_int64(row, 14),
        .flaw = sqlite3_column_int(row, 15),
    };
    store_column_hash(row, 12, &out->hash);
    return true;
}

static enum store_status take_item(struct store *store, sqlite3_stmt *statement,
                                   struct store_texts *texts, struct store_remote *out,
                                   int64_t *out_mirror)
{
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    bool ok = read_item(texts, statement, out);
    if (ok && out_mirror != NULL)
        *out_mirror = sqlite3_column_int64(statement, 16);
    store_done(statement);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

enum store_status store_take_item(struct store *store, sqlite3_stmt *statement,
                                  enum store_texts_of where, struct store_remote *out,
                                  int64_t *out_mirror)
{
    return take_item(store, statement, &store->texts[where], out, out_mirror);
}

enum store_status store_load_item(struct store *store, int64_t key,
                                  enum store_texts_of where, struct store_remote *out,
                                  int64_t *out_mirror)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_ITEM);
    store_bind_int(statement, 1, key);
    return store_take_item(store, statement, where, out, out_mirror);
}

enum store_status store_load_item_by_id(struct store *store, int64_t mirror, const char *id,
                                        enum store_texts_of where, struct store_remote *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_FIND_ITEM);
    store_bind_int(statement, 1, store_text_hash(id));
    store_bind_text(statement, 2, id);
    store_bind_int(statement, 3, mirror);
    return store_take_item(store, statement, where, out, NULL);
}

enum store_status store_get_remote(struct store *store, int64_t key,
                                   struct store_remote *out)
{
    struct store_slot *slot = store_cache_slot(store, STORE_CACHE_ITEMS, key);
    if (slot == NULL)
        return store_load_item(store, key, STORE_TEXTS_REMOTE, out, NULL);
    if (slot->key != key) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_ITEM);
        store_bind_int(statement, 1, key);
        slot->key = 0;
        slot->said = take_item(store, statement, &slot->texts, &slot->remote, NULL);
        if (slot->said != STORE_OK && slot->said != STORE_NONE)
            return slot->said;
        slot->key = key;
    }
    if (slot->said == STORE_OK)
        *out = slot->remote;
    return slot->said;
}

enum store_status store_find_remote(struct store *store, int64_t mirror, const char *id,
                                    struct store_remote *out)
{
    return store_load_item_by_id(store, mirror, id, STORE_TEXTS_REMOTE, out);
}

enum store_status store_find_remote_child(struct store *store, int64_t parent,
                                          const char *name, int64_t other_than,
                                          struct store_remote *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_FIND_CHILD);
    store_bind_int(statement, 1, parent);
    store_bind_int(statement, 2, store_text_hash(name));
    store_bind_text(statement, 3, name);
    store_bind_int(statement, 4, other_than);
    return store_take_item(store, statement, STORE_TEXTS_REMOTE, out, NULL);
}

/* One step of an iteration: `statement` has `first` bound to 1 and the key to 2. */
static enum store_status next_item(struct store *store, enum store_statement which,
                                   int64_t first, int64_t *after_key,
                                   struct store_remote *out)
{
    sqlite3_stmt *statement = store_prepare(store, which);
    store_bind_int(statement, 1, first);
    store_bind_int(statement, 2, *after_key);
    enum store_status status =
        store_take_item(store, statement, STORE_TEXTS_REMOTE, out, NULL);
    if (status == STORE_OK)
        *after_key = out->key;
    return status;
}

enum store_status store_next_remote_child(struct store *store, int64_t parent,
                                          int64_t *after_key, struct store_remote *out)
{
    return next_item(store, STORE_SQL_NEXT_CHILD, parent, after_key, out);
}

enum store_status store_next_pending(struct store *store, int64_t mirror,
                                     int64_t *after_key, struct store_remote *out)
{
    return next_item(store, STORE_SQL_NEXT_PENDING, mirror, after_key, out);
}

/* Puts `name` and a slash before what stands at `*start`. */
static bool prepend(char *out, size_t *start, bool is_last, const char *name, size_t size)
{
    size_t need = size + (is_last ? 0 : 1);
    if (need > *start)
        return false;
    *start -= need;
    memcpy(out + *start, name, size);
    if (!is_last)
        out[*start + size] = '/';
    return true;
}

/* Climbs from `key` to the root over rows of (parent, name, kind), filling `out` from its
 * end. `*out_start` is where the path begins. */
static enum store_status climb(struct store *store, enum store_statement which, int64_t key,
                               char *out, size_t *start)
{
    bool is_last = true;
    for (int depth = 0; depth <= MAX_DEPTH; depth++) {
        sqlite3_stmt *row = store_prepare(store, which);
        store_bind_int(row, 1, key);
        enum store_status status = store_row(store, row);
        if (status != STORE_OK)
            return status;
        key = sqlite3_column_int64(row, 0);
        const char *name = (const char *)sqlite3_column_text(row, 1);
        bool is_root = sqlite3_column_int(row, 2) == STORE_KIND_ROOT;
        bool is_lost = !is_root && (key == 0 || name == NULL);
        if (!is_root && !is_lost)
            is_lost =
                !prepend(out, start, is_last, name, (size_t)sqlite3_column_bytes(row, 1));
        store_done(row);
        if (is_root || is_lost)
            return is_root ? STORE_OK : STORE_NONE;
        is_last = false;
    }
    return STORE_NONE;
}

static enum store_status derive_path(struct store *store, enum store_statement which,
                                     int64_t key, char *out, size_t out_size)
{
    if (out_size == 0)
        return store_refuse(store, STORE_MISUSE, "no room for a path");
    size_t start = out_size - 1;
    out[start] = '\0';
    enum store_status status = climb(store, which, key, out, &start);
    if (status == STORE_OK)
        memmove(out, out + start, out_size - start);
    return status;
}

enum store_status store_remote_path(struct store *store, int64_t key, char *out,
                                    size_t out_size)
{
    return derive_path(store, STORE_SQL_CLIMB_ITEM, key, out, out_size);
}

enum store_status store_base_path(struct store *store, int64_t key, char *out,
                                  size_t out_size)
{
    return derive_path(store, STORE_SQL_CLIMB_BASE, key, out, out_size);
}
