/* Life of a notice: named -> sent (its call is under way) -> shown (it has an id) -> taken
 * away. One call at a time: what changes meanwhile is sent when the answer has come, so
 * that there is always an id to replace. */
#include "agent/desktop/notify.h"

#ifdef HAVE_SYSTEMD

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "agent/desktop/plain_text.h"

#define SERVICE "org.freedesktop.Notifications"
#define OBJECT  "/org/freedesktop/Notifications"
#define ICON    "drive-agent"

enum { NOTIFY_SUBJECT = 128, NOTIFY_SUMMARY = 128, NOTIFY_BODY = 512, NOTIFY_LABEL = 64 };

/* What we show of a notice. */
struct shown {
    struct notify *notify;
    bool in_use;
    bool is_wanted; /* named by the last update */
    bool is_sent;   /* the text below is what the server was given */
    enum notify_condition condition;
    char subject[NOTIFY_SUBJECT];
    char summary[NOTIFY_SUMMARY];
    char body[NOTIFY_BODY];
    bool stays;
    const char *keys[NOTIFY_MAX_ACTIONS];
    char labels[NOTIFY_MAX_ACTIONS][NOTIFY_LABEL];
    sd_bus_slot *call; /* a Notify under way */
    uint32_t id;       /* given by the server; 0: not shown */
};

/* What the server can do is asked once, before the first notice. */
enum abilities { ABILITIES_UNKNOWN, ABILITIES_ASKED, ABILITIES_KNOWN };

enum { SIGNAL_COUNT = 3 };

struct notify {
    struct bus *bus;
    notify_action_fn *fn;
    void *user;
    struct shown notices[NOTIFY_MAX_NOTICES];
    enum abilities abilities;
    bool has_actions;
    bool has_markup;
    sd_bus_slot *question;
    sd_bus_slot *signals[SIGNAL_COUNT];
};

static void advance(struct shown *shown);

static void advance_all(struct notify *notify)
{
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++)
        advance(&notify->notices[i]);
    bus_changed(notify->bus);
}

/* What the server can do. */

static int on_abilities(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct notify *notify = user;
    const char *ability = NULL;
    notify->abilities = ABILITIES_KNOWN;
    if (sd_bus_message_get_errno(message) == 0 &&
        sd_bus_message_enter_container(message, 'a', "s") >= 0) {
        while (sd_bus_message_read(message, "s", &ability) > 0) {
            notify->has_actions |= strcmp(ability, "actions") == 0;
            notify->has_markup |= strcmp(ability, "body-markup") == 0;
        }
    }
    advance_all(notify);
    return 0;
}

static void ask_abilities(struct notify *notify)
{
    notify->has_actions = false;
    notify->has_markup = false;
    notify->question = sd_bus_slot_unref(notify->question);
    if (sd_bus_call_method_async(bus_connection(notify->bus), &notify->question, SERVICE,
                                 OBJECT, SERVICE, "GetCapabilities", on_abilities, notify,
                                 "") >= 0)
        notify->abilities = ABILITIES_ASKED;
}

/* One notice. */

static int on_shown(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct shown *shown = user;
    shown->call = sd_bus_slot_unref(shown->call);
    if (sd_bus_message_get_errno(message) != 0 ||
        sd_bus_message_read(message, "u", &shown->id) < 0)
        shown->id = 0;
    advance(shown);
    bus_changed(shown->notify->bus);
    return 0;
}

/* A choice of the notice itself counts as its first action. */
static int add_actions(const struct shown *shown, sd_bus_message *message)
{
    int result = sd_bus_message_open_container(message, 'a', "s");
    bool offered = shown->notify->has_actions;
    if (result >= 0 && offered && shown->keys[0] != NULL)
        result = sd_bus_message_append(message, "ss", "default", shown->labels[0]);
    for (int i = 0; offered && i < NOTIFY_MAX_ACTIONS && shown->keys[i] != NULL; i++) {
        if (result >= 0)
            result = sd_bus_message_append(message, "ss", shown->keys[i], shown->labels[i]);
    }
    return result < 0 ? result : sd_bus_message_close_container(message);
}

