/* Work and room in proportion: statements that run for an item, bytes that it takes on
 * disk, bytes that a change writes, whatever else is there. Counted, not timed. */
#include "store/store_core.h"
#include "tests/store/state.h"
#include "tests/support/table.h"

enum { PAGE_ITEMS = 200, FOLDER_ITEMS = 50, MANY = 6000, TEXT = 64 };

/* How often any statement has run since the last time this was asked. */
static int count_runs(const struct state *state)
{
    int runs = 0;
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(state->store->database, statement)) != NULL)
        runs += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 1);
    return runs;
}

/* Whether any of them has looked through a table or sorted since then. */
static int count_scans(const struct state *state)
{
    int steps = 0;
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(state->store->database, statement)) != NULL) {
        steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1);
        steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 1);
    }
    return steps;
}

/* As Graph tells it: ids, tags and names of the usual length. */
static int64_t put_item(struct state *state, unsigned number, unsigned version)
{
    char id[TEXT];
    char parent[TEXT];
    char name[TEXT];
    char etag[TEXT];
    char ctag[TEXT];
    bool is_folder = number % FOLDER_ITEMS == 0;
    unsigned mixed = number * 2654435761U;
    (void)snprintf(id, sizeof id, "01%08XBENCH%08XABCDEFGHI", mixed, ~mixed);
    mixed = number / FOLDER_ITEMS * FOLDER_ITEMS * 2654435761U;
    (void)snprintf(parent, sizeof parent, "01%08XBENCH%08XABCDEFGHI", mixed, ~mixed);
    (void)snprintf(name, sizeof name, "report %07u.docx", number);
    (void)snprintf(etag, sizeof etag, "\"{%08X-0000-0000-0000-0123456789AB},%u\"",
                   number * 2654435761U, version);
    (void)snprintf(ctag, sizeof ctag, "\"c:{%08X-0000-0000-0000-0123456789AB},%u\"",
                   number * 2654435761U, version);
    struct store_remote remote =
        is_folder ? said_folder(id, "root-id", name) : said_file(id, parent, name);
    remote.etag = etag;
    remote.ctag = ctag;
    remote.editor = "Adele Vance";
    remote.mtime_ms = 1700000000000;
    if (!is_folder)
        remote.hash = (struct store_hash){
            .kind = 1, .size = 20, .bytes = {1, 2, 3}
        };
    return state_put(state, remote).key;
}

static void put_page(struct state *state, unsigned from)
{
    char link[TEXT];
    (void)snprintf(link, sizeof link, "https://graph/delta?token=%u", from);
    assert_int_equal(store_begin(state->store), STORE_OK);
    for (unsigned i = from; i < from + PAGE_ITEMS; i++)
        (void)put_item(state, i, 1);
    assert_int_equal(
        store_put_position(state->store, state->mirror, STORE_FEED_ENUMERATING, link, 1),
        STORE_OK);
    assert_int_equal(store_commit(state->store, true), STORE_OK);
}

static void put_many(struct state *state)
{
    for (unsigned from = 0; from < MANY; from += PAGE_ITEMS)
        put_page(state, from);
}

static void a_page_runs_few_statements_an_item(void **user)
{
    struct state *state = *user;
    put_page(state, 0);
    (void)count_runs(state);
    put_page(state, PAGE_ITEMS);
    int runs = count_runs(state);
    /* A look-up, the row, its place in the index of ids and in the queue; and a few for
     * the folders and the page. */
    assert_in_range(runs, PAGE_ITEMS, PAGE_ITEMS * 5);
}

static void a_row_takes_less_than_300_bytes(void **user)
{
    struct state *state = *user;
    char pages[32];
    put_many(state);
    state_ask(state,
              "select page_count * page_size from pragma_page_count, pragma_page_size",
              pages, sizeof pages);
    /* Empty tables take a page each. */
    long bytes = strtol(pages, NULL, 10) - 40 * 4096L;
    assert_in_range(bytes / MANY, 100, 300);
}

static void nothing_new_writes_nothing(void **user)
{
    struct state *state = *user;
    put_many(state);
    assert_int_equal(store_checkpoint(state->store), STORE_OK);
    int64_t before = state_written(state);
    put_page(state, 0);
    int64_t position = state_written(state) - before;
    put_page(state, PAGE_ITEMS);
    /* The position alone, and that is one row. */
    assert_in_range(position, 0, 16 * 1024);
    assert_in_range(state_written(state) - before, 0, 32 * 1024);
}

/* One change beside few items and beside many: the same statements, hardly more bytes. */
static void change_one(struct state *state, unsigned version, int *out_runs,
                       int64_t *out_bytes)
{
    int64_t before = state_written(state);
    (void)count_runs(state);
    (void)count_scans(state);
    (void)put_item(state, 1, version);
    *out_runs = count_runs(state);
    *out_bytes = state_written(state) - before;
    assert_int_equal(count_scans(state), 0);
}

static void a_change_costs_the_same_beside_many(void **user)
{
    struct state *state = *user;
    int runs[2];
    int64_t bytes[2];
    put_page(state, 0);
    change_one(state, 2, &runs[0], &bytes[0]);
    change_one(state, 3, &runs[0], &bytes[0]); /* the first has prepared and grown */
    put_many(state);
    change_one(state, 4, &runs[1], &bytes[1]);
    change_one(state, 5, &runs[1], &bytes[1]);
    assert_int_equal(runs[1], runs[0]);
    assert_in_range(bytes[1], 0, bytes[0] + 2 * 4096);
}

static void a_folder_is_renamed_by_one_row(void **user)
{
    struct state *state = *user;
    put_many(state);
    int before = sqlite3_total_changes(state->store->database);
    char id[TEXT];
    (void)snprintf(id, sizeof id, "01%08XBENCH%08XABCDEFGHI", 0U, ~0U);
    struct store_remote folder = said_folder(id, "root-id", "another name");
    int64_t key = state_put(state, folder).key;
    /* The item, its entry in the queue, the counters. */
    assert_in_range(sqlite3_total_changes(state->store->database) - before, 1, 4);
    char path[256];
    assert_int_equal(store_remote_path(state->store, key, path, sizeof path), STORE_OK);
    assert_string_equal(path, "another name");
}

/* Every question of the daily work finds its rows by an index. */
static void no_question_looks_through_a_table(void **user)
{
    struct state *state = *user;
    struct store_remote remote;
    struct store_todo todo;
    struct store_counts counts;
    int64_t after = 0;
    int64_t due;
    put_many(state);
    (void)count_scans(state);
    assert_int_equal(store_next_todo(state->store, state->mirror, 1, false, &after, &todo),
                     STORE_OK);
    assert_int_equal(store_get_remote(state->store, todo.key, &remote), STORE_OK);
    assert_int_equal(store_count(state->store, state->mirror, &counts), STORE_OK);
    assert_int_equal(counts.items, MANY);
    assert_int_equal(store_next_due(state->store, state->mirror, &due), STORE_OK);
    after = 0;
    (void)store_next_structural(state->store, state->mirror, 1, false, &after, &todo);
    after = 0;
    (void)store_next_remote_child(state->store, state->root, &after, &remote);
    assert_int_equal(count_scans(state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(a_page_runs_few_statements_an_item),
        STATE_TEST(a_row_takes_less_than_300_bytes),
        STATE_TEST(nothing_new_writes_nothing),
        STATE_TEST(a_change_costs_the_same_beside_many),
        STATE_TEST(a_folder_is_renamed_by_one_row),
        STATE_TEST(no_question_looks_through_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
