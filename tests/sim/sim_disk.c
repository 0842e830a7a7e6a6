/* The tree of the file system, and what of it a power cut leaves. */
#include "tests/sim/sim_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_NS = 4000000, COARSE_TICK_NS = 2000000000, TORN = 512 };

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room * 2 + 8;
    array = realloc(array, *room * size);
    if (array == NULL)
        abort();
    return array;
}

static int64_t tick(const struct sim_disk *disk)
{
    int64_t now = sim_wall_ms(disk->sim) * 1000000;
    return now - now % (disk->has_coarse_times ? COARSE_TICK_NS : TICK_NS);
}

static bool is_open(const struct sim_disk *disk, const struct sim_node *node)
{
    for (size_t i = 0; i < SIM_FILES; i++) {
        if (disk->files[i].node == node)
            return true;
    }
    return node->writers > 0;
}

static uint64_t give_inode(struct sim_disk *disk)
{
    struct sim_node *node = disk->reuses_inodes ? disk->nodes : NULL;
    for (; node != NULL; node = node->next) {
        uint64_t inode = node->inode;
        if (node->names > 0 || inode == 0 || node == disk->root || is_open(disk, node))
            continue;
        node->inode = 0;
        return inode;
    }
    return disk->next_inode++;
}

static struct sim_node *new_node(struct sim_disk *disk, mode_t mode)
{
    struct sim_node *node = calloc(1, sizeof *node);
    if (node == NULL)
        abort();
    node->inode = give_inode(disk);
    node->next = disk->nodes;
    disk->nodes = node;
    node->mode = mode;
    node->is_durable = true; /* nothing, so far */
    node->mtime_ns = node->ctime_ns = tick(disk);
    return node;
}

void sim_disk_clear(struct sim_disk *disk)
{
    while (disk->nodes != NULL) {
        struct sim_node *node = disk->nodes;
        disk->nodes = node->next;
        free(node->shown.data);
        free(node->durable.data);
        free(node->entries);
        free(node);
    }
    free(disk->operations);
    *disk = (struct sim_disk){.sim = disk->sim};
}

/* Places. */

static struct sim_entry *find_entry(const struct sim_node *folder, const char *name)
{
    for (size_t i = 0; i < folder->count; i++) {
        if (strcmp(folder->entries[i].name, name) == 0)
            return &folder->entries[i];
    }
    return NULL;
}

struct sim_node *sim_disk_child(const struct sim_node *folder, const char *name)
{
    const struct sim_entry *entry = find_entry(folder, name);
    return entry == NULL ? NULL : entry->node;
}

/* `node` NULL: nothing stands there any more. */
static void set_place(struct sim_disk *disk, struct sim_node *folder, const char *name,
                      struct sim_node *node)
{
    struct sim_entry *entry = find_entry(folder, name);
    if (entry == NULL && node == NULL)
        return;
    if (entry == NULL) {
        folder->entries =
            grow(folder->entries, folder->count, &folder->room, sizeof *folder->entries);
        entry = &folder->entries[folder->count++];
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
        entry->node = NULL;
    }
    if (entry->node != NULL)
        entry->node->names--;
    entry->node = node;
    if (node != NULL)
        node->names++;
    else
        *entry = folder->entries[--folder->count];
    folder->mtime_ns = folder->ctime_ns = tick(disk);
    disk->changes++;
}

static void add_place(struct sim_operation *operation, struct sim_node *folder,
                      const char *name, struct sim_node *after)
{
    struct sim_place *place = &operation->places[operation->count++];
    place->folder = folder;
    (void)snprintf(place->name, sizeof place->name, "%s", name);
    place->before = sim_disk_child(folder, name);
    place->after = after;
}

static void perform(struct sim_disk *disk, const struct sim_operation *operation)
{
    for (size_t i = 0; i < operation->count; i++)
        set_place(disk, operation->places[i].folder, operation->places[i].name, NULL);
    for (size_t i = 0; i < operation->count; i++)
        set_place(disk, operation->places[i].folder, operation->places[i].name,
                  operation->places[i].after);
    disk->operations = grow(disk->operations, disk->operation_count, &disk->operation_room,
                            sizeof *disk->operations);
    disk->operations[disk->operation_count++] = *operation;
}

/* Paths. */

struct sim_node *sim_disk_find(const struct sim_disk *disk, const char *path)
{
    char name[SIM_NAME_SIZE];
    struct sim_node *node = disk->root;
    while (node != NULL && *path != '\0') {
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        if (length > 0)
            node = S_ISDIR(node->mode) ? sim_disk_child(node, name) : NULL;
        path += path[length] == '/' ? length + 1 : length;
    }
    return node;
}

