/* A disk that says "synced" and has written nothing, and then the power goes (F-05): names,
 * contents and pages of the database since then are there or not, in any mixture. What a
 * person had before, and the agent never touched, is all there (I-1). The state is rebuilt
 * where it is damaged, what is wrong is fetched again, and in the end folder and drive are
 * equal but for what the cut has brought back without a record, which stays as a person's
 * own would: what shows in no time and no size is found by the weekly sample (F-23). */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_scenarios.h"
#include "tests/support/table.h"

enum {
    STRIDE = 7,
    MAX_EFFECTS = 5000,
    WEEKS_MS = 20 * 86400 * 1000,
    CHECKPOINT_MS = 10000,
    HOUR_MS = 3600000,
};

static const char *const names[] = {
    "a new large file",
    "many things at once",
    "a rotation over folders (F-83)",
    "a folder becomes a file (F-86)",
    "the first mirror of a tree",
    "the place in the feed is lost (F-81)",
};

static struct sim_world world; /* too large for the stack */

static unsigned choose(void *user, unsigned limit)
{
    struct sim *sim = user;
    return sim_below(sim, limit);
}

/* The folder itself is one of the things: without it nothing is done at all (F-57). */
static void keep_something(void)
{
    (void)sim_disk_make_path(&world.disk, world.folder);
    sim_user_save(&world.user, "mine.txt");
    sim_user_mkdir(&world.user, "my own");
    sim_user_save(&world.user, "my own/letter");
    if (sim_drive_find(&world.drive, "other/e") >= 0)
        sim_user_append(&world.user, "other/e");
    sim_disk_sync_all(&world.disk);
    sim_database_settle();
}

static void begin_to_lie(void)
{
    world.has_lying_disk = true;
    world.has_disturbances = true;
    world.sim.drops_flushes = true;
}

/* Some weeks; the folder may have lost its marker, and is approved. */
static void live_on(void)
{
    assert_true(sim_world_run(&world, HOUR_MS));
    (void)mirror_approve(world.mirror);
    assert_true(sim_world_run(&world, WEEKS_MS));
}

/* Damage that shows only at work: the agent asks for a start, which rebuilds the state. */
static void start_again(void)
{
    unsigned rebuilds = world.rebuilds;
    sim_world_stop(&world);
    if (!sim_world_start(&world))
        fail_msg("it does not start again");
    assert_int_equal(world.rebuilds, rebuilds + 1);
    live_on();
}

/* False: the scenario is over before that effect; the cut comes then. */
static bool cut_before(const struct sim_scenario *scenario, unsigned effect)
{
    sim_scenario_begin(&world, scenario);
    world.sim.chance += effect;
    keep_something();
    begin_to_lie();
    world.sim.stop_at = world.sim.effects + effect;
    sim_scenario_change(&world, scenario);
    bool has_stopped =
        !sim_scenario_follow(&world) || !sim_world_run(&world, CHECKPOINT_MS);
    sim_world_cut(&world, choose, &world.sim);
    world.sim.drops_flushes = false;
    sim_check_always(&world);
    if (!sim_world_start(&world))
        fail_msg("it does not start again");
    live_on();
    if (mirror_status(world.mirror)->failure.number == 61)
        start_again();
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
    return has_stopped;
}

static void survives_a_cut_on_a_disk_that_lies(void **state)
{
    (void)state;
    unsigned cuts = 0;
    unsigned rebuilds = 0;
    unsigned step = sim_stride(STRIDE);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool has_stopped = true;
        table_row_begins(names[i]);
        for (unsigned k = 1 + (unsigned)i % step; has_stopped && k < MAX_EFFECTS;
             k += step) {
            has_stopped = cut_before(sim_scenario_find(names[i]), k);
            rebuilds += world.rebuilds;
            cuts++;
        }
    }
    table_row_begins(NULL);
    print_message("%u cuts, %u states rebuilt\n", cuts, rebuilds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(survives_a_cut_on_a_disk_that_lies),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
