/* A desktop for tests, on the bus of DBUS_SYSTEM_BUS_ADDRESS: NetworkManager, the power
 * profiles, logind, a notification server, a file manager, the user's service manager and
 * the host of tray icons. One connection serves them all.
 *
 * Commands come as lines on standard input; what happens is told as JSON lines on standard
 * output. Each command ends with {"event":"done"}.
 *
 *   metered N            profile WORD         sleep 0|1
 *   choose ID KEY        dismiss ID           of a notification
 *   item                 menu                 click ID          activate
 *   drop NAME            take NAME            a bus name, as if that service stopped,
 * started
 */
#include <cjson/cJSON.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NETWORK       "org.freedesktop.NetworkManager"
#define NETWORK_PATH  "/org/freedesktop/NetworkManager"
#define PROFILES      "org.freedesktop.UPower.PowerProfiles"
#define PROFILES_PATH "/org/freedesktop/UPower/PowerProfiles"
#define LOGIN         "org.freedesktop.login1"
#define LOGIN_PATH    "/org/freedesktop/login1"
#define NOTICES       "org.freedesktop.Notifications"
#define NOTICES_PATH  "/org/freedesktop/Notifications"
#define FILES         "org.freedesktop.FileManager1"
#define FILES_PATH    "/org/freedesktop/FileManager1"
#define SYSTEMD       "org.freedesktop.systemd1"
#define SYSTEMD_PATH  "/org/freedesktop/systemd1"
#define WATCHER       "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH  "/StatusNotifierWatcher"
#define ITEM          "org.kde.StatusNotifierItem"
#define ITEM_PATH     "/StatusNotifierItem"
#define MENU          "com.canonical.dbusmenu"

static const char *const names[] = {NETWORK, PROFILES, LOGIN,  NOTICES,
                                    FILES,   SYSTEMD,  WATCHER};

struct desktop {
    sd_bus *bus;
    uint32_t metered;
    char profile[32];
    uint32_t last_notice;
    char item[128]; /* bus name of the registered tray icon */
    char menu[128]; /* its menu's path */
};

/* Telling. */

static cJSON *event_new(const char *event)
{
    cJSON *object = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(object, "event", event);
    return object;
}

static void tell(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    (void)puts(text == NULL ? "{}" : text);
    (void)fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(object);
}

static cJSON *read_value(sd_bus_message *message);

/* The rest of an open container, as an array; of a dictionary, as an object. */
static cJSON *read_members(sd_bus_message *message, bool is_dictionary)
{
    cJSON *members = is_dictionary ? cJSON_CreateObject() : cJSON_CreateArray();
    while (sd_bus_message_at_end(message, 0) == 0) {
        const char *key = "";
        if (!is_dictionary) {
            (void)cJSON_AddItemToArray(members, read_value(message));
            continue;
        }
        if (sd_bus_message_enter_container(message, 'e', NULL) < 0 ||
            sd_bus_message_read(message, "s", &key) < 0)
            break;
        (void)cJSON_AddItemToObject(members, key, read_value(message));
        (void)sd_bus_message_exit_container(message);
    }
    return members;
}

/* Any value of a message as JSON. */
static cJSON *read_value(sd_bus_message *message)
{
    char type = 0;
    const char *contents = NULL;
    union {
        uint8_t byte;
        int truth;
        int32_t number;
        uint32_t count;
        int64_t large;
        double real;
        const char *text;
    } value = {.large = 0};
    if (sd_bus_message_peek_type(message, &type, &contents) <= 0)
        return cJSON_CreateNull();
    if (strchr("avr", type) != NULL) {
        if (sd_bus_message_enter_container(message, type, contents) < 0)
            return cJSON_CreateNull();
        cJSON *members =
            type == 'v' ? read_value(message) : read_members(message, contents[0] == '{');
        (void)sd_bus_message_exit_container(message);
        return members;
    }
    if (sd_bus_message_read_basic(message, type, &value) < 0)
        return cJSON_CreateNull();
    switch (type) {
    case 's':
    case 'o':
    case 'g':
        return cJSON_CreateString(value.text);
    case 'b':
        return cJSON_CreateBool(value.truth != 0);
    case 'y':
        return cJSON_CreateNumber(value.byte);
    case 'i':
        return cJSON_CreateNumber(value.number);
    case 'u':
        return cJSON_CreateNumber(value.count);
    case 'd':
        return cJSON_CreateNumber(value.real);
    default:
        return cJSON_CreateNumber((double)value.large);
    }
}

/* What a message carries, as an array. */
static cJSON *read_all(sd_bus_message *message)
{
    cJSON *list = cJSON_CreateArray();
    while (sd_bus_message_at_end(message, 1) == 0)
        (void)cJSON_AddItemToArray(list, read_value(message));
    return list;
}

/* Services. */

static int get_number(sd_bus *bus, const char *path, const char *interface,
                      const char *property, sd_bus_message *reply, void *user,
                      sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "u", ((struct desktop *)user)->metered);
}

static int get_profile(sd_bus *bus, const char *path, const char *interface,
                       const char *property, sd_bus_message *reply, void *user,
                       sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", ((struct desktop *)user)->profile);
}

