/* Every call of the database to the system fails once, and the process ends at every one:
 * pages and positions stand and fall together, and the next start finds a sound state. */
#include "store/store_schema.h"
#include "tests/store/state.h"
#include "tests/support/failing_vfs.h"

enum { PAGES = 2, PAGE_ITEMS = 4, MANY = 2000 };

/* One page of a delta answer: its items, its position. */
static enum store_status put_page(struct store *store, int64_t mirror, int page)
{
    enum store_status status = store_begin(store);
    char id[32];
    for (int i = 0; i < PAGE_ITEMS && status == STORE_OK; i++) {
        (void)snprintf(id, sizeof id, "item-%d-%d", page, i);
        struct store_remote remote = said_file(id, "folder", id);
        status = store_put_remote(store, mirror, &remote, false, NULL);
    }
    (void)snprintf(id, sizeof id, "page-%d", page);
    if (status == STORE_OK)
        status = store_put_position(store, mirror, STORE_FEED_ENUMERATING, id, 1);
    return status == STORE_OK ? store_commit(store, true) : status;
}

/* How far a run came. */
struct run {
    enum store_status failed; /* the first failure */
    bool has_mirror;
    int pages; /* reported as durable */
};

static void note(struct run *run, enum store_status status)
{
    if (run->failed == STORE_OK)
        run->failed = status;
}

/* A failed transaction is over; where only one call failed, it can be done again. */
static bool put_page_again(struct store *store, int64_t mirror, int page, bool stop,
                           struct run *run)
{
    enum store_status status = put_page(store, mirror, page);
    if (status == STORE_OK)
        return true;
    note(run, status);
    assert_int_not_equal(status, STORE_MISUSE);
    store_rollback(store);
    assert_false(store_in_transaction(store));
    if (stop)
        return false;
    assert_int_equal(put_page(store, mirror, page), STORE_OK);
    return true;
}

static struct run work(const char *folder, bool stop)
{
    struct run run = {0};
    struct store *store = NULL;
    enum store_status status = store_open(folder, &store, NULL, NULL, 0);
    note(&run, status);
    if (status != STORE_OK)
        return run;
    struct store_mirror mirror = {.name = "documents"};
    status = store_put_mirror(store, &mirror);
    if (status != STORE_OK && !stop) {
        note(&run, status);
        /* Done, but not durable, is also an answer. */
        if (store_get_mirror(store, "documents", &mirror) != STORE_OK)
            status = store_put_mirror(store, &mirror);
        else
            status = STORE_OK;
    }
    note(&run, status);
    run.has_mirror = status == STORE_OK;
    while (run.has_mirror && run.pages < PAGES &&
           put_page_again(store, mirror.key, run.pages + 1, stop, &run))
        run.pages++;
    note(&run, store_checkpoint(store));
    store_close(store);
    return run;
}

static int count_items(struct store *store, int64_t mirror, int page)
{
    int count = 0;
    for (int i = 0; i < PAGE_ITEMS; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "item-%d-%d", page, i);
        struct store_remote remote;
        count += store_find_remote(store, mirror, id, &remote) == STORE_OK;
    }
    return count;
}

/* What a later start finds after a run that came as far as `run`. */
static void assert_sound(struct state *state, const struct run *run)
{
    state_open(state);
    state_check(state);
    struct store_mirror mirror;
    enum store_status status = store_get_mirror(state->store, "documents", &mirror);
    assert_true(status == STORE_OK || !run->has_mirror);
    int position = 0;
    if (status == STORE_OK && mirror.link != NULL)
        position = mirror.link[strlen("page-")] - '0';
    assert_true(position >= run->pages);
    for (int page = 1; status == STORE_OK && page <= PAGES; page++)
        assert_int_equal(count_items(state->store, mirror.key, page),
                         page <= position ? PAGE_ITEMS : 0);
}

static void fail_each_call(bool stop)
{
    unsigned at = 1;
    for (; at < MANY; at++) {
        struct state state = {0};
        temp_dir_make(&state.dir);
        failing_vfs_set(at, stop);
        struct run run = work(state.dir.path, stop);
        bool has_failed = failing_vfs_has_failed();
        failing_vfs_set(0, false);
        assert_sound(&state, &run);
        state_remove(&state);
        if (!has_failed)
            break;
    }
    assert_in_range(at, 50, MANY - 1);
}

/* F-12, F-68 */
static void any_one_call_may_fail(void **user)
{
    (void)user;
    fail_each_call(false);
}

/* F-01, I-14 */
static void the_end_may_come_at_any_call(void **user)
{
    (void)user;
    fail_each_call(true);
}

static void make_schema_1(struct state *state)
{
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    assert_int_equal(sqlite3_exec(database, store_schema_step(1), NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "pragma journal_mode = wal; pragma user_version = 1; "
                                  "pragma application_id = 0x44724167; "
                                  "insert into mirror(key, name) values(1, 'old')",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* F-66: the old schema or the new one, and the mirror in both. */
static void an_upgrade_may_end_at_any_call(void **user)
{
    (void)user;
    unsigned at = 1;
    for (; at < MANY; at++) {
        struct state state = {0};
        temp_dir_make(&state.dir);
        make_schema_1(&state);
        failing_vfs_set(at, true);
        struct store *store = NULL;
        if (store_open(state.dir.path, &store, NULL, NULL, 0) == STORE_OK)
            store_close(store);
        bool has_failed = failing_vfs_has_failed();
        failing_vfs_set(0, false);
        assert_sql(&state, "select user_version in (1, 2) from pragma_user_version", "1");
        assert_sql(&state, "select name from mirror", "old");
        state_open(&state);
        state_check(&state);
        state_remove(&state);
        if (!has_failed)
            break;
    }
    assert_in_range(at, 50, MANY - 1);
}

static int install(void **user)
{
    (void)user;
    /* In memory where there is such a folder: what the disk takes to sync is no matter. */
    if (access("/dev/shm", W_OK) == 0)
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 0), 0);
    failing_vfs_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(any_one_call_may_fail),
        TABLE_TEST(the_end_may_come_at_any_call),
        TABLE_TEST(an_upgrade_may_end_at_any_call),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
