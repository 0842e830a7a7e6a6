/* A little world for the planner: a drive, the records and a disk with a person at it.
 *
 * Fill `remote`, `base` and the disk (world_stand()), then world_run(): rounds of gather,
 * plan_order(), plan_decide() and hands that behave as sync/place.c promises, until
 * nothing moves. world_check() holds the end against the invariants I-1, I-5 and I-13.
 * A broken promise sets `fault` and ends the run.
 */
#ifndef TESTS_SUPPORT_PLAN_WORLD_H
#define TESTS_SUPPORT_PLAN_WORLD_H

#include <string.h>

#include "agent/sync/plan.h"

enum {
    WORLD_ITEMS = 6,
    WORLD_OBJECTS = 40,
    WORLD_ROUNDS = 12,
    WORLD_ROOT = -1,  /* parent of what stands in the root */
    WORLD_STAGE = -2, /* parent of what is staged */
    WORLD_ROOT_KEY = 1000,
    WORLD_NAMES = 4,
};

/* Keys are index + 1. A parent is an index or WORLD_ROOT. */
struct world_item {
    bool present;
    int parent;
    int name;
    bool is_folder;
    int content;
};

struct world_object {
    bool used;
    int parent;
    int name;
    bool is_folder;
    int content;
    bool is_persons;
};

struct world {
    int count;
    struct world_item remote[WORLD_ITEMS];
    struct world_item base[WORLD_ITEMS];
    struct world_object disk[WORLD_OBJECTS];
    bool never_looked_up[WORLD_ITEMS]; /* the person changed it while the drive did not */
    int persons_contents;
    int copies;
    int downloads;
    int rounds;
    bool changed;
    bool hold_removals;
    const char *fault;
};

static const char *const world_names[WORLD_NAMES] = {"a", "b", "c", "d"};

static inline int world_find(const struct world *world, int parent, int name)
{
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        const struct world_object *object = &world->disk[i];
        if (object->used && object->parent == parent && object->name == name)
            return i;
    }
    return -3;
}

static inline int world_put(struct world *world, int parent, int name, bool is_folder,
                            int content)
{
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        if (!world->disk[i].used) {
            world->disk[i] = (struct world_object){.used = true,
                                                   .parent = parent,
                                                   .name = name,
                                                   .is_folder = is_folder,
                                                   .content = content};
            return i;
        }
    }
    world->fault = "the disk of the model is full";
    return 0;
}

/* Where an item's object stands by the records; -3 nowhere. */
static inline int world_object_of(const struct world *world, int item)
{
    const struct world_item *base = &world->base[item];
    if (!base->present)
        return -3;
    if (base->parent == WORLD_STAGE)
        return world_find(world, WORLD_STAGE, 100 + item);
    int folder = base->parent;
    if (folder >= 0)
        folder = world_object_of(world, folder);
    return folder == -3 ? -3 : world_find(world, folder, base->name);
}

/* Puts on disk what the records say. False: the records are no tree. */
static inline bool world_stand(struct world *world)
{
    int standing[WORLD_ITEMS];
    int left = 0;
    for (int i = 0; i < world->count; i++) {
        standing[i] = -3;
        left += world->base[i].present;
    }
    for (int pass = 0; pass < world->count && left > 0; pass++) {
        for (int i = 0; i < world->count; i++) {
            const struct world_item *base = &world->base[i];
            if (!base->present || standing[i] != -3)
                continue;
            int folder = base->parent;
            if (folder >= 0) {
                if (!world->base[folder].present || !world->base[folder].is_folder)
                    return false;
                folder = standing[folder];
            }
            if (folder == -3)
                continue;
            if (world_find(world, folder, base->name) != -3)
                return false;
            standing[i] =
                world_put(world, folder, base->name, base->is_folder, base->content);
            left--;
        }
    }
    return left == 0;
}

static inline bool world_is_tracked(const struct world *world, int object)
{
    for (int i = 0; i < world->count; i++) {
        if (world->base[i].present && world_object_of(world, i) == object)
            return true;
    }
    return false;
}

static inline void world_set_aside(struct world *world, int object)
{
    if (world_is_tracked(world, object))
        world->fault = "something of ours was taken for a person's";
    world->disk[object].name = 10 + world->copies++;
    world->changed = true;
}

/* The item whose record holds a place, -1 nobody's. */
static inline int world_holder(const struct world *world, int parent, int name, int but)
{
    for (int i = 0; i < world->count; i++) {
        const struct world_item *base = &world->base[i];
        if (i != but && base->present && base->parent == parent && base->name == name)
            return i;
    }
    return -1;
}

