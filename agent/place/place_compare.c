/* "Is that still what we put there?": by fingerprint where that proves it, else by hash. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/place/hash.h"
#include "agent/place/place_parts.h"

enum { BLOCK_SIZE = 256 * 1024, KINDS_MAX = 2 };

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct store_print place_print(const struct stat *found)
{
    return (struct store_print){
        .device = found->st_dev,
        .inode = found->st_ino,
        .size = found->st_size,
        .mtime_ns = nanoseconds(found->st_mtim),
        .ctime_ns = nanoseconds(found->st_ctim),
    };
}

bool place_print_equal(const struct store_print *one, const struct store_print *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->size == other->size && one->mtime_ns == other->mtime_ns &&
           one->ctime_ns == other->ctime_ns;
}

bool place_is_object(const struct store_print *recorded, const struct store_print *found,
                     enum store_kind kind)
{
    return found->device == recorded->device && found->inode == recorded->inode &&
           (kind == STORE_KIND_FOLDER ||
            (found->mtime_ns == recorded->mtime_ns && found->size == recorded->size));
}

bool place_unmoved(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev &&
           (one->st_mode & S_IFMT) == (other->st_mode & S_IFMT) &&
           one->st_size == other->st_size &&
           nanoseconds(one->st_mtim) == nanoseconds(other->st_mtim);
}

enum place_verdict place_judge_kept(const struct place_root *root,
                                    const struct place_step *step,
                                    const struct place_job *job)
{
    const struct disk *disk = root->disk;
    struct stat found;
    if (disk->stat_at(disk->user, root->work, job->kept, &found) != 0)
        return PLACE_VERDICT_UNSURE;
    if (!place_unmoved(&found, &job->seen))
        return PLACE_VERDICT_DIFFERENT;
    switch (place_is_in_use(root, root->work, job->kept)) {
    case 0:
        return root->hides_mappings
                   ? place_content_is(root, root->work, job->kept, step->expect_size,
                                      &step->expect_hash)
                   : PLACE_VERDICT_EQUAL;
    case 1:
        return PLACE_VERDICT_DIFFERENT;
    default:
        return PLACE_VERDICT_UNSURE;
    }
}

bool place_is_racy(const struct place_root *root, const struct store_print *print)
{
    int64_t now_ms = root->disk->wall_ms(root->disk->user);
    return root->hides_mappings || print->mtime_ns / 1000000 > now_ms - PLACE_RACY_MS;
}

struct place_expect place_expected(const struct place_step *step)
{
    return (struct place_expect){
        .present = step->expect_present,
        .trust_print = (step->expect_flags & (STORE_BASE_RACY | STORE_BASE_EDITED)) == 0,
        .print = step->expect_print,
        .hash = step->expect_hash,
        .size = step->expect_size,
    };
}

/* Opens for reading what is a regular file; never waits on a FIFO (F-54). */
static int open_regular(const struct place_root *root, int folder, const char *name,
                        struct stat *out)
{
    const struct disk *disk = root->disk;
    int fd = disk_open(disk, folder, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (disk->stat_fd(disk->user, fd, out) == 0) {
        if (S_ISREG(out->st_mode))
            return fd;
        errno = EISDIR;
    }
    disk_close(disk, fd);
    return -1;
}

static int feed(const struct place_root *root, int fd, struct hash *const *hashes,
                size_t count)
{
    uint8_t *block = malloc(BLOCK_SIZE);
    if (block == NULL)
        return ENOMEM;
    ssize_t size;
    while ((size = disk_read(root->disk, fd, block, BLOCK_SIZE)) > 0)
        for (size_t i = 0; i < count; i++)
            hash_update(hashes[i], block, (size_t)size);
    int error = size < 0 ? errno : 0;
    free(block);
    return error;
}

static int hash_descriptor(const struct place_root *root, int fd,
                           struct place_hashing *hashing)
{
    struct hash *hashes[KINDS_MAX] = {NULL};
    int error = 0;
    for (size_t i = 0; i < hashing->count; i++) {
        hashes[i] = hash_new(hashing->kinds[i]);
        if (hashes[i] == NULL)
            error = ENOMEM;
    }
    if (error == 0)
        error = feed(root, fd, hashes, hashing->count);
    for (size_t i = 0; i < hashing->count; i++) {
        if (error == 0)
            hashing->hashes[i] = hash_finish(hashes[i]);
        else
            hash_free(hashes[i]);
    }
    return error;
}

int place_hash_file(const struct place_root *root, int folder, const char *name,
                    struct place_hashing *hashing)
{
    const struct disk *disk = root->disk;
    struct stat before;
    int fd = open_regular(root, folder, name, &before);
    if (fd < 0)
        return errno;
    int error = hash_descriptor(root, fd, hashing);
    if (error == 0 && disk->stat_fd(disk->user, fd, &hashing->found) != 0)
        error = errno;
    disk_close(disk, fd);
    if (error != 0)
        return error;
    return place_unmoved(&before, &hashing->found) ? 0 : EBUSY;
}

enum place_verdict place_content_is(const struct place_root *root, int folder,
                                    const char *name, int64_t size,
                                    const struct store_hash *hash)
{
    struct place_hashing hashing = {.count = 1, .kinds = {hash->kind}};
    if (hash->kind == 0)
        return PLACE_VERDICT_DIFFERENT;
    int error = place_hash_file(root, folder, name, &hashing);
    if (error != 0) {
        errno = error;
        return PLACE_VERDICT_UNSURE;
    }
    bool is_equal = hashing.found.st_size == size && hash_equal(&hashing.hashes[0], hash);
    return is_equal ? PLACE_VERDICT_EQUAL : PLACE_VERDICT_DIFFERENT;
}

enum place_verdict place_judge(const struct place_root *root, int folder, const char *name,
                               const struct stat *seen, const struct place_expect *expect)
{
    struct stat found;
    if (root->disk->stat_at(root->disk->user, folder, name, &found) != 0)
        return PLACE_VERDICT_UNSURE;
    if (!expect->present || !S_ISREG(found.st_mode) || found.st_size != expect->size)
        return PLACE_VERDICT_DIFFERENT;
    struct store_print print = place_print(seen);
    if (expect->trust_print && place_print_equal(&print, &expect->print) &&
        place_unmoved(seen, &found))
        return PLACE_VERDICT_EQUAL;
    return place_content_is(root, folder, name, expect->size, &expect->hash);
}

int place_is_in_use(const struct place_root *root, int folder, const char *name)
{
    struct stat found;
    int fd = open_regular(root, folder, name, &found);
    if (fd < 0)
        return -1;
    int in_use = root->disk->lease_write_free(root->disk->user, fd);
    disk_close(root->disk, fd);
    return in_use == 1;
}
