#include "agent/sync/unseen.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_item.h"

enum { CHUNK = 4096 };

struct unseen {
    uv_work_t work;
    char *state_dir;
    int64_t mirror;
    int64_t generation;
    unseen_done_fn *done; /* NULL: cancelled */
    void *user;
    int64_t *keys;
    size_t count;
    size_t capacity;
    bool is_complete;
};

static void release(struct unseen *unseen)
{
    free(unseen->state_dir);
    free(unseen->keys);
    free(unseen);
}

static bool make_room(struct unseen *unseen)
{
    if (unseen->capacity - unseen->count >= CHUNK)
        return true;
    size_t capacity = unseen->capacity * 2 + CHUNK;
    int64_t *keys = realloc(unseen->keys, capacity * sizeof *keys);
    if (keys == NULL)
        return false;
    unseen->keys = keys;
    unseen->capacity = capacity;
    return true;
}

static enum store_status search(struct unseen *unseen, struct store *store)
{
    int64_t after_key = 0;
    enum store_status status = STORE_OK;
    while (status == STORE_OK) {
        size_t found = 0;
        if (!make_room(unseen))
            return STORE_MEMORY;
        status = store_find_unseen(store, unseen->mirror, unseen->generation, &after_key,
                                   unseen->keys + unseen->count, CHUNK, &found);
        unseen->count += status == STORE_OK ? found : 0;
    }
    return status;
}

static void in_pool(uv_work_t *work)
{
    struct unseen *unseen = work->data;
    struct store *store = NULL;
    if (store_open_reader(unseen->state_dir, &store, NULL, 0) != STORE_OK)
        return;
    unseen->is_complete = search(unseen, store) == STORE_NONE;
    store_close(store);
}

static void after_pool(uv_work_t *work, int status)
{
    struct unseen *unseen = work->data;
    (void)status; /* never cancelled */
    const struct unseen_result result = {
        .is_complete = unseen->is_complete, .keys = unseen->keys, .count = unseen->count};
    if (unseen->done != NULL)
        unseen->done(unseen->user, &result);
    release(unseen);
}

void unseen_cancel(struct unseen *unseen)
{
    if (unseen != NULL)
        unseen->done = NULL;
}

struct unseen *unseen_start(const struct sync_context *context, int64_t generation,
                            unseen_done_fn *done, void *user)
{
    struct unseen *unseen = calloc(1, sizeof *unseen);
    if (unseen == NULL)
        return NULL;
    *unseen = (struct unseen){
        .work = {.data = unseen},
        .state_dir = strdup(context->config->state_dir),
        .mirror = context->mirror,
        .generation = generation,
        .done = done,
        .user = user,
    };
    if (unseen->state_dir == NULL) {
        release(unseen);
        return NULL;
    }
    int result = uv_queue_work(context->loop, &unseen->work, in_pool, after_pool);
    assert(result == 0); /* the callback is given */
    (void)result;
    return unseen;
}
