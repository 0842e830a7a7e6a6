#include "tests/sim/sim_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/place/hash.h"
#include "agent/place/name.h"
#include "store/store_item.h"
#include "store/store_mirror.h"
#include "tests/sim/sim_excuse.h"

/* Markers. */

static void note_markers(const struct sim_node *file, bool is_found[SIM_MARKERS])
{
    size_t at = 0;
    for (int marker; (marker = sim_user_next_marker(file, &at)) >= 0;)
        is_found[marker] = true;
}

static void check_markers(const struct sim_world *world)
{
    bool is_found[SIM_MARKERS] = {false};
    const struct sim_node *node = world->disk.nodes;
    for (; node != NULL; node = node->next) {
        if (node->names > 0 && node->is_touched && S_ISREG(node->mode))
            note_markers(node, is_found);
    }
    for (int i = 0; i < world->user.markers; i++) {
        if (!is_found[i] && !world->user.is_gone[i])
            sim_fail(&world->sim, "a person's bytes are lost: <U%06d> (I-1)", i);
    }
}

/* Contents. */

static void check_content(const struct sim_world *world, struct sim_node *file,
                          const char *name)
{
    if (file->is_touched || file->is_checked || world->has_lying_disk)
        return;
    if (!sim_content_is_whole(&world->drive, file->shown.data, file->shown.size))
        sim_fail(&world->sim, "%s shows %zu bytes that are no complete version (I-2)", name,
                 file->shown.size);
    file->is_checked = true;
}

static void check_folder(const struct sim_world *world, const struct sim_node *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        const struct sim_entry *entry = &folder->entries[i];
        if (strcmp(entry->name, NAME_WORKING_FOLDER) == 0)
            continue;
        if (S_ISDIR(entry->node->mode))
            check_folder(world, entry->node);
        else if (S_ISREG(entry->node->mode))
            check_content(world, entry->node, entry->name);
    }
}

void sim_check_always(struct sim_world *world)
{
    const struct sim_node *folder = sim_world_find(world, "");
    if (world->checked_changes == world->disk.changes)
        return;
    world->checked_changes = world->disk.changes;
    check_markers(world);
    if (folder != NULL)
        check_folder(world, folder);
}

/* Claims. */

static struct store_hash hash_of(const struct sim_node *file, uint8_t kind)
{
    struct hash *hash = hash_new(kind);
    if (hash == NULL)
        abort();
    hash_update(hash, file->shown.data, file->shown.size);
    return hash_finish(hash);
}

/* A print that is not that of the file says that a person was there. */
static bool is_other_print(const struct store_base *base, const struct sim_node *node)
{
    return base->print.inode != node->inode || base->print.mtime_ns != node->mtime_ns ||
           base->print.ctime_ns != node->ctime_ns ||
           base->print.size != (int64_t)node->shown.size;
}

static bool is_in_queue(const struct sim_world *world, int64_t mirror, int64_t key)
{
    struct store_todo todo;
    int64_t after = key - 1;
    return store_next_todo(world->store, mirror, INT64_MAX, true, &after, &todo) ==
               STORE_OK &&
           todo.key == key;
}

/* What is in the queue, itself or a folder above, may have been done and not yet written
 * down. */
static bool is_queued(const struct sim_world *world, int64_t mirror, int64_t key)
{
    struct store_base base;
    for (int64_t at = key; store_get_base(world->store, at, &base) == STORE_OK;) {
        if (is_in_queue(world, mirror, at))
            return true;
        at = base.parent;
    }
    return false;
}

static void check_claim(const struct sim_world *world, int64_t key)
{
    char path[SIM_PATH_SIZE];
    struct store_base claim;
    if (store_get_base(world->store, key, &claim) != STORE_OK)
        return;
    if (claim.parent == STORE_STAGE)
        (void)snprintf(path, sizeof path, NAME_WORKING_FOLDER "/%lld.stage",
                       (long long)claim.key);
    else if (store_base_path(world->store, claim.key, path, sizeof path) != STORE_OK)
        return;
    const struct sim_node *node = sim_world_find(world, path);
    bool is_folder = claim.kind == STORE_KIND_FOLDER;
    if (node == NULL || S_ISDIR(node->mode) != is_folder) {
        if (world->user.acts == 0)
            sim_fail(&world->sim, "recorded, but not there: %s (I-3)", path);
        return;
    }
    if (is_folder || (world->user.acts > 0 && is_other_print(&claim, node)) ||
        (claim.flags & (STORE_BASE_RACY | STORE_BASE_EDITED)) != 0)
        return;
    struct store_hash hash = hash_of(node, claim.hash.kind);
    if (S_ISREG(node->mode) && !hash_equal(&hash, &claim.hash))
        sim_fail(&world->sim, "recorded with another content: %s (I-3)", path);
}

