/* Holds every file of a mirror against its base record, by content, and puts right what
 * differs (`agent verify`; F-05, F-23, F-25).
 *
 * Finding reads only and needs no lock: it works beside a running agent, and waits for what
 * that has placed and not recorded yet, five seconds in all. Repairing belongs
 * to whoever holds the state: the differing file is set aside as a conflict copy, its base
 * record goes, the item is queued, and the next round fetches it as new.
 *
 * Blocks; nothing of a link or another disk is followed (3.4).
 */
#ifndef AGENT_SYNC_VERIFY_H
#define AGENT_SYNC_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/failure.h"
#include "store/store.h"

enum verify_fact {
    VERIFY_SAME,
    VERIFY_DIFFERS,    /* other content than recorded */
    VERIFY_MISSING,    /* nothing of that name */
    VERIFY_OTHER_KIND, /* a folder, link or special file stands there */
    VERIFY_UNREADABLE, /* cannot be told */
};

/* A plain value; the path is borrowed for the call. */
struct verify_finding {
    int64_t key; /* of the item */
    const char *path;
    enum verify_fact fact;
};

struct verify_callbacks {
    /* Every file that is not VERIFY_SAME. */
    void (*on_finding)(void *user, const struct verify_finding *finding);
    /* After each file: how much has been read. Return false to stop. */
    bool (*on_progress)(void *user, uint64_t files, uint64_t bytes);
};

/* Half a sentence for people. */
const char *verify_fact_text(enum verify_fact fact);

/* Checks the mirror `name`. FAILURE_CONFIG: there are no records of it; FAILURE_GUARD: its
 * folder is not there (F-57); FAILURE_RESOURCE. */
enum failure_kind verify_mirror(struct store *store, const char *name,
                                const struct verify_callbacks *callbacks, void *user,
                                struct failure *failure);

/* Sets one differing or missing item right, as far as it can be done without the service.
 * FAILURE_ITEM: it cannot be set aside. `store` is open for writing. */
enum failure_kind verify_repair(struct store *store, const char *name, int64_t key,
                                struct failure *failure);

#endif
