/* Two live items of the drive at one place: one of them waits while the other may be
 * there without a record. If it stands it is presumed gone, its deletion record lost on the
 * way: the drive is asked (Graph: driveItem delta, deleted items). If both are there after
 * all the new one is held (F-43). */
#include <stdio.h>
#include <string.h>

#include "agent/place/name.h"
#include "agent/sync/content_parts.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"

/* Whatever the drive has said since of where the other one belongs. */
static bool is_with_hands(const struct transfer *transfer, const struct store_remote *place)
{
    const struct content *content = transfer->content;
    for (size_t i = 0; i < content->count; i++) {
        const struct transfer *rival = content->window[i];
        if (rival != transfer && rival->stage == TRANSFER_PLACING &&
            rival->job->intent.parent == place->parent &&
            strcmp(rival->job->name, place->name) == 0)
            return true;
    }
    return false;
}

bool content_is_being_taken(const struct transfer *transfer,
                            const struct store_remote *place)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote other;
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "%s", place->name);
    return is_with_hands(transfer, place) ||
           (batch_has_failed(context->batch) &&
            store_find_remote_child(context->store, place->parent, name, transfer->key,
                                    &other) == STORE_OK);
}

static void hold_new(struct transfer *transfer)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_ITEM, 43,
                      "another item of the drive stands under this name");
    record_problem(transfer->content->context, transfer->key, &failure, false);
    content_end(transfer);
}

/* Whether the drive still has the old one where it stands. */
static bool is_still_there(const struct sync_context *context, int64_t rival)
{
    struct store_remote remote;
    struct store_base base;
    return store_get_remote(context->store, rival, &remote) == STORE_OK && !remote.gone &&
           store_get_base(context->store, rival, &base) == STORE_OK &&
           facts_is_at_place(&base, &remote);
}

static void on_told(struct transfer *transfer, int status)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    const struct store_remote gone = {.key = transfer->asked, .gone = true};
    if (status == 404)
        (void)store_put_remote(context->store, context->mirror, &gone, true, NULL);
    if (is_still_there(context, gone.key)) {
        hold_new(transfer);
        return;
    }
    /* sync/structure.h hands its record over, or takes it away. */
    content->has_moved = true;
    content_again(transfer);
}

void content_ask_rival(struct content *content, int64_t key, int64_t rival)
{
    struct transfer *transfer = content_begin(content, key);
    if (transfer == NULL)
        content->wants_again = true;
    else if (!content_ask(transfer, rival, on_told))
        hold_new(transfer);
}
