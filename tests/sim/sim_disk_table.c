/* The calls of agent/place/disk.h on the file system in memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim_disk.h"

enum { FIRST_FD = 5000 }; /* no descriptor of the process has such a number */

#define FREE_BYTES  (UINT64_C(1) << 40)
#define TOTAL_BYTES (UINT64_C(1) << 42)

static bool refuses(struct sim_disk *disk, const char *call, const char *name, bool changes)
{
    return sim_refuses(disk->sim, call, name, changes);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static struct sim_file *file_of(struct sim_disk *disk, int fd)
{
    if (fd < FIRST_FD || fd >= FIRST_FD + SIM_FILES ||
        disk->files[fd - FIRST_FD].node == NULL)
        sim_fail(disk->sim, "descriptor %d is not open", fd);
    return &disk->files[fd - FIRST_FD];
}

static struct sim_node *node_of(struct sim_disk *disk, int fd)
{
    return file_of(disk, fd)->node;
}

static int give_descriptor(struct sim_disk *disk, struct sim_node *node)
{
    for (int i = 0; i < SIM_FILES; i++) {
        if (disk->files[i].node == NULL) {
            disk->files[i] = (struct sim_file){.node = node, .moves = node->moves};
            return FIRST_FD + i;
        }
    }
    return fail(EMFILE);
}

/* The folder that holds the last component, whose name comes out. NULL and errno. */
static struct sim_node *walk(struct sim_node *folder, const char *path,
                             char out_name[SIM_NAME_SIZE])
{
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length >= SIM_NAME_SIZE) {
            errno = ENAMETOOLONG;
            return NULL;
        }
        memcpy(out_name, path, length);
        out_name[length] = '\0';
        if (path[length] == '\0')
            return folder;
        struct sim_node *child = sim_disk_child(folder, out_name);
        errno = child == NULL ? ENOENT : S_ISLNK(child->mode) ? ELOOP : ENOTDIR;
        if (child == NULL || !S_ISDIR(child->mode))
            return NULL;
        folder = child;
        path += length + 1;
    }
}

static int why_not_open(const struct sim_node *node, int flags)
{
    if (S_ISLNK(node->mode))
        return ELOOP;
    if ((flags & O_DIRECTORY) != 0 && !S_ISDIR(node->mode))
        return ENOTDIR;
    return S_ISDIR(node->mode) && (flags & O_ACCMODE) != O_RDONLY ? EISDIR : 0;
}

static int open_beneath(void *user, int folder, const char *path, int flags, mode_t mode)
{
    struct sim_disk *disk = user;
    char name[SIM_NAME_SIZE];
    bool makes = (flags & O_CREAT) != 0;
    if (refuses(disk, "open", path, makes))
        return -1;
    struct sim_node *parent = walk(node_of(disk, folder), path, name);
    if (parent == NULL)
        return -1;
    struct sim_node *node = name[0] == '\0' ? parent : sim_disk_child(parent, name);
    if (node == NULL && makes)
        node = sim_disk_make(disk, parent, name, S_IFREG | (mode & ~(mode_t)022));
    else if (node != NULL && (flags & O_EXCL) != 0)
        return fail(EEXIST);
    if (node == NULL)
        return fail(ENOENT);
    int error = why_not_open(node, flags);
    if (error != 0)
        return fail(error);
    if ((flags & O_TRUNC) != 0)
        sim_disk_truncate(disk, node, 0);
    return give_descriptor(disk, node);
}

static int open_root(void *user, const char *path)
{
    struct sim_disk *disk = user;
    struct sim_node *node = sim_disk_find(disk, path);
    if (refuses(disk, "open root", "", false))
        return -1;
    return node == NULL ? fail(ENOENT) : give_descriptor(disk, node);
}

static int close_file(void *user, int fd)
{
    struct sim_disk *disk = user;
    file_of(disk, fd)->node = NULL;
    return 0;
}

static ssize_t read_file(void *user, int fd, void *out, size_t size)
{
    struct sim_disk *disk = user;
    struct sim_file *file = file_of(disk, fd);
    if (refuses(disk, "read", "", false))
        return -1;
    size_t left =
        file->offset < file->node->shown.size ? file->node->shown.size - file->offset : 0;
    size_t part = size < left ? size : left;
    if (part > 0)
        memcpy(out, file->node->shown.data + file->offset, part);
    file->offset += part;
    return (ssize_t)part;
}

/* Where calls fail some transfers are short as well (F-157). */
static ssize_t write_file(void *user, int fd, const void *data, size_t size)
{
    struct sim_disk *disk = user;
    struct sim_file *file = file_of(disk, fd);
    if (refuses(disk, "write", "", true))
        return -1;
    bool is_short = size > 1 && sim_chance(disk->sim, disk->sim->fail_per_mille * 10);
    size_t part = is_short ? size / 2 : size;
    sim_disk_write(disk, file->node, file->offset, data, part);
    file->offset += part;
    return (ssize_t)part;
}

