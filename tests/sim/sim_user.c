#include "tests/sim/sim_user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/place/name.h"

enum { MARKER_SIZE = 16, MAX_PLACES = 400 };

void sim_user_init(struct sim_user *user, struct sim_disk *disk, const char *folder)
{
    *user = (struct sim_user){.sim = disk->sim, .disk = disk, .folder = folder};
}

/* What stands there. The folders on the way may hold something of his from now on. */
static struct sim_node *find(const struct sim_user *user, const char *path)
{
    char name[SIM_NAME_SIZE];
    struct sim_node *node = sim_disk_find(user->disk, user->folder);
    while (node != NULL && *path != '\0') {
        size_t length = strcspn(path, "/");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        node->is_visited = true;
        node = S_ISDIR(node->mode) ? sim_disk_child(node, name) : NULL;
        path += path[length] == '/' ? length + 1 : length;
    }
    return node;
}

/* The folder of a path, and the last name. */
static struct sim_node *find_folder(const struct sim_user *user, const char *path,
                                    const char **out_name)
{
    char folder[SIM_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 0 : (int)(slash - path),
                   path);
    *out_name = slash == NULL ? path : slash + 1;
    if (**out_name == '\0')
        return NULL;
    struct sim_node *node = find(user, folder);
    if (node == NULL || !S_ISDIR(node->mode))
        return NULL;
    node->is_visited = true;
    return node;
}

static void new_marker(struct sim_user *user, char out[MARKER_SIZE])
{
    if (user->markers == SIM_MARKERS)
        sim_fail(user->sim, "the test has too many markers");
    (void)snprintf(out, MARKER_SIZE, "<U%06d>", user->markers++);
}

int sim_user_next_marker(const struct sim_node *file, size_t *at)
{
    char text[MARKER_SIZE];
    const size_t size = strlen("<U000000>");
    const unsigned char *data = file->shown.data;
    while (*at + size <= file->shown.size) {
        const unsigned char *found = memchr(data + *at, '<', file->shown.size - *at);
        if (found == NULL || (size_t)(found - data) + size > file->shown.size)
            return -1;
        char *end = text;
        *at = (size_t)(found - data) + 1;
        memcpy(text, found, size);
        text[size] = '\0';
        long number = strtol(text + 2, &end, 10);
        if (text[1] == 'U' && strcmp(end, ">") == 0)
            return (int)number;
    }
    return -1;
}

/* He does away with what a file holds. */
static void give_up(struct sim_user *user, const struct sim_node *file)
{
    size_t at = 0;
    for (int marker; (marker = sim_user_next_marker(file, &at)) >= 0;)
        user->is_gone[marker] = true;
}

static bool is_file(const struct sim_node *node)
{
    return node != NULL && S_ISREG(node->mode);
}

void sim_user_rest(struct sim_user *user)
{
    char marker[MARKER_SIZE];
    if (user->open == NULL)
        return;
    new_marker(user, marker);
    user->acts++;
    sim_trace(user->sim, "user: writes %s and closes", marker);
    sim_disk_write(user->disk, user->open, user->open->shown.size, marker, strlen(marker));
    user->open->is_touched = true;
    user->open->writers--;
    user->open = NULL;
}

void sim_user_write(struct sim_user *user, const char *path)
{
    struct sim_node *file = find(user, path);
    sim_user_rest(user);
    if (!is_file(file))
        return;
    give_up(user, file);
    user->acts++;
    sim_trace(user->sim, "user: opens and truncates %.60s", path);
    sim_disk_truncate(user->disk, file, 0);
    file->is_touched = true;
    file->writers++;
    user->open = file;
}

void sim_user_append(struct sim_user *user, const char *path)
{
    char marker[MARKER_SIZE];
    struct sim_node *file = find(user, path);
    if (!is_file(file))
        return;
    new_marker(user, marker);
    user->acts++;
    sim_trace(user->sim, "user: appends %s to %.60s", marker, path);
    sim_disk_write(user->disk, file, file->shown.size, marker, strlen(marker));
    file->is_touched = true;
}

void sim_user_save(struct sim_user *user, const char *path)
{
    char marker[MARKER_SIZE];
    const char *name;
    struct sim_node *folder = find_folder(user, path, &name);
    struct sim_node *old = folder == NULL ? NULL : sim_disk_child(folder, name);
    if (folder == NULL || (old != NULL && S_ISDIR(old->mode)))
        return;
    new_marker(user, marker);
    user->acts++;
    sim_trace(user->sim, "user: saves %s over %.60s", marker, path);
    struct sim_node *fresh =
        sim_disk_make(user->disk, user->disk->root, "draft", S_IFREG | 0644);
    sim_disk_write(user->disk, fresh, 0, marker, strlen(marker));
    fresh->is_touched = true;
    if (old != NULL && old == user->open)
        sim_user_rest(user);
    if (is_file(old))
        give_up(user, old);
    (void)sim_disk_rename(user->disk, user->disk->root, "draft", folder, name, 0);
}

