/* A killed agent is followed by a newer one (F-163): what its state of schema 1 says of
 * downloads, placements and moves that it had begun is understood. Nothing of a person's is
 * lost, the old state is kept beside the new one, and the end is as after any other kill.
 *
 * The state comes from today's engine, its rows poured into the tables of that release. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/place/name.h"
#include "store/store_core.h"
#include "tests/sim/sim_check.h"
#include "tests/sim/sim_scenarios.h"
#include "tests/support/fixture.h"

enum { STRIDE = 1, MAX_EFFECTS = 5000, SQL_SIZE = 2048 };

static const char *const names[] = {
    "a new large file",
    "a move of a folder",
    "a swap of names (F-83)",
    "a deletion of a folder",
    "a folder becomes a file (F-86)",
    "edited on both sides (F-26)",
    "edited here, deleted there",
    "a person's file at a new name (F-28)",
};

static struct sim_world world; /* too large for the stack */

/* What was found in the states that were upgraded: a test without them would show nothing.
 */
static struct {
    unsigned upgrades;
    unsigned intents;
    unsigned partials;
    unsigned displaced;
    unsigned staged;
} seen;

/* The database. */

/* Past the layer that simulates: this is nobody's effect. */
static sqlite3 *open_plainly(const char *path)
{
    sqlite3 *database = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(path, &database, flags, "unix"), SQLITE_OK);
    return database;
}

static void run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
}

/* The first column of the first row, as text. */
static void ask(sqlite3 *database, const char *sql, char out[SQL_SIZE])
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    (void)snprintf(out, SQL_SIZE, "%s", (const char *)sqlite3_column_text(statement, 0));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
}

static int ask_number(const char *path, const char *sql)
{
    char text[SQL_SIZE];
    sqlite3 *database = open_plainly(path);
    ask(database, sql, text);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return atoi(text);
}

/* Statements that pour each table of `old` into the one of that name. */
static const char pour[] =
    "select group_concat('insert into main.' || t.name || '(' || c.names || ') select ' || "
    "c.names || ' from old.' || t.name, ';') from main.sqlite_schema t, "
    "(select m.name as own, group_concat(i.name) as names from main.sqlite_schema m, "
    "pragma_table_info(m.name) i where m.type = 'table' group by m.name) c "
    "where t.type = 'table' and c.own = t.name";

static void make_old_state(void)
{
    char path[200];
    char old[208];
    char sql[SQL_SIZE];
    (void)snprintf(path, sizeof path, "%s/state.db", world.state);
    (void)snprintf(old, sizeof old, "%s/old.db", world.state);
    char *fixture = fixture_read("state-schema-1.sql");
    sqlite3 *database = open_plainly(old);
    run(database, fixture);
    free(fixture);
    (void)snprintf(sql, sizeof sql, "attach '%s' as old", path);
    run(database, sql);
    ask(database, pour, sql);
    run(database, sql);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_int_equal(rename(old, path), 0);
    static const char *const rests[] = {"-wal", "-shm"};
    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        (void)snprintf(old, sizeof old, "%s%s", path, rests[i]);
        (void)unlink(old);
    }
    seen.upgrades++;
    seen.intents += ask_number(path, "select count(*) from intent") > 0;
}

static void note_work(void)
{
    static unsigned *const counters[] = {
        [NAME_WORK_FOREIGN] = NULL,
        [NAME_WORK_PARTIAL] = &seen.partials,
        [NAME_WORK_STAGE] = &seen.staged,
        [NAME_WORK_DISPLACED] = &seen.displaced,
        [NAME_WORK_REMOVED] = &seen.displaced,
    };
    const struct sim_node *work = sim_world_find(&world, NAME_WORKING_FOLDER);
    for (size_t i = 0; work != NULL && i < work->count; i++) {
        int64_t key;
        unsigned *counter = counters[name_work_parse(work->entries[i].name, &key, NULL)];
        if (counter != NULL)
            (*counter)++;
    }
}

static void expect_both_states(int rows)
{
    char path[200];
    char text[SQL_SIZE];
    ask(world.store->database, "pragma user_version", text);
    assert_true(atoi(text) > 1);
    (void)snprintf(path, sizeof path, "%s/state.db.schema-1", world.state);
    assert_int_equal(ask_number(path, "pragma user_version"), 1);
    assert_int_equal(ask_number(path, "select count(*) from base"), rows);
}

/* The tests. */

/* False: the scenario is over before that effect. */
static bool upgrade_before(const struct sim_scenario *scenario, unsigned effect)
{
    char path[200];
    sim_scenario_begin(&world, scenario);
    world.sim.stop_at = world.sim.effects + effect;
    world.has_disturbances = true;
    sim_scenario_change(&world, scenario);
    bool has_stopped = !sim_scenario_follow(&world);
    if (has_stopped) {
        sim_world_stop(&world);
        note_work();
        make_old_state();
        (void)snprintf(path, sizeof path, "%s/state.db", world.state);
        int rows = ask_number(path, "select count(*) from base");
        if (!sim_world_start(&world))
            fail_msg("it does not start again");
        sim_check_always(&world);
        sim_check_claims(&world);
        expect_both_states(rows);
    }
    world.sim.stop_at = 0;
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
    return has_stopped;
}

static void an_older_state_is_understood_after_any_kill(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        table_row_begins(names[i]);
        unsigned effect = 1;
        while (effect < MAX_EFFECTS && upgrade_before(sim_scenario_find(names[i]), effect))
            effect += STRIDE;
    }
    table_row_begins(NULL);
    print_message("%u upgrades: %u with intents; %u partials, %u displaced, %u staged\n",
                  seen.upgrades, seen.intents, seen.partials, seen.displaced, seen.staged);
    assert_true(seen.intents > 0 && seen.partials > 0 && seen.displaced > 0 &&
                seen.staged > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(an_older_state_is_understood_after_any_kill),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
