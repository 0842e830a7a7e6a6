/* What a deletion takes with it, who comes after it, and what it may not take. All repeat
 * until a pass over the queue changes nothing, because what a pass adds or frees may have a
 * lower key. */
#include <stdio.h>

#include "agent/clock.h"
#include "agent/sync/record.h"
#include "agent/sync/row.h"
#include "agent/sync/structure_parts.h"
#include "store/store_intent.h"

/* Texts of a record that outlive it. */
enum { NAME_ROOM = 1025, VERSION_ROOM = 513 };

typedef bool visit_fn(struct structure *structure, int64_t key);

/* Visits the queue's entries that have a base record. True: a whole pass changed nothing.
 */
static bool visit_queue(struct structure *structure, visit_fn *visit, uint64_t until_ms)
{
    const struct sync_context *context = structure->context;
    struct store_todo todo;
    for (unsigned visited = 1;; visited++) {
        enum store_status status = store_next_structural(
            context->store, context->mirror, INT64_MAX, true, &structure->cursor, &todo);
        if (status == STORE_NONE) {
            bool is_over = !structure->pass_has_changed;
            structure->pass_has_changed = false;
            structure->cursor = 0;
            return is_over;
        }
        if (status != STORE_OK) {
            structure_fail_store(structure);
            return true;
        }
        structure->pass_has_changed =
            visit(structure, todo.key) || structure->pass_has_changed;
        if (visited % 16 == 0 && clock_now_ms() > until_ms)
            return false;
    }
}

/* F-87: by the drive's tree, so that what was moved out of the folder is not touched. */
static bool fall_from(struct structure *structure, int64_t key)
{
    const struct sync_context *context = structure->context;
    struct store_remote folder;
    struct store_remote child;
    int64_t after = 0;
    bool has_changed = false;
    if (store_get_remote(context->store, key, &folder) != STORE_OK || !folder.gone ||
        folder.kind != STORE_KIND_FOLDER)
        return false;
    while (store_next_remote_child(context->store, key, &after, &child) == STORE_OK) {
        if (child.gone || child.kind == STORE_KIND_PENDING)
            continue;
        const struct store_remote gone = {.key = child.key, .gone = true};
        if (store_put_remote(context->store, context->mirror, &gone, true, NULL) !=
            STORE_OK)
            break;
        has_changed = true;
    }
    return has_changed;
}

bool structure_fall(struct structure *structure, uint64_t until_ms)
{
    return visit_queue(structure, fall_from, until_ms);
}

/* The new item at a deleted one's place, if it can take over its record. What is missing
 * here was given up by both sides: the new item comes as any other does. */
static bool find_heir(const struct sync_context *context, const struct store_base *base,
                      int64_t *out_key)
{
    struct store_remote heir;
    struct store_base standing;
    int number = 0;
    if (base->parent == STORE_STAGE || (base->flags & STORE_BASE_REMOVED) != 0 ||
        store_find_remote_child(context->store, base->parent, base->name, base->key,
                                &heir) != STORE_OK)
        return false;
    int64_t key = heir.key;
    if (heir.kind != base->kind || heir.malware ||
        store_get_base(context->store, key, &standing) == STORE_OK ||
        tree_resolve(context, key, &number) != TREE_OK)
        return false;
    *out_key = key;
    return true;
}

static bool take_over_children(const struct sync_context *context, int64_t from, int64_t to)
{
    struct store_base child;
    int64_t after = 0;
    while (store_next_base_child(context->store, context->mirror, from, &after, &child) ==
           STORE_OK) {
        child.parent = to;
        if (store_put_base(context->store, context->mirror, &child) != STORE_OK)
            return false;
    }
    return true;
}

/* What may stand there without its record is the heir's as well. Left with the one that is
 * gone it would win the place back after the next kill, with all that is in it. */
static void take_over_intent(const struct sync_context *context, int64_t from, int64_t to)
{
    struct store_intent intent;
    if (store_get_intent(context->store, to, &intent) == STORE_NONE &&
        store_get_intent(context->store, from, &intent) == STORE_OK &&
        intent.kind != STORE_INTENT_FETCH) {
        intent.key = to;
        (void)store_put_intent(context->store, context->mirror, &intent);
    }
    (void)store_drop_intent(context->store, from);
}

static bool succeed(struct structure *structure, int64_t key)
{
    const struct sync_context *context = structure->context;
    struct store_remote old;
    struct store_base base;
    int64_t heir;
    if (store_get_remote(context->store, key, &old) != STORE_OK || !old.gone ||
        store_get_base(context->store, key, &base) != STORE_OK ||
        !find_heir(context, &base, &heir))
        return false;
    /* Reading the children uses the store's room for texts. */
    if (!take_over_children(context, key, heir) ||
        store_get_base(context->store, key, &base) != STORE_OK)
        return false;
    char name[NAME_ROOM];
    char version[VERSION_ROOM];
    (void)snprintf(name, sizeof name, "%s", base.name);
    (void)snprintf(version, sizeof version, "%s", base.ctag == NULL ? "" : base.ctag);
    take_over_intent(context, key, heir);
    (void)store_drop_base(context->store, key);
    (void)store_drop_todo(context->store, key);
    base.key = heir;
    base.name = name;
    base.flags &= ~(unsigned)STORE_BASE_MOVED; /* to the heir it is home */
    base.flags |= STORE_BASE_DOUBTFUL;         /* the removal may have been done already */
    base.ctag = base.ctag == NULL ? NULL : version;
    (void)store_put_base(context->store, context->mirror, &base);
    structure->result.done++;
    return true;
}

bool structure_succeed(struct structure *structure, uint64_t until_ms)
{
    return visit_queue(structure, succeed, until_ms);
}

/* A folder in which something of ours is goes the ordinary way, after that has left it:
 * what else is in it keeps it standing (F-88). */
static bool leave(struct structure *structure, int64_t key)
{
    const struct sync_context *context = structure->context;
    struct store_remote remote;
    if (store_get_remote(context->store, key, &remote) != STORE_OK || !remote.gone ||
        !record_leave(context, key))
        return false;
    structure->result.done++;
    return true;
}

/* The enumeration that has lost it may not delete (F-61, F-81). */
bool structure_leave(struct structure *structure, uint64_t until_ms)
{
    return !structure->context->row->mirror.keep_missing ||
           visit_queue(structure, leave, until_ms);
}
