/* Inside store/ only: the lock of a state folder, and the mark of a stop in good order.
 *
 * The file `lock` is locked by an open file description lock for the life of the agent:
 * the kernel drops it however the process ends, so it is never stale (F-160), asking for
 * the holder does not disturb it, and a fork does not multiply it beyond the next exec.
 * While it is held the file names the process. After a stop in good order it says how the
 * database was left instead: anything else means that the last agent did not close it
 * (F-01), or that somebody changed the database since (F-63).
 */
#ifndef STORE_STORE_LOCK_H
#define STORE_STORE_LOCK_H

#include "store/store.h"

struct store_lock {
    int fd; /* -1 while not held */
    bool was_clean;
};

/* STORE_HELD: another process has it. STORE_IO: the folder cannot be locked (F-161). */
enum store_status store_lock_take(int folder_fd, struct store_lock *out);
/* Gives it up and leaves the mark: clean only if the database was closed in good order. */
void store_lock_drop(struct store_lock *lock, int folder_fd, bool clean);

#endif
