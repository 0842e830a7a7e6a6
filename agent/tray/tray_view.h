/* What the tray shows, as a plain value made from what the agent tells. Pure.
 *
 * Entries have ids that stay the same from one view to the next, so that a menu that is
 * open while something changes does what it says.
 */
#ifndef AGENT_TRAY_TRAY_VIEW_H
#define AGENT_TRAY_TRAY_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

enum {
    TRAY_MAX_FOLDERS = 8,
    TRAY_MAX_CHANGES = 8,
    TRAY_MAX_ENTRIES = TRAY_MAX_FOLDERS + TRAY_MAX_CHANGES + 8,
    TRAY_LABEL = 200,
    TRAY_PATH = 4096
};

enum tray_state {
    TRAY_AWAY, /* no agent runs */
    TRAY_FINE,
    TRAY_WORKING,
    TRAY_PAUSED,
    TRAY_ATTENTION,
};

enum tray_command {
    TRAY_NOTHING,
    TRAY_OPEN, /* the entry's folder */
    TRAY_SYNC,
    TRAY_PAUSE,
    TRAY_RESUME,
    TRAY_QUIT,
};

struct tray_entry {
    int id;     /* above 0 */
    int parent; /* an id of the menu, 0 the menu itself */
    enum tray_command command;
    bool is_separator;
    bool is_enabled;
    char label[TRAY_LABEL]; /* fit for a menu (plain_text.h) */
    char path[TRAY_PATH];   /* of TRAY_OPEN */
};

struct tray_view {
    enum tray_state state;
    char summary[TRAY_LABEL]; /* one line, plain */
    struct tray_entry entries[TRAY_MAX_ENTRIES];
    size_t count;
};

/* `status` is the last status that came, NULL while no agent runs; `changes` the last
 * arrivals, the oldest first, at most TRAY_MAX_CHANGES of them. */
void tray_view_make(const struct cJSON *status, const struct cJSON *const *changes,
                    size_t change_count, struct tray_view *out);

/* NULL: no such entry. */
const struct tray_entry *tray_view_find(const struct tray_view *view, int id);

/* Name of the icon of a state, in the theme. */
const char *tray_view_icon(enum tray_state state);

#endif
