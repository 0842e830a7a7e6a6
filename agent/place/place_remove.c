/* Files that the drive has no more (3.2): renamed into the kept area, compared there with
 * what the agent had put, and only then away, to the trash where there is one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

static const char not_removed[] = N_("not removed");
static const char kept_here[] = N_("kept in .drive-agent");

/* A person's after all: back under its name, or beside what has taken that. */
static void put_back(struct place_batch *batch, struct place_step *step, int folder,
                     const char *kept)
{
    const struct place_root *root = batch->root;
    int error = place_rename_new(root, root->work, kept, folder, step->name);
    step->result = PLACE_LEFT;
    if (error != EEXIST && error != 0) {
        place_fail_half_way(root, step, error, kept_here);
        return;
    }
    if (error == 0)
        return;
    error = place_keep_copy(root, kept, folder, step->name, step->copy_name);
    if (error == 0)
        step->result = PLACE_KEPT_COPY;
    else
        place_fail_half_way(root, step, error, kept_here);
}

/* Whether it is what we put there, as far as a look before the rename can tell; else the
 * step has its result. */
static bool may_go(struct place_batch *batch, struct place_step *step, int folder,
                   struct stat *out_seen)
{
    const struct place_root *root = batch->root;
    const struct disk *disk = root->disk;
    struct place_expect expect = place_expected(step);
    if (disk->stat_at(disk->user, folder, step->name, out_seen) != 0) {
        if (errno == ENOENT)
            step->result = PLACE_DONE;
        else
            place_fail(root, step, errno, not_removed);
        return false;
    }
    enum place_verdict verdict = PLACE_VERDICT_DIFFERENT;
    /* Only a folded name stands here: another item's file (F-43). */
    if (place_name_is_exact(root, folder, step->name))
        verdict = place_judge(root, folder, step->name, out_seen, &expect);
    if (verdict == PLACE_VERDICT_DIFFERENT) {
        step->result = PLACE_LEFT;
    } else if (verdict == PLACE_VERDICT_UNSURE) {
        step->result = errno == EBUSY ? PLACE_BUSY : PLACE_FAILED;
        (void)place_read_error(root, &step->failure, errno, step->folder, step->name);
    } else if (place_is_in_use(root, folder, step->name) == 1) {
        step->result = PLACE_BUSY;
        verdict = PLACE_VERDICT_UNSURE;
    }
    return verdict == PLACE_VERDICT_EQUAL;
}

static void take_away(struct place_batch *batch, struct place_step *step,
                      struct place_job *job, int folder)
{
    const struct place_root *root = batch->root;
    struct place_expect expect = place_expected(step);
    char kept[NAME_MAX_BYTES + 1];
    struct stat seen;
    if (!may_go(batch, step, folder, &seen))
        return;
    name_work_format_inode(kept, NAME_WORK_REMOVED, step->key, seen.st_ino);
    int error = place_take(root, folder, step->name, kept);
    if (error != 0) {
        if (error == ENOENT)
            step->result = PLACE_DONE;
        else
            place_fail(root, step, error, not_removed);
        return;
    }
    place_dirty_add_work(&batch->dirty);
    enum place_verdict verdict = place_judge(root, root->work, kept, &seen, &expect);
    if (verdict == PLACE_VERDICT_EQUAL &&
        root->disk->stat_at(root->disk->user, root->work, kept, &job->seen) != 0)
        verdict = PLACE_VERDICT_UNSURE;
    if (verdict == PLACE_VERDICT_EQUAL) {
        (void)snprintf(job->kept, sizeof job->kept, "%s", kept);
        step->result = PLACE_DONE;
    } else if (verdict == PLACE_VERDICT_DIFFERENT || errno == EBUSY) {
        put_back(batch, step, folder, kept);
    } else {
        place_fail_half_way(root, step, errno,
                            kept_here); /* F-16: the recovery finds out */
    }
}

void place_do_remove_file(struct place_batch *batch, struct place_step *step,
                          struct place_job *job)
{
    int folder = place_open_folder(batch, step, step->folder, not_removed);
    if (folder < 0) {
        if (step->result == PLACE_VANISHED)
            step->result = PLACE_DONE;
        return;
    }
    take_away(batch, step, job, folder);
    place_dirty_add(&batch->dirty, folder);
}

void place_note_removed(struct place_batch *batch, size_t end)
{
    const struct place_root *root = batch->root;
    size_t count = 0;
    for (size_t i = 0; i < end && root->trash; i++)
        count += batch->steps[i].op == PLACE_REMOVE_FILE && batch->jobs[i].kept[0] != '\0';
    if (count < PLACE_SYNC_MANY)
        return; /* each by itself, when its turn comes */
    for (size_t i = 0; i < end; i++)
        if (batch->steps[i].op == PLACE_REMOVE_FILE && batch->jobs[i].kept[0] != '\0')
            (void)place_trash_note(root, &batch->trash, batch->steps[i].folder,
                                   batch->steps[i].name, false, batch->jobs[i].trash);
    if (batch->trash.info < 0 || disk_sync_filesystem(root->disk, batch->trash.info) == 0)
        return;
    for (size_t i = 0; i < end; i++) {
        if (batch->jobs[i].trash[0] != '\0')
            place_trash_forget(root, &batch->trash, batch->jobs[i].trash);
        batch->jobs[i].trash[0] = '\0';
    }
}

/* False: it lies where it was, and nothing of it is noted. */
static bool put_into_trash(struct place_batch *batch, const struct place_step *step,
                           struct place_job *job)
{
    const struct place_root *root = batch->root;
    if (!root->trash ||
        (job->trash[0] == '\0' && !place_trash_note(root, &batch->trash, step->folder,
                                                    step->name, true, job->trash)))
        return false;
    bool is_put = place_trash_put(root, &batch->trash, job->kept, job->trash);
    job->trash[0] = '\0';
    return is_put;
}

void place_settle_removed(struct place_batch *batch, struct place_step *step,
                          struct place_job *job)
{
    const struct place_root *root = batch->root;
    const struct disk *disk = root->disk;
    enum place_verdict verdict = place_judge_kept(root, step, job);
    place_dirty_add_work(&batch->dirty);
    if (verdict == PLACE_VERDICT_EQUAL &&
        (put_into_trash(batch, step, job) ||
         disk->unlink(disk->user, root->work, job->kept, 0) == 0))
        return;
    if (job->trash[0] != '\0')
        place_trash_forget(root, &batch->trash, job->trash);
    if (verdict != PLACE_VERDICT_DIFFERENT) {
        place_fail_half_way(root, step, errno,
                            kept_here); /* F-16: the recovery finds out */
        return;
    }
    int folder = place_open_folder(batch, step, step->folder, kept_here);
    if (folder < 0) {
        place_fail_half_way(root, step, ENOENT, kept_here);
        return;
    }
    put_back(batch, step, folder, job->kept);
    place_dirty_add(&batch->dirty, folder);
}
