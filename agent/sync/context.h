/* What all parts of one mirror's engine share. Filled by sync/mirror.c, which owns it all;
 * it outlives every part. A plain value. */
#ifndef AGENT_SYNC_CONTEXT_H
#define AGENT_SYNC_CONTEXT_H

#include "agent/place/place.h"
#include "agent/sync/mirror.h"

struct batch;
struct fresh;
struct filter;
struct local;
struct row;

/* Why the round in hand runs, for v_history. Times are wall-clock ms, 0 none. */
struct sync_origin {
    const char *trigger;
    int64_t notified_at;
    int64_t delta_at;
};

struct sync_context {
    uv_loop_t *loop;
    const struct config *config;
    struct service *service;
    struct store *store;
    const struct disk *disk;
    struct place_root *root;
    struct batch *batch;
    struct fresh *fresh;
    struct row *row;       /* of the mirror, in the store */
    struct filter *filter; /* NULL: everything is mirrored */
    struct local *local;   /* NULL: nothing is watched (yet) */
    int64_t mirror;        /* key in the store */
    int64_t root_item;     /* key of the drive's root */
    const char *name;
    const char *drive_id;
    struct sync_origin origin;
    bool is_careful; /* the agent has crashed in a row: sync/suspect.h */
    struct mirror_status *status;
    /* One change has arrived in the folder. */
    void (*on_arrival)(void *user, const char *operation, const char *path,
                       const char *editor);
    /* An item has had no way to the root for some sets: the feed has lost it (F-74, F-84).
     */
    void (*on_stray)(void *user);
    /* Something of `status` has changed. */
    void (*on_progress)(void *user);
    void *user;
};

#endif