static off_t seek(void *user, int fd, off_t offset, int whence)
{
    struct sim_disk *disk = user;
    struct sim_file *file = file_of(disk, fd);
    if (refuses(disk, "seek", "", false))
        return -1;
    if (whence != SEEK_SET)
        sim_fail(disk->sim, "a seek that the engine does not make");
    file->offset = (size_t)offset;
    return offset;
}

static int truncate_file(void *user, int fd, off_t size)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "truncate", "", true))
        return -1;
    sim_disk_truncate(disk, node_of(disk, fd), (size_t)size);
    return 0;
}

static int reserve(void *user, int fd, off_t size)
{
    struct sim_disk *disk = user;
    (void)fd;
    (void)size;
    return refuses(disk, "reserve", "", false) ? -1 : 0;
}

static void write_out(void *user, int fd, off_t from, off_t size)
{
    (void)user;
    (void)fd;
    (void)from;
    (void)size;
}

static int sync_file(void *user, int fd)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "sync", "", true))
        return -1;
    if (!disk->sim->drops_flushes)
        sim_disk_sync(disk, node_of(disk, fd));
    return 0;
}

static int sync_filesystem(void *user, int fd)
{
    struct sim_disk *disk = user;
    (void)fd;
    if (refuses(disk, "sync all", "", true))
        return -1;
    if (!disk->sim->drops_flushes)
        sim_disk_sync_all(disk);
    return 0;
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                             .tv_nsec = ns % 1000000000};
}

static int fill_stat(const struct sim_node *node, struct stat *out)
{
    static uid_t owner = (uid_t)-1;
    if (owner == (uid_t)-1)
        owner = geteuid();
    *out = (struct stat){
        .st_dev = 77,
        .st_ino = node->inode,
        .st_mode = node->mode,
        .st_nlink = node->names,
        .st_uid = owner,
        .st_size = (off_t)node->shown.size,
        .st_mtim = time_of(node->mtime_ns),
        .st_ctim = time_of(node->ctime_ns),
    };
    return 0;
}

static int stat_at(void *user, int folder, const char *name, struct stat *out)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "stat", name, false))
        return -1;
    const struct sim_node *node = sim_disk_child(node_of(disk, folder), name);
    return node == NULL ? fail(ENOENT) : fill_stat(node, out);
}

static int stat_fd(void *user, int fd, struct stat *out)
{
    struct sim_disk *disk = user;
    return refuses(disk, "stat", "", false) ? -1 : fill_stat(node_of(disk, fd), out);
}

static int stat_path(void *user, const char *path, struct stat *out)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "stat path", "", false))
        return -1;
    const struct sim_node *node = sim_disk_find(disk, path);
    return node == NULL ? fail(ENOENT) : fill_stat(node, out);
}

/* Appends the way from `folder` down to `wanted`. */
static bool append_way(const struct sim_node *folder, const struct sim_node *wanted,
                       char *out, size_t size)
{
    size_t length = strlen(out);
    if (folder == wanted)
        return true;
    for (size_t i = 0; i < folder->count; i++) {
        const struct sim_entry *entry = &folder->entries[i];
        (void)snprintf(out + length, size - length, "/%s", entry->name);
        if (S_ISDIR(entry->node->mode) && append_way(entry->node, wanted, out, size))
            return true;
    }
    out[length] = '\0';
    return false;
}

static int path_of(void *user, int fd, char *out, size_t size)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "path of", "", false))
        return -1;
    out[0] = '\0';
    return append_way(disk->root, node_of(disk, fd), out, size) ? 0 : fail(ENOENT);
}

/* Where the person moved the folder after it was opened, nobody can tell whether this came
 * before: what has been put there he may have moved with it. */
static void note_put(struct sim_disk *disk, int folder, const char *name)
{
    const struct sim_file *file = file_of(disk, folder);
    struct sim_node *node = sim_disk_child(file->node, name);
    if (node != NULL && file->moves != file->node->moves)
        sim_disk_note_move(node);
}

static int make_folder(void *user, int folder, const char *name, mode_t mode)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "mkdir", name, true))
        return -1;
    struct sim_node *parent = node_of(disk, folder);
    if (sim_disk_child(parent, name) != NULL)
        return fail(EEXIST);
    (void)sim_disk_make(disk, parent, name, S_IFDIR | (mode & ~(mode_t)022));
    note_put(disk, folder, name);
    return 0;
}

static int make_path(void *user, const char *path, mode_t mode)
{
    struct sim_disk *disk = user;
    (void)mode;
    if (refuses(disk, "make path", "", true))
        return -1;
    (void)sim_disk_make_path(disk, path);
    return 0;
}