/* Whether the drive's folders lead from the item to the root. */
static inline bool world_resolves(const struct world *world, int item)
{
    int depth = 0;
    for (int at = world->remote[item].parent; at >= 0; at = world->remote[at].parent) {
        if (!world->remote[at].present || !world->remote[at].is_folder ||
            depth++ > WORLD_ITEMS)
            return false;
    }
    return true;
}

static inline bool world_is_at_place(const struct world *world, int item)
{
    const struct world_item *base = &world->base[item];
    const struct world_item *remote = &world->remote[item];
    return base->present && base->parent == remote->parent && base->name == remote->name &&
           base->is_folder == remote->is_folder;
}

/* What lies in a deleted folder is deleted with it. */
static inline void world_fall(struct world *world)
{
    for (int pass = 0; pass < world->count; pass++) {
        for (int i = 0; i < world->count; i++) {
            int parent = world->remote[i].parent;
            if (world->remote[i].present && parent >= 0 && !world->remote[parent].present)
                world->remote[i].present = false;
        }
    }
}

/* A new item takes over the record of a deleted one of its kind at the same place (F-85).
 */
static inline bool world_succeed_one(struct world *world)
{
    for (int old = 0; old < world->count; old++) {
        const struct world_item *base = &world->base[old];
        if (!base->present || world->remote[old].present || base->parent == WORLD_STAGE)
            continue;
        for (int i = 0; i < world->count; i++) {
            const struct world_item *remote = &world->remote[i];
            if (!remote->present || world->base[i].present || !world_resolves(world, i) ||
                remote->parent != base->parent || remote->name != base->name ||
                remote->is_folder != base->is_folder)
                continue;
            world->base[i] = *base;
            world->base[old].present = false;
            for (int child = 0; child < world->count; child++) {
                if (world->base[child].present && world->base[child].parent == old)
                    world->base[child].parent = i;
            }
            world->changed = true;
            return true;
        }
    }
    return false;
}

static inline int64_t world_key(int item)
{
    if (item == WORLD_STAGE)
        return STORE_STAGE;
    return item == WORLD_ROOT ? WORLD_ROOT_KEY : item + 1;
}

static inline void world_gather_fates(const struct world *world, bool *is_node,
                                      struct plan_node *nodes)
{
    for (int i = 0; i < world->count; i++) {
        if (!world->base[i].present)
            continue;
        bool goes = !world->remote[i].present ||
                    world->remote[i].is_folder != world->base[i].is_folder;
        if (!goes && world_is_at_place(world, i))
            continue;
        is_node[i] = true;
        nodes[i] = (struct plan_node){.fate = goes ? PLAN_GOES : PLAN_MOVES,
                                      .held = !goes && !world_resolves(world, i)};
        if (goes)
            continue;
        for (int at = world->remote[i].parent; at >= 0 && !nodes[i].held;
             at = world->remote[at].parent) {
            if (!world->base[at].present) {
                is_node[at] = true;
                nodes[at] = (struct plan_node){.fate = PLAN_MAKES};
            }
        }
    }
}

static inline int64_t world_nearest(const struct world_item *tree, const bool *is_node,
                                    int item)
{
    int steps = 0;
    for (int at = tree[item].parent; at >= 0 && steps++ < WORLD_ITEMS;
         at = tree[at].parent) {
        if (is_node[at])
            return at + 1;
    }
    return 0;
}

static inline bool world_blocks_new(const struct world *world, int item)
{
    const struct world_item *base = &world->base[item];
    for (int i = 0; i < world->count; i++) {
        const struct world_item *remote = &world->remote[i];
        if (remote->present && (i == item || !world->base[i].present) &&
            remote->parent == base->parent && remote->name == base->name)
            return true;
    }
    return false;
}

static inline size_t world_gather(const struct world *world, struct plan_node *out)
{
    bool is_node[WORLD_ITEMS] = {false};
    struct plan_node nodes[WORLD_ITEMS];
    world_gather_fates(world, is_node, nodes);
    size_t count = 0;
    for (int i = 0; i < world->count; i++) {
        if (!is_node[i])
            continue;
        struct plan_node *node = &nodes[i];
        const struct world_item *base = &world->base[i];
        const struct world_item *remote = &world->remote[i];
        node->key = i + 1;
        if (base->present) {
            node->stands = (struct plan_place){world_key(base->parent), "x"};
            node->inside = world_nearest(world->base, is_node, i);
        }
        if (node->fate == PLAN_GOES) {
            node->in_the_way = world_blocks_new(world, i);
        } else {
            node->wanted =
                (struct plan_place){world_key(remote->parent), world_names[remote->name]};
            node->under = world_nearest(world->remote, is_node, i);
            node->occupant = world_holder(world, remote->parent, remote->name, i) + 1;
        }
        out[count++] = *node;
    }
    return count;
}

