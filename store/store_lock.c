#include "store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_MARK = 128 };

static const char lock_name[] = "lock";
static const char database_name[] = "state.db";
static const char damaged_mark[] = "damaged\n";
static const char clean_mark[] = "clean ";

/* How the database file stands now; "" where there is none. */
static void describe_database(int folder_fd, char out[MAX_MARK])
{
    struct stat stat;
    out[0] = '\0';
    if (fstatat(folder_fd, database_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
        (void)snprintf(out, MAX_MARK, "%s%" PRIdMAX " %" PRIdMAX ".%09ld\n", clean_mark,
                       (intmax_t)stat.st_size, (intmax_t)stat.st_mtim.tv_sec,
                       stat.st_mtim.tv_nsec);
}

static void read_mark(int fd, char out[MAX_MARK])
{
    ssize_t size = pread(fd, out, MAX_MARK - 1, 0);
    out[size > 0 ? size : 0] = '\0';
}

static enum store_left parse_mark(int fd, int folder_fd)
{
    char found[MAX_MARK];
    char want[MAX_MARK];
    read_mark(fd, found);
    describe_database(folder_fd, want);
    if (strcmp(found, damaged_mark) == 0)
        return STORE_LEFT_DAMAGED;
    if (strncmp(found, clean_mark, strlen(clean_mark)) != 0)
        return STORE_LEFT_OPEN;
    return strcmp(found, want) == 0 ? STORE_LEFT_CLEAN : STORE_LEFT_CHANGED;
}

static bool write_mark(int fd, const char *mark)
{
    size_t size = strlen(mark);
    return ftruncate(fd, 0) == 0 && pwrite(fd, mark, size, 0) == (ssize_t)size &&
           fsync(fd) == 0;
}

static struct flock whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

enum store_status store_lock_take(int folder_fd, struct store_lock *out)
{
    int fd = openat(folder_fd, lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == EROFS || errno == EACCES ? STORE_READONLY : STORE_IO;
    struct flock lock = whole_file(F_WRLCK);
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        bool is_held = errno == EAGAIN || errno == EACCES;
        (void)close(fd);
        return is_held ? STORE_HELD : STORE_IO;
    }
    enum store_left left = parse_mark(fd, folder_fd);
    char pid[MAX_MARK];
    (void)snprintf(pid, sizeof pid, "%" PRIdMAX "\n", (intmax_t)getpid());
    if (!write_mark(fd, pid)) {
        (void)close(fd);
        return errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_IO;
    }
    *out = (struct store_lock){.fd = fd, .left = left};
    return STORE_OK;
}

void store_lock_drop(struct store_lock *lock, int folder_fd, enum store_left left)
{
    if (lock->fd < 0)
        return;
    char mark[MAX_MARK];
    describe_database(folder_fd, mark);
    /* A mark that cannot be written costs a check at the next start, nothing else. */
    if (left == STORE_LEFT_DAMAGED)
        (void)write_mark(lock->fd, damaged_mark);
    else if (left == STORE_LEFT_CLEAN)
        (void)write_mark(lock->fd, mark);
    (void)close(lock->fd);
    lock->fd = -1;
}

int64_t store_holder(const char *folder)
{
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return 0;
    int fd = openat(folder_fd, lock_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    (void)close(folder_fd);
    if (fd < 0)
        return 0;
    /* A question with a read lock: it can be asked on a descriptor opened for reading. */
    struct flock lock = whole_file(F_RDLCK);
    int64_t holder = 0;
    if (fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        char mark[MAX_MARK];
        read_mark(fd, mark);
        char *end = mark;
        holder = strtoll(mark, &end, 10);
        /* Held, but the name is not written yet. */
        if (end == mark || holder <= 0)
            holder = 0;
    }
    (void)close(fd);
    return holder;
}
