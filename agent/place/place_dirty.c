#include <errno.h>
#include <fcntl.h>

#include "agent/place/place_parts.h"

static bool is_listed(const struct place_dirty *dirty, const struct stat *found)
{
    for (size_t i = 0; i < dirty->count; i++)
        if (dirty->folders[i].inode == found->st_ino &&
            dirty->folders[i].device == found->st_dev)
            return true;
    return false;
}

static void note_error(struct place_dirty *dirty, int error)
{
    if (dirty->error == 0)
        dirty->error = error;
}

void place_dirty_add(struct place_dirty *dirty, int fd)
{
    const struct disk *disk = dirty->root->disk;
    struct stat found;
    if (disk->stat_fd(disk->user, fd, &found) != 0)
        note_error(dirty, errno);
    else if (!is_listed(dirty, &found)) {
        if (dirty->count == PLACE_DIRTY_MAX)
            place_dirty_flush(dirty);
        dirty->folders[dirty->count].fd = fd;
        dirty->folders[dirty->count].device = found.st_dev;
        dirty->folders[dirty->count].inode = found.st_ino;
        dirty->count++;
        return;
    }
    disk_close(disk, fd);
}

void place_dirty_add_work(struct place_dirty *dirty)
{
    if (dirty->has_work)
        return;
    int fd = disk_open(dirty->root->disk, dirty->root->work, "", O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0)
        place_dirty_add(dirty, fd);
    else
        note_error(dirty, errno);
    dirty->has_work = fd >= 0;
}

/* One for all from so many on; a trash may lie on a file system of its own. */
static void sync_folders(struct place_dirty *dirty)
{
    const struct place_root *root = dirty->root;
    bool together = dirty->count >= PLACE_SYNC_MANY;
    if (together && disk_sync_filesystem(root->disk, root->work) != 0)
        note_error(dirty, errno);
    for (size_t i = 0; i < dirty->count; i++)
        if ((!together || dirty->folders[i].device != root->device) &&
            disk_sync(root->disk, dirty->folders[i].fd) != 0)
            note_error(dirty, errno);
}

void place_dirty_flush(struct place_dirty *dirty)
{
    const struct place_root *root = dirty->root;
    if (root->has_folder_sync)
        sync_folders(dirty);
    for (size_t i = 0; i < dirty->count; i++)
        disk_close(root->disk, dirty->folders[i].fd);
    dirty->count = 0;
    dirty->has_work = false;
}
