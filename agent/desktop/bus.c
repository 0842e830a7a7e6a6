#include "agent/desktop/bus.h"

#ifdef HAVE_SYSTEMD

#include <poll.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <time.h>

struct bus {
    uv_poll_t poll;
    uv_timer_t timer;
    sd_bus *connection;
    int open_handles;
    bool closing;
};

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

static int uv_events_of(int events)
{
    return ((events & POLLIN) != 0 ? UV_READABLE : 0) |
           ((events & POLLOUT) != 0 ? UV_WRITABLE : 0);
}

/* sd-bus tells its timeout as a point of CLOCK_MONOTONIC in microseconds. */
static uint64_t delay_until(uint64_t point_us)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    return point_us <= now_us ? 0 : (point_us - now_us + 999) / 1000;
}

static void give_up(struct bus *bus)
{
    (void)uv_poll_stop(&bus->poll);
    (void)uv_timer_stop(&bus->timer);
}

void bus_changed(struct bus *bus)
{
    int events = sd_bus_get_events(bus->connection);
    if (events < 0) {
        give_up(bus);
        return;
    }
    (void)uv_poll_start(&bus->poll, uv_events_of(events), on_poll);
    uint64_t point_us = UINT64_MAX;
    if (sd_bus_get_timeout(bus->connection, &point_us) >= 0 && point_us != UINT64_MAX)
        (void)uv_timer_start(&bus->timer, on_timer, delay_until(point_us), 0);
    else
        (void)uv_timer_stop(&bus->timer);
}

static void step(struct bus *bus)
{
    int result = 0;
    do
        result = sd_bus_process(bus->connection, NULL);
    while (result > 0 && !bus->closing);
    if (bus->closing)
        return;
    /* The bus has gone away: what depends on it falls silent, nothing else does. */
    if (result < 0)
        give_up(bus);
    else
        bus_changed(bus);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    step(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct bus *bus = handle->data;
    if (--bus->open_handles > 0)
        return;
    sd_bus_close_unref(bus->connection);
    free(bus);
}

struct bus *bus_open(uv_loop_t *loop, enum bus_kind kind)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return NULL;
    int result = kind == BUS_SYSTEM ? sd_bus_open_system(&bus->connection)
                                    : sd_bus_open_user(&bus->connection);
    if (result < 0 || uv_timer_init(loop, &bus->timer) != 0) {
        sd_bus_unref(bus->connection);
        free(bus);
        return NULL;
    }
    bus->timer.data = bus;
    bus->open_handles = 1;
    bus->poll.data = bus;
    if (uv_poll_init(loop, &bus->poll, sd_bus_get_fd(bus->connection)) != 0) {
        bus->closing = true;
        uv_close((uv_handle_t *)&bus->timer, on_closed);
        return NULL;
    }
    bus->open_handles = 2;
    bus_changed(bus);
    return bus;
}

void bus_close(struct bus *bus)
{
    if (bus == NULL || bus->closing)
        return;
    bus->closing = true;
    uv_close((uv_handle_t *)&bus->poll, on_closed);
    uv_close((uv_handle_t *)&bus->timer, on_closed);
}

struct sd_bus *bus_connection(struct bus *bus)
{
    return bus->connection;
}

#else

#include <stddef.h>

struct bus *bus_open(uv_loop_t *loop, enum bus_kind kind)
{
    (void)loop;
    (void)kind;
    return NULL;
}

void bus_close(struct bus *bus)
{
    (void)bus;
}

struct sd_bus *bus_connection(struct bus *bus)
{
    (void)bus;
    return NULL;
}

void bus_changed(struct bus *bus)
{
    (void)bus;
}

#endif
