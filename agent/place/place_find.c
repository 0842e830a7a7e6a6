/* Finds what a person moved: the same object under another name (F-32). */
#include <stdio.h>

#include "agent/place/place_parts.h"

static bool is_wanted(const uint64_t *wanted, size_t count, uint64_t inode)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (wanted[middle] < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && wanted[low] == inode;
}

size_t place_find(struct place_root *root, const char *folder, const uint64_t *wanted,
                  size_t count, struct place_found *out, size_t room)
{
    const struct disk *disk = root->disk;
    size_t found = 0;
    int fd = place_open_path(root, folder);
    void *list = fd < 0 ? NULL : disk->list_open(disk->user, fd);
    const char *name;
    while (list != NULL && found < room &&
           (name = disk->list_next(disk->user, list)) != NULL) {
        struct stat entry;
        if (disk->stat_at(disk->user, fd, name, &entry) != 0 ||
            entry.st_dev != root->device || !is_wanted(wanted, count, entry.st_ino))
            continue;
        out[found].inode = entry.st_ino;
        (void)snprintf(out[found++].name, sizeof out->name, "%s", name);
    }
    if (list != NULL)
        disk->list_close(disk->user, list);
    disk_close(disk, fd);
    return found;
}
