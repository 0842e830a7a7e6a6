#include "agent/sync/fresh.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing at half load at most. A removed entry leaves a grave, so that searches
 * go on behind it; the table is cleared whenever it is empty. */
enum { SLOTS = FRESH_CAPACITY * 2 };

struct entry {
    int64_t key; /* 0 free */
    char *url;   /* NULL with a key: a grave */
    uint64_t at_ms;
};

struct fresh {
    size_t count;
    size_t used; /* with graves */
    struct entry entries[SLOTS];
};

struct fresh *fresh_new(void)
{
    return calloc(1, sizeof(struct fresh));
}

void fresh_drop_all(struct fresh *fresh)
{
    for (size_t i = 0; i < SLOTS && fresh->used > 0; i++)
        free(fresh->entries[i].url);
    if (fresh->used > 0)
        memset(fresh, 0, sizeof *fresh);
}

void fresh_free(struct fresh *fresh)
{
    if (fresh == NULL)
        return;
    fresh_drop_all(fresh);
    free(fresh);
}

static struct entry *find(struct fresh *fresh, int64_t key)
{
    size_t slot = (size_t)((uint64_t)key * 0x9e3779b97f4a7c15U >> 32) % SLOTS;
    while (fresh->entries[slot].key != 0 && fresh->entries[slot].key != key)
        slot = (slot + 1) % SLOTS;
    return &fresh->entries[slot];
}

void fresh_put(struct fresh *fresh, int64_t key, const char *url, uint64_t now_ms)
{
    struct entry *entry = find(fresh, key);
    if (entry->key == 0 && fresh->used >= FRESH_CAPACITY)
        return;
    char *copy = strdup(url);
    if (copy == NULL)
        return; /* the long way works as well */
    if (entry->key == 0)
        fresh->used++;
    if (entry->url == NULL)
        fresh->count++;
    free(entry->url);
    *entry = (struct entry){.key = key, .url = copy, .at_ms = now_ms};
}

char *fresh_take(struct fresh *fresh, int64_t key, uint64_t now_ms)
{
    struct entry *entry = find(fresh, key);
    char *url = entry->url;
    if (url == NULL)
        return NULL;
    bool is_fresh = now_ms - entry->at_ms < FRESH_LIFE_MS;
    entry->url = NULL;
    if (--fresh->count == 0)
        memset(fresh, 0, sizeof *fresh);
    if (is_fresh)
        return url;
    free(url);
    return NULL;
}

size_t fresh_count(const struct fresh *fresh)
{
    return fresh->count;
}

bool fresh_is_full(const struct fresh *fresh)
{
    return fresh->count >= FRESH_FULL || fresh->used >= FRESH_CAPACITY / 2;
}
