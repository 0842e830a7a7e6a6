/* Downloads in the working folder: begun, gone on with, and made durable before anything
 * is renamed (3.1, steps 2 to 4). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/place/hash.h"
#include "agent/place/place_parts.h"
#include "agent/words.h"

enum { BLOCK_SIZE = 256 * 1024 };

static void partial_name(int64_t key, char out[NAME_MAX_BYTES + 1])
{
    name_work_format(out, NAME_WORK_PARTIAL, key);
}

void place_drop_partial(struct place_root *root, int64_t key)
{
    char name[NAME_MAX_BYTES + 1];
    partial_name(key, name);
    (void)root->disk->unlink(root->disk->user, root->work, name, 0);
}

/* A partial of our own: a regular file with no other name. One with a second name is
 * placed already, by a link: to write into it would change the file that stands there. */
static bool is_own(const struct stat *found)
{
    return S_ISREG(found->st_mode) && found->st_nlink == 1;
}

static bool is_older(struct timespec one, struct timespec other)
{
    return one.tv_sec != other.tv_sec ? one.tv_sec < other.tv_sec
                                      : one.tv_nsec < other.tv_nsec;
}

int64_t place_partial_size(struct place_root *root, int64_t key, bool is_own_run)
{
    char name[NAME_MAX_BYTES + 1];
    struct stat found;
    partial_name(key, name);
    if (root->disk->stat_at(root->disk->user, root->work, name, &found) != 0 ||
        !is_own(&found) || (is_own_run && !is_older(root->opened, found.st_ctim)))
        return -1;
    return found.st_size;
}

/* A new one, in place of any older; -1 and errno. */
static int open_new(const struct place_root *root, const char *name)
{
    const struct disk *disk = root->disk;
    int flags = O_RDWR | O_CREAT | O_EXCL;
    int fd = disk_open(disk, root->work, name, flags, 0600);
    if (fd >= 0 || errno != EEXIST)
        return fd;
    if (disk->unlink(disk->user, root->work, name, 0) != 0)
        return -1;
    return disk_open(disk, root->work, name, flags, 0600);
}

