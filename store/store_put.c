/* Recording what the drive says: store_put_remote() and the sweep. */
#include <string.h>

#include "store/store_ident.h"
#include "store/store_merge.h"
#include "store/store_row.h"

/* The key of an interned word, 0 for NULL. */
static enum store_status intern(struct store *store, const char *text, int64_t *out)
{
    struct store_last_word *last = &store->last_word;
    *out = 0;
    if (text == NULL)
        return STORE_OK;
    if (last->key != 0 && strcmp(last->text, text) == 0) {
        *out = last->key;
        return STORE_OK;
    }
    sqlite3_stmt *find = store_prepare(store, STORE_SQL_GET_WORD);
    store_bind_text(find, 1, text);
    enum store_status status = store_row(store, find);
    if (status == STORE_OK) {
        *out = sqlite3_column_int64(find, 0);
        store_done(find);
    } else if (status == STORE_NONE) {
        sqlite3_stmt *make = store_prepare(store, STORE_SQL_PUT_WORD);
        store_bind_text(make, 1, text);
        status = store_run(store, make);
        *out = sqlite3_last_insert_rowid(store->database);
    }
    size_t size = strlen(text) + 1;
    if (status == STORE_OK && size <= sizeof last->text) {
        memcpy(last->text, text, size);
        last->key = *out;
    }
    return status;
}

static enum store_status insert_pending(struct store *store, int64_t mirror, const char *id,
                                        int64_t *out)
{
    struct store_tally *tally;
    enum store_status status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    int64_t key = store->next_key++;
    tally->new_keys = true;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_INSERT_PENDING);
    store_bind_int(statement, 1, key);
    store_bind_int(statement, 2, mirror);
    store_bind_text(statement, 3, id);
    status = store_run(store, statement);
    if (status == STORE_OK)
        status = store_ident_add(store, id, key);
    if (status == STORE_OK)
        *out = key;
    return status;
}

/* The key of a parent, which is made up where the service has not told of it yet (F-73). */
static enum store_status find_parent(struct store *store, int64_t mirror, const char *id,
                                     int64_t *out)
{
    struct store_last_parent *last = &store->last_parent;
    if (last->key != 0 && last->mirror == mirror && strcmp(last->id, id) == 0) {
        *out = last->key;
        return STORE_OK;
    }
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_FIND_ITEM_KEY);
    store_bind_int(statement, 1, store_text_hash(id));
    store_bind_text(statement, 2, id);
    store_bind_int(statement, 3, mirror);
    enum store_status status = store_row(store, statement);
    if (status == STORE_OK) {
        *out = sqlite3_column_int64(statement, 0);
        store_done(statement);
    } else if (status == STORE_NONE) {
        status = insert_pending(store, mirror, id, out);
    }
    size_t size = strlen(id) + 1;
    if (status == STORE_OK && size <= sizeof last->id) {
        memcpy(last->id, id, size);
        last->mirror = mirror;
        last->key = *out;
    }
    return status;
}

/* The key of the parent that `said` names for the item `id`; 0 for the root, for one that
 * names none, and for one that names itself (F-84). */
static enum store_status place_below(struct store *store, int64_t mirror, const char *id,
                                     const struct store_remote *said, int64_t *out)
{
    *out = 0;
    bool has_parent = said->kind != STORE_KIND_ROOT && said->parent_id != NULL &&
                      !store_same_text(said->parent_id, id);
    return has_parent ? find_parent(store, mirror, said->parent_id, out) : STORE_OK;
}

static int64_t name_hash(const char *name)
{
    return name == NULL ? 0 : store_text_hash(name);
}

static enum store_status insert_row(struct store *store, int64_t mirror,
                                    const struct store_remote *now)
{
    int64_t editor = 0;
    enum store_status status = intern(store, now->editor, &editor);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_INSERT_ITEM);
    store_bind_int(statement, 1, now->key);
    store_bind_int(statement, 2, mirror);
    store_bind_int(statement, 3, now->parent);
    store_bind_int(statement, 4, now->kind);
    store_bind_int(statement, 5, now->malware);
    store_bind_int(statement, 6, now->flaw);
    store_bind_int(statement, 7, now->generation);
    store_bind_text(statement, 8, now->id);
    store_bind_text(statement, 9, now->name);
    store_bind_int(statement, 10, name_hash(now->name));
    store_bind_known(statement, 11, now->size);
    store_bind_known(statement, 12, now->mtime_ms);
    store_bind_text(statement, 13, now->etag);
    store_bind_text(statement, 14, now->ctag);
    store_bind_int(statement, 15, editor);
    store_bind_hash(statement, 16, &now->hash);
    status = store_run(store, statement);
    return status == STORE_OK ? store_ident_add(store, now->id, now->key) : status;
}