void sim_check_claims(struct sim_world *world)
{
    struct store_mirror mirror;
    struct store_base base;
    int64_t after = 0;
    if (world->has_lying_disk ||
        store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        return;
    int64_t key = mirror.key;
    world->sim.is_looking = true;
    while (store_next_base(world->store, key, &after, &base) == STORE_OK) {
        if (!is_queued(world, key, after))
            check_claim(world, after);
    }
    world->sim.is_looking = false;
}

bool sim_check_is_waiting(struct sim_world *world)
{
    struct store_mirror mirror;
    struct store_counts counts;
    return store_get_mirror(world->store, "documents", &mirror) == STORE_OK &&
           store_count(world->store, mirror.key, &counts) == STORE_OK &&
           counts.waiting + counts.held > 0;
}

/* What the feed has told. */

static bool is_heard(const struct sim_drive *drive, struct store *store, int64_t mirror,
                     int number)
{
    const struct sim_item *item = &drive->items[number];
    struct store_remote remote;
    char text[40];
    (void)snprintf(text, sizeof text, "ITEM%d", number);
    bool is_there = store_find_remote(store, mirror, text, &remote) == STORE_OK &&
                    !remote.gone && remote.kind != STORE_KIND_PENDING;
    if (item->is_gone || !is_there)
        return item->is_gone != is_there;
    (void)snprintf(text, sizeof text, "c%d", item->content);
    if (!item->is_folder && (remote.ctag == NULL || strcmp(remote.ctag, text) != 0))
        return false;
    bool is_named = name_flaw(item->name, false) == 0;
    if (is_named && (remote.name == NULL || strcmp(remote.name, item->name) != 0))
        return false;
    (void)snprintf(text, sizeof text, "ITEM%d", item->parent);
    return store_get_remote(store, remote.parent, &remote) == STORE_OK &&
           strcmp(remote.id, text) == 0;
}

/* Nothing has happened to it, or to a folder above, since the listing began. */
static bool has_stayed(const struct sim_drive *drive, int number, uint64_t from)
{
    for (; number > SIM_ROOT_ITEM; number = drive->items[number].parent) {
        if (drive->items[number].changed > from)
            return false;
    }
    return true;
}

bool sim_check_listed(struct sim_world *world, uint64_t from)
{
    const struct sim_drive *drive = &world->drive;
    struct store_mirror mirror;
    struct store *store = NULL;
    if (world->has_lying_disk)
        return true;
    world->sim.is_looking = true;
    if (store_open_reader(world->state, &store, NULL, 0) != STORE_OK ||
        store_get_mirror(store, "documents", &mirror) != STORE_OK) {
        if (!sim_database_has_journal())
            sim_fail(&world->sim, "the test cannot read the database");
        store_close(store);
        world->sim.is_looking = false;
        return false;
    }
    int64_t key = mirror.key;
    for (int i = 1; i < (int)drive->count; i++) {
        if (has_stayed(drive, i, from) && !is_heard(drive, store, key, i))
            sim_fail(&world->sim,
                     drive->items[i].is_gone
                         ? "not seen by a complete listing, and kept: %s (F-82)"
                         : "left out by a complete listing: %s (I-13, I-14)",
                     drive->items[i].name);
    }
    store_close(store);
    world->sim.is_looking = false;
    return true;
}

void sim_check_heard(const struct sim_world *world)
{
    struct store_mirror mirror;
    if (world->has_lying_disk)
        return; /* its database may be a mixture of times */
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        sim_fail(&world->sim, "there is no mirror");
    int64_t key = mirror.key;
    for (int i = 1; i < (int)world->drive.count; i++) {
        const struct sim_item *item = &world->drive.items[i];
        if (!item->is_silent && !is_heard(&world->drive, world->store, key, i))
            sim_fail(&world->sim, "skipped in the feed: %s (I-14)", item->name);
    }
    int64_t after = 0;
    int64_t unseen;
    size_t count;
    if (mirror.feed == STORE_FEED_CURRENT &&
        store_find_unseen(world->store, key, mirror.generation, &after, &unseen, 1,
                          &count) != STORE_NONE)
        sim_fail(&world->sim, "not seen by an enumeration that has ended, and kept (F-82)");
}

/* The end. */

static void check_item(const struct sim_world *world, int number,
                       const struct sim_node *node, const char *path)
{
    const struct sim_item *item = &world->drive.items[number];
    if (node == NULL && !sim_excuse_missing(world, number))
        sim_fail(&world->sim, "missing: %s (I-5)", path);
    if (node == NULL || node->is_touched)
        return; /* also in the place of a folder: it stays, as any change of a person */
    /* What a filter has left stands where the item that waits is to come. */
    bool is_excused = sim_excuse_extra(world, path) || sim_excuse_version(world, path) ||
                      (world->has_filters && sim_excuse_missing(world, number));
    if (S_ISDIR(node->mode) != item->is_folder && !node->is_visited && !is_excused)
        sim_fail(&world->sim, "of the wrong kind: %s (I-5)", path);
    if (S_ISDIR(node->mode))
        return;
    size_t size = world->drive.sizes[item->content];
    uint8_t *content = sim_content(&world->drive, item->content);
    bool is_equal = node->shown.size == size &&
                    (size == 0 || memcmp(node->shown.data, content, size) == 0);
    free(content);
    if (!is_equal && !is_excused)
        sim_fail(&world->sim, "not the drive's version: %s (I-5)", path);
    if (!world->has_disturbances && world->user.acts == 0 && item->fetches > 1)
        sim_fail(&world->sim, "fetched %u times: %s (I-6)", item->fetches, path);
}

static void check_items(const struct sim_world *world, int folder, const char *path)
{
    const struct sim_drive *drive = &world->drive;
    for (int i = 1; i < (int)drive->count; i++) {
        char own[SIM_PATH_SIZE];
        const struct sim_item *item = &drive->items[i];
        if (item->is_gone || item->parent != folder ||
            name_flaw(item->name, folder == SIM_ROOT_ITEM) != 0)
            continue;
        (void)snprintf(own, sizeof own, "%s%s%s", path, *path != '\0' ? "/" : "",
                       item->name);
        const struct sim_node *node = sim_world_find(world, own);
        /* A folder that is left out may stand for what lies in it. */
        if (filter_wants(world->filter, own, item->is_folder))
            check_item(world, i, node, own);
        if (item->is_folder && (node == NULL || S_ISDIR(node->mode)))
            check_items(world, i, own);
    }
}

/* What the drive does not have is the person's, or holds something of his: a conflict copy
 * as anything else. */
static bool is_persons(const struct sim_node *node)
{
    if (node->is_touched || node->is_visited)
        return true;
    for (size_t i = 0; i < node->count; i++) {
        if (is_persons(node->entries[i].node))
            return true;
    }
    return false;
}

static void check_extras(const struct sim_world *world, const struct sim_node *folder,
                         int item, const char *path)
{
    for (size_t i = 0; i < folder->count; i++) {
        char own[SIM_PATH_SIZE];
        const struct sim_entry *entry = &folder->entries[i];
        int child = item < 0 ? -1 : sim_drive_child(&world->drive, item, entry->name);
        if (strcmp(entry->name, NAME_WORKING_FOLDER) == 0)
            continue;
        (void)snprintf(own, sizeof own, "%s%s%s", path, *path != '\0' ? "/" : "",
                       entry->name);
        /* Nobody can tell what such a disk has made of ours from what a person has. */
        bool is_kept = world->has_lying_disk && strstr(own, " (conflict ") != NULL;
        if (child < 0 && !is_kept && !world->service.told_to_keep && !world->has_filters &&
            !is_persons(entry->node) && !sim_excuse_extra(world, own) &&
            !sim_excuse_revenant(world, entry->node, own) &&
            !sim_excuse_empty(world, entry->node))
            sim_fail(&world->sim, "not on the drive: %s (I-5)", own);
        /* What a folder of his holds that he made or moved, he moved with it. */
        bool is_drives = child >= 0 && world->drive.items[child].is_folder;
        if (S_ISDIR(entry->node->mode) && (is_drives || !entry->node->is_touched))
            check_extras(world, entry->node, child, own);
    }
}

/* The state says that the object waits there for a place that something else has, or that
 * the download is wanted still. */
static bool waits_rightly(const struct sim_world *world, const char *name)
{
    struct store_mirror mirror;
    struct store_base base;
    int64_t key = 0;
    enum name_work kind = name_work_parse(name, &key, NULL);
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK ||
        !is_in_queue(world, mirror.key, key))
        return false;
    return kind == NAME_WORK_PARTIAL ||
           (kind == NAME_WORK_STAGE &&
            store_get_base(world->store, key, &base) == STORE_OK &&
            base.parent == STORE_STAGE);
}

