#include "agent/sync/glance.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/place/look.h"
#include "agent/sync/tree.h"
#include "agent/sync/watch.h"
#include "store/store_item.h"

enum { FOUND_MAX = 256 }; /* moved objects in one folder */

struct glance {
    struct sync_context view; /* with the reader as its store */
    unsigned number;
    unsigned shares;
    int64_t parent;    /* whose children are looked at */
    int64_t after_key; /* among them */
    bool is_in_folder;
    int folder;             /* while glance_run() runs; -1: all in it is doubtful */
    int watcher;            /* -1: nothing is watched */
    const uint64_t *inodes; /* NULL: not searching */
    size_t inode_count;
    const char *path; /* of `parent`, while glance_run() runs */
    struct glance_result result;
};

struct glance *glance_new(const struct sync_context *context, unsigned number,
                          unsigned shares)
{
    struct glance *glance = calloc(1, sizeof *glance);
    if (glance == NULL)
        return NULL;
    glance->view = (struct sync_context){
        .config = context->config,
        .root = context->root,
        .mirror = context->mirror,
        .root_item = context->root_item,
    };
    glance->number = number;
    glance->shares = shares;
    glance->parent = -1;
    glance->folder = -1;
    glance->watcher = -1;
    return glance;
}

void glance_free(struct glance *glance)
{
    if (glance == NULL)
        return;
    store_close(glance->view.store);
    free(glance->result.watched);
    free(glance->result.found);
    free(glance);
}

void glance_watch(struct glance *glance, int descriptor)
{
    glance->watcher = descriptor;
}

void glance_search(struct glance *glance, const uint64_t *inodes, size_t count)
{
    glance->inodes = inodes;
    glance->inode_count = count;
    glance->parent = -1;
    glance->is_in_folder = false;
}

/* Room for one more behind a list; its length doubles. False: no memory. */
static bool make_room(void **list, size_t count, size_t size)
{
    bool is_full = count == 0 || (count >= 16 && (count & (count - 1)) == 0);
    if (!is_full)
        return true;
    void *longer = realloc(*list, (count < 16 ? 16 : 2 * count) * size);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

static void watch(struct glance *glance, int64_t key, int folder)
{
    struct glance_result *result = &glance->result;
    void *list = result->watched;
    if (glance->watcher < 0 || folder < 0 ||
        !make_room(&list, result->watched_count, sizeof *result->watched))
        return;
    result->watched = list;
    result->watched[result->watched_count++] = (struct glance_watched){
        .folder = key, .result = watch_add(glance->watcher, folder, false)};
}

static void search(struct glance *glance, int64_t key, const char *path)
{
    struct glance_result *result = &glance->result;
    struct place_found *found = calloc(FOUND_MAX, sizeof *found);
    size_t count = found == NULL ? 0
                                 : place_find(glance->view.root, path, glance->inodes,
                                              glance->inode_count, found, FOUND_MAX);
    for (size_t i = 0; i < count; i++) {
        void *list = result->found;
        if (!make_room(&list, result->found_count, sizeof *result->found))
            break;
        result->found = list;
        result->found[result->found_count++] =
            (struct glance_found){.folder = key, .what = found[i]};
    }
    free(found);
}

/* A folder in the folder that is being looked into: it may be empty, and is then nobody's
 * parent. */
static void look_at_folder(struct glance *glance, const struct store_trace *trace)
{
    char path[TREE_PATH_SIZE];
    bool is_top = glance->path == NULL || *glance->path == '\0';
    if (glance->path == NULL || (glance->watcher < 0 && glance->inodes == NULL))
        return;
    int length =
        snprintf(path, sizeof path, "%s%s%s", glance->path, is_top ? "" : "/", trace->name);
    if (length < 0 || (size_t)length >= sizeof path)
        return;
    if (glance->inodes != NULL) {
        search(glance, trace->key, path);
        return;
    }
    int folder = look_open_folder(glance->view.root, path);
    watch(glance, trace->key, folder);
    look_close_folder(glance->view.root, folder);
}

/* Keys of folders follow patterns of their own: their bits are mixed before they are
 * shared out. */
static bool is_ours(const struct glance *glance, int64_t parent)
{
    uint64_t mixed = (uint64_t)parent * 0x9e3779b97f4a7c15U;
    return (mixed >> 32) % glance->shares == glance->number;
}

static enum store_status next_folder(struct glance *glance)
{
    enum store_status status;
    do
        status = store_next_base_parent(glance->view.store, &glance->parent);
    while (status == STORE_OK && !is_ours(glance, glance->parent));
    glance->is_in_folder = status == STORE_OK;
    glance->after_key = 0;
    return status;
}

static void look(void *user, const struct store_trace *trace)
{
    struct glance *glance = user;
    struct glance_result *result = &glance->result;
    result->seen++;
    if (trace->kind == STORE_KIND_FOLDER)
        look_at_folder(glance, trace);
    if (glance->inodes == NULL && !look_glance(glance->view.root, glance->folder, trace))
        result->doubtful[result->count++] = trace->key;
}

/* Looks at children of the folder as far as the slice reaches. */
static enum store_status look_into(struct glance *glance)
{
    char path[TREE_PATH_SIZE];
    size_t before = glance->result.seen;
    size_t room = GLANCE_SLICE - before;
    bool stands =
        glance->parent != STORE_STAGE && tree_standing(&glance->view, glance->parent, path);
    glance->path = stands ? path : NULL;
    glance->folder = stands ? look_open_folder(glance->view.root, path) : -1;
    watch(glance, glance->parent, glance->folder);
    if (glance->inodes != NULL && stands && glance->parent == glance->view.root_item)
        search(glance, glance->parent, "");
    enum store_status status =
        store_trace_base_children(glance->view.store, glance->view.mirror, glance->parent,
                                  &glance->after_key, room, look, glance);
    look_close_folder(glance->view.root, glance->folder);
    glance->folder = -1;
    glance->path = NULL;
    glance->is_in_folder = glance->result.seen == before + room;
    return status == STORE_NONE ? STORE_OK : status;
}

static enum store_status run(struct glance *glance)
{
    enum store_status status = STORE_OK;
    if (glance->view.store == NULL &&
        store_open_reader(glance->view.config->state_dir, &glance->view.store, NULL, 0) !=
            STORE_OK)
        return STORE_IO;
    while (status == STORE_OK && glance->result.seen < GLANCE_SLICE)
        status = glance->is_in_folder ? look_into(glance) : next_folder(glance);
    /* A path that could not be read looks like one that leads nowhere. */
    bool is_sound = status == STORE_OK || status == STORE_NONE;
    return is_sound && store_failed(glance->view.store) != STORE_OK ? STORE_IO : status;
}

const struct glance_result *glance_run(struct glance *glance)
{
    struct glance_result *result = &glance->result;
    result->seen = 0;
    result->count = 0;
    result->watched_count = 0;
    result->found_count = 0;
    enum store_status status = run(glance);
    result->is_at_end = status == STORE_NONE;
    result->has_failed = status != STORE_OK && status != STORE_NONE;
    return result;
}
