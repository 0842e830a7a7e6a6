/* Renames: within the mirror, into the staging area and out of it, and out of the way.
 * Never over anything; what was moved before a kill is recognised by its inode (P-5). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

static const char not_moved[] = N_("not moved");

/* Where a rename leads; descriptors are the mover's. */
struct moving {
    struct place_batch *batch;
    struct place_step *step;
    int from;
    const char *from_name;
    int to;
    const char *to_name;
};

static int stat_at(const struct moving *moving, int folder, const char *name,
                   struct stat *out)
{
    const struct disk *disk = moving->batch->root->disk;
    return disk->stat_at(disk->user, folder, name, out);
}

static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}

/* The new print, where the object was as recorded until the rename, which changes nothing
 * but the ctime. An edited one keeps the old print, so that the edit is still seen. */
static void take_print(const struct moving *moving, const struct stat *before)
{
    struct place_step *step = moving->step;
    struct store_print print = place_print(before);
    struct stat after;
    step->print = step->expect_print;
    step->racy = (step->expect_flags & STORE_BASE_RACY) != 0;
    if (stat_at(moving, moving->to, moving->to_name, &after) != 0)
        return;
    bool is_as_left =
        place_print_equal(&print, &step->expect_print) && place_unmoved(before, &after);
    if (S_ISDIR(after.st_mode) || is_as_left) {
        step->print = place_print(&after);
        step->racy = step->racy || place_is_racy(moving->batch->root, &step->print);
    }
}

/* An inode may have been given anew, that of a folder also to a file. */
static bool is_expected(const struct moving *moving, const struct stat *found)
{
    const struct place_step *step = moving->step;
    bool is_folder = step->expect_kind == STORE_KIND_FOLDER;
    bool is_of_kind =
        step->expect_kind == STORE_KIND_PENDING || S_ISDIR(found->st_mode) == is_folder;
    return step->expect_present && is_of_kind &&
           found->st_ino == step->expect_print.inode &&
           found->st_dev == step->expect_print.device;
}

/* Whether the step was done before: its object stands at the target. */
static bool is_done(const struct moving *moving)
{
    struct place_step *step = moving->step;
    struct stat found;
    if (stat_at(moving, moving->to, moving->to_name, &found) != 0 ||
        !is_expected(moving, &found))
        return false;
    struct store_print print = place_print(&found);
    /* In the staging area the name tells as well, whatever has become of it. */
    if (S_ISREG(found.st_mode) && moving->to != moving->batch->root->work &&
        !place_is_object(&step->expect_print, &print, STORE_KIND_FILE))
        return false;
    step->print = S_ISDIR(found.st_mode) ? print : step->expect_print;
    step->racy = true; /* its ctime has changed unseen */
    step->result = PLACE_DONE;
    return true;
}

/* What was taken into the working folder goes back, or beside what has taken its place
 * since. 0, or an errno: the recovery is to bring it home. */
static int bring_back(const struct moving *moving, const char *transit)
{
    const struct place_root *root = moving->batch->root;
    int error =
        place_rename_new(root, root->work, transit, moving->from, moving->from_name);
    if (error != EEXIST)
        return error;
    return place_keep_copy(root, transit, moving->from, moving->from_name,
                           moving->step->copy_name);
}

/* By way of the working folder, under a name that recovery leads back from. 0, or an
 * errno. */
static int move_through(const struct moving *moving, uint64_t inode)
{
    const struct place_root *root = moving->batch->root;
    struct place_step *step = moving->step;
    char transit[NAME_MAX_BYTES + 1];
    name_work_format_inode(transit, NAME_WORK_REMOVED, step->key, inode);
    int error = place_take(root, moving->from, moving->from_name, transit);
    if (error != 0)
        return error;
    place_dirty_add_work(&moving->batch->dirty);
    error = place_rename_new(root, root->work, transit, moving->to, moving->to_name);
    if (error == 0)
        return 0;
    int back = bring_back(moving, transit);
    return back == 0 ? error : back;
}

/* Source and target are one object. On a file system that folds case they are two spellings
 * of one name (F-44). Elsewhere they are two names of one file, by a hard link that a kill
 * left or a person made: to drop the first is the move. */
static int move_onto_itself(const struct moving *moving, const struct stat *object)
{
    const struct place_root *root = moving->batch->root;
    const struct disk *disk = root->disk;
    char transit[NAME_MAX_BYTES + 1];
    if (moving->from == root->work)
        return disk->unlink(disk->user, root->work, moving->from_name, 0) == 0 ? 0 : errno;
    if (root->folds_case)
        return move_through(moving, object->st_ino);
    if (!S_ISREG(object->st_mode) || object->st_nlink < 2)
        return EEXIST;
    name_work_format_inode(transit, NAME_WORK_REMOVED, moving->step->key, object->st_ino);
    int error = place_take(root, moving->from, moving->from_name, transit);
    if (error != 0)
        return error;
    struct stat taken;
    place_dirty_add_work(&moving->batch->dirty);
    if (disk->stat_at(disk->user, root->work, transit, &taken) == 0 &&
        is_same(&taken, object))
        return disk->unlink(disk->user, root->work, transit, 0) == 0 ? 0 : errno;
    /* A program renamed its version there just now. */
    int back = bring_back(moving, transit);
    return back == 0 ? EEXIST : back;
}