static int get_true(sd_bus *bus, const char *path, const char *interface,
                    const char *property, sd_bus_message *reply, void *user,
                    sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)user, (void)error;
    return sd_bus_message_append(reply, "b", 1);
}

static int on_capabilities(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user, (void)error;
    return sd_bus_reply_method_return(message, "as", 3, "body", "body-markup", "actions");
}

static int on_notify(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct desktop *desktop = user;
    cJSON *object = event_new("notice");
    cJSON *values = read_all(message);
    uint32_t id = (uint32_t)cJSON_GetArrayItem(values, 1)->valueint;
    (void)cJSON_AddBoolToObject(object, "replaces", id != 0);
    if (id == 0)
        id = ++desktop->last_notice;
    (void)cJSON_AddNumberToObject(object, "id", id);
    static const char *const members[] = {"program", NULL,      "icon",  "summary",
                                          "body",    "actions", "hints", "timeout"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (members[i] != NULL)
            (void)cJSON_AddItemToObject(
                object, members[i],
                cJSON_Duplicate(cJSON_GetArrayItem(values, (int)i), true));
    }
    cJSON_Delete(values);
    tell(object);
    return sd_bus_reply_method_return(message, "u", id);
}

static int on_take_away(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user, (void)error;
    cJSON *object = event_new("taken-away");
    (void)cJSON_AddItemToObject(object, "id", read_value(message));
    tell(object);
    return sd_bus_reply_method_return(message, "");
}

static int on_show_folders(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user, (void)error;
    cJSON *object = event_new("folders");
    (void)cJSON_AddItemToObject(object, "folders", read_value(message));
    tell(object);
    return sd_bus_reply_method_return(message, "");
}

static int on_start_unit(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user, (void)error;
    cJSON *object = event_new("unit");
    (void)cJSON_AddItemToObject(object, "arguments", read_all(message));
    tell(object);
    return sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/1");
}

static int on_register(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct desktop *desktop = user;
    const char *service = "";
    (void)sd_bus_message_read(message, "s", &service);
    (void)snprintf(desktop->item, sizeof desktop->item, "%s", service);
    cJSON *object = event_new("item");
    (void)cJSON_AddStringToObject(object, "service", service);
    tell(object);
    return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable network[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Metered", "u", get_number, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable profiles[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("ActiveProfile", "s", get_profile, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable notices[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("GetCapabilities", "", "as", on_capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("CloseNotification", "u", "", on_take_away, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable files[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("ShowFolders", "ass", "", on_show_folders, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable systemd[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", on_start_unit,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable watcher[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterStatusNotifierItem", "s", "", on_register,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("IsStatusNotifierHostRegistered", "b", get_true, 0, 0),
    SD_BUS_VTABLE_END,
};

/* Signals of the tray icon: its own and its menu's. */
static int on_item_signal(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)user, (void)error;
    cJSON *object = event_new("signal");
    (void)cJSON_AddStringToObject(object, "member", sd_bus_message_get_member(message));
    (void)cJSON_AddItemToObject(object, "values", read_all(message));
    tell(object);
    return 0;
}

/* Commands. */

static void set_metered(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    desktop->metered = (uint32_t)strtoul(word, NULL, 10);
    (void)sd_bus_emit_properties_changed(desktop->bus, NETWORK_PATH, NETWORK, "Metered",
                                         NULL);
}

static void set_profile(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    (void)snprintf(desktop->profile, sizeof desktop->profile, "%s", word);
    (void)sd_bus_emit_properties_changed(desktop->bus, PROFILES_PATH, PROFILES,
                                         "ActiveProfile", NULL);
}

static void set_sleep(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    (void)sd_bus_emit_signal(desktop->bus, LOGIN_PATH, LOGIN ".Manager", "PrepareForSleep",
                             "b", word[0] == '1');
}

static void choose(struct desktop *desktop, const char *word, const char *rest)
{
    (void)sd_bus_emit_signal(desktop->bus, NOTICES_PATH, NOTICES, "ActionInvoked", "us",
                             (uint32_t)strtoul(word, NULL, 10), rest);
}

static void dismiss(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    (void)sd_bus_emit_signal(desktop->bus, NOTICES_PATH, NOTICES, "NotificationClosed",
                             "uu", (uint32_t)strtoul(word, NULL, 10), 2);
}

/* Tells an answer, or the error that came instead. */
static void tell_answer(const char *event, int result, sd_bus_message *reply,
                        sd_bus_error *error)
{
    cJSON *object = event_new(event);
    if (result < 0)
        (void)cJSON_AddStringToObject(object, "error",
                                      error->message == NULL ? "" : error->message);
    else
        (void)cJSON_AddItemToObject(object, "answer", read_all(reply));
    tell(object);
    sd_bus_message_unref(reply);
    sd_bus_error_free(error);
}

static void show_item(struct desktop *desktop, const char *word, const char *rest)
{
    (void)word, (void)rest;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = sd_bus_call_method(desktop->bus, desktop->item, ITEM_PATH,
                                    "org.freedesktop.DBus.Properties", "GetAll", &error,
                                    &reply, "s", ITEM);
    tell_answer("properties", result, reply, &error);
}

static void show_menu(struct desktop *desktop, const char *word, const char *rest)
{
    (void)word, (void)rest;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = sd_bus_call_method(desktop->bus, desktop->item, desktop->menu, MENU,
                                    "GetLayout", &error, &reply, "iias", 0, -1, 0);
    tell_answer("layout", result, reply, &error);
}

static void click(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = sd_bus_call_method(
        desktop->bus, desktop->item, desktop->menu, MENU, "Event", &error, &reply, "isvu",
        (int32_t)strtol(word, NULL, 10), "clicked", "i", 0, (uint32_t)0);
    tell_answer("clicked", result, reply, &error);
}

static void activate(struct desktop *desktop, const char *word, const char *rest)
{
    (void)word, (void)rest;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    int result = sd_bus_call_method(desktop->bus, desktop->item, ITEM_PATH, ITEM,
                                    "Activate", &error, &reply, "ii", 0, 0);
    tell_answer("activated", result, reply, &error);
}

static void drop_name(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    (void)sd_bus_release_name(desktop->bus, word);
}

static void take_name(struct desktop *desktop, const char *word, const char *rest)
{
    (void)rest;
    (void)sd_bus_request_name(desktop->bus, word, 0);
}

static void obey(struct desktop *desktop, char *line)
{
    static const struct {
        const char *name;
        void (*run)(struct desktop *desktop, const char *word, const char *rest);
    } commands[] = {
        {"metered",  set_metered},
        {"profile",  set_profile},
        {"sleep",    set_sleep  },
        {"choose",   choose     },
        {"dismiss",  dismiss    },
        {"item",     show_item  },
        {"menu",     show_menu  },
        {"click",    click      },
        {"activate", activate   },
        {"drop",     drop_name  },
        {"take",     take_name  },
    };
    char *rest = line;
    const char *command = strsep(&rest, " ");
    const char *word = rest == NULL ? "" : strsep(&rest, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, command) == 0)
            commands[i].run(desktop, word, rest == NULL ? "" : rest);
    }
    tell(event_new("done"));
}

