/* The place of one item: made, filled, dated, and what is in the way set aside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/place/name.h"
#include "agent/sync/content_parts.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"

enum { BUSY_DELAY_MS = 10 * 1000, SPACE_DELAY_MS = 60 * 1000 };

static void add(struct transfer *transfer, struct batch_job *job)
{
    struct content *content = transfer->content;
    transfer->stage = TRANSFER_PLACING;
    transfer->job = job;
    content->jobs++;
    batch_add(content->context->batch, job);
}

/* A step at the item's place, whose folder stands. NULL: not now. */
static struct batch_job *new_step(struct transfer *transfer, enum place_op op,
                                  batch_done_fn *done)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    struct tree_place place;
    char path[TREE_PATH_SIZE];
    if (store_get_remote(context->store, transfer->key, &remote) != STORE_OK ||
        remote.gone || !tree_place_of(context, transfer->key, path, &place))
        return NULL;
    struct batch_job *job =
        batch_job_new(BATCH_STEP, transfer->key, place.folder, place.name, done, transfer);
    if (job == NULL)
        return NULL;
    job->step.op = op;
    job->intent.parent = place.parent;
    return job;
}

static void set_intent(struct batch_job *job)
{
    job->intent.kind = STORE_INTENT_PLACE;
    job->intent.key = job->step.key;
    job->intent.name = job->name;
    job->intent.version = job->version;
    job->intent.size = job->step.size;
    job->intent.hash = job->step.hash;
}

/* What did not work with this step. True: the transfer has been dealt with. */
static bool has_failed(struct transfer *transfer, const struct batch_job *job)
{
    const struct sync_context *context = transfer->content->context;
    const struct failure *failure = &job->step.failure;
    struct failure busy;
    if (!job->was_run) {
        content_again(transfer);
        return true;
    }
    if (job->step.result == PLACE_BUSY) {
        (void)failure_set(&busy, FAILURE_ITEM, 29, "waiting: a program has it open");
        record_delay(context, transfer->key, &busy, BUSY_DELAY_MS);
        content_end(transfer);
        return true;
    }
    if (job->step.result != PLACE_FAILED)
        return false;
    if (failure->kind == FAILURE_RESOURCE)
        record_delay(context, transfer->key, failure, SPACE_DELAY_MS);
    else
        record_problem(context, transfer->key, failure, false);
    content_end(transfer);
    return true;
}

/* What stands in the way of a step: a name that clashes is held, a person's object of
 * another kind is set aside. */
static void give_way(struct transfer *transfer, const struct batch_job *job)
{
    const struct sync_context *context = transfer->content->context;
    struct failure failure = job->step.failure;
    if (failure.number == 43 || ++transfer->repeats > CONTENT_REPEATS) {
        if (failure.number != 43)
            (void)failure_set(&failure, FAILURE_ITEM, 28, "something else takes its place");
        record_problem(context, transfer->key, &failure, false);
        content_end(transfer);
        return;
    }
    content_set_aside(transfer);
}

/* A folder above is not there any more, though its record is: a person removed it, and the
 * drive has something new for it. All of the way is made again, then the item is decided
 * anew. */
static void on_way_clear(void *user, struct batch_job *job)
{
    struct content *content = user;
    content->jobs--;
    if (job->was_run && job->step.result == PLACE_KEPT_COPY)
        record_conflict(content->context, job->intent.key, job->folder, job->name,
                        job->step.copy_name);
}

/* A person's file stands where a folder of the way belongs: it becomes a conflict copy, and
 * the next try finds the place free (F-86). Or the way leads nowhere any more: the folder
 * goes again, those in it before it. */
static void clear_way(struct content *content, enum place_op op, int64_t key,
                      const struct batch_job *step)
{
    struct batch_job *job =
        batch_job_new(BATCH_STEP, 0, step->folder, step->name, on_way_clear, content);
    if (job == NULL)
        return;
    job->step.op = op;
    job->step.expect_kind = STORE_KIND_FOLDER; /* another item's try may have made it */
    job->intent.key = key; /* of kind NONE: only remembers whom it is for */
    content->jobs++;
    batch_add_first(content->context->batch, job);
}

/* A step of the way has ended. */
static void note_way(struct content *content, int64_t key, const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    if (!job->was_run)
        return;
    bool is_made = step->result == PLACE_DONE;
    if ((is_made || step->result == PLACE_ADOPTED) &&
        !record_remade(content->context, job->folder, job->name, &step->print) && is_made)
        clear_way(content, PLACE_REMOVE_FOLDER, key, job); /* moved meanwhile (F-32) */
    if (step->result == PLACE_OCCUPIED && step->failure.number != 43 &&
        content_is_open(content))
        clear_way(content, PLACE_ASIDE, key, job);
}

