#include "tests/sim/sim_excuse.h"

#include <stdio.h>
#include <string.h>

#include "agent/place/name.h"
#include "store/store_item.h"
#include "store/store_mirror.h"

enum { CHAIN = 10 }; /* of those that wait for each other's place */

static bool find_path(const struct sim_world *world, int item, char out[SIM_PATH_SIZE])
{
    char above[SIM_PATH_SIZE] = "";
    const struct sim_item *items = world->drive.items;
    if (items[item].parent > SIM_ROOT_ITEM && !find_path(world, items[item].parent, above))
        return false;
    int size = snprintf(out, SIM_PATH_SIZE, "%s%s%s", above, *above != '\0' ? "/" : "",
                        items[item].name);
    return size < SIM_PATH_SIZE;
}

static bool is_in_way(const struct sim_node *node)
{
    return node != NULL && !S_ISDIR(node->mode) && node->is_touched;
}

/* Whether something of the person's that is no folder stands where one of the folders of
 * the drive's path belongs. */
static bool is_way_blocked(const struct sim_world *world, int item)
{
    char path[SIM_PATH_SIZE];
    for (int at = item; at > SIM_ROOT_ITEM; at = world->drive.items[at].parent) {
        if (world->drive.items[at].is_folder && find_path(world, at, path) &&
            is_in_way(sim_world_find(world, path)))
            return true;
    }
    return false;
}

static int item_of(const struct sim_world *world, int64_t key)
{
    struct store_remote remote;
    bool is_known = store_get_remote(world->store, key, &remote) == STORE_OK;
    return is_known && !remote.gone ? sim_drive_by_id(&world->drive, remote.id) : -1;
}

/* By the records, also in the staging area. */
static bool find_source(const struct sim_world *world, int64_t key, char out[SIM_PATH_SIZE])
{
    char above[SIM_PATH_SIZE];
    char name[SIM_PATH_SIZE];
    struct store_base base;
    if (store_base_path(world->store, key, out, SIM_PATH_SIZE) == STORE_OK)
        return true;
    if (store_get_base(world->store, key, &base) != STORE_OK)
        return false;
    if (base.parent == STORE_STAGE) {
        (void)snprintf(out, SIM_PATH_SIZE, NAME_WORKING_FOLDER "/%lld.stage",
                       (long long)key);
        return true;
    }
    (void)snprintf(name, sizeof name, "%s", base.name);
    return find_source(world, base.parent, above) &&
           snprintf(out, SIM_PATH_SIZE, "%s/%s", above, name) < SIM_PATH_SIZE;
}

/* The same for the path by the records, where it would have to be fetched from. What the
 * drive has deleted cannot go from there either; but its own place it need not keep. */
static bool is_source_blocked(const struct sim_world *world, int64_t key)
{
    char path[SIM_PATH_SIZE];
    char above[SIM_PATH_SIZE];
    int item = item_of(world, key);
    if (!find_source(world, key, path))
        return false;
    for (size_t length = 0; path[length] != '\0';) {
        length += strcspn(path + length + 1, "/") + 1;
        (void)snprintf(above, sizeof above, "%.*s", (int)length, path);
        const struct sim_node *node = sim_world_find(world, above);
        bool is_above = path[length] != '\0';
        bool is_folder = is_above || (item > 0 && world->drive.items[item].is_folder);
        /* Of a folder that is a file now nothing is left to be removed. */
        if (is_folder && is_in_way(node) && (item > 0 || S_ISLNK(node->mode)))
            return true;
    }
    return false;
}

/* A folder on its way by the drive that cannot be fetched has it wait as well. */
static bool is_blocked(const struct sim_world *world, int64_t key)
{
    struct store_remote remote;
    int item = item_of(world, key);
    if ((item > 0 && is_way_blocked(world, item)) || is_source_blocked(world, key))
        return true;
    return item > SIM_ROOT_ITEM &&
           store_get_remote(world->store, key, &remote) == STORE_OK &&
           is_blocked(world, remote.parent);
}

static bool stands_in(const struct sim_world *world, int64_t key, int64_t folder)
{
    struct store_base base;
    while (store_get_base(world->store, key, &base) == STORE_OK && base.parent != folder)
        key = base.parent;
    return store_get_base(world->store, key, &base) == STORE_OK;
}

/* Whether it cannot leave its place: what has to be moved leaves with all in it, what is to
 * be removed stays for anything in it. */
static bool cannot_leave(const struct sim_world *world, int64_t mirror, int64_t key)
{
    struct store_todo todo;
    int64_t after = 0;
    if (is_blocked(world, key))
        return true;
    while (item_of(world, key) < 0 && store_next_todo(world->store, mirror, INT64_MAX, true,
                                                      &after, &todo) == STORE_OK) {
        if (stands_in(world, after, key) && is_blocked(world, after))
            return true;
    }
    return false;
}

/* Whether the place that the drive has for it, or for a folder above it, is by the records
 * that of something which cannot leave, or waits in the same way. */
