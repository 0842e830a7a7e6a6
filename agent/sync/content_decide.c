/* What is to be done with one item of the queue. */
#include <stdlib.h>
#include <string.h>

#include "agent/clock.h"
#include "agent/sync/content_parts.h"
#include "agent/sync/facts.h"
#include "agent/sync/filter.h"
#include "agent/sync/record.h"
#include "agent/sync/row.h"
#include "agent/words.h"
#include "store/store_intent.h"

static void look(struct transfer *transfer);
static void decide(struct content *content, int64_t key, bool is_needed);

static void hold(struct content *content, int64_t key, int number, const char *why,
                 bool is_held)
{
    struct failure failure;
    if (content->mode == CONTENT_EARLY)
        return; /* the next page may change it */
    (void)failure_set(&failure, FAILURE_ITEM, number, "%s", why);
    record_problem(content->context, key, &failure, is_held);
    content->has_moved = true;
}

static void hold_by_id(struct content *content, int64_t key, int number, const char *why,
                       bool is_held)
{
    struct failure text;
    tree_reason(content->context, key, number, why, &text);
    hold(content, key, number, text.text, is_held);
}

/* F-95. What the listing said of it is more than is known here. */
static void hold_other(struct content *content, int64_t key)
{
    const struct sync_context *context = content->context;
    struct store_todo todo;
    int64_t after = key - 1;
    bool is_told = store_next_todo(context->store, context->mirror, INT64_MAX, true, &after,
                                   &todo) == STORE_OK &&
                   todo.key == key && todo.failure == 95 && todo.text != NULL;
    hold(content, key, 95, is_told ? todo.text : _("neither file nor folder: not mirrored"),
         true);
}

/* Never stood, and lies in a deleted folder: nothing is to be done for it any more. */
static void fall(struct content *content, int64_t key)
{
    const struct sync_context *context = content->context;
    const struct store_remote gone = {.key = key, .gone = true};
    (void)store_put_remote(context->store, context->mirror, &gone, false, NULL);
    (void)store_drop_intent(context->store, key);
    (void)store_drop_todo(context->store, key);
    content->has_moved = true;
}

/* Whether the tree above lets the item stand. `is_needed`: for what lies in it. */
static bool is_resolved(struct content *content, const struct store_remote *remote,
                        bool has_base, bool is_needed)
{
    const struct sync_context *context = content->context;
    int number = 0;
    switch (tree_resolve(context, remote->key, &number)) {
    case TREE_OK:
        return true;
    case TREE_PENDING:
        hold_by_id(content, remote->key, 74,
                   _("the drive has not told about its folder yet"), false);
        return false;
    case TREE_HELD:
        hold_by_id(content, remote->key, number, tree_why_held(number), number != 84);
        return false;
    case TREE_FILTERED:
        if (is_needed)
            return true;
        content_leave(content, remote->key, has_base);
        return false;
    case TREE_UNWANTED:
        content_leave(content, remote->key, has_base);
        return false;
    case TREE_GONE:
        if (!has_base && content->mode == CONTENT_FULL)
            fall(content, remote->key);
        return false;
    case TREE_FAILED:
        content->wants_again = true;
        return false;
    }
    return false;
}

bool content_take_version(struct transfer *transfer, const struct store_remote *remote)
{
    const char *version = facts_version(remote);
    free(transfer->id);
    free(transfer->name);
    free(transfer->version);
    free(transfer->address);
    transfer->address = NULL;
    transfer->id = strdup(remote->id);
    transfer->name = strdup(remote->name);
    transfer->version = version == NULL ? NULL : strdup(version);
    transfer->size = remote->size;
    transfer->mtime_ms = remote->mtime_ms;
    transfer->listed = remote->hash;
    transfer->is_large = remote->size == STORE_UNKNOWN || remote->size > FETCH_SMALL;
    return transfer->id != NULL && transfer->name != NULL &&
           (version == NULL || transfer->version != NULL);
}

/* A folder that waits itself, for its place, is tried in every round, and so is what
 * belongs in it. */
