#include "agent/sync/record.h"

#include <stdio.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/place/name.h"
#include "agent/sync/batch.h"
#include "agent/sync/facts.h"
#include "agent/sync/local.h"
#include "agent/sync/tree.h"
#include "agent/words.h"
#include "store/store_intent.h"
#include "store/store_note.h"

static void note(const struct sync_context *context, int64_t key, const char *operation,
                 const char *path, int64_t bytes, int64_t done_at)
{
    struct store_remote remote;
    bool is_known = store_get_remote(context->store, key, &remote) == STORE_OK;
    struct store_event event = {
        .mirror = context->mirror,
        .key = key,
        .path = path,
        .operation = operation,
        .trigger = context->origin.trigger,
        .editor = is_known ? remote.editor : NULL,
        .bytes = bytes == STORE_UNKNOWN ? 0 : bytes,
        .notified_at = context->origin.notified_at,
        .delta_at = context->origin.delta_at,
        .done_at = done_at == 0 ? clock_wall_ms() : done_at,
    };
    (void)store_put_history(context->store, &event);
    if (context->on_arrival != NULL)
        context->on_arrival(context->user, operation, path, event.editor);
}

static void log_change(const struct sync_context *context, const char *operation,
                       const char *path)
{
    char shown[512];
    if (log_shows(LOG_LEVEL_INFO))
        log_line(LOG_LEVEL_INFO, 0, context->name, "%s %s", operation,
                 log_escape(path, shown, sizeof shown));
}

void record_conflict(const struct sync_context *context, int64_t key, const char *folder,
                     const char *name, const char *copy_name)
{
    char path[TREE_PATH_SIZE];
    char copy[TREE_PATH_SIZE];
    char shown[512];
    char shown_copy[512];
    const char *slash = *folder == '\0' ? "" : "/";
    (void)snprintf(path, sizeof path, "%s%s%s", folder, slash, name);
    (void)snprintf(copy, sizeof copy, "%s%s%s", folder, slash, copy_name);
    (void)store_put_conflict(context->store, context->mirror, key, path, copy,
                             clock_wall_ms());
    note(context, key, "conflict", copy, 0, 0);
    context->status->conflicts++;
    log_line(LOG_LEVEL_WARNING, 26, context->name,
             "changed here and on the drive: %s: kept your version as %s",
             log_escape(path, shown, sizeof shown),
             log_escape(copy_name, shown_copy, sizeof shown_copy));
}

/* Times are compared by the second: that is what every kind of drive stores. */
static bool is_same_time(int64_t one, int64_t other)
{
    return other == STORE_UNKNOWN || (one != STORE_UNKNOWN && one / 1000 == other / 1000);
}

/* The drive deleted it while the hands put it there: without a record nothing seemed to be
 * left to do. */
static void queue_removal(const struct sync_context *context, int64_t key)
{
    struct store_todo todo;
    int64_t after = key - 1;
    if (store_next_todo(context->store, context->mirror, INT64_MAX, true, &after, &todo) ==
            STORE_OK &&
        todo.key == key)
        return;
    todo = (struct store_todo){.key = key};
    (void)store_put_todo(context->store, context->mirror, &todo);
}

void record_settle(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    struct store_remote remote;
    if (store_get_base(context->store, key, &base) != STORE_OK ||
        store_get_remote(context->store, key, &remote) != STORE_OK)
        return;
    if (remote.gone) {
        queue_removal(context, key);
        return;
    }
    bool agrees = facts_is_at_place(&base, &remote);
    if (agrees && base.kind == STORE_KIND_FILE)
        agrees = !facts_content_differs(&base, &remote) &&
                 is_same_time(base.mtime_ms, remote.mtime_ms);
    if (agrees)
        (void)store_drop_todo(context->store, key);
}

