#include "tests/sim/sim_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_core.h"
#include "tests/sim/sim_file.h"

enum { FRAME_HEAD = 24, PATH_ROOM = 512 };

enum which { MAIN, LOG, FILES, OTHER = FILES };

/* Of the WAL or of the database itself. */
struct change {
    enum which file;
    sqlite3_int64 offset;
    sqlite3_int64 size_before; /* of the file */
    size_t size;               /* of what was there */
    uint8_t *before;
};

struct file {
    sqlite3_file base;
    sqlite3_file *real;
    struct sim_file *memory; /* its bytes; NULL with OTHER */
    enum which which;        /* OTHER: a file for sorting and the like, of no account */
    bool is_readers;         /* of a connection that only reads */
};

/* SQLite has one table of file systems in a process. */
static struct {
    sqlite3_vfs table;
    sqlite3_vfs *real;
    struct sim *sim;
    struct change *changes;
    size_t count;
    size_t room;
    char paths[FILES][PATH_ROOM];
    bool is_undisturbed;
} database;

static struct file *file_of(sqlite3_file *file)
{
    return (struct file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return file_of(file)->real;
}

static void forget(enum which which)
{
    size_t kept = 0;
    for (size_t i = 0; i < database.count; i++) {
        if (database.changes[i].file != which)
            database.changes[kept++] = database.changes[i];
        else
            free(database.changes[i].before);
    }
    database.count = kept;
}

void sim_database_settle(void)
{
    forget(MAIN);
    forget(LOG);
}

static void remember(const struct file *file, sqlite3_int64 offset, size_t size)
{
    struct change change = {
        .file = file->which,
        .offset = offset,
        .size_before = sim_file_size(file->memory),
    };
    if (offset < change.size_before) {
        size_t left = (size_t)(change.size_before - offset);
        change.size = size < left ? size : left;
        change.before = malloc(change.size + 1);
        if (change.before == NULL)
            abort();
        (void)sim_file_read(file->memory, change.before, change.size, offset);
    }
    if (database.count == database.room) {
        database.room = database.room * 2 + 64;
        database.changes =
            realloc(database.changes, database.room * sizeof *database.changes);
        if (database.changes == NULL)
            abort();
    }
    database.changes[database.count++] = change;
}

static void take_back(const struct change *change)
{
    int fd = open(database.paths[change->file], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (change->size > 0 && pwrite(fd, change->before, change->size,
                                   (off_t)change->offset) != (ssize_t)change->size)
        abort();
    if (ftruncate(fd, (off_t)change->size_before) != 0)
        abort();
    (void)close(fd);
}

/* A page as it was before a change, whatever has been written elsewhere since. */
static void mix(const struct change *change)
{
    int fd = open(database.paths[change->file], O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (change->size > 0 && pwrite(fd, change->before, change->size,
                                   (off_t)change->offset) != (ssize_t)change->size)
        abort();
    (void)close(fd);
}

/* Each file as it was at some moment since its sync. On a disk that drops flushes pages of
 * the database come in any order, too. */
void sim_database_cut(sim_choose_fn *choose, void *user)
{
    for (enum which which = MAIN; which < FILES; which++) {
        size_t own = 0;
        for (size_t i = 0; i < database.count; i++)
            own += database.changes[i].file == which;
        if (own == 0)
            continue;
        size_t taken = choose(user, (unsigned)own + 1);
        for (size_t i = database.count; i-- > 0 && taken > 0;) {
            if (database.changes[i].file != which)
                continue;
            take_back(&database.changes[i]);
            taken--;
        }
    }
    for (size_t i = database.count; database.sim->drops_flushes && i-- > 0;) {
        if (database.changes[i].file == MAIN && choose(user, 3) == 0)
            mix(&database.changes[i]);
    }
    sim_database_settle();
}

/* A transaction is there when its last frame is (the length of the database stands in its
 * head); what is written before it is nothing yet. */
static bool is_effect(const struct file *file, const void *bytes, int size)
{
    const uint8_t *head = bytes;
    return file->which == MAIN || database.sim->counts_pages ||
           (size == FRAME_HEAD && (head[4] | head[5] | head[6] | head[7]) != 0);
}

static bool refuses(sqlite3_file *file, const char *call, bool changes)
{
    return file_of(file)->which != OTHER && !database.is_undisturbed &&
           sim_refuses(database.sim, call, file_of(file)->which == LOG ? "log" : "main",
                       changes);
}

static int close_file(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    if (file_of(file)->memory != NULL)
        sim_file_close(file_of(file)->memory);
    return real->pMethods->xClose(real);
}

static bool is_unreadable(sqlite3_file *file)
{
    struct sim *sim = database.sim;
    if (database.is_undisturbed)
        return false;
    bool is_own = file_of(file)->which != OTHER && !file_of(file)->is_readers;
    if (is_own && sim->is_starved) /* so many that nobody acts between them */
        return sim->has_stopped || sim_fails_too(sim, &sim->reads, "a read");
    return refuses(file, "database read", false) ||
           (file_of(file)->is_readers &&
            sim_fails_too(sim, &sim->readers, "a reader's read"));
}

static int read_file(sqlite3_file *file, void *out, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    if (is_unreadable(file))
        return SQLITE_IOERR_READ;
    const struct sim_file *memory = file_of(file)->memory;
    if (memory == NULL)
        return real->pMethods->xRead(real, out, size, offset);
    return sim_file_read(memory, out, (size_t)size, offset) ? SQLITE_OK
                                                            : SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    if (refuses(file, "database write", is_effect(file_of(file), bytes, size)))
        return SQLITE_FULL;
    if (file_of(file)->memory == NULL)
        return real->pMethods->xWrite(real, bytes, size, offset);
    remember(file_of(file), offset, (size_t)size);
    sim_file_write(file_of(file)->memory, bytes, (size_t)size, offset);
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = real_of(file);
    struct sim_file *memory = file_of(file)->memory;
    if (refuses(file, "database truncate", true))
        return SQLITE_IOERR_TRUNCATE;
    if (memory == NULL)
        return real->pMethods->xTruncate(real, size);
    sqlite3_int64 now = sim_file_size(memory);
    if (now > size)
        remember(file_of(file), size, (size_t)(now - size));
    sim_file_truncate(memory, size);
    return SQLITE_OK;
}

static int sync_file(sqlite3_file *file, int flags)
{
    (void)flags;
    if (refuses(file, "database sync", true))
        return SQLITE_IOERR_FSYNC;
    if (!database.sim->drops_flushes)
        forget(file_of(file)->which);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
    sqlite3_file *real = real_of(file);
    if (file_of(file)->memory == NULL)
        return real->pMethods->xFileSize(real, out);
    *out = sim_file_size(file_of(file)->memory);
    return SQLITE_OK;
}

static int lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xLock(real, level);
}

static int unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xUnlock(real, level);
}

static int reserved(sqlite3_file *file, int *out)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xCheckReservedLock(real, out);
}

