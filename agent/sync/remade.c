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

bool remade_is_its_own(const struct sync_context *context, int64_t key)
{
    char folder[TREE_PATH_SIZE];
    struct store_base child;
    int64_t after = 0;
    if (!tree_standing(context, key, folder))
        return false;
    for (unsigned looks = 0; looks < REMADE_LOOKS; looks++) {
        if (store_next_base_child(context->store, context->mirror, key, &after, &child) !=
            STORE_OK)
            return false;
        if (stands(context, folder, &child))
            return true;
    }
    return false;
}