/* The first thing in the working folder that is neither its own nor in its right; NULL.
 * A download that nobody wants any more may stay until the next start (F-109). */
static const char *find_leftover(const struct sim_world *world, bool has_started)
{
    const struct sim_node *work = sim_world_find(world, NAME_WORKING_FOLDER);
    for (size_t i = 0; work != NULL && i < work->count; i++) {
        const char *name = work->entries[i].name;
        if (strcmp(name, "identity") != 0 && strcmp(name, "lock") != 0 &&
            !waits_rightly(world, name) && (has_started || strstr(name, ".part") == NULL))
            return name;
    }
    return NULL;
}

bool sim_check_is_littered(const struct sim_world *world)
{
    return find_leftover(world, true) != NULL;
}

static void check_leftovers(const struct sim_world *world, bool has_started)
{
    const char *name = find_leftover(world, has_started);
    if (name != NULL)
        sim_fail(&world->sim, "left over in the working folder: %s", name);
}

void sim_check_swept(const struct sim_world *world)
{
    check_leftovers(world, true);
}

/* Whatever waits says why. */
static void check_queue(const struct sim_world *world)
{
    struct store_mirror mirror;
    struct store_todo todo;
    int64_t after = 0;
    if (store_get_mirror(world->store, "documents", &mirror) != STORE_OK)
        sim_fail(&world->sim, "there is no mirror");
    while (store_next_todo(world->store, mirror.key, INT64_MAX, true, &after, &todo) ==
           STORE_OK) {
        if (todo.failure == 0)
            sim_fail(&world->sim, "item %lld waits and does not say why",
                     (long long)todo.key);
    }
}

