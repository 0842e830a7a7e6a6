/* What was asked for by people: taken into a round, shown as a plan, answered. */
#include <stdlib.h>

#include "agent/sync/mirror_parts.h"

/* What is tried again later is not done either, whoever asked is to hear of it. */
uint64_t mirror_count_failed(const struct mirror *mirror)
{
    const struct sync_context *context = &mirror->context;
    uint64_t failed = 0;
    if (mirror->is_open &&
        store_count_failed(context->store, context->mirror, &failed) != STORE_OK)
        return mirror->status.held;
    return failed;
}

void mirror_answer(struct mirror *mirror, struct wish **wishes,
                   const struct failure *failure)
{
    struct wish *wish = *wishes;
    if (wishes == &mirror->running) {
        preview_cancel(mirror->preview);
        mirror->preview = NULL;
    }
    uint64_t failed = wish == NULL ? 0 : mirror_count_failed(mirror);
    *wishes = NULL;
    while (wish != NULL) {
        struct wish *next = wish->next;
        if (wish->request.done != NULL)
            wish->request.done(wish->request.user, failure, failed);
        free(wish);
        wish = next;
    }
}

/* Those that wait join those that a round before has not answered yet. */
struct round_request mirror_take_wishes(struct mirror *mirror)
{
    struct round_request request = {.full = mirror->is_enumeration_due};
    for (const struct wish *wish = mirror->waiting; wish != NULL; wish = wish->next)
        request.full = request.full || wish->request.full;
    struct wish **end = &mirror->running;
    while (*end != NULL)
        end = &(*end)->next;
    *end = mirror->waiting;
    mirror->waiting = NULL;
    request.only_listing = mirror->running != NULL;
    for (const struct wish *wish = mirror->running; wish != NULL; wish = wish->next) {
        request.restore = request.restore || wish->request.full;
        request.allow_big_delete =
            request.allow_big_delete || wish->request.allow_big_delete;
        request.only_listing = request.only_listing && wish->request.dry_run;
    }
    mirror->is_only_listing = request.only_listing;
    return request;
}

/* Answers those who asked; the rest can wait until now. */
static void end(struct mirror *mirror)
{
    struct failure failure = mirror->status.failure;
    mirror_answer(mirror, &mirror->running, &failure);
    mirror_check_once(mirror);
}

static void on_preview_line(void *user, const char *operation, const char *path,
                            int64_t bytes, bool is_restored, const struct failure *held)
{
    struct mirror *mirror = user;
    for (struct wish *wish = mirror->running; wish != NULL; wish = wish->next) {
        if (wish->request.dry_run && wish->request.on_plan_line != NULL &&
            (wish->request.full || !is_restored))
            wish->request.on_plan_line(wish->request.user, operation, path, bytes, held);
    }
}

static void on_previewed(void *user)
{
    struct mirror *mirror = user;
    mirror->preview = NULL;
    end(mirror);
    mirror_arm(mirror);
}

/* False: nobody wants to see the plan. */
static bool preview_wishes(struct mirror *mirror)
{
    bool is_wanted = false;
    bool is_full = false;
    for (const struct wish *wish = mirror->running; wish != NULL; wish = wish->next) {
        is_wanted = is_wanted || wish->request.dry_run;
        is_full = is_full || (wish->request.dry_run && wish->request.full);
    }
    if (is_wanted)
        mirror->preview =
            preview_start(&mirror->context, is_full, on_preview_line, on_previewed, mirror);
    return mirror->preview != NULL;
}

void mirror_end_wishes(struct mirror *mirror)
{
    if (!preview_wishes(mirror))
        end(mirror);
}
