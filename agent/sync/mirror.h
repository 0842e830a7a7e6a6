/* One folder and its drive: owns its root, its rounds and its link.
 *
 * mirror_new() registers it and does nothing; mirror_start() opens root and records,
 * recovers from an interruption, and from then on keeps the folder in step: a round after
 * every entry of the link into LIVE, after notifications (coalesced), by the safety poll,
 * and on request. In one-pass mode (`with_link` false) only on request.
 */
#ifndef AGENT_SYNC_MIRROR_H
#define AGENT_SYNC_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "agent/config.h"
#include "agent/failure.h"
#include "agent/net/link.h"
#include "agent/net/service.h"
#include "store/store.h"

struct disk;
struct mirror;
struct tls_trust;
struct turns;

/* What all mirrors of a process share: what is pointed to outlives them. */
struct mirror_environment {
    uv_loop_t *loop;
    const struct config *config;
    struct service *service;
    struct store *store;
    const struct disk *disk; /* agent/place/disk.h */
    struct tls_trust *trust; /* NULL in one-pass mode */
    struct turns *turns;     /* agent/net/turn.h */
    bool with_link;
    bool is_careful; /* after a row of crashes: one item at a time (F-07) */
};

enum mirror_state {
    MIRROR_OPENING,
    MIRROR_IDLE,     /* in step, as far as we know */
    MIRROR_LISTING,  /* asking what changed */
    MIRROR_APPLYING, /* bringing the folder there */
    MIRROR_PAUSED,
    MIRROR_WAITING, /* trouble: `failure`, next try at `next_try` */
    MIRROR_GUARDED, /* a person's word is wanted: `failure` */
    MIRROR_STOPPED, /* ended for good by `failure` (sign-in, internal) */
};

/* A plain value: all that status and progress show. */
struct mirror_status {
    enum mirror_state state;
    struct failure failure; /* kind NONE: none */
    int64_t next_try;       /* wall-clock ms, 0 none */
    int64_t synced_at;      /* wall-clock ms, 0 never */
    bool enumerating;       /* a full comparison is running */
    uint64_t listed;        /* items heard of in this round */
    uint64_t done_items;    /* of this round */
    uint64_t total_items;   /* grows while listing */
    uint64_t done_bytes;    /* recorded_bytes and flying_bytes */
    uint64_t total_bytes;
    uint64_t recorded_bytes;   /* of this round: of files that are in place */
    uint64_t flying_bytes;     /* what is here of files that are not in place yet */
    uint64_t received_bytes;   /* of this round, also those that came twice */
    uint64_t bytes_per_second; /* over the last seconds */
    uint64_t held;             /* items with a problem */
    uint64_t local_only;
    uint64_t conflicts;      /* made in this run */
    uint64_t held_deletions; /* wait for a person's word */
    uint64_t drift;          /* found by the last full comparison */
    char current[512];       /* path that is being worked on, or "" */
};

struct mirror_callbacks {
    /* Something that status shows has changed; not more often than some times a second. */
    void (*on_status)(void *user, struct mirror *mirror);
    /* One change has arrived in the folder; texts borrowed. */
    void (*on_arrival)(void *user, struct mirror *mirror, const char *operation,
                       const char *path, const char *editor, int64_t latency_ms);
};

struct mirror *mirror_new(const struct mirror_environment *environment,
                          const struct config_mirror *config,
                          const struct mirror_callbacks *callbacks, void *user,
                          struct failure *failure);
enum failure_kind mirror_start(struct mirror *mirror, struct failure *failure);
/* Ends what is running in good order (F-155) and frees; `done` runs when nothing is left.
 */
void mirror_close(struct mirror *mirror, void (*done)(void *user), void *user);

struct mirror_request {
    bool full;             /* enumerate anew and restore what is missing locally */
    bool dry_run;          /* only plan: `on_plan_line` gets one line per step */
    bool allow_big_delete; /* a person's word for this round */
    const char *trigger;   /* for v_history: "sync-now", "start", … static text */
    void (*on_plan_line)(void *user, const char *operation, const char *path, int64_t bytes,
                         const struct failure *held);
    /* The round has ended: with FAILURE_NONE and `held` items that could not be done, now
     * or at all; or why not. */
    void (*done)(void *user, const struct failure *failure, uint64_t held);
    void *user;
};
/* Asks for a round. Joins a waiting one. On a paused mirror `done` says so at once. */
void mirror_sync(struct mirror *mirror, const struct mirror_request *request);

void mirror_pause(struct mirror *mirror);
void mirror_resume(struct mirror *mirror);
/* Where the folder was moved to while it was open, as long as that wants a person's word
 * (F-59). */
bool mirror_moved_to(const struct mirror *mirror, char *out, size_t size);
/* A person's word (F-57, F-90). False: nothing was waiting for one. */
bool mirror_approve(struct mirror *mirror);
bool mirror_refuse(struct mirror *mirror);
/* The machine woke or the network changed. */
void mirror_wake(struct mirror *mirror);
/* The sign-in is back after FAILURE_SIGN_IN. */
void mirror_signed_in(struct mirror *mirror);

const char *mirror_name(const struct mirror *mirror);
const struct mirror_status *mirror_status(const struct mirror *mirror);
/* NULL in one-pass mode. */
const struct link_status *mirror_link_status(const struct mirror *mirror);

/* What push is worth, since the agent began: a plain value for status. */
struct mirror_push {
    uint64_t found_by_event;   /* changes that a notification told of */
    uint64_t found_by_poll;    /* changes that the safety poll found instead */
    uint64_t poll_interval_ms; /* as it is now … */
    bool is_tightened;         /* … shorter than configured, since polls keep finding */
    uint64_t delta_ms[2];      /* from event to answer: for half, for 95 % of the latest */
    uint64_t disk_ms[2];       /* from event to folder, likewise */
};
void mirror_push(const struct mirror *mirror, struct mirror_push *out);
const char *mirror_state_text(enum mirror_state state);

#endif