/* What was held because of its folder may be possible now. */
static void wake_children(const struct sync_context *context, int64_t folder)
{
    struct store_counts counts;
    struct store_remote child;
    int64_t after = 0;
    if (store_count(context->store, context->mirror, &counts) != STORE_OK ||
        counts.held == 0)
        return;
    while (store_next_remote_child(context->store, folder, &after, &child) == STORE_OK) {
        const struct store_todo fresh = {.key = child.key};
        if (record_find_todo(context, fresh.key).held)
            (void)store_put_todo(context->store, context->mirror, &fresh);
    }
}

/* A new version at a place that a person chose does not make it the drive's. */
static unsigned kept_flags(const struct sync_context *context,
                           const struct record_object *object)
{
    struct store_base base;
    if (store_get_base(context->store, object->key, &base) != STORE_OK ||
        base.parent != object->parent || strcmp(base.name, object->name) != 0)
        return 0;
    return base.flags & (unsigned)STORE_BASE_MOVED;
}

/* Something stands in the folder, so that does. Which one it is the hands can tell. */
static bool revive(const struct sync_context *context, int64_t folder)
{
    const struct store_todo todo = {.key = folder};
    struct store_base base;
    if (folder == context->root_item ||
        store_get_base(context->store, folder, &base) != STORE_OK ||
        (base.flags & STORE_BASE_REMOVED) == 0)
        return false;
    base.flags |= STORE_BASE_DOUBTFUL;
    (void)store_put_base(context->store, context->mirror, &base);
    (void)store_put_todo(context->store, context->mirror, &todo);
    return true;
}

bool record_object(const struct sync_context *context, const struct record_object *object)
{
    char path[TREE_PATH_SIZE];
    struct store_base base = {
        .key = object->key,
        .parent = object->parent,
        .name = object->name,
        .kind = object->kind,
        .mtime_ms = object->mtime_ms,
        .size = object->size,
        .hash = object->hash,
        .listed = object->listed,
        .listed_size = object->listed_size,
        .ctag = object->version,
        .print = object->print,
        .flags = object->flags | kept_flags(context, object),
    };
    if (store_put_base(context->store, context->mirror, &base) != STORE_OK)
        return false;
    (void)store_drop_intent(context->store, object->key);
    if (tree_standing(context, object->key, path)) {
        note(context, object->key, object->operation, path, object->size, object->done_at);
        log_change(context, object->operation, path);
        if (object->copy_name != NULL && *object->copy_name != '\0') {
            const char *folder;
            const char *name = tree_split(path, &folder);
            record_conflict(context, object->key, folder, name, object->copy_name);
        }
    }
    record_settle(context, object->key);
    if (object->kind == STORE_KIND_FOLDER) {
        wake_children(context, object->key);
        local_folder(context->local, object->key);
    }
    return revive(context, object->parent);
}

/* The record gives up its place. */
static bool put_into_stage(const struct sync_context *context, struct store_base *base)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%lld", (long long)base->key);
    base->parent = STORE_STAGE;
    base->name = name;
    return store_put_base(context->store, context->mirror, base) == STORE_OK;
}

void record_put_staged(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    const struct store_todo todo = {.key = key}; /* who brings it out again */
    if (store_get_base(context->store, key, &base) != STORE_OK)
        return;
    base.flags |= STORE_BASE_RACY; /* its ctime has changed unseen */
    (void)put_into_stage(context, &base);
    (void)store_put_todo(context->store, context->mirror, &todo);
}

bool record_yields(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    struct store_remote remote;
    if (store_get_base(context->store, key, &base) != STORE_OK ||
        store_get_remote(context->store, key, &remote) != STORE_OK ||
        (base.flags & (STORE_BASE_REMOVED | STORE_BASE_DOUBTFUL)) != STORE_BASE_REMOVED ||
        base.parent == STORE_STAGE || (!remote.gone && facts_is_at_place(&base, &remote)))
        return false;
    return put_into_stage(context, &base);
}

/* A removal that failed half-way has left the file in the working folder, where the
 * recovery compares it with its record. So that gives up no more than its place, and the
 * next plan finds nothing to remove. */