static void on_finding(void *user, const char *finding)
{
    const struct sim_world *world = user;
    sim_fail(&world->sim, "the database: %s", finding);
}

/* For people who look for a fault. */
static void show(const struct sim_node *folder, unsigned depth)
{
    for (size_t i = 0; i < folder->count; i++) {
        const struct sim_node *node = folder->entries[i].node;
        (void)fprintf(stderr, "%*s%s%s %llu%s%s\n", (int)depth * 2, "",
                      folder->entries[i].name, S_ISDIR(node->mode) ? "/" : "",
                      (unsigned long long)node->inode, node->is_touched ? " touched" : "",
                      node->is_visited ? " visited" : "");
        show(node, depth + 1);
    }
}

void sim_check_end(struct sim_world *world)
{
    uint64_t findings = 0;
    const struct sim_node *folder = sim_world_find(world, "");
    if (folder == NULL)
        sim_fail(&world->sim, "the folder is gone");
    if (world->owes_look)
        sim_fail(&world->sim, "a listing of the whole drive was never looked at");
    if (world->sim.is_loud)
        show(folder, 0);
    sim_check_always(world);
    check_items(world, SIM_ROOT_ITEM, "");
    check_extras(world, folder, SIM_ROOT_ITEM, "");
    check_leftovers(world, false);
    check_queue(world);
    sim_check_claims(world);
    (void)store_check(world->store, on_finding, world, &findings);
}
