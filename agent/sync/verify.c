#include "agent/sync/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "agent/log.h"
#include "agent/place/disk.h"
#include "agent/place/hash.h"
#include "agent/place/name.h"
#include "agent/state_failure.h"
#include "agent/words.h"
#include "store/store_intent.h"
#include "store/store_item.h"
#include "store/store_mirror.h"
#include "store/store_note.h"

enum {
    VERIFY_CHUNK = 256 * 1024,
    VERIFY_MAX_PATH = 64 * 1024,
    VERIFY_MAX_COPIES = 100,
    VERIFY_PAUSE_MS = 20, /* for a running agent to record what it has placed */
    VERIFY_PAUSES = 250   /* of one run, in all */
};

/* A mirror that is being looked through. */
struct verify {
    const struct disk *disk;
    struct store *store;
    int64_t mirror;
    char folder[PATH_MAX];
    int root;
    unsigned pauses; /* that are left */
    uint64_t files;
    uint64_t bytes;
    char path[VERIFY_MAX_PATH];
    uint8_t chunk[VERIFY_CHUNK];
};

const char *verify_fact_text(enum verify_fact fact)
{
    static const char *const texts[] = {
        [VERIFY_SAME] = N_("is as recorded"),
        [VERIFY_DIFFERS] = N_("differs from what the drive's version was"),
        [VERIFY_MISSING] = N_("is missing"),
        [VERIFY_OTHER_KIND] = N_("is not a file any more"),
        [VERIFY_UNREADABLE] = N_("cannot be read"),
    };
    return texts[fact];
}

static enum failure_kind fail_store(struct verify *verify, struct failure *failure)
{
    return state_trouble(verify->store, failure);
}

static enum failure_kind begin(struct verify *verify, struct store *store, const char *name,
                               struct failure *failure)
{
    struct store_mirror row;
    verify->disk = disk_system();
    verify->store = store;
    verify->root = -1;
    verify->pauses = VERIFY_PAUSES;
    enum store_status status = store_get_mirror(store, name, &row);
    if (status == STORE_NONE || (status == STORE_OK && row.folder == NULL))
        return failure_set(failure, FAILURE_CONFIG, 0,
                           "nothing is recorded of the mirror %s yet: agent sync-now",
                           name);
    if (status != STORE_OK)
        return fail_store(verify, failure);
    verify->mirror = row.key;
    (void)snprintf(verify->folder, sizeof verify->folder, "%s", row.folder);
    verify->root = verify->disk->open_root(verify->disk->user, verify->folder);
    if (verify->root < 0)
        return failure_set(
            failure, FAILURE_GUARD, 57,
            "the folder of %s cannot be opened: %s: %s: is its disk mounted?", name,
            verify->folder, strerror(errno));
    return FAILURE_NONE;
}

static enum verify_fact fact_of_error(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return VERIFY_MISSING;
    case ELOOP:
    case ENXIO:
        return VERIFY_OTHER_KIND;
    default:
        return VERIFY_UNREADABLE;
    }
}

/* The hash of an open file, of the kind that the record has. False: it cannot be read. */
static bool hash_file(struct verify *verify, int fd, uint8_t kind, struct store_hash *out)
{
    struct hash *hash = hash_new(kind);
    if (hash == NULL)
        return false;
    for (;;) {
        ssize_t size = disk_read(verify->disk, fd, verify->chunk, sizeof verify->chunk);
        if (size < 0) {
            hash_free(hash);
            return false;
        }
        if (size == 0)
            break;
        hash_update(hash, verify->chunk, (size_t)size);
        verify->bytes += (uint64_t)size;
    }
    *out = hash_finish(hash);
    return true;
}

static enum verify_fact compare(struct verify *verify, int fd, off_t size,
                                const struct store_base *base)
{
    struct store_hash hash;
    if (base->size >= 0 && size != base->size)
        return VERIFY_DIFFERS;
    if (!hash_file(verify, fd, base->hash.kind, &hash))
        return VERIFY_UNREADABLE;
    return hash_equal(&hash, &base->hash) ? VERIFY_SAME : VERIFY_DIFFERS;
}

