/* Takes the working folder away when a mirror is given up, unless somebody's files lie in
 * it: only the downloads, the marker and the lock are the agent's for certain. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/place/place_parts.h"
#include "agent/words.h"

static bool is_own(const char *name)
{
    static const char *const own[] = {PLACE_MARKER_NAME, PLACE_LOCK_NAME, "identity.new",
                                      "probe-one", "probe-two"};
    int64_t key;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return name_work_parse(name, &key, NULL) == NAME_WORK_PARTIAL;
}

/* Goes through the folder and removes what is ours, or, without `remove`, finds what is
 * not: its name comes out, "" none. 0, or an errno. */
static int go_through(const struct disk *disk, int work, bool remove,
                      char out_foreign[NAME_MAX_BYTES + 1])
{
    const char *name;
    int error = 0;
    out_foreign[0] = '\0';
    void *list = disk->list_open(disk->user, work);
    if (list == NULL)
        return errno;
    while (error == 0 && (name = disk->list_next(disk->user, list)) != NULL) {
        if (!is_own(name)) {
            memcpy(out_foreign, name, strnlen(name, NAME_MAX_BYTES) + 1);
            break;
        }
        if (remove && disk->unlink(disk->user, work, name, 0) != 0 && errno != ENOENT)
            error = errno;
    }
    disk->list_close(disk->user, list);
    return error;
}

static enum failure_kind clear(const struct disk *disk, const char *folder, int work,
                               struct failure *failure)
{
    char foreign[NAME_MAX_BYTES + 1];
    char path[PLACE_PATH_TEXT];
    int lock = disk_open(disk, work, PLACE_LOCK_NAME, O_RDWR, 0);
    if (lock >= 0 && disk->lock(disk->user, lock) != 0 && errno == EWOULDBLOCK) {
        disk_close(disk, lock);
        return failure_set(failure, FAILURE_HELD, 160,
                           "an agent is running: %s: nothing was removed; stop it first",
                           place_path_text(folder, "", path));
    }
    int error = go_through(disk, work, false, foreign);
    if (error == 0 && foreign[0] == '\0')
        error = go_through(disk, work, true, foreign);
    disk_close(disk, lock);
    if (error != 0)
        return place_error(NULL, failure, error, folder, NAME_WORKING_FOLDER,
                           N_("not removed"));
    if (foreign[0] != '\0')
        return failure_set(failure, FAILURE_ITEM, 0,
                           "files lie in the working folder: %s: not removed; look at them "
                           "and move them away",
                           place_path_text(folder, NAME_WORKING_FOLDER, path));
    return FAILURE_NONE;
}

static enum failure_kind not_removed(const char *folder, struct failure *failure)
{
    if (errno == ENOENT)
        return FAILURE_NONE;
    return place_error(NULL, failure, errno, folder, NAME_WORKING_FOLDER,
                       N_("not removed"));
}

enum failure_kind place_dismantle(const struct disk *disk, const char *folder,
                                  struct failure *failure)
{
    int root = disk->open_root(disk->user, folder);
    if (root < 0)
        return not_removed(folder, failure);
    enum failure_kind kind;
    int work = disk_open(disk, root, NAME_WORKING_FOLDER, O_RDONLY | O_DIRECTORY, 0);
    if (work >= 0) {
        kind = clear(disk, folder, work, failure);
        if (kind == FAILURE_NONE &&
            disk->unlink(disk->user, root, NAME_WORKING_FOLDER, AT_REMOVEDIR) != 0)
            kind = not_removed(folder, failure);
    } else {
        kind = not_removed(folder, failure);
    }
    disk_close(disk, work);
    disk_close(disk, root);
    return kind;
}