/* 0, or why another object is not moved in place of one of ours: a link where a folder was
 * is held as it stands (F-50), anything else there means that the folder is gone; so does a
 * folder where a file was, which may be another item's by now. */
static int refuse_source(const struct place_step *step, const struct stat *object)
{
    bool was_file = step->expect_kind == STORE_KIND_FILE && step->op != PLACE_UNSTAGE;
    if (was_file && S_ISDIR(object->st_mode))
        return ENOENT;
    if (step->expect_kind != STORE_KIND_FOLDER || S_ISDIR(object->st_mode))
        return 0;
    return S_ISLNK(object->st_mode) ? ELOOP : ENOENT;
}

/* 0, or an errno. */
static int rename_object(const struct moving *moving, const struct stat *object)
{
    const struct place_root *root = moving->batch->root;
    struct stat target;
    int error;
    if (moving->to == root->work)
        return place_take(root, moving->from, moving->from_name, moving->to_name);
    bool is_visible = moving->from != root->work;
    if (root->has_noreplace || !is_visible || S_ISDIR(object->st_mode))
        error = place_rename_new(root, moving->from, moving->from_name, moving->to,
                                 moving->to_name);
    else if (stat_at(moving, moving->to, moving->to_name, &target) == 0)
        error = EEXIST;
    else
        error = move_through(moving, object->st_ino);
    if (error == EEXIST && stat_at(moving, moving->to, moving->to_name, &target) == 0 &&
        is_same(object, &target))
        error = move_onto_itself(moving, object);
    return error;
}

/* Whether another folder than the recorded one stands where the item was. It may be the
 * item's, made again or by a person, or another's: until the records tell which, it stays,
 * since none could tell after a kill that it has been moved. */
static bool is_other_folder(const struct moving *moving, const struct stat *source)
{
    const struct place_step *step = moving->step;
    return step->op == PLACE_MOVE && step->expect_kind == STORE_KIND_FOLDER &&
           S_ISDIR(source->st_mode) && !is_expected(moving, source);
}

/* Whether the target may tell that it was done: nothing of ours is at the source, where
 * after a kill in the middle of a swap another object may stand. None comes to stand in the
 * staging area: what is there is what stood at the item's place, and is to come out. */
static bool may_be_done(const struct moving *moving, int error, const struct stat *source)
{
    if (error != 0)
        return error == ENOENT;
    return moving->step->op != PLACE_UNSTAGE && !is_expected(moving, source);
}

/* The records are asked whose the other one is. */
static void show_other(const struct moving *moving, const struct stat *other)
{
    struct place_step *step = moving->step;
    step->stands_there = is_done(moving);
    step->has_other = true;
    step->print = place_print(other);
    step->racy = false;
}

/* Between the look and the rename a person may have put something of another kind there,
 * which is not moved for the item: it goes back, or beside what has taken its place since.
 * Into the working folder nobody puts anything: what stands where something was brought out
 * to has been put there after it. 0, or as refuse_source(). */
static int give_back(const struct moving *moving)
{
    const struct place_root *root = moving->batch->root;
    struct place_step *step = moving->step;
    struct stat moved;
    if (moving->from == root->work ||
        stat_at(moving, moving->to, moving->to_name, &moved) != 0)
        return 0;
    int error = refuse_source(step, &moved);
    if (error != 0 &&
        place_rename_new(root, moving->to, moving->to_name, moving->from,
                         moving->from_name) != 0 &&
        moving->to == root->work)
        (void)place_keep_copy(root, moving->to_name, moving->from, moving->from_name,
                              step->copy_name);
    return error;
}

static void move(const struct moving *moving)
{
    const struct place_root *root = moving->batch->root;
    struct place_step *step = moving->step;
    struct stat before;
    int error = 0;
    if (stat_at(moving, moving->from, moving->from_name, &before) != 0)
        error = errno;
    if (error == 0 && is_other_folder(moving, &before)) {
        show_other(moving, &before);
        error = ENOENT;
    } else if (may_be_done(moving, error, &before) && is_done(moving)) {
        return;
    }
    if (error == 0)
        error = refuse_source(step, &before);
    if (error == 0)
        error = rename_object(moving, &before);
    if (error == 0)
        error = give_back(moving);
    if (error == 0) {
        take_print(moving, &before);
        step->result = PLACE_DONE;
    } else if (error == ENOENT) {
        step->result = PLACE_VANISHED;
    } else if (error == EEXIST || error == ENOTEMPTY) {
        step->result = PLACE_OCCUPIED;
    } else {
        /* What stays is what a person sees: the source. */
        bool has_source = step->op != PLACE_UNSTAGE;
        step->result = PLACE_FAILED;
        (void)place_error(root, &step->failure, error,
                          has_source ? step->from_folder : step->folder,
                          has_source ? step->from_name : step->name, not_moved);
    }
}

