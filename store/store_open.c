/* Opening and closing: folder, lock, database, schema. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store_aside.h"
#include "store/store_core.h"
#include "store/store_schema.h"

enum { MAX_PATH = 4096 };

/* The memory of a connection: its page cache, in KiB. Enough for the upper pages of every
 * index of a million items; a bigger one was measured to gain little. */
#define CACHE_KIB "8192"
/* A reader mostly goes through once and comes by no page twice. */
#define READER_CACHE_KIB "1024"
#define PRAGMAS                                                                            \
    "pragma cell_size_check = on; pragma mmap_size = 0; pragma temp_store = file;"

static void say(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(char *text, size_t size, const char *format, ...)
{
    if (text == NULL || size == 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, size, format, arguments);
    va_end(arguments);
}

/* Creates the folder and those above it. What fails shows when it is opened. */
static void make_folders(const char *folder)
{
    char path[MAX_PATH];
    (void)snprintf(path, sizeof path, "%s", folder);
    for (char *slash = path + 1; *path != '\0' && *slash != '\0'; slash++)
        if (*slash == '/') {
            *slash = '\0';
            (void)mkdir(path, 0700);
            *slash = '/';
        }
    (void)mkdir(path, 0700);
}

/* Opens the folder if it is one that nobody else can write to (F-15, F-166). */
static enum store_status open_folder(const char *folder, int *out, char *text, size_t size)
{
    make_folders(folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        say(text, size, "cannot open folder %s: %s", folder, strerror(error));
        return error == ENOSPC || error == EDQUOT ? STORE_FULL : STORE_IO;
    }
    struct stat stat;
    if (fstat(fd, &stat) == 0 && stat.st_uid == geteuid() &&
        (stat.st_mode & S_IWOTH) == 0) {
        *out = fd;
        return STORE_OK;
    }
    (void)close(fd);
    say(text, size, "folder %s belongs to another user or may be written by others",
        folder);
    return STORE_READONLY;
}

static enum store_status take_lock(const char *folder, struct store *store, char *text,
                                   size_t size)
{
    enum store_status status = store_lock_take(store->folder_fd, &store->lock);
    if (status == STORE_HELD)
        say(text, size, "already running (pid %lld) on %s", (long long)store_holder(folder),
            folder);
    else if (status != STORE_OK)
        say(text, size, "cannot lock folder %s", folder);
    return status;
}

/* SQLite gives the WAL and the shared memory the mode of the database file, so it is made
 * here. `*out_created`: there was none, or an empty one. */
static bool make_database_file(int folder_fd, bool *out_created)
{
    int fd =
        openat(folder_fd, STORE_DATABASE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat stat;
    bool ok = fd >= 0 && fstat(fd, &stat) == 0;
    if (ok && (stat.st_mode & 07777) != 0600)
        ok = fchmod(fd, 0600) == 0;
    if (ok)
        *out_created = stat.st_size == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static enum store_status open_connection(struct store *store, const char *folder, int flags)
{
    char path[MAX_PATH];
    if (snprintf(path, sizeof path, "%s/" STORE_DATABASE, folder) >= (int)sizeof path)
        return store_refuse(store, STORE_IO, "the path of the state folder is too long");
    int result = sqlite3_open_v2(path, &store->database, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (store->database == NULL)
        return store_refuse(store, STORE_MEMORY, "out of memory");
    if (result != SQLITE_OK)
        return store_fail(store, result);
    (void)sqlite3_extended_result_codes(store->database, 1);
    (void)sqlite3_busy_timeout(store->database, STORE_BUSY_MS);
    /* The file may have been written by somebody else: its schema is not trusted. */
    (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return store_execute(store, flags == SQLITE_OPEN_READONLY
                                    ? PRAGMAS "pragma cache_size = -" READER_CACHE_KIB
                                    : PRAGMAS "pragma cache_size = -" CACHE_KIB);
}

bool store_is_network(long type)
{
    static const unsigned long network[] = {
        0x6969,     /* NFS */
        0x517b,     /* SMB */
        0xff534d42, /* CIFS */
        0xfe534d42, /* SMB2 */
        0x01021997, /* 9P */
        0x5346414f, /* AFS */
        0x00c36400, /* Ceph */
    };
    for (size_t i = 0; i < sizeof network / sizeof *network; i++)
        if (((unsigned long)type & 0xffffffff) == network[i])
            return true;
    return false;
}

/* WAL wants shared memory, which a network file system cannot give (F-69): there the
 * rollback journal is used, and every commit is durable. */
static enum store_status choose_journal(struct store *store)
{
    struct statfs stat;
    bool network =
        fstatfs(store->folder_fd, &stat) == 0 && store_is_network((long)stat.f_type);
    const char *sql =
        network ? "pragma journal_mode = delete" : "pragma journal_mode = wal";
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        store->has_wal =
            strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    (void)sqlite3_finalize(statement);
    if (result != SQLITE_ROW)
        return store_fail(store, result);
    if (!store->has_wal)
        return store_execute(store, "pragma synchronous = full");
    /* A longer log lets pages that change again and again reach the database once. */
    return store_execute(store, "pragma synchronous = normal;"
                                "pragma wal_autocheckpoint = 4000;"
                                "pragma journal_size_limit = 33554432");
}

static enum store_status quick_check(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(store->database, "pragma quick_check(1)", -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    enum store_status status = STORE_OK;
    if (result != SQLITE_ROW)
        status = store_fail(store, result);
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        status = store_refuse(store, STORE_DAMAGED, "quick check: %s",
                              (const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    return status;
}

static void keep_finding(void *user, const char *finding)
{
    struct store *store = user;
    if (store->error[0] == '\0')
        (void)snprintf(store->error, sizeof store->error, "%s", finding);
}

typedef enum store_status check_fn(struct store *store, store_finding_fn *each, void *user,
                                   uint64_t *out_count);

static enum store_status look_for_contradictions(struct store *store, check_fn *check)
{
    char finding[STORE_MAX_ERROR];
    uint64_t count = 0;
    store->error[0] = '\0';
    enum store_status status = check(store, keep_finding, store, &count);
    if (status != STORE_OK || count == 0)
        return status;
    (void)snprintf(finding, sizeof finding, "%s", store->error);
    return store_refuse(store, STORE_DAMAGED, "full check: %s", finding);
}

/* After a kill or a power cut: pages of different ages, which a disk that ignores flushes
 * leaves (F-05), are each sound, but what was counted is not what there is. Where more may
 * be wrong: an index that misses a row, and rows that contradict each other (F-71). */
static enum store_status check(struct store *store)
{
    if (store->lock.left == STORE_LEFT_CLEAN)
        return STORE_OK;
    enum store_status status = quick_check(store);
    if (status != STORE_OK)
        return status;
    return look_for_contradictions(
        store, store->lock.left == STORE_LEFT_OPEN ? store_check_counters : store_check);
}

/* Keys are for life: none is given twice, not even after its item is gone. */
static enum store_status find_next_key(struct store *store)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->database,
                                    "select max(coalesce((select max(key) from item), 0), "
                                    "coalesce((select max(last_key) from mirror), 0))",
                                    -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        store->next_key = sqlite3_column_int64(statement, 0) + 1;
    (void)sqlite3_finalize(statement);
    return result == SQLITE_ROW ? STORE_OK : store_fail(store, result);
}

/* Everything after the lock: looks before it writes, so that a database that is damaged,
 * foreign or newer stays as it is. */
static enum store_status open_database(struct store *store, const char *folder,
                                       struct store_opening *opening)
{
    if (!make_database_file(store->folder_fd, &opening->created))
        return store_refuse(store, STORE_IO, "cannot create or open " STORE_DATABASE ": %s",
                            strerror(errno));
    int version = 0;
    enum store_status status = open_connection(store, folder, SQLITE_OPEN_READWRITE);
    if (status == STORE_OK)
        status = store_schema_look(store, &version);
    opening->unclean = !opening->created && store->lock.left != STORE_LEFT_CLEAN;
    if (status == STORE_OK && opening->unclean)
        status = version < STORE_SCHEMA ? quick_check(store) : check(store);
    if (status == STORE_OK)
        status = choose_journal(store);
    if (status == STORE_OK)
        store_cache_watch(store);
    opening->without_wal = status == STORE_OK && !store->has_wal;
    if (status == STORE_OK && version > 0 && version < STORE_SCHEMA) {
        status =
            store_backup(store, folder, version, opening->backup, sizeof opening->backup);
        opening->upgraded_from = version;
    }
    if (status == STORE_OK && version < STORE_SCHEMA)
        status = store_schema_upgrade(store, version);
    return status == STORE_OK ? find_next_key(store) : status;
}

static struct store *new_store(void)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->folder_fd = -1;
    store->lock.fd = -1;
    store_forget_lookups(store);
    return store;
}

static void free_store(struct store *store, enum store_left left)
{
    store_statements_finalize(store);
    bool is_closed = sqlite3_close(store->database) == SQLITE_OK;
    if (store->is_damaged)
        left = STORE_LEFT_DAMAGED;
    else if (!is_closed)
        left = STORE_LEFT_OPEN;
    store_lock_drop(&store->lock, store->folder_fd, left);
    if (store->folder_fd >= 0)
        (void)close(store->folder_fd);
    for (size_t i = 0; i < STORE_TEXTS_COUNT; i++)
        free(store->texts[i].bytes);
    store_cache_drop(store);
    free(store);
}

enum store_status store_open(const char *folder, struct store **out,
                             struct store_opening *out_opening, char *text,
                             size_t text_size)
{
    struct store *store = new_store();
    if (store == NULL)
        return STORE_MEMORY;
    struct store_opening opening = {0};
    enum store_status status = open_folder(folder, &store->folder_fd, text, text_size);
    if (status == STORE_OK)
        status = take_lock(folder, store, text, text_size);
    if (status == STORE_OK) {
        status = open_database(store, folder, &opening);
        if (status != STORE_OK)
            say(text, text_size, "%s/" STORE_DATABASE ": %s", folder, store->error);
    }
    if (status != STORE_OK) {
        enum store_left left = store->lock.left;
        /* What was found is looked for again. */
        bool is_suspect = left == STORE_LEFT_CHANGED || left == STORE_LEFT_DAMAGED;
        free_store(store, is_suspect ? STORE_LEFT_DAMAGED : left);
        return status;
    }
    if (out_opening != NULL)
        *out_opening = opening;
    *out = store;
    return STORE_OK;
}

static enum store_status look_as_reader(struct store *store)
{
    int version = 0;
    enum store_status status = store_schema_look(store, &version);
    if (status == STORE_OK && version == 0)
        return store_refuse(store, STORE_NONE, "nothing is recorded yet");
    if (status == STORE_OK && version < STORE_SCHEMA)
        return store_refuse(store, STORE_READONLY,
                            "written by an older version: start the agent to upgrade it");
    return status;
}

enum store_status store_open_reader(const char *folder, struct store **out, char *text,
                                    size_t text_size)
{
    char path[MAX_PATH];
    (void)snprintf(path, sizeof path, "%s/" STORE_DATABASE, folder);
    if (access(path, F_OK) != 0) {
        say(text, text_size, "there is no database in %s", folder);
        return errno == ENOENT || errno == ENOTDIR ? STORE_NONE : STORE_IO;
    }
    struct store *store = new_store();
    if (store == NULL)
        return STORE_MEMORY;
    store->is_reader = true;
    enum store_status status = open_connection(store, folder, SQLITE_OPEN_READONLY);
    if (status == STORE_OK)
        status = look_as_reader(store);
    if (status != STORE_OK) {
        say(text, text_size, "%s: %s", path, store->error);
        free_store(store, STORE_LEFT_OPEN);
        return status;
    }
    *out = store;
    return STORE_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_rollback(store);
    if (!store->is_reader && store->has_wal)
        (void)sqlite3_wal_checkpoint_v2(store->database, "main", SQLITE_CHECKPOINT_TRUNCATE,
                                        NULL, NULL);
    free_store(store, STORE_LEFT_CLEAN);
}
