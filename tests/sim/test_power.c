/* Power cuts (F-04): for the short scenarios, before every effect, disk states that a cut
 * may leave: operations on names undone, data without bytes, short or as of the last sync,
 * the database as of any sync or between. Whatever it is, after the next start nothing
 * wrong stands under a final name, the records claim nothing that is not there, and the end
 * is the same: the place in the feed was never ahead.
 *
 * The same where the drive is emptied before the start: what the cut has left of what was
 * there before goes as well.
 *
 * With TEST_LONG all states of every cut are tried, else a few, some of them by chance.
 *
 *     SIM_STRIDE=1          before every effect, which is the short form as well */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_check.h"
#include "tests/sim/sim_scenarios.h"
#include "tests/support/table.h"

enum { STATES = 2, STATES_LONG = 1000000, MAX_EFFECTS = 5000, STRIDE = 1 };

static const char *const names[] = {
    "a new file",
    "an edit",
    "a new name",
    "a deletion",
    "a swap of names (F-83)",
    "a new large file",
    "a move into a new folder",
    "a folder's new name",
    "a deletion of a folder",
    "a file becomes a folder (F-86)",
    "a folder becomes a file (F-86)",
    "the first mirror of a tree",
};

static const char *const emptied[] = {
    "an edit",
    "a new name",
    "a deletion",
    "a swap of names (F-83)",
};

static struct sim_world world; /* too large for the stack */

/* One state out of all: the digits of a number, in the bases that are asked for. */
struct choice {
    uint64_t number;
    uint64_t left;
    uint64_t total; /* of the states of this cut */
    bool is_by_chance;
};

static unsigned choose(void *user, unsigned limit)
{
    struct choice *choice = user;
    if (choice->is_by_chance)
        return sim_below(&world.sim, limit);
    choice->total *= limit;
    unsigned digit = (unsigned)(choice->left % limit);
    choice->left /= limit;
    return digit;
}

static void empty_drive(void)
{
    for (int i = 1; i < (int)world.drive.count; i++) {
        if (!world.drive.items[i].is_gone)
            sim_drive_delete(&world.drive, i);
    }
}

/* False: the scenario is over before that effect. */
static bool cut_before(const struct sim_scenario *scenario, unsigned effect,
                       struct choice *choice, bool is_emptied)
{
    sim_scenario_begin(&world, scenario);
    world.sim.stop_at = world.sim.effects + effect;
    world.has_disturbances = true;
    sim_scenario_change(&world, scenario);
    bool has_stopped = !sim_scenario_follow(&world);
    if (has_stopped) {
        world.sim.chance += choice->number;
        sim_world_cut(&world, choose, choice);
        sim_check_always(&world);
        if (is_emptied)
            empty_drive();
        if (!sim_world_start(&world))
            fail_msg("it does not start again");
        sim_check_claims(&world);
    }
    world.sim.stop_at = 0;
    assert_true(sim_world_settle(&world));
    sim_world_end(&world);
    return has_stopped;
}

static unsigned cut_everywhere(const struct sim_scenario *scenario, unsigned first,
                               unsigned step, bool is_emptied)
{
    bool is_long = getenv("TEST_LONG") != NULL;
    unsigned states = is_long ? STATES_LONG : STATES;
    unsigned cuts = 0;
    for (unsigned effect = first; effect < MAX_EFFECTS; effect += step) {
        for (unsigned state = 0; state < states; state++) {
            struct choice choice = {.number = state,
                                    .left = state,
                                    .total = 1,
                                    .is_by_chance = !is_long && state >= STATES / 2};
            if (!cut_before(scenario, effect, &choice, is_emptied))
                return cuts;
            cuts++;
            if (!choice.is_by_chance && state + 1 >= choice.total)
                break; /* those were all of them */
        }
    }
    return cuts;
}

static void cut_all(const char *const *scenarios, size_t count, bool is_emptied)
{
    unsigned step = sim_stride(STRIDE);
    unsigned cuts = 0;
    for (size_t i = 0; i < count; i++) {
        table_row_begins(scenarios[i]);
        unsigned first = 1 + (unsigned)i % step;
        unsigned more =
            cut_everywhere(sim_scenario_find(scenarios[i]), first, step, is_emptied);
        print_message("%s: %u power cuts\n", scenarios[i], more);
        cuts += more;
    }
    table_row_begins(NULL);
    print_message("%zu scenarios, %u power cuts\n", count, cuts);
}

static void survives_a_power_cut_before_any_effect(void **state)
{
    (void)state;
    cut_all(names, COUNT_OF(names), false);
}

static void what_a_cut_has_left_goes_with_its_item(void **state)
{
    (void)state;
    cut_all(emptied, COUNT_OF(emptied), true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TABLE_TEST(survives_a_power_cut_before_any_effect),
        TABLE_TEST(what_a_cut_has_left_goes_with_its_item),
    };
    sim_world_prepare();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sim_world_leave();
    return failed;
}
