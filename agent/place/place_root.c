/* Opening a root: the right folder (F-57), ours alone (F-160), and known again later. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

#define RESERVE_BYTES ((uint64_t)200 * 1024 * 1024) /* left to others (F-10) */
enum { RESERVE_SHARE = 16 };                        /* of a small disk */

#define MARKER_NEW NAME_WORKING_FOLDER "/identity.new"
#define MARKER     NAME_WORKING_FOLDER "/" PLACE_MARKER_NAME

static enum failure_kind guard(const struct place_root *root, int number, const char *why,
                               struct failure *failure)
{
    char path[PLACE_PATH_TEXT];
    return failure_set(failure, FAILURE_GUARD, number,
                       "%s: %s: nothing was touched; mount the disk or put the folder back "
                       "(or `agent approve`, if it is the right one)",
                       why, place_path_text(root->path, "", path));
}

/* A person's word does not make it ours: two mirrors would work in one folder. */
static enum failure_kind guard_other(const struct place_root *root, struct failure *failure)
{
    char path[PLACE_PATH_TEXT];
    return failure_set(failure, FAILURE_GUARD, 64,
                       "the folder belongs to another mirror: %s: nothing was touched; put "
                       "the right one there, or remove its .drive-agent, if that mirror is "
                       "no more",
                       place_path_text(root->path, "", path));
}

static enum failure_kind root_error(const struct place_root *root, struct failure *failure)
{
    return place_error(root, failure, errno, root->path, "", _("not mirrored"));
}

/* Finds FOLDER, or makes it for a new mirror, and keeps a descriptor of it. */
static enum failure_kind open_folder(struct place_root *root, bool known,
                                     struct failure *failure)
{
    const struct disk *disk = root->disk;
    struct stat found;
    int result = disk->stat_path(disk->user, root->path, &found);
    if (result != 0 && errno == ENOENT) {
        if (known)
            return guard(root, 57, _("the folder is missing"), failure);
        result = disk->make_path(disk->user, root->path, 0777);
    }
    if (result != 0)
        return root_error(root, failure);
    root->fd = disk->open_root(disk->user, root->path);
    if (root->fd < 0 || disk->stat_fd(disk->user, root->fd, &found) != 0)
        return root_error(root, failure);
    root->device = found.st_dev;
    root->inode = found.st_ino;
    char real[PATH_MAX];
    if (disk->path_of(disk->user, root->fd, real, sizeof real) != 0)
        return root_error(root, failure);
    root->real = strdup(real);
    return root->real != NULL ? FAILURE_NONE : root_error(root, failure);
}

