/* What has been seen to move a moment ago: an object of ours that left its place, and where
 * it arrived (F-32). Pure.
 *
 * The two ends of a move come as two events with one cookie, mostly one after the other. An
 * object may go on from where it arrived before anybody has looked.
 */
#ifndef AGENT_SYNC_LOCAL_MOVES_H
#define AGENT_SYNC_LOCAL_MOVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOCAL_MOVES_MAX = 1024, LOCAL_MOVES_TRIES = 4 };

/* A plain value. */
struct local_move {
    int64_t key;
    int64_t folder; /* where it arrived */
    char *name;
    unsigned tries;
};

/* All zero is empty; local_moves_clear() ends it. */
struct local_moves {
    struct local_move *list;
    size_t count;
    size_t capacity;
    int64_t leaving; /* the object that left last, 0 none … */
    uint32_t cookie; /* … and its event's */
};

void local_moves_clear(struct local_moves *moves);

/* The object `key` (0: none of ours) left its place. */
void local_moves_leave(struct local_moves *moves, int64_t key, uint32_t cookie);
/* Something arrived at a place. What does not belong to the last one that left, or finds no
 * room, is forgotten. */
void local_moves_arrive(struct local_moves *moves, uint32_t cookie, int64_t folder,
                        const char *name);

/* Where the object arrived, NULL unknown; valid until the next call that changes. */
const struct local_move *local_moves_find(const struct local_moves *moves, int64_t key);
/* Who arrived there, 0 nobody. */
int64_t local_moves_owner(const struct local_moves *moves, int64_t folder,
                          const char *name);
/* It was not found there. True: it is worth another look. */
bool local_moves_retry(struct local_moves *moves, int64_t key);
void local_moves_drop(struct local_moves *moves, int64_t key);

#endif
