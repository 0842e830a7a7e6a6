/* The whole engine stopped before every effect of every scenario (F-01, F-02, F-03): what
 * stands is safe at that instant, and starting again is enough. The shortest are stopped
 * once more while they recover: with TEST_LONG at every pair of effects.
 *
 *     SIM_STRIDE=1          before every effect; 3 means every third, which is the short
 *                           form
 */
#include <stdlib.h>

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_scenarios.h"
#include "tests/support/table.h"

enum { SHORTEST = 10, MAX_EFFECTS = 5000, STRIDE = 3 };

static struct sim_world world; /* too large for the stack */

/* True: the world has stopped before effect `stop_at` of the scenario. */
static bool run(const struct sim_scenario *scenario, unsigned stop_at)
{
    table_row_begins(scenario->name);
    sim_scenario_begin(&world, scenario);
    world.sim.stop_at = stop_at == 0 ? 0 : world.sim.effects + stop_at;
    world.has_disturbances = world.has_disturbances || stop_at != 0;
    sim_scenario_change(&world, scenario);
    bool has_stopped = !sim_scenario_follow(&world);
    if (!has_stopped)
        world.sim.stop_at = 0;
    return has_stopped;
}

static void live_on(void)
{
    sim_world_stop(&world);
    sim_check_always(&world);
    if (!sim_world_start(&world))
        fail_msg("it does not start again");
    sim_check_claims(&world);
}

static void end(void)
{
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
}

static void every_scenario_ends_as_it_must(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_scenario_count; i++) {
        assert_false(run(&sim_scenarios[i], 0));
        end();
    }
}

static void survives_a_kill_before_any_effect(void **state)
{
    (void)state;
    unsigned kills = 0;
    unsigned step = sim_stride(STRIDE);
    for (size_t i = 0; i < sim_scenario_count; i++) {
        for (unsigned k = 1 + (unsigned)i % step; run(&sim_scenarios[i], k); k += step) {
            assert_true(k < MAX_EFFECTS);
            live_on();
            end();
            kills++;
        }
        end();
    }
    print_message("%zu scenarios, %u kills\n", sim_scenario_count, kills);
}

static void survives_a_kill_of_the_recovery(void **state)
{
    (void)state;
    unsigned kills = 0;
    bool is_long = getenv("TEST_LONG") != NULL;
    unsigned in_scenario = is_long ? 1 : 9;
    unsigned in_recovery = is_long ? 1 : 5;
    for (size_t i = 0; i < SHORTEST; i++) {
        bool has_stopped = true;
        for (unsigned k = 1; has_stopped && k < MAX_EFFECTS; k += in_scenario) {
            bool has_stopped_again = true;
            for (unsigned j = 1; has_stopped && has_stopped_again; j += in_recovery) {
                has_stopped = run(&sim_scenarios[i], k);
                sim_world_stop(&world);
                world.sim.stop_at = world.sim.effects + j;
                has_stopped_again =
                    !sim_world_start(&world) || !sim_scenario_follow(&world);
                live_on();
                end();
                kills++;
            }
        }
    }
    print_message("%d scenarios, %u kills of a recovery\n", SHORTEST, kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(every_scenario_ends_as_it_must),
        TABLE_TEST(survives_a_kill_before_any_effect),
        TABLE_TEST(survives_a_kill_of_the_recovery),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