/* The hands. */

static inline int world_folder(struct world *world, int item)
{
    int folder = item == WORLD_ROOT ? WORLD_ROOT : world_object_of(world, item);
    if (folder == -3)
        world->fault = "a step into a folder that is not there";
    return folder;
}

static inline void world_clear_place(struct world *world, int folder, int name)
{
    int there = world_find(world, folder, name);
    if (there != -3)
        world_set_aside(world, there);
}

static inline void world_make(struct world *world, int item)
{
    const struct world_item *remote = &world->remote[item];
    int folder = world_folder(world, remote->parent);
    int there = world_find(world, folder, remote->name);
    if (there != -3 && world_is_tracked(world, there))
        world->fault = "a folder made over something of ours";
    if (there != -3 && !world->disk[there].is_folder)
        world_set_aside(world, there);
    if (there == -3 || !world->disk[there].is_folder || world->disk[there].name >= 10)
        (void)world_put(world, folder, remote->name, true, 0);
    world->base[item] = *remote;
    world->base[item].content = 0;
}

static inline void world_move(struct world *world, int item)
{
    struct world_item *base = &world->base[item];
    const struct world_item *remote = &world->remote[item];
    int object = world_object_of(world, item);
    int folder = world_folder(world, remote->parent);
    if (object != -3) {
        for (int at = folder; at >= 0; at = world->disk[at].parent) {
            if (at == object)
                world->fault = "a folder moved into itself";
        }
        world_clear_place(world, folder, remote->name);
        world->disk[object].parent = folder;
        world->disk[object].name = remote->name;
    }
    base->parent = remote->parent;
    base->name = remote->name;
}

static inline void world_remove(struct world *world, int item)
{
    struct world_item *base = &world->base[item];
    int object = world_object_of(world, item);
    if (world->remote[item].present && world->remote[item].is_folder == base->is_folder)
        world->fault = "a removal that was not earned";
    bool is_empty = true;
    for (int i = 0; i < WORLD_OBJECTS; i++)
        is_empty = is_empty && !(world->disk[i].used && world->disk[i].parent == object);
    for (int i = 0; i < world->count; i++) {
        if (world->base[i].present && world->base[i].parent == item)
            world->fault = "a folder removed under something of ours";
    }
    if (object != -3 && is_empty && !world->disk[object].is_persons &&
        world->disk[object].is_folder == base->is_folder)
        world->disk[object].used = false;
    base->present = false;
}

static inline void world_step(struct world *world, enum plan_op op, int item)
{
    world->changed = true;
    switch (op) {
    case PLAN_STEP_MAKE:
        world_make(world, item);
        break;
    case PLAN_STEP_MOVE:
    case PLAN_STEP_UNSTAGE:
        if ((op == PLAN_STEP_UNSTAGE) != (world->base[item].parent == WORLD_STAGE))
            world->fault = "a staged object moved, or a standing one unstaged";
        world_move(world, item);
        break;
    case PLAN_STEP_STAGE: {
        int object = world_object_of(world, item);
        if (object != -3) {
            world->disk[object].parent = WORLD_STAGE;
            world->disk[object].name = 100 + item;
        }
        world->base[item].parent = WORLD_STAGE;
        break;
    }
    case PLAN_STEP_REMOVE:
        world_remove(world, item);
        break;
    }
}

static inline enum look_fact world_look(const struct world *world, int item, int object)
{
    if (object == -3)
        return LOOK_MISSING;
    const struct world_object *there = &world->disk[object];
    if (there->is_folder)
        return LOOK_OTHER_KIND;
    if (there->content == world->remote[item].content)
        return LOOK_HOLDS_REMOTE;
    bool is_left = world->base[item].present && there->content == world->base[item].content;
    return is_left ? LOOK_AS_LEFT : LOOK_EDITED;
}

static inline void world_download(struct world *world, int item, int folder)
{
    const struct world_item *remote = &world->remote[item];
    int there = world_find(world, folder, remote->name);
    world->base[item].present = false;
    if (there != -3 && (world->disk[there].is_persons || world->disk[there].is_folder))
        world_set_aside(world, there);
    else if (there != -3)
        world->disk[there].used = false;
    (void)world_put(world, folder, remote->name, false, remote->content);
    world->base[item] = *remote;
    world->downloads++;
    world->changed = true;
}

