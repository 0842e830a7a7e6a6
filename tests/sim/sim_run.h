/* One run of a simulated machine in which everything happens by chance. */
#ifndef TESTS_SIM_SIM_RUN_H
#define TESTS_SIM_SIM_RUN_H

#include <stdint.h>

/* What came of a run: equal for equal seeds. */
struct sim_run {
    uint64_t trace;
    uint64_t events; /* lines of the trace: each a call, an answer, an act */
    unsigned lives;
    unsigned acts;    /* of the person */
    uint64_t changes; /* of the drive */
};

struct sim_run sim_run(uint64_t seed);

#endif
