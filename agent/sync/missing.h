/* What a check has not found where it should stand, to be searched for by its inode (F-32).
 * Pure.
 *
 *   missing_add() ..., missing_sort(), then missing_find() and missing_drop(); in the end
 *   missing_next() over what is still missing
 */
#ifndef AGENT_SYNC_MISSING_H
#define AGENT_SYNC_MISSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MISSING_MAX = 65536 };

struct missing_one {
    uint64_t inode;
    int64_t key; /* 0: found after all */
};

/* All zero is empty; missing_clear() ends it. */
struct missing {
    struct missing_one *list;
    uint64_t *inodes; /* of all, in order, after missing_sort() */
    size_t count;
    size_t capacity;
};

void missing_clear(struct missing *missing);

/* False: no room; it is not searched for. */
bool missing_add(struct missing *missing, int64_t key, uint64_t inode);
/* False: there is none, or no memory to search for them. */
bool missing_sort(struct missing *missing);

/* The key of one with that inode, 0 none. */
int64_t missing_find(const struct missing *missing, uint64_t inode);
/* That one was found. */
void missing_drop(struct missing *missing, int64_t key, uint64_t inode);
/* The next one that was not; `*at` begins at 0. False: there is no more. */
bool missing_next(const struct missing *missing, size_t *at, int64_t *out_key);

#endif
