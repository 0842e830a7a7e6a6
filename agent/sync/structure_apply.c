/* The plan, carried out in waves. */
#include <stdio.h>
#include <string.h>

#include "agent/place/name.h"
#include "agent/sync/record.h"
#include "agent/sync/structure_parts.h"
#include "agent/words.h"

enum { WAVE_MAX = 128 };

enum way {
    WAY_FOUND,
    WAY_UNKNOWN, /* some folder does not stand */
    WAY_UNSURE,  /* leads through what this wave has touched: wait for its result */
};

/* Where folder `key` stands as far as the plan has been carried out. */
static enum way find_way(const struct structure *structure, int64_t key,
                         char out[TREE_PATH_SIZE])
{
    const struct sync_context *context = structure->context;
    char *start = out + TREE_PATH_SIZE - 1;
    *start = '\0';
    int64_t at = key;
    for (int depth = 0; at != context->root_item; depth++) {
        struct store_base base;
        struct plan_place place = {.parent = 0};
        size_t index = structure_find(structure, at);
        if (index != STRUCTURE_NOBODY) {
            place = structure->objects[index].now;
            if (structure->objects[index].wave == structure->wave)
                return WAY_UNSURE;
        } else if (store_get_base(context->store, at, &base) == STORE_OK) {
            place = (struct plan_place){base.parent, base.name};
        }
        char stage[NAME_MAX_BYTES + 1];
        bool is_staged = place.name != NULL && place.parent == STORE_STAGE;
        name_work_format(stage, NAME_WORK_STAGE, at);
        if (place.name == NULL || depth > TREE_MAX_DEPTH ||
            !tree_prepend(out, &start, is_staged ? stage : place.name))
            return WAY_UNKNOWN;
        if (is_staged) {
            if (!tree_prepend(out, &start, NAME_WORKING_FOLDER))
                return WAY_UNKNOWN;
            break;
        }
        at = place.parent;
    }
    memmove(out, start, strlen(start) + 1);
    return WAY_FOUND;
}

/* Building the steps. */

static enum place_op op_of(const struct structure *structure, const struct plan_step *step)
{
    switch (step->op) {
    case PLAN_STEP_MOVE:
        return PLACE_MOVE;
    case PLAN_STEP_STAGE:
        return PLACE_STAGE;
    case PLAN_STEP_UNSTAGE:
        return PLACE_UNSTAGE;
    case PLAN_STEP_MAKE:
        return PLACE_FOLDER;
    case PLAN_STEP_REMOVE:
        return structure->objects[step->node].kind == STORE_KIND_FOLDER
                   ? PLACE_REMOVE_FOLDER
                   : PLACE_REMOVE_FILE;
    }
    return PLACE_NOTHING;
}

/* Both ends of a step as texts. */
struct ends {
    char from[TREE_PATH_SIZE];
    char to[TREE_PATH_SIZE];
};

static enum way find_ends(const struct structure *structure, const struct plan_step *step,
                          struct ends *ends)
{
    const struct plan_place *now = &structure->objects[step->node].now;
    enum way way = WAY_FOUND;
    bool leaves = step->op == PLAN_STEP_MOVE || step->op == PLAN_STEP_STAGE ||
                  step->op == PLAN_STEP_REMOVE;
    bool arrives = step->op != PLAN_STEP_STAGE && step->op != PLAN_STEP_REMOVE;
    ends->from[0] = '\0';
    ends->to[0] = '\0';
    if (structure->objects[step->node].wave == structure->wave)
        return WAY_UNSURE;
    if (leaves && now->parent != STORE_STAGE)
        way = find_way(structure, now->parent, ends->from);
    else if (leaves)
        (void)snprintf(ends->from, sizeof ends->from, "%s", NAME_WORKING_FOLDER);
    if (way == WAY_FOUND && arrives)
        way = find_way(structure, structure->nodes[step->node].wanted.parent, ends->to);
    return way;
}

static void set_intent(const struct structure *structure, const struct plan_step *step,
                       struct batch_job *job)
{
    const struct plan_node *node = &structure->nodes[step->node];
    bool is_move = step->op == PLAN_STEP_MOVE || step->op == PLAN_STEP_UNSTAGE;
    job->intent.key = node->key;
    job->intent.parent = node->wanted.parent;
    job->intent.name = job->name;
    job->intent.size = STORE_UNKNOWN;
    if (is_move)
        job->intent.kind = STORE_INTENT_MOVE;
    else if (step->op == PLAN_STEP_MAKE)
        job->intent.kind = STORE_INTENT_PLACE;
}

