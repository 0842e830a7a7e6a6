/* Base records: what the folder held when both sides last agreed. */
#include "store/store_row.h"

static struct store_print read_print(sqlite3_stmt *row, int first)
{
    return (struct store_print){
        .device = (uint64_t)sqlite3_column_int64(row, first),
        .inode = (uint64_t)sqlite3_column_int64(row, first + 1),
        .size = store_column_known(row, first + 2),
        .mtime_ns = store_column_known(row, first + 3),
        .ctime_ns = store_column_known(row, first + 4),
    };
}

static bool read_base(struct store_texts *texts, sqlite3_stmt *row, struct store_base *out)
{
    if (!store_texts_begin(texts, row))
        return false;
    *out = (struct store_base){
        .key = sqlite3_column_int64(row, 0),
        .parent = sqlite3_column_int64(row, 1),
        .name = store_texts_keep(texts, row, 2),
        .kind = (enum store_kind)sqlite3_column_int(row, 3),
        .mtime_ms = store_column_known(row, 4),
        .size = store_column_known(row, 5),
        .listed_size = store_column_known(row, 10),
        .ctag = store_texts_keep(texts, row, 11),
        .print = read_print(row, 12),
        .flags = (unsigned)sqlite3_column_int(row, 17),
    };
    store_column_hash(row, 6, &out->hash);
    store_column_hash(row, 8, &out->listed);
    return true;
}

static enum store_status take_into(struct store *store, sqlite3_stmt *statement,
                                   struct store_texts *texts, struct store_base *out,
                                   int64_t *out_mirror)
{
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    bool ok = read_base(texts, statement, out);
    if (ok && out_mirror != NULL)
        *out_mirror = sqlite3_column_int64(statement, 18);
    store_done(statement);
    return ok ? STORE_OK : store_fail(store, SQLITE_NOMEM);
}

static enum store_status take_base(struct store *store, sqlite3_stmt *statement,
                                   enum store_texts_of where, struct store_base *out,
                                   int64_t *out_mirror)
{
    return take_into(store, statement, &store->texts[where], out, out_mirror);
}

static bool is_same_print(const struct store_print *a, const struct store_print *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static bool is_same_base(const struct store_base *a, const struct store_base *b)
{
    return a->parent == b->parent && store_same_text(a->name, b->name) &&
           a->kind == b->kind && a->mtime_ms == b->mtime_ms && a->size == b->size &&
           store_same_hash(&a->hash, &b->hash) && store_same_hash(&a->listed, &b->listed) &&
           a->listed_size == b->listed_size && store_same_text(a->ctag, b->ctag) &&
           is_same_print(&a->print, &b->print) && a->flags == b->flags;
}

static void bind_base(sqlite3_stmt *statement, int64_t mirror,
                      const struct store_base *base)
{
    store_bind_int(statement, 1, base->key);
    store_bind_int(statement, 2, base->parent);
    store_bind_text(statement, 3, base->name);
    store_bind_int(statement, 4, base->kind);
    store_bind_known(statement, 5, base->mtime_ms);
    store_bind_known(statement, 6, base->size);
    store_bind_hash(statement, 7, &base->hash);
    store_bind_hash(statement, 9, &base->listed);
    store_bind_known(statement, 11, base->listed_size);
    store_bind_text(statement, 12, base->ctag);
    store_bind_int(statement, 13, (int64_t)base->print.device);
    store_bind_int(statement, 14, (int64_t)base->print.inode);
    store_bind_known(statement, 15, base->print.size);
    store_bind_known(statement, 16, base->print.mtime_ns);
    store_bind_known(statement, 17, base->print.ctime_ns);
    store_bind_int(statement, 18, base->flags);
    store_bind_int(statement, 19, mirror);
}

static enum store_status write_base(struct store *store, int64_t mirror,
                                    const struct store_base *base)
{
    sqlite3_stmt *find = store_prepare(store, STORE_SQL_GET_BASE);
    store_bind_int(find, 1, base->key);
    struct store_base old = {0};
    enum store_status status = take_base(store, find, STORE_TEXTS_OLD_BASE, &old, NULL);
    bool is_new = status == STORE_NONE;
    if (status != STORE_OK && !is_new)
        return status;
    if (!is_new && is_same_base(&old, base))
        return STORE_OK;
    struct store_tally *tally;
    status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *put =
        store_prepare(store, is_new ? STORE_SQL_INSERT_BASE : STORE_SQL_UPDATE_BASE);
    bind_base(put, mirror, base);
    status = store_run(store, put);
    if (status != STORE_OK)
        return status;
    if (!is_new)
        store_tally_base(tally, -1, old.flags);
    store_tally_base(tally, 1, base->flags);
    return is_new ? store_mark_structural(store, mirror, base->key, true) : STORE_OK;
}

enum store_status store_put_base(struct store *store, int64_t mirror,
                                 const struct store_base *base)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = write_base(store, mirror, base);
    return store_leave(store, own, true, status);
}

