#include "agent/sync/tree.h"

#include <stdio.h>
#include <string.h>

#include "agent/place/name.h"
#include "agent/sync/facts.h"
#include "agent/sync/filter.h"
#include "agent/words.h"

enum { NEEDED_LOOKS = 128 };

/* What one record on the way up says. TREE_OK: go on above it. */
static enum tree_answer judge(const struct sync_context *context,
                              const struct store_remote *remote, int *out_number)
{
    if (remote->kind == STORE_KIND_PENDING)
        return TREE_PENDING;
    if (remote->gone)
        return TREE_GONE;
    if (remote->kind == STORE_KIND_OTHER)
        return TREE_UNWANTED;
    if (remote->kind == STORE_KIND_ROOT)
        return TREE_OK;
    *out_number = remote->flaw;
    if (remote->flaw == 0 && remote->name != NULL)
        *out_number = name_flaw(remote->name, remote->parent == context->root_item);
    return *out_number != 0 ? TREE_HELD : TREE_OK;
}

static bool is_filtered_out(const struct sync_context *context, int64_t key,
                            enum store_kind kind)
{
    char path[TREE_PATH_SIZE];
    if (context->filter == NULL || kind == STORE_KIND_ROOT)
        return false;
    if (store_remote_path(context->store, key, path, sizeof path) != STORE_OK)
        return false;
    return !filter_wants(context->filter, path, kind == STORE_KIND_FOLDER);
}

enum tree_answer tree_resolve(const struct sync_context *context, int64_t key,
                              int *out_number)
{
    struct store_remote remote;
    enum store_kind kind = STORE_KIND_PENDING;
    int64_t at = key;
    for (int depth = 0; depth <= TREE_MAX_DEPTH; depth++) {
        enum store_status status = store_get_remote(context->store, at, &remote);
        if (status != STORE_OK)
            return status == STORE_NONE ? TREE_PENDING : TREE_FAILED;
        enum tree_answer answer = judge(context, &remote, out_number);
        if (answer != TREE_OK)
            return answer;
        if (depth == 0)
            kind = remote.kind;
        else if (remote.kind == STORE_KIND_FILE)
            return TREE_PENDING; /* its folder is going to become one */
        if (remote.kind == STORE_KIND_ROOT)
            return is_filtered_out(context, key, kind) ? TREE_FILTERED : TREE_OK;
        if (remote.parent == 0)
            return TREE_PENDING;
        at = remote.parent;
        if (at == key) {
            *out_number = 84;
            return TREE_HELD;
        }
    }
    *out_number = 42;
    return TREE_HELD;
}

/* The next child of a folder, as it stands or as the drive has it. */
static bool next_child(const struct sync_context *context, bool stands, int64_t folder,
                       int64_t *after, enum store_kind *out_kind)
{
    struct store_base base;
    struct store_remote remote;
    enum store_status status =
        stands
            ? store_next_base_child(context->store, context->mirror, folder, after, &base)
            : store_next_remote_child(context->store, folder, after, &remote);
    if (status == STORE_OK)
        *out_kind = stands ? base.kind : remote.kind;
    return status == STORE_OK;
}

static bool is_needed(const struct sync_context *context, bool stands, int64_t key,
                      int depth, unsigned *left)
{
    enum store_kind kind;
    int64_t after = 0;
    int number = 0;
    while (depth<TREE_MAX_DEPTH && * left> 0 &&
           next_child(context, stands, key, &after, &kind)) {
        (*left)--;
        if (tree_resolve(context, after, &number) == TREE_OK ||
            (kind == STORE_KIND_FOLDER &&
             is_needed(context, stands, after, depth + 1, left)))
            return true;
    }
    return false;
}

bool tree_is_needed(const struct sync_context *context, int64_t key)
{
    struct store_base base;
    unsigned left = NEEDED_LOOKS;
    bool stands = store_get_base(context->store, key, &base) == STORE_OK;
    return is_needed(context, stands, key, 0, &left);
}

const char *tree_split(char *path, const char **out_folder)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        *out_folder = "";
        return path;
    }
    *slash = '\0';
    *out_folder = path;
    return slash + 1;
}

