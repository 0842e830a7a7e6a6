/* New content under a final name (3.1, steps 5 to 7).
 *
 * What stands there is exchanged with the new version and looked at afterwards, so that no
 * edit can slip in between: what the agent put there itself goes away at the end of the
 * batch, anything else becomes a conflict copy. Without exchange the old file is renamed
 * away first, and the new one never takes anything's place. (To link the old file aside and
 * rename over it would leave no absence, but lose a file that a program renames there
 * between the two.) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/place/hash.h"
#include "agent/place/place_parts.h"
#include "agent/words.h"

enum { TRIES = 8 }; /* against somebody who makes and removes the name all the time */

static const char not_placed[] = N_("the new version was not placed");
static const char kept_here[] = N_("the version that stood there is kept in .drive-agent");

/* One file on its way to its name. */
struct placing {
    struct place_batch *batch;
    struct place_step *step;
    struct place_job *job;
    int folder;
    char partial[NAME_MAX_BYTES + 1];
    char displaced[NAME_MAX_BYTES + 1];
};

/* The print of what we put; one that never matches if a person was quicker. */
static void take_print(struct placing *placing)
{
    const struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    struct stat found;
    step->print = place_print(&placing->job->fresh);
    step->print.ctime_ns = 0;
    if (root->disk->stat_at(root->disk->user, placing->folder, step->name, &found) == 0 &&
        place_unmoved(&found, &placing->job->fresh))
        step->print = place_print(&found);
    step->racy = place_is_racy(root, &step->print);
}

static void placed(struct placing *placing)
{
    take_print(placing);
    placing->step->result =
        placing->step->copy_name[0] != '\0' ? PLACE_KEPT_COPY : PLACE_DONE;
    place_dirty_add_work(&placing->batch->dirty);
}

/* A person's version in the working folder gets its name beside the new one. */
static void keep_displaced(struct placing *placing)
{
    const struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    int error = place_keep_copy(root, placing->displaced, placing->folder, step->name,
                                step->copy_name);
    if (error == 0)
        step->result = PLACE_KEPT_COPY;
    else
        place_fail_half_way(root, step, error, kept_here);
}

/* It could not be read or removed, which says nothing about whose it is (F-16): the step
 * has failed, and while the records still have the old version the recovery finds out. */
static void leave_displaced(struct placing *placing, int error)
{
    place_fail_half_way(placing->batch->root, placing->step, error, kept_here);
}

/* Whose what came out of the name is; with an unclear verdict errno says why. `seen` is the
 * look before. */
static enum place_verdict judge_displaced(const struct placing *placing,
                                          const struct stat *seen)
{
    const struct place_root *root = placing->batch->root;
    struct place_expect expect = place_expected(placing->step);
    enum place_verdict verdict =
        place_judge(root, root->work, placing->displaced, seen, &expect);
    return verdict == PLACE_VERDICT_UNSURE && errno == EBUSY ? PLACE_VERDICT_DIFFERENT
                                                             : verdict;
}

/* What came out of the name: ours, to be dropped later, or a person's. */
static void look_at_displaced(struct placing *placing, const struct stat *seen)
{
    const struct place_root *root = placing->batch->root;
    struct place_job *job = placing->job;
    enum place_verdict verdict = judge_displaced(placing, seen);
    if (verdict == PLACE_VERDICT_EQUAL &&
        root->disk->stat_at(root->disk->user, root->work, placing->displaced, &job->seen) !=
            0)
        verdict = PLACE_VERDICT_UNSURE;
    if (verdict == PLACE_VERDICT_EQUAL)
        (void)snprintf(job->kept, sizeof job->kept, "%s", placing->displaced);
    else if (verdict == PLACE_VERDICT_DIFFERENT)
        keep_displaced(placing);
    else
        leave_displaced(placing, errno);
}

/* Neither the new version got the name nor the old one its name back. The recovery brings
 * ours home; a person's is shown to him at once. */
static void strand_displaced(struct placing *placing, const struct stat *seen, int error)
{
    if (judge_displaced(placing, seen) != PLACE_VERDICT_DIFFERENT) {
        leave_displaced(placing, error);
        return;
    }
    keep_displaced(placing);
    if (placing->step->result == PLACE_KEPT_COPY)
        placing->step->result = PLACE_PENDING; /* the new version is still to be placed */
}

