#include "agent/desktop/thrift_watch.h"

#include <stdlib.h>
#include <string.h>

#include "agent/desktop/property_watch.h"
#include "agent/words.h"

static const struct property metered = {
    "org.freedesktop.NetworkManager",
    "/org/freedesktop/NetworkManager",
    "org.freedesktop.NetworkManager",
    "Metered",
};

/* The same daemon under its old and its new name. */
static const struct property profiles[] = {
    {"net.hadess.PowerProfiles",             "/net/hadess/PowerProfiles",             "net.hadess.PowerProfiles",
     "ActiveProfile"                                                                                                             },
    {"org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles",
     "org.freedesktop.UPower.PowerProfiles",                                                                      "ActiveProfile"},
};

enum { PROFILE_COUNT = sizeof profiles / sizeof *profiles };

struct thrift_watch {
    struct property_watch *metered_watch;
    struct property_watch *profile_watches[PROFILE_COUNT];
    bool is_metered;
    bool is_saving;
    const char *reason;
    thrift_watch_fn *fn;
    void *user;
};

static void tell(struct thrift_watch *watch)
{
    const char *reason = watch->is_metered  ? _("the network is metered")
                         : watch->is_saving ? _("the battery saver is on")
                                            : NULL;
    if (reason == watch->reason)
        return;
    watch->reason = reason;
    watch->fn(watch->user, reason);
}

static void on_metered_value(void *user, int64_t number, const char *text)
{
    /* NMMetered: 1 yes, 3 guessed yes. */
    (void)text;
    struct thrift_watch *watch = user;
    watch->is_metered = number == 1 || number == 3;
    tell(watch);
}

static void on_profile(void *user, int64_t number, const char *text)
{
    (void)number;
    struct thrift_watch *watch = user;
    watch->is_saving = strcmp(text, "power-saver") == 0;
    tell(watch);
}

struct thrift_watch *thrift_watch_new(struct bus *system_bus, bool on_metered,
                                      bool on_battery_saver, thrift_watch_fn *fn,
                                      void *user)
{
    if (system_bus == NULL || (!on_metered && !on_battery_saver))
        return NULL;
    struct thrift_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->fn = fn;
    watch->user = user;
    if (on_metered)
        watch->metered_watch =
            property_watch_new(system_bus, &metered, on_metered_value, watch);
    for (int i = 0; on_battery_saver && i < PROFILE_COUNT; i++)
        watch->profile_watches[i] =
            property_watch_new(system_bus, &profiles[i], on_profile, watch);
    return watch;
}

void thrift_watch_free(struct thrift_watch *watch)
{
    if (watch == NULL)
        return;
    property_watch_free(watch->metered_watch);
    for (int i = 0; i < PROFILE_COUNT; i++)
        property_watch_free(watch->profile_watches[i]);
    free(watch);
}
