/* The notification channel: live after a moment, and now and then it misses something. */
#include <stdlib.h>

#include "agent/clock.h"
#include "tests/sim/sim_service.h"

enum { JOIN_US = 300000, NOTICE_US = 800000 };

struct link {
    struct service *service;
    struct link_callbacks callbacks;
    void *user;
    struct link_status status;
};

static void set_state(struct link *link, enum link_state state)
{
    link->status.state = state;
    link->status.since = clock_wall_ms();
    link->callbacks.on_status(link->user, &link->status);
}

static void join(void *user)
{
    struct link *link = user;
    set_state(link, LINK_LIVE);
    link->callbacks.on_live(link->user);
}

static void notice(void *user)
{
    struct link *link = user;
    link->status.events++;
    link->status.last_event = clock_wall_ms();
    link->callbacks.on_changed(link->user);
}

void sim_service_notify(struct service *service)
{
    struct link *link = service->link;
    if (link == NULL || link->status.state != LINK_LIVE ||
        sim_chance(service->sim, service->deaf_per_mille))
        return;
    sim_loop_after(service->loop, sim_below(service->sim, NOTICE_US), notice, link);
}

struct link *link_new(uv_loop_t *loop, const struct link_parts *parts,
                      const struct link_config *link_config,
                      const struct link_callbacks *callbacks, void *user,
                      struct failure *failure)
{
    (void)loop;
    (void)link_config;
    (void)failure;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        abort();
    link->service = parts->service;
    link->callbacks = *callbacks;
    link->user = user;
    parts->service->link = link;
    return link;
}

void link_start(struct link *link)
{
    if (link->status.state != LINK_OFF)
        return;
    set_state(link, LINK_CONNECTING);
    sim_loop_after(link->service->loop, sim_below(link->service->sim, JOIN_US), join, link);
}

static void forget_events(struct link *link)
{
    (void)sim_loop_cancel(link->service->loop, join, link);
    while (sim_loop_cancel(link->service->loop, notice, link))
        ;
}

void link_stop(struct link *link)
{
    forget_events(link);
    set_state(link, LINK_OFF);
}

void link_close(struct link *link)
{
    forget_events(link);
    link->service->link = NULL;
    free(link);
}

void link_wake(struct link *link)
{
    (void)link;
}

const struct link_status *link_status(struct link *link)
{
    return &link->status;
}

const char *link_state_text(enum link_state state)
{
    return state == LINK_LIVE ? "live" : "other";
}
