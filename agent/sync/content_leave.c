/* What the filters leave out (F-162): what stands stays, as a person's; but a folder stays
 * ours while something in it is. */
#include "agent/sync/content_parts.h"
#include "agent/sync/record.h"
#include "store/store_intent.h"

/* So that the loop does not wait; the next pass comes by the rest. */
enum { LEFT_AT_ONCE = 256 };

/* What is left out with its folder, and was not known to be when that was told of. */
static void leave_children(struct content *content, int64_t folder)
{
    const struct sync_context *context = content->context;
    struct store_base child;
    int64_t after = 0;
    int number = 0;
    for (int i = 0;
         i < LEFT_AT_ONCE && store_next_base_child(context->store, context->mirror, folder,
                                                   &after, &child) == STORE_OK;
         i++) {
        const struct store_todo todo = {.key = child.key};
        if (!record_is_queued(context, todo.key) &&
            tree_resolve(context, todo.key, &number) == TREE_FILTERED &&
            store_put_todo(context->store, context->mirror, &todo) != STORE_OK)
            return;
    }
}

/* What the hands are just placing may come to stand in a folder. */
static bool is_still(const struct content *content, int64_t key)
{
    struct store_base base;
    return content->jobs == 0 ||
           (store_get_base(content->context->store, key, &base) == STORE_OK &&
            base.kind == STORE_KIND_FILE);
}

void content_leave(struct content *content, int64_t key, bool has_base)
{
    const struct sync_context *context = content->context;
    if (has_base && content->mode != CONTENT_FULL)
        return;
    if (!has_base && record_find_todo(context, key).failure != 0 &&
        tree_is_needed(context, key))
        return; /* it says why what is to come into it does not */
    if (has_base && tree_is_needed(context, key)) {
        leave_children(content, key);
        record_settle(context, key);
        return;
    }
    if (has_base && (!is_still(content, key) || !record_leave(context, key))) {
        leave_children(content, key);
        record_waits_for_children(context, key);
        content->wants_again = true;
        return;
    }
    (void)store_drop_intent(context->store, key); /* its download: F-109 */
    (void)store_drop_todo(context->store, key);
    content->has_moved = true;
}
