/* The facts for sync/plan.h: what must move or go, which folders that needs, and who is in
 * whose way. */
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/row.h"
#include "agent/sync/structure_parts.h"
#include "agent/words.h"

/* Collecting. */

static bool make_room(struct structure *structure)
{
    if (structure->count < structure->capacity)
        return true;
    size_t capacity = structure->capacity == 0 ? 16 : structure->capacity * 2;
    struct plan_node *nodes = realloc(structure->nodes, capacity * sizeof *nodes);
    if (nodes == NULL)
        return false;
    structure->nodes = nodes;
    struct structure_object *objects =
        realloc(structure->objects, capacity * sizeof *objects);
    if (objects == NULL)
        return false;
    structure->objects = objects;
    structure->capacity = capacity;
    return true;
}

static void fail_memory(struct structure *structure)
{
    (void)failure_set(&structure->result.failure, FAILURE_RESOURCE, 22, "out of memory");
}

/* Takes over both texts. */
static void add(struct structure *structure, const struct plan_node *node,
                const struct structure_object *object)
{
    if (!make_room(structure)) {
        free(object->stands_name);
        free(object->wanted_name);
        fail_memory(structure);
        return;
    }
    structure->nodes[structure->count] = *node;
    structure->objects[structure->count] = *object;
    structure->count++;
}

static char *copy(struct structure *structure, const char *text)
{
    char *result = strdup(text);
    if (result == NULL)
        fail_memory(structure);
    return result;
}

static bool is_wanted(const struct store_base *base, const struct store_remote *remote,
                      enum tree_answer answer)
{
    return !remote->gone && answer != TREE_GONE && remote->kind == base->kind;
}

static void gather_one(struct structure *structure, const struct store_todo *todo)
{
    const struct sync_context *context = structure->context;
    struct store_remote remote;
    struct store_base base;
    int number = 0;
    int64_t key = todo->key;
    enum tree_answer answer = tree_resolve(context, key, &number);
    if (answer == TREE_FILTERED && tree_is_needed(context, key))
        answer = TREE_OK; /* it goes where what is in it belongs */
    if (store_get_remote(context->store, key, &remote) != STORE_OK ||
        store_get_base(context->store, key, &base) != STORE_OK)
        return;
    bool goes = !is_wanted(&base, &remote, answer);
    bool is_due = !todo->held && todo->not_before <= clock_wall_ms();
    bool is_unwanted = answer == TREE_UNWANTED || answer == TREE_FILTERED;
    if (!goes && (facts_is_at_place(&base, &remote) || is_unwanted))
        return;
    struct plan_node node = {
        .key = key,
        .fate = goes ? PLAN_GOES : PLAN_MOVES,
        .held = !is_due || (!goes && answer != TREE_OK),
        .stands = {.parent = base.parent},
        .wanted = {.parent = goes ? 0 : remote.parent},
    };
    struct structure_object object = {
        .kind = base.kind,
        .stands_name = copy(structure, base.name),
        .wanted_name = goes ? NULL : copy(structure, remote.name),
        .is_counted = goes && is_due && (base.flags & STORE_BASE_REMOVED) == 0,
    };
    add(structure, &node, &object);
}

/* It was tried, and is not to be tried again yet: the rest of the plan goes without it. */
static bool is_held_up(const struct sync_context *context, int64_t key)
{
    const struct store_todo todo = record_find_todo(context, key);
    return todo.failure != 0 && (todo.held || todo.not_before > clock_wall_ms());
}

/* Folders above a mover that do not stand yet. */
static void gather_makes(struct structure *structure, int64_t parent)
{
    const struct sync_context *context = structure->context;
    struct store_remote remote;
    struct store_base base;
    int64_t at = parent;
    for (int depth = 0; depth < TREE_MAX_DEPTH && at != context->root_item; depth++) {
        if (store_get_base(context->store, at, &base) == STORE_OK ||
            store_get_remote(context->store, at, &remote) != STORE_OK ||
            remote.kind != STORE_KIND_FOLDER)
            return;
        const struct structure_object object = {
            .kind = STORE_KIND_FOLDER, .wanted_name = copy(structure, remote.name)};
        const struct plan_node node = {.key = at,
                                       .fate = PLAN_MAKES,
                                       .held = is_held_up(context, at),
                                       .wanted = {.parent = remote.parent}};
        add(structure, &node, &object);
        at = node.wanted.parent;
    }
}