static void give_up_folder(struct transfer *transfer, int64_t parent)
{
    const struct sync_context *context = transfer->content->context;
    struct failure failure;
    if (record_waits_with(context, transfer->key, parent)) {
        content_end(transfer);
        return;
    }
    int number = record_find_todo(context, parent).failure;
    if (number != 0 && transfer->content->mode == CONTENT_FULL) {
        (void)failure_set(&failure, FAILURE_ITEM, number, "its folder cannot be made here");
        record_waits(context, transfer->key, &failure);
    }
    content_again(transfer);
}

/* The folder does not stand yet: it is made first, and its folders before it. */
static void wait_for_folder(struct transfer *transfer, int64_t parent)
{
    struct content *content = transfer->content;
    if (record_waits_with(content->context, transfer->key, parent)) {
        content_end(transfer);
        return;
    }
    if (content_find(content, parent) == NULL)
        decide(content, parent, true);
    if (content_find(content, parent) != NULL)
        content_wait(transfer, parent);
    else
        give_up_folder(transfer, parent); /* it could not even be begun */
}

static bool stands(const struct sync_context *context, int64_t folder)
{
    struct store_base base;
    return folder == context->root_item ||
           store_get_base(context->store, folder, &base) == STORE_OK;
}

/* The folder above that waits in the staging area by its record, but was removed here:
 * until it is made again at its place, nothing can be put into it. 0: none. */
static int64_t find_lost(const struct sync_context *context, int64_t folder)
{
    struct store_base base;
    for (int depth = 0; depth < TREE_MAX_DEPTH && folder != context->root_item; depth++) {
        if (store_get_base(context->store, folder, &base) != STORE_OK)
            return 0;
        if (base.parent == STORE_STAGE)
            return (base.flags & STORE_BASE_REMOVED) != 0 ? folder : 0;
        folder = base.parent;
    }
    return 0;
}

static void begin_new(struct transfer *transfer, int64_t parent, bool is_folder)
{
    const struct sync_context *context = transfer->content->context;
    int64_t lost = find_lost(context, parent);
    if (!stands(context, parent))
        wait_for_folder(transfer, parent);
    else if (lost != 0)
        give_up_folder(transfer, lost);
    else if (is_folder)
        content_make_folder(transfer);
    else
        look(transfer);
}

bool content_read_base(const struct sync_context *context, int64_t key,
                       struct store_base *out, bool *out_has_base)
{
    enum store_status status = store_get_base(context->store, key, out);
    *out_has_base = status == STORE_OK;
    return status == STORE_OK || status == STORE_NONE;
}

/* The other one cannot leave: then the new one says why it does not come (F-43). */
static void wait_for_place(struct content *content, int64_t key, int64_t other)
{
    const struct store_todo todo = record_find_todo(content->context, other);
    struct failure failure;
    bool is_retried = todo.not_before != 0 && todo.not_before <= clock_wall_ms();
    content->wants_again = true;
    if (content->mode != CONTENT_FULL || todo.failure == 0 || is_retried)
        return;
    if (record_yields(content->context, other)) {
        content->has_moved = true;
        return;
    }
    (void)failure_set(&failure, FAILURE_ITEM, 43, "%s",
                      _("another item of the drive stands under this name"));
    record_waits(content->context, key, &failure);
}

/* A new item whose place is still held by another: the other one goes or moves first. */
static bool is_place_taken(struct content *content, const struct store_remote *remote)
{
    const struct sync_context *context = content->context;
    struct store_base other;
    enum store_status status = store_find_base(context->store, context->mirror,
                                               remote->parent, remote->name, &other);
    if (status == STORE_NONE)
        return false;
    if (status != STORE_OK) {
        content->wants_again = true; /* not known: nothing is to be taken for a person's */
        return true;
    }
    struct store_remote rival;
    if ((other.flags & STORE_BASE_MOVED) != 0) {
        record_call_home(context,
                         other.key); /* a person put it there, the drive needs it */
        content->wants_again = true;
        content->has_moved = true;
        return true;
    }
    bool is_rival = store_get_remote(context->store, other.key, &rival) == STORE_OK &&
                    !rival.gone && facts_is_at_place(&other, &rival);
    if (is_rival && content->mode == CONTENT_FULL)
        content_ask_rival(content, remote->key, other.key);
    else
        wait_for_place(content, remote->key, other.key);
    return true;
}

