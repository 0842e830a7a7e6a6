#include "tests/sim/sim_loop.h"

#include <stdlib.h>

enum { WORK_US = 4000, END_US = 3000 };

void sim_loop_init(struct sim_loop *loop, struct sim *sim)
{
    *loop = (struct sim_loop){.sim = sim};
    loop->uv.data = loop;
}

void sim_loop_clear(struct sim_loop *loop)
{
    free(loop->events);
    *loop = (struct sim_loop){.sim = loop->sim};
}

void sim_loop_after(struct sim_loop *loop, uint64_t delay_us, sim_event_fn *run, void *user)
{
    if (loop->count == loop->room) {
        loop->room = loop->room * 2 + 64;
        loop->events = realloc(loop->events, loop->room * sizeof *loop->events);
        if (loop->events == NULL)
            abort();
    }
    loop->events[loop->count++] = (struct sim_event){
        .due_us = loop->sim->now_us + delay_us,
        .order = loop->next_order++,
        .run = run,
        .user = user,
    };
}

static void remove_at(struct sim_loop *loop, size_t index)
{
    loop->events[index] = loop->events[--loop->count];
}

static size_t find(const struct sim_loop *loop, sim_event_fn *run, const void *user)
{
    size_t index = 0;
    while (index < loop->count &&
           (loop->events[index].run != run || loop->events[index].user != user))
        index++;
    return index;
}

bool sim_loop_cancel(struct sim_loop *loop, sim_event_fn *run, const void *user)
{
    size_t index = find(loop, run, user);
    if (index == loop->count)
        return false;
    remove_at(loop, index);
    return true;
}

static size_t find_next(const struct sim_loop *loop)
{
    size_t next = 0;
    for (size_t i = 1; i < loop->count; i++) {
        const struct sim_event *event = &loop->events[i];
        const struct sim_event *best = &loop->events[next];
        if (event->due_us < best->due_us ||
            (event->due_us == best->due_us && event->order < best->order))
            next = i;
    }
    return next;
}

uint64_t sim_loop_due(const struct sim_loop *loop)
{
    return loop->count == 0 ? UINT64_MAX : loop->events[find_next(loop)].due_us;
}

bool sim_loop_step(struct sim_loop *loop)
{
    if (loop->count == 0)
        return false;
    size_t next = find_next(loop);
    struct sim_event event = loop->events[next];
    remove_at(loop, next);
    if (event.due_us > loop->sim->now_us)
        loop->sim->now_us = event.due_us;
    event.run(event.user);
    return true;
}

/* What the engine calls. */

static struct sim_loop *loop_of(const uv_loop_t *loop)
{
    return loop->data;
}

static void fire(void *user)
{
    uv_timer_t *timer = user;
    timer->timer_cb(timer);
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
    *handle = (uv_timer_t){.loop = loop, .type = UV_TIMER};
    return 0;
}

int uv_timer_start(uv_timer_t *handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat)
{
    struct sim_loop *loop = loop_of(handle->loop);
    if (repeat != 0)
        abort(); /* nobody asks for it */
    (void)sim_loop_cancel(loop, fire, handle);
    handle->timer_cb = cb;
    uint64_t delay_us = timeout * 1000;
    sim_loop_after(loop, delay_us > loop->lag_us ? delay_us - loop->lag_us : delay_us, fire,
                   handle);
    return 0;
}

int uv_timer_stop(uv_timer_t *handle)
{
    (void)sim_loop_cancel(loop_of(handle->loop), fire, handle);
    return 0;
}

int uv_is_active(const uv_handle_t *handle)
{
    const struct sim_loop *loop = loop_of(handle->loop);
    return find(loop, fire, handle) < loop->count;
}

static void tell_closed(void *user)
{
    uv_handle_t *handle = user;
    handle->close_cb(handle);
}

void uv_close(uv_handle_t *handle, uv_close_cb close_cb)
{
    struct sim_loop *loop = loop_of(handle->loop);
    (void)sim_loop_cancel(loop, fire, handle);
    handle->close_cb = close_cb;
    sim_loop_after(loop, 0, tell_closed, handle);
}

/* How many share the work of a check: on every machine as many. */
unsigned int uv_available_parallelism(void)
{
    return 2;
}

static void tell_worked(void *user)
{
    uv_work_t *work = user;
    work->after_work_cb(work, 0);
}

static void work_now(void *user)
{
    uv_work_t *work = user;
    struct sim_loop *loop = loop_of(work->loop);
    work->work_cb(work);
    sim_loop_after(loop, sim_below(loop->sim, END_US), tell_worked, work);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *req, uv_work_cb work_cb,
                  uv_after_work_cb after_work_cb)
{
    struct sim_loop *own = loop_of(loop);
    req->loop = loop;
    req->work_cb = work_cb;
    req->after_work_cb = after_work_cb;
    sim_loop_after(own, sim_below(own->sim, WORK_US), work_now, req);
    return 0;
}
