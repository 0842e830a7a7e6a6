#include "agent/sync/watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { BUFFER_SIZE = 16 * 1024, HANDLES = 2 };

/* A writer that closes, and every change of a name. IN_MODIFY is left out: a program that
 * writes for hours would wake us for hours, and is looked at when it closes (F-29). */
static const uint32_t mask_self = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;
static const uint32_t mask_names =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_EXCL_UNLINK;

struct entry {
    int64_t folder; /* 0: the watch is gone */
    int id;
};

struct watch {
    uv_poll_t poll;
    uv_poll_t mounts;
    int fd;
    int mounts_fd; /* -1: there is no such table here */
    watch_event_fn *on_event;
    void *user;
    unsigned open_handles;
    bool is_closing;
    bool is_full;
    bool is_full_told;

    struct entry *entries; /* in order of id: the kernel counts up */
    size_t count;
    size_t capacity;
    size_t limit;

    size_t adding; /* between watch_begin() and watch_end() */
    size_t at;     /* in the buffer */
    size_t size;
    _Alignas(struct inotify_event) char buffer[BUFFER_SIZE];
};

/* The map from watches to folders. */

static size_t find(const struct watch *watch, int id)
{
    size_t low = 0;
    size_t high = watch->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (watch->entries[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t folder_of(const struct watch *watch, int id)
{
    size_t index = find(watch, id);
    bool is_known = index < watch->count && watch->entries[index].id == id;
    return is_known ? watch->entries[index].folder : 0;
}

/* Numbers that the kernel has given up are dropped when room is needed. */
static void compact(struct watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->entries[i].folder != 0)
            watch->entries[kept++] = watch->entries[i];
    }
    watch->count = kept;
}

static bool make_room(struct watch *watch)
{
    if (watch->count < watch->capacity)
        return true;
    compact(watch);
    if (watch->count < watch->capacity - watch->capacity / 4)
        return true;
    size_t capacity = watch->capacity == 0 ? 64 : watch->capacity * 2;
    struct entry *entries = realloc(watch->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    watch->entries = entries;
    watch->capacity = capacity;
    return true;
}

static bool put(struct watch *watch, int id, int64_t folder)
{
    if (!make_room(watch))
        return false;
    size_t index = find(watch, id);
    if (index == watch->count || watch->entries[index].id != id) {
        if (watch->count >= watch->limit)
            return false;
        memmove(&watch->entries[index + 1], &watch->entries[index],
                (watch->count - index) * sizeof *watch->entries);
        watch->count++;
    }
    watch->entries[index] = (struct entry){.folder = folder, .id = id};
    return true;
}

/* Events. */

static enum watch_kind kind_of(uint32_t mask)
{
    if ((mask & IN_MOVED_FROM) != 0)
        return WATCH_LEFT;
    if ((mask & IN_MOVED_TO) != 0)
        return WATCH_CAME;
    if ((mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)) != 0)
        return WATCH_SELF;
    return WATCH_TOUCHED;
}

static void tell(struct watch *watch, const struct inotify_event *raw, const char *name)
{
    struct watch_event event = {.kind = kind_of(raw->mask),
                                .folder = folder_of(watch, raw->wd),
                                .name = name,
                                .cookie = raw->cookie};
    if ((raw->mask & IN_Q_OVERFLOW) != 0)
        event = (struct watch_event){.kind = WATCH_OVERFLOW, .name = ""};
    else if (event.folder == 0)
        return;
    if ((raw->mask & IN_IGNORED) != 0)
        watch->entries[find(watch, raw->wd)].folder = 0;
    else
        watch->on_event(watch->user, &event);
}

/* Tells what the buffer holds. False: it stops at an event of a watch whose folder is not
 * known yet. */
static bool tell_all(struct watch *watch)
{
    while (watch->at < watch->size && !watch->is_closing) {
        const char *at = watch->buffer + watch->at;
        struct inotify_event raw;
        memcpy(&raw, at, sizeof raw);
        if (watch->adding > 0 && raw.wd >= 0 && folder_of(watch, raw.wd) == 0)
            return false;
        watch->at += sizeof raw + raw.len;
        tell(watch, &raw, raw.len > 0 ? at + sizeof raw : "");
    }
    return true;
}

static void listen_on(struct watch *watch);

/* One buffer a turn of the loop: what is left wakes it again. */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct watch *watch = poll->data;
    ssize_t size = read(watch->fd, watch->buffer, sizeof watch->buffer);
    watch->at = 0;
    watch->size = size > 0 ? (size_t)size : 0;
    listen_on(watch);
}