struct sim_node *sim_disk_make_path(struct sim_disk *disk, const char *path)
{
    char name[SIM_NAME_SIZE];
    struct sim_node *node = disk->root;
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        if (length > 0) {
            struct sim_node *child = sim_disk_child(node, name);
            node = child != NULL ? child : sim_disk_make(disk, node, name, S_IFDIR | 0755);
        }
        path += path[length] == '/' ? length + 1 : length;
    }
    return node;
}

/* Changes. */

struct sim_node *sim_disk_make(struct sim_disk *disk, struct sim_node *folder,
                               const char *name, mode_t mode)
{
    struct sim_operation operation = {.count = 0};
    struct sim_node *node = new_node(disk, mode);
    add_place(&operation, folder, name, node);
    perform(disk, &operation);
    return node;
}

static void resize(struct sim_node *file, size_t size)
{
    if (size > file->shown.size) {
        file->shown.data = realloc(file->shown.data, size);
        if (file->shown.data == NULL)
            abort();
        memset(file->shown.data + file->shown.size, 0, size - file->shown.size);
    }
    file->shown.size = size;
}

static void changed(struct sim_disk *disk, struct sim_node *file)
{
    file->mtime_ns = file->ctime_ns = tick(disk);
    file->is_durable = false;
    file->is_checked = false;
    disk->changes++;
}

void sim_disk_write(struct sim_disk *disk, struct sim_node *file, size_t offset,
                    const void *data, size_t size)
{
    if (offset + size > file->shown.size)
        resize(file, offset + size);
    if (size > 0)
        memcpy(file->shown.data + offset, data, size);
    changed(disk, file);
}

void sim_disk_truncate(struct sim_disk *disk, struct sim_node *file, size_t size)
{
    resize(file, size);
    changed(disk, file);
}

static bool lies_in(const struct sim_node *node, const struct sim_node *folder)
{
    if (node == folder)
        return true;
    for (size_t i = 0; i < folder->count; i++) {
        if (S_ISDIR(folder->entries[i].node->mode) &&
            lies_in(node, folder->entries[i].node))
            return true;
    }
    return false;
}

static int why_not_over(const struct sim_node *what, const struct sim_node *target)
{
    if (S_ISDIR(what->mode) && !S_ISDIR(target->mode))
        return ENOTDIR;
    if (!S_ISDIR(what->mode) && S_ISDIR(target->mode))
        return EISDIR;
    return S_ISDIR(target->mode) && target->count > 0 ? ENOTEMPTY : 0;
}

int sim_disk_rename(struct sim_disk *disk, struct sim_node *from, const char *from_name,
                    struct sim_node *to, const char *to_name, unsigned flags)
{
    struct sim_operation operation = {.count = 0};
    struct sim_node *what = sim_disk_child(from, from_name);
    struct sim_node *target = sim_disk_child(to, to_name);
    bool exchanges = (flags & RENAME_EXCHANGE) != 0;
    if (what == NULL || (exchanges && target == NULL))
        return ENOENT;
    if (target != NULL && (flags & RENAME_NOREPLACE) != 0)
        return EEXIST;
    if ((S_ISDIR(what->mode) && lies_in(to, what)) ||
        (exchanges && S_ISDIR(target->mode) && lies_in(from, target)))
        return EINVAL;
    if (what == target)
        return 0;
    int error = target != NULL && !exchanges ? why_not_over(what, target) : 0;
    if (error != 0)
        return error;
    add_place(&operation, from, from_name, exchanges ? target : NULL);
    add_place(&operation, to, to_name, what);
    perform(disk, &operation);
    what->ctime_ns = tick(disk);
    if (exchanges)
        target->ctime_ns = tick(disk);
    return 0;
}

int sim_disk_remove(struct sim_disk *disk, struct sim_node *folder, const char *name)
{
    struct sim_operation operation = {.count = 0};
    struct sim_node *node = sim_disk_child(folder, name);
    if (node == NULL)
        return ENOENT;
    if (S_ISDIR(node->mode) && node->count > 0)
        return ENOTEMPTY;
    add_place(&operation, folder, name, NULL);
    perform(disk, &operation);
    return 0;
}

void sim_disk_note_move(struct sim_node *node)
{
    node->is_touched = true;
    node->moves++;
    for (size_t i = 0; i < node->count; i++)
        sim_disk_note_move(node->entries[i].node);
}

