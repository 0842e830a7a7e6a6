#include "store/store_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store_core.h"

enum { MAX_ASIDE = 9999, MAX_NAME = 64 };

static enum store_status copy_database(struct store *store, const char *path)
{
    sqlite3 *copy = NULL;
    int result =
        sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_backup *backup = NULL;
    if (result == SQLITE_OK)
        backup = sqlite3_backup_init(copy, "main", store->database, "main");
    if (backup != NULL) {
        (void)sqlite3_backup_step(backup, -1);
        (void)sqlite3_backup_finish(backup);
    }
    result = sqlite3_errcode(copy);
    (void)sqlite3_close(copy);
    if (result != SQLITE_OK)
        return store_refuse(store, store_status_of(result), "cannot copy it to %s: %s",
                            path, sqlite3_errstr(result));
    return STORE_OK;
}

enum store_status store_backup(struct store *store, const char *folder, int version,
                               char *out, size_t out_size)
{
    char name[MAX_NAME];
    (void)snprintf(name, sizeof name, STORE_DATABASE ".schema-%d", version);
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    /* A copy that an interrupted upgrade left is made anew: the original still stands. */
    int fd = openat(store->folder_fd, name,
                    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return store_refuse(store, errno == ENOSPC ? STORE_FULL : STORE_IO,
                            "cannot create %s: %s", path, strerror(errno));
    enum store_status status = copy_database(store, path);
    if (status == STORE_OK && (fsync(fd) != 0 || fsync(store->folder_fd) != 0))
        status = store_refuse(store, STORE_IO, "cannot make %s durable", path);
    (void)close(fd);
    if (status == STORE_OK)
        (void)snprintf(out, out_size, "%s", path);
    return status;
}

static const char *const suffixes[] = {"-wal", "-shm", ""};
enum { SUFFIX_COUNT = sizeof suffixes / sizeof *suffixes };

static bool is_free(int folder_fd, const char *base)
{
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        char name[MAX_NAME];
        (void)snprintf(name, sizeof name, "%s%s", base, suffixes[i]);
        if (faccessat(folder_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
            return false;
    }
    return true;
}

/* The database goes last: a WAL left alone beside a new database would be played into
 * it, while a database left alone is only set aside once more. */
static enum store_status move_all(int folder_fd, const char *base)
{
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        char from[MAX_NAME];
        char to[MAX_NAME];
        (void)snprintf(from, sizeof from, STORE_DATABASE "%s", suffixes[i]);
        (void)snprintf(to, sizeof to, "%s%s", base, suffixes[i]);
        if (renameat(folder_fd, from, folder_fd, to) == 0)
            continue;
        bool is_absent = errno == ENOENT;
        bool is_database = *suffixes[i] == '\0';
        if (!is_absent || is_database)
            return is_absent ? STORE_NONE : STORE_IO;
    }
    return fsync(folder_fd) == 0 ? STORE_OK : STORE_IO;
}

enum store_status store_set_aside(const char *folder, char *aside, size_t aside_size)
{
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return errno == ENOENT ? STORE_NONE : STORE_IO;
    struct store_lock lock = {.fd = -1};
    enum store_status status = store_lock_take(folder_fd, &lock);
    char base[MAX_NAME];
    int number = 1;
    while (status == STORE_OK && number <= MAX_ASIDE) {
        (void)snprintf(base, sizeof base, STORE_DATABASE ".damaged-%d", number);
        if (is_free(folder_fd, base))
            break;
        number++;
    }
    if (status == STORE_OK)
        status = number <= MAX_ASIDE ? move_all(folder_fd, base) : STORE_IO;
    if (status == STORE_OK)
        (void)snprintf(aside, aside_size, "%s/%s", folder, base);
    store_lock_drop(&lock, folder_fd, STORE_LEFT_OPEN);
    (void)close(folder_fd);
    return status;
}
