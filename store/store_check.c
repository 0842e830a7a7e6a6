/* The full check: what SQLite can say, and what only we know (F-71). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store_core.h"

/* Each question answers one line of text per finding. */
static const char *const questions[] = {
    "select integrity_check from pragma_integrity_check where integrity_check <> 'ok'",

    "select 'item ' || item.key || ' has a parent that does not exist: ' || item.parent "
    "from item where parent <> 0 "
    "and not exists (select 1 from item as above where above.key = item.parent)",

    /* Whoever cannot be reached from above hangs below a cycle or is part of one (F-84). */
    "with recursive folder(key) as (values(0) union all select item.key from folder "
    "cross join item indexed by item_parent on item.parent = folder.key "
    "where item.kind <> 1) "
    "select 'item ' || key || ' is in a cycle of folders' from item where kind <> 1 "
    "and key not in (select key from folder) "
    "and parent in (select key from item)",

    "select 'items ' || min(key) || ' and ' || max(key) || ' stand at one place: ' || name "
    "from item where not gone and parent <> 0 group by parent, name_hash, name "
    "having count(*) > 1",

    "select 'items ' || min(key) || ' and ' || max(key) || ' have one id' from item "
    "group by id, mirror having count(*) > 1",

    "select 'item ' || key || ' is not in the index of ids' from item "
    "where key not in (select key from id_large union all "
    "select key from id_middle union all select key from id_small)",

    "select 'the index of ids names an item ' || key || ' that is not there' "
    "from (select key from id_large union all select key from id_middle "
    "union all select key from id_small) where key not in (select key from item)",

    "select 'base record ' || key || ' has no item' from base "
    "where key not in (select key from item)",

    "select 'base record ' || base.key || ' stands in a folder without one: ' || "
    "base.parent "
    "from base where parent <> 0 and parent not in (select key from base) "
    "and parent not in (select key from item where kind = 3)",

    "select 'queue entry ' || key || ' has no item' from todo "
    "where key not in (select key from item)",

    "select 'queue entry ' || key || ' is on the wrong list' from todo "
    "where structural <> (key in (select key from base))",

    "select 'intent ' || key || ' has no item' from intent "
    "where key not in (select key from item)",

    /* Kept last: store_check_counters(). */
    "select 'the counters of mirror ' || name || ' are wrong' from mirror where "
    "(items, files, placed, waiting, held, local_only) <> ("
    "(select count(*) from item where mirror = mirror.key and not gone "
    "and kind in (1, 2, 4)), "
    "(select count(*) from item where mirror = mirror.key and not gone and kind = 1), "
    "(select count(*) from base where mirror = mirror.key), "
    "(select count(*) from todo where mirror = mirror.key and not held), "
    "(select count(*) from todo where mirror = mirror.key and held), "
    "(select count(*) from base where mirror = mirror.key and flags & 38))",
};

enum { QUESTIONS = sizeof questions / sizeof *questions };

static enum store_status ask(struct store *store, const char *sql, store_finding_fn *each,
                             void *user, uint64_t *count)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (result != SQLITE_OK)
        return store_fail(store, result);
    enum store_status status;
    while ((status = store_row(store, statement)) == STORE_OK) {
        const char *finding = (const char *)sqlite3_column_text(statement, 0);
        if (each != NULL)
            each(user, finding == NULL ? "an unnamed finding" : finding);
        (*count)++;
    }
    (void)sqlite3_finalize(statement);
    return status == STORE_NONE ? STORE_OK : status;
}

/* Those from `first` on. */
static enum store_status check_from(struct store *store, size_t first,
                                    store_finding_fn *each, void *user, uint64_t *out_count)
{
    uint64_t count = 0;
    enum store_status status = STORE_OK;
    /* The counters are compared as they stand in the database. */
    if (store_in_transaction(store))
        status = store_tally_flush(store);
    for (size_t i = first; status == STORE_OK && i < QUESTIONS; i++)
        status = ask(store, questions[i], each, user, &count);
    if (status == STORE_OK)
        *out_count = count;
    return status;
}

enum store_status store_check(struct store *store, store_finding_fn *each, void *user,
                              uint64_t *out_count)
{
    return check_from(store, 0, each, user, out_count);
}

enum store_status store_check_counters(struct store *store, store_finding_fn *each,
                                       void *user, uint64_t *out_count)
{
    return check_from(store, QUESTIONS - 1, each, user, out_count);
}
