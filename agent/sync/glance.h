/* One part of a mirror looked through by stat alone, in the pool, some thousand records at
 * a time: which of them are to be looked at closely? And on the way: folders are watched,
 * each before its content is looked at (F-35), or, in another run through the mirror,
 * searched for what a person has moved there (F-32).
 *
 *   glance_new(), glance_run() in the pool until `is_at_end` or `has_failed`, glance_free()
 *
 * It reads the state by a connection of its own, so that neither the loop nor the store
 * that is written waits for it: what it names may be old, and is decided with fresh facts.
 * It uses nothing else of the context but what never changes while the mirror is open.
 * Several of one mirror, each with its share of the folders, run beside each other.
 */
#ifndef AGENT_SYNC_GLANCE_H
#define AGENT_SYNC_GLANCE_H

#include "agent/sync/context.h"

enum { GLANCE_SLICE = 4096 }; /* records in one run: some ten milliseconds */

struct glance_watched {
    int64_t folder;
    int result; /* of watch_add() */
};

struct glance_found {
    int64_t folder;
    struct place_found what;
};

struct glance_result {
    size_t seen;                    /* records */
    size_t count;                   /* of them in `doubtful` */
    bool is_at_end;                 /* there are no more */
    bool has_failed;                /* the state cannot be read */
    int64_t doubtful[GLANCE_SLICE]; /* keys of what is not plainly as it was left */
    struct glance_watched *watched; /* not in order, some twice */
    size_t watched_count;
    struct glance_found *found;
    size_t found_count;
};

struct glance;

/* The share `number` of `shares`. NULL: out of memory. */
struct glance *glance_new(const struct sync_context *context, unsigned number,
                          unsigned shares);
void glance_free(struct glance *glance);
/* For the next run: the descriptor for watch_add(), -1 none is to be watched. */
void glance_watch(struct glance *glance, int descriptor);
/* From the next run on: begins anew, and only searches folders for objects with these
 * inodes, which are in order and borrowed. */
void glance_search(struct glance *glance, const uint64_t *inodes, size_t count);

/* Goes on where the last run ended. Blocks: for the pool. The result is good until the next
 * run. */
const struct glance_result *glance_run(struct glance *glance);

#endif
