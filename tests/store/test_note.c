/* History, conflicts and the problems of a mirror. */
#include "store/store_note.h"
#include "tests/store/state.h"

static void history_tells_the_way_from_the_event_to_the_disk(void **user)
{
    struct state *state = *user;
    struct store_event event = {.mirror = state->mirror,
                                .key = 3,
                                .path = "a/b.txt",
                                .operation = "download",
                                .trigger = "event",
                                .editor = "Adele Vance",
                                .bytes = 4096,
                                .notified_at = 1700000000001,
                                .delta_at = 1700000000005,
                                .done_at = 1700000000009};
    assert_int_equal(store_put_history(state->store, &event), STORE_OK);
    event.notified_at = 0;
    event.trigger = "poll";
    assert_int_equal(store_put_history(state->store, &event), STORE_OK);
    assert_sql(
        state,
        "select \"when\" || ' ' || mirror || ' ' || path || ' ' || operation || ' ' || "
        "bytes || ' ' || \"trigger\" || ' ' || notified_at || ' ' || delta_at || ' ' "
        "|| done_at from v_history where \"trigger\" = 'event'",
        "2023-11-14T22:13:20.009Z documents a/b.txt download 4096 event "
        "2023-11-14T22:13:20.001Z 2023-11-14T22:13:20.005Z 2023-11-14T22:13:20.009Z");
    assert_sql(state, "select notified_at from v_history where \"trigger\" = 'poll'",
               "(null)");
}

/* F-70 */
static void old_history_is_pruned(void **user)
{
    struct state *state = *user;
    sqlite3 *database = state_look(state, SQLITE_OPEN_READWRITE);
    static const char fill[] =
        "with recursive n(i) as (values(1) union all select i + 1 from n where i < 200999) "
        "insert into history(key, mirror, item, path) select i, 1, 0, 'x' from n";
    assert_int_equal(sqlite3_exec(database, fill, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    struct store_event event = {.mirror = state->mirror, .operation = "delete"};
    assert_int_equal(store_put_history(state->store, &event), STORE_OK);
    assert_sql(state, "select count(*) || ' ' || min(key) || ' ' || max(key) from history",
               "200000 1001 201000");
}

/* I-1 */
static void conflicts_name_where_the_version_is_kept(void **user)
{
    struct state *state = *user;
    assert_int_equal(store_put_conflict(state->store, state->mirror, 3, "a.txt",
                                        "a (conflict 2026-11-23 101112 host).txt",
                                        1700000000000),
                     STORE_OK);
    assert_sql(state,
               "select \"when\" || ' ' || mirror || ' ' || path || ' -> ' || copy "
               "from v_conflicts",
               "2023-11-14T22:13:20.000Z documents a.txt -> "
               "a (conflict 2026-11-23 101112 host).txt");
}

static void a_problem_begins_once_and_ends(void **user)
{
    struct state *state = *user;
    assert_int_equal(store_put_problem(state->store, state->mirror, 57, "gone", 1),
                     STORE_OK);
    int64_t before = state_written(state);
    assert_int_equal(store_put_problem(state->store, state->mirror, 57, "gone", 2),
                     STORE_OK);
    assert_int_equal(state_written(state), before);
    assert_sql(state, "select failure || ' ' || text from v_problems", "F-57 gone");
    assert_int_equal(store_put_problem(state->store, state->mirror, 90, "many", 3),
                     STORE_OK);
    assert_sql(state, "select group_concat(failure || ' ' || text, ', ') from v_problems",
               "F-90 many");
    assert_int_equal(store_put_problem(state->store, state->mirror, 0, NULL, 4), STORE_OK);
    assert_sql(state, "select count(*) from v_problems", "0");
    before = state_written(state);
    assert_int_equal(store_put_problem(state->store, state->mirror, 0, NULL, 5), STORE_OK);
    assert_int_equal(state_written(state), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATE_TEST(history_tells_the_way_from_the_event_to_the_disk),
        STATE_TEST(old_history_is_pruned),
        STATE_TEST(conflicts_name_where_the_version_is_kept),
        STATE_TEST(a_problem_begins_once_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
