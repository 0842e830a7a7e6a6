/* The calls that a signal can interrupt, begun again when it does (F-157). */
#include <errno.h>

#include "agent/place/disk.h"

int disk_open(const struct disk *disk, int folder, const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = disk->open_beneath(disk->user, folder, path, flags, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int disk_sync(const struct disk *disk, int fd)
{
    int result;
    do
        result = disk->sync(disk->user, fd);
    while (result != 0 && errno == EINTR);
    return result;
}

int disk_sync_filesystem(const struct disk *disk, int fd)
{
    int result;
    do
        result = disk->sync_filesystem(disk->user, fd);
    while (result != 0 && errno == EINTR);
    return result;
}

int disk_reserve(const struct disk *disk, int fd, off_t size)
{
    int result;
    do
        result = disk->reserve(disk->user, fd, size);
    while (result != 0 && errno == EINTR);
    return result;
}

ssize_t disk_read(const struct disk *disk, int fd, void *out, size_t size)
{
    ssize_t count;
    do
        count = disk->read(disk->user, fd, out, size);
    while (count < 0 && errno == EINTR);
    return count;
}

int disk_write(const struct disk *disk, int fd, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        ssize_t count = disk->write(disk->user, fd, at, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0) {
            errno = EIO; /* a disk that takes nothing and gives no reason */
            return -1;
        }
        at += count;
        size -= (size_t)count;
    }
    return 0;
}

void disk_close(const struct disk *disk, int fd)
{
    int error = errno;
    if (fd >= 0)
        (void)disk->close(disk->user, fd);
    errno = error;
}
