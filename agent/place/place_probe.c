/* What the file system under a root can do (F-18), tried in the working folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

#define PROBE_ONE   "probe-one"
#define PROBE_TWO   "probe-two"
#define PROBE_UPPER "PROBE-ONE"

enum { PROBE_PAST_MS = 1000 }; /* so that any time of now is another */

static int rename_probe(const struct place_root *root, const char *from, const char *to,
                        unsigned flags)
{
    return root->disk->rename(root->disk->user, root->work, from, root->work, to, flags);
}

static void drop_probe(const struct place_root *root, const char *name)
{
    (void)root->disk->unlink(root->disk->user, root->work, name, 0);
}

/* Whether an edit through a mapping leaves the times as they are, as on tmpfs, where a page
 * that was read may be written to without the kernel's seeing it: then no print says that a
 * file is unchanged (F-37). Unless the opposite is seen, it does. */
static bool hides_mappings(const struct place_root *root)
{
    const struct disk *disk = root->disk;
    struct stat before;
    struct stat after;
    if (disk->write_mapped == NULL)
        return false;
    int fd = disk_open(disk, root->work, PROBE_ONE, O_RDWR, 0);
    bool is_ready = fd >= 0 && disk_write(disk, fd, "?", 1) == 0 &&
                    disk->set_mtime(disk->user, fd, PROBE_PAST_MS) == 0 &&
                    disk->stat_fd(disk->user, fd, &before) == 0;
    bool is_mapped = is_ready && disk->write_mapped(disk->user, fd) == 0;
    bool has_none = is_ready && !is_mapped && errno == ENODEV;
    bool is_told = is_mapped && disk->stat_fd(disk->user, fd, &after) == 0 &&
                   after.st_mtim.tv_sec != before.st_mtim.tv_sec;
    disk_close(disk, fd);
    return !has_none && !is_told;
}

/* Makes an empty file as new files are made; -1 and errno. */
static int make_probe(const struct place_root *root, const char *name, struct stat *out)
{
    const struct disk *disk = root->disk;
    drop_probe(root, name); /* left over from a kill */
    int fd = disk_open(disk, root->work, name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0)
        return -1;
    int result = disk->stat_fd(disk->user, fd, out);
    disk_close(disk, fd);
    return result;
}

/* With both probes there, of which the first one is left. A name that is taken is refused
 * by the kernel itself; only one that is free shows whether the file system knows the flag
 * (FUSE: ntfs-3g and many others do not). */
static bool knows_noreplace(const struct place_root *root)
{
    bool refuses =
        rename_probe(root, PROBE_ONE, PROBE_TWO, RENAME_NOREPLACE) != 0 && errno == EEXIST;
    drop_probe(root, PROBE_TWO);
    return refuses && rename_probe(root, PROBE_ONE, PROBE_TWO, RENAME_NOREPLACE) == 0 &&
           rename_probe(root, PROBE_TWO, PROBE_ONE, RENAME_NOREPLACE) == 0;
}

/* A disk that fails just now can do it still. */
static bool knows_folder_sync(const struct place_root *root)
{
    return disk_sync(root->disk, root->work) == 0 ||
           (errno != EINVAL && errno != EBADF && errno != ENOTSUP && errno != ENOSYS);
}

/* With both probes there: what renames and links can do. */
static void try_renames(struct place_root *root)
{
    const struct disk *disk = root->disk;
    root->has_exchange = rename_probe(root, PROBE_ONE, PROBE_TWO, RENAME_EXCHANGE) == 0;
    root->has_noreplace = knows_noreplace(root);
    root->has_links =
        disk->link(disk->user, root->work, PROBE_ONE, root->work, PROBE_TWO) == 0;
    struct stat found;
    root->folds_case = disk->stat_at(disk->user, root->work, PROBE_UPPER, &found) == 0;
    root->has_folder_sync = knows_folder_sync(root);
    root->hides_mappings = hides_mappings(root);
}

static void describe(struct place_root *root, bool has_modes)
{
    const struct {
        bool holds;
        const char *text;
    } lacks[] = {
        {!root->has_exchange,    _("no exchange of files")     },
        {!root->has_noreplace,   _("no rename without replace")},
        {!root->has_links,       _("no hard links")            },
        {!root->has_folder_sync, _("folders cannot be synced") },
        {root->folds_case,       _("letter case is ignored")   },
        {!has_modes,             _("no permissions")           },
        {root->hides_mappings,   _("mapped edits do not show") },
    };
    root->limits[0] = '\0';
    size_t length = 0;
    for (size_t i = 0; i < sizeof lacks / sizeof *lacks; i++) {
        if (!lacks[i].holds)
            continue;
        int count = snprintf(root->limits + length, sizeof root->limits - length, "%s%s",
                             length > 0 ? ", " : "", lacks[i].text);
        length += count > 0 ? (size_t)count : 0;
    }
}

enum failure_kind place_probe(struct place_root *root, struct failure *failure)
{
    const struct disk *disk = root->disk;
    struct stat probe;
    struct stat work;
    if (make_probe(root, PROBE_ONE, &probe) != 0 ||
        make_probe(root, PROBE_TWO, &probe) != 0)
        return place_error(root, failure, errno, root->path, "", _("not mirrored"));
    /* Asking for the umask means to change it, which other threads would see. */
    root->file_mode = probe.st_mode & 0666;
    root->opened = probe.st_ctim;
    try_renames(root);
    drop_probe(root, PROBE_ONE);
    drop_probe(root, PROBE_TWO);
    bool has_modes =
        disk->stat_fd(disk->user, root->work, &work) == 0 && (work.st_mode & 0777) == 0700;
    describe(root, has_modes);
    if (!root->has_noreplace && !root->has_links)
        return failure_set(failure, FAILURE_RESOURCE, 18,
                           "this file system has no safe way to place a file: %s: not "
                           "mirrored; choose a folder on another disk",
                           root->path);
    return FAILURE_NONE;
}