static bool wait_for_recovery(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    struct store_remote remote;
    if (context->batch == NULL || !batch_has_failed(context->batch) ||
        store_get_remote(context->store, key, &remote) != STORE_OK || !remote.gone ||
        store_get_base(context->store, key, &base) != STORE_OK ||
        base.kind != STORE_KIND_FILE)
        return false;
    queue_removal(context, key);
    return put_into_stage(context, &base);
}

/* An object that is not there any more, with all that the records have in it. What the
 * drive still has comes again. */
static void forget_object(const struct sync_context *context, int64_t key)
{
    int64_t at = 0;
    while (at != key) {
        struct store_base child;
        struct store_remote remote;
        int64_t after = 0;
        for (at = key; store_next_base_child(context->store, context->mirror, at, &after,
                                             &child) == STORE_OK;
             after = 0)
            at = child.key;
        if (wait_for_recovery(context, at))
            continue;
        record_gone(context, at, "delete");
        if (store_get_base(context->store, at, &child) == STORE_OK)
            return; /* nothing can be written any more: the commit will fail (B-2) */
        const struct store_todo todo = {.key = at};
        if (store_get_remote(context->store, at, &remote) == STORE_OK && !remote.gone)
            (void)store_put_todo(context->store, context->mirror, &todo);
    }
}

void record_taken(const struct sync_context *context, int64_t key, int64_t parent,
                  const char *name, const struct store_print *print)
{
    struct store_base former;
    if (store_find_base(context->store, context->mirror, parent, name, &former) ==
            STORE_OK &&
        former.key != key && !place_is_object(&former.print, print, former.kind))
        forget_object(context, former.key);
}

/* Whether the way to the folder leads through the item, or nowhere. While the records lag
 * behind a person who moves much about, his object may be found just where they have what
 * is in it, or itself. */
static bool leads_through(const struct sync_context *context, int64_t folder, int64_t key)
{
    struct store_base base;
    int64_t at = folder;
    for (int depth = 0; at != context->root_item && at != STORE_STAGE; depth++) {
        if (at == key || depth > TREE_MAX_DEPTH ||
            store_get_base(context->store, at, &base) != STORE_OK)
            return true;
        at = base.parent;
    }
    return false;
}

bool record_moved(const struct sync_context *context, int64_t key, int64_t parent,
                  const struct place_step *step)
{
    struct store_base base;
    char path[TREE_PATH_SIZE];
    if (step->result == PLACE_DONE && parent != STORE_STAGE)
        record_taken(context, key, parent, step->name, &step->print);
    /* What is missing with all that is in it goes once that has gone elsewhere. */
    if ((parent != STORE_STAGE && leads_through(context, parent, key)) ||
        store_get_base(context->store, key, &base) != STORE_OK)
        return false;
    base.parent = parent;
    base.name = step->name;
    base.flags &= ~(unsigned)STORE_BASE_MOVED;
    if (step->print.inode != 0)
        base.print = step->print;
    if (store_put_base(context->store, context->mirror, &base) != STORE_OK)
        return false;
    (void)store_drop_intent(context->store, key);
    if (parent == STORE_STAGE)
        return true;
    if (tree_standing(context, key, path)) {
        note(context, key, "move", path, 0, step->durable_at);
        log_change(context, "move", path);
    }
    record_settle(context, key);
    if (step->result == PLACE_DONE)
        (void)revive(context, parent);
    return true;
}

/* The record of what stands in a folder. */
static bool find_at(const struct sync_context *context, int64_t *parent, const char *name,
                    size_t length, struct store_base *out)
{
    char text[NAME_MAX_BYTES + 1];
    if (length > NAME_MAX_BYTES)
        return false;
    memcpy(text, name, length);
    text[length] = '\0';
    if (store_find_base(context->store, context->mirror, *parent, text, out) != STORE_OK)
        return false;
    *parent = out->key;
    return true;
}

