#include "agent/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/scope.h"
#include "agent/words.h"

static enum failure_kind fail_because(struct failure *failure, const char *what,
                                      const char *path, const char *why)
{
    char shown[256];
    return failure_set(failure, FAILURE_RESOURCE, 0, "%s %s: %s", what,
                       log_escape(path, shown, sizeof shown), why);
}

static enum failure_kind fail(struct failure *failure, const char *what, const char *path)
{
    int error = errno;
    enum failure_kind kind = fail_because(failure, what, path, strerror(error));
    if (error == ENOSPC && failure != NULL)
        failure->number = 10;
    return kind;
}

static bool read_all(int fd, char *out, size_t capacity, size_t *out_size)
{
    size_t used = 0;
    while (used < capacity) {
        ssize_t got = read(fd, out + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *out_size = used;
    return true;
}

enum failure_kind small_file_read(const char *path, char **out, size_t *out_size,
                                  struct failure *failure)
{
    SCOPED(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *out = NULL;
        *out_size = 0;
        return FAILURE_NONE;
    }
    if (fd < 0)
        return fail(failure, _("cannot read"), path);
    struct stat info;
    if (fstat(fd, &info) != 0)
        return fail(failure, _("cannot read"), path);
    if (!S_ISREG(info.st_mode))
        return fail_because(failure, _("cannot read"), path,
                            _("this is not a file; name another one"));
    if (info.st_size > SMALL_FILE_MAX)
        return fail_because(failure, _("cannot read"), path,
                            _("it is larger than 1 MiB; is it the right one?"));
    size_t capacity = (size_t)info.st_size + 1;
    SCOPED(scope_free) char *text = malloc(capacity + 1);
    size_t size = 0;
    if (text == NULL || !read_all(fd, text, capacity, &size))
        return fail(failure, _("cannot read"), path);
    text[size] = '\0';
    *out = text;
    *out_size = size;
    text = NULL;
    return FAILURE_NONE;
}

int small_file_make_folders(const char *path)
{
    SCOPED(scope_free) char *copy = strdup(path);
    if (copy == NULL)
        return -1;
    for (char *at = copy + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            return -1;
        *at = '/';
    }
    return mkdir(copy, 0700) != 0 && errno != EEXIST ? -1 : 0;
}

bool small_file_write(int fd, const void *data, size_t size)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* Writes `temporary` in `folder` and makes it durable. */
static bool write_temporary(int folder, const char *temporary, const void *data,
                            size_t size, mode_t mode)
{
    /* A leftover of a killed process with our number. */
    (void)unlinkat(folder, temporary, 0);
    SCOPED(scope_close)
    int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return false;
    if (fchmod(fd, mode) == 0 && small_file_write(fd, data, size) && fsync(fd) == 0)
        return true;
    int saved = errno;
    (void)unlinkat(folder, temporary, 0);
    errno = saved;
    return false;
}

enum failure_kind small_file_replace(const char *path, const void *data, size_t size,
                                     mode_t mode, struct failure *failure)
{
    SCOPED(scope_free) char *target = realpath(path, NULL);
    if (target == NULL)
        target = strdup(path);
    const char *slash = target == NULL ? NULL : strrchr(target, '/');
    if (slash == NULL)
        return fail(failure, _("cannot write"), path);
    SCOPED(scope_free) char *parent = strndup(target, (size_t)(slash - target) + 1);
    if (parent == NULL || small_file_make_folders(parent) != 0)
        return fail(failure, _("cannot make the folder of"), path);
    SCOPED(scope_close) int folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail(failure, _("cannot open the folder of"), path);
    struct stat old;
    if (fstatat(folder, slash + 1, &old, 0) == 0)
        mode = old.st_mode & 07777;
    char temporary[64];
    (void)snprintf(temporary, sizeof temporary, ".drive-agent-%ld.tmp", (long)getpid());
    if (!write_temporary(folder, temporary, data, size, mode))
        return fail(failure, _("cannot write"), path);
    if (renameat(folder, temporary, folder, slash + 1) != 0) {
        int saved = errno;
        (void)unlinkat(folder, temporary, 0);
        errno = saved;
        return fail(failure, _("cannot replace"), path);
    }
    if (fsync(folder) != 0)
        return fail(failure, _("cannot make durable"), path);
    return FAILURE_NONE;
}
