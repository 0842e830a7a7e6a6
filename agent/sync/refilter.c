#include "agent/sync/refilter.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/sync/facts.h"
#include "agent/sync/filter.h"
#include "agent/sync/row.h"
#include "agent/sync/slices.h"
#include "agent/sync/tree.h"

enum { STEP_ITEMS = 32 };

/* A walk through the drive's tree: one cursor for each level. */
struct refilter {
    struct sync_context *context;
    refilter_done_fn *done;
    void *user;
    struct slices *slices;
    bool has_failed;
    char *known; /* the filters of the records until the walk is over */
    int depth;   /* -1: at its end */
    int64_t folders[TREE_MAX_DEPTH + 1];
    int64_t after[TREE_MAX_DEPTH + 1];
};

static void free_walk(struct refilter *walk)
{
    free(walk->known);
    free(walk);
}

static const char *known_filters(const struct sync_context *context)
{
    const char *known = context->row->mirror.filters;
    return known == NULL ? "" : known;
}

bool refilter_is_due(const struct sync_context *context)
{
    return strcmp(filter_text(context->filter), known_filters(context)) != 0;
}

static bool queue_if_concerned(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    int number = 0;
    bool stands = store_get_base(context->store, key, &base) == STORE_OK;
    enum tree_answer answer = tree_resolve(context, key, &number);
    bool is_concerned = stands ? answer == TREE_FILTERED : answer == TREE_OK;
    const struct store_todo todo = {.key = key};
    return !is_concerned ||
           store_put_todo(context->store, context->mirror, &todo) == STORE_OK;
}

/* The next item of the tree, or the way up from a folder's end. */
static bool walk_on(struct refilter *walk)
{
    const struct sync_context *context = walk->context;
    struct store_remote child;
    enum store_status status = store_next_remote_child(
        context->store, walk->folders[walk->depth], &walk->after[walk->depth], &child);
    if (status == STORE_NONE)
        walk->depth--;
    if (status != STORE_OK)
        return status == STORE_NONE;
    int64_t key = child.key;
    bool is_folder = child.kind == STORE_KIND_FOLDER && !child.gone;
    if (!child.gone && facts_is_mirrored(&child) && !queue_if_concerned(context, key))
        return false;
    if (is_folder && walk->depth < TREE_MAX_DEPTH) {
        walk->depth++;
        walk->folders[walk->depth] = key;
        walk->after[walk->depth] = 0;
    }
    return true;
}

static bool walk_some(struct refilter *walk)
{
    for (int i = 0; i < STEP_ITEMS && walk->depth >= 0; i++) {
        if (!walk_on(walk))
            return false;
    }
    struct row *row = walk->context->row;
    return walk->depth >= 0 ||
           (row_set(row, ROW_FILTERS, filter_text(walk->context->filter)) &&
            row_save(walk->context->store, row) == STORE_OK);
}

static bool step(void *user)
{
    struct refilter *walk = user;
    struct store *store = walk->context->store;
    bool is_done = store_begin(store) == STORE_OK && walk_some(walk) &&
                   store_commit(store, walk->depth < 0) == STORE_OK;
    if (!is_done)
        store_rollback(store);
    /* Not in the records, so not in memory either: the walk is still due. */
    if (!is_done)
        (void)row_set(walk->context->row, ROW_FILTERS, walk->known);
    walk->has_failed = !is_done;
    return is_done && walk->depth >= 0;
}

static void on_end(void *user)
{
    struct refilter *walk = user;
    refilter_done_fn *done = walk->done;
    void *done_user = walk->user;
    bool is_done = !walk->has_failed;
    free_walk(walk);
    done(done_user, is_done);
}

void refilter_cancel(struct refilter *walk)
{
    if (walk == NULL)
        return;
    slices_cancel(walk->slices);
    free_walk(walk);
}

struct refilter *refilter_start(struct sync_context *context, refilter_done_fn *done,
                                void *user)
{
    struct refilter *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return NULL;
    walk->context = context;
    walk->done = done;
    walk->user = user;
    walk->known = strdup(known_filters(context));
    if (walk->known == NULL) {
        free(walk);
        return NULL;
    }
    walk->folders[0] = context->root_item;
    if (context->root_item == 0)
        walk->depth = -1; /* nothing has been listed yet */
    else
        log_line(LOG_LEVEL_INFO, 162, context->name,
                 "the filters have changed: what they let in is fetched, what they keep "
                 "out stays here and is no longer mirrored");
    walk->slices = slices_start(context->loop, step, on_end, walk);
    if (walk->slices == NULL) {
        free_walk(walk);
        return NULL;
    }
    return walk;
}