static void listen_on(struct watch *watch)
{
    if (watch->is_closing)
        return;
    if (tell_all(watch))
        (void)uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    else
        (void)uv_poll_stop(&watch->poll);
}

static void on_mounts(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct watch *watch = poll->data;
    const struct watch_event event = {.kind = WATCH_MOUNTS, .name = ""};
    watch->on_event(watch->user, &event);
}

/* The pool may still be adding to a watch that is closed. */
static void release(struct watch *watch)
{
    if (watch->open_handles > 0 || watch->adding > 0)
        return;
    (void)close(watch->fd);
    if (watch->mounts_fd >= 0)
        (void)close(watch->mounts_fd);
    free(watch->entries);
    free(watch);
}

/* Adding and dropping. */

bool watch_has_room(const struct watch *watch)
{
    return !watch->is_full && watch->count < watch->limit;
}

int watch_begin(struct watch *watch)
{
    watch->adding++;
    return watch->fd;
}

int watch_add(int descriptor, int folder, bool only_self)
{
    char path[32];
    uint32_t mask = only_self ? mask_self : mask_self | mask_names;
    /* The descriptor's own name: no path that somebody could bend meanwhile (3.4). */
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    int id = inotify_add_watch(descriptor, path, mask);
    return id >= 0 ? id : -errno;
}

static bool fill_up(struct watch *watch, struct failure *failure)
{
    watch->is_full = true;
    if (!watch->is_full_told)
        (void)failure_set(failure, FAILURE_ITEM, 34,
                          "no more folders can be watched than %zu; changes in the others "
                          "are found by checks: raise fs.inotify.max_user_watches",
                          watch->count);
    watch->is_full_told = true;
    return false;
}

bool watch_put(struct watch *watch, int result, int64_t folder, struct failure *failure)
{
    assert(watch->adding > 0);
    *failure = (struct failure){.kind = FAILURE_NONE};
    bool is_watched = result >= 0 && put(watch, result, folder);
    if (result >= 0 && !is_watched)
        (void)inotify_rm_watch(watch->fd, result);
    if (result == -ENOSPC || result == -ENOMEM || (result >= 0 && !is_watched))
        (void)fill_up(watch, failure);
    return is_watched;
}

void watch_end(struct watch *watch)
{
    assert(watch->adding > 0);
    watch->adding--;
    listen_on(watch);
    release(watch);
}

void watch_drop(struct watch *watch, int64_t folder)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->entries[i].folder == folder) {
            (void)inotify_rm_watch(watch->fd, watch->entries[i].id);
            watch->entries[i].folder = 0;
        }
    }
}

/* Life. */

static size_t read_limit(void)
{
    char text[24] = "";
    int fd = open("/proc/sys/fs/inotify/max_user_watches", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        (void)snprintf(text, sizeof text, "%d", 2 * WATCH_FOLDERS_MAX);
    if (fd >= 0)
        (void)close(fd);
    size_t half = (size_t)strtoull(text, NULL, 10) / 2;
    return half < WATCH_FOLDERS_MAX ? half : WATCH_FOLDERS_MAX;
}

static void on_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    watch->open_handles--;
    release(watch);
}

void watch_close(struct watch *watch)
{
    if (watch == NULL)
        return;
    watch->is_closing = true;
    uv_close((uv_handle_t *)&watch->poll, on_closed);
    if (watch->open_handles == HANDLES)
        uv_close((uv_handle_t *)&watch->mounts, on_closed);
}

static void watch_mounts(struct watch *watch, uv_loop_t *loop)
{
    watch->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (watch->mounts_fd < 0 || uv_poll_init(loop, &watch->mounts, watch->mounts_fd) != 0)
        return; /* the root is confirmed before each batch all the same */
    watch->mounts.data = watch;
    watch->open_handles++;
    (void)uv_poll_start(&watch->mounts, UV_PRIORITIZED, on_mounts);
}

struct watch *watch_new(uv_loop_t *loop, watch_event_fn *on_event, void *user,
                        struct failure *failure)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        (void)failure_set(failure, FAILURE_RESOURCE, 22, "out of memory");
        return NULL;
    }
    watch->on_event = on_event;
    watch->user = user;
    watch->limit = read_limit();
    watch->mounts_fd = -1;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0 || uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        (void)failure_set(failure, FAILURE_RESOURCE, 34,
                          "the folder cannot be watched (%s); changes made here are found "
                          "by checks: raise fs.inotify.max_user_instances",
                          strerror(errno));
        if (watch->fd >= 0)
            (void)close(watch->fd);
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    watch->open_handles = 1;
    watch_mounts(watch, loop);
    listen_on(watch);
    return watch;
}