static enum store_status update_place(struct store *store, const struct store_remote *now)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_UPDATE_ITEM_PLACE);
    store_bind_int(statement, 1, now->key);
    store_bind_int(statement, 2, now->parent);
    store_bind_text(statement, 3, now->name);
    store_bind_int(statement, 4, name_hash(now->name));
    return store_run(store, statement);
}

static enum store_status update_rest(struct store *store, const struct store_remote *now)
{
    int64_t editor = 0;
    enum store_status status = intern(store, now->editor, &editor);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_UPDATE_ITEM);
    store_bind_int(statement, 1, now->key);
    store_bind_int(statement, 2, now->kind);
    store_bind_int(statement, 3, now->malware);
    store_bind_int(statement, 4, now->flaw);
    store_bind_int(statement, 5, now->generation);
    store_bind_known(statement, 6, now->size);
    store_bind_known(statement, 7, now->mtime_ms);
    store_bind_text(statement, 8, now->etag);
    store_bind_text(statement, 9, now->ctag);
    store_bind_int(statement, 10, editor);
    store_bind_hash(statement, 11, &now->hash);
    return store_run(store, statement);
}

static enum store_status update_generation(struct store *store,
                                           const struct store_remote *now)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_UPDATE_GENERATION);
    store_bind_int(statement, 1, now->key);
    store_bind_int(statement, 2, now->generation);
    return store_run(store, statement);
}

/* Writes what differs and nothing else (S-4). */
static enum store_status update_row(struct store *store, const struct store_remote *old,
                                    const struct store_remote *now)
{
    enum store_status status = STORE_OK;
    if (!store_is_same_place(old, now))
        status = update_place(store, now);
    if (status != STORE_OK)
        return status;
    if (!store_is_same_rest(old, now))
        return update_rest(store, now);
    return old->generation != now->generation ? update_generation(store, now) : STORE_OK;
}

static enum store_status count_change(struct store *store, int64_t mirror,
                                      const struct store_remote *old,
                                      const struct store_remote *now)
{
    struct store_tally *tally;
    enum store_status status = store_tally_of(store, mirror, &tally);
    if (status != STORE_OK)
        return status;
    if (old != NULL)
        store_tally_remote(tally, -1, old);
    else
        tally->new_keys = true;
    store_tally_remote(tally, 1, now);
    return STORE_OK;
}

static enum store_status put_new(struct store *store, int64_t mirror,
                                 const struct store_remote *said, bool force,
                                 struct store_change *out)
{
    if (said->gone)
        return STORE_OK; /* a deletion of what we never knew (F-89) */
    struct store_remote now = *said;
    enum store_status status = place_below(store, mirror, said->id, said, &now.parent);
    if (status != STORE_OK)
        return status;
    now.key = store->next_key++;
    status = insert_row(store, mirror, &now);
    if (status == STORE_OK)
        status = count_change(store, mirror, NULL, &now);
    *out = (struct store_change){
        .key = now.key, .is_new = true, .changed = store_is_mirrored(now.kind)};
    if (status == STORE_OK && (out->changed || force))
        status = store_queue_new_item(store, mirror, now.key, store_waiting_bytes(&now));
    return status;
}

/* After a record was written: into the queue, or at least its counters. */
static enum store_status requeue(struct store *store, int64_t mirror, bool queue,
                                 const struct store_remote *old,
                                 const struct store_remote *now)
{
    int64_t before = store_waiting_bytes(old);
    int64_t after = store_waiting_bytes(now);
    if (queue)
        return store_queue_item(store, mirror, now->key, before, after);
    if (before != after)
        return store_recount_queued(store, mirror, now->key, before, after);
    return STORE_OK;
}

static enum store_status put_known(struct store *store, int64_t mirror,
                                   const struct store_remote *old,
                                   const struct store_remote *said, bool force,
                                   struct store_change *out)
{
    int64_t parent = 0;
    enum store_status status = place_below(store, mirror, old->id, said, &parent);
    if (status != STORE_OK)
        return status;
    bool is_other = false;
    struct store_remote now = store_merge(old, said, parent, &is_other);
    out->key = old->key;
    out->is_new = old->kind == STORE_KIND_PENDING && now.kind != STORE_KIND_PENDING;
    out->changed = store_shows(old, &now, is_other);
    out->moved = !store_is_same_place(old, &now);
    status = update_row(store, old, &now);
    if (status == STORE_OK)
        status = count_change(store, mirror, old, &now);
    if (status == STORE_OK)
        status = requeue(store, mirror, out->changed || force, old, &now);
    if (status == STORE_OK && old->parent != now.parent)
        status = store_collect(store, old->parent);
    return status;
}

