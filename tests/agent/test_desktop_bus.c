/* Metered networks, the battery saver and sleep, each against a stand-in for the real
 * service on a private bus. Both sides share one loop. Skipped where there is no
 * dbus-daemon. */
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "agent/desktop/bus.h"
#include "agent/desktop/sleep_watch.h"
#include "agent/desktop/thrift_watch.h"
#include "tests/support/private_bus.h"
#include "tests/support/table.h"

struct world {
    struct bus_pair bus;
    uint32_t metered;
    const char *profile;
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->profile = "balanced";
    bus_pair_open(&world->bus, BUS_SYSTEM);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    bus_pair_close(&world->bus);
    free(world);
    return 0;
}

static struct world *world_or_skip(void **state)
{
    struct world *world = *state;
    if (!bus_pair_is_there(&world->bus))
        skip();
    return world;
}

static void own_name(struct world *world, const char *name)
{
    /* Blocking, on the stand-in's side: done before anybody asks. */
    assert_true(sd_bus_request_name(bus_connection(world->bus.service), name, 0) >= 0);
    bus_changed(world->bus.service);
}

/* Stand-ins. */

static int get_metered(sd_bus *bus, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *user,
                       sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "u", ((struct world *)user)->metered);
}

static int get_profile(sd_bus *bus, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *user,
                       sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", ((struct world *)user)->profile);
}

static const sd_bus_vtable network_manager[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Metered", "u", get_metered, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable power_profiles[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ActiveProfile", "s", get_profile, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

static void serve(struct world *world, const char *path, const char *interface,
                  const sd_bus_vtable *table)
{
    assert_true(sd_bus_add_object_vtable(bus_connection(world->bus.service), NULL, path,
                                         interface, table, world) >= 0);
}

static void announce(struct world *world, const char *path, const char *interface,
                     const char *property)
{
    assert_true(sd_bus_emit_properties_changed(bus_connection(world->bus.service), path,
                                               interface, property, NULL) >= 0);
    bus_changed(world->bus.service);
}

/* Tests. */

static void remember_reason(void *user, const char *reason)
{
    *(const char **)user = reason;
}

static void a_metered_network_is_noticed_at_once_and_ends(void **state)
{
    struct world *world = world_or_skip(state);
    static const char path[] = "/org/freedesktop/NetworkManager";
    static const char name[] = "org.freedesktop.NetworkManager";
    world->metered = 1;
    serve(world, path, name, network_manager);
    own_name(world, name);
    const char *reason = NULL;
    struct thrift_watch *watch =
        thrift_watch_new(world->bus.client, true, false, remember_reason, &reason);
    RUN_UNTIL(&world->bus, reason != NULL);
    assert_non_null(strstr(reason, "metered"));
    world->metered = 2;
    announce(world, path, name, "Metered");
    RUN_UNTIL(&world->bus, reason == NULL);
    thrift_watch_free(watch);
}

static void the_battery_saver_is_noticed_and_ends(void **state)
{
    struct world *world = world_or_skip(state);
    static const char path[] = "/org/freedesktop/UPower/PowerProfiles";
    static const char name[] = "org.freedesktop.UPower.PowerProfiles";
    serve(world, path, name, power_profiles);
    own_name(world, name);
    const char *reason = NULL;
    struct thrift_watch *watch =
        thrift_watch_new(world->bus.client, false, true, remember_reason, &reason);
    world->profile = "power-saver";
    announce(world, path, name, "ActiveProfile");
    RUN_UNTIL(&world->bus, reason != NULL);
    assert_non_null(strstr(reason, "battery saver"));
    world->profile = "balanced";
    announce(world, path, name, "ActiveProfile");
    RUN_UNTIL(&world->bus, reason == NULL);
    thrift_watch_free(watch);
}

struct sleeps {
    int down;
    int up;
};

static void count_sleep(void *user, bool going_to_sleep)
{
    struct sleeps *sleeps = user;
    if (going_to_sleep)
        sleeps->down++;
    else
        sleeps->up++;
}

static void tell_sleep(struct world *world, int going_to_sleep)
{
    assert_true(sd_bus_emit_signal(bus_connection(world->bus.service),
                                   "/org/freedesktop/login1",
                                   "org.freedesktop.login1.Manager", "PrepareForSleep", "b",
                                   going_to_sleep) >= 0);
    bus_changed(world->bus.service);
}

static void suspend_and_resume_are_told_by_logind(void **state) /* F-154 */
{
    struct world *world = world_or_skip(state);
    own_name(world, "org.freedesktop.login1");
    struct sleeps sleeps = {0};
    struct sleep_watch *watch = sleep_watch_new(world->bus.client, count_sleep, &sleeps);
    assert_non_null(watch);
    /* The subscription is on its way: a signal before it arrives is not heard, so the first
     * one is told until it is. */
    for (int i = 0; i < 100 && sleeps.down == 0; i++) {
        tell_sleep(world, 1);
        for (int j = 0; j < 10 && sleeps.down == 0; j++)
            (void)uv_run(&world->bus.loop, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
    assert_true(sleeps.down > 0);
    tell_sleep(world, 0);
    RUN_UNTIL(&world->bus, sleeps.up == 1);
    sleep_watch_free(watch);
}

static void without_a_bus_everything_is_quiet(void **state)
{
    (void)state;
    assert_null(thrift_watch_new(NULL, true, true, remember_reason, NULL));
    assert_null(sleep_watch_new(NULL, count_sleep, NULL));
    bus_close(NULL);
}

#define WORLD_TEST(function)                                                               \
    cmocka_unit_test_setup_teardown(function, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_metered_network_is_noticed_at_once_and_ends),
        WORLD_TEST(the_battery_saver_is_noticed_and_ends),
        WORLD_TEST(suspend_and_resume_are_told_by_logind),
        cmocka_unit_test(without_a_bus_everything_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
