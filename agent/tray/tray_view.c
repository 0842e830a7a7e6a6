#include "agent/tray/tray_view.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/arrival_text.h"
#include "agent/desktop/plain_text.h"
#include "agent/words.h"

/* Ids of the entries. */
enum {
    ID_SUMMARY = 1,
    ID_GAP_ABOVE,
    ID_SYNC,
    ID_PAUSE,
    ID_CHANGES,
    ID_GAP_BELOW,
    ID_QUIT,
    ID_FOLDER = 100,
    ID_CHANGE = 200
};

static const char *get_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text == NULL ? "" : text;
}

static double get_number(const cJSON *object, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(number) ? number->valuedouble : 0;
}

static const cJSON *mirrors_of(const cJSON *status)
{
    return cJSON_GetObjectItemCaseSensitive(status, "mirrors");
}

/* "14:02", local time; "" where there is none. */
static const char *format_clock(double wall_ms, char out[16])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local = {0};
    if (wall_ms <= 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(out, 16, "%H:%M", &local) == 0)
        out[0] = '\0';
    return out;
}

static enum tray_state state_of(const cJSON *status)
{
    static const struct {
        const char *word;
        enum tray_state state;
    } states[] = {
        {"idle",      TRAY_FINE     },
        {"working",   TRAY_WORKING  },
        {"paused",    TRAY_PAUSED   },
        {"offline",   TRAY_PAUSED   },
        {"attention", TRAY_ATTENTION},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(get_text(status, "state"), states[i].word) == 0)
            return states[i].state;
    }
    return status == NULL ? TRAY_AWAY : TRAY_FINE;
}

/* What wants a person: the account first, then the first mirror that says something. */
static void tell_attention(const cJSON *status, char *out, size_t out_size)
{
    const char *message =
        get_text(cJSON_GetObjectItemCaseSensitive(status, "account"), "message");
    const char *name = "";
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, mirrors_of(status))
    {
        if (message[0] != '\0')
            break;
        message = get_text(mirror, "message");
        name = get_text(mirror, "name");
    }
    (void)snprintf(out, out_size, "%s%s%s", name, name[0] == '\0' ? "" : ": ",
                   message[0] == '\0' ? _("Your attention is wanted") : message);
}

static void tell_work(const cJSON *status, char *out, size_t out_size)
{
    double done = 0;
    double total = 0;
    double have = 0;
    double bytes = 0;
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, mirrors_of(status))
    {
        done += get_number(mirror, "done_items");
        total += get_number(mirror, "total_items");
        have += get_number(mirror, "done_bytes");
        bytes += get_number(mirror, "total_bytes");
    }
    if (total <= done)
        (void)snprintf(out, out_size, "%s", _("Looking what changed"));
    else if (bytes > have)
        (void)snprintf(out, out_size,
                       _("Working: %.0f of %.0f items, %.0f %% of the bytes"), done, total,
                       have * 100 / bytes);
    else
        (void)snprintf(out, out_size, _("Working: %.0f of %.0f items"), done, total);
}

static void tell_pause(const cJSON *status, char *out, size_t out_size)
{
    char until[16];
    const char *why = get_text(status, "paused_why");
    (void)format_clock(get_number(status, "paused_until"), until);
    if (strcmp(get_text(status, "state"), "offline") == 0)
        (void)snprintf(out, out_size, "%s", _("Offline"));
    else if (until[0] != '\0')
        (void)snprintf(out, out_size, _("Paused until %s"), until);
    else
        (void)snprintf(out, out_size, "%s%s%s", _("Paused"), why[0] == '\0' ? "" : ": ",
                       why);
}

static void tell_summary(const cJSON *status, struct tray_view *view)
{
    char text[TRAY_LABEL] = "";
    switch (view->state) {
    case TRAY_AWAY:
        (void)snprintf(text, sizeof text, "%s", _("The agent is not running"));
        break;
    case TRAY_FINE:
        (void)snprintf(text, sizeof text, "%s", _("Everything is in step"));
        break;
    case TRAY_WORKING:
        tell_work(status, text, sizeof text);
        break;
    case TRAY_PAUSED:
        tell_pause(status, text, sizeof text);
        break;
    case TRAY_ATTENTION:
        tell_attention(status, text, sizeof text);
        break;
    }
    (void)plain_text(text, PLAIN_TEXT_AS_IT_IS, view->summary, sizeof view->summary);
}

