/* Many runs, by as many processes as there are processors (SIM_JOBS says otherwise). */
#ifndef TESTS_SIM_SIM_MANY_H
#define TESTS_SIM_SIM_MANY_H

#include "tests/sim/sim_run.h"

struct sim_many {
    uint64_t runs;
    uint64_t failed;
    uint64_t fewest_events; /* of one run */
    uint64_t events;
    uint64_t lives;
    uint64_t acts;
    uint64_t changes;
};

/* The runs of `count` seeds from `first` on. What fails says so itself on stderr, and the
 * others go on without it; after a hundred such no more are begun. */
struct sim_many sim_many(uint64_t first, uint64_t count);

#endif
