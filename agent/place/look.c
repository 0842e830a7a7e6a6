#include "agent/place/look.h"

#include <errno.h>
#include <fcntl.h>

#include "agent/place/hash.h"
#include "agent/place/place_parts.h"

/* One place, opened. */
struct looking {
    const struct place_root *root;
    const struct look_request *request;
    struct look_answer *out;
    int folder;
};

static void cannot_tell(const struct looking *looking, int error)
{
    looking->out->fact = LOOK_UNKNOWN;
    (void)place_read_error(looking->root, &looking->out->failure, error,
                           looking->request->folder, looking->request->name);
}

/* What stands there is neither a file nor a folder: a person's link (F-50, F-52) or special
 * file (F-54). */
static void found_special(const struct looking *looking, const struct stat *found)
{
    cannot_tell(looking, S_ISLNK(found->st_mode) ? ELOOP : ENXIO);
    looking->out->fact = LOOK_EDITED;
}

/* What was removed here is missing still, whatever has come to its place since: that is
 * nobody's change of it. */
static void found_other_kind(const struct looking *looking)
{
    const struct store_base *base = looking->request->base;
    looking->out->fact = LOOK_OTHER_KIND;
    if (base != NULL && (base->flags & STORE_BASE_REMOVED) != 0)
        *looking->out = (struct look_answer){.fact = LOOK_MISSING};
}

static void found_folder(const struct looking *looking, const struct stat *found)
{
    if (looking->request->kind == STORE_KIND_FILE)
        found_other_kind(looking);
    else if (found->st_dev != place_device(looking->root))
        cannot_tell(looking, EXDEV); /* F-17 */
    else
        looking->out->fact =
            looking->request->base != NULL ? LOOK_AS_LEFT : LOOK_HOLDS_REMOTE;
}

/* The records against the content: which of the two could it be by its size? */
static bool may_be_base(const struct look_request *request, int64_t size)
{
    return request->base != NULL && request->base->kind == STORE_KIND_FILE &&
           request->base->hash.kind != 0 && request->base->size == size;
}

static bool may_be_remote(const struct look_request *request, int64_t size)
{
    return request->remote_hash.kind != 0 &&
           (request->remote_size == size || request->remote_size == STORE_UNKNOWN);
}

static void compare_content(const struct looking *looking, int64_t size)
{
    const struct look_request *request = looking->request;
    struct look_answer *out = looking->out;
    bool base_fits = may_be_base(request, size);
    bool remote_fits = may_be_remote(request, size);
    struct place_hashing hashing = {.count = 0};
    if (remote_fits)
        hashing.kinds[hashing.count++] = request->remote_hash.kind;
    if (base_fits && (hashing.count == 0 || hashing.kinds[0] != request->base->hash.kind))
        hashing.kinds[hashing.count++] = request->base->hash.kind;
    out->fact = LOOK_EDITED;
    if (hashing.count == 0)
        return;
    int error = place_hash_file(looking->root, looking->folder, request->name, &hashing);
    if (error != 0) {
        cannot_tell(looking, error);
        return;
    }
    const struct store_hash *last = &hashing.hashes[hashing.count - 1];
    out->hash = hashing.hashes[0];
    out->print = place_print(&hashing.found);
    out->racy = place_is_racy(looking->root, &out->print);
    if (remote_fits && hash_equal(&hashing.hashes[0], &request->remote_hash))
        out->fact = LOOK_HOLDS_REMOTE;
    else if (base_fits && hash_equal(last, &request->base->hash))
        out->fact = LOOK_AS_LEFT;
}

static void found_file(const struct looking *looking)
{
    const struct look_request *request = looking->request;
    const struct store_base *base = request->base;
    if (request->kind != STORE_KIND_FILE)
        found_other_kind(looking);
    else if (base != NULL && base->kind == STORE_KIND_FILE &&
             (base->flags & (STORE_BASE_RACY | STORE_BASE_EDITED)) == 0 &&
             place_print_equal(&base->print, &looking->out->print))
        looking->out->fact = LOOK_AS_LEFT;
    else
        compare_content(looking, looking->out->print.size);
}

static void look(const struct looking *looking)
{
    const struct place_root *root = looking->root;
    const char *name = looking->request->name;
    struct stat found;
    if (root->disk->stat_at(root->disk->user, looking->folder, name, &found) != 0) {
        if (errno == ENOENT)
            looking->out->fact = LOOK_MISSING;
        else
            cannot_tell(looking, errno);
        return;
    }
    /* The file of another item, whose name only folds to this one (F-43). */
    if (!place_name_is_exact(root, looking->folder, name)) {
        looking->out->fact = LOOK_MISSING;
        return;
    }
    looking->out->print = place_print(&found);
    looking->out->racy = place_is_racy(root, &looking->out->print);
    if (S_ISDIR(found.st_mode))
        found_folder(looking, &found);
    else if (S_ISREG(found.st_mode))
        found_file(looking);
    else
        found_special(looking, &found);
}

int look_open_folder(const struct place_root *root, const char *folder)
{
    return place_open_path(root, folder);
}

void look_close_folder(const struct place_root *root, int folder)
{
    disk_close(root->disk, folder);
}

bool look_glance(const struct place_root *root, int folder, const struct store_trace *trace)
{
    const unsigned doubtful =
        STORE_BASE_RACY | STORE_BASE_EDITED | STORE_BASE_REMOVED | STORE_BASE_MOVED;
    struct stat found;
    if (folder < 0 || (trace->flags & doubtful) != 0 ||
        root->disk->stat_at(root->disk->user, folder, trace->name, &found) != 0 ||
        !place_name_is_exact(root, folder, trace->name))
        return false;
    if (trace->kind == STORE_KIND_FOLDER)
        return S_ISDIR(found.st_mode) && found.st_dev == place_device(root);
    struct store_print print = place_print(&found);
    return S_ISREG(found.st_mode) && place_print_equal(&print, &trace->print);
}

void look_at(struct place_root *root, const struct look_request *request,
             struct look_answer *out)
{
    *out = (struct look_answer){.fact = LOOK_UNKNOWN};
    struct looking looking = {.root = root, .request = request, .out = out};
    looking.folder = place_open_path(root, request->folder);
    if (looking.folder >= 0) {
        look(&looking);
        disk_close(root->disk, looking.folder);
    } else if (errno == ENOENT || errno == ENOTDIR) {
        out->fact = LOOK_MISSING;
    } else {
        cannot_tell(&looking, errno);
    }
}
