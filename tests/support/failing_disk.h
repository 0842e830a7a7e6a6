/* The effect layer of the tests (failure-model 6.2): a table of file calls that counts them
 * and can fail the k-th, stop the world before the k-th, let "the user" act before the
 * k-th, shorten every transfer, and lack what some file systems lack.
 *
 *     struct failing_disk disk;
 *     failing_disk_init(&disk, disk_system());
 *     disk.fail_at = 3; disk.error = ENOSPC;
 *     ... use &disk.table ...
 *
 * Not counted: closing, and the clock. After a stop every call fails with EIO and has no
 * effect, but for closing: as after a kill.
 */
#ifndef TESTS_SUPPORT_FAILING_DISK_H
#define TESTS_SUPPORT_FAILING_DISK_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/place/disk.h"

struct failing_disk {
    struct disk table;
    const struct disk *real;
    unsigned calls;
    unsigned fail_at;   /* 0 never, 1 the next call, ... as for the next two */
    unsigned fail_more; /* so many after it as well */
    int error;
    unsigned stop_at;
    unsigned act_at;
    void (*act)(void *user);
    void *act_user;
    bool has_stopped;
    bool transfers_bytes; /* one byte at a time, and EINTR before each (F-157) */
    bool was_interrupted;
    unsigned refused_flags; /* of rename */
    bool refuses_links;
    bool refuses_leases;
    bool refuses_locks;
    int sync_error; /* of every sync of a file */
    int folder_sync_error;
    const char *confined_to; /* no folder outside this path is opened: the trash of the
                                machine is not a test's; NULL any */
    uint64_t free_bytes;     /* with `has_free_bytes` */
    bool has_free_bytes;
};

static inline void failing_disk_arm(struct failing_disk *disk)
{
    disk->calls = 0;
    disk->fail_at = 0;
    disk->fail_more = 0;
    disk->stop_at = 0;
    disk->act_at = 0;
    disk->has_stopped = false;
}

/* True: the call is not to happen; errno is set. */
static inline bool failing_disk_enter(struct failing_disk *disk)
{
    disk->calls++;
    if (disk->calls == disk->stop_at)
        disk->has_stopped = true;
    if (disk->has_stopped) {
        errno = EIO;
        return true;
    }
    if (disk->calls == disk->act_at)
        disk->act(disk->act_user);
    if (disk->fail_at != 0 && disk->calls >= disk->fail_at &&
        disk->calls - disk->fail_at <= disk->fail_more) {
        errno = disk->error;
        return true;
    }
    return false;
}

static inline bool failing_disk_refuse(bool refuses, int error)
{
    if (refuses)
        errno = error;
    return refuses;
}

static inline int failing_open_beneath(void *user, int folder, const char *path, int flags,
                                       mode_t mode)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->open_beneath(disk->real->user, folder, path, flags, mode);
}

static inline int failing_open_root(void *user, const char *path)
{
    struct failing_disk *disk = user;
    bool is_outside = disk->confined_to != NULL &&
                      strncmp(path, disk->confined_to, strlen(disk->confined_to)) != 0;
    if (failing_disk_enter(disk) || failing_disk_refuse(is_outside, EACCES))
        return -1;
    return disk->real->open_root(disk->real->user, path);
}

static inline int failing_close(void *user, int fd)
{
    struct failing_disk *disk = user;
    return disk->real->close(disk->real->user, fd);
}

/* Every other transfer is interrupted, the rest moves one byte. */
static inline bool failing_disk_interrupts(struct failing_disk *disk)
{
    if (!disk->transfers_bytes)
        return false;
    disk->was_interrupted = !disk->was_interrupted;
    return failing_disk_refuse(disk->was_interrupted, EINTR);
}

static inline ssize_t failing_read(void *user, int fd, void *out, size_t size)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_interrupts(disk))
        return -1;
    size_t part = disk->transfers_bytes && size > 1 ? 1 : size;
    return disk->real->read(disk->real->user, fd, out, part);
}

static inline ssize_t failing_write(void *user, int fd, const void *data, size_t size)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_interrupts(disk))
        return -1;
    size_t part = disk->transfers_bytes && size > 1 ? 1 : size;
    return disk->real->write(disk->real->user, fd, data, part);
}

static inline off_t failing_seek(void *user, int fd, off_t offset, int whence)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->seek(disk->real->user, fd, offset, whence);
}

static inline int failing_truncate(void *user, int fd, off_t size)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->truncate(disk->real->user, fd, size);
}

static inline int failing_reserve(void *user, int fd, off_t size)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_interrupts(disk))
        return -1;
    return disk->real->reserve(disk->real->user, fd, size);
}

static inline void failing_write_out(void *user, int fd, off_t from, off_t size)
{
    (void)user;
    (void)fd;
    (void)from;
    (void)size;
}

static inline int failing_sync(void *user, int fd)
{
    struct failing_disk *disk = user;
    struct stat found;
    if (failing_disk_enter(disk) || failing_disk_interrupts(disk) ||
        disk->real->stat_fd(disk->real->user, fd, &found) != 0)
        return -1;
    if (S_ISDIR(found.st_mode)
            ? failing_disk_refuse(disk->folder_sync_error != 0, disk->folder_sync_error)
            : failing_disk_refuse(disk->sync_error != 0, disk->sync_error))
        return -1;
    /* A test need not wait for the disk. */
    return 0;
}

