/* The calls of SQLite to the system, counted, with the k-th failing: the effect layer of
 * the database (failure-model 6.2).
 *
 * failing_vfs_install() puts it before the system's own; failing_vfs_set(k, stop) makes the
 * k-th call from now fail, and with `stop` all after it, as if the process had died there.
 * Counted are reading, writing, truncating, syncing and deleting; locks are not.
 */
#ifndef TESTS_SUPPORT_FAILING_VFS_H
#define TESTS_SUPPORT_FAILING_VFS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "tests/support/table.h"

struct failing_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs table;
    sqlite3_vfs *real;
    unsigned calls;
    unsigned fail_at; /* 0 never */
    bool stop;
} failing_vfs;

static inline void failing_vfs_set(unsigned fail_at, bool stop)
{
    failing_vfs.calls = 0;
    failing_vfs.fail_at = fail_at;
    failing_vfs.stop = stop;
}

/* Whether the call was reached that is to fail. */
static inline bool failing_vfs_has_failed(void)
{
    return failing_vfs.fail_at != 0 && failing_vfs.calls >= failing_vfs.fail_at;
}

static inline bool failing_vfs_fails(void)
{
    failing_vfs.calls++;
    return failing_vfs.fail_at != 0 &&
           (failing_vfs.calls == failing_vfs.fail_at ||
            (failing_vfs.stop && failing_vfs.calls > failing_vfs.fail_at));
}

static inline sqlite3_file *failing_real(sqlite3_file *file)
{
    return ((struct failing_file *)file)->real;
}

static inline int failing_close(sqlite3_file *file)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xClose(real);
}

static inline int failing_read(sqlite3_file *file, void *out, int size,
                               sqlite3_int64 offset)
{
    sqlite3_file *real = failing_real(file);
    return failing_vfs_fails() ? SQLITE_IOERR_READ
                               : real->pMethods->xRead(real, out, size, offset);
}

static inline int failing_write(sqlite3_file *file, const void *bytes, int size,
                                sqlite3_int64 offset)
{
    sqlite3_file *real = failing_real(file);
    if (!failing_vfs_fails())
        return real->pMethods->xWrite(real, bytes, size, offset);
    /* A write that fails may still have written a part. */
    (void)real->pMethods->xWrite(real, bytes, size / 2, offset);
    return SQLITE_FULL;
}

static inline int failing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    sqlite3_file *real = failing_real(file);
    return failing_vfs_fails() ? SQLITE_IOERR_TRUNCATE
                               : real->pMethods->xTruncate(real, size);
}

static inline int failing_sync(sqlite3_file *file, int flags)
{
    sqlite3_file *real = failing_real(file);
    return failing_vfs_fails() ? SQLITE_IOERR_FSYNC : real->pMethods->xSync(real, flags);
}

static inline int failing_size(sqlite3_file *file, sqlite3_int64 *out)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xFileSize(real, out);
}

static inline int failing_lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xLock(real, level);
}

static inline int failing_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xUnlock(real, level);
}

static inline int failing_reserved(sqlite3_file *file, int *out)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xCheckReservedLock(real, out);
}

static inline int failing_control(sqlite3_file *file, int what, void *argument)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xFileControl(real, what, argument);
}

static inline int failing_sector(sqlite3_file *file)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xSectorSize(real);
}

static inline int failing_device(sqlite3_file *file)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xDeviceCharacteristics(real);
}

static inline int failing_shm_map(sqlite3_file *file, int page, int size, int extend,
                                  void volatile **out)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xShmMap(real, page, size, extend, out);
}

static inline int failing_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static inline void failing_shm_barrier(sqlite3_file *file)
{
    sqlite3_file *real = failing_real(file);
    real->pMethods->xShmBarrier(real);
}

static inline int failing_shm_unmap(sqlite3_file *file, int remove)
{
    sqlite3_file *real = failing_real(file);
    return real->pMethods->xShmUnmap(real, remove);
}

static inline int failing_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
                               int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = failing_close,
        .xRead = failing_read,
        .xWrite = failing_write,
        .xTruncate = failing_truncate,
        .xSync = failing_sync,
        .xFileSize = failing_size,
        .xLock = failing_lock,
        .xUnlock = failing_unlock,
        .xCheckReservedLock = failing_reserved,
        .xFileControl = failing_control,
        .xSectorSize = failing_sector,
        .xDeviceCharacteristics = failing_device,
        .xShmMap = failing_shm_map,
        .xShmLock = failing_shm_lock,
        .xShmBarrier = failing_shm_barrier,
        .xShmUnmap = failing_shm_unmap,
    };
    (void)vfs;
    struct failing_file *failing = (struct failing_file *)file;
    failing->real = (sqlite3_file *)(failing + 1);
    int result =
        failing_vfs.real->xOpen(failing_vfs.real, name, failing->real, flags, out_flags);
    file->pMethods = result == SQLITE_OK ? &methods : NULL;
    return result;
}

static inline int failing_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (failing_vfs_fails())
        return SQLITE_IOERR_DELETE;
    return failing_vfs.real->xDelete(failing_vfs.real, name, sync_folder);
}

static inline void failing_vfs_install(void)
{
    failing_vfs.real = sqlite3_vfs_find(NULL);
    assert_non_null(failing_vfs.real);
    failing_vfs.table = *failing_vfs.real;
    failing_vfs.table.zName = "failing";
    failing_vfs.table.szOsFile =
        (int)sizeof(struct failing_file) + failing_vfs.real->szOsFile;
    failing_vfs.table.xOpen = failing_open;
    failing_vfs.table.xDelete = failing_delete;
    assert_int_equal(sqlite3_vfs_register(&failing_vfs.table, 1), SQLITE_OK);
}

#endif