static struct tray_entry *add(struct tray_view *view, int id, enum tray_command command,
                              const char *label)
{
    struct tray_entry *entry = &view->entries[view->count++];
    entry->id = id;
    entry->parent = 0;
    entry->command = command;
    entry->is_separator = label == NULL;
    entry->is_enabled = command != TRAY_NOTHING;
    entry->path[0] = '\0';
    (void)plain_text(label == NULL ? "" : label, PLAIN_TEXT_FOR_MENU, entry->label,
                     sizeof entry->label);
    return entry;
}

static void add_folders(const cJSON *status, struct tray_view *view)
{
    const cJSON *mirror = NULL;
    int count = cJSON_GetArraySize(mirrors_of(status));
    int at = 0;
    cJSON_ArrayForEach(mirror, mirrors_of(status))
    {
        char label[TRAY_LABEL];
        if (at == TRAY_MAX_FOLDERS)
            break;
        if (count > 1)
            (void)snprintf(label, sizeof label, _("Open the folder of %.64s"),
                           get_text(mirror, "name"));
        else
            (void)snprintf(label, sizeof label, "%s", _("Open the folder"));
        struct tray_entry *entry = add(view, ID_FOLDER + at++, TRAY_OPEN, label);
        (void)snprintf(entry->path, sizeof entry->path, "%s", get_text(mirror, "folder"));
    }
}

static const cJSON *find_mirror(const cJSON *status, const char *name)
{
    const cJSON *mirror = NULL;
    cJSON_ArrayForEach(mirror, mirrors_of(status))
    {
        if (strcmp(get_text(mirror, "name"), name) == 0)
            return mirror;
    }
    return NULL;
}

/* A change opens the folder that it happened in. */
static void add_change(const cJSON *status, const cJSON *change, int id,
                       struct tray_view *view)
{
    char sentence[TRAY_LABEL];
    char at[16];
    char label[TRAY_LABEL + 32];
    const cJSON *mirror = find_mirror(status, get_text(change, "mirror"));
    const char *path = get_text(change, "path");
    const char *slash = strrchr(path, '/');
    (void)snprintf(
        label, sizeof label, "%s  %s", format_clock(get_number(change, "at"), at),
        arrival_text(get_text(change, "operation"), get_text(change, "editor"),
                     slash == NULL ? path : slash + 1, sentence, sizeof sentence));
    struct tray_entry *entry =
        add(view, id, mirror == NULL ? TRAY_NOTHING : TRAY_OPEN, label);
    entry->parent = ID_CHANGES;
    int size =
        snprintf(entry->path, sizeof entry->path, "%s/%.*s", get_text(mirror, "folder"),
                 slash == NULL ? 0 : (int)(slash - path), path);
    if (size < 0 || (size_t)size >= sizeof entry->path)
        entry->is_enabled = false;
}

void tray_view_make(const struct cJSON *status, const struct cJSON *const *changes,
                    size_t change_count, struct tray_view *out)
{
    out->count = 0;
    out->state = state_of(status);
    tell_summary(status, out);
    (void)add(out, ID_SUMMARY, TRAY_NOTHING, out->summary);
    (void)add(out, ID_GAP_ABOVE, TRAY_NOTHING, NULL);
    add_folders(status, out);
    bool is_paused = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(status, "paused"));
    if (status != NULL) {
        add(out, ID_SYNC, TRAY_SYNC, _("Sync now"))->is_enabled = !is_paused;
        (void)add(out, ID_PAUSE, is_paused ? TRAY_RESUME : TRAY_PAUSE,
                  is_paused ? _("Resume") : _("Pause"));
        add(out, ID_CHANGES, TRAY_NOTHING, _("Last changes"))->is_enabled =
            change_count > 0;
    }
    size_t first = change_count > TRAY_MAX_CHANGES ? change_count - TRAY_MAX_CHANGES : 0;
    for (size_t i = change_count; i > first && status != NULL; i--)
        add_change(status, changes[i - 1], ID_CHANGE + (int)(change_count - i), out);
    (void)add(out, ID_GAP_BELOW, TRAY_NOTHING, NULL);
    (void)add(out, ID_QUIT, TRAY_QUIT, _("Quit this icon"));
}

const struct tray_entry *tray_view_find(const struct tray_view *view, int id)
{
    for (size_t i = 0; i < view->count; i++) {
        if (view->entries[i].id == id)
            return &view->entries[i];
    }
    return NULL;
}

const char *tray_view_icon(enum tray_state state)
{
    switch (state) {
    case TRAY_FINE:
        return "drive-agent-fine";
    case TRAY_WORKING:
        return "drive-agent-working";
    case TRAY_ATTENTION:
        return "drive-agent-attention";
    case TRAY_PAUSED:
    case TRAY_AWAY:
        break;
    }
    return "drive-agent-paused";
}
