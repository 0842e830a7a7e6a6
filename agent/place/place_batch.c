/* A batch: the new content made durable together, the steps in their order, each folder
 * synced once, then away with what was displaced (3.1, "Batches"). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "agent/clock.h"
#include "agent/place/place_parts.h"
#include "agent/words.h"

int place_open_path(const struct place_root *root, const char *folder)
{
    return disk_open(root->disk, root->fd, folder, O_RDONLY | O_DIRECTORY, 0);
}

int place_open_folder(struct place_batch *batch, struct place_step *step,
                      const char *folder, const char *outcome)
{
    int fd = place_open_path(batch->root, folder);
    if (fd >= 0)
        return fd;
    if (errno == ENOENT || errno == ENOTDIR) /* F-86: a file stands on the way to it */
        step->result = PLACE_VANISHED;
    else {
        step->result = PLACE_FAILED;
        (void)place_error(batch->root, &step->failure, errno, folder, "", outcome);
    }
    return -1;
}

static void carry_out(struct place_batch *batch, size_t index)
{
    struct place_step *step = &batch->steps[index];
    struct place_job *job = &batch->jobs[index];
    switch (step->op) {
    case PLACE_NOTHING:
        step->result = PLACE_DONE;
        break;
    case PLACE_FOLDER:
        place_do_folder(batch, step);
        break;
    case PLACE_FILE:
        place_do_file(batch, step, job);
        break;
    case PLACE_MOVE:
        place_do_move(batch, step);
        break;
    case PLACE_STAGE:
        place_do_stage(batch, step);
        break;
    case PLACE_UNSTAGE:
        place_do_unstage(batch, step);
        break;
    case PLACE_REMOVE_FILE:
        place_do_remove_file(batch, step, job);
        break;
    case PLACE_REMOVE_FOLDER:
        place_do_remove_folder(batch, step);
        break;
    case PLACE_TIMES:
        place_do_times(batch, step);
        break;
    case PLACE_ASIDE:
        place_do_aside(batch, step);
        break;
    }
}

/* Carries out the first `end` steps; answers how many were begun. */
static size_t carry_out_all(struct place_batch *batch, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        if (batch->steps[i].result == PLACE_PENDING)
            carry_out(batch, i);
        if (place_stops(&batch->steps[i]))
            return i + 1;
    }
    return end;
}

static void settle_all(struct place_batch *batch, size_t end)
{
    place_note_removed(batch, end);
    for (size_t i = 0; i < end; i++) {
        if (batch->jobs[i].kept[0] == '\0')
            continue;
        if (batch->steps[i].op == PLACE_REMOVE_FILE)
            place_settle_removed(batch, &batch->steps[i], &batch->jobs[i]);
        else
            place_settle_file(batch, &batch->steps[i], &batch->jobs[i]);
    }
}

/* F-06: where a folder could not be synced, nothing of the batch is known to last (P-3). */
static void withdraw(struct place_batch *batch, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        struct place_step *step = &batch->steps[i];
        bool claims = step->result == PLACE_DONE || step->result == PLACE_ADOPTED ||
                      (step->result == PLACE_KEPT_COPY && step->op != PLACE_REMOVE_FILE);
        if (claims)
            place_fail_half_way(batch->root, step, batch->dirty.error,
                                N_("not known to last"));
    }
}

static enum failure_kind first_stop(const struct place_batch *batch,
                                    struct failure *failure)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (!place_stops(&batch->steps[i]))
            continue;
        *failure = batch->steps[i].failure;
        return failure->kind;
    }
    return FAILURE_NONE;
}

static void note_durable(struct place_batch *batch, size_t end)
{
    int64_t now = clock_wall_ms();
    for (size_t i = 0; i < end; i++)
        batch->steps[i].durable_at = now;
}

/* What came as bytes comes again with the next try. */
static void drop_unused(struct place_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct place_step *step = &batch->steps[i];
        bool is_used = step->result == PLACE_DONE || step->result == PLACE_ADOPTED ||
                       step->result == PLACE_KEPT_COPY;
        if (step->op == PLACE_FILE && step->partial == NULL && !is_used)
            place_drop_partial(batch->root, step->key);
    }
}

static void run_batch(struct place_batch *batch)
{
    size_t end = place_prepare_files(batch);
    end = carry_out_all(batch, end);
    place_dirty_flush(&batch->dirty);
    /* Only what is durably replaced is dropped. */
    if (batch->dirty.error == 0) {
        note_durable(batch, end);
        settle_all(batch, end);
    }
    place_dirty_flush(&batch->dirty);
    if (batch->dirty.error != 0)
        withdraw(batch, end);
    drop_unused(batch);
}

enum failure_kind place_run(struct place_root *root, struct place_step *steps, size_t count,
                            struct failure *failure)
{
    struct failure unwanted;
    if (failure == NULL)
        failure = &unwanted;
    for (size_t i = 0; i < count; i++) {
        steps[i].result = PLACE_PENDING;
        steps[i].print = (struct store_print){0};
        steps[i].racy = false;
        steps[i].copy_name[0] = '\0';
        steps[i].durable_at = 0;
        steps[i].failure = (struct failure){.kind = FAILURE_NONE};
    }
    enum failure_kind kind = place_confirm(root, failure);
    if (kind != FAILURE_NONE || count == 0)
        return kind;
    struct place_batch batch = {
        .root = root,
        .steps = steps,
        .count = count,
        .jobs = calloc(count, sizeof *batch.jobs),
        .dirty = {.root = root},
    };
    if (batch.jobs == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
    place_trash_init(&batch.trash);
    run_batch(&batch);
    place_trash_close(root, &batch.trash);
    free(batch.jobs);
    return first_stop(&batch, failure);
}
