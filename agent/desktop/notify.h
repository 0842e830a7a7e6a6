/* Desktop notifications: only for what wants a person, once each.
 *
 * The owner names all that holds now, again and again, with notify_update(). What is new is
 * shown, what has another text replaces its old one, what is no longer named is taken away,
 * and what a person has closed does not come back before its text changes.
 *
 * Without a session bus or a notification server everything here does nothing. Texts are
 * sent as plain text: where the server reads markup they are escaped, and control
 * characters never get out (F-152). Actions are offered where the server can show them.
 */
#ifndef AGENT_DESKTOP_NOTIFY_H
#define AGENT_DESKTOP_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/desktop/bus.h"

struct notify;

/* What may want a person. */
enum notify_condition {
    NOTIFY_SIGN_IN,
    NOTIFY_CONFLICT,
    NOTIFY_BIG_DELETION, /* held until a person says so */
    NOTIFY_FOLDER,       /* missing, or not the known one */
    NOTIFY_DISK,         /* full, or it cannot be written */
};

enum { NOTIFY_MAX_NOTICES = 16, NOTIFY_MAX_ACTIONS = 2 };

/* One thing that holds; a plain value, all texts borrowed for the call. Condition and
 * subject together say which one it is. */
struct notify_notice {
    enum notify_condition condition;
    const char *subject; /* name of the mirror, "" for the account */
    const char *summary;
    const char *body;
    bool stays; /* until the condition ends, instead of as long as the server likes */
    struct notify_action {
        const char *key; /* static; NULL ends the list */
        const char *label;
    } actions[NOTIFY_MAX_ACTIONS];
};

/* A person chose an action, or the notice itself, which is its first action. Runs on the
 * loop; `subject` and `key` are borrowed. */
typedef void notify_action_fn(void *user, enum notify_condition condition,
                              const char *subject, const char *key);

/* NULL where there is no bus or no memory; the other calls accept that. `bus` outlives it.
 */
struct notify *notify_new(struct bus *session_bus, notify_action_fn *fn, void *user);
/* What is shown stays: the condition outlives the agent. */
void notify_free(struct notify *notify);

/* All that holds now; what is beyond NOTIFY_MAX_NOTICES is left out. */
void notify_update(struct notify *notify, const struct notify_notice *notices,
                   size_t count);

#endif