/* One that is there, and how it is; -1 and errno, ENODATA where it is not our own. */
static int open_own(const struct place_root *root, const char *name, struct stat *out)
{
    const struct disk *disk = root->disk;
    int fd = disk_open(disk, root->work, name, O_RDWR | O_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (disk->stat_fd(disk->user, fd, out) == 0) {
        if (is_own(out))
            return fd;
        errno = ENODATA;
    }
    disk_close(disk, fd);
    return -1;
}

static int open_begun(const struct place_root *root, const char *name, off_t offset)
{
    const struct disk *disk = root->disk;
    struct stat found;
    int fd = open_own(root, name, &found);
    if (fd < 0)
        return -1;
    if (found.st_size < offset)
        errno = ENODATA;
    else if (disk->truncate(disk->user, fd, offset) == 0 &&
             disk->seek(disk->user, fd, offset, SEEK_SET) == offset)
        return fd;
    disk_close(disk, fd);
    return -1;
}

/* Whether `more` bytes fit, and their room is reserved where the disk can do that; an
 * errno. */
static int make_room(struct place_root *root, int fd, int64_t size, int64_t more)
{
    if (more > 0 && (uint64_t)more > place_free_bytes(root))
        return ENOSPC;
    if (size <= 0 || disk_reserve(root->disk, fd, size) == 0)
        return 0;
    bool is_unsupported = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL;
    return is_unsupported ? 0 : errno;
}

int place_open_partial(struct place_root *root, int64_t key, int64_t expected_size,
                       uint64_t offset, char out_name[256], struct failure *failure)
{
    partial_name(key, out_name);
    int fd =
        offset == 0 ? open_new(root, out_name) : open_begun(root, out_name, (off_t)offset);
    int error = fd < 0 ? errno : 0;
    if (error == 0 && expected_size != STORE_UNKNOWN)
        error = make_room(root, fd, expected_size, expected_size - (int64_t)offset);
    if (error == 0)
        return fd;
    disk_close(root->disk, fd);
    if (fd >= 0 && offset == 0)
        place_drop_partial(root, key);
    (void)place_error(root, failure, error, NAME_WORKING_FOLDER, out_name,
                      N_("not fetched"));
    return -1;
}

enum failure_kind place_rehash(const struct disk *disk, int fd, uint64_t size,
                               struct hash *hash, struct failure *failure)
{
    uint8_t *block = malloc(BLOCK_SIZE);
    int error = block == NULL ? ENOMEM : 0;
    if (error == 0 && disk->seek(disk->user, fd, 0, SEEK_SET) != 0)
        error = errno;
    while (error == 0 && size > 0) {
        ssize_t count =
            disk_read(disk, fd, block, size < BLOCK_SIZE ? (size_t)size : BLOCK_SIZE);
        if (count > 0) {
            hash_update(hash, block, (size_t)count);
            size -= (uint64_t)count;
        } else
            error = count < 0 ? errno : ENODATA; /* shorter than it was: begin anew */
    }
    free(block);
    if (error == 0)
        return FAILURE_NONE;
    return place_read_error(NULL, failure, error, NAME_WORKING_FOLDER, "a download");
}

/* Bytes in memory become a partial like any other. -1 and errno. */
static int write_content(const struct place_root *root, const struct place_step *step,
                         const char *name)
{
    int fd = open_new(root, name);
    if (fd < 0 || disk_write(root->disk, fd, step->content, (size_t)step->size) == 0)
        return fd;
    disk_close(root->disk, fd);
    return -1;
}

/* A download that is said to be complete. -1 and errno, ENODATA where it is not. */
static int open_whole(const struct place_root *root, const char *name, int64_t size)
{
    struct stat found;
    int fd = open_own(root, name, &found);
    if (fd < 0 || found.st_size == size)
        return fd;
    disk_close(root->disk, fd);
    errno = ENODATA;
    return -1;
}

/* Mode, time, and (unless all are synced together later) sync. 0, or an errno. */
static int finish_partial(const struct place_root *root, const struct place_step *step,
                          int fd, bool with_sync)
{
    const struct disk *disk = root->disk;
    /* A file system without modes refuses; 0600 is then not ours to widen either. */
    if (disk->set_mode(disk->user, fd, root->file_mode) != 0 && errno != EPERM)
        return errno;
    if (step->mtime_ms != STORE_UNKNOWN &&
        disk->set_mtime(disk->user, fd, step->mtime_ms) != 0)
        return errno;
    return with_sync && disk_sync(disk, fd) != 0 ? errno : 0;
}

/* 0, or an errno; ENOENT: there is no partial, which is no error yet. */
static int prepare(const struct place_root *root, const struct place_step *step,
                   struct place_job *job, bool with_sync)
{
    const struct disk *disk = root->disk;
    char name[NAME_MAX_BYTES + 1];
    partial_name(step->key, name);
    int fd = step->partial == NULL ? write_content(root, step, name)
                                   : open_whole(root, name, step->size);
    if (fd < 0)
        return errno;
    int error = finish_partial(root, step, fd, with_sync);
    if (error == 0 && disk->stat_fd(disk->user, fd, &job->fresh) != 0)
        error = errno;
    disk_close(disk, fd);
    return error;
}

/* F-06: after an error on write or sync nobody knows what the disk holds. */
static void give_up(struct place_root *root, struct place_step *step, int error)
{
    place_drop_partial(root, step->key);
    place_fail(root, step, error, N_("not written, what stood there stays"));
}

static void sync_together(struct place_batch *batch, size_t end)
{
    struct place_root *root = batch->root;
    int result = disk_sync_filesystem(root->disk, root->work);
    int error = errno;
    for (size_t i = 0; result != 0 && i < end; i++)
        if (batch->steps[i].op == PLACE_FILE && batch->steps[i].result == PLACE_PENDING)
            give_up(root, &batch->steps[i], error);
}

size_t place_prepare_files(struct place_batch *batch)
{
    size_t files = 0;
    for (size_t i = 0; i < batch->count; i++)
        files += batch->steps[i].op == PLACE_FILE;
    bool is_many = files >= PLACE_SYNC_MANY;
    size_t end = 0;
    for (bool stop = false; end < batch->count && !stop; end++) {
        struct place_step *step = &batch->steps[end];
        if (step->op != PLACE_FILE)
            continue;
        int error = prepare(batch->root, step, &batch->jobs[end], !is_many);
        batch->jobs[end].is_missing = error == ENOENT;
        if (error != 0 && error != ENOENT)
            give_up(batch->root, step, error);
        stop = place_stops(step);
    }
    if (is_many)
        sync_together(batch, end);
    return end;
}