/* The folder of the source is gone, and with it the source: unless it has been moved. */
static int open_source(struct place_batch *batch, struct place_step *step)
{
    int from = place_open_folder(batch, step, step->from_folder, not_moved);
    if (from >= 0 || step->result != PLACE_VANISHED)
        return from;
    int to = place_open_path(batch->root, step->folder);
    if (to < 0)
        return -1;
    struct moving moving = {.batch = batch, .step = step, .to = to, .to_name = step->name};
    (void)is_done(&moving);
    disk_close(batch->root->disk, to);
    return -1;
}

/* The folder of the target, or -1. Where that is gone, so may be what was to go there. */
static int open_target(const struct moving *moving)
{
    struct place_step *step = moving->step;
    struct stat found;
    int to = place_open_folder(moving->batch, step, step->folder, not_moved);
    if (to < 0 && step->result == PLACE_VANISHED)
        step->lacks_folder =
            stat_at(moving, moving->from, moving->from_name, &found) == 0 ||
            errno != ENOENT;
    return to;
}

void place_do_move(struct place_batch *batch, struct place_step *step)
{
    struct moving moving = {.batch = batch, .step = step};
    moving.from = open_source(batch, step);
    if (moving.from < 0)
        return;
    moving.from_name = step->from_name;
    moving.to = open_target(&moving);
    moving.to_name = step->name;
    if (moving.to >= 0) {
        move(&moving);
        place_dirty_add(&batch->dirty, moving.to);
    }
    place_dirty_add(&batch->dirty, moving.from);
}

void place_do_stage(struct place_batch *batch, struct place_step *step)
{
    const struct place_root *root = batch->root;
    char stage[NAME_MAX_BYTES + 1];
    name_work_format(stage, NAME_WORK_STAGE, step->key);
    struct moving moving = {batch, step, -1, step->from_name, root->work, stage};
    moving.from = place_open_folder(batch, step, step->from_folder, not_moved);
    if (moving.from < 0) {
        if (step->result == PLACE_VANISHED)
            (void)is_done(&moving);
        return;
    }
    move(&moving);
    place_dirty_add(&batch->dirty, moving.from);
    place_dirty_add_work(&batch->dirty);
}

void place_do_unstage(struct place_batch *batch, struct place_step *step)
{
    const struct place_root *root = batch->root;
    char stage[NAME_MAX_BYTES + 1];
    name_work_format(stage, NAME_WORK_STAGE, step->key);
    struct moving moving = {batch, step, root->work, stage, -1, step->name};
    moving.to = open_target(&moving);
    if (moving.to < 0)
        return;
    move(&moving);
    place_dirty_add(&batch->dirty, moving.to);
    place_dirty_add_work(&batch->dirty);
}

/* An earlier step of the same batch may have cleared the way, and the object that was
 * wanted there stands. One under a folded name is another item's (F-43). */
static bool is_to_stay(const struct place_root *root, const struct place_step *step,
                       int folder, const struct stat *found)
{
    return (step->expect_kind == STORE_KIND_FOLDER && S_ISDIR(found->st_mode)) ||
           (step->expect_kind == STORE_KIND_FILE && S_ISREG(found->st_mode)) ||
           !place_name_is_exact(root, folder, step->name);
}

void place_do_aside(struct place_batch *batch, struct place_step *step)
{
    const struct place_root *root = batch->root;
    const struct disk *disk = root->disk;
    char transit[NAME_MAX_BYTES + 1];
    struct stat found = {0};
    int folder = place_open_folder(batch, step, step->folder, not_moved);
    if (folder < 0)
        return;
    int error = 0;
    if (disk->stat_at(disk->user, folder, step->name, &found) != 0)
        error = errno;
    name_work_format_inode(transit, NAME_WORK_REMOVED, step->key, found.st_ino);
    bool is_left = error == 0 && is_to_stay(root, step, folder, &found);
    if (error == 0 && !is_left)
        error = place_take(root, folder, step->name, transit);
    if (error == 0 && !is_left) {
        place_dirty_add_work(&batch->dirty);
        error = place_keep_copy(root, transit, folder, step->name, step->copy_name);
    }
    if (error == 0)
        step->result = is_left ? PLACE_LEFT : PLACE_KEPT_COPY;
    else if (error == ENOENT)
        step->result = PLACE_VANISHED;
    else
        place_fail(root, step, error, not_moved);
    place_dirty_add(&batch->dirty, folder);
}