bool record_remade(const struct sync_context *context, const char *folder, const char *name,
                   const struct store_print *print)
{
    struct store_base base;
    int64_t at = context->root_item;
    while (*folder != '\0') {
        size_t length = strcspn(folder, "/");
        if (!find_at(context, &at, folder, length, &base))
            return false;
        folder += folder[length] == '/' ? length + 1 : length;
    }
    if (!find_at(context, &at, name, strlen(name), &base))
        return false;
    bool is_same = base.print.inode == print->inode && base.print.device == print->device;
    if (is_same && (base.flags & STORE_BASE_REMOVED) == 0)
        return true;
    base.print = *print;
    base.flags &= ~(unsigned)STORE_BASE_REMOVED;
    (void)store_put_base(context->store, context->mirror, &base);
    return true;
}

void record_gone(const struct sync_context *context, int64_t key, const char *operation)
{
    char path[TREE_PATH_SIZE];
    if (tree_standing(context, key, path)) {
        if (tree_is_staged(path))
            tree_shown_path(context, key, path); /* while it waited there for its place */
        note(context, key, operation, path, 0, 0);
        log_change(context, operation, path);
    }
    (void)store_drop_intent(context->store, key);
    (void)store_drop_base(context->store, key);
    /* An item that is of another kind now, or wanted again, still has its work to come. */
    struct store_remote remote;
    if (store_get_remote(context->store, key, &remote) != STORE_OK || remote.gone)
        (void)store_drop_todo(context->store, key);
}

bool record_leave(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    struct store_base child;
    int64_t after = 0;
    if (store_get_base(context->store, key, &base) != STORE_OK ||
        store_next_base_child(context->store, context->mirror, key, &after, &child) ==
            STORE_OK)
        return false;
    if (base.parent == STORE_STAGE)
        batch_leave_work(context->batch); /* nobody would see it there */
    record_gone(context, key, "leave");
    /* Else nothing can be written any more: the commit will fail (B-2). */
    return store_get_base(context->store, key, &base) != STORE_OK;
}

bool record_moved_here(const struct sync_context *context, int64_t key, int64_t folder,
                       const char *name, const struct store_print *print)
{
    char path[TREE_PATH_SIZE];
    char shown[512];
    struct store_base base;
    struct store_base other;
    struct store_remote remote;
    if (store_find_base(context->store, context->mirror, folder, name, &other) !=
            STORE_NONE ||
        leads_through(context, folder, key) ||
        store_get_base(context->store, key, &base) != STORE_OK ||
        store_get_remote(context->store, key, &remote) != STORE_OK)
        return false;
    bool is_home =
        remote.parent == folder && remote.name != NULL && strcmp(remote.name, name) == 0;
    base.parent = folder;
    base.name = name;
    base.print = *print;
    base.flags &= ~(unsigned)(STORE_BASE_MOVED | STORE_BASE_REMOVED);
    base.flags |= (unsigned)STORE_BASE_RACY | (is_home ? 0 : (unsigned)STORE_BASE_MOVED);
    if (store_put_base(context->store, context->mirror, &base) != STORE_OK)
        return false;
    if (tree_standing(context, key, path))
        log_line(LOG_LEVEL_INFO, 32, context->name, "moved here: %s: %s",
                 log_escape(path, shown, sizeof shown),
                 is_home ? _("it is back at its place")
                         : _("it stays there, and the drive's changes follow it"));
    record_settle(context, key);
    return true;
}

void record_call_home(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    const struct store_todo todo = {.key = key};
    if (store_get_base(context->store, key, &base) != STORE_OK ||
        (base.flags & STORE_BASE_MOVED) == 0)
        return;
    base.flags &= ~(unsigned)STORE_BASE_MOVED;
    (void)store_put_base(context->store, context->mirror, &base);
    (void)store_put_todo(context->store, context->mirror, &todo);
}

void record_local(const struct sync_context *context, int64_t key, unsigned flag)
{
    struct store_base base;
    if (store_get_base(context->store, key, &base) != STORE_OK)
        return;
    base.flags &= ~(unsigned)(STORE_BASE_EDITED | STORE_BASE_REMOVED | STORE_BASE_DOUBTFUL);
    base.flags |= flag;
    (void)store_put_base(context->store, context->mirror, &base);
    (void)store_drop_intent(context->store, key);
    (void)store_drop_todo(context->store, key);
}
