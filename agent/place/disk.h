/* Every file call of the sync engine in one table, so that a test can fail, shorten or
 * stop at the k-th call (failure-model 6.2). The real table calls the system.
 *
 * Functions answer as the system calls do: -1 and errno. EINTR is handled by the callers
 * of the table, with the helpers below it.
 *
 * Every descriptor is closed on exec. A `name` is one component; nothing here follows a
 * symbolic link, but for the paths of open_root(), stat_path() and make_path(), which
 * lead to a root or to the desktop trash.
 */
#ifndef AGENT_PLACE_DISK_H
#define AGENT_PLACE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct disk {
    void *user; /* handed to every call */
    /* openat2 with RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV, or component by
     * component where the kernel lacks it (3.4). "" is the folder itself. ELOOP: a link in
     * the way (F-50). EXDEV: another disk, or a way out. EAGAIN: moved about meanwhile. */
    int (*open_beneath)(void *user, int folder, const char *path, int flags, mode_t mode);
    int (*open_root)(void *user, const char *path);
    int (*close)(void *user, int fd);
    ssize_t (*read)(void *user, int fd, void *out, size_t size);
    ssize_t (*write)(void *user, int fd, const void *data, size_t size);
    off_t (*seek)(void *user, int fd, off_t offset, int whence);
    int (*truncate)(void *user, int fd, off_t size);
    int (*reserve)(void *user, int fd, off_t size); /* the size of the file stays */
    /* Begins to bring a part of the file to the disk and waits for nothing: a sync at the
     * end then finds little left to do. No promise, and no error matters. */
    void (*write_out)(void *user, int fd, off_t from, off_t size);
    int (*sync)(void *user, int fd);
    int (*sync_filesystem)(void *user, int fd);
    int (*stat_at)(void *user, int folder, const char *name, struct stat *out);
    int (*stat_fd)(void *user, int fd, struct stat *out);
    int (*stat_path)(void *user, const char *path, struct stat *out);
    /* Where an open folder is now, from the file system's root on. */
    int (*path_of)(void *user, int fd, char *out, size_t size);
    int (*make_folder)(void *user, int folder, const char *name, mode_t mode);
    int (*make_path)(void *user, const char *path, mode_t mode); /* with its parents */
    int (*rename)(void *user, int from, const char *from_name, int to, const char *to_name,
                  unsigned flags);
    int (*link)(void *user, int from, const char *from_name, int to, const char *to_name);
    int (*unlink)(void *user, int folder, const char *name, int flags);
    int (*set_mode)(void *user, int fd, mode_t mode);
    int (*set_mtime)(void *user, int fd, int64_t mtime_ms);
    int (*set_mtime_at)(void *user, int folder, const char *name, int64_t mtime_ms);
    /* Reads and changes the first byte through a shared mapping. NULL, or ENODEV: files
     * cannot be mapped here. */
    int (*write_mapped)(void *user, int fd);
    /* 0: nobody has it open for writing, 1: somebody has, -1: cannot be known here. */
    int (*lease_write_free)(void *user, int fd);
    int (*lock)(void *user, int fd); /* exclusive, not waiting, for life */
    /* Bytes that this user may still write, and the size of the file system. */
    int (*space)(void *user, int fd, uint64_t *out_free, uint64_t *out_total);
    /* Lists names of a folder in turn, without "." and "..": the handle is a DIR. NULL
     * with errno 0 is the end. */
    void *(*list_open)(void *user, int folder);
    const char *(*list_next)(void *user, void *list);
    void (*list_close)(void *user, void *list);
    int64_t (*wall_ms)(void *user);
};

/* The real one. Static storage. */
const struct disk *disk_system(void);

/* The same as on a kernel or in a sandbox without openat2. Static storage. */
const struct disk *disk_system_plain(void);

/* The calls that a signal can interrupt, begun again when it does (F-157). */
int disk_open(const struct disk *disk, int folder, const char *path, int flags,
              mode_t mode);
int disk_sync(const struct disk *disk, int fd);
/* All of the file system that holds `fd`. */
int disk_sync_filesystem(const struct disk *disk, int fd);
int disk_reserve(const struct disk *disk, int fd, off_t size);
/* Bytes read, 0 at the end: as read(2), any number up to `size`. */
ssize_t disk_read(const struct disk *disk, int fd, void *out, size_t size);
/* Writes all of it. */
int disk_write(const struct disk *disk, int fd, const void *data, size_t size);
/* Closes and keeps errno. Accepts -1. */
void disk_close(const struct disk *disk, int fd);

#endif
