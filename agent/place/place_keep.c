/* Renames that never take anything's place, and the names that a person's versions get. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/place/place_parts.h"

/* For file systems without RENAME_NOREPLACE, and only out of the working folder: were the
 * source a name that programs see, one that renames over it between link and unlink would
 * lose what it wrote. A link never takes a name that is taken. A
 * folder cannot be linked, but a rename over a folder succeeds only if that is empty, so
 * nothing but an empty folder made this instant can be lost. */
static int rename_by_link(const struct place_root *root, int from, const char *from_name,
                          int to, const char *to_name)
{
    const struct disk *disk = root->disk;
    struct stat object;
    struct stat taken;
    if (disk->stat_at(disk->user, from, from_name, &object) != 0)
        return errno;
    if (S_ISDIR(object.st_mode)) {
        if (disk->stat_at(disk->user, to, to_name, &taken) == 0)
            return EEXIST;
        if (errno != ENOENT)
            return errno;
        return disk->rename(disk->user, from, from_name, to, to_name, 0) == 0 ? 0 : errno;
    }
    if (disk->link(disk->user, from, from_name, to, to_name) != 0)
        return errno;
    return disk->unlink(disk->user, from, from_name, 0) == 0 ? 0 : errno;
}

int place_rename_new(const struct place_root *root, int from, const char *from_name, int to,
                     const char *to_name)
{
    const struct disk *disk = root->disk;
    if (!root->has_noreplace)
        return rename_by_link(root, from, from_name, to, to_name);
    int result = disk->rename(disk->user, from, from_name, to, to_name, RENAME_NOREPLACE);
    return result == 0 ? 0 : errno;
}

int place_take(const struct place_root *root, int from, const char *from_name,
               const char *work_name)
{
    const struct disk *disk = root->disk;
    struct stat taken;
    if (root->has_noreplace)
        return place_rename_new(root, from, from_name, root->work, work_name);
    if (disk->stat_at(disk->user, root->work, work_name, &taken) == 0)
        return EEXIST;
    if (errno != ENOENT)
        return errno;
    return disk->rename(disk->user, from, from_name, root->work, work_name, 0) == 0 ? 0
                                                                                    : errno;
}

int place_keep_copy(const struct place_root *root, const char *work_name, int to,
                    const char *name, char out_name[NAME_MAX_BYTES + 1])
{
    int64_t now_ms = root->disk->wall_ms(root->disk->user);
    int error = EEXIST;
    for (unsigned number = 1; error == EEXIST && number <= PLACE_COPY_TRIES; number++) {
        name_conflict(out_name, name, now_ms, root->host, number);
        error = place_rename_new(root, root->work, work_name, to, out_name);
    }
    if (error != 0)
        out_name[0] = '\0';
    return error;
}

bool place_name_is_exact(const struct place_root *root, int folder, const char *name)
{
    if (!root->folds_case)
        return true;
    const struct disk *disk = root->disk;
    void *list = disk->list_open(disk->user, folder);
    if (list == NULL)
        return false;
    const char *entry;
    do
        entry = disk->list_next(disk->user, list);
    while (entry != NULL && strcmp(entry, name) != 0);
    bool is_exact = entry != NULL;
    disk->list_close(disk->user, list);
    return is_exact;
}
