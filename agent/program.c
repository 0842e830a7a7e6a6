#include "agent/program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* proc(5): the kernel appends this to the name of a file that has none any more. */
static const char mark[] = " (deleted)";

/* Where the mark stands in what the kernel says; NULL: the file is there. */
static char *find_mark(char *path)
{
    size_t size = strlen(path);
    size_t mark_size = sizeof mark - 1;
    bool is_marked = size > mark_size && strcmp(path + size - mark_size, mark) == 0;
    return is_marked ? path + size - mark_size : NULL;
}

static bool read_path(char out[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", out, PATH_MAX);
    if (size <= 0 || size == PATH_MAX)
        return false;
    out[size] = '\0';
    return true;
}

bool program_path(char out[PATH_MAX])
{
    if (!read_path(out))
        return false;
    char *end = find_mark(out);
    if (end != NULL)
        *end = '\0';
    return true;
}

bool program_is_replaced(void)
{
    char path[PATH_MAX];
    return read_path(path) && find_mark(path) != NULL;
}

void program_open_streams(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO)
        (void)close(fd);
}