/* A deletion record carries little more than the id: all else stays as it was. That of
 * the root, or of a folder only named as a parent, deletes nothing (F-89, F-93). */
static enum store_status mark_gone(struct store *store, int64_t mirror,
                                   const struct store_remote *old, bool force,
                                   struct store_change *out)
{
    out->key = old->key;
    if (old->kind == STORE_KIND_ROOT || old->kind == STORE_KIND_PENDING)
        return STORE_OK;
    struct store_remote now = *old;
    now.gone = true;
    enum store_status status = STORE_OK;
    if (!old->gone) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_MARK_GONE);
        store_bind_int(statement, 1, old->key);
        status = store_run(store, statement);
        if (status == STORE_OK)
            status = count_change(store, mirror, old, &now);
    }
    bool is_placed = false;
    if (status == STORE_OK && !store_is_mirrored(old->kind))
        status = store_has_base(store, old->key, &is_placed);
    out->changed = !old->gone && (store_is_mirrored(old->kind) || is_placed);
    if (status == STORE_OK)
        status = requeue(store, mirror, out->changed || force, old, &now);
    return status == STORE_OK ? store_collect(store, old->key) : status;
}

static enum store_status load_old(struct store *store, int64_t mirror,
                                  const struct store_remote *said, struct store_remote *out)
{
    if (said->key != 0)
        return store_load_item(store, said->key, STORE_TEXTS_OLD_REMOTE, out, NULL);
    if (said->id == NULL)
        return store_refuse(store, STORE_MISUSE, "a remote record without key and id");
    return store_load_item_by_id(store, mirror, said->id, STORE_TEXTS_OLD_REMOTE, out);
}

static enum store_status put_remote(struct store *store, int64_t mirror,
                                    const struct store_remote *said, bool force,
                                    struct store_change *out)
{
    struct store_remote old = {0};
    enum store_status status = load_old(store, mirror, said, &old);
    if (status == STORE_NONE && said->key == 0)
        return put_new(store, mirror, said, force, out);
    if (status == STORE_NONE)
        return store_refuse(store, STORE_MISUSE, "no item has that key");
    if (status != STORE_OK)
        return status;
    if (said->gone)
        return mark_gone(store, mirror, &old, force, out);
    return put_known(store, mirror, &old, said, force, out);
}

enum store_status store_put_remote(struct store *store, int64_t mirror,
                                   const struct store_remote *remote, bool force,
                                   struct store_change *out)
{
    bool own;
    struct store_change change = {0};
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = put_remote(store, mirror, remote, force, &change);
    status = store_leave(store, own, true, status);
    if (status == STORE_OK && out != NULL)
        *out = change;
    return status;
}

/* Of what, from which one on, and the list with its bounds. */
/* NOLINTNEXTLINE(readability-function-size) */
enum store_status store_find_unseen(struct store *store, int64_t mirror, int64_t generation,
                                    int64_t *after_key, int64_t *keys, size_t max,
                                    size_t *out_count)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_FIND_UNSEEN);
    store_bind_int(statement, 1, mirror);
    store_bind_int(statement, 2, *after_key);
    store_bind_int(statement, 3, generation);
    store_bind_int(statement, 4, (int64_t)max);
    size_t count = 0;
    enum store_status status;
    while ((status = store_row(store, statement)) == STORE_OK)
        keys[count++] = sqlite3_column_int64(statement, 0);
    if (status != STORE_NONE || count == 0)
        return status;
    *after_key = keys[count - 1];
    *out_count = count;
    return STORE_OK;
}

static enum store_status sweep(struct store *store, int64_t mirror, int64_t generation,
                               const int64_t *keys, size_t count, uint64_t *out_count)
{
    for (size_t i = 0; i < count; i++) {
        struct store_remote old = {0};
        enum store_status status =
            store_load_item(store, keys[i], STORE_TEXTS_OLD_REMOTE, &old, NULL);
        if (status == STORE_NONE || (status == STORE_OK && old.generation >= generation))
            continue;
        struct store_change change = {0};
        bool was_live = !old.gone;
        if (status == STORE_OK && was_live)
            status = mark_gone(store, mirror, &old, false, &change);
        if (status != STORE_OK)
            return status;
        *out_count += was_live;
    }
    return STORE_OK;
}

enum store_status store_sweep(struct store *store, int64_t mirror, int64_t generation,
                              const int64_t *keys, size_t count, uint64_t *out_count)
{
    bool own;
    uint64_t swept = 0;
    enum store_status status = store_enter(store, &own);
    if (status == STORE_OK)
        status = sweep(store, mirror, generation, keys, count, &swept);
    status = store_leave(store, own, true, status);
    if (status == STORE_OK && out_count != NULL)
        *out_count = swept;
    return status;
}
