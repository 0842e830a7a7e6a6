/* Deciding what to do with the folder: pure, no I/O, no clock (I-16).
 *
 * Two questions, asked in this order for a round:
 *
 *   plan_order()   objects that must change their place or go: moves first, folders that
 *                  moves need, removals last and from the leaves up; swaps, rotations and
 *                  whatever else is in each other's way goes through the staging area
 *                  (F-83 … F-87)
 *   plan_decide()  the content of one file: what the drive says by what the disk shows
 *
 * and plan_guards(), whether so many removals want a person's word (F-90).
 *
 * Both work on facts that the caller has gathered; nothing is looked up here. The same
 * facts in the same order give the same plan. Cost: O(n log n) of the nodes.
 */
#ifndef AGENT_SYNC_PLAN_H
#define AGENT_SYNC_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/place/look.h"

/* What the drive has done to an item since the folder last agreed. */
enum plan_remote {
    PLAN_REMOTE_SAME,
    PLAN_REMOTE_CHANGED,
    PLAN_REMOTE_GONE,
    PLAN_REMOTE_NEW, /* the folder never held it */
};

enum plan_action {
    PLAN_NOTHING,
    PLAN_HOLD,     /* the disk could not be read: decide nothing (F-16) */
    PLAN_LEAVE,    /* a person's change stays as it is: local-only */
    PLAN_RECORD,   /* the content is there already: write it down */
    PLAN_DOWNLOAD, /* over what we left there, or where nothing is */
    PLAN_KEEP_COPY_THEN_DOWNLOAD,
    PLAN_SET_ASIDE, /* a person's object of another kind is in the way */
    PLAN_DELETE,
    PLAN_FORGET, /* the record goes, a person's object stays */
};

enum plan_action plan_decide(enum plan_remote remote, enum look_fact disk);

/* A place: the folder's key and the name in it. `name` NULL: nowhere. */
struct plan_place {
    int64_t parent;
    const char *name;
};

enum plan_fate {
    PLAN_MOVES, /* stands at one place and belongs to another */
    PLAN_MAKES, /* a folder that does not stand yet and that others need */
    PLAN_GOES,  /* stands and is wanted no more, or not as this kind (F-86) */
};

/* One object. Texts are borrowed. Keys of ancestors name nodes of the same array; what is
 * between (objects that stay) is left out. */
struct plan_node {
    int64_t key;
    enum plan_fate fate;
    bool held;                /* known of, but must not be touched in this round */
    struct plan_place stands; /* parent STORE_STAGE: in the staging area. MAKES: nowhere */
    struct plan_place wanted; /* GOES: nowhere */
    int64_t inside;           /* nearest node above where it stands, 0 none */
    int64_t under;            /* nearest node above where it belongs, 0 none */
    int64_t occupant;         /* whose record holds the wanted place, 0 nobody's */
    bool in_the_way;          /* GOES: a new item waits for its place */
    int waits;                /* out: F-number why nothing is done with it now, 0 */
};

enum plan_op {
    PLAN_STEP_MOVE,
    PLAN_STEP_STAGE,
    PLAN_STEP_UNSTAGE,
    PLAN_STEP_MAKE,
    PLAN_STEP_REMOVE,
};

struct plan_step {
    enum plan_op op;
    size_t node; /* index */
};

struct plan {
    struct plan_step *steps; /* owned: plan_clear() */
    size_t count;
    size_t first_late; /* steps from here on are removals that come after the content */
};

/* Orders what is to be done with `nodes`, which are sorted by key. Sets `waits` of each
 * node that cannot be dealt with now: 84 a cycle, 43 its place is taken, 90 removals are
 * held (`hold_removals`), 86 the folder it goes to is still something else, 87 a folder
 * that something live still stands in. False: out of memory, `*out` untouched. */
bool plan_order(struct plan_node *nodes, size_t count, bool hold_removals,
                struct plan *out);
void plan_clear(struct plan *plan);

/* Whether `removals` of `known` objects want a person's word, when `allowed` many have it
 * already (F-90). */
bool plan_guards(uint64_t removals, uint64_t known, uint64_t threshold, uint64_t allowed);

#endif