/* 1 and the text, 0: there is no marker, -1 and errno. */
static int read_marker(const struct place_root *root, char out[PLACE_MARKER_MAX + 1])
{
    const struct disk *disk = root->disk;
    int fd = disk_open(disk, root->fd, MARKER, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    size_t length = 0;
    ssize_t count;
    do {
        count = disk_read(disk, fd, out + length, PLACE_MARKER_MAX - length);
        length += count > 0 ? (size_t)count : 0;
    } while (count > 0 && length < PLACE_MARKER_MAX);
    disk_close(disk, fd);
    out[length] = '\0';
    return count < 0 ? -1 : 1;
}

/* Decides by the marker whether this is our folder, without touching anything. On
 * FAILURE_NONE `*out_write` says whether `new_marker` is to be written. */
static enum failure_kind check_identity(const struct place_root *root,
                                        const struct place_identity *identity,
                                        const char *new_marker, bool *out_write,
                                        struct failure *failure)
{
    char text[PLACE_MARKER_MAX + 1];
    int found = read_marker(root, text);
    if (found < 0)
        return root_error(root, failure);
    const char *wanted = identity->marker != NULL ? identity->marker : new_marker;
    /* One that is in no record yet was not known to last when it was written. */
    *out_write = !identity->known || found == 0 || strcmp(text, wanted) != 0;
    if (!*out_write || identity->adopt)
        return FAILURE_NONE;
    /* The beginning of ours, or nothing of it: what a disk that lies has left (F-05). */
    bool is_damaged = strncmp(text, wanted, strlen(text)) == 0;
    if (found != 0 && !is_damaged)
        return guard_other(root, failure);
    if (identity->known)
        return guard(root, 57, _("the folder is not the one I know"), failure);
    return FAILURE_NONE;
}

static enum failure_kind open_working_folder(struct place_root *root,
                                             struct failure *failure)
{
    const struct disk *disk = root->disk;
    struct stat found;
    if (disk->make_folder(disk->user, root->fd, NAME_WORKING_FOLDER, 0700) != 0 &&
        errno != EEXIST)
        return root_error(root, failure);
    root->work = disk_open(disk, root->fd, NAME_WORKING_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    if (root->work < 0 || disk->stat_fd(disk->user, root->work, &found) != 0)
        return root_error(root, failure);
    /* Ours alone (F-15). Where there are no modes this fails, and cannot matter. */
    if ((found.st_mode & 0777) != 0700)
        (void)disk->set_mode(disk->user, root->work, 0700);
    return FAILURE_NONE;
}

static void read_holder(const struct place_root *root, char out[24])
{
    ssize_t count = disk_read(root->disk, root->lock, out, 23);
    out[count > 0 ? count : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* The kernel lets go of the lock with its holder: it is never stale (F-160). */
static enum failure_kind lock_root(struct place_root *root, struct failure *failure)
{
    const struct disk *disk = root->disk;
    char text[24];
    root->lock = disk_open(disk, root->work, PLACE_LOCK_NAME, O_RDWR | O_CREAT, 0600);
    if (root->lock < 0)
        return root_error(root, failure);
    if (disk->lock(disk->user, root->lock) != 0) {
        bool is_held = errno == EWOULDBLOCK;
        if (!is_held)
            return failure_set(
                failure, FAILURE_RESOURCE, 161,
                "this disk has no locks: %s: not mirrored; choose a folder on "
                "another disk",
                root->path);
        read_holder(root, text);
        return failure_set(failure, FAILURE_HELD, 160,
                           "already running (pid %s): %s: nothing was touched; stop the "
                           "other agent",
                           text, root->path);
    }
    /* Only for the message above. */
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (disk->truncate(disk->user, root->lock, 0) == 0 && length > 0)
        (void)disk_write(disk, root->lock, text, (size_t)length);
    return FAILURE_NONE;
}

/* Temp, fsync, rename, fsync of the folder (F-08). 0, or -1 and errno. */
static int write_marker(const struct place_root *root, const char *text)
{
    const struct disk *disk = root->disk;
    int fd = disk_open(disk, root->fd, MARKER_NEW, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return -1;
    int result = disk_write(disk, fd, text, strlen(text));
    if (result == 0)
        result = disk_sync(disk, fd);
    disk_close(disk, fd);
    if (result == 0)
        result = disk->rename(disk->user, root->work, "identity.new", root->work,
                              PLACE_MARKER_NAME, 0);
    if (result == 0 && root->has_folder_sync)
        result = disk_sync(disk, root->work);
    /* The working folder's own name must last as well, and those that lead to the root. */
    if (result == 0 && root->has_folder_sync)
        result = disk_sync_filesystem(disk, root->fd);
    return result;
}

static enum failure_kind open_all(struct place_root *root,
                                  const struct place_identity *identity,
                                  const char *new_marker, struct failure *failure)
{
    bool write = false;
    enum failure_kind kind = open_folder(root, identity->known, failure);
    if (kind == FAILURE_NONE)
        kind = check_identity(root, identity, new_marker, &write, failure);
    if (kind == FAILURE_NONE)
        kind = open_working_folder(root, failure);
    if (kind == FAILURE_NONE)
        kind = lock_root(root, failure);
    if (kind == FAILURE_NONE)
        kind = place_probe(root, failure);
    if (kind == FAILURE_NONE && write && write_marker(root, new_marker) != 0)
        kind = root_error(root, failure);
    if (kind != FAILURE_NONE)
        return kind;
    const char *stands = write || identity->marker == NULL ? new_marker : identity->marker;
    root->marker = strdup(stands);
    errno = ENOMEM;
    return root->marker != NULL ? FAILURE_NONE : root_error(root, failure);
}

enum failure_kind place_open(const struct disk *disk, const char *folder,
                             const struct place_identity *identity, const char *new_marker,
                             struct place_root **out, struct failure *failure)
{
    assert(strlen(new_marker) <= PLACE_MARKER_MAX);
    struct place_root *root = calloc(1, sizeof *root);
    if (root == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    root->disk = disk;
    root->fd = -1;
    root->work = -1;
    root->lock = -1;
    root->path = strdup(folder);
    if (gethostname(root->host, sizeof root->host - 1) != 0)
        root->host[0] = '\0';
    enum failure_kind kind =
        root->path != NULL ? open_all(root, identity, new_marker, failure)
                           : failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    if (kind == FAILURE_NONE)
        *out = root;
    else
        place_close(root);
    return kind;
}

void place_close(struct place_root *root)
{
    if (root == NULL)
        return;
    disk_close(root->disk, root->lock);
    disk_close(root->disk, root->work);
    disk_close(root->disk, root->fd);
    free(root->path);
    free(root->real);
    free(root->marker);
    free(root);
}

bool place_moved_to(const struct place_root *root, char *out, size_t size)
{
    const struct disk *disk = root->disk;
    struct stat found;
    return disk->path_of(disk->user, root->fd, out, size) == 0 &&
           strcmp(out, root->real) != 0 && disk->stat_path(disk->user, out, &found) == 0 &&
           found.st_dev == root->device && found.st_ino == root->inode;
}

static enum failure_kind guard_moved(const struct place_root *root, struct failure *failure)
{
    char now[PATH_MAX];
    char path[PLACE_PATH_TEXT];
    if (!place_moved_to(root, now, sizeof now))
        return guard(root, 57, _("the folder is missing"), failure);
    return failure_set(failure, FAILURE_GUARD, 59,
                       "the folder was moved to %s: nothing was touched; move it back, or "
                       "`agent approve`, if it is to be mirrored there",
                       place_path_text(now, "", path));
}

enum failure_kind place_confirm(struct place_root *root, struct failure *failure)
{
    const struct disk *disk = root->disk;
    struct stat found;
    if (disk->stat_path(disk->user, root->path, &found) != 0)
        return guard_moved(root, failure);
    if (found.st_dev != root->device || found.st_ino != root->inode)
        return guard(root, 58, _("another folder stands in its place"), failure);
    char text[PLACE_MARKER_MAX + 1];
    int has_marker = read_marker(root, text);
    if (has_marker < 0)
        return root_error(root, failure);
    if (has_marker == 0 || strcmp(text, root->marker) != 0)
        return guard(root, 57, _("the folder is not the one I know"), failure);
    return FAILURE_NONE;
}

uint64_t place_device(const struct place_root *root)
{
    return root->device;
}

uint64_t place_inode(const struct place_root *root)
{
    return root->inode;
}

const char *place_real_path(const struct place_root *root)
{
    return root->real;
}

const struct disk *place_disk(const struct place_root *root)
{
    return root->disk;
}

uint64_t place_free_bytes(struct place_root *root)
{
    uint64_t free_bytes = 0;
    uint64_t total = 0;
    if (root->disk->space(root->disk->user, root->fd, &free_bytes, &total) != 0)
        return UINT64_MAX; /* not known: the write itself will tell */
    uint64_t reserve = total / RESERVE_SHARE;
    if (reserve > RESERVE_BYTES)
        reserve = RESERVE_BYTES;
    return free_bytes > reserve ? free_bytes - reserve : 0;
}

void place_set_trash(struct place_root *root, bool trash)
{
    root->trash = trash;
}

enum failure_kind place_sync(struct place_root *root, struct failure *failure)
{
    int result = disk_sync_filesystem(root->disk, root->fd);
    return result == 0 ? FAILURE_NONE : root_error(root, failure);
}

const char *place_limits(const struct place_root *root)
{
    return root->limits;
}