static void begin(struct content *content, const struct store_remote *remote, bool is_new)
{
    struct transfer *transfer = content_begin(content, remote->key);
    if (transfer == NULL) {
        content->wants_again = true; /* the window is full, or memory is */
        return;
    }
    int64_t parent = remote->parent;
    bool is_folder = remote->kind == STORE_KIND_FOLDER;
    transfer->is_folder = is_folder;
    transfer->is_update = !is_new;
    if (!content_take_version(transfer, remote))
        content_again(transfer);
    else if (is_new)
        begin_new(transfer, parent, is_folder);
    else if (is_folder)
        content_make_folder(transfer); /* a person may have removed it (F-31) */
    else
        look(transfer);
}

static void decide_standing(struct content *content, const struct store_remote *remote,
                            const struct store_base *base)
{
    if (content->mode == CONTENT_EARLY || !facts_is_at_place(base, remote))
        return; /* sync/structure.h brings it to its place first */
    bool is_known = (base->flags & STORE_BASE_DOUBTFUL) == 0 && !content->restore;
    if (remote->kind == STORE_KIND_FOLDER && is_known) {
        record_settle(content->context, remote->key);
        return;
    }
    begin(content, remote, false);
}

static void decide(struct content *content, int64_t key, bool is_needed)
{
    const struct sync_context *context = content->context;
    struct store_remote remote;
    struct store_base base;
    bool has_base = false;
    if (store_get_remote(context->store, key, &remote) != STORE_OK)
        return;
    if (!content_read_base(context, key, &base, &has_base)) {
        content->wants_again = true;
        return;
    }
    if (remote.gone) {
        if (!has_base) {
            (void)store_drop_intent(context->store, key); /* F-109 */
            (void)store_drop_todo(context->store, key);
        }
        return;
    }
    if (!facts_is_mirrored(&remote)) {
        if (!has_base && remote.kind == STORE_KIND_OTHER)
            hold_other(content, key);
        return;
    }
    bool is_doubtful = has_base && (base.flags & STORE_BASE_DOUBTFUL) != 0;
    is_needed = is_needed || (is_doubtful && tree_is_needed(context, key));
    if (!is_resolved(content, &remote, has_base, is_needed))
        return;
    if (remote.malware) {
        hold(content, key, 119, _("the service has found malware in it and keeps it back"),
             true);
        return;
    }
    /* Resolving has used the store's room for texts. */
    if (store_get_remote(context->store, key, &remote) != STORE_OK)
        return;
    if (has_base && store_get_base(context->store, key, &base) == STORE_OK)
        decide_standing(content, &remote, &base);
    else if (!is_place_taken(content, &remote) &&
             store_get_remote(context->store, key, &remote) == STORE_OK)
        begin(content, &remote, true);
}

void content_decide(struct content *content, int64_t key)
{
    decide(content, key, false);
}

/* A page may have moved it while it waited, to a place that another still holds. */
static bool is_as_it_was(const struct transfer *transfer, const struct store_remote *remote)
{
    const struct sync_context *context = transfer->content->context;
    struct store_base other;
    return !remote->gone && remote->parent == transfer->waits_for &&
           store_find_base(context->store, context->mirror, remote->parent, remote->name,
                           &other) == STORE_NONE;
}

void content_decide_again(struct transfer *transfer)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_remote remote;
    struct store_base base;
    content_go_on(transfer);
    if (store_get_remote(context->store, transfer->key, &remote) != STORE_OK ||
        !is_as_it_was(transfer, &remote) ||
        store_get_base(context->store, transfer->key, &base) == STORE_OK ||
        !content_is_open(content)) {
        content_again(transfer);
        return;
    }
    int64_t parent = transfer->waits_for;
    if (stands(context, parent))
        begin_new(transfer, parent, transfer->is_folder);
    else
        give_up_folder(transfer, parent);
}

/* The eyes. */

static void record_found(struct transfer *transfer, const struct look_answer *seen)
{
    const struct sync_context *context = transfer->content->context;
    struct tree_place place;
    char path[TREE_PATH_SIZE];
    if (!tree_place_of(context, transfer->key, path, &place))
        return;
    const struct record_object object = {
        .key = transfer->key,
        .parent = place.parent,
        .kind = STORE_KIND_FILE,
        .name = place.name,
        .operation = "record",
        .version = transfer->version,
        .mtime_ms = transfer->mtime_ms,
        .size = seen->print.size,
        .hash = seen->hash.kind != 0 ? seen->hash : transfer->listed,
        .listed_size = STORE_UNKNOWN,
        .print = seen->print,
        .flags = seen->racy ? (unsigned)STORE_BASE_RACY : 0,
    };
    if (record_object(context, &object))
        transfer->content->wants_again = true;
}

