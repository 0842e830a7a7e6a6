/* What a mirror has to go through, one thing at a time, for tests that stop the world at
 * every step of it.
 *
 *     sim_scenario_begin(&world, scenario);   the mirror is in step with what was before
 *     sim_scenario_change(&world, scenario);  then this happens
 */
#ifndef TESTS_SIM_SIM_SCENARIOS_H
#define TESTS_SIM_SIM_SCENARIOS_H

#include "tests/sim/sim_world.h"

struct sim_scenario {
    const char *name;
    void (*before)(struct sim_world *world); /* NULL: an empty drive, and no mirror yet */
    void (*change)(struct sim_world *world);
};

extern const struct sim_scenario sim_scenarios[];
extern const size_t sim_scenario_count;

/* The one of this name; fails the test where there is none. */
const struct sim_scenario *sim_scenario_find(const char *name);
void sim_scenario_begin(struct sim_world *world, const struct sim_scenario *scenario);
void sim_scenario_change(struct sim_world *world, const struct sim_scenario *scenario);
/* Until the change is in the folder. False: the world has stopped on the way. */
bool sim_scenario_follow(struct sim_world *world);

#endif