/* A folder that the filters leave out, where a mover is to go: it is to be left as soon as
 * nothing of ours is in it, so what is to move out of it does not wait for its own place.
 */
static void gather_leaver(struct structure *structure, const struct plan_node *mover,
                          const char *name)
{
    const struct sync_context *context = structure->context;
    struct store_base base;
    int number = 0;
    if (store_find_base(context->store, context->mirror, mover->wanted.parent, name,
                        &base) != STORE_OK ||
        base.kind != STORE_KIND_FOLDER || base.key == mover->key)
        return;
    struct plan_node node = {
        .key = base.key, .fate = PLAN_GOES, .stands = {.parent = base.parent}};
    struct structure_object object = {.kind = base.kind, .is_left = true};
    if (tree_resolve(context, node.key, &number) != TREE_FILTERED ||
        tree_is_needed(context, node.key))
        return;
    object.stands_name = copy(structure, name);
    add(structure, &node, &object);
}

/* Sorts both arrays by key and drops what came twice. */
struct pair {
    struct plan_node node;
    struct structure_object object;
};

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *one = left;
    const struct pair *other = right;
    if (one->node.key != other->node.key)
        return one->node.key < other->node.key ? -1 : 1;
    return 0;
}

static void sort_nodes(struct structure *structure)
{
    size_t count = structure->count;
    struct pair *pairs = calloc(count == 0 ? 1 : count, sizeof *pairs);
    if (pairs == NULL) {
        fail_memory(structure);
        return;
    }
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct pair){structure->nodes[i], structure->objects[i]};
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    structure->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && pairs[i].node.key == pairs[i - 1].node.key) {
            free(pairs[i].object.stands_name);
            free(pairs[i].object.wanted_name);
            continue;
        }
        structure->nodes[structure->count] = pairs[i].node;
        structure->objects[structure->count++] = pairs[i].object;
    }
    free(pairs);
}

bool structure_gather(struct structure *structure, uint64_t until_ms)
{
    const struct sync_context *context = structure->context;
    struct store_todo todo;
    for (unsigned visited = 1; structure->result.failure.kind == FAILURE_NONE; visited++) {
        enum store_status status = store_next_structural(
            context->store, context->mirror, INT64_MAX, true, &structure->cursor, &todo);
        if (status == STORE_NONE)
            break;
        if (status != STORE_OK)
            structure_fail_store(structure);
        else
            gather_one(structure, &todo);
        if (visited % 16 == 0 && clock_now_ms() > until_ms)
            return false;
    }
    size_t movers = structure->count;
    for (size_t i = 0; i < movers; i++) {
        /* Both may move the arrays. */
        const struct plan_node mover = structure->nodes[i];
        const char *name = structure->objects[i].wanted_name;
        if (mover.fate != PLAN_MOVES || mover.held || name == NULL)
            continue;
        gather_makes(structure, mover.wanted.parent);
        gather_leaver(structure, &mover, name);
    }
    sort_nodes(structure);
    return true;
}

/* Linking. */

/* The nearest node above, by the base tree. */
static int64_t find_inside(const struct structure *structure, int64_t parent)
{
    const struct sync_context *context = structure->context;
    struct store_base base;
    int64_t at = parent;
    for (int depth = 0; depth < TREE_MAX_DEPTH; depth++) {
        if (at == STORE_STAGE || at == context->root_item)
            return 0;
        if (structure_find(structure, at) != STRUCTURE_NOBODY)
            return at;
        if (store_get_base(context->store, at, &base) != STORE_OK)
            return 0;
        at = base.parent;
    }
    return 0;
}

/* The same by the drive's tree. */
static int64_t find_under(const struct structure *structure, int64_t parent)
{
    const struct sync_context *context = structure->context;
    struct store_remote remote;
    int64_t at = parent;
    for (int depth = 0; depth < TREE_MAX_DEPTH; depth++) {
        if (at == 0 || at == context->root_item)
            return 0;
        if (structure_find(structure, at) != STRUCTURE_NOBODY)
            return at;
        if (store_get_remote(context->store, at, &remote) != STORE_OK)
            return 0;
        at = remote.parent;
    }
    return 0;
}

/* Whether something new waits for the place of what goes. */
static bool is_in_the_way(const struct sync_context *context, const struct plan_node *node,
                          const char *name)
{
    struct store_remote claimer;
    struct store_base base;
    if (store_find_remote_child(context->store, node->stands.parent, name, 0, &claimer) !=
        STORE_OK)
        return false;
    return claimer.key == node->key ||
           store_get_base(context->store, claimer.key, &base) == STORE_NONE;
}