static bool has_other_time(const struct transfer *transfer, const struct look_answer *seen)
{
    return transfer->mtime_ms != STORE_UNKNOWN &&
           seen->print.mtime_ns / 1000000000 != transfer->mtime_ms / 1000;
}

static void act(struct transfer *transfer, enum plan_action action,
                const struct look_answer *seen)
{
    const struct sync_context *context = transfer->content->context;
    switch (action) {
    case PLAN_NOTHING:
        if (has_other_time(transfer, seen)) {
            content_set_time(transfer, seen);
            return;
        }
        record_local(context, transfer->key, 0);
        break;
    case PLAN_RECORD:
        record_found(transfer, seen);
        if (has_other_time(transfer, seen)) {
            content_set_time(transfer, seen);
            return;
        }
        break;
    case PLAN_HOLD:
        record_problem(context, transfer->key, &seen->failure, false);
        break;
    case PLAN_LEAVE:
    case PLAN_FORGET:
    case PLAN_DELETE:
        record_local(context, transfer->key,
                     seen->fact == LOOK_MISSING ? STORE_BASE_REMOVED : STORE_BASE_EDITED);
        break;
    case PLAN_DOWNLOAD:
    case PLAN_KEEP_COPY_THEN_DOWNLOAD:
        content_ready(transfer);
        return;
    case PLAN_SET_ASIDE:
        content_set_aside(transfer);
        return;
    }
    content_end(transfer);
}

/* A page may have moved the item meanwhile: then this says nothing about it. */
static bool is_place_of(const struct sync_context *context, const struct batch_job *job)
{
    struct tree_place place;
    char path[TREE_PATH_SIZE];
    return tree_place_of(context, job->step.key, path, &place) &&
           strcmp(place.folder, job->folder) == 0 && strcmp(place.name, job->name) == 0;
}

static void on_looked(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_remote remote;
    struct store_base base;
    bool has_base = false;
    content->jobs--;
    if (!job->was_run || !is_place_of(context, job) ||
        store_get_remote(context->store, transfer->key, &remote) != STORE_OK ||
        remote.gone || !content_read_base(context, transfer->key, &base, &has_base) ||
        (has_base && !facts_is_at_place(&base, &remote))) {
        /* sync/structure.h takes away or moves what went or was moved meanwhile. */
        content_again(transfer);
        return;
    }
    if (job->answer.fact == LOOK_UNKNOWN && job->answer.failure.kind == FAILURE_NONE)
        (void)failure_set(&job->answer.failure, FAILURE_ITEM, 16, "cannot be read here");
    enum plan_remote side = facts_remote(has_base ? &base : NULL, &remote);
    bool is_restored =
        content->restore || (has_base && (base.flags & STORE_BASE_DOUBTFUL) != 0);
    if (side == PLAN_REMOTE_SAME && job->answer.fact == LOOK_MISSING && is_restored)
        side = PLAN_REMOTE_CHANGED; /* F-31 */
    act(transfer, plan_decide(side, job->answer.fact), &job->answer);
}

static void look(struct transfer *transfer)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_base base;
    struct tree_place place;
    char path[TREE_PATH_SIZE]; /* 64 KiB: not to be cleared for each look */
    if (!tree_place_of(context, transfer->key, path, &place)) {
        content_again(transfer);
        return;
    }
    struct batch_job *job = batch_job_new(BATCH_LOOK, transfer->key, place.folder,
                                          place.name, on_looked, transfer);
    bool has_base = false;
    if (job == NULL || !content_read_base(context, transfer->key, &base, &has_base) ||
        (has_base && !batch_job_base(job, &base))) {
        batch_job_free(job);
        content_again(transfer);
        return;
    }
    job->look.kind = STORE_KIND_FILE;
    job->look.remote_size = transfer->size;
    job->look.remote_hash = transfer->listed;
    transfer->stage = TRANSFER_LOOKING;
    content->jobs++;
    batch_add(context->batch, job);
}
