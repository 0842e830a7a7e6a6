/* What came of a step: written down, or dealt with where it is a surprise. */
#include <stdio.h>
#include <string.h>

#include "agent/log.h"
#include "agent/sync/facts.h"
#include "agent/sync/record.h"
#include "agent/sync/remade.h"
#include "agent/sync/structure_parts.h"

enum { BUSY_DELAY_MS = 10 * 1000, SPACE_DELAY_MS = 60 * 1000 };

static void problem(struct structure *structure, int64_t key, const struct failure *failure)
{
    const struct sync_context *context = structure->context;
    if (failure->kind == FAILURE_RESOURCE)
        record_delay(context, key, failure, SPACE_DELAY_MS);
    else
        record_problem(context, key, failure, false);
}

static void busy(struct structure *structure, int64_t key)
{
    struct failure failure;
    (void)failure_set(&failure, FAILURE_ITEM, 29, "waiting: a program has it open");
    record_delay(structure->context, key, &failure, BUSY_DELAY_MS);
}

/* The outcome of a removal. */
static void on_removed(struct structure *structure, size_t index,
                       const struct place_step *step)
{
    const struct sync_context *context = structure->context;
    int64_t key = structure->nodes[index].key;
    struct store_base child;
    int64_t after = 0;
    if (structure->objects[index].kind == STORE_KIND_FOLDER &&
        store_next_base_child(context->store, context->mirror, key, &after, &child) ==
            STORE_OK) {
        /* Something of ours is in it still: its own step did not work, or a person moved
         * it here. */
        record_call_home(context, child.key);
        record_waits_for_children(context, key);
        structure->result.wants_again = true;
        return;
    }
    bool is_left = step->result != PLACE_DONE;
    if (step->copy_name[0] != '\0')
        record_conflict(context, key, step->folder, step->name, step->copy_name);
    if (is_left) {
        char shown[512];
        log_line(LOG_LEVEL_WARNING, 88, context->name,
                 "kept: deleted on the drive, but it has your changes: %s",
                 log_escape(step->name, shown, sizeof shown));
    }
    record_gone(context, key, is_left ? "leave" : "delete");
    structure->result.done++;
}

/* The record takes the place that the step leads to, if that is free of others. */
static bool move_record(struct structure *structure, size_t index,
                        const struct place_step *step)
{
    const struct sync_context *context = structure->context;
    int64_t key = structure->nodes[index].key;
    char staged_name[32];
    struct place_step moved = *step;
    if (step->op != PLACE_STAGE)
        return record_moved(context, key, structure->nodes[index].wanted.parent, step);
    (void)snprintf(staged_name, sizeof staged_name, "%lld", (long long)key);
    moved.name = staged_name;
    return record_moved(context, key, STORE_STAGE, &moved);
}

/* Whatever was to be moved is not there: a person took it away (F-31, F-32). Whether it is
 * wanted at its new place all the same is decided with the contents. */
static void on_vanished(struct structure *structure, size_t index,
                        const struct place_step *step)
{
    const struct sync_context *context = structure->context;
    const struct store_todo todo = {.key = structure->nodes[index].key};
    if (!move_record(structure, index, step)) {
        structure->result.wants_again = true;
        return;
    }
    if (step->op != PLACE_STAGE) {
        record_local(context, todo.key, STORE_BASE_REMOVED);
        (void)store_put_todo(context->store, context->mirror, &todo);
    }
    structure->result.done++;
}

static void on_moved(struct structure *structure, size_t index,
                     const struct place_step *step)
{
    if (!move_record(structure, index, step)) {
        structure->result.wants_again = true;
        return;
    }
    if (step->op != PLACE_STAGE)
        structure->context->status->done_items++;
    structure->result.done++;
}

static void on_made(struct structure *structure, size_t index, const struct batch_job *job)
{
    const struct record_object object = {
        .key = structure->nodes[index].key,
        .parent = structure->nodes[index].wanted.parent,
        .kind = STORE_KIND_FOLDER,
        .name = job->name,
        .operation = "mkdir",
        .mtime_ms = STORE_UNKNOWN,
        .size = STORE_UNKNOWN,
        .listed_size = STORE_UNKNOWN,
        .print = job->step.print,
        .copy_name = job->step.copy_name,
    };
    (void)record_object(structure->context, &object);
    structure->result.done++;
}

