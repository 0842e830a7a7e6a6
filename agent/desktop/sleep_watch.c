#include "agent/desktop/sleep_watch.h"

#include <stddef.h>

#ifdef HAVE_SYSTEMD

#include <stdlib.h>
#include <systemd/sd-bus.h>

struct sleep_watch {
    sd_bus_slot *slot;
    sleep_watch_fn *fn;
    void *user;
};

static int on_signal(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct sleep_watch *watch = user;
    int going_to_sleep = 0;
    if (sd_bus_message_read(message, "b", &going_to_sleep) >= 0)
        watch->fn(watch->user, going_to_sleep != 0);
    return 0;
}

struct sleep_watch *sleep_watch_new(struct bus *bus, sleep_watch_fn *fn, void *user)
{
    struct sleep_watch *watch = bus == NULL ? NULL : calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->fn = fn;
    watch->user = user;
    /* The asynchronous form: the loop is not held up while the bus answers. */
    int result = sd_bus_match_signal_async(
        bus_connection(bus), &watch->slot, "org.freedesktop.login1",
        "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
        on_signal, NULL, watch);
    if (result < 0) {
        free(watch);
        return NULL;
    }
    bus_changed(bus);
    return watch;
}

void sleep_watch_free(struct sleep_watch *watch)
{
    if (watch == NULL)
        return;
    sd_bus_slot_unref(watch->slot);
    free(watch);
}

#else

struct sleep_watch *sleep_watch_new(struct bus *bus, sleep_watch_fn *fn, void *user)
{
    (void)bus;
    (void)fn;
    (void)user;
    return NULL;
}

void sleep_watch_free(struct sleep_watch *watch)
{
    (void)watch;
}

#endif