/* What lasts. */

static void copy_content(struct sim_content *to, const struct sim_content *from)
{
    free(to->data);
    to->data = malloc(from->size + 1);
    if (to->data == NULL)
        abort();
    if (from->size > 0)
        memcpy(to->data, from->data, from->size);
    to->size = from->size;
}

static void forget_operations(struct sim_disk *disk, const struct sim_node *folder)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk->operation_count; i++) {
        const struct sim_operation *operation = &disk->operations[i];
        bool touches = folder == NULL || operation->places[0].folder == folder ||
                       (operation->count == 2 && operation->places[1].folder == folder);
        if (!touches)
            disk->operations[kept++] = *operation;
    }
    disk->operation_count = kept;
}

void sim_disk_sync(struct sim_disk *disk, struct sim_node *node)
{
    if (S_ISDIR(node->mode)) {
        forget_operations(disk, node);
    } else if (!node->is_durable) {
        copy_content(&node->durable, &node->shown);
        node->is_durable = true;
    }
}

void sim_disk_sync_all(struct sim_disk *disk)
{
    for (struct sim_node *node = disk->nodes; node != NULL; node = node->next) {
        if (!S_ISDIR(node->mode))
            sim_disk_sync(disk, node);
    }
    forget_operations(disk, NULL);
}

static bool holds_persons(const struct sim_node *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        const struct sim_node *node = folder->entries[i].node;
        if (node->is_touched || holds_persons(node))
            return true;
    }
    return false;
}

/* The making of a folder that holds something of his. */
static bool is_under_his(const struct sim_operation *operation)
{
    for (size_t i = 0; i < operation->count; i++) {
        const struct sim_node *node = operation->places[i].after;
        if (node != NULL && holds_persons(node))
            return true;
    }
    return false;
}

void sim_disk_keep(struct sim_disk *disk, size_t since)
{
    size_t kept = 0;
    for (size_t i = 0; i < since; i++) {
        if (!is_under_his(&disk->operations[i]))
            disk->operations[kept++] = disk->operations[i];
    }
    disk->operation_count = kept;
    for (struct sim_node *node = disk->nodes; node != NULL; node = node->next) {
        if (node->is_touched && !S_ISDIR(node->mode))
            sim_disk_sync(disk, node);
    }
}

void sim_disk_close_all(struct sim_disk *disk)
{
    memset(disk->files, 0, sizeof disk->files);
}

static void undo(struct sim_disk *disk, const struct sim_operation *operation)
{
    for (size_t i = 0; i < operation->count; i++)
        set_place(disk, operation->places[i].folder, operation->places[i].name, NULL);
    for (size_t i = 0; i < operation->count; i++)
        set_place(disk, operation->places[i].folder, operation->places[i].name,
                  operation->places[i].before);
}

/* Whether nothing that is kept stands on what the operation did. */
static bool may_undo(const struct sim_operation *operation)
{
    for (size_t i = 0; i < operation->count; i++) {
        const struct sim_place *place = &operation->places[i];
        if (sim_disk_child(place->folder, place->name) != place->after)
            return false;
    }
    return true;
}

/* The last version, the new length without the bytes, all, or only the beginning. */
static void cut_file(struct sim_node *file, unsigned how)
{
    switch (how) {
    case 0:
        copy_content(&file->shown, &file->durable);
        break;
    case 1:
        memset(file->shown.data, 0, file->shown.size);
        break;
    case 2:
        file->shown.size = file->shown.size > TORN ? TORN : file->shown.size / 2;
        break;
    default:
        break;
    }
    file->is_checked = false;
}

void sim_disk_cut(struct sim_disk *disk, sim_choose_fn *choose, void *user)
{
    for (size_t i = disk->operation_count; i-- > 0;) {
        if (may_undo(&disk->operations[i]) && choose(user, 2) == 1)
            undo(disk, &disk->operations[i]);
    }
    for (struct sim_node *node = disk->nodes; node != NULL; node = node->next) {
        if (S_ISREG(node->mode) && node->names > 0 && !node->is_durable)
            cut_file(node, node->shown.size > 0 ? choose(user, 4) : 0);
    }
    sim_disk_close_all(disk);
    sim_disk_sync_all(disk);
}

void sim_disk_init(struct sim_disk *disk, struct sim *sim)
{
    *disk = (struct sim_disk){.sim = sim, .next_inode = 1000};
    disk->root = new_node(disk, S_IFDIR | 0755);
    disk->root->names = 1;
}
