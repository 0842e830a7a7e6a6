/* The event loop of a simulated machine: a queue of what is to happen, in order of time.
 *
 * It takes the place of libuv: uv_timer_…, uv_queue_work, uv_close and uv_is_active are
 * defined here, work of the pool is done whole at a moment of chance and tells its end at a
 * later one, and the clock leaps to the next thing that is due.
 */
#ifndef TESTS_SIM_SIM_LOOP_H
#define TESTS_SIM_SIM_LOOP_H

#include <uv.h>

#include "tests/sim/sim.h"

typedef void sim_event_fn(void *user);

struct sim_event {
    uint64_t due_us;
    uint64_t order; /* of two that are due together */
    sim_event_fn *run;
    void *user;
};

struct sim_loop {
    struct sim *sim;
    uv_loop_t uv; /* for the engine: its `data` leads back here */
    struct sim_event *events;
    size_t count;
    size_t room;
    uint64_t next_order;
    uint64_t lag_us; /* timers come so much too early: libuv counts from an older time */
};

void sim_loop_init(struct sim_loop *loop, struct sim *sim);
void sim_loop_clear(struct sim_loop *loop);

void sim_loop_after(struct sim_loop *loop, uint64_t delay_us, sim_event_fn *run,
                    void *user);
/* Takes back what was to be run for `user`. False: it was not. */
bool sim_loop_cancel(struct sim_loop *loop, sim_event_fn *run, const void *user);
/* Lets the next thing happen. False: there is none. */
bool sim_loop_step(struct sim_loop *loop);
/* When it will; UINT64_MAX: never. */
uint64_t sim_loop_due(const struct sim_loop *loop);

#endif
