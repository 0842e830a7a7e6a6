/* Folders: made, adopted, and removed when they are empty; never more (P-4). */
#include <errno.h>
#include <fcntl.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

/* Something has that name already. */
static void look_at_taken(struct place_batch *batch, struct place_step *step, int folder)
{
    static const char outcome[] = N_("the folder was not made");
    const struct place_root *root = batch->root;
    struct stat found;
    if (root->disk->stat_at(root->disk->user, folder, step->name, &found) != 0)
        place_fail(root, step, errno == ENOENT ? EAGAIN : errno, outcome);
    else if (!place_name_is_exact(root, folder, step->name)) /* F-43 */
        place_clash(step, outcome);
    else if (S_ISLNK(found.st_mode))
        place_fail(root, step, ELOOP, outcome);
    else if (S_ISREG(found.st_mode)) /* F-86 */
        step->result = PLACE_OCCUPIED;
    else if (!S_ISDIR(found.st_mode))
        place_fail(root, step, ENXIO, outcome);
    else if (found.st_dev != root->device)
        place_fail(root, step, EXDEV, outcome);
    else {
        step->print = place_print(&found);
        step->result = PLACE_ADOPTED;
    }
}

void place_do_folder(struct place_batch *batch, struct place_step *step)
{
    static const char outcome[] = N_("the folder was not made");
    const struct place_root *root = batch->root;
    const struct disk *disk = root->disk;
    struct stat found;
    int folder = place_open_folder(batch, step, step->folder, outcome);
    if (folder < 0) {
        step->lacks_folder = step->result == PLACE_VANISHED;
        return;
    }
    if (disk->make_folder(disk->user, folder, step->name, 0777) != 0) {
        if (errno == EEXIST)
            look_at_taken(batch, step, folder);
        else
            place_fail(root, step, errno, outcome);
    } else if (disk->stat_at(disk->user, folder, step->name, &found) != 0) {
        if (errno == ENOENT)
            place_fail(root, step, EAGAIN, outcome);
        else
            place_fail_half_way(root, step, errno, N_("not known to last"));
    } else {
        step->print = place_print(&found);
        step->result = PLACE_DONE;
    }
    place_dirty_add(&batch->dirty, folder);
}

void place_do_remove_folder(struct place_batch *batch, struct place_step *step)
{
    static const char outcome[] = N_("the folder was not removed");
    const struct place_root *root = batch->root;
    int folder = place_open_folder(batch, step, step->folder, outcome);
    if (folder < 0) {
        if (step->result == PLACE_VANISHED)
            step->result = PLACE_DONE;
        return;
    }
    if (root->disk->unlink(root->disk->user, folder, step->name, AT_REMOVEDIR) == 0 ||
        errno == ENOENT)
        step->result = PLACE_DONE;
    else if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) /* F-88 */
        step->result = PLACE_LEFT;
    else
        place_fail(root, step, errno, outcome);
    place_dirty_add(&batch->dirty, folder);
}