static void on_way(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    transfer->content->jobs--;
    note_way(transfer->content, transfer->key, job);
    if (job->was_run && job->step.result == PLACE_FAILED) {
        record_problem(transfer->content->context, transfer->key, &job->step.failure,
                       false);
        content_end(transfer);
        return;
    }
    if (transfer->is_folder)
        content_make_folder(transfer);
    else
        content_place(transfer);
}

static void on_way_step(void *user, struct batch_job *job)
{
    struct content *content = user;
    content->jobs--;
    note_way(content, job->intent.key, job);
}

/* Adds a step for the folder `path` and those above it, from the top. */
static bool add_way(struct transfer *transfer, char *path)
{
    struct content *content = transfer->content;
    for (char *slash = path;; slash++) {
        slash = strchr(slash, '/');
        if (slash != NULL)
            *slash = '\0';
        char copy[TREE_PATH_SIZE];
        const char *folder;
        (void)snprintf(copy, sizeof copy, "%s", path);
        const char *name = tree_split(copy, &folder);
        bool is_last = slash == NULL;
        struct batch_job *job = batch_job_new(BATCH_STEP, is_last ? transfer->key : 0,
                                              folder, name, is_last ? on_way : on_way_step,
                                              is_last ? (void *)transfer : (void *)content);
        if (job == NULL)
            return false;
        job->step.op = PLACE_FOLDER;
        job->intent.key = transfer->key;
        add(transfer, job);
        if (is_last)
            return true;
        *slash = '/';
    }
}

static void make_way(struct transfer *transfer, const char *folder)
{
    char path[TREE_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s", folder);
    /* sync/structure.h notices that a folder is gone which waits in the staging area. */
    if (*path == '\0' || tree_is_staged(path) || ++transfer->repeats > CONTENT_REPEATS ||
        !add_way(transfer, path))
        content_again(transfer);
}

/* Whether it stands where the drive has it, or may come there: a page may have moved it
 * meanwhile, or another there. */
static bool is_at_place_or_free(const struct transfer *transfer,
                                const struct store_remote *remote)
{
    const struct sync_context *context = transfer->content->context;
    struct store_base base;
    struct store_base other;
    enum store_status status = store_get_base(context->store, transfer->key, &base);
    if (status != STORE_NONE)
        return status == STORE_OK && facts_is_at_place(&base, remote);
    return store_find_base(context->store, context->mirror, remote->parent, remote->name,
                           &other) == STORE_NONE &&
           !content_is_being_taken(transfer, remote);
}

/* Folders. */

static void on_folder(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    content->jobs--;
    if (has_failed(transfer, job))
        return;
    if (job->step.result == PLACE_OCCUPIED) {
        give_way(transfer, job);
        return;
    }
    if (job->step.result == PLACE_VANISHED) {
        make_way(transfer, job->folder);
        return;
    }
    const struct record_object object = {
        .key = transfer->key,
        .parent = job->intent.parent,
        .kind = STORE_KIND_FOLDER,
        .name = job->name,
        .operation = "mkdir",
        .mtime_ms = STORE_UNKNOWN,
        .size = STORE_UNKNOWN,
        .listed_size = STORE_UNKNOWN,
        .print = job->step.print,
        .copy_name = job->step.copy_name,
        .done_at = job->step.durable_at,
    };
    bool is_doubtful = record_object(context, &object);
    context->status->done_items++;
    /* What was held because of it may be possible now. */
    content->wants_again = content->wants_again || is_doubtful || context->status->held > 0;
    content_end(transfer);
}

void content_make_folder(struct transfer *transfer)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    bool is_right = store_get_remote(context->store, transfer->key, &remote) == STORE_OK &&
                    is_at_place_or_free(transfer, &remote);
    struct batch_job *job = is_right ? new_step(transfer, PLACE_FOLDER, on_folder) : NULL;
    if (job == NULL) {
        content_again(transfer);
        return;
    }
    set_intent(job);
    add(transfer, job);
}

/* Files. */

static void record_file(struct transfer *transfer, const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    bool differs = (transfer->flags & STORE_BASE_DIFFERS) != 0;
    struct record_object object = {
        .key = transfer->key,
        .parent = job->intent.parent,
        .kind = STORE_KIND_FILE,
        .name = job->name,
        .operation = transfer->is_update ? "update" : "download",
        .version = transfer->version,
        .mtime_ms = transfer->mtime_ms,
        .size = step->size,
        .hash = step->hash,
        .listed_size = STORE_UNKNOWN,
        .print = step->print,
        .flags = transfer->flags | (step->racy ? (unsigned)STORE_BASE_RACY : 0),
        .copy_name = step->copy_name,
        .done_at = step->durable_at,
    };
    if (step->result == PLACE_ADOPTED)
        object.operation = "record";
    if (differs) {
        object.listed = transfer->listed;
        object.listed_size = transfer->size;
    }
    if (record_object(transfer->content->context, &object))
        transfer->content->wants_again = true;
}

