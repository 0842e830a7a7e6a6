#include "agent/sync/missing.h"

#include <stdlib.h>

void missing_clear(struct missing *missing)
{
    free(missing->list);
    free(missing->inodes);
    *missing = (struct missing){.list = NULL};
}

bool missing_add(struct missing *missing, int64_t key, uint64_t inode)
{
    if (missing->count == missing->capacity) {
        size_t capacity = missing->capacity == 0 ? 16 : missing->capacity * 2;
        struct missing_one *list =
            capacity > MISSING_MAX ? NULL : realloc(missing->list, capacity * sizeof *list);
        if (list == NULL)
            return false;
        missing->list = list;
        missing->capacity = capacity;
    }
    missing->list[missing->count++] = (struct missing_one){.inode = inode, .key = key};
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct missing_one *one = left;
    const struct missing_one *other = right;
    return (one->inode > other->inode) - (one->inode < other->inode);
}

bool missing_sort(struct missing *missing)
{
    if (missing->count == 0)
        return false;
    missing->inodes = calloc(missing->count, sizeof *missing->inodes);
    if (missing->inodes == NULL)
        return false;
    qsort(missing->list, missing->count, sizeof *missing->list, compare);
    for (size_t i = 0; i < missing->count; i++)
        missing->inodes[i] = missing->list[i].inode;
    return true;
}

static struct missing_one *find(const struct missing *missing, uint64_t inode)
{
    const struct missing_one wanted = {.inode = inode};
    return missing->count == 0 ? NULL
                               : bsearch(&wanted, missing->list, missing->count,
                                         sizeof *missing->list, compare);
}

int64_t missing_find(const struct missing *missing, uint64_t inode)
{
    const struct missing_one *one = find(missing, inode);
    return one == NULL ? 0 : one->key;
}

void missing_drop(struct missing *missing, int64_t key, uint64_t inode)
{
    struct missing_one *one = find(missing, inode);
    if (one != NULL && one->key == key)
        one->key = 0;
}

bool missing_next(const struct missing *missing, size_t *at, int64_t *out_key)
{
    while (*at < missing->count) {
        const struct missing_one *one = &missing->list[(*at)++];
        *out_key = one->key;
        if (one->key != 0)
            return true;
    }
    return false;
}
