#include "agent/sync/slices.h"

#include <stdlib.h>

#include "agent/clock.h"

enum { SLICE_MS = 10 };

struct slices {
    uv_timer_t timer;
    slices_step_fn *step;
    slices_done_fn *done;
    void *user;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void slices_cancel(struct slices *slices)
{
    if (slices != NULL)
        uv_close((uv_handle_t *)&slices->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    struct slices *slices = timer->data;
    uint64_t end_ms = clock_now_ms() + SLICE_MS;
    bool goes_on;
    do
        goes_on = slices->step(slices->user);
    while (goes_on && clock_now_ms() < end_ms);
    if (goes_on) {
        (void)uv_timer_start(timer, on_timer, SLICES_NEXT_TURN, 0);
        return;
    }
    slices_done_fn *done = slices->done;
    void *user = slices->user;
    slices_cancel(slices);
    done(user);
}

struct slices *slices_start(uv_loop_t *loop, slices_step_fn *step, slices_done_fn *done,
                            void *user)
{
    struct slices *slices = calloc(1, sizeof *slices);
    if (slices == NULL)
        return NULL;
    *slices = (struct slices){.step = step, .done = done, .user = user};
    (void)uv_timer_init(loop, &slices->timer); /* cannot fail, nor can its start */
    slices->timer.data = slices;
    (void)uv_timer_start(&slices->timer, on_timer, 0, 0);
    return slices;
}
