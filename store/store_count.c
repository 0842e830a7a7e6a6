#include "store/store_count.h"

#include "store/store_core.h"

/* Twice the largest file that the service takes: sums of sizes that a hostile listing
 * makes up cannot overflow below 2^24 items (F-144). */
static const int64_t max_counted_size = (int64_t)1 << 39;

enum store_status store_tally_of(struct store *store, int64_t mirror,
                                 struct store_tally **out)
{
    if (store->tally_mirror != mirror) {
        enum store_status status = store_tally_flush(store);
        if (status != STORE_OK)
            return status;
        store->tally_mirror = mirror;
    }
    *out = &store->tally;
    return STORE_OK;
}

static bool is_nothing(const struct store_tally *tally)
{
    return tally->items == 0 && tally->files == 0 && tally->bytes == 0 &&
           tally->placed == 0 && tally->waiting == 0 && tally->waiting_bytes == 0 &&
           tally->held == 0 && tally->local_only == 0 && !tally->new_keys;
}

enum store_status store_tally_flush(struct store *store)
{
    const struct store_tally *tally = &store->tally;
    enum store_status status = STORE_OK;
    if (!is_nothing(tally)) {
        sqlite3_stmt *statement = store_prepare(store, STORE_SQL_ADD_COUNTS);
        store_bind_int(statement, 1, store->tally_mirror);
        store_bind_int(statement, 2, tally->items);
        store_bind_int(statement, 3, tally->files);
        store_bind_int(statement, 4, tally->bytes);
        store_bind_int(statement, 5, tally->placed);
        store_bind_int(statement, 6, tally->waiting);
        store_bind_int(statement, 7, tally->waiting_bytes);
        store_bind_int(statement, 8, tally->held);
        store_bind_int(statement, 9, tally->local_only);
        store_bind_int(statement, 10, tally->new_keys ? store->next_key - 1 : 0);
        status = store_run(store, statement);
    }
    if (status == STORE_OK)
        store_tally_forget(store);
    return status;
}

void store_tally_forget(struct store *store)
{
    store->tally = (struct store_tally){0};
    store->tally_mirror = 0;
}

void store_tally_remote(struct store_tally *tally, int sign,
                        const struct store_remote *remote)
{
    bool is_file = remote->kind == STORE_KIND_FILE;
    bool counts =
        is_file || remote->kind == STORE_KIND_FOLDER || remote->kind == STORE_KIND_OTHER;
    if (!counts || remote->gone)
        return;
    tally->items += sign;
    if (!is_file)
        return;
    tally->files += sign;
    tally->bytes += sign * store_waiting_bytes(remote);
}

void store_tally_base(struct store_tally *tally, int sign, unsigned flags)
{
    tally->placed += sign;
    if ((flags & STORE_BASE_LOCAL) != 0)
        tally->local_only += sign;
}

void store_tally_todo(struct store_tally *tally, int sign, bool held, int64_t bytes)
{
    if (held) {
        tally->held += sign;
    } else {
        tally->waiting += sign;
        tally->waiting_bytes += sign * bytes;
    }
}

int64_t store_waiting_bytes(const struct store_remote *remote)
{
    if (remote->kind != STORE_KIND_FILE || remote->gone || remote->size <= 0)
        return 0;
    return remote->size < max_counted_size ? remote->size : max_counted_size;
}

enum store_status store_count(struct store *store, int64_t mirror, struct store_counts *out)
{
    sqlite3_stmt *statement = store_prepare(store, STORE_SQL_GET_COUNTS);
    store_bind_int(statement, 1, mirror);
    enum store_status status = store_row(store, statement);
    if (status != STORE_OK)
        return status;
    static const struct store_tally none = {0};
    const struct store_tally *open = store->tally_mirror == mirror ? &store->tally : &none;
    const int64_t more[] = {open->items,  open->files,     open->bytes,
                            open->placed, open->waiting,   open->waiting_bytes,
                            open->held,   open->local_only};
    uint64_t sums[sizeof more / sizeof *more];
    for (int i = 0; i < (int)(sizeof more / sizeof *more); i++)
        sums[i] = (uint64_t)(sqlite3_column_int64(statement, i) + more[i]);
    store_done(statement);
    *out = (struct store_counts){.items = sums[0],
                                 .files = sums[1],
                                 .bytes = sums[2],
                                 .placed = sums[3],
                                 .waiting = sums[4],
                                 .waiting_bytes = sums[5],
                                 .held = sums[6],
                                 .local_only = sums[7]};
    return STORE_OK;
}