static void note_move(struct sim_user *user, struct sim_node *node)
{
    user->has_displaced_folder = user->has_displaced_folder || S_ISDIR(node->mode);
    sim_disk_note_move(node);
}

static void remove_all(struct sim_user *user, struct sim_node *folder, const char *name)
{
    char own[SIM_NAME_SIZE]; /* the entry that holds the name goes away */
    struct sim_node *node = sim_disk_child(folder, name);
    (void)snprintf(own, sizeof own, "%s", name);
    while (node->count > 0)
        remove_all(user, node, node->entries[0].name);
    if (node == user->open)
        sim_user_rest(user);
    if (is_file(node))
        give_up(user, node);
    else
        user->has_displaced_folder = user->has_displaced_folder || S_ISDIR(node->mode);
    (void)sim_disk_remove(user->disk, folder, own);
}

void sim_user_remove(struct sim_user *user, const char *path)
{
    const char *name;
    struct sim_node *folder = find_folder(user, path, &name);
    if (folder == NULL || sim_disk_child(folder, name) == NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: removes %.60s", path);
    remove_all(user, folder, name);
}

void sim_user_rename(struct sim_user *user, const char *from, const char *to)
{
    const char *from_name;
    const char *to_name;
    struct sim_node *from_folder = find_folder(user, from, &from_name);
    struct sim_node *to_folder = find_folder(user, to, &to_name);
    struct sim_node *node =
        from_folder == NULL ? NULL : sim_disk_child(from_folder, from_name);
    if (node == NULL || to_folder == NULL || sim_disk_child(to_folder, to_name) != NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: renames %.60s to %.60s", from, to);
    if (sim_disk_rename(user->disk, from_folder, from_name, to_folder, to_name, 0) == 0)
        note_move(user, node);
}

void sim_user_mkdir(struct sim_user *user, const char *path)
{
    const char *name;
    struct sim_node *folder = find_folder(user, path, &name);
    if (folder == NULL || sim_disk_child(folder, name) != NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: makes folder %.60s", path);
    sim_disk_make(user->disk, folder, name, S_IFDIR | 0755)->is_touched = true;
}

void sim_user_plant(struct sim_user *user, const char *path)
{
    const char *name;
    struct sim_node *folder = find_folder(user, path, &name);
    if (folder == NULL || sim_disk_child(folder, name) != NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: plants a link %.60s", path);
    sim_disk_make(user->disk, folder, name, S_IFLNK | 0777)->is_touched = true;
}

void sim_user_swap(struct sim_user *user, const char *one, const char *other)
{
    const char *one_name;
    const char *other_name;
    struct sim_node *one_folder = find_folder(user, one, &one_name);
    struct sim_node *other_folder = find_folder(user, other, &other_name);
    struct sim_node *node =
        one_folder == NULL ? NULL : sim_disk_child(one_folder, one_name);
    struct sim_node *second =
        other_folder == NULL ? NULL : sim_disk_child(other_folder, other_name);
    if (node == NULL || second == NULL || node == second)
        return;
    user->acts++;
    sim_trace(user->sim, "user: swaps %.60s and %.60s", one, other);
    if (sim_disk_rename(user->disk, one_folder, one_name, other_folder, other_name,
                        RENAME_EXCHANGE) == 0) {
        note_move(user, node);
        note_move(user, second);
    }
}

void sim_user_replace(struct sim_user *user, const char *path)
{
    char in[SIM_PATH_SIZE];
    const struct sim_node *node = find(user, path);
    if (node == NULL || *path == '\0')
        return;
    bool was_folder = S_ISDIR(node->mode);
    sim_user_remove(user, path);
    (void)snprintf(in, sizeof in, "%s/%s", path, was_folder ? "" : "mine");
    if (was_folder) {
        sim_user_save(user, path);
    } else {
        sim_user_mkdir(user, path);
        sim_user_save(user, in);
    }
}

void sim_user_save_with_backup(struct sim_user *user, const char *path)
{
    char backup[SIM_PATH_SIZE];
    (void)snprintf(backup, sizeof backup, "%s~", path);
    if (!is_file(find(user, path)))
        return;
    sim_user_rename(user, path, backup);
    sim_user_save(user, path);
}

void sim_user_copy(struct sim_user *user, const char *from, const char *to)
{
    const char *name;
    const struct sim_node *file = find(user, from);
    struct sim_node *folder = find_folder(user, to, &name);
    if (!is_file(file) || folder == NULL || sim_disk_child(folder, name) != NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: copies %.60s to %.60s", from, to);
    struct sim_node *copy = sim_disk_make(user->disk, folder, name, S_IFREG | 0644);
    sim_disk_write(user->disk, copy, 0, file->shown.data, file->shown.size);
    copy->is_touched = true;
}

void sim_user_touch(struct sim_user *user, const char *path)
{
    struct sim_node *file = find(user, path);
    if (!is_file(file))
        return;
    user->acts++;
    sim_trace(user->sim, "user: touches %.60s", path);
    file->mtime_ns += INT64_C(7000000000);
    file->ctime_ns = sim_wall_ms(user->sim) * 1000000;
}

static struct sim_node *outside(const struct sim_user *user)
{
    return sim_disk_make_path(user->disk, "/home/outside");
}

void sim_user_take_out(struct sim_user *user, const char *path)
{
    char name[SIM_NAME_SIZE];
    const char *old_name;
    struct sim_node *folder = find_folder(user, path, &old_name);
    struct sim_node *node = folder == NULL ? NULL : sim_disk_child(folder, old_name);
    if (node == NULL)
        return;
    user->acts++;
    (void)snprintf(name, sizeof name, "%u", user->acts);
    sim_trace(user->sim, "user: takes out %.60s", path);
    if (sim_disk_rename(user->disk, folder, old_name, outside(user), name, 0) == 0)
        note_move(user, node);
}

void sim_user_bring_in(struct sim_user *user, const char *path)
{
    const char *name;
    struct sim_node *from = outside(user);
    struct sim_node *folder = find_folder(user, path, &name);
    if (from->count == 0 || folder == NULL || sim_disk_child(folder, name) != NULL)
        return;
    user->acts++;
    sim_trace(user->sim, "user: brings in %.60s", path);
    char old_name[SIM_NAME_SIZE]; /* the entry that holds it goes away */
    (void)snprintf(old_name, sizeof old_name, "%s", from->entries[0].name);
    (void)sim_disk_rename(user->disk, from, old_name, folder, name, 0);
}

/* By chance. */

struct places {
    char paths[MAX_PLACES][128];
    size_t count;
};

static void list(const struct sim_node *folder, const char *path, struct places *out)
{
    for (size_t i = 0; i < folder->count && out->count < MAX_PLACES; i++) {
        const struct sim_entry *entry = &folder->entries[i];
        char *own = out->paths[out->count];
        if (strcmp(entry->name, NAME_WORKING_FOLDER) == 0)
            continue;
        int length = snprintf(own, sizeof out->paths[0], "%s%s%s", path,
                              *path != '\0' ? "/" : "", entry->name);
        if (length >= (int)sizeof out->paths[0])
            continue;
        out->count++;
        if (S_ISDIR(entry->node->mode))
            list(entry->node, own, out);
    }
}

/* A name that the drive may want as well, in some folder. */
static void some_place(struct sim_user *user, const struct places *places, char out[160])
{
    static const char *const names[] = {"a", "b", "c.txt", "docs", "more", "mine.txt"};
    const char *name = names[sim_below(user->sim, sizeof names / sizeof *names)];
    const char *folder = "";
    if (places->count > 0 && sim_below(user->sim, 2) == 0)
        folder = places->paths[sim_below(user->sim, (unsigned)places->count)];
    (void)snprintf(out, 160, "%s%s%s", folder, *folder != '\0' ? "/" : "", name);
}

static void act_rarely(struct sim_user *user, const char *old, const char *other,
                       const char *place)
{
    switch (sim_below(user->sim, 8)) {
    case 0:
        sim_user_swap(user, old, other);
        return;
    case 1:
        sim_user_replace(user, old);
        return;
    case 2:
        sim_user_save_with_backup(user, old);
        return;
    case 3:
        sim_user_copy(user, old, place);
        return;
    case 4:
        sim_user_touch(user, old);
        return;
    case 5:
        sim_user_take_out(user, old);
        return;
    case 6:
        sim_user_bring_in(user, place);
        return;
    default:
        sim_user_plant(user, place);
        return;
    }
}

static void act(struct sim_user *user, const char *old, const char *other,
                const char *place)
{
    unsigned kind = sim_below(user->sim, 24);
    if (user->open != NULL && kind < 10)
        sim_user_rest(user);
    else if (kind < 4)
        sim_user_write(user, old);
    else if (kind < 7)
        sim_user_append(user, old);
    else if (kind < 10)
        sim_user_save(user, old);
    else if (kind < 13)
        sim_user_save(user, place);
    else if (kind < 15)
        sim_user_rename(user, old, place);
    else if (kind < 17)
        sim_user_remove(user, old);
    else if (kind < 19)
        sim_user_mkdir(user, place);
    else
        act_rarely(user, old, other, place);
}

static const char *some_path(struct sim_user *user, const struct places *places)
{
    if (places->count == 0)
        return "";
    return places->paths[sim_below(user->sim, (unsigned)places->count)];
}

void sim_user_act(struct sim_user *user)
{
    struct places *places = calloc(1, sizeof *places);
    char place[160];
    const struct sim_node *folder = find(user, "");
    if (places == NULL)
        abort();
    if (folder != NULL)
        list(folder, "", places);
    size_t before = user->disk->operation_count;
    some_place(user, places, place);
    const char *old = some_path(user, places);
    act(user, old, some_path(user, places), place);
    sim_disk_keep(user->disk, before);
    free(places);
}