static void on_cleared(void *user, struct batch_job *job)
{
    struct structure *structure = user;
    if (job->was_run && job->step.result == PLACE_KEPT_COPY) {
        record_conflict(structure->context, job->intent.key, job->folder, job->name,
                        job->step.copy_name);
        structure->result.done++;
    }
    if (--structure->jobs == 0)
        structure_go_on(structure);
}

static void on_way_step(void *user, struct batch_job *job);

/* A folder of the way is made or goes again, those in it before it, or what stands in it is
 * set aside. `wanted`: of what kind the object is that belongs there; PENDING: not known.
 */
static bool add_job(struct structure *structure, enum place_op op, int64_t key,
                    const char *folder, const char *name, enum store_kind wanted)
{
    bool is_way = op == PLACE_FOLDER;
    batch_done_fn *done = is_way ? on_way_step : on_cleared;
    struct batch_job *job = batch_job_new(BATCH_STEP, 0, folder, name, done, structure);
    if (job == NULL)
        return false;
    job->step.op = op;
    job->step.expect_kind = wanted;
    job->intent.key = key; /* of kind NONE: only remembers whom it is for */
    structure->jobs++;
    if (is_way)
        batch_add(structure->context->batch, job);
    else
        batch_add_first(structure->context->batch, job);
    return true;
}

static void on_way_step(void *user, struct batch_job *job)
{
    struct structure *structure = user;
    enum place_result result = job->was_run ? job->step.result : PLACE_PENDING;
    bool is_others = result == PLACE_OCCUPIED && job->step.failure.number == 43;
    bool is_there = result == PLACE_DONE || result == PLACE_ADOPTED;
    bool is_known = is_there && record_remade(structure->context, job->folder, job->name,
                                              &job->step.print);
    bool leads_nowhere = result == PLACE_DONE && !is_known; /* moved meanwhile (F-32) */
    if (leads_nowhere)
        (void)add_job(structure, PLACE_REMOVE_FOLDER, job->intent.key, job->folder,
                      job->name, STORE_KIND_FOLDER);
    if (result == PLACE_DONE)
        structure->result.done++;
    if (result == PLACE_FAILED || is_others)
        problem(structure, job->intent.key, &job->step.failure);
    else if (result == PLACE_OCCUPIED)
        (void)add_job(structure, PLACE_ASIDE, job->intent.key, job->folder, job->name,
                      STORE_KIND_FOLDER); /* F-86 */
    if (--structure->jobs == 0)
        structure_go_on(structure);
}

/* A person's object at the target: it becomes a conflict copy, and the plan is made anew.
 * Another item's is none: its own step, planned before this one, was held up. */
static void clear_target(struct structure *structure, size_t index,
                         const struct batch_job *job)
{
    const struct sync_context *context = structure->context;
    int64_t key = structure->nodes[index].key;
    struct store_base other;
    if (store_find_base(context->store, context->mirror,
                        structure->nodes[index].wanted.parent, job->name,
                        &other) == STORE_OK &&
        other.key != key)
        return;
    if (job->step.failure.number == 43) {
        record_problem(context, key, &job->step.failure, false);
        return;
    }
    (void)add_job(structure, PLACE_ASIDE, key, job->folder, job->name, STORE_KIND_PENDING);
}