static enum verify_fact look(struct verify *verify, const struct store_base *base)
{
    struct stat info;
    int fd = disk_open(verify->disk, verify->root, verify->path,
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return fact_of_error(errno);
    enum verify_fact fact = VERIFY_UNREADABLE;
    if (verify->disk->stat_fd(verify->disk->user, fd, &info) == 0)
        fact = S_ISREG(info.st_mode) ? compare(verify, fd, info.st_size, base)
                                     : VERIFY_OTHER_KIND;
    disk_close(verify->disk, fd);
    return fact;
}

/* Whether a running agent has placed or moved something that it has not recorded yet. */
static bool is_placing(struct verify *verify)
{
    int64_t after = 0;
    struct store_intent intent;
    while (store_next_intent(verify->store, verify->mirror, &after, &intent) == STORE_OK)
        if (intent.kind != STORE_INTENT_FETCH)
            return true;
    return false;
}

static bool is_same_object(const struct store_base *one, const struct store_base *other)
{
    return one->parent == other->parent && one->print.inode == other->print.inode &&
           one->print.ctime_ns == other->print.ctime_ns &&
           hash_equal(&one->hash, &other->hash);
}

/* The disk is ahead of the records while a batch is at work (3.1), so a difference counts
 * only when nothing was being placed and the record has stayed the same. In that order: an
 * intent goes in the transaction that writes the record. */
static enum verify_fact look_until_settled(struct verify *verify, struct store_base *base)
{
    for (;;) {
        enum verify_fact fact = look(verify, base);
        if (fact == VERIFY_SAME)
            return fact;
        struct store_base now;
        bool places = is_placing(verify);
        if (store_get_base(verify->store, base->key, &now) != STORE_OK)
            return VERIFY_SAME; /* forgotten meanwhile: nothing to hold it against */
        if ((!places && is_same_object(&now, base)) || verify->pauses == 0)
            return fact;
        verify->pauses--;
        uv_sleep(VERIFY_PAUSE_MS);
        *base = now;
        if (base->parent == STORE_STAGE ||
            store_base_path(verify->store, base->key, verify->path, sizeof verify->path) !=
                STORE_OK)
            return VERIFY_SAME;
    }
}

static enum failure_kind check_all(struct verify *verify,
                                   const struct verify_callbacks *callbacks, void *user,
                                   struct failure *failure)
{
    int64_t after = 0;
    struct store_base base;
    enum store_status status = STORE_OK;
    bool goes_on = true;
    while (goes_on && (status = store_next_base(verify->store, verify->mirror, &after,
                                                &base)) == STORE_OK) {
        if (base.kind != STORE_KIND_FILE || base.parent == STORE_STAGE)
            continue;
        /* Only numbers are used after the next call: the texts are the store's. */
        struct store_base kept = base;
        if (store_base_path(verify->store, base.key, verify->path, sizeof verify->path) !=
            STORE_OK)
            continue;
        const struct verify_finding finding = {.key = kept.key,
                                               .path = verify->path,
                                               .fact = look_until_settled(verify, &kept)};
        verify->files++;
        if (finding.fact != VERIFY_SAME)
            callbacks->on_finding(user, &finding);
        goes_on = callbacks->on_progress(user, verify->files, verify->bytes);
    }
    if (status != STORE_OK && status != STORE_NONE)
        return fail_store(verify, failure);
    return goes_on ? FAILURE_NONE : FAILURE_CANCELLED;
}

enum failure_kind verify_mirror(struct store *store, const char *name,
                                const struct verify_callbacks *callbacks, void *user,
                                struct failure *failure)
{
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    enum failure_kind kind = begin(verify, store, name, failure);
    if (kind == FAILURE_NONE)
        kind = check_all(verify, callbacks, user, failure);
    disk_close(verify->disk, verify->root);
    free(verify);
    return kind;
}

/* Splits verify->path: the folder part is opened, the name pointed to. */
static int open_parent(struct verify *verify, const char **out_name)
{
    char *slash = strrchr(verify->path, '/');
    *out_name = slash == NULL ? verify->path : slash + 1;
    if (slash != NULL)
        *slash = '\0';
    int fd = disk_open(verify->disk, verify->root, slash == NULL ? "" : verify->path,
                       O_RDONLY | O_DIRECTORY, 0);
    if (slash != NULL)
        *slash = '/';
    return fd;
}

/* Renames what stands at the place to a conflict name, never over anything. 0, ENOENT
 * where nothing stands there, or another errno. */
static int set_aside(struct verify *verify, char out_copy[NAME_MAX_BYTES + 1])
{
    char host[65] = "";
    (void)gethostname(host, sizeof host - 1);
    const char *name = NULL;
    int parent = open_parent(verify, &name);
    if (parent < 0)
        return errno;
    int error = EEXIST;
    for (unsigned number = 1; number <= VERIFY_MAX_COPIES && error == EEXIST; number++) {
        name_conflict(out_copy, name, verify->disk->wall_ms(verify->disk->user), host,
                      number);
        bool moved = verify->disk->rename(verify->disk->user, parent, name, parent,
                                          out_copy, RENAME_NOREPLACE) == 0;
        error = moved ? 0 : errno;
    }
    /* The base record goes next: the name has to be durable before (3.1). */
    if (error == 0 && disk_sync(verify->disk, parent) != 0)
        error = errno;
    disk_close(verify->disk, parent);
    return error;
}

static void note_copy(struct verify *verify, int64_t key, const char *copy)
{
    char copy_path[VERIFY_MAX_PATH];
    const char *slash = strrchr(verify->path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - verify->path) + 1;
    (void)snprintf(copy_path, sizeof copy_path, "%.*s%s", folder, verify->path, copy);
    int64_t now = verify->disk->wall_ms(verify->disk->user);
    const struct store_event event = {.mirror = verify->mirror,
                                      .key = key,
                                      .path = copy_path,
                                      .operation = "conflict",
                                      .trigger = "sync-now",
                                      .done_at = now};
    (void)store_put_conflict(verify->store, verify->mirror, key, verify->path, copy_path,
                             now);
    (void)store_put_history(verify->store, &event);
}

static enum failure_kind repair(struct verify *verify, int64_t key, struct failure *failure)
{
    char copy[NAME_MAX_BYTES + 1];
    char shown[256];
    if (store_base_path(verify->store, key, verify->path, sizeof verify->path) != STORE_OK)
        return FAILURE_NONE; /* no record any more: nothing to hold it against */
    int error = set_aside(verify, copy);
    if (error != 0 && error != ENOENT)
        return failure_set(failure, FAILURE_ITEM, 14, "cannot set aside %s: %s",
                           log_escape(verify->path, shown, sizeof shown), strerror(error));
    const struct store_todo todo = {.key = key};
    bool good = store_begin(verify->store) == STORE_OK;
    if (good && error == 0)
        note_copy(verify, key, copy);
    good = good && store_drop_base(verify->store, key) == STORE_OK &&
           store_put_todo(verify->store, verify->mirror, &todo) == STORE_OK &&
           store_commit(verify->store, true) == STORE_OK;
    if (good)
        return FAILURE_NONE;
    (void)fail_store(verify, failure);
    store_rollback(verify->store);
    return FAILURE_RESOURCE;
}

enum failure_kind verify_repair(struct store *store, const char *name, int64_t key,
                                struct failure *failure)
{
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    enum failure_kind kind = begin(verify, store, name, failure);
    if (kind == FAILURE_NONE)
        kind = repair(verify, key, failure);
    disk_close(verify->disk, verify->root);
    free(verify);
    return kind;
}
