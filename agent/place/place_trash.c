/* The desktop's trash (FreeDesktop.org trash specification 1.0), of the root's own file
 * system and by rename only: the home trash if it is there, else $topdir/.Trash/UID, else
 * $topdir/.Trash-UID. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/place/place_parts.h"

enum { NAME_TRIES = 10000, NAME_ROOM = 20 }; /* room for a number and ".trashinfo" */

/* "Path=" in percent encoding, a time and a head. */
enum { INFO_SIZE = 3 * 2 * PATH_MAX + 128 };

void place_trash_init(struct place_trash *trash)
{
    *trash = (struct place_trash){.files = -1, .info = -1};
}

void place_trash_close(const struct place_root *root, struct place_trash *trash)
{
    disk_close(root->disk, trash->files);
    disk_close(root->disk, trash->info);
    place_trash_init(trash);
}

/* Opens a folder of our own below another, made if it is missing. -1: no. */
static int open_own(const struct place_root *root, int parent, const char *name)
{
    const struct disk *disk = root->disk;
    struct stat found;
    if (disk->make_folder(disk->user, parent, name, 0700) != 0 && errno != EEXIST)
        return -1;
    int fd = disk_open(disk, parent, name, O_RDONLY | O_DIRECTORY, 0);
    if (fd >= 0 && disk->stat_fd(disk->user, fd, &found) == 0 &&
        found.st_uid == geteuid() && found.st_dev == root->device)
        return fd;
    disk_close(disk, fd);
    return -1;
}

/* Takes `top` (a Trash, or -1) over. */
static bool open_parts(const struct place_root *root, struct place_trash *trash, int top)
{
    if (top < 0)
        return false;
    trash->files = open_own(root, top, "files");
    trash->info = open_own(root, top, "info");
    disk_close(root->disk, top);
    if (trash->files >= 0 && trash->info >= 0)
        return true;
    place_trash_close(root, trash);
    return false;
}

static bool open_home_trash(const struct place_root *root, struct place_trash *trash)
{
    const struct disk *disk = root->disk;
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    char path[PATH_MAX];
    int length = -1;
    if (data != NULL && data[0] == '/')
        length = snprintf(path, sizeof path, "%s", data);
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, sizeof path, "%s/.local/share", home);
    struct stat found;
    if (length < 0 || (size_t)length >= sizeof path ||
        disk->make_path(disk->user, path, 0700) != 0 ||
        disk->stat_path(disk->user, path, &found) != 0 || found.st_dev != root->device)
        return false;
    int folder = disk->open_root(disk->user, path);
    if (folder < 0)
        return false;
    int top = open_own(root, folder, "Trash");
    disk_close(disk, folder);
    return open_parts(root, trash, top);
}

/* Length of the part of the root's path that leads to the top of its file system. 0: it is
 * not known; the mirror itself must not be taken for it, or the trash would lie in there.
 */
static size_t top_length(const struct place_root *root)
{
    const struct disk *disk = root->disk;
    size_t top = strlen(root->real);
    char path[PATH_MAX];
    if (top >= sizeof path)
        return 0;
    memcpy(path, root->real, top + 1);
    for (;;) {
        const char *slash = strrchr(path, '/');
        size_t length = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
        struct stat found;
        path[length] = '\0';
        if (disk->stat_path(disk->user, path, &found) != 0)
            return 0;
        if (found.st_dev != root->device)
            return top;
        top = length;
        if (length == 1)
            return top;
    }
}

/* The shared .Trash counts only with its sticky bit, and not through a link. */
static int open_shared(const struct place_root *root, int top, const char *user_id)
{
    const struct disk *disk = root->disk;
    struct stat found;
    if (disk->stat_at(disk->user, top, ".Trash", &found) != 0 || !S_ISDIR(found.st_mode) ||
        (found.st_mode & S_ISVTX) == 0)
        return -1;
    int shared = disk_open(disk, top, ".Trash", O_RDONLY | O_DIRECTORY, 0);
    if (shared < 0)
        return -1;
    int own = open_own(root, shared, user_id);
    disk_close(disk, shared);
    return own;
}

static bool open_top_trash(const struct place_root *root, struct place_trash *trash)
{
    const struct disk *disk = root->disk;
    size_t length = top_length(root);
    char path[PATH_MAX];
    char name[40];
    char user_id[24];
    if (length == 0)
        return false;
    memcpy(path, root->real, length);
    path[length] = '\0';
    (void)snprintf(user_id, sizeof user_id, "%ju", (uintmax_t)geteuid());
    (void)snprintf(name, sizeof name, ".Trash-%s", user_id);
    int top = disk->open_root(disk->user, path);
    if (top < 0)
        return false;
    int own = open_shared(root, top, user_id);
    if (own < 0)
        own = open_own(root, top, name);
    disk_close(disk, top);
    if (!open_parts(root, trash, own))
        return false;
    trash->strip = length == 1 ? 1 : length + 1;
    return true;
}