static bool waits_for_place(const struct sim_world *world, int64_t mirror, int64_t key,
                            unsigned depth)
{
    struct store_remote remote;
    struct store_base other;
    if (depth == 0 || store_get_remote(world->store, key, &remote) != STORE_OK ||
        remote.gone || remote.name == NULL)
        return false;
    int64_t folder = remote.parent;
    if (store_find_base(world->store, mirror, folder, remote.name, &other) == STORE_OK &&
        other.key != key &&
        (cannot_leave(world, mirror, other.key) ||
         waits_for_place(world, mirror, other.key, depth - 1)))
        return true;
    return waits_for_place(world, mirror, folder, depth - 1);
}

/* The item of an entry of the queue that waits until the person clears the way (F-50), or
 * for the place of one that does (F-43); else -1. */
static int find_waiting(const struct sim_world *world, int64_t mirror,
                        const struct store_todo *todo)
{
    bool waits = is_blocked(world, todo->key) ||
                 (todo->failure == 43 && waits_for_place(world, mirror, todo->key, CHAIN));
    return waits ? item_of(world, todo->key) : -1;
}

/* What the records have at a place; texts are not for use. */
static bool find_record(const struct sim_world *world, const char *path,
                        struct store_base *out)
{
    char name[SIM_PATH_SIZE];
    struct store_mirror mirror;
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        return false;
    out->key = mirror.root_item;
    int64_t key = mirror.key;
    for (; *path != '\0'; path += *path == '/') {
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        if (store_find_base(world->store, key, out->key, name, out) != STORE_OK)
            return false;
        path += length;
    }
    return true;
}

bool sim_excuse_missing(const struct sim_world *world, int item)
{
    struct store_mirror mirror;
    struct store_todo todo;
    int64_t after = 0;
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        return false;
    int64_t key = mirror.key;
    while (store_next_todo(world->store, key, INT64_MAX, true, &after, &todo) == STORE_OK) {
        int waiting = find_waiting(world, key, &todo);
        if (waiting > 0 && sim_drive_lies_in(&world->drive, item, waiting))
            return true;
    }
    return false;
}

/* What waits is, by the records, in that folder still, which the drive has deleted. */
static bool keeps_folder(const struct sim_world *world, int64_t mirror, int64_t folder)
{
    struct store_todo todo;
    int64_t after = 0;
    while (store_next_todo(world->store, mirror, INT64_MAX, true, &after, &todo) ==
           STORE_OK) {
        int64_t key = todo.key;
        if (find_waiting(world, mirror, &todo) > 0 && stands_in(world, key, folder))
            return true;
    }
    return false;
}

bool sim_excuse_extra(const struct sim_world *world, const char *path)
{
    char above[SIM_PATH_SIZE];
    struct store_mirror mirror;
    struct store_base base;
    struct store_todo todo;
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        return false;
    int64_t key = mirror.key;
    for (size_t length = 0; path[length] != '\0';) {
        length += strcspn(path + length + 1, "/") + 1;
        (void)snprintf(above, sizeof above, "%.*s", (int)length, path);
        if (!find_record(world, above, &base))
            return false;
        int64_t after = base.key - 1;
        if (store_next_todo(world->store, key, INT64_MAX, true, &after, &todo) ==
                STORE_OK &&
            todo.key == base.key &&
            (find_waiting(world, key, &todo) > 0 || keeps_folder(world, key, base.key)))
            return true;
    }
    return false;
}

static bool has_record(const struct sim_world *world, uint64_t inode)
{
    struct store_mirror mirror;
    struct store_base base;
    int64_t after = 0;
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        return false;
    while (store_next_base(world->store, mirror.key, &after, &base) == STORE_OK) {
        if (base.print.inode == inode)
            return true;
    }
    return false;
}

bool sim_excuse_revenant(const struct sim_world *world, const struct sim_node *node,
                         const char *path)
{
    struct store_base base;
    return world->has_lying_disk && node->inode < world->cut_inode &&
           !find_record(world, path, &base) && !has_record(world, node->inode);
}

/* Nothing but folders, of none of which there is a record. */
static bool is_empty(const struct sim_world *world, const struct sim_node *node)
{
    if (!S_ISDIR(node->mode) || has_record(world, node->inode))
        return false;
    for (size_t i = 0; i < node->count; i++) {
        if (!is_empty(world, node->entries[i].node))
            return false;
    }
    return true;
}

bool sim_excuse_empty(const struct sim_world *world, const struct sim_node *node)
{
    return world->has_disturbances && world->user.has_displaced_folder &&
           is_empty(world, node);
}

bool sim_excuse_version(const struct sim_world *world, const char *path)
{
    struct store_base base;
    return (world->service.told_to_keep || world->has_lying_disk || world->has_filters) &&
           find_record(world, path, &base) && (base.flags & STORE_BASE_EDITED) != 0;
}
