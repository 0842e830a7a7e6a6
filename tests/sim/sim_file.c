#include "tests/sim/sim_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_OPEN = 8, PATH_ROOM = 512 };

struct sim_file {
    char path[PATH_ROOM];
    unsigned users; /* 0: free for another file */
    uint8_t *bytes; /* kept for the next one */
    size_t size;
    size_t room;
};

static struct sim_file files[MAX_OPEN];

static void make_room(struct sim_file *file, size_t size)
{
    if (size <= file->room)
        return;
    file->room = size + size / 2;
    file->bytes = realloc(file->bytes, file->room);
    if (file->bytes == NULL)
        abort();
}

static void load(struct sim_file *file)
{
    struct stat found;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &found) != 0)
        abort();
    file->size = (size_t)found.st_size;
    make_room(file, file->size + 1);
    if (pread(fd, file->bytes, file->size, 0) != found.st_size)
        abort();
    (void)close(fd);
}

static void save(const struct sim_file *file)
{
    int fd = open(file->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0)
        abort();
    if (pwrite(fd, file->bytes, file->size, 0) != (ssize_t)file->size)
        abort();
    (void)close(fd);
}

static struct sim_file *find(const char *path)
{
    for (size_t i = 0; i < MAX_OPEN; i++) {
        if (files[i].users > 0 && strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return NULL;
}

const struct sim_file *sim_file_find(const char *path)
{
    return find(path);
}

static struct sim_file *unused(void)
{
    for (size_t i = 0; i < MAX_OPEN; i++) {
        if (files[i].users == 0)
            return &files[i];
    }
    abort();
}

struct sim_file *sim_file_open(const char *path)
{
    struct sim_file *file = find(path);
    if (file == NULL) {
        file = unused();
        (void)snprintf(file->path, sizeof file->path, "%s", path);
        load(file);
    }
    file->users++;
    return file;
}

void sim_file_close(struct sim_file *file)
{
    if (--file->users == 0)
        save(file);
}

void sim_file_save_all(void)
{
    for (size_t i = 0; i < MAX_OPEN; i++) {
        if (files[i].users > 0)
            save(&files[i]);
    }
}

int64_t sim_file_size(const struct sim_file *file)
{
    return (int64_t)file->size;
}

bool sim_file_read(const struct sim_file *file, void *out, size_t size, int64_t offset)
{
    size_t from = (size_t)offset;
    size_t left = from < file->size ? file->size - from : 0;
    size_t taken = size < left ? size : left;
    if (taken > 0)
        memcpy(out, file->bytes + from, taken);
    memset((uint8_t *)out + taken, 0, size - taken);
    return taken == size;
}

void sim_file_write(struct sim_file *file, const void *bytes, size_t size, int64_t offset)
{
    size_t from = (size_t)offset;
    make_room(file, from + size);
    if (from > file->size)
        memset(file->bytes + file->size, 0, from - file->size);
    memcpy(file->bytes + from, bytes, size);
    if (from + size > file->size)
        file->size = from + size;
}

void sim_file_truncate(struct sim_file *file, int64_t size)
{
    if ((size_t)size < file->size)
        file->size = (size_t)size;
}