/* Life. */

static bool serve(struct desktop *desktop)
{
    static const struct {
        const char *path;
        const char *interface;
        const sd_bus_vtable *table;
    } objects[] = {
        {NETWORK_PATH,  NETWORK,            network },
        {PROFILES_PATH, PROFILES,           profiles},
        {NOTICES_PATH,  NOTICES,            notices },
        {FILES_PATH,    FILES,              files   },
        {SYSTEMD_PATH,  SYSTEMD ".Manager", systemd },
        {WATCHER_PATH,  WATCHER,            watcher },
    };
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        if (sd_bus_add_object_vtable(desktop->bus, NULL, objects[i].path,
                                     objects[i].interface, objects[i].table, desktop) < 0)
            return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (sd_bus_request_name(desktop->bus, names[i], 0) < 0)
            return false;
    }
    return sd_bus_match_signal(desktop->bus, NULL, NULL, NULL, ITEM, NULL, on_item_signal,
                               desktop) >= 0 &&
           sd_bus_match_signal(desktop->bus, NULL, NULL, NULL, MENU, NULL, on_item_signal,
                               desktop) >= 0;
}

/* Whole lines of standard input; false at its end. */
static bool take_input(struct desktop *desktop, char *buffer, size_t *used, size_t room)
{
    ssize_t size = read(STDIN_FILENO, buffer + *used, room - *used);
    if (size <= 0)
        return false;
    *used += (size_t)size;
    char *end = NULL;
    while ((end = memchr(buffer, '\n', *used)) != NULL) {
        *end = '\0';
        obey(desktop, buffer);
        size_t taken = (size_t)(end - buffer) + 1;
        *used -= taken;
        memmove(buffer, buffer + taken, *used);
    }
    return true;
}

static void turn(struct desktop *desktop)
{
    static char buffer[4096];
    size_t used = 0;
    for (;;) {
        while (sd_bus_process(desktop->bus, NULL) > 0) {
        }
        (void)sd_bus_flush(desktop->bus);
        struct pollfd ready[] = {
            {.fd = STDIN_FILENO,                .events = POLLIN},
            {.fd = sd_bus_get_fd(desktop->bus), .events = POLLIN}
        };
        if (poll(ready, 2, -1) < 0)
            continue;
        if (ready[0].revents != 0 && !take_input(desktop, buffer, &used, sizeof buffer))
            return;
    }
}

int main(void)
{
    struct desktop desktop = {.profile = "balanced", .menu = "/MenuBar"};
    if (sd_bus_open_system(&desktop.bus) < 0 || !serve(&desktop)) {
        (void)fputs("desktop_stand_in: no bus at DBUS_SYSTEM_BUS_ADDRESS\n", stderr);
        return 1;
    }
    tell(event_new("ready"));
    turn(&desktop);
    sd_bus_flush_close_unref(desktop.bus);
    return 0;
}
