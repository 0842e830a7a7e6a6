#include "agent/net/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/scope.h"
#include "agent/small_file.h"
#include "agent/words.h"

#define TOKEN_FILE_NAME "tokens.json"
#define TOKEN_FILE_NEW  "tokens.json.new"

static enum failure_kind fail(struct failure *failure, const char *what, const char *folder)
{
    int number = errno == ENOSPC || errno == EDQUOT ? 10 : 116;
    return failure_set(failure, FAILURE_RESOURCE, number, "%s %s/%s: %s", what, folder,
                       TOKEN_FILE_NAME, strerror(errno));
}

static int open_folder(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool read_all(int fd, struct bytes *out)
{
    for (;;) {
        uint8_t *room = bytes_reserve(out, 4096);
        if (room == NULL) {
            errno = EFBIG;
            return false;
        }
        ssize_t got = read(fd, room, 4096);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            bytes_commit(out, (size_t)got);
    }
}

static void close_to_others(int fd, const char *folder)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || (status.st_mode & 077) == 0)
        return;
    bool closed = fchmod(fd, 0600) == 0;
    log_line(LOG_LEVEL_WARNING, 117, NULL, "%s/%s could be read by others: %s", folder,
             TOKEN_FILE_NAME,
             closed ? _("it is closed to them now") : _("close it to them"));
}

enum failure_kind token_file_load(const char *folder, struct bytes *out,
                                  struct failure *failure)
{
    SCOPED(scope_close) int folder_fd = open_folder(folder);
    if (folder_fd < 0)
        return errno == ENOENT ? FAILURE_NONE : fail(failure, _("cannot read"), folder);
    SCOPED(scope_close)
    int fd = openat(folder_fd, TOKEN_FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? FAILURE_NONE : fail(failure, _("cannot read"), folder);
    close_to_others(fd, folder);
    return read_all(fd, out) ? FAILURE_NONE : fail(failure, _("cannot read"), folder);
}

/* Temporary file, its bytes down, the name changed, the folder down (failure-model 3.1). */
static bool replace(int folder_fd, const struct bytes *text)
{
    (void)unlinkat(folder_fd, TOKEN_FILE_NEW, 0); /* of a run that was killed */
    SCOPED(scope_close)
    int fd = openat(folder_fd, TOKEN_FILE_NEW,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (small_file_write(fd, bytes_front(text), bytes_count(text)) && fsync(fd) == 0 &&
        renameat(folder_fd, TOKEN_FILE_NEW, folder_fd, TOKEN_FILE_NAME) == 0)
        return fsync(folder_fd) == 0;
    int saved = errno;
    (void)unlinkat(folder_fd, TOKEN_FILE_NEW, 0);
    errno = saved;
    return false;
}

enum failure_kind token_file_save(const char *folder, const struct bytes *text,
                                  struct failure *failure)
{
    if (small_file_make_folders(folder) != 0)
        return fail(failure, _("cannot make the folder of"), folder);
    SCOPED(scope_close) int folder_fd = open_folder(folder);
    if (folder_fd < 0 || !replace(folder_fd, text))
        return fail(failure, _("cannot save the sign-in in"), folder);
    return FAILURE_NONE;
}

enum failure_kind token_file_forget(const char *folder, struct failure *failure)
{
    SCOPED(scope_close) int folder_fd = open_folder(folder);
    if (folder_fd < 0)
        return errno == ENOENT ? FAILURE_NONE : fail(failure, _("cannot forget"), folder);
    (void)unlinkat(folder_fd, TOKEN_FILE_NEW, 0);
    if (unlinkat(folder_fd, TOKEN_FILE_NAME, 0) != 0 && errno != ENOENT)
        return fail(failure, _("cannot forget"), folder);
    return fsync(folder_fd) == 0 ? FAILURE_NONE : fail(failure, _("cannot forget"), folder);
}