static int fill(const struct shown *shown, sd_bus_message *message)
{
    char summary[NOTIFY_SUMMARY];
    char body[NOTIFY_BODY * 2];
    bool markup = shown->notify->has_markup;
    int result = sd_bus_message_append(
        message, "susss", "drive-agent", shown->id, ICON,
        plain_text(shown->summary, PLAIN_TEXT_AS_IT_IS, summary, sizeof summary),
        plain_text(shown->body, markup ? PLAIN_TEXT_FOR_MARKUP : PLAIN_TEXT_AS_IT_IS, body,
                   sizeof body));
    if (result >= 0)
        result = add_actions(shown, message);
    if (result >= 0)
        result = sd_bus_message_append(message, "a{sv}i", 1, "desktop-entry", "s",
                                       "drive-agent-tray", shown->stays ? 0 : -1);
    return result;
}

static void send_notice(struct shown *shown)
{
    sd_bus *connection = bus_connection(shown->notify->bus);
    sd_bus_message *message = NULL;
    shown->is_sent = true;
    if (sd_bus_message_new_method_call(connection, &message, SERVICE, OBJECT, SERVICE,
                                       "Notify") >= 0 &&
        fill(shown, message) >= 0)
        (void)sd_bus_call_async(connection, &shown->call, message, on_shown, shown, 0);
    sd_bus_message_unref(message);
}

static void take_away(struct shown *shown)
{
    if (shown->id != 0)
        (void)sd_bus_call_method_async(bus_connection(shown->notify->bus), NULL, SERVICE,
                                       OBJECT, SERVICE, "CloseNotification", NULL, NULL,
                                       "u", shown->id);
    shown->id = 0;
    shown->in_use = false;
}

static void advance(struct shown *shown)
{
    struct notify *notify = shown->notify;
    if (!shown->in_use || shown->call != NULL)
        return;
    if (!shown->is_wanted)
        take_away(shown);
    else if (!shown->is_sent && notify->abilities == ABILITIES_KNOWN)
        send_notice(shown);
    else if (!shown->is_sent && notify->abilities == ABILITIES_UNKNOWN)
        ask_abilities(notify);
}

/* What the server tells. */

static struct shown *find_id(struct notify *notify, uint32_t id)
{
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++) {
        if (notify->notices[i].in_use && notify->notices[i].id == id && id != 0)
            return &notify->notices[i];
    }
    return NULL;
}

static int on_action(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct notify *notify = user;
    uint32_t id = 0;
    const char *key = NULL;
    if (sd_bus_message_read(message, "us", &id, &key) < 0)
        return 0;
    const struct shown *shown = find_id(notify, id);
    for (int i = 0; shown != NULL && i < NOTIFY_MAX_ACTIONS; i++) {
        bool chosen = shown->keys[i] != NULL && (strcmp(key, shown->keys[i]) == 0 ||
                                                 (i == 0 && strcmp(key, "default") == 0));
        if (!chosen)
            continue;
        notify->fn(notify->user, shown->condition, shown->subject, shown->keys[i]);
        break;
    }
    return 0;
}

/* Gone by a person's hand or by its time: it stays known, so that it does not come back. */
static int on_closed(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    uint32_t id = 0;
    if (sd_bus_message_read(message, "u", &id) < 0)
        return 0;
    struct shown *shown = find_id(user, id);
    if (shown != NULL)
        shown->id = 0;
    return 0;
}

/* Another server, or the first one: it knows nothing of what the last one showed. A call
 * that is under way is the one that made the bus start it. */
static int on_server(sd_bus_message *message, void *user, sd_bus_error *error)
{
    (void)error;
    struct notify *notify = user;
    const char *name = NULL;
    const char *old_owner = NULL;
    const char *new_owner = NULL;
    if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0 ||
        strcmp(name, SERVICE) != 0 || new_owner[0] == '\0')
        return 0;
    if (notify->abilities == ABILITIES_KNOWN)
        notify->abilities = ABILITIES_UNKNOWN;
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++) {
        if (notify->notices[i].call == NULL) {
            notify->notices[i].id = 0;
            notify->notices[i].is_sent = false;
        }
    }
    advance_all(notify);
    return 0;
}

