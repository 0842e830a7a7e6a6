#include "agent/sync/listing_parents.h"

#include <stdlib.h>

#include "agent/sync/listing_store.h"
#include "protocol/graph_url.h"
#include "store/store_item.h"

/* An answer can name another unknown parent: so many in one set at most. */
enum { MAX_QUESTIONS = 256 };

struct listing_parents {
    struct sync_context *context;
    void (*done)(void *user);
    void *user;
    struct service_operation *operation;
    int64_t after_key;
    unsigned questions;
};

static bool ask_next(struct listing_parents *parents);

void listing_parents_cancel(struct listing_parents *parents)
{
    if (parents == NULL)
        return;
    if (parents->operation != NULL)
        service_cancel(parents->operation);
    free(parents);
}

static void go_on(struct listing_parents *parents)
{
    if (ask_next(parents))
        return;
    void (*done)(void *user) = parents->done;
    void *user = parents->user;
    free(parents);
    done(user);
}

static void on_item(void *user, const struct service_answer *answer,
                    const struct failure *failure)
{
    struct listing_parents *parents = user;
    struct graph_page *owner;
    struct graph_item item;
    parents->operation = NULL;
    bool came = failure == NULL && answer->status >= 200 && answer->status < 300;
    if (came &&
        graph_item_parse(answer->body, answer->size, &owner, &item) == GRAPH_PAGE_OK) {
        /* Its own parent may be as unknown; then that one has a higher key. */
        (void)listing_store_item(parents->context, &item, true);
        graph_page_close(owner);
    }
    go_on(parents);
}

/* False: there is nothing more to ask. */
static bool ask_next(struct listing_parents *parents)
{
    const struct sync_context *context = parents->context;
    struct store_remote pending;
    struct failure failure;
    char path[GRAPH_URL_SIZE];
    while (parents->questions < MAX_QUESTIONS &&
           store_next_pending(context->store, context->mirror, &parents->after_key,
                              &pending) == STORE_OK) {
        parents->questions++;
        if (pending.id == NULL || !graph_url_item(path, context->drive_id, pending.id))
            continue;
        parents->operation = service_get(context->service, SERVICE_CLASS_ITEM, path,
                                         on_item, parents, &failure);
        if (parents->operation != NULL)
            return true;
    }
    return false;
}

struct listing_parents *listing_parents_start(struct sync_context *context,
                                              void (*done)(void *user), void *user)
{
    struct listing_parents *parents = calloc(1, sizeof *parents);
    if (parents == NULL)
        return NULL;
    *parents = (struct listing_parents){.context = context, .done = done, .user = user};
    if (ask_next(parents))
        return parents;
    free(parents);
    return NULL;
}
