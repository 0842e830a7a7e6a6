#include "agent/sync/remade.h"

#include <stdio.h>

#include "agent/place/look.h"
#include "agent/place/name.h"
#include "agent/sync/tree.h"

static bool stands(const struct sync_context *context, const char *folder,
                   const struct store_base *child)
{
    char name[NAME_MAX_BYTES + 1];
    struct look_answer answer;
    (void)snprintf(name, sizeof name, "%s", child->name);
    const struct look_request request = {
        .folder = folder, .name = name, .kind = child->kind};
    look_at(context->root, &request, &answer);
    return answer.print.inode == child->print.inode &&
           answer.print.device == child->print.device;
}

/* One of them is enough; the path is one buffer for all depths. */
struct search {
    const struct sync_context *context;
    unsigned left; /* looks */
    char folder[TREE_PATH_SIZE];
};

/* A folder in it may have been made again as well: then what stands in that one tells. */
static bool holds_its_own(struct search *search, int64_t key, int depth)
{
    const struct sync_context *context = search->context;
    struct store_base child;
    int64_t after = 0;
    if (!tree_standing(context, key, search->folder))
        return false;
    while (search->left > 0 && store_next_base_child(context->store, context->mirror, key,
                                                     &after, &child) == STORE_OK) {
        search->left--;
        if (stands(context, search->folder, &child))
            return true;
        if (child.kind != STORE_KIND_FOLDER || depth == TREE_MAX_DEPTH)
            continue;
        if (holds_its_own(search, child.key, depth + 1))
            return true;
        if (!tree_standing(context, key, search->folder))
            return false;
    }
    return false;
}

bool remade_is_its_own(const struct sync_context *context, int64_t key)
{
    struct search search = {.context = context, .left = REMADE_LOOKS, .folder = ""};
    return holds_its_own(&search, key, 0);
}
