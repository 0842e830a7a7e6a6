/* What people want to know afterwards: history, conflicts, and the problems of a mirror
 * as a whole (those of an item are in its queue entry). */
#ifndef STORE_STORE_NOTE_H
#define STORE_STORE_NOTE_H

#include "store/store.h"

struct store_event {
    int64_t mirror;
    int64_t key;           /* of the item, 0 for the mirror */
    const char *path;      /* relative to the root, at that time */
    const char *operation; /* download, update, mkdir, move, delete, conflict, record, … */
    const char *trigger;   /* event, poll, start, sync-now, reconcile, retry, renewal */
    const char *editor;    /* who changed it on the drive, or NULL */
    int64_t bytes;
    int64_t notified_at; /* wall-clock ms, 0 where no event started it */
    int64_t delta_at;    /* when the delta answer came */
    int64_t done_at;
};
/* Adds a line of history; old lines beyond 200,000 are pruned now and then (F-70). */
enum store_status store_put_history(struct store *store, const struct store_event *event);

/* Notes that a person's version was set aside (I-1). */
enum store_status store_put_conflict(struct store *store, int64_t mirror, int64_t key,
                                     const char *path, const char *copy_path, int64_t at);

/* The problem of a mirror as a whole, by F-number, in the place of another one; `text`
 * NULL: there is none. One that is known already goes on from when it began. */
enum store_status store_put_problem(struct store *store, int64_t mirror, int failure,
                                    const char *text, int64_t at);

#endif