/* 0, or an errno: ENOENT, nothing stands there any more; EINVAL, no exchange here. The
 * partial takes the name of a displaced file first, since after the exchange that is what
 * lies there. */
static int exchange(struct placing *placing)
{
    const struct place_root *root = placing->batch->root;
    const struct disk *disk = root->disk;
    if (!root->has_exchange)
        return EINVAL;
    int error = place_rename_new(root, root->work, placing->partial, root->work,
                                 placing->displaced);
    if (error != 0)
        return error == EEXIST ? EBUSY : error;
    if (disk->rename(disk->user, root->work, placing->displaced, placing->folder,
                     placing->step->name, RENAME_EXCHANGE) == 0)
        return 0;
    error = errno;
    int back = place_rename_new(root, root->work, placing->displaced, root->work,
                                placing->partial);
    return back == 0 ? error : back;
}

/* The same in two steps, with a short absence. EEXIST: a person was quicker; what was
 * renamed away has been looked at, too. */
static int replace(struct placing *placing, const struct stat *seen)
{
    const struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    int error = place_take(root, placing->folder, step->name, placing->displaced);
    if (error != 0)
        return error;
    error =
        place_rename_new(root, root->work, placing->partial, placing->folder, step->name);
    if (error == 0) {
        placed(placing);
        look_at_displaced(placing, seen);
        return 0;
    }
    int back =
        place_rename_new(root, root->work, placing->displaced, placing->folder, step->name);
    if (back != 0)
        strand_displaced(placing, seen, error);
    return error;
}

static int put_over(struct placing *placing, const struct stat *seen)
{
    int error = exchange(placing);
    if (error == EINVAL || error == ENOSYS || error == EOPNOTSUPP)
        return replace(placing, seen);
    if (error != 0)
        return error;
    placed(placing);
    look_at_displaced(placing, seen);
    return 0;
}

/* It could not be read: it may be the wanted content or not (F-16). But what changes, went
 * or became something else meanwhile is a person's. */
static bool says_nothing(int error)
{
    return error != 0 && error != EBUSY && error != ENOENT && error != EISDIR;
}

/* The wanted content stands there: synced, since a person may have written it. */
static bool adopt(struct placing *placing, const struct stat *found)
{
    struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    struct place_hashing hashing = {.count = 1, .kinds = {step->hash.kind}};
    if (!S_ISREG(found->st_mode) || found->st_size != step->size || step->hash.kind == 0)
        return false;
    int unread = place_hash_file(root, placing->folder, step->name, &hashing);
    if (says_nothing(unread)) {
        step->result = PLACE_FAILED;
        (void)place_read_error(root, &step->failure, unread, step->folder, step->name);
        return true;
    }
    if (unread != 0 || !hash_equal(&hashing.hashes[0], &step->hash))
        return false;
    int fd = disk_open(root->disk, placing->folder, step->name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0)
        return false;
    int result = disk_sync(root->disk, fd);
    int error = errno;
    disk_close(root->disk, fd);
    if (result != 0) {
        place_fail(root, step, error, N_("not known to last"));
        return true;
    }
    step->print = place_print(&hashing.found);
    step->racy = place_is_racy(root, &step->print);
    step->result = PLACE_ADOPTED;
    place_drop_partial(root, step->key);
    return true;
}

/* Whether what stands there settles the step without a rename. */
static bool is_settled(struct placing *placing, const struct stat *found)
{
    const struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    if (S_ISDIR(found->st_mode)) {
        step->result = PLACE_OCCUPIED;
        return true;
    }
    if (!S_ISREG(found->st_mode) && !S_ISLNK(found->st_mode)) {
        place_fail(root, step, ENXIO, not_placed); /* F-54 */
        return true;
    }
    if (!place_name_is_exact(root, placing->folder, step->name)) {
        place_clash(step, not_placed);
        return true;
    }
    struct place_expect expect = place_expected(step);
    struct store_print print = place_print(found);
    bool is_as_left =
        expect.present && expect.trust_print && place_print_equal(&print, &expect.print);
    if (!is_as_left && adopt(placing, found))
        return true;
    if (placing->job->is_missing) {
        place_fail(root, step, ENODATA, not_placed);
        return true;
    }
    if (S_ISREG(found->st_mode) &&
        place_is_in_use(root, placing->folder, step->name) == 1) {
        step->result = PLACE_BUSY;
        return true;
    }
    return false;
}