/* The folder that it goes to was removed here: it is made again, with all above it. */
static void make_way(struct structure *structure, const struct batch_job *job)
{
    char path[TREE_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s", job->folder);
    for (char *slash = path; *path != '\0'; slash++) {
        char copy[TREE_PATH_SIZE];
        const char *folder;
        slash = strchr(slash, '/');
        if (slash != NULL)
            *slash = '\0';
        (void)snprintf(copy, sizeof copy, "%s", path);
        const char *name = tree_split(copy, &folder);
        (void)add_job(structure, PLACE_FOLDER, job->intent.key, folder, name,
                      STORE_KIND_FOLDER);
        if (slash == NULL)
            return;
        *slash = '/';
    }
}

/* Whether every folder above is where the drive has it: one that is still to move, or
 * cannot be found any more, takes the way with it. */
static bool is_way_settled(const struct structure *structure, int64_t folder)
{
    const struct sync_context *context = structure->context;
    struct store_base base;
    struct store_remote remote;
    int64_t at = folder;
    for (int depth = 0; depth < TREE_MAX_DEPTH && at != context->root_item; depth++) {
        if (store_get_base(context->store, at, &base) != STORE_OK ||
            store_get_remote(context->store, at, &remote) != STORE_OK ||
            !facts_is_at_place(&base, &remote))
            return false;
        at = base.parent;
    }
    return true;
}

/* Another folder stands where the item was, and no record but the item's leads there: what
 * a person has put in its place, or one that was made again and not recorded. From here on
 * it is the item's, and a move of it is known again. */
static void take_other(const struct structure *structure, const struct batch_job *job)
{
    const struct sync_context *context = structure->context;
    struct store_base base;
    if (store_get_base(context->store, job->intent.key, &base) != STORE_OK ||
        base.kind != STORE_KIND_FOLDER)
        return;
    base.print = job->step.print;
    (void)store_put_base(context->store, context->mirror, &base);
}

/* Whether the record leads elsewhere by now: it was noticed meanwhile that a person has
 * moved it, or a folder above (F-32). That it is not where it was tells nothing then. */
static bool has_left(const struct structure *structure, const struct batch_job *job)
{
    char path[TREE_PATH_SIZE];
    const char *folder;
    if (job->from_folder == NULL)
        return false; /* from the staging area, by its key */
    if (!tree_standing(structure->context, job->intent.key, path))
        return true;
    const char *name = tree_split(path, &folder);
    return strcmp(folder, job->from_folder) != 0 || strcmp(name, job->from_name) != 0;
}

/* It stands where it was to go, and what stands where it was is a person's. */
static void on_moved_before(struct structure *structure, size_t index,
                            const struct place_step *step)
{
    struct place_step moved = *step;
    moved.print = step->expect_print;
    moved.racy = true; /* its ctime has changed unseen */
    on_moved(structure, index, &moved);
}

static void on_other(struct structure *structure, size_t index, const struct batch_job *job)
{
    /* After a failure it may be another item's, whose record does not lead there yet: the
     * recovery comes first. */
    bool is_doubtful = batch_has_failed(structure->context->batch);
    if (!is_doubtful && job->step.stands_there &&
        !remade_is_its_own(structure->context, job->intent.key)) {
        on_moved_before(structure, index, &job->step);
        return;
    }
    if (!is_doubtful)
        take_other(structure, job);
    structure->result.wants_again = true;
}

/* Either end of a move may be missing. The way to its target is made, for the next plan:
 * what this one was still to do has changed by then where things stand. */
static void on_missing(struct structure *structure, size_t index,
                       const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    bool is_known = !step->lacks_folder && !has_left(structure, job);
    if (is_known && step->has_other) {
        on_other(structure, index, job);
        return;
    }
    if (is_known) {
        on_vanished(structure, index, step);
        return;
    }
    if (step->lacks_folder &&
        is_way_settled(structure, structure->nodes[index].wanted.parent))
        make_way(structure, job);
    structure->result.wants_again = true;
}

static void on_surprise(struct structure *structure, size_t index,
                        const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    int64_t key = structure->nodes[index].key;
    switch (step->result) {
    case PLACE_VANISHED:
        on_missing(structure, index, job);
        return;
    case PLACE_OCCUPIED:
        clear_target(structure, index, job);
        break;
    case PLACE_BUSY:
        busy(structure, key);
        break;
    case PLACE_FAILED:
        problem(structure, key, &step->failure);
        break;
    case PLACE_PENDING:
    case PLACE_DONE:
    case PLACE_ADOPTED:
    case PLACE_KEPT_COPY:
    case PLACE_LEFT:
        break;
    }
    structure->result.wants_again = true;
}

static bool is_removal(const struct place_step *step)
{
    return step->op == PLACE_REMOVE_FILE || step->op == PLACE_REMOVE_FOLDER;
}

static void take_result(struct structure *structure, const struct batch_job *job)
{
    const struct place_step *step = &job->step;
    size_t index = structure_find(structure, job->intent.key);
    bool went_well = step->result == PLACE_DONE || step->result == PLACE_ADOPTED ||
                     step->result == PLACE_KEPT_COPY;
    if (is_removal(step) && (went_well || step->result == PLACE_LEFT))
        on_removed(structure, index, step);
    else if (went_well && step->op == PLACE_FOLDER)
        on_made(structure, index, job);
    else if (went_well)
        on_moved(structure, index, step);
    else
        on_surprise(structure, index, job);
}

void structure_on_step(void *user, struct batch_job *job)
{
    struct structure *structure = user;
    structure->jobs--;
    if (job->was_run) {
        take_result(structure, job);
    } else {
        structure->result.wants_again = true;
        if (job->failure.kind != FAILURE_CANCELLED)
            structure->result.failure = job->failure;
    }
    if (structure->jobs == 0)
        structure_go_on(structure);
}
