/* Tells of changes in watched folders while they happen: inotify, read from its descriptor
 * on the loop (F-33: wrappers drop the overflow event), and the table of mounts (F-58).
 *
 * Sequence: watch_new(); for some folders together watch_begin(), for each watch_add() in
 * the pool, since it may wait for a disk, and on the loop watch_put() of what came of it,
 * then watch_end(); watch_close() at any time.
 *
 * A folder is known by a number of the caller's, so that moves of folders change nothing
 * here. What happened in a folder before its watch is the caller's to look at (F-35).
 *
 * Events say where to look, never what happened; the agent's own writes come as well
 * (F-36). Between two of them nothing wakes up.
 *
 * Memory: 16 bytes a folder here, about a KiB in the kernel, which counts watches per
 * user: half of the limit is left to other programs, and no mirror takes more than
 * WATCH_FOLDERS_MAX.
 */
#ifndef AGENT_SYNC_WATCH_H
#define AGENT_SYNC_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "agent/failure.h"

enum { WATCH_FOLDERS_MAX = 32768 };

struct watch;

enum watch_kind {
    WATCH_TOUCHED,  /* `name` in `folder` was written, made or removed */
    WATCH_LEFT,     /* `name` was moved out of `folder` … */
    WATCH_CAME,     /* … into `folder`: the two ends have one `cookie` */
    WATCH_SELF,     /* `folder` itself was moved, removed or unmounted */
    WATCH_MOUNTS,   /* something was mounted or unmounted somewhere */
    WATCH_OVERFLOW, /* events were lost (F-33) */
};

/* A plain value; the name is borrowed for the call. */
struct watch_event {
    enum watch_kind kind;
    int64_t folder; /* 0 for the last two kinds */
    const char *name;
    uint32_t cookie;
};

typedef void watch_event_fn(void *user, const struct watch_event *event);

/* NULL: `failure` says what the system has too little of (F-21, F-34). */
struct watch *watch_new(uv_loop_t *loop, watch_event_fn *on_event, void *user,
                        struct failure *failure);
/* Accepts NULL. No event comes any more. */
void watch_close(struct watch *watch);

/* Whether another folder may be watched. False for ever after the system said no. */
bool watch_has_room(const struct watch *watch);

/* The descriptor for watch_add(). Events of folders that are not known yet wait, and the
 * descriptor stays open, until as many calls of watch_end(). */
int watch_begin(struct watch *watch);
void watch_end(struct watch *watch);
/* Watches the folder that is open as `folder`; with `only_self` only for WATCH_SELF. Any
 * thread. Answers what watch_put() wants: a number, or a negative errno. */
int watch_add(int descriptor, int folder, bool only_self);
/* `result` of watch_add(). The same folder may be added again, also under another number.
 * False: not watched; `failure` is set where the limit is reached, which is said once
 * (F-34). */
bool watch_put(struct watch *watch, int result, int64_t folder, struct failure *failure);
/* The folder is no longer of interest. */
void watch_drop(struct watch *watch, int64_t folder);

#endif