static void on_placed(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    content->jobs--;
    /* The bytes come back for another try. */
    transfer->bytes = job->content;
    job->content = NULL;
    if (has_failed(transfer, job))
        return;
    switch (job->step.result) {
    case PLACE_OCCUPIED:
        give_way(transfer, job);
        return;
    case PLACE_VANISHED:
        make_way(transfer, job->folder);
        return;
    case PLACE_DONE:
    case PLACE_ADOPTED:
    case PLACE_KEPT_COPY:
        record_file(transfer, job);
        content->context->status->done_items++;
        content->context->status->recorded_bytes +=
            transfer->size > 0 ? (uint64_t)transfer->size : 0;
        content_end(transfer);
        return;
    case PLACE_PENDING:
    case PLACE_LEFT:
    case PLACE_BUSY:
    case PLACE_FAILED:
        content_again(transfer);
        return;
    }
}

/* Whether the drive still has the version that was fetched, at a place that is free and
 * wanted. */
static bool is_current(const struct transfer *transfer)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    int number = 0;
    return tree_resolve(context, transfer->key, &number) == TREE_OK &&
           store_get_remote(context->store, transfer->key, &remote) == STORE_OK &&
           !remote.gone && remote.kind == STORE_KIND_FILE &&
           facts_is_content(&remote, transfer->version, transfer->size,
                            &transfer->listed) &&
           is_at_place_or_free(transfer, &remote);
}

void content_place(struct transfer *transfer)
{
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_base base;
    if (!content_is_open(content)) {
        transfer->stage = TRANSFER_PARKED;
        return;
    }
    struct batch_job *job =
        is_current(transfer) ? new_step(transfer, PLACE_FILE, on_placed) : NULL;
    bool has_base = false;
    if (job == NULL || !content_read_base(context, transfer->key, &base, &has_base) ||
        (has_base && !batch_job_base(job, &base))) {
        batch_job_free(job);
        content_again(transfer); /* F-92 */
        return;
    }
    job->step.size = transfer->got_size;
    job->step.hash = transfer->got;
    job->step.mtime_ms = transfer->mtime_ms;
    job->content = transfer->bytes;
    job->step.content = transfer->bytes;
    job->version = transfer->version == NULL ? NULL : strdup(transfer->version);
    transfer->bytes = NULL;
    if (transfer->is_large) {
        name_work_format(job->partial, NAME_WORK_PARTIAL, transfer->key);
        job->step.partial = job->partial;
    }
    set_intent(job);
    add(transfer, job);
}

/* Times. */

static void on_timed(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    const struct sync_context *context = content->context;
    struct store_base base;
    content->jobs--;
    if (has_failed(transfer, job))
        return;
    if (job->step.result != PLACE_DONE ||
        store_get_base(context->store, transfer->key, &base) != STORE_OK) {
        content_again(transfer);
        return;
    }
    base.mtime_ms = transfer->mtime_ms;
    base.print = job->step.print;
    base.flags |= STORE_BASE_RACY;
    (void)store_put_base(context->store, context->mirror, &base);
    record_settle(context, transfer->key); /* the drive may have changed it meanwhile */
    content_end(transfer);
}

void content_set_time(struct transfer *transfer, const struct look_answer *seen)
{
    const struct sync_context *context = transfer->content->context;
    struct store_base base;
    struct batch_job *job = new_step(transfer, PLACE_TIMES, on_timed);
    if (job == NULL || store_get_base(context->store, transfer->key, &base) != STORE_OK ||
        !batch_job_base(job, &base)) {
        batch_job_free(job);
        content_again(transfer);
        return;
    }
    job->step.expect_print = seen->print;
    job->step.mtime_ms = transfer->mtime_ms;
    add(transfer, job);
}

/* What is in the way. */

static void on_aside(void *user, struct batch_job *job)
{
    struct transfer *transfer = user;
    struct content *content = transfer->content;
    content->jobs--;
    if (has_failed(transfer, job))
        return;
    if (job->step.result == PLACE_KEPT_COPY)
        record_conflict(content->context, transfer->key, job->folder, job->name,
                        job->step.copy_name);
    content->has_moved = true;
    content_again(transfer);
}

/* Not a person's: it goes or moves first. */
static bool is_of_another(const struct transfer *transfer)
{
    const struct sync_context *context = transfer->content->context;
    struct store_remote remote;
    struct store_base other;
    if (store_get_remote(context->store, transfer->key, &remote) != STORE_OK)
        return false;
    return (store_find_base(context->store, context->mirror, remote.parent, remote.name,
                            &other) == STORE_OK &&
            other.key != transfer->key) ||
           content_is_being_taken(transfer, &remote);
}

void content_set_aside(struct transfer *transfer)
{
    struct batch_job *job =
        is_of_another(transfer) ? NULL : new_step(transfer, PLACE_ASIDE, on_aside);
    if (job == NULL) {
        content_again(transfer);
        return;
    }
    job->step.expect_kind = transfer->is_folder ? STORE_KIND_FOLDER : STORE_KIND_FILE;
    add(transfer, job);
}
