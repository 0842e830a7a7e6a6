/* Inside store/ only: the lock of a state folder, and the mark of a stop in good order.
 *
 * The file `lock` is locked by an open file description lock for the life of the agent:
 * the kernel drops it however the process ends, so it is never stale (F-160), asking for
 * the holder does not disturb it, and a fork does not multiply it beyond the next exec.
 * While it is held the file names the process, which is what a kill leaves (F-01). After a
 * stop in good order it says how the database was left instead: where that is another by
 * now somebody has changed it since (F-63, F-71). And where damage was seen at work that
 * no quick look finds, it says so (F-61).
 */
#ifndef STORE_STORE_LOCK_H
#define STORE_STORE_LOCK_H

#include "store/store.h"

enum store_left {
    STORE_LEFT_OPEN,
    STORE_LEFT_CLEAN,
    STORE_LEFT_CHANGED,
    STORE_LEFT_DAMAGED
};

struct store_lock {
    int fd;               /* -1 while not held */
    enum store_left left; /* by the last one */
};

/* STORE_HELD: another process has it. STORE_IO: the folder cannot be locked (F-161). */
enum store_status store_lock_take(int folder_fd, struct store_lock *out);
/* Gives it up and leaves the mark: clean only if the database was closed in good order. */
void store_lock_drop(struct store_lock *lock, int folder_fd, enum store_left left);

#endif