static int watch_server(struct notify *notify)
{
    sd_bus *connection = bus_connection(notify->bus);
    int result =
        sd_bus_match_signal_async(connection, &notify->signals[0], SERVICE, OBJECT, SERVICE,
                                  "ActionInvoked", on_action, NULL, notify);
    if (result >= 0)
        result = sd_bus_match_signal_async(connection, &notify->signals[1], SERVICE, OBJECT,
                                           SERVICE, "NotificationClosed", on_closed, NULL,
                                           notify);
    if (result >= 0)
        result = sd_bus_add_match_async(
            connection, &notify->signals[2],
            "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
            "arg0='" SERVICE "'",
            on_server, NULL, notify);
    bus_changed(notify->bus);
    return result;
}

/* The owner's side. */

struct notify *notify_new(struct bus *session_bus, notify_action_fn *fn, void *user)
{
    struct notify *notify = session_bus == NULL ? NULL : calloc(1, sizeof *notify);
    if (notify == NULL)
        return NULL;
    notify->bus = session_bus;
    notify->fn = fn;
    notify->user = user;
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++)
        notify->notices[i].notify = notify;
    if (watch_server(notify) < 0) {
        notify_free(notify);
        return NULL;
    }
    return notify;
}

void notify_free(struct notify *notify)
{
    if (notify == NULL)
        return;
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++)
        sd_bus_slot_unref(notify->notices[i].call);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        sd_bus_slot_unref(notify->signals[i]);
    sd_bus_slot_unref(notify->question);
    free(notify);
}

/* The one that shows this condition already, or one that is free. */
static struct shown *find_place(struct notify *notify, const struct notify_notice *notice)
{
    struct shown *place = NULL;
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++) {
        struct shown *shown = &notify->notices[i];
        if (shown->in_use && shown->condition == notice->condition &&
            strcmp(shown->subject, notice->subject) == 0)
            return shown;
        if (!shown->in_use && place == NULL)
            place = shown;
    }
    return place;
}

/* True: it differed. */
static bool take_text(char *out, size_t out_size, const char *text)
{
    /* Compared as far as it is kept: what does not fit makes no difference. */
    if (strncmp(out, text, out_size - 1) == 0)
        return false;
    (void)snprintf(out, out_size, "%s", text);
    return true;
}

static void want(struct shown *shown, const struct notify_notice *notice)
{
    bool differs = !shown->in_use;
    shown->in_use = true;
    shown->is_wanted = true;
    shown->condition = notice->condition;
    shown->stays = notice->stays;
    (void)take_text(shown->subject, sizeof shown->subject, notice->subject);
    differs |= take_text(shown->summary, sizeof shown->summary, notice->summary);
    differs |= take_text(shown->body, sizeof shown->body, notice->body);
    for (int i = 0; i < NOTIFY_MAX_ACTIONS; i++) {
        shown->keys[i] = notice->actions[i].key;
        (void)take_text(shown->labels[i], NOTIFY_LABEL,
                        notice->actions[i].key == NULL ? "" : notice->actions[i].label);
    }
    if (differs)
        shown->is_sent = false;
}

void notify_update(struct notify *notify, const struct notify_notice *notices, size_t count)
{
    if (notify == NULL)
        return;
    for (int i = 0; i < NOTIFY_MAX_NOTICES; i++)
        notify->notices[i].is_wanted = false;
    for (size_t i = 0; i < count; i++) {
        struct shown *place = find_place(notify, &notices[i]);
        if (place != NULL)
            want(place, &notices[i]);
    }
    advance_all(notify);
}

#else

struct notify *notify_new(struct bus *session_bus, notify_action_fn *fn, void *user)
{
    (void)session_bus;
    (void)fn;
    (void)user;
    return NULL;
}

void notify_free(struct notify *notify)
{
    (void)notify;
}

void notify_update(struct notify *notify, const struct notify_notice *notices, size_t count)
{
    (void)notify;
    (void)notices;
    (void)count;
}

#endif
