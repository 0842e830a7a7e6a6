/* Notifications against a stand-in for the server on a private bus. Both sides share one
 * loop. Skipped where there is no dbus-daemon. */
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "agent/desktop/notify.h"
#include "tests/support/private_bus.h"
#include "tests/support/table.h"

#define SERVICE "org.freedesktop.Notifications"
#define OBJECT  "/org/freedesktop/Notifications"

struct world {
    struct bus_pair bus;
    bool has_abilities; /* the stand-in shows actions and reads markup */
    int shown;
    int ended;
    uint32_t next_id;
    uint32_t replaced; /* by the last notice, 0 none */
    char summary[64];
    char body[128];
    char actions[128]; /* keys and labels, each with "|" behind it */
    sd_bus_message *unanswered;
    bool holds_answers;
    char chosen[64];
};

/* The stand-in. */

static int on_capabilities(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    if (((struct world *)user)->has_abilities)
        return sd_bus_reply_method_return(message, "as", 2, "actions", "body-markup");
    return sd_bus_reply_method_return(message, "as", 0);
}

static void read_actions(struct world *world, sd_bus_message *message)
{
    const char *word = NULL;
    size_t used = 0;
    world->actions[0] = '\0';
    if (sd_bus_message_enter_container(message, 'a', "s") < 0)
        return;
    while (sd_bus_message_read(message, "s", &word) > 0)
        used += (size_t)snprintf(world->actions + used, sizeof world->actions - used, "%s|",
                                 word);
    (void)sd_bus_message_exit_container(message);
}

static int on_notify(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct world *world = user;
    const char *name = NULL;
    const char *icon = NULL;
    const char *summary = NULL;
    const char *body = NULL;
    if (sd_bus_message_read(message, "susss", &name, &world->replaced, &icon, &summary,
                            &body) < 0)
        return -1;
    (void)snprintf(world->summary, sizeof world->summary, "%s", summary);
    (void)snprintf(world->body, sizeof world->body, "%s", body);
    read_actions(world, message);
    world->shown++;
    if (world->holds_answers) {
        world->unanswered = sd_bus_message_ref(message);
        return 1;
    }
    return sd_bus_reply_method_return(
        message, "u", world->replaced == 0 ? ++world->next_id : world->replaced);
}

static int on_close(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    ((struct world *)user)->ended++;
    return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable server[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetCapabilities", "", "as", on_capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CloseNotification", "u", "", on_close, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->has_abilities = true;
    bus_pair_open(&world->bus, BUS_SESSION);
    if (bus_pair_is_there(&world->bus)) {
        sd_bus *connection = bus_connection(world->bus.service);
        assert_true(sd_bus_add_object_vtable(connection, NULL, OBJECT, SERVICE, server,
                                             world) >= 0);
        assert_true(sd_bus_request_name(connection, SERVICE, 0) >= 0);
        bus_changed(world->bus.service);
    }
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

static void signal_with(struct world *world, const char *member, const char *types,
                        uint32_t id, const char *key)
{
    sd_bus *connection = bus_connection(world->bus.service);
    int result = key == NULL ? sd_bus_emit_signal(connection, OBJECT, SERVICE, member,
                                                  types, id, (uint32_t)2)
                             : sd_bus_emit_signal(connection, OBJECT, SERVICE, member,
                                                  types, id, key);
    assert_true(result >= 0);
    bus_changed(world->bus.service);
}

/* All that is on its way arrives: a round trip behind it. */
static int on_ping(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)message, (void)error;
    *(bool *)user = true;
    return 0;
}

static void settle(struct world *world)
{
    for (int i = 0; i < 2; i++) {
        bool back = false;
        struct bus *from = i == 0 ? world->bus.service : world->bus.client;
        const char *to = NULL;
        assert_true(
            sd_bus_get_unique_name(
                bus_connection(i == 0 ? world->bus.client : world->bus.service), &to) >= 0);
        assert_true(sd_bus_call_method_async(bus_connection(from), NULL, to, "/",
                                             "org.freedesktop.DBus.Peer", "Ping", on_ping,
                                             &back, "") >= 0);
        bus_changed(from);
        RUN_UNTIL(&world->bus, back);
    }
}

static void remember(void *user, enum notify_condition condition, const char *subject,
                     const char *key)
{
    struct world *world = user;
    (void)snprintf(world->chosen, sizeof world->chosen, "%d %s %s", (int)condition, subject,
                   key);
}

static const struct notify_notice deletion = {
    .condition = NOTIFY_BIG_DELETION,
    .subject = "main",
    .summary = "Many files",
    .body = "<b>&\n",
    .actions = {{"approve", "Delete"}, {"refuse", "Keep"}}
};

/* Tests. */

static void a_notice_is_shown_replaced_and_taken_away(void **state) /* F-152 */
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    struct notify_notice notice = deletion;
    notify_update(notify, &notice, 1);
    RUN_UNTIL(&world->bus, world->shown == 1);
    assert_string_equal(world->summary, "Many files");
    assert_string_equal(world->body, "&lt;b&gt;&amp; ");
    assert_string_equal(world->actions, "default|Delete|approve|Delete|refuse|Keep|");
    settle(world);
    notice.body = "again";
    notify_update(notify, &notice, 1);
    RUN_UNTIL(&world->bus, world->shown == 2);
    assert_int_equal(world->replaced, 1);
    settle(world);
    notify_update(notify, NULL, 0);
    RUN_UNTIL(&world->bus, world->ended == 1);
    notify_free(notify);
}