static inline void world_content(struct world *world, int item)
{
    const struct world_item *remote = &world->remote[item];
    struct world_item *base = &world->base[item];
    if (!remote->present || !world_resolves(world, item) ||
        (remote->parent >= 0 && !world_is_at_place(world, remote->parent)))
        return;
    if (base->present && !world_is_at_place(world, item))
        return;
    if (!base->present && world_holder(world, remote->parent, remote->name, item) >= 0)
        return;
    if (remote->is_folder) {
        if (!base->present) {
            world_make(world, item);
            world->changed = true;
        }
        return;
    }
    int folder = world_folder(world, remote->parent);
    int object = world_find(world, folder, remote->name);
    enum plan_remote side = PLAN_REMOTE_NEW;
    if (base->present)
        side = base->content == remote->content ? PLAN_REMOTE_SAME : PLAN_REMOTE_CHANGED;
    enum plan_action action = plan_decide(side, world_look(world, item, object));
    if (action == PLAN_DOWNLOAD || action == PLAN_KEEP_COPY_THEN_DOWNLOAD ||
        action == PLAN_SET_ASIDE) {
        world_download(world, item, folder);
    } else if (action == PLAN_RECORD && side != PLAN_REMOTE_SAME) {
        *base = *remote;
        world->changed = true;
    }
}

static inline void world_round(struct world *world)
{
    struct plan_node nodes[WORLD_ITEMS];
    struct plan plan;
    world_fall(world);
    while (world_succeed_one(world))
        continue;
    size_t count = world_gather(world, nodes);
    if (!plan_order(nodes, count, world->hold_removals, &plan)) {
        world->fault = "out of memory";
        return;
    }
    size_t next = 0;
    for (; next < plan.first_late && world->fault == NULL; next++)
        world_step(world, plan.steps[next].op, (int)nodes[plan.steps[next].node].key - 1);
    for (int pass = 0; pass < world->count; pass++) {
        for (int i = 0; i < world->count && world->fault == NULL; i++)
            world_content(world, i);
    }
    for (; next < plan.count && world->fault == NULL; next++)
        world_step(world, plan.steps[next].op, (int)nodes[plan.steps[next].node].key - 1);
    plan_clear(&plan);
}

static inline void world_run(struct world *world)
{
    do {
        world->changed = false;
        world_round(world);
        if (++world->rounds > WORLD_ROUNDS)
            world->fault = "no end in sight";
    } while (world->changed && world->fault == NULL);
}

/* What holds at the end of every run on a drive that is a tree. */
static inline void world_check_object(struct world *world, int index)
{
    const struct world_object *object = &world->disk[index];
    if (!object->used || object->is_persons)
        return;
    if (object->parent == WORLD_STAGE)
        world->fault = "something was forgotten in the staging area";
    if (world_is_tracked(world, index))
        return;
    bool holds_persons = false;
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        int at = i;
        while (at >= 0 && at != index)
            at = world->disk[at].used ? world->disk[at].parent : WORLD_ROOT;
        holds_persons =
            holds_persons || (at == index && i != index && world->disk[i].is_persons);
    }
    if (!holds_persons)
        world->fault = "something of ours is left that nobody wants (I-5)";
}

static inline void world_check_item(struct world *world, int item)
{
    const struct world_item *remote = &world->remote[item];
    if (!remote->present) {
        if (world->base[item].present)
            world->fault = "a record of what is gone (I-5)";
        return;
    }
    if (!world_is_at_place(world, item)) {
        world->fault = "an item is not at its place (I-5)";
        return;
    }
    int object = world_object_of(world, item);
    if (world->never_looked_up[item])
        return; /* edited or removed by the person, nothing newer: F-25, F-31 */
    if (object == -3)
        world->fault = "an item has no object (I-5)";
    else if (!remote->is_folder && world->disk[object].content != remote->content)
        world->fault = "an item has other content (I-5)";
}

static inline void world_check(struct world *world)
{
    int persons = 0;
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        persons += world->disk[i].used && world->disk[i].is_persons;
        world_check_object(world, i);
    }
    for (int i = 0; i < world->count; i++)
        world_check_item(world, i);
    if (persons != world->persons_contents)
        world->fault = "a person's bytes are lost (I-1)";
}

#endif