static inline int failing_sync_filesystem(void *user, int fd)
{
    struct failing_disk *disk = user;
    (void)fd;
    if (failing_disk_enter(disk) ||
        failing_disk_refuse(disk->sync_error != 0, disk->sync_error))
        return -1;
    return 0;
}

static inline int failing_stat_at(void *user, int folder, const char *name,
                                  struct stat *out)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->stat_at(disk->real->user, folder, name, out);
}

static inline int failing_stat_fd(void *user, int fd, struct stat *out)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->stat_fd(disk->real->user, fd, out);
}

static inline int failing_stat_path(void *user, const char *path, struct stat *out)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->stat_path(disk->real->user, path, out);
}

static inline int failing_path_of(void *user, int fd, char *out, size_t size)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->path_of(disk->real->user, fd, out, size);
}

static inline int failing_make_folder(void *user, int folder, const char *name, mode_t mode)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->make_folder(disk->real->user, folder, name, mode);
}

static inline int failing_make_path(void *user, const char *path, mode_t mode)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->make_path(disk->real->user, path, mode);
}

/* The kernel itself looks whether the name is free before it asks a file system that does
 * not know the flag. */
static inline int failing_disk_why(const struct failing_disk *disk, int to,
                                   const char *to_name, unsigned flags)
{
    struct stat found;
    bool is_taken = (flags & RENAME_NOREPLACE) != 0 &&
                    disk->real->stat_at(disk->real->user, to, to_name, &found) == 0;
    return is_taken ? EEXIST : EINVAL;
}

static inline int failing_rename(void *user, int from, const char *from_name, int to,
                                 const char *to_name, unsigned flags)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) ||
        failing_disk_refuse((flags & disk->refused_flags) != 0,
                            failing_disk_why(disk, to, to_name, flags)))
        return -1;
    return disk->real->rename(disk->real->user, from, from_name, to, to_name, flags);
}

static inline int failing_link(void *user, int from, const char *from_name, int to,
                               const char *to_name)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_refuse(disk->refuses_links, EPERM))
        return -1;
    return disk->real->link(disk->real->user, from, from_name, to, to_name);
}

static inline int failing_unlink(void *user, int folder, const char *name, int flags)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->unlink(disk->real->user, folder, name, flags);
}

static inline int failing_set_mode(void *user, int fd, mode_t mode)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->set_mode(disk->real->user, fd, mode);
}

static inline int failing_set_mtime(void *user, int fd, int64_t mtime_ms)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->set_mtime(disk->real->user, fd, mtime_ms);
}

static inline int failing_set_mtime_at(void *user, int folder, const char *name,
                                       int64_t mtime_ms)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return -1;
    return disk->real->set_mtime_at(disk->real->user, folder, name, mtime_ms);
}

static inline int failing_lease(void *user, int fd)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_refuse(disk->refuses_leases, EINVAL))
        return -1;
    return disk->real->lease_write_free(disk->real->user, fd);
}

static inline int failing_lock(void *user, int fd)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) || failing_disk_refuse(disk->refuses_locks, ENOLCK))
        return -1;
    return disk->real->lock(disk->real->user, fd);
}

static inline int failing_space(void *user, int fd, uint64_t *out_free, uint64_t *out_total)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk) ||
        disk->real->space(disk->real->user, fd, out_free, out_total) != 0)
        return -1;
    if (disk->has_free_bytes)
        *out_free = disk->free_bytes;
    return 0;
}

static inline void *failing_list_open(void *user, int folder)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return NULL;
    return disk->real->list_open(disk->real->user, folder);
}

static inline const char *failing_list_next(void *user, void *list)
{
    struct failing_disk *disk = user;
    if (failing_disk_enter(disk))
        return NULL;
    return disk->real->list_next(disk->real->user, list);
}

static inline void failing_list_close(void *user, void *list)
{
    struct failing_disk *disk = user;
    disk->real->list_close(disk->real->user, list);
}

static inline int64_t failing_wall_ms(void *user)
{
    struct failing_disk *disk = user;
    return disk->real->wall_ms(disk->real->user);
}

static inline void failing_disk_init(struct failing_disk *disk, const struct disk *real)
{
    *disk = (struct failing_disk){.real = real};
    disk->table = (struct disk){
        .user = disk,
        .open_beneath = failing_open_beneath,
        .open_root = failing_open_root,
        .close = failing_close,
        .read = failing_read,
        .write = failing_write,
        .seek = failing_seek,
        .truncate = failing_truncate,
        .reserve = failing_reserve,
        .write_out = failing_write_out,
        .sync = failing_sync,
        .sync_filesystem = failing_sync_filesystem,
        .stat_at = failing_stat_at,
        .stat_fd = failing_stat_fd,
        .stat_path = failing_stat_path,
        .path_of = failing_path_of,
        .make_folder = failing_make_folder,
        .make_path = failing_make_path,
        .rename = failing_rename,
        .link = failing_link,
        .unlink = failing_unlink,
        .set_mode = failing_set_mode,
        .set_mtime = failing_set_mtime,
        .set_mtime_at = failing_set_mtime_at,
        .lease_write_free = failing_lease,
        .lock = failing_lock,
        .space = failing_space,
        .list_open = failing_list_open,
        .list_next = failing_list_next,
        .list_close = failing_list_close,
        .wall_ms = failing_wall_ms,
    };
}

#endif