/* Whether it goes into a folder that a person has moved into it, as far as the records
 * know: that one is called home first, and the next plan has both (F-32, F-84). */
static bool waits_for_home(const struct structure *structure, const struct plan_node *node)
{
    const struct sync_context *context = structure->context;
    struct store_base base;
    int64_t moved = 0;
    int64_t at = node->wanted.parent;
    for (int depth = 0; depth < TREE_MAX_DEPTH && at != node->key; depth++) {
        if (store_get_base(context->store, at, &base) != STORE_OK)
            return false;
        if ((base.flags & STORE_BASE_MOVED) != 0)
            moved = at;
        at = base.parent;
    }
    if (at != node->key || moved == 0)
        return false;
    record_call_home(context, moved);
    return true;
}

static void link_one(struct structure *structure, size_t index)
{
    const struct sync_context *context = structure->context;
    struct plan_node *node = &structure->nodes[index];
    struct structure_object *object = &structure->objects[index];
    struct store_base other;
    node->stands.name = object->stands_name;
    node->wanted.name = object->wanted_name;
    object->now = node->stands;
    if (node->stands.name != NULL)
        node->inside = find_inside(structure, node->stands.parent);
    if (node->fate == PLAN_GOES) {
        node->in_the_way = node->stands.parent != STORE_STAGE &&
                           is_in_the_way(context, node, object->stands_name);
        return;
    }
    if (waits_for_home(structure, node)) {
        node->held = true;
        structure->result.wants_again = true;
    }
    node->under = find_under(structure, node->wanted.parent);
    if (store_find_base(context->store, context->mirror, node->wanted.parent,
                        object->wanted_name, &other) != STORE_OK ||
        other.key == node->key)
        return;
    node->occupant = other.key;
    if ((other.flags & STORE_BASE_MOVED) != 0) {
        record_call_home(context, other.key);
        structure->result.wants_again = true;
    }
}

bool structure_link(struct structure *structure, uint64_t until_ms)
{
    for (; structure->linked < structure->count; structure->linked++) {
        if (structure->linked % 16 == 15 && clock_now_ms() > until_ms)
            return false;
        link_one(structure, structure->linked);
    }
    return true;
}

/* The guard (F-90) and the order. */

static void hold_removals(struct structure *structure, uint64_t removals)
{
    struct sync_context *context = structure->context;
    struct row *row = context->row;
    bool is_news = (uint64_t)row->mirror.held_deletions != removals;
    for (size_t i = 0; i < structure->count; i++) {
        if (!structure->objects[i].is_counted)
            continue;
        const struct store_todo todo = {
            .key = structure->nodes[i].key,
            .failure = 90,
            .text = _("deleted on the drive; waits for your consent: agent approve"),
            .held = true,
        };
        (void)store_put_todo(context->store, context->mirror, &todo);
    }
    row->mirror.held_deletions = (int64_t)removals;
    (void)row_save(context->store, row);
    if (is_news)
        log_line(LOG_LEVEL_WARNING, 90, context->name,
                 words_count("%llu deletion waits for your consent: agent approve %s, or "
                             "agent refuse to keep the file",
                             "%llu deletions wait for your consent: agent approve %s, or "
                             "agent refuse to keep the files",
                             removals),
                 (unsigned long long)removals, context->name);
}

void structure_plan(struct structure *structure)
{
    const struct sync_context *context = structure->context;
    struct store_counts counts = {.placed = 0};
    uint64_t removals = 0;
    for (size_t i = 0; i < structure->count; i++)
        removals += structure->objects[i].is_counted;
    if (removals > 0 && store_count(context->store, context->mirror, &counts) != STORE_OK) {
        structure_fail_store(structure);
        return;
    }
    bool is_guarded =
        !structure->request.allow_big_delete &&
        plan_guards(removals, counts.placed, context->config->big_delete_threshold,
                    (uint64_t)context->row->mirror.approved_deletions);
    if (is_guarded)
        hold_removals(structure, removals);
    structure->result.held = (uint64_t)context->row->mirror.held_deletions;
    if (!plan_order(structure->nodes, structure->count, is_guarded, &structure->plan)) {
        fail_memory(structure);
        return;
    }
    structure->end = structure->request.with_removals ? structure->plan.count
                                                      : structure->plan.first_late;
}
