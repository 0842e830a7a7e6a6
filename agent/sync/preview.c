#include "agent/sync/preview.h"

#include <stdlib.h>
#include <string.h>

#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/slices.h"
#include "agent/sync/tree.h"
#include "agent/words.h"

struct preview {
    const struct sync_context *context;
    preview_line_fn *line;
    preview_done_fn *done;
    void *user;
    struct slices *slices;
    int64_t after_key; /* in the queue, then among what stands here */
    bool is_full;
    bool is_restoring; /* the queue is through */
};

/* NULL: nothing would be done. `*out_number` is why the item would be held, or else 0. */
static const char *operation_of(const struct sync_context *context, int64_t key,
                                int64_t *out_bytes, int *out_number)
{
    struct store_remote remote;
    struct store_base base;
    int number = 0;
    enum tree_answer answer = tree_resolve(context, key, &number);
    bool has_base = store_get_base(context->store, key, &base) == STORE_OK;
    if (store_get_remote(context->store, key, &remote) != STORE_OK)
        return NULL;
    if (answer == TREE_HELD) {
        *out_number = number;
        return N_("held");
    }
    *out_bytes = remote.kind == STORE_KIND_FILE ? remote.size : 0;
    if (remote.gone || answer == TREE_GONE)
        return has_base ? N_("delete") : NULL;
    if (answer == TREE_UNWANTED || answer == TREE_FILTERED)
        return has_base ? N_("leave") : NULL;
    if (answer != TREE_OK || !facts_is_mirrored(&remote))
        return NULL;
    if (!has_base)
        return remote.kind == STORE_KIND_FOLDER ? N_("mkdir") : N_("download");
    if (base.kind == STORE_KIND_FILE && facts_content_differs(&base, &remote))
        return N_("update");
    *out_bytes = 0;
    return facts_is_at_place(&base, &remote) ? NULL : N_("move");
}

static void tell(struct preview *preview, const char *operation, int64_t key, int64_t bytes,
                 const struct failure *held)
{
    char path[TREE_PATH_SIZE];
    /* What goes is known by where it stands, all else by where it belongs. */
    bool goes = strcmp(operation, "delete") == 0 || strcmp(operation, "leave") == 0;
    if (!goes || !tree_standing(preview->context, key, path))
        tree_shown_path(preview->context, key, path);
    preview->line(preview->user, operation, path, bytes, preview->is_restoring, held);
}

/* What a person removed or moved, and the drive still has; NULL: that is not so. */
static const char *restoring_of(const struct sync_context *context, int64_t key,
                                unsigned flags, int64_t *out_bytes)
{
    struct store_remote remote;
    int number = 0;
    if (tree_resolve(context, key, &number) != TREE_OK ||
        store_get_remote(context->store, key, &remote) != STORE_OK || remote.gone)
        return NULL;
    if ((flags & STORE_BASE_REMOVED) == 0)
        return N_("move");
    *out_bytes = remote.kind == STORE_KIND_FILE ? remote.size : 0;
    return remote.kind == STORE_KIND_FOLDER ? N_("mkdir") : N_("download");
}

static bool step_restoring(struct preview *preview)
{
    const struct sync_context *context = preview->context;
    struct store_base base;
    int64_t bytes = 0;
    if (store_next_base(context->store, context->mirror, &preview->after_key, &base) !=
        STORE_OK)
        return false;
    unsigned flags = base.flags & (unsigned)(STORE_BASE_REMOVED | STORE_BASE_MOVED);
    int64_t key = base.key;
    const char *operation = flags == 0 || record_is_queued(context, key)
                                ? NULL
                                : restoring_of(context, key, flags, &bytes);
    if (operation != NULL)
        tell(preview, operation, key, bytes, NULL);
    return true;
}

static bool step_queue(struct preview *preview, const struct store_todo *todo)
{
    const struct sync_context *context = preview->context;
    int64_t key = todo->key;
    int64_t bytes = 0;
    int number = 0;
    bool is_known = todo->failure != 0; /* such as held: v_problems tells of it */
    const char *operation = operation_of(context, key, &bytes, &number);
    struct failure held = {0};
    if (number != 0)
        tree_reason(context, key, number, tree_why_held(number), &held);
    if (operation != NULL && (number == 0 || !is_known))
        tell(preview, operation, key, bytes, number == 0 ? NULL : &held);
    return true;
}

static bool step(void *user)
{
    struct preview *preview = user;
    const struct sync_context *context = preview->context;
    struct store_todo todo;
    if (preview->is_restoring)
        return step_restoring(preview);
    if (store_next_todo(context->store, context->mirror, INT64_MAX, true,
                        &preview->after_key, &todo) != STORE_OK) {
        preview->is_restoring = true;
        preview->after_key = 0;
        return preview->is_full;
    }
    return step_queue(preview, &todo);
}

static void on_end(void *user)
{
    struct preview *preview = user;
    preview_done_fn *done = preview->done;
    void *done_user = preview->user;
    free(preview);
    done(done_user);
}

void preview_cancel(struct preview *preview)
{
    if (preview == NULL)
        return;
    slices_cancel(preview->slices);
    free(preview);
}

struct preview *preview_start(const struct sync_context *context, bool is_full,
                              preview_line_fn *line, preview_done_fn *done, void *user)
{
    struct preview *preview = calloc(1, sizeof *preview);
    if (preview == NULL)
        return NULL;
    *preview = (struct preview){
        .context = context, .is_full = is_full, .line = line, .done = done, .user = user};
    preview->slices = slices_start(context->loop, step, on_end, preview);
    if (preview->slices == NULL) {
        free(preview);
        return NULL;
    }
    return preview;
}
