#include "agent/sync/local_keys.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
    const int64_t *one = left;
    const int64_t *other = right;
    return (*one > *other) - (*one < *other);
}

void local_keys_tidy(struct local_keys *keys)
{
    size_t kept = 0;
    if (keys->count > 0)
        qsort(keys->list, keys->count, sizeof *keys->list, compare);
    for (size_t i = 0; i < keys->count; i++) {
        if (kept == 0 || keys->list[kept - 1] != keys->list[i])
            keys->list[kept++] = keys->list[i];
    }
    keys->count = kept;
}

/* Where tidying frees too little, sorting again soon would cost more than room. */
static bool make_room(struct local_keys *keys)
{
    if (keys->count < keys->capacity)
        return true;
    local_keys_tidy(keys);
    if (keys->count < keys->capacity - keys->capacity / 4)
        return true;
    size_t capacity = keys->capacity == 0 ? 64 : keys->capacity * 2;
    int64_t *list =
        capacity > LOCAL_KEYS_MAX ? NULL : realloc(keys->list, capacity * sizeof *list);
    if (list == NULL)
        return false;
    keys->list = list;
    keys->capacity = capacity;
    return true;
}

bool local_keys_add(struct local_keys *keys, int64_t key)
{
    bool is_last = keys->count > 0 && keys->list[keys->count - 1] == key;
    if (is_last)
        return true; /* most events come in rows */
    if (!make_room(keys))
        return false;
    keys->list[keys->count++] = key;
    return true;
}

void local_keys_clear(struct local_keys *keys)
{
    free(keys->list);
    *keys = (struct local_keys){.list = NULL};
}
