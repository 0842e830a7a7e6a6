/* The entries of the queue: what is still to be done, and why it could not be. */
#include "agent/clock.h"
#include "agent/log.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/tree.h"
#include "agent/words.h"

/* So that the loop does not wait. */
enum { CHILDREN_ASKED = 256 };

bool record_is_queued(const struct sync_context *context, int64_t key)
{
    struct store_todo todo;
    int64_t after = key - 1;
    return store_next_todo(context->store, context->mirror, INT64_MAX, true, &after,
                           &todo) == STORE_OK &&
           todo.key == key;
}

struct store_todo record_find_todo(const struct sync_context *context, int64_t key)
{
    struct store_todo todo = {.key = key};
    int64_t after = key - 1;
    if (store_next_todo(context->store, context->mirror, INT64_MAX, true, &after, &todo) !=
            STORE_OK ||
        todo.key != key)
        todo = (struct store_todo){.key = key};
    todo.text = NULL;
    return todo;
}

static void put_problem(const struct sync_context *context, struct store_todo *todo,
                        const struct failure *failure)
{
    char path[TREE_PATH_SIZE];
    char shown[512];
    bool is_news = todo->failure != failure->number;
    todo->failure = failure->number;
    todo->text = failure->text;
    (void)store_put_todo(context->store, context->mirror, todo);
    if (!is_news)
        return;
    tree_shown_path(context, todo->key, path);
    log_line(LOG_LEVEL_WARNING, failure->number, context->name, "%s: %s",
             log_escape(path, shown, sizeof shown), failure->text);
}

/* The next sets may tell of the folder that is missing, or of the other half of a circle.
 * Said once: a full comparison that did not help is not repeated. */
static bool is_stray_for_long(const struct store_todo *todo)
{
    return (todo->failure == 74 && todo->attempts == RECORD_STRAY_SETS) ||
           (todo->failure == 84 && todo->attempts == RECORD_CIRCLE_SETS);
}

void record_problem(const struct sync_context *context, int64_t key,
                    const struct failure *failure, bool held)
{
    struct store_todo todo = record_find_todo(context, key);
    todo.held = held;
    todo.not_before = held ? 0 : clock_wall_ms() + facts_retry_delay_ms(todo.attempts);
    todo.attempts++;
    put_problem(context, &todo, failure);
    if (is_stray_for_long(&todo) && context->on_stray != NULL)
        context->on_stray(context->user);
}

void record_delay(const struct sync_context *context, int64_t key,
                  const struct failure *failure, int64_t delay_ms)
{
    struct store_todo todo = record_find_todo(context, key);
    todo.held = false;
    todo.not_before = clock_wall_ms() + delay_ms;
    put_problem(context, &todo, failure);
}

void record_waits(const struct sync_context *context, int64_t key,
                  const struct failure *failure)
{
    struct store_todo todo = record_find_todo(context, key);
    todo.held = false;
    todo.not_before = 0;
    put_problem(context, &todo, failure);
}

void record_waits_for_children(const struct sync_context *context, int64_t folder)
{
    struct store_base child;
    struct failure failure;
    int64_t after = 0;
    int number = 0;
    for (int i = 0; i < CHILDREN_ASKED && number == 0 &&
                    store_next_base_child(context->store, context->mirror, folder, &after,
                                          &child) == STORE_OK;
         i++)
        number = record_find_todo(context, child.key).failure;
    if (number == 0)
        return;
    (void)failure_set(&failure, FAILURE_ITEM, number, "%s",
                      _("what is in it cannot leave it now"));
    record_waits(context, folder, &failure);
}

bool record_waits_with(const struct sync_context *context, int64_t key, int64_t folder)
{
    const struct store_todo todo = record_find_todo(context, folder);
    int64_t wait = todo.not_before - clock_wall_ms();
    struct failure failure;
    if (todo.failure == 0 || (!todo.held && wait <= 0))
        return false;
    (void)failure_set(&failure, FAILURE_ITEM, todo.failure,
                      "its folder cannot be made here");
    if (todo.held)
        record_problem(context, key, &failure, true);
    else
        record_delay(context, key, &failure, wait);
    return true;
}
