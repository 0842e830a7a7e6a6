#include "agent/tray/tray_item.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "agent/tray/tray_menu.h"

#define ITEM         "org.kde.StatusNotifierItem"
#define ITEM_PATH    "/StatusNotifierItem"
#define WATCHER      "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"

struct tray_item {
    struct bus *bus;
    struct tray_view view;
    struct tray_menu *menu;
    char name[64]; /* ours on the bus */
    sd_bus_slot *object;
    sd_bus_slot *watcher_match;
    tray_item_fn *fn;
    void *user;
};

/* Properties. */

static const char *status_word(const struct tray_item *item)
{
    return item->view.state == TRAY_ATTENTION ? "NeedsAttention" : "Active";
}

/* "" for what has no text of ours. */
static const char *text_of(const struct tray_item *item, const char *property)
{
    const struct {
        const char *property;
        const char *text;
    } texts[] = {
        {"Category",          "ApplicationStatus"             },
        {"Id",                "drive-agent"                   },
        {"Title",             "drive-agent"                   },
        {"Status",            status_word(item)               },
        {"IconName",          tray_view_icon(item->view.state)},
        {"AttentionIconName", tray_view_icon(TRAY_ATTENTION)  },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].property, property) == 0)
            return texts[i].text;
    }
    return "";
}

/* All of them, by their type. The form of such functions is sd-bus's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int get_property(sd_bus *bus, const char *path, const char *interface,
                        const char *property, sd_bus_message *reply, void *user,
                        sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)error;
    const struct tray_item *item = user;
    if (strcmp(property, "ToolTip") == 0)
        return sd_bus_message_append(reply, "(sa(iiay)ss)", "", 0, "drive-agent",
                                     item->view.summary);
    if (strstr(property, "Pixmap") != NULL)
        return sd_bus_message_append(reply, "a(iiay)", 0);
    if (strcmp(property, "Menu") == 0)
        return sd_bus_message_append(reply, "o", TRAY_MENU_PATH);
    if (strcmp(property, "WindowId") == 0)
        return sd_bus_message_append(reply, "i", 0);
    if (strcmp(property, "ItemIsMenu") == 0)
        return sd_bus_message_append(reply, "b", 0);
    return sd_bus_message_append(reply, "s", text_of(item, property));
}

/* Methods. */

static int on_activate(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    const struct tray_item *item = user;
    int result = sd_bus_reply_method_return(message, "");
    item->fn(item->user, 0);
    return result;
}

/* The host shows the menu by itself; wheels and middle buttons mean nothing. */
static int on_nothing(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user;
    (void)error;
    return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable table[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Category", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Id", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Title", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("Status", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("WindowId", "i", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("IconThemePath", "s", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("IconName", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("IconPixmap", "a(iiay)", get_property, 0, 0),
    SD_BUS_PROPERTY("OverlayIconName", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("OverlayIconPixmap", "a(iiay)", get_property, 0, 0),
    SD_BUS_PROPERTY("AttentionIconName", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("AttentionIconPixmap", "a(iiay)", get_property, 0, 0),
    SD_BUS_PROPERTY("AttentionMovieName", "s", get_property, 0, 0),
    SD_BUS_PROPERTY("ToolTip", "(sa(iiay)ss)", get_property, 0, 0),
    SD_BUS_PROPERTY("ItemIsMenu", "b", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Menu", "o", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Activate", "ii", "", on_activate, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("SecondaryActivate", "ii", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ContextMenu", "ii", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Scroll", "is", "", on_nothing, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL("NewTitle", "", 0),
    SD_BUS_SIGNAL("NewIcon", "", 0),
    SD_BUS_SIGNAL("NewAttentionIcon", "", 0),
    SD_BUS_SIGNAL("NewOverlayIcon", "", 0),
    SD_BUS_SIGNAL("NewToolTip", "", 0),
    SD_BUS_SIGNAL("NewStatus", "s", 0),
    SD_BUS_VTABLE_END,
};

/* The host. */

static void enlist(struct tray_item *item)
{
    (void)sd_bus_call_method_async(bus_connection(item->bus), NULL, WATCHER, WATCHER_PATH,
                                   WATCHER, "RegisterStatusNotifierItem", NULL, NULL, "s",
                                   item->name);
    bus_changed(item->bus);
}

static int on_watcher(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    const char *name = NULL;
    const char *old_owner = NULL;
    const char *new_owner = NULL;
    if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) >= 0 &&
        new_owner[0] != '\0')
        enlist(user);
    return 0;
}

static int join(struct tray_item *item)
{
    sd_bus *connection = bus_connection(item->bus);
    (void)snprintf(item->name, sizeof item->name, ITEM "-%d-1", (int)getpid());
    int result =
        sd_bus_add_object_vtable(connection, &item->object, ITEM_PATH, ITEM, table, item);
    /* Both are answered before the loop begins: nobody waits for us yet. */
    if (result >= 0)
        result = sd_bus_request_name(connection, item->name, 0);
    if (result >= 0)
        result = sd_bus_add_match(connection, &item->watcher_match,
                                  "type='signal',sender='org.freedesktop.DBus',"
                                  "member='NameOwnerChanged',arg0='" WATCHER "'",
                                  on_watcher, item);
    return result;
}

struct tray_item *tray_item_new(struct bus *session_bus, tray_item_fn *fn, void *user)
{
    struct tray_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        return NULL;
    item->bus = session_bus;
    item->fn = fn;
    item->user = user;
    tray_view_make(NULL, NULL, 0, &item->view);
    item->menu = tray_menu_new(session_bus, &item->view, fn, user);
    if (item->menu == NULL || join(item) < 0) {
        tray_item_free(item);
        return NULL;
    }
    enlist(item);
    return item;
}

void tray_item_free(struct tray_item *item)
{
    if (item == NULL)
        return;
    sd_bus_slot_unref(item->watcher_match);
    sd_bus_slot_unref(item->object);
    tray_menu_free(item->menu);
    free(item);
}

static bool is_same_menu(const struct tray_view *one, const struct tray_view *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        const struct tray_entry *a = &one->entries[i];
        const struct tray_entry *b = &other->entries[i];
        if (a->id != b->id || a->is_enabled != b->is_enabled || a->parent != b->parent ||
            strcmp(a->label, b->label) != 0 || strcmp(a->path, b->path) != 0)
            return false;
    }
    return true;
}

static void tell(struct tray_item *item, const char *member)
{
    (void)sd_bus_emit_signal(bus_connection(item->bus), ITEM_PATH, ITEM, member, NULL);
}

void tray_item_show(struct tray_item *item, const struct tray_view *view)
{
    bool has_state_changed = item->view.state != view->state;
    bool has_text_changed = strcmp(item->view.summary, view->summary) != 0;
    bool has_menu_changed = !is_same_menu(&item->view, view);
    item->view = *view;
    if (has_state_changed) {
        tell(item, "NewIcon");
        (void)sd_bus_emit_signal(bus_connection(item->bus), ITEM_PATH, ITEM, "NewStatus",
                                 "s", status_word(item));
    }
    if (has_text_changed)
        tell(item, "NewToolTip");
    if (has_menu_changed)
        tray_menu_changed(item->menu);
    bus_changed(item->bus);
}