static enum store_status load_base(struct store *store, int64_t key,
                                   struct store_texts *texts, struct store_base *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_BASE);
    store_bind_int(statement, 1, key);
    return take_into(store, statement, texts, out, NULL);
}

enum store_status store_get_base(struct store *store, int64_t key, struct store_base *out)
{
    struct store_slot *slot = store_cache_slot(store, STORE_CACHE_BASES, key);
    if (slot == NULL)
        return load_base(store, key, &store->texts[STORE_TEXTS_BASE], out);
    if (slot->key != key) {
        slot->key = 0;
        slot->said = load_base(store, key, &slot->texts, &slot->base);
        if (slot->said != STORE_OK && slot->said != STORE_NONE)
            return slot->said;
        slot->key = key;
    }
    if (slot->said == STORE_OK)
        *out = slot->base;
    return slot->said;
}

enum store_status store_has_base(struct store *store, int64_t key, bool *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_BASE);
    store_bind_int(statement, 1, key);
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK)
        store_done(statement);
    *out = status == STORE_OK;
    return status == STORE_NONE ? STORE_OK : status;
}

enum store_status store_find_base(struct store *store, int64_t mirror, int64_t parent,
                                  const char *name, struct store_base *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_FIND_BASE);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, parent);
    store_bind_text(statement, 3, name);
    return take_base(store, statement, STORE_TEXTS_BASE, out, NULL);
}

enum store_status store_next_base_child(struct store *store, int64_t mirror, int64_t parent,
                                        int64_t *after_key, struct store_base *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_BASE_CHILD);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, parent);
    store_bind_int(statement, 3, *after_key);
    enum store_status status = take_base(store, statement, STORE_TEXTS_BASE, out, NULL);
    if (status == STORE_OK)
        *after_key = out->key;
    return status;
}

enum store_status store_next_base(struct store *store, int64_t mirror, int64_t *after_key,
                                  struct store_base *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_BASE);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, *after_key);
    enum store_status status = take_base(store, statement, STORE_TEXTS_BASE, out, NULL);
    if (status == STORE_OK)
        *after_key = out->key;
    return status;
}

enum store_status store_next_base_parent(struct store *store, int64_t *parent)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_NEXT_BASE_PARENT);
    store_bind_int(statement, 1, *parent);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    *parent = sqlite3_column_int64(statement, 0);
    store_done(statement);
    return STORE_OK;
}

/* Where, from which one on, how many, and to whom. */
/* NOLINTNEXTLINE(readability-function-size) */
enum store_status store_trace_base_children(struct store *store, int64_t mirror,
                                            int64_t parent, int64_t *after_key,
                                            size_t limit, store_trace_fn *each, void *user)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_TRACE_BASE_CHILDREN);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, parent);
    store_bind_int(statement, 3, *after_key);
    store_bind_int(statement, 4, (int64_t)limit);
    size_t count = 0;
    enum store_status status;
    for (; (status = store_row(store, statement)) == STORE_OK; count++) {
        const struct store_trace trace = {
            .key = sqlite3_column_int64(statement, 0),
            .name = (const char *)sqlite3_column_text(statement, 1),
            .kind = (enum store_kind)sqlite3_column_int(statement, 2),
            .print = read_print(statement, 3),
            .flags = (unsigned)sqlite3_column_int(statement, 8),
        };
        *after_key = trace.key;
        if (trace.name == NULL) {
            store_done(statement);
            return store_fail(store, SQLITE_NOMEM);
        }
        each(user, &trace);
    }
    return status == STORE_NONE && count > 0 ? STORE_OK : status;
}

static enum store_status forget_base(struct store *store, int64_t key)
{
    sqlite3_stmt *find = store_prepare(store, STORE_SQL_GET_BASE);
    store_bind_int(find, 1, key);
    struct store_base old = {0};
    int64_t mirror = 0;
    enum store_status status = take_base(store, find, STORE_TEXTS_OLD_BASE, &old, &mirror);
    if (status != STORE_OK)
        return status == STORE_NONE ? STORE_OK : status;
    struct store_tally *tally;
    status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *drop = store_prepare(store, STORE_SQL_DROP_BASE);
    store_bind_int(drop, 1, key);
    status = store_run(store, drop);
    if (status != STORE_OK)
        return status;
    store_tally_base(tally, -1, old.flags);
    status = store_mark_structural(store, mirror, key, false);
    return status == STORE_OK ? store_collect(store, key) : status;
}

enum store_status store_drop_base(struct store *store, int64_t key)
{
    bool own;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = forget_base(store, key);
    return store_leave(store, own, true, status);
}
