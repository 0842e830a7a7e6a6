#include "agent/tray/tray_menu.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define MENU "com.canonical.dbusmenu"

enum { MENU_VERSION = 3 };

struct tray_menu {
    struct bus *bus;
    const struct tray_view *view;
    sd_bus_slot *object;
    uint32_t revision;
    tray_item_fn *fn;
    void *user;
};

/* Properties of an entry. */

static bool has_children(const struct tray_view *view, int id)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->entries[i].parent == id)
            return true;
    }
    return false;
}

/* Only what differs from the protocol's defaults is said. Id 0 is the menu itself. */
static int add_properties(const struct tray_menu *menu, int id, sd_bus_message *message)
{
    const struct tray_entry *entry = tray_view_find(menu->view, id);
    int result = sd_bus_message_open_container(message, 'a', "{sv}");
    if (result >= 0 && entry != NULL && entry->is_separator)
        result = sd_bus_message_append(message, "{sv}", "type", "s", "separator");
    if (result >= 0 && entry != NULL && !entry->is_separator)
        result = sd_bus_message_append(message, "{sv}", "label", "s", entry->label);
    if (result >= 0 && entry != NULL && !entry->is_separator && !entry->is_enabled)
        result = sd_bus_message_append(message, "{sv}", "enabled", "b", 0);
    if (result >= 0 && has_children(menu->view, id))
        result = sd_bus_message_append(message, "{sv}", "children-display", "s", "submenu");
    return result < 0 ? result : sd_bus_message_close_container(message);
}

/* One node with what is below it, "(ia{sv}av)". The menu is two levels deep at most. */
static int add_node(const struct tray_menu *menu, int id, int depth,
                    sd_bus_message *message)
{
    int result = sd_bus_message_open_container(message, 'r', "ia{sv}av");
    if (result >= 0)
        result = sd_bus_message_append(message, "i", (int32_t)id);
    if (result >= 0)
        result = add_properties(menu, id, message);
    if (result >= 0)
        result = sd_bus_message_open_container(message, 'a', "v");
    for (size_t i = 0; result >= 0 && depth != 0 && i < menu->view->count; i++) {
        const struct tray_entry *entry = &menu->view->entries[i];
        if (entry->parent != id)
            continue;
        result = sd_bus_message_open_container(message, 'v', "(ia{sv}av)");
        if (result >= 0)
            result = add_node(menu, entry->id, depth - 1, message);
        if (result >= 0)
            result = sd_bus_message_close_container(message);
    }
    if (result >= 0)
        result = sd_bus_message_close_container(message);
    return result < 0 ? result : sd_bus_message_close_container(message);
}

/* Methods. */

static int send_reply(sd_bus_message *message, sd_bus_message *reply, int result)
{
    if (result >= 0)
        result = sd_bus_send(sd_bus_message_get_bus(message), reply, NULL);
    sd_bus_message_unref(reply);
    return result < 0 ? result : 1;
}

static int on_get_layout(sd_bus_message *message, void *user, sd_bus_error *error)
{
    const struct tray_menu *menu = user;
    int32_t parent = 0;
    int32_t depth = 0;
    if (sd_bus_message_read(message, "ii", &parent, &depth) < 0 ||
        (parent != 0 && tray_view_find(menu->view, parent) == NULL))
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "no such entry");
    sd_bus_message *reply = NULL;
    int result = sd_bus_message_new_method_return(message, &reply);
    if (result >= 0)
        result = sd_bus_message_append(reply, "u", menu->revision);
    if (result >= 0)
        result = add_node(menu, parent, depth, reply);
    return send_reply(message, reply, result);
}

/* An empty list of ids asks for all. */
static int add_group(const struct tray_menu *menu, const int32_t *ids, size_t count,
                     sd_bus_message *reply)
{
    size_t all = menu->view->count;
    int result = sd_bus_message_open_container(reply, 'a', "(ia{sv})");
    for (size_t i = 0; result >= 0 && i < (count == 0 ? all : count); i++) {
        int id = count == 0 ? menu->view->entries[i].id : ids[i];
        if (id != 0 && tray_view_find(menu->view, id) == NULL)
            continue;
        result = sd_bus_message_open_container(reply, 'r', "ia{sv}");
        if (result >= 0)
            result = sd_bus_message_append(reply, "i", (int32_t)id);
        if (result >= 0)
            result = add_properties(menu, id, reply);
        if (result >= 0)
            result = sd_bus_message_close_container(reply);
    }
    return result < 0 ? result : sd_bus_message_close_container(reply);
}

static int on_get_group(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    const void *ids = NULL;
    size_t size = 0;
    int result = sd_bus_message_read_array(message, 'i', &ids, &size);
    sd_bus_message *reply = NULL;
    if (result >= 0)
        result = sd_bus_message_new_method_return(message, &reply);
    if (result >= 0)
        result = add_group(user, ids, size / sizeof(int32_t), reply);
    return send_reply(message, reply, result);
}

