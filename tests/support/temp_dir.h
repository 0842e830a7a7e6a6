/* A temporary folder of a test and plain file calls in it. Paths are relative to it; what
 * goes wrong with the test's own files fails the test.
 */
#ifndef TESTS_SUPPORT_TEMP_DIR_H
#define TESTS_SUPPORT_TEMP_DIR_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/table.h"

struct temp_dir {
    char path[96]; /* leaves room for a name in 128 bytes */
};

static inline void temp_dir_make(struct temp_dir *dir)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(dir->path, sizeof dir->path, "%s/agent-test-XXXXXX",
                   base != NULL && base[0] == '/' ? base : "/tmp");
    assert_non_null(mkdtemp(dir->path));
}

static inline const char *temp_dir_path(const struct temp_dir *dir, const char *name,
                                        char out[PATH_MAX])
{
    int length =
        snprintf(out, PATH_MAX, "%s%s%s", dir->path, name[0] != '\0' ? "/" : "", name);
    assert_in_range(length, 1, PATH_MAX - 1);
    return out;
}

/* Calls `each` for the path of everything below a folder, leaves first. */
static inline void temp_dir_walk(const char *path,
                                 void (*each)(void *user, const char *path,
                                              const struct stat *found),
                                 void *user)
{
    DIR *list = opendir(path);
    const struct dirent *entry;
    while (list != NULL && (entry = readdir(list)) != NULL) {
        char child[PATH_MAX];
        struct stat found;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int length = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (length < 0 || length >= (int)sizeof child || lstat(child, &found) != 0)
            continue;
        if (S_ISDIR(found.st_mode))
            temp_dir_walk(child, each, user);
        each(user, child, &found);
    }
    if (list != NULL)
        (void)closedir(list);
}

static inline void temp_dir_remove_one(void *user, const char *path,
                                       const struct stat *found)
{
    (void)user;
    (void)found;
    (void)remove(path);
}

static inline void temp_dir_remove(const struct temp_dir *dir)
{
    temp_dir_walk(dir->path, temp_dir_remove_one, NULL);
    (void)rmdir(dir->path);
}

/* Writes a whole file, truncating what is there, as many editors do. */
static inline void temp_dir_write(const struct temp_dir *dir, const char *name,
                                  const char *text)
{
    char path[PATH_MAX];
    int fd = open(temp_dir_path(dir, name, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                  0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

/* The text of a file, "" also where there is none; static storage of the caller. */
static inline const char *temp_dir_read(const struct temp_dir *dir, const char *name,
                                        char *out, size_t size)
{
    char path[PATH_MAX];
    int fd = open(temp_dir_path(dir, name, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t length = fd >= 0 ? read(fd, out, size - 1) : 0;
    out[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return out;
}

static inline bool temp_dir_has(const struct temp_dir *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat found;
    return lstat(temp_dir_path(dir, name, path), &found) == 0;
}

static inline void temp_dir_mkdir(const struct temp_dir *dir, const char *name)
{
    char path[PATH_MAX];
    assert_int_equal(mkdir(temp_dir_path(dir, name, path), 0755), 0);
}

static inline void temp_dir_symlink(const struct temp_dir *dir, const char *target,
                                    const char *name)
{
    char path[PATH_MAX];
    assert_int_equal(symlink(target, temp_dir_path(dir, name, path)), 0);
}

struct temp_dir_search {
    const char *marker;
    const char *prefix; /* of the path; NULL any */
    size_t hits;
};

static inline void temp_dir_search_one(void *user, const char *path,
                                       const struct stat *found)
{
    struct temp_dir_search *search = user;
    char text[4096];
    if (!S_ISREG(found->st_mode))
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        (void)close(fd);
    text[length > 0 ? length : 0] = '\0';
    search->hits += strstr(text, search->marker) != NULL;
}

/* In how many files below the folder a marker can be found (I-1). */
static inline size_t temp_dir_count_marker(const struct temp_dir *dir, const char *marker)
{
    struct temp_dir_search search = {.marker = marker};
    temp_dir_walk(dir->path, temp_dir_search_one, &search);
    return search.hits;
}

#endif