bool tree_prepend(const char *buffer, char **start, const char *name)
{
    size_t size = strlen(name);
    size_t slash = **start == '\0' ? 0 : 1;
    if ((size_t)(*start - buffer) < size + slash)
        return false;
    if (slash == 1)
        *--*start = '/';
    *start -= size;
    memcpy(*start, name, size);
    return true;
}

static bool prepend_stage(char *buffer, char **start, int64_t key)
{
    char name[NAME_MAX_BYTES + 1];
    name_work_format(name, NAME_WORK_STAGE, key);
    return tree_prepend(buffer, start, name) &&
           tree_prepend(buffer, start, NAME_WORKING_FOLDER);
}

bool tree_standing(const struct sync_context *context, int64_t key,
                   char out[TREE_PATH_SIZE])
{
    struct store_base base;
    char *start = out + TREE_PATH_SIZE - 1;
    *start = '\0';
    int64_t at = key;
    for (int depth = 0; at != context->root_item; depth++) {
        if (depth > TREE_MAX_DEPTH || store_get_base(context->store, at, &base) != STORE_OK)
            return false;
        if (base.parent == STORE_STAGE) {
            if (!prepend_stage(out, &start, at))
                return false;
            break;
        }
        if (!tree_prepend(out, &start, base.name))
            return false;
        at = base.parent;
    }
    memmove(out, start, strlen(start) + 1);
    return true;
}

bool tree_place_of(const struct sync_context *context, int64_t key,
                   char out[TREE_PATH_SIZE], struct tree_place *place)
{
    struct store_base base;
    struct store_remote remote;
    int64_t parent;
    if (store_get_base(context->store, key, &base) == STORE_OK) {
        parent = base.parent;
        if (!tree_standing(context, key, out))
            return false;
    } else if (store_get_remote(context->store, key, &remote) == STORE_OK && !remote.gone &&
               remote.name != NULL && tree_standing(context, remote.parent, out)) {
        size_t size = strlen(out);
        int added = snprintf(out + size, TREE_PATH_SIZE - size, "%s%s",
                             size == 0 ? "" : "/", remote.name);
        parent = remote.parent;
        if (added < 0 || (size_t)added >= TREE_PATH_SIZE - size)
            return false;
    } else {
        return false;
    }
    place->parent = parent;
    place->name = tree_split(out, &place->folder);
    return true;
}

bool tree_is_staged(const char *path)
{
    return strncmp(path, NAME_WORKING_FOLDER "/", sizeof NAME_WORKING_FOLDER) == 0;
}

void tree_shown_path(const struct sync_context *context, int64_t key,
                     char out[TREE_PATH_SIZE])
{
    if (store_remote_path(context->store, key, out, TREE_PATH_SIZE) == STORE_OK)
        return;
    struct store_remote remote;
    bool is_known = store_get_remote(context->store, key, &remote) == STORE_OK;
    if (is_known && remote.name != NULL)
        (void)snprintf(out, TREE_PATH_SIZE, "%s", remote.name);
    else
        (void)snprintf(out, TREE_PATH_SIZE, "item id %s",
                       is_known && remote.id != NULL ? remote.id : "unknown");
}

const char *tree_why_held(int number)
{
    switch (number) {
    case 38:
        return _("a name that no folder here can hold; rename it on the drive");
    case 39:
        return _("the name of the agent's working folder; rename it on the drive");
    case 40:
        return _("a name that is not valid text; rename it on the drive");
    case 41:
        return _("a name too long for this disk (255 bytes); rename it on the drive");
    case 42:
        return _("lies deeper than 256 folders; move it up on the drive");
    case 84:
        return _("its folders lead in a circle; waiting for the drive");
    case 144:
        return _("the drive names an impossible size");
    default:
        return _("cannot stand here");
    }
}

void tree_reason(const struct sync_context *context, int64_t key, int number,
                 const char *why, struct failure *out)
{
    struct store_remote remote;
    bool is_known = store_get_remote(context->store, key, &remote) == STORE_OK;
    (void)failure_set(out, FAILURE_ITEM, number, "%s (item id %s)", why,
                      is_known && remote.id != NULL ? remote.id : "unknown");
}
