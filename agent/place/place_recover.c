/* The working folder after an unclean stop (3.5). What lies there says by its name what it
 * was for (sync/name.h); what is to be done with it is found by looking, so that it may be
 * interrupted and begun again any number of times (F-02).
 *
 *   download          kept where still wanted, else dropped
 *   staged object     stays if the state says so, else goes back to its place; if that is
 *                     taken it stays, and the state says so from then on
 *   displaced file    our own new version: a download again; else as the next
 *   on its way out    back to its place, which may be the staging area; if that is taken:
 *                     dropped where it equals the base, else a conflict copy
 *
 * A removal is undone, not finished: the next plan removes again what is still to go. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

enum { FOLDER_SIZE = 64 * 1024 }; /* of a path: 256 names, the depth limit */

/* One object of the working folder. */
struct left_over {
    struct place_root *root;
    const struct place_recovery *recovery;
    struct place_dirty *dirty;
    enum name_work kind;
    int64_t key;
    uint64_t inode; /* that its name carries */
    char name[NAME_MAX_BYTES + 1];
    struct stat found;
};

static bool is_sound(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    return recovery->is_sound == NULL || recovery->is_sound(recovery->user);
}

/* 0, or an errno; what is gone is gone. */
static int drop(const struct left_over *object)
{
    const struct disk *disk = object->root->disk;
    if (disk->unlink(disk->user, object->root->work, object->name, 0) == 0)
        return 0;
    return errno == ENOENT ? 0 : errno;
}

/* Whether it is what the agent had put there, and nobody is writing to it (F-29). */
static enum place_verdict judge(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    const struct place_root *root = object->root;
    struct store_base base;
    if (!S_ISREG(object->found.st_mode) ||
        !recovery->base_of(recovery->user, object->key, &base) ||
        object->found.st_size != base.size)
        return PLACE_VERDICT_DIFFERENT;
    enum place_verdict verdict =
        place_content_is(root, root->work, object->name, base.size, &base.hash);
    if (verdict != PLACE_VERDICT_EQUAL)
        return verdict;
    int in_use = place_is_in_use(root, root->work, object->name);
    if (in_use < 0)
        return PLACE_VERDICT_UNSURE;
    return in_use == 0 ? PLACE_VERDICT_EQUAL : PLACE_VERDICT_DIFFERENT;
}

/* Gives it a conflict name in that folder. 0, or an errno. */
static int keep(const struct left_over *object, int fd, const char *folder,
                const char *name)
{
    char copy_name[NAME_MAX_BYTES + 1];
    int error = place_keep_copy(object->root, object->name, fd, name, copy_name);
    if (error == 0)
        object->recovery->kept(object->recovery->user, object->key, folder, copy_name);
    return error;
}

/* Whether it is the very object that the state has for the item. */
static bool is_recorded(const struct left_over *object, struct store_base *out)
{
    const struct place_recovery *recovery = object->recovery;
    return recovery->base_of(recovery->user, object->key, out) &&
           out->print.inode == object->found.st_ino &&
           out->print.device == object->found.st_dev;
}

/* To give it up for what has taken its place would make the records claim the other one
 * for it. */
static bool stays_staged(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    struct store_base base;
    if (object->kind != NAME_WORK_STAGE || !is_recorded(object, &base))
        return false;
    recovery->staged(recovery->user, object->key);
    return true;
}

/* Its place is taken or gone: away with what is ours; a person's, or what looks like it at
 * last, is kept. 0, or an errno. */
static int drop_or_keep(const struct left_over *object, int fd, const char *folder,
                        const char *name)
{
    enum place_verdict verdict = judge(object);
    if (!is_sound(object))
        return EIO;
    switch (verdict) {
    case PLACE_VERDICT_EQUAL:
        return drop(object);
    case PLACE_VERDICT_UNSURE:
        if (!object->recovery->is_last_try)
            return errno;
        break;
    case PLACE_VERDICT_DIFFERENT:
        break;
    }
    return keep(object, fd, folder, name);
}

/* Back to folder/name; where that is taken, ours goes and a person's is kept beside. */
static int return_to(const struct left_over *object, int fd, const char *folder,
                     const char *name)
{
    const struct place_root *root = object->root;
    struct stat taken;
    int error = place_rename_new(root, root->work, object->name, fd, name);
    if (error != EEXIST)
        return error;
    if (root->disk->stat_at(root->disk->user, fd, name, &taken) == 0 &&
        taken.st_ino == object->found.st_ino && taken.st_dev == object->found.st_dev &&
        S_ISREG(taken.st_mode))
        return drop(object); /* a second name of the same file */
    if (stays_staged(object))
        return 0;
    return drop_or_keep(object, fd, folder, name);
}

/* Into the root, where nothing better is left, unless it is ours. */
static int return_to_root(const struct left_over *object)
{
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "recovered %" PRId64, object->key);
    int fd = place_open_path(object->root, "");
    if (fd < 0)
        return errno;
    int error = drop_or_keep(object, fd, "", name);
    place_dirty_add(object->dirty, fd);
    return error;
}

static int return_object(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    char *folder = malloc(FOLDER_SIZE);
    char name[NAME_MAX_BYTES + 1];
    if (folder == NULL)
        return ENOMEM;
    int fd = -1;
    if (recovery->place_of(recovery->user, object->key, folder, FOLDER_SIZE, name,
                           sizeof name))
        fd = place_open_path(object->root, folder);
    int error = is_sound(object) ? ENOENT : EIO;
    if (fd >= 0 && error == ENOENT) {
        error = return_to(object, fd, folder, name);
        place_dirty_add(object->dirty, fd);
    } else {
        disk_close(object->root->disk, fd);
    }
    free(folder);
    bool is_held =
        error == 0 || error == ENOSPC || error == EDQUOT || error == EROFS || error == EIO;
    if (is_held || stays_staged(object))
        return is_held ? error : 0;
    /* Its folder is gone with all the agent had put there. */
    return return_to_root(object);
}

