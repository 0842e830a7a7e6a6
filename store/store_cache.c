#include "store/store_cache.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_core.h"

static size_t place_of(int64_t key)
{
    return (uint64_t)key % STORE_CACHE_SLOTS;
}

static void forget(struct store *store, enum store_cache_of which, int64_t key)
{
    struct store_slot **slots = store->cache[which];
    struct store_slot *slot = slots == NULL ? NULL : slots[place_of(key)];
    if (slot != NULL && slot->key == key)
        slot->key = 0;
}

static void on_change(void *user, int operation, const char *database, const char *table,
                      sqlite3_int64 key)
{
    (void)operation;
    (void)database;
    if (strcmp(table, "item") == 0)
        forget(user, STORE_CACHE_ITEMS, key);
    else if (strcmp(table, "base") == 0)
        forget(user, STORE_CACHE_BASES, key);
}

static void on_rollback(void *user)
{
    struct store *store = user;
    for (size_t which = 0; which < STORE_CACHE_COUNT; which++) {
        for (size_t i = 0; store->cache[which] != NULL && i < STORE_CACHE_SLOTS; i++) {
            if (store->cache[which][i] != NULL)
                store->cache[which][i]->key = 0;
        }
    }
}

void store_cache_watch(struct store *store)
{
    (void)sqlite3_update_hook(store->database, on_change, store);
    (void)sqlite3_rollback_hook(store->database, on_rollback, store);
}

struct store_slot *store_cache_slot(struct store *store, enum store_cache_of which,
                                    int64_t key)
{
    if (store->is_reader || key <= 0)
        return NULL;
    if (store->cache[which] == NULL)
        store->cache[which] = calloc(STORE_CACHE_SLOTS, sizeof(struct store_slot *));
    if (store->cache[which] == NULL)
        return NULL;
    struct store_slot **slot = &store->cache[which][place_of(key)];
    if (*slot == NULL)
        *slot = calloc(1, sizeof **slot);
    return *slot;
}

void store_cache_drop(struct store *store)
{
    for (size_t which = 0; which < STORE_CACHE_COUNT; which++) {
        for (size_t i = 0; store->cache[which] != NULL && i < STORE_CACHE_SLOTS; i++) {
            if (store->cache[which][i] != NULL)
                free(store->cache[which][i]->texts.bytes);
            free(store->cache[which][i]);
        }
        free(store->cache[which]);
        store->cache[which] = NULL;
    }
}
