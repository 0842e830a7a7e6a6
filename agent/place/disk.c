#include "agent/place/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MOVED_RETRIES = 8 }; /* of openat2 against somebody who renames all the time */

/* Leads into another file system, which openat2 finds by itself (F-17)? */
static bool is_elsewhere(int folder, int fd)
{
    struct stat above;
    struct stat found;
    return fstat(folder, &above) == 0 && fstat(fd, &found) == 0 &&
           above.st_dev != found.st_dev;
}

/* One component, relative to a folder that is open. Linux answers ENOTDIR for a link that
 * should be a folder; callers want to know that it is a link. */
static int open_component(int folder, const char *name, int flags, mode_t mode)
{
    int fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    struct stat found;
    if (fd < 0 && errno == ENOTDIR) {
        bool is_link = fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISLNK(found.st_mode);
        errno = is_link ? ELOOP : ENOTDIR;
    }
    if (fd >= 0 && is_elsewhere(folder, fd)) {
        (void)close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

/* Copies the component at `path` and answers its length; 0 if it is not to be opened. */
static size_t take_component(const char *path, char out[NAME_MAX + 1])
{
    size_t length = strcspn(path, "/");
    if (length == 0 || length > NAME_MAX) {
        errno = length == 0 ? EINVAL : ENAMETOOLONG;
        return 0;
    }
    memcpy(out, path, length);
    out[length] = '\0';
    if (strcmp(out, "..") == 0) {
        errno = EXDEV;
        return 0;
    }
    return length;
}

static int open_by_components(int folder, const char *path, int flags, mode_t mode)
{
    if (path[0] == '\0')
        return openat(folder, ".", flags | O_CLOEXEC, mode);
    int current = folder;
    for (;;) {
        char name[NAME_MAX + 1];
        size_t length = take_component(path, name);
        bool is_last = path[length] == '\0';
        int next = -1;
        if (length > 0 && is_last)
            next = open_component(current, name, flags, mode);
        else if (length > 0)
            next = open_component(current, name, O_PATH | O_DIRECTORY, 0);
        int error = errno;
        if (current != folder)
            (void)close(current);
        errno = error;
        if (next < 0 || is_last)
            return next;
        current = next;
        path += length + 1;
    }
}

static int plain_open_beneath(void *user, int folder, const char *path, int flags,
                              mode_t mode)
{
    (void)user;
    return open_by_components(folder, path, flags, mode);
}

static int system_open_beneath(void *user, int folder, const char *path, int flags,
                               mode_t mode)
{
    (void)user;
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) != 0 ? mode : 0,
        .resolve =
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    /* No system call takes a longer path; the drive's trees may well be deeper (F-42). */
    if (strlen(path) >= PATH_MAX)
        return open_by_components(folder, path, flags, mode);
    const char *name = path[0] == '\0' ? "." : path;
    long fd = -1;
    for (int i = 0; i < MOVED_RETRIES; i++) {
        fd = syscall(SYS_openat2, folder, name, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_by_components(folder, path, flags, mode);
    return (int)fd;
}

static int system_open_root(void *user, const char *path)
{
    (void)user;
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int system_close(void *user, int fd)
{
    (void)user;
    return close(fd);
}

static ssize_t system_read(void *user, int fd, void *out, size_t size)
{
    (void)user;
    return read(fd, out, size);
}

static ssize_t system_write(void *user, int fd, const void *data, size_t size)
{
    (void)user;
    return write(fd, data, size);
}

static off_t system_seek(void *user, int fd, off_t offset, int whence)
{
    (void)user;
    return lseek(fd, offset, whence);
}

static int system_truncate(void *user, int fd, off_t size)
{
    (void)user;
    return ftruncate(fd, size);
}

static int system_reserve(void *user, int fd, off_t size)
{
    (void)user;
    return size > 0 ? fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) : 0;
}

static void system_write_out(void *user, int fd, off_t from, off_t size)
{
    (void)user;
    (void)sync_file_range(fd, from, size, SYNC_FILE_RANGE_WRITE);
}

static int system_sync(void *user, int fd)
{
    (void)user;
    return fsync(fd);
}

static int system_sync_filesystem(void *user, int fd)
{
    (void)user;
    return syncfs(fd);
}

static int system_stat_at(void *user, int folder, const char *name, struct stat *out)
{
    (void)user;
    return fstatat(folder, name, out, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT);
}

static int system_stat_fd(void *user, int fd, struct stat *out)
{
    (void)user;
    return fstat(fd, out);
}

static int system_stat_path(void *user, const char *path, struct stat *out)
{
    (void)user;
    return stat(path, out);
}

static int system_path_of(void *user, int fd, char *out, size_t size)
{
    (void)user;
    char descriptor[32];
    (void)snprintf(descriptor, sizeof descriptor, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(descriptor, out, size);
    if (length < 0)
        return -1;
    if ((size_t)length == size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    out[length] = '\0';
    return 0;
}

static int system_make_folder(void *user, int folder, const char *name, mode_t mode)
{
    (void)user;
    return mkdirat(folder, name, mode);
}

static int system_make_path(void *user, const char *path, mode_t mode)
{
    (void)user;
    char prefix[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof prefix) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        if (mkdir(prefix, mode) != 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

static int system_rename(void *user, int from, const char *from_name, int to,
                         const char *to_name, unsigned flags)
{
    (void)user;
    return renameat2(from, from_name, to, to_name, flags);
}

static int system_link(void *user, int from, const char *from_name, int to,
                       const char *to_name)
{
    (void)user;
    return linkat(from, from_name, to, to_name, 0);
}

static int system_unlink(void *user, int folder, const char *name, int flags)
{
    (void)user;
    return unlinkat(folder, name, flags);
}

static int system_set_mode(void *user, int fd, mode_t mode)
{
    (void)user;
    return fchmod(fd, mode);
}

static void mtime_only(struct timespec out[2], int64_t mtime_ms)
{
    int64_t seconds = mtime_ms / 1000;
    int64_t rest = mtime_ms % 1000;
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    out[0] = (struct timespec){.tv_nsec = UTIME_OMIT};
    out[1] = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)rest * 1000000};
}

static int system_set_mtime(void *user, int fd, int64_t mtime_ms)
{
    (void)user;
    struct timespec times[2];
    mtime_only(times, mtime_ms);
    return futimens(fd, times);
}

static int system_set_mtime_at(void *user, int folder, const char *name, int64_t mtime_ms)
{
    (void)user;
    struct timespec times[2];
    mtime_only(times, mtime_ms);
    return utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

static int system_write_mapped(void *user, int fd)
{
    (void)user;
    void *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return -1;
    /* The page is read first, as editors do. One instruction for both, as clang would have
     * it, would only write: of that the kernel hears. */
    volatile char *bytes = map;
    char was = bytes[0];
    atomic_signal_fence(memory_order_seq_cst);
    bytes[0] = (char)(was + 1);
    return munmap(map, 1);
}

/* A read lease is refused while the file is open or mapped for writing. It is given back
 * at once; a program that opens the file just then makes the kernel send a signal, which
 * must not be SIGIO: that one kills. */
static int system_lease_write_free(void *user, int fd)
{
    (void)user;
    if (fcntl(fd, F_SETSIG, SIGURG) != 0)
        return -1;
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0)
        return errno == EAGAIN ? 1 : -1;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return 0;
}

static int system_lock(void *user, int fd)
{
    (void)user;
    int result;
    do
        result = flock(fd, LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    return result;
}

static int system_space(void *user, int fd, uint64_t *out_free, uint64_t *out_total)
{
    (void)user;
    struct statvfs found;
    if (fstatvfs(fd, &found) != 0)
        return -1;
    *out_free = (uint64_t)found.f_bavail * found.f_frsize;
    *out_total = (uint64_t)found.f_blocks * found.f_frsize;
    return 0;
}

static void *system_list_open(void *user, int folder)
{
    (void)user;
    /* A descriptor of its own: reading it moves nobody else's position. */
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *list = fdopendir(fd);
    if (list == NULL)
        (void)close(fd);
    return list;
}

static const char *system_list_next(void *user, void *list)
{
    (void)user;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(list);
        if (entry == NULL)
            return NULL;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry->d_name;
    }
}

static void system_list_close(void *user, void *list)
{
    (void)user;
    (void)closedir(list);
}

static int64_t system_wall_ms(void *user)
{
    (void)user;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#define SYSTEM_CALLS                                                                       \
    .open_root = system_open_root, .close = system_close, .read = system_read,             \
    .write = system_write, .seek = system_seek, .truncate = system_truncate,               \
    .reserve = system_reserve, .write_out = system_write_out, .sync = system_sync,         \
    .sync_filesystem = system_sync_filesystem, .stat_at = system_stat_at,                  \
    .stat_fd = system_stat_fd, .stat_path = system_stat_path, .path_of = system_path_of,   \
    .make_folder = system_make_folder, .make_path = system_make_path,                      \
    .rename = system_rename, .link = system_link, .unlink = system_unlink,                 \
    .set_mode = system_set_mode, .set_mtime = system_set_mtime,                            \
    .set_mtime_at = system_set_mtime_at, .write_mapped = system_write_mapped,              \
    .lease_write_free = system_lease_write_free, .lock = system_lock,                      \
    .space = system_space, .list_open = system_list_open, .list_next = system_list_next,   \
    .list_close = system_list_close, .wall_ms = system_wall_ms

const struct disk *disk_system(void)
{
    static const struct disk disk = {.open_beneath = system_open_beneath, SYSTEM_CALLS};
    return &disk;
}

const struct disk *disk_system_plain(void)
{
    static const struct disk disk = {.open_beneath = plain_open_beneath, SYSTEM_CALLS};
    return &disk;
}
