#include "agent/surroundings.h"

#include <stdlib.h>

#include "agent/desktop/address_watch.h"
#include "agent/desktop/bus.h"
#include "agent/desktop/clock_watch.h"
#include "agent/desktop/sleep_watch.h"
#include "agent/desktop/thrift_watch.h"

struct surroundings {
    struct clock_watch *clock_watch;
    struct address_watch *address_watch;
    struct bus *system_bus;
    struct bus *session_bus;
    struct sleep_watch *sleep_watch;
    struct thrift_watch *thrift_watch;
    struct notify *notify;
    struct launch *launch;
    bool may_notify;
    struct surroundings_callbacks callbacks;
    void *user;
};

static void on_clock(void *user, uint64_t slept_ms)
{
    struct surroundings *surroundings = user;
    surroundings->callbacks.on_clock(surroundings->user, slept_ms > 0, slept_ms);
}

static void on_sleep(void *user, bool going_to_sleep)
{
    struct surroundings *surroundings = user;
    if (!going_to_sleep)
        surroundings->callbacks.on_clock(surroundings->user, true, 0);
}

static void on_addresses(void *user, bool appeared)
{
    struct surroundings *surroundings = user;
    surroundings->callbacks.on_addresses(surroundings->user, appeared);
}

static void on_thrift(void *user, const char *reason)
{
    struct surroundings *surroundings = user;
    surroundings->callbacks.on_thrift(surroundings->user, reason);
}

static void on_action(void *user, enum notify_condition condition, const char *subject,
                      const char *key)
{
    struct surroundings *surroundings = user;
    surroundings->callbacks.on_action(surroundings->user, condition, subject, key);
}

struct surroundings *surroundings_new(uv_loop_t *loop,
                                      const struct surroundings_callbacks *callbacks,
                                      void *user)
{
    struct surroundings *surroundings = calloc(1, sizeof *surroundings);
    if (surroundings == NULL)
        return NULL;
    surroundings->callbacks = *callbacks;
    surroundings->user = user;
    surroundings->clock_watch = clock_watch_new(loop, on_clock, surroundings);
    surroundings->address_watch = address_watch_new(loop, on_addresses, surroundings);
    surroundings->system_bus = bus_open(loop, BUS_SYSTEM);
    surroundings->session_bus = bus_open(loop, BUS_SESSION);
    surroundings->sleep_watch =
        sleep_watch_new(surroundings->system_bus, on_sleep, surroundings);
    surroundings->notify = notify_new(surroundings->session_bus, on_action, surroundings);
    surroundings->launch = launch_new(loop, surroundings->session_bus);
    return surroundings;
}

void surroundings_configure(struct surroundings *surroundings, const struct config *config)
{
    if (surroundings == NULL)
        return;
    surroundings->may_notify = config->notifications;
    thrift_watch_free(surroundings->thrift_watch);
    /* The new watch tells anew what holds; until then there is nothing to be thrifty for.
     */
    surroundings->callbacks.on_thrift(surroundings->user, NULL);
    surroundings->thrift_watch =
        thrift_watch_new(surroundings->system_bus, config->pause_on_metered,
                         config->pause_on_battery_saver, on_thrift, surroundings);
}

void surroundings_tell(struct surroundings *surroundings,
                       const struct notify_notice *notices, size_t count)
{
    if (surroundings != NULL)
        notify_update(surroundings->notify, notices, surroundings->may_notify ? count : 0);
}

struct launch *surroundings_launch(struct surroundings *surroundings)
{
    return surroundings == NULL ? NULL : surroundings->launch;
}

void surroundings_close(struct surroundings *surroundings)
{
    if (surroundings == NULL)
        return;
    thrift_watch_free(surroundings->thrift_watch);
    sleep_watch_free(surroundings->sleep_watch);
    launch_close(surroundings->launch);
    notify_free(surroundings->notify);
    bus_close(surroundings->session_bus);
    bus_close(surroundings->system_bus);
    address_watch_close(surroundings->address_watch);
    clock_watch_close(surroundings->clock_watch);
    free(surroundings);
}