/* Percent encoding (RFC 2396) of the bytes of a path. */
static size_t encode_path(char *out, size_t size, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_.!~*'()/";
    size_t length = 0;
    for (; *path != '\0' && length + 4 < size; path++) {
        bool is_plain = strchr(plain, *path) != NULL;
        int count = snprintf(out + length, size - length, is_plain ? "%c" : "%%%02X",
                             is_plain ? *path : (unsigned char)*path);
        length += count > 0 ? (size_t)count : 0;
    }
    out[length] = '\0';
    return length;
}

/* Text of a .trashinfo; -1: the path is too long for one. */
static int format_info(const struct place_root *root, const struct place_trash *trash,
                       const char *folder, const char *name, char out[INFO_SIZE])
{
    char path[2 * PATH_MAX];
    char encoded[3 * sizeof path];
    char date[32];
    struct tm local = {0};
    time_t now = (time_t)(root->disk->wall_ms(root->disk->user) / 1000);
    int length = snprintf(path, sizeof path, "%s/%s%s%s", root->real, folder,
                          folder[0] != '\0' ? "/" : "", name);
    if (length < 0 || (size_t)length >= sizeof path || localtime_r(&now, &local) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local) == 0)
        return -1;
    (void)encode_path(encoded, sizeof encoded, path + trash->strip);
    return snprintf(out, INFO_SIZE, "[Trash Info]\nPath=%s\nDeletionDate=%s\n", encoded,
                    date);
}

/* The name in the trash, cut at a character border where a number would not fit. */
static void format_name(char out[NAME_MAX_BYTES + 1], const char *name, unsigned number)
{
    size_t length = strlen(name);
    if (length > NAME_MAX_BYTES - NAME_ROOM)
        length = NAME_MAX_BYTES - NAME_ROOM;
    while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80)
        length--;
    if (number < 2)
        (void)snprintf(out, NAME_MAX_BYTES + 1, "%.*s", (int)length, name);
    else
        (void)snprintf(out, NAME_MAX_BYTES + 1, "%.*s.%u", (int)length, name, number);
}

static void format_info_name(char out[NAME_MAX_BYTES + 1], const char *trash_name)
{
    (void)snprintf(out, NAME_MAX_BYTES + 1, "%.*s.trashinfo",
                   NAME_MAX_BYTES - NAME_ROOM + 8, trash_name);
}

/* The info file is made first: it reserves the name, which comes out. */
static int make_info(const struct place_root *root, const struct place_trash *trash,
                     const char *name, char out_name[NAME_MAX_BYTES + 1])
{
    char info_name[NAME_MAX_BYTES + 1];
    int fd = -1;
    errno = EEXIST;
    for (unsigned number = 1; fd < 0 && errno == EEXIST && number <= NAME_TRIES; number++) {
        format_name(out_name, name, number);
        format_info_name(info_name, out_name);
        fd = disk_open(root->disk, trash->info, info_name, O_WRONLY | O_CREAT | O_EXCL,
                       0600);
    }
    return fd;
}

static bool open_trash(const struct place_root *root, struct place_trash *trash)
{
    if (!trash->tried && !open_home_trash(root, trash))
        (void)open_top_trash(root, trash);
    trash->tried = true;
    return trash->files >= 0;
}

bool place_trash_note(const struct place_root *root, struct place_trash *trash,
                      const char *folder, const char *name, bool with_sync,
                      char out_name[NAME_MAX_BYTES + 1])
{
    const struct disk *disk = root->disk;
    char text[INFO_SIZE];
    out_name[0] = '\0';
    if (!open_trash(root, trash))
        return false;
    int length = format_info(root, trash, folder, name, text);
    if (length < 0)
        return false;
    int fd = make_info(root, trash, name, out_name);
    if (fd < 0) {
        out_name[0] = '\0';
        return false;
    }
    bool is_noted = disk_write(disk, fd, text, (size_t)length) == 0 &&
                    (!with_sync || disk_sync(disk, fd) == 0);
    disk_close(disk, fd);
    if (!is_noted) {
        place_trash_forget(root, trash, out_name);
        out_name[0] = '\0';
    }
    return is_noted;
}

bool place_trash_put(const struct place_root *root, const struct place_trash *trash,
                     const char *work_name, const char *trash_name)
{
    if (place_rename_new(root, root->work, work_name, trash->files, trash_name) == 0)
        return true;
    place_trash_forget(root, trash, trash_name);
    return false;
}

void place_trash_forget(const struct place_root *root, const struct place_trash *trash,
                        const char *trash_name)
{
    char info_name[NAME_MAX_BYTES + 1];
    format_info_name(info_name, trash_name);
    (void)root->disk->unlink(root->disk->user, trash->info, info_name, 0);
}
