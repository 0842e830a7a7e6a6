#include "agent/sync/refilter.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/sync/facts.h"
#include "agent/sync/filter.h"
#include "agent/sync/row.h"
#include "agent/sync/slices.h"
#include "agent/sync/tree.h"

enum { STEP_ITEMS = 32, FOLDER_ITEMS = 1000 };

/* Stands for the filters of the records until all has been walked through: no pattern. */
#define NO_FILTERS "/"

/* A walk through the drive's tree: one cursor for each level. */
struct walk {
    int depth; /* -1: at its end */
    int64_t folders[TREE_MAX_DEPTH + 1];
    int64_t after[TREE_MAX_DEPTH + 1];
};

struct refilter {
    struct sync_context *context;
    refilter_done_fn *done;
    void *user;
    struct slices *slices;
    bool has_failed;
    char *known; /* the filters of the records until the walk is over */
    struct walk walk;
};

static void free_refilter(struct refilter *refilter)
{
    free(refilter->known);
    free(refilter);
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

static enum store_status queue_if_concerned(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    int number = 0;
    bool stands = store_get_base(context->store, key, &base) == STORE_OK;
    enum tree_answer answer = tree_resolve(context, key, &number);
    bool is_concerned = stands ? answer == TREE_FILTERED : answer == TREE_OK;
    const struct store_todo todo = {.key = key};
    return is_concerned ? store_put_todo(context->store, context->mirror, &todo) : STORE_OK;
}

static void walk_from(struct walk *walk, int64_t folder)
{
    walk->depth = 0;
    walk->folders[0] = folder;
    walk->after[0] = 0;
}

/* The next item of the tree, or the way up from a folder's end. */
static enum store_status walk_on(const struct sync_context *context, struct walk *walk)
{
    struct store_remote child;
    enum store_status status = store_next_remote_child(
        context->store, walk->folders[walk->depth], &walk->after[walk->depth], &child);
    if (status == STORE_NONE)
        walk->depth--;
    if (status != STORE_OK)
        return status == STORE_NONE ? STORE_OK : status;
    int64_t key = child.key;
    bool is_folder = child.kind == STORE_KIND_FOLDER && !child.gone;
    if (!child.gone && facts_is_mirrored(&child))
        status = queue_if_concerned(context, key);
    if (is_folder && walk->depth < TREE_MAX_DEPTH) {
        walk->depth++;
        walk->folders[walk->depth] = key;
        walk->after[walk->depth] = 0;
    }
    return status;
}

static enum store_status walk_some(const struct sync_context *context, struct walk *walk,
                                   int items)
{
    enum store_status status = STORE_OK;
    for (int i = 0; status == STORE_OK && i < items && walk->depth >= 0; i++)
        status = walk_on(context, walk);
    return status;
}

enum store_status refilter_folder(struct sync_context *context, int64_t key)
{
    struct walk walk;
    if (context->filter == NULL)
        return STORE_OK;
    walk_from(&walk, key);
    enum store_status status = walk_some(context, &walk, FOLDER_ITEMS);
    if (status != STORE_OK || walk.depth < 0)
        return status;
    if (!row_set(context->row, ROW_FILTERS, NO_FILTERS))
        return STORE_MEMORY;
    return row_save(context->store, context->row);
}

/* With its last step the filters are noted. */
static bool do_step(struct refilter *refilter)
{
    struct sync_context *context = refilter->context;
    if (walk_some(context, &refilter->walk, STEP_ITEMS) != STORE_OK)
        return false;
    return refilter->walk.depth >= 0 ||
           (row_set(context->row, ROW_FILTERS, filter_text(context->filter)) &&
            row_save(context->store, context->row) == STORE_OK);
}

static bool step(void *user)
{
    struct refilter *refilter = user;
    struct store *store = refilter->context->store;
    bool is_done = store_begin(store) == STORE_OK && do_step(refilter) &&
                   store_commit(store, refilter->walk.depth < 0) == STORE_OK;
    if (!is_done)
        store_rollback(store);
    /* Not in the records, so not in memory either: the walk is still due. */
    if (!is_done)
        (void)row_set(refilter->context->row, ROW_FILTERS, refilter->known);
    refilter->has_failed = !is_done;
    return is_done && refilter->walk.depth >= 0;
}

static void on_end(void *user)
{
    struct refilter *refilter = user;
    refilter_done_fn *done = refilter->done;
    void *done_user = refilter->user;
    bool is_done = !refilter->has_failed;
    free_refilter(refilter);
    done(done_user, is_done);
}

void refilter_cancel(struct refilter *refilter)
{
    if (refilter == NULL)
        return;
    slices_cancel(refilter->slices);
    free_refilter(refilter);
}

struct refilter *refilter_start(struct sync_context *context, refilter_done_fn *done,
                                void *user)
{
    struct refilter *refilter = calloc(1, sizeof *refilter);
    if (refilter == NULL)
        return NULL;
    refilter->context = context;
    refilter->done = done;
    refilter->user = user;
    refilter->known = strdup(known_filters(context));
    if (refilter->known == NULL) {
        free(refilter);
        return NULL;
    }
    walk_from(&refilter->walk, context->root_item);
    if (context->root_item == 0)
        refilter->walk.depth = -1; /* nothing has been listed yet */
    else if (strcmp(refilter->known, NO_FILTERS) != 0)
        log_line(LOG_LEVEL_INFO, 162, context->name,
                 "the filters have changed: what they let in is fetched, what they keep "
                 "out stays here and is no longer mirrored");
    refilter->slices = slices_start(context->loop, step, on_end, refilter);
    if (refilter->slices == NULL) {
        free_refilter(refilter);
        return NULL;
    }
    return refilter;
}
