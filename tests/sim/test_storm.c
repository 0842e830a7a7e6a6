/* A storm of notifications (F-135) whose timers come too early, as libuv's do: it counts
 * from the time of its last look at the clock. No change may be forgotten between two
 * rounds: a notification is the only reason to look before the next poll. */
#include "tests/sim/sim_world.h"
#include "tests/support/table.h"

enum {
    SEEDS = 25,        /* of when each notification comes */
    SETTLE_MS = 20000, /* the start's round and the looks that follow it */
    NOTICES = 16,
    STEP_MS = 120,      /* between two changes, with a notification each */
    PATIENCE_MS = 4500, /* rounds are one second apart, then two; polls are far away */
};

static struct sim_world world; /* too large for the stack */

static void arrives_with_lag(uint64_t seed, uint64_t lag_us)
{
    sim_world_begin(&world, seed);
    world.loop.lag_us = lag_us;
    assert_true(sim_world_start(&world) && sim_world_run(&world, SETTLE_MS));
    char name[16];
    for (int i = 0; i < NOTICES; i++) {
        (void)snprintf(name, sizeof name, "file-%d", i);
        (void)sim_drive_make(&world.drive, SIM_ROOT_ITEM, name, false, 10);
        sim_service_notify(&world.service);
        assert_true(sim_world_run(&world, STEP_MS));
    }
    assert_true(sim_world_run(&world, PATIENCE_MS));
    assert_non_null(sim_world_find(&world, name));
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
}

static void the_last_change_of_a_storm_arrives_whenever_its_timer_fires(void **state)
{
    static const struct {
        const char *name;
        uint64_t lag_us;
    } rows[] = {
        {"on time",                       0    },
        {"less than a millisecond early", 700  },
        {"a callback's time early",       5000 },
        {"after a long callback",         40000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        table_row_begins(rows[i].name);
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            arrives_with_lag(seed, rows[i].lag_us);
    }
    table_row_begins(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(the_last_change_of_a_storm_arrives_whenever_its_timer_fires),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