static int on_get_property(sd_bus_message *message, void *user, sd_bus_error *error)
{
    const struct tray_menu *menu = user;
    int32_t id = 0;
    const char *name = NULL;
    if (sd_bus_message_read(message, "is", &id, &name) < 0)
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "no such entry");
    const struct tray_entry *entry = tray_view_find(menu->view, id);
    if (entry == NULL)
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "no such entry");
    if (strcmp(name, "label") == 0)
        return sd_bus_reply_method_return(message, "v", "s", entry->label);
    if (strcmp(name, "type") == 0)
        return sd_bus_reply_method_return(message, "v", "s",
                                          entry->is_separator ? "separator" : "standard");
    bool is_on = strcmp(name, "enabled") != 0 || entry->is_enabled;
    return sd_bus_reply_method_return(message, "v", "b", is_on ? 1 : 0);
}

static void choose(const struct tray_menu *menu, int id, const char *event)
{
    const struct tray_entry *entry = tray_view_find(menu->view, id);
    if (strcmp(event, "clicked") == 0 && entry != NULL && entry->is_enabled)
        menu->fn(menu->user, id);
}

/* The answer goes out first: what was chosen may end us. */
static int on_event(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    int32_t id = 0;
    const char *event = NULL;
    int result = sd_bus_message_read(message, "is", &id, &event);
    if (result >= 0)
        result = sd_bus_reply_method_return(message, "");
    if (result >= 0)
        choose(user, id, event);
    return result;
}

static int on_event_group(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    int result = sd_bus_reply_method_return(message, "ai", 0);
    if (result >= 0)
        result = sd_bus_message_enter_container(message, 'a', "(isvu)");
    while (result >= 0 && sd_bus_message_enter_container(message, 'r', "isvu") > 0) {
        int32_t id = 0;
        const char *event = NULL;
        uint32_t at = 0;
        result = sd_bus_message_read(message, "is", &id, &event);
        if (result >= 0)
            result = sd_bus_message_skip(message, "v");
        if (result >= 0)
            result = sd_bus_message_read(message, "u", &at);
        if (result >= 0)
            choose(user, id, event);
        if (result >= 0)
            result = sd_bus_message_exit_container(message);
    }
    return result < 0 ? result : 1;
}

/* The layout is always up to date. */
static int on_about_to_show(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user;
    (void)error;
    return sd_bus_reply_method_return(message, "b", 0);
}

static int on_about_to_show_group(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user;
    (void)error;
    return sd_bus_reply_method_return(message, "aiai", 0, 0);
}

/* All of them, by their type. The form of such functions is sd-bus's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int get_property(sd_bus *bus, const char *path, const char *interface,
                        const char *property, sd_bus_message *reply, void *user,
                        sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)user, (void)error;
    if (strcmp(property, "Version") == 0)
        return sd_bus_message_append(reply, "u", (uint32_t)MENU_VERSION);
    if (strcmp(property, "IconThemePath") == 0)
        return sd_bus_message_append(reply, "as", 0);
    return sd_bus_message_append(reply, "s",
                                 strcmp(property, "Status") == 0 ? "normal" : "ltr");
}

static const sd_bus_vtable table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetLayout", "iias", "u(ia{sv}av)", on_get_layout,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetGroupProperties", "aias", "a(ia{sv})", on_get_group,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetProperty", "is", "v", on_get_property, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Event", "isvu", "", on_event, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("EventGroup", "a(isvu)", "ai", on_event_group,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AboutToShow", "i", "b", on_about_to_show, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AboutToShowGroup", "ai", "aiai", on_about_to_show_group,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Version", "u", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Status", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("TextDirection", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("IconThemePath", "as", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_SIGNAL("LayoutUpdated", "ui", 0),
    SD_BUS_SIGNAL("ItemsPropertiesUpdated", "a(ia{sv})a(ias)", 0),
    SD_BUS_SIGNAL("ItemActivationRequested", "iu", 0),
    SD_BUS_VTABLE_END,
};

struct tray_menu *tray_menu_new(struct bus *bus, const struct tray_view *view,
                                tray_item_fn *fn, void *user)
{
    struct tray_menu *menu = calloc(1, sizeof *menu);
    if (menu == NULL)
        return NULL;
    menu->bus = bus;
    menu->view = view;
    menu->fn = fn;
    menu->user = user;
    if (sd_bus_add_object_vtable(bus_connection(bus), &menu->object, TRAY_MENU_PATH, MENU,
                                 table, menu) < 0) {
        free(menu);
        return NULL;
    }
    return menu;
}

void tray_menu_free(struct tray_menu *menu)
{
    if (menu == NULL)
        return;
    sd_bus_slot_unref(menu->object);
    free(menu);
}

void tray_menu_changed(struct tray_menu *menu)
{
    menu->revision++;
    (void)sd_bus_emit_signal(bus_connection(menu->bus), TRAY_MENU_PATH, MENU,
                             "LayoutUpdated", "ui", menu->revision, 0);
    bus_changed(menu->bus);
}