/* One try. 0: the step has its result; else an errno, ENOENT and EEXIST of a race. */
static int try_to_place(struct placing *placing)
{
    const struct place_root *root = placing->batch->root;
    struct place_step *step = placing->step;
    struct stat found;
    if (root->disk->stat_at(root->disk->user, placing->folder, step->name, &found) == 0)
        return is_settled(placing, &found) ? 0 : put_over(placing, &found);
    if (errno != ENOENT)
        return errno;
    if (placing->job->is_missing) {
        place_fail(root, step, ENODATA, not_placed);
        return 0;
    }
    int error =
        place_rename_new(root, root->work, placing->partial, placing->folder, step->name);
    if (error == 0)
        placed(placing);
    return error;
}

void place_do_file(struct place_batch *batch, struct place_step *step,
                   struct place_job *job)
{
    struct placing placing = {.batch = batch, .step = step, .job = job};
    name_work_format(placing.partial, NAME_WORK_PARTIAL, step->key);
    name_work_format_inode(placing.displaced, NAME_WORK_DISPLACED, step->key,
                           job->fresh.st_ino);
    placing.folder = place_open_folder(batch, step, step->folder, not_placed);
    if (placing.folder < 0)
        return;
    int error = EAGAIN;
    for (int i = 0; i < TRIES && step->result == PLACE_PENDING; i++) {
        error = try_to_place(&placing);
        if (error != ENOENT && error != EEXIST)
            break;
    }
    if (step->result == PLACE_PENDING)
        place_fail(batch->root, step, error == ENOENT || error == EEXIST ? EAGAIN : error,
                   not_placed);
    place_dirty_add(&batch->dirty, placing.folder);
}

void place_settle_file(struct place_batch *batch, struct place_step *step,
                       struct place_job *job)
{
    const struct place_root *root = batch->root;
    struct placing placing = {.batch = batch, .step = step, .job = job};
    enum place_verdict verdict = place_judge_kept(root, step, job);
    place_dirty_add_work(&batch->dirty);
    if (verdict == PLACE_VERDICT_EQUAL &&
        root->disk->unlink(root->disk->user, root->work, job->kept, 0) == 0)
        return;
    if (verdict != PLACE_VERDICT_DIFFERENT) {
        leave_displaced(&placing, errno);
        return;
    }
    (void)snprintf(placing.displaced, sizeof placing.displaced, "%s", job->kept);
    placing.folder = place_open_folder(batch, step, step->folder, kept_here);
    if (placing.folder < 0) {
        leave_displaced(&placing, ENOENT);
        return;
    }
    keep_displaced(&placing);
    place_dirty_add(&batch->dirty, placing.folder);
}

/* Answers whether the file is as we left it. */
static bool is_as_left(const struct place_root *root, const struct place_step *step,
                       int folder, const struct stat *found)
{
    struct place_expect expect = place_expected(step);
    return S_ISREG(found->st_mode) &&
           place_judge(root, folder, step->name, found, &expect) == PLACE_VERDICT_EQUAL;
}

void place_do_times(struct place_batch *batch, struct place_step *step)
{
    static const char outcome[] = N_("its time was not set");
    const struct place_root *root = batch->root;
    const struct disk *disk = root->disk;
    int folder = place_open_folder(batch, step, step->folder, outcome);
    if (folder < 0)
        return;
    struct stat found;
    if (disk->stat_at(disk->user, folder, step->name, &found) != 0) {
        if (errno == ENOENT)
            step->result = PLACE_VANISHED;
        else
            place_fail(root, step, errno, outcome);
    } else if (!is_as_left(root, step, folder, &found)) {
        step->result = PLACE_LEFT;
    } else if (disk->set_mtime_at(disk->user, folder, step->name, step->mtime_ms) != 0 ||
               disk->stat_at(disk->user, folder, step->name, &found) != 0) {
        place_fail(root, step, errno, outcome);
    } else {
        step->print = place_print(&found);
        /* An edit just before the time was set would not show in it. */
        step->racy = true;
        step->result = PLACE_DONE;
    }
    disk_close(disk, folder);
}