/* What was deleted while it waited for its place goes back to the staging area: anywhere
 * else no record would lead to it. Unless a kill has left it two names, and this is the one
 * too many. */
static int return_removed(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    const struct place_root *root = object->root;
    struct store_base base;
    char stage[NAME_MAX_BYTES + 1];
    if (!is_recorded(object, &base) || base.parent != STORE_STAGE ||
        object->found.st_nlink > 1)
        return return_object(object);
    name_work_format(stage, NAME_WORK_STAGE, object->key);
    int error = place_rename_new(root, root->work, object->name, root->work, stage);
    if (error == 0)
        recovery->staged(recovery->user, object->key);
    return error == EEXIST ? return_object(object) : error;
}

/* Our own new version that was not exchanged yet: a download as before. */
static int back_to_partial(const struct left_over *object)
{
    const struct place_root *root = object->root;
    char partial[NAME_MAX_BYTES + 1];
    if (!object->recovery->wants(object->recovery->user, object->key, false))
        return is_sound(object) ? drop(object) : EIO;
    name_work_format(partial, NAME_WORK_PARTIAL, object->key);
    int error = place_rename_new(root, root->work, object->name, root->work, partial);
    return error == EEXIST ? drop(object) : error;
}

/* No object of ours, whatever the records say of one: a person's that was taken for it. */
static bool is_of_another_kind(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    struct store_base base;
    return recovery->base_of(recovery->user, object->key, &base) &&
           (base.kind == STORE_KIND_FOLDER) != S_ISDIR(object->found.st_mode);
}

/* 0, or an errno. */
static int recover_object(const struct left_over *object)
{
    const struct place_recovery *recovery = object->recovery;
    switch (object->kind) {
    case NAME_WORK_PARTIAL:
        if (recovery->wants(recovery->user, object->key, false))
            return 0;
        return is_sound(object) ? drop(object) : EIO;
    case NAME_WORK_STAGE:
        if (!is_of_another_kind(object) &&
            recovery->wants(recovery->user, object->key, true))
            return 0;
        return return_object(object);
    case NAME_WORK_DISPLACED:
        if (object->found.st_ino == object->inode)
            return back_to_partial(object);
        return return_object(object);
    case NAME_WORK_REMOVED:
        return return_removed(object);
    case NAME_WORK_FOREIGN:
        break;
    }
    return 0;
}

static enum failure_kind recover_name(struct left_over *object, const char *name,
                                      struct failure *failure)
{
    const struct place_root *root = object->root;
    object->kind = name_work_parse(name, &object->key, &object->inode);
    if (object->kind == NAME_WORK_FOREIGN)
        return FAILURE_NONE;
    (void)snprintf(object->name, sizeof object->name, "%s", name);
    int error = 0;
    if (root->disk->stat_at(root->disk->user, root->work, object->name, &object->found) !=
        0)
        error = errno == ENOENT ? 0 : errno;
    else
        error = recover_object(object);
    if (error == 0)
        return FAILURE_NONE;
    return place_error(root, failure, error, NAME_WORKING_FOLDER, object->name,
                       N_("it stays there"));
}

/* What may lie there is not known: nothing is to be done to the folder before it is. */
static enum failure_kind not_listed(const struct place_root *root, int error,
                                    struct failure *failure)
{
    enum failure_kind kind =
        place_read_error(root, failure, error, NAME_WORKING_FOLDER, "");
    if (kind != FAILURE_GUARD)
        kind = FAILURE_RESOURCE;
    if (failure != NULL)
        failure->kind = kind;
    return kind;
}

/* Goes through the folder; stops where nothing more can be done. */
static enum failure_kind recover_all(struct left_over *object, struct failure *failure)
{
    const struct place_root *root = object->root;
    const struct disk *disk = root->disk;
    enum failure_kind worst = FAILURE_NONE;
    const char *name;
    void *list = disk->list_open(disk->user, root->work);
    if (list == NULL)
        return not_listed(root, errno, failure);
    while ((name = disk->list_next(disk->user, list)) != NULL) {
        struct failure trouble;
        enum failure_kind kind = recover_name(object, name, &trouble);
        if (kind == FAILURE_NONE)
            continue;
        bool stops = kind == FAILURE_RESOURCE || kind == FAILURE_GUARD;
        if (worst == FAILURE_NONE || stops) {
            worst = stops ? kind : FAILURE_ITEM;
            if (failure != NULL)
                *failure = trouble;
        }
        if (stops)
            break;
    }
    int error = name == NULL ? errno : 0;
    disk->list_close(disk->user, list);
    return error == 0 ? worst : not_listed(root, error, failure);
}

enum failure_kind place_recover(struct place_root *root,
                                const struct place_recovery *recovery,
                                struct failure *failure)
{
    enum failure_kind kind = place_confirm(root, failure);
    if (kind != FAILURE_NONE)
        return kind;
    struct place_dirty dirty = {.root = root};
    struct left_over object = {.root = root, .recovery = recovery, .dirty = &dirty};
    kind = recover_all(&object, failure);
    place_dirty_add_work(&dirty);
    place_dirty_flush(&dirty);
    if (kind == FAILURE_NONE && dirty.error != 0)
        kind = place_error(root, failure, dirty.error, NAME_WORKING_FOLDER, "",
                           N_("not known to last"));
    return kind;
}