static struct batch_job *build(struct structure *structure, const struct plan_step *step,
                               const struct ends *ends)
{
    const struct plan_node *node = &structure->nodes[step->node];
    const struct plan_place *now = &structure->objects[step->node].now;
    bool is_stage = step->op == PLAN_STEP_STAGE;
    bool only_leaves = is_stage || step->op == PLAN_STEP_REMOVE;
    char stage[NAME_MAX_BYTES + 1];
    const char *name = only_leaves ? now->name : node->wanted.name;
    name_work_format(stage, NAME_WORK_STAGE, node->key);
    if (only_leaves && now->parent == STORE_STAGE)
        name = stage; /* deleted while it waited for its place */
    struct batch_job *job =
        batch_job_new(BATCH_STEP, node->key, only_leaves ? ends->from : ends->to, name,
                      structure_on_step, structure);
    if (job == NULL)
        return NULL;
    struct store_base base;
    bool has_base = store_get_base(structure->context->store, node->key, &base) == STORE_OK;
    if ((has_base && !batch_job_base(job, &base)) ||
        ((step->op == PLAN_STEP_MOVE || is_stage) &&
         !batch_job_from(job, ends->from, now->name))) {
        batch_job_free(job);
        return NULL;
    }
    job->step.op = op_of(structure, step);
    set_intent(structure, step, job);
    return job;
}

/* As if it had gone well: what follows in the plan counts on it. */
static void note_step(struct structure *structure, const struct plan_step *step)
{
    struct structure_object *object = &structure->objects[step->node];
    object->wave = structure->wave;
    if (step->op == PLAN_STEP_STAGE)
        object->now = (struct plan_place){STORE_STAGE, ""};
    else if (step->op != PLAN_STEP_REMOVE)
        object->now = structure->nodes[step->node].wanted;
}

/* The nearest folder above that says why it does not come itself. */
static void wait_with_folder(const struct structure *structure, size_t index)
{
    int64_t key = structure->nodes[index].key;
    while (structure->nodes[index].under != 0) {
        int64_t folder = structure->nodes[index].under;
        if (record_waits_with(structure->context, key, folder))
            return;
        index = structure_find(structure, folder);
    }
}

/* A folder that is to go stays for what cannot leave it: that has said why. */
static void have_folders_wait(const struct structure *structure, size_t index)
{
    const struct sync_context *context = structure->context;
    int number = record_find_todo(context, structure->nodes[index].key).failure;
    struct failure failure;
    if (number == 0)
        return;
    (void)failure_set(&failure, FAILURE_ITEM, number, "%s",
                      _("what is in it cannot leave it now"));
    for (int64_t at = structure->nodes[index].inside; at != 0;) {
        const struct plan_node *folder = &structure->nodes[structure_find(structure, at)];
        if (folder->waits == 87 && record_find_todo(context, at).failure == 0)
            record_waits(context, at, &failure);
        at = folder->inside;
    }
}

static void report_one(struct structure *structure, size_t index)
{
    const struct sync_context *context = structure->context;
    const struct plan_node *node = &structure->nodes[index];
    struct failure failure;
    /* What goes, but cannot go yet, holds the place. */
    bool is_behind = node->waits == 87 && node->fate != PLAN_GOES;
    if (node->waits != 84 && node->waits != 43 && !is_behind)
        return;
    if (node->waits == 43 && record_yields(context, node->occupant)) {
        structure->result.done++;
        return;
    }
    (void)failure_set(&failure, FAILURE_ITEM, node->waits == 84 ? 84 : 43, "%s",
                      node->waits == 84
                          ? _("its folders lead in a circle; waiting for the drive")
                          : _("another item of the drive stands under this name"));
    if (is_behind)
        record_waits(context, node->key, &failure);
    else
        record_problem(context, node->key, &failure, false);
}

void structure_report_folders(const struct structure *structure)
{
    for (size_t i = 0; i < structure->count; i++) {
        const struct plan_node *node = &structure->nodes[i];
        if (!node->held && (node->waits == 73 || node->waits == 86))
            wait_with_folder(structure, i);
    }
}

/* What the plan could not deal with is said at the item, once the rest is done. */
static void report_waits(struct structure *structure)
{
    for (size_t i = 0; i < structure->count; i++) {
        if (!structure->nodes[i].held)
            report_one(structure, i);
    }
    structure_report_folders(structure);
    for (size_t i = 0; i < structure->count; i++) {
        int waits = structure->nodes[i].waits;
        if (waits != 0 && waits != 87)
            have_folders_wait(structure, i);
    }
}

/* The record goes once nothing of ours is in it. */
static void leave(struct structure *structure, const struct plan_step *step)
{
    int64_t key = structure->nodes[step->node].key;
    if (!record_leave(structure->context, key)) {
        structure->result.wants_again = true;
        return;
    }
    (void)store_drop_todo(structure->context->store, key);
    structure->result.done++;
    structure->next++;
}

bool structure_apply(struct structure *structure)
{
    struct ends ends;
    size_t added = 0;
    structure->wave++;
    while (structure->next < structure->end && added < WAVE_MAX) {
        const struct plan_step *step = &structure->plan.steps[structure->next];
        if (structure->objects[step->node].is_left) {
            if (structure->jobs == 0)
                leave(structure, step);
            return false;
        }
        enum way way = find_ends(structure, step, &ends);
        if (way == WAY_UNSURE)
            return false;
        struct batch_job *job = way == WAY_FOUND ? build(structure, step, &ends) : NULL;
        if (job == NULL) {
            structure->result.wants_again = true;
            return structure->jobs == 0;
        }
        note_step(structure, step);
        structure->next++;
        structure->jobs++;
        added++;
        batch_add(structure->context->batch, job);
    }
    if (structure->next < structure->end || structure->jobs > 0)
        return false;
    report_waits(structure);
    return true;
}