static int rename_file(void *user, int from, const char *from_name, int to,
                       const char *to_name, unsigned flags)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "rename", to_name, true))
        return -1;
    if (disk->lacks_exchange && (flags & RENAME_EXCHANGE) != 0)
        return fail(EINVAL);
    int error = sim_disk_rename(disk, node_of(disk, from), from_name, node_of(disk, to),
                                to_name, flags);
    if (error != 0)
        return fail(error);
    note_put(disk, from, from_name); /* by an exchange */
    note_put(disk, to, to_name);
    return 0;
}

/* Only the probe at start makes one; nothing in the engine's way of work needs it. */
static int link_file(void *user, int from, const char *from_name, int to,
                     const char *to_name)
{
    struct sim_disk *disk = user;
    (void)from;
    (void)from_name;
    (void)to;
    (void)to_name;
    return refuses(disk, "link", to_name, false) ? -1 : fail(EPERM);
}

static int unlink_file(void *user, int folder, const char *name, int flags)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "unlink", name, true))
        return -1;
    struct sim_node *parent = node_of(disk, folder);
    const struct sim_node *node = sim_disk_child(parent, name);
    bool wants_folder = (flags & AT_REMOVEDIR) != 0;
    if (node != NULL && S_ISDIR(node->mode) != wants_folder)
        return fail(wants_folder ? ENOTDIR : EISDIR);
    int error = sim_disk_remove(disk, parent, name);
    return error == 0 ? 0 : fail(error);
}

static int set_mode(void *user, int fd, mode_t mode)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "chmod", "", true))
        return -1;
    struct sim_node *node = node_of(disk, fd);
    node->mode = (node->mode & S_IFMT) | mode;
    return 0;
}

static int set_mtime(void *user, int fd, int64_t mtime_ms)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "utimes", "", true))
        return -1;
    node_of(disk, fd)->mtime_ns = mtime_ms * 1000000;
    return 0;
}

static int set_mtime_at(void *user, int folder, const char *name, int64_t mtime_ms)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "utimes", name, true))
        return -1;
    struct sim_node *node = sim_disk_child(node_of(disk, folder), name);
    if (node == NULL)
        return fail(ENOENT);
    node->mtime_ns = mtime_ms * 1000000;
    return 0;
}

static int lease(void *user, int fd)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "lease", "", false))
        return -1;
    return node_of(disk, fd)->writers > 0 ? 1 : 0;
}

static int lock(void *user, int fd)
{
    struct sim_disk *disk = user;
    (void)fd;
    return refuses(disk, "lock", "", false) ? -1 : 0;
}

static int space(void *user, int fd, uint64_t *out_free, uint64_t *out_total)
{
    struct sim_disk *disk = user;
    (void)fd;
    if (refuses(disk, "space", "", false))
        return -1;
    *out_free = FREE_BYTES;
    *out_total = TOTAL_BYTES;
    return 0;
}

/* The names that were there when the list was opened. */
struct list {
    size_t count;
    size_t next;
    char names[][SIM_NAME_SIZE];
};

static void *list_open(void *user, int folder)
{
    struct sim_disk *disk = user;
    if (refuses(disk, "list", "", false))
        return NULL;
    const struct sim_node *node = node_of(disk, folder);
    struct list *list = calloc(1, sizeof *list + node->count * SIM_NAME_SIZE);
    if (list == NULL)
        abort();
    list->count = node->count;
    for (size_t i = 0; i < node->count; i++)
        memcpy(list->names[i], node->entries[i].name, SIM_NAME_SIZE);
    return list;
}

static const char *list_next(void *user, void *handle)
{
    struct sim_disk *disk = user;
    struct list *list = handle;
    if (refuses(disk, "list", "", false))
        return NULL;
    errno = 0;
    return list->next < list->count ? list->names[list->next++] : NULL;
}

static void list_close(void *user, void *handle)
{
    (void)user;
    free(handle);
}

static int64_t wall_ms(void *user)
{
    const struct sim_disk *disk = user;
    return sim_wall_ms(disk->sim);
}

const struct disk *sim_disk_table(struct sim_disk *disk)
{
    disk->table = (struct disk){
        .user = disk,
        .open_beneath = open_beneath,
        .open_root = open_root,
        .close = close_file,
        .read = read_file,
        .write = write_file,
        .seek = seek,
        .truncate = truncate_file,
        .reserve = reserve,
        .write_out = write_out,
        .sync = sync_file,
        .sync_filesystem = sync_filesystem,
        .stat_at = stat_at,
        .stat_fd = stat_fd,
        .stat_path = stat_path,
        .path_of = path_of,
        .make_folder = make_folder,
        .make_path = make_path,
        .rename = rename_file,
        .link = link_file,
        .unlink = unlink_file,
        .set_mode = set_mode,
        .set_mtime = set_mtime,
        .set_mtime_at = set_mtime_at,
        .lease_write_free = lease,
        .lock = lock,
        .space = space,
        .list_open = list_open,
        .list_next = list_next,
        .list_close = list_close,
        .wall_ms = wall_ms,
    };
    return &disk->table;
}