static void the_same_notice_is_shown_once(void **state)
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    for (int i = 0; i < 10; i++) {
        notify_update(notify, &deletion, 1);
        settle(world);
    }
    assert_int_equal(world->shown, 1);
    notify_free(notify);
}

static void what_a_person_closed_stays_closed(void **state)
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    struct notify_notice notice = deletion;
    notify_update(notify, &notice, 1);
    RUN_UNTIL(&world->bus, world->shown == 1);
    settle(world);
    signal_with(world, "NotificationClosed", "uu", 1, NULL);
    settle(world);
    notify_update(notify, &notice, 1);
    settle(world);
    assert_int_equal(world->shown, 1);
    notice.body = "worse";
    notify_update(notify, &notice, 1);
    RUN_UNTIL(&world->bus, world->shown == 2);
    assert_int_equal(world->replaced, 0);
    notify_free(notify);
}

/* The answer with the id is still under way when the text changes: there is one notice,
 * not two. */
static void a_change_waits_for_the_id_of_what_it_replaces(void **state)
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    struct notify_notice notice = deletion;
    world->holds_answers = true;
    notify_update(notify, &notice, 1);
    RUN_UNTIL(&world->bus, world->unanswered != NULL);
    notice.body = "other";
    notify_update(notify, &notice, 1);
    settle(world);
    assert_int_equal(world->shown, 1);
    world->holds_answers = false;
    assert_true(sd_bus_reply_method_return(world->unanswered, "u", 9) >= 0);
    world->unanswered = sd_bus_message_unref(world->unanswered);
    bus_changed(world->bus.service);
    RUN_UNTIL(&world->bus, world->shown == 2);
    assert_int_equal(world->replaced, 9);
    notify_free(notify);
}

static void a_choice_comes_back(void **state)
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    notify_update(notify, &deletion, 1);
    RUN_UNTIL(&world->bus, world->shown == 1);
    settle(world);
    signal_with(world, "ActionInvoked", "us", 1, "refuse");
    RUN_UNTIL(&world->bus, world->chosen[0] != '\0');
    assert_string_equal(world->chosen, "2 main refuse");
    signal_with(world, "ActionInvoked", "us", 1, "default");
    RUN_UNTIL(&world->bus, strcmp(world->chosen, "2 main approve") == 0);
    signal_with(world, "ActionInvoked", "us", 1, "something else");
    signal_with(world, "ActionInvoked", "us", 77, "refuse");
    settle(world);
    assert_string_equal(world->chosen, "2 main approve");
    notify_free(notify);
}

static void a_plain_server_gets_plain_text_and_no_actions(void **state)
{
    struct world *world = world_or_skip(state);
    world->has_abilities = false;
    struct notify *notify = notify_new(world->bus.client, remember, world);
    notify_update(notify, &deletion, 1);
    RUN_UNTIL(&world->bus, world->shown == 1);
    assert_string_equal(world->body, "<b>& ");
    assert_string_equal(world->actions, "");
    notify_free(notify);
}

static void a_new_server_is_told_anew(void **state)
{
    struct world *world = world_or_skip(state);
    struct notify *notify = notify_new(world->bus.client, remember, world);
    notify_update(notify, &deletion, 1);
    RUN_UNTIL(&world->bus, world->shown == 1);
    settle(world);
    sd_bus *connection = bus_connection(world->bus.service);
    assert_true(sd_bus_release_name(connection, SERVICE) >= 0);
    assert_true(sd_bus_request_name(connection, SERVICE, 0) >= 0);
    bus_changed(world->bus.service);
    RUN_UNTIL(&world->bus, world->shown == 2);
    assert_int_equal(world->replaced, 0);
    notify_free(notify);
}

static void without_a_bus_nothing_is_shown(void **state)
{
    (void)state;
    assert_null(notify_new(NULL, remember, NULL));
    notify_update(NULL, &deletion, 1);
    notify_free(NULL);
}

#define WORLD_TEST(function)                                                               \
    cmocka_unit_test_setup_teardown(function, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_notice_is_shown_replaced_and_taken_away),
        WORLD_TEST(the_same_notice_is_shown_once),
        WORLD_TEST(what_a_person_closed_stays_closed),
        WORLD_TEST(a_change_waits_for_the_id_of_what_it_replaces),
        WORLD_TEST(a_choice_comes_back),
        WORLD_TEST(a_plain_server_gets_plain_text_and_no_actions),
        WORLD_TEST(a_new_server_is_told_anew),
        cmocka_unit_test(without_a_bus_nothing_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