static int control(sqlite3_file *file, int what, void *argument)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xFileControl(real, what, argument);
}

static int sector(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xSectorSize(real);
}

static int device(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xDeviceCharacteristics(real);
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmMap(real, page, size, extend, out);
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void shm_barrier(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    real->pMethods->xShmBarrier(real);
}

static int shm_unmap(sqlite3_file *file, int remove)
{
    sqlite3_file *real = real_of(file);
    return real->pMethods->xShmUnmap(real, remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = reserved,
    .xFileControl = control,
    .xSectorSize = sector,
    .xDeviceCharacteristics = device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* The log is opened to be written by whoever reads it, too. */
static bool is_readers(sqlite3_filename name, enum which which, int flags)
{
    if (which == LOG)
        return file_of(sqlite3_database_file_object(name))->is_readers;
    return which == MAIN && (flags & SQLITE_OPEN_READONLY) != 0;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    (void)vfs;
    struct file *file = file_of(out);
    file->real = (sqlite3_file *)(file + 1);
    file->which = (flags & SQLITE_OPEN_WAL) != 0       ? LOG
                  : (flags & SQLITE_OPEN_MAIN_DB) != 0 ? MAIN
                                                       : OTHER;
    file->is_readers = is_readers(name, file->which, flags);
    file->memory = NULL;
    out->pMethods = NULL;
    if (file->is_readers &&
        sim_fails_too(database.sim, &database.sim->readers, "a reader's opening"))
        return SQLITE_CANTOPEN;
    int result = database.real->xOpen(database.real, name, file->real, flags, out_flags);
    out->pMethods = result == SQLITE_OK ? &methods : NULL;
    if (result == SQLITE_OK && file->which != OTHER) {
        file->memory = sim_file_open(name);
        (void)snprintf(database.paths[file->which], PATH_ROOM, "%s", name);
    }
    return result;
}

/* An empty file counts as none, as with SQLite's own. */
static int find_file(sqlite3_vfs *vfs, const char *name, int what, int *out)
{
    (void)vfs;
    const struct sim_file *memory = sim_file_find(name);
    if (memory == NULL || what != SQLITE_ACCESS_EXISTS)
        return database.real->xAccess(database.real, name, what, out);
    *out = sim_file_size(memory) > 0;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (!database.is_undisturbed && sim_refuses(database.sim, "database delete", "", true))
        return SQLITE_IOERR_DELETE;
    return database.real->xDelete(database.real, name, sync_folder);
}

bool sim_database_has_journal(void)
{
    char path[PATH_ROOM + 16];
    (void)snprintf(path, sizeof path, "%s-journal", database.paths[MAIN]);
    return access(path, F_OK) == 0;
}

void sim_database_install(void)
{
    /* One thread, and nobody asks how much memory. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 1200, 400);
    /* No other process opens it: neither locks nor a file for the index cost anything. */
    database.real = sqlite3_vfs_find("unix-excl");
    database.table = *database.real;
    database.table.zName = "simulated";
    database.table.szOsFile = (int)sizeof(struct file) + database.real->szOsFile;
    database.table.xOpen = open_file;
    database.table.xDelete = delete_file;
    database.table.xAccess = find_file;
    if (sqlite3_vfs_register(&database.table, 1) != SQLITE_OK)
        abort();
}

void sim_database_slim(struct store *store)
{
    database.is_undisturbed = true;
    if (sqlite3_exec(store->database,
                     "begin; drop view if exists v_items; drop view if exists v_pending;"
                     "drop view if exists v_problems; drop view if exists v_conflicts;"
                     "drop view if exists v_history; drop view if exists v_mirrors;"
                     "drop view if exists v_channel; commit",
                     NULL, NULL, NULL) != SQLITE_OK)
        abort();
    database.is_undisturbed = false;
}

void sim_database_starve(struct store *store)
{
    if (sqlite3_exec(store->database, "pragma cache_size = 1", NULL, NULL, NULL) !=
        SQLITE_OK)
        abort();
}

void sim_database_set(struct sim *sim)
{
    sim_database_settle();
    database.sim = sim;
}
