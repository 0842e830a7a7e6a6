/* Edits files as programs do that map them: no call writes, the size stays, and the times
 * change when the kernel sees fit (F-37).
 *
 * Reads lines "PATH<tab>TEXT" and for each puts TEXT where the file has at least as many
 * blanks, keeping the mapping for a moment with the descriptor closed. Answers "done",
 * "full" (no room) or "gone" (no such file), one line each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_SIZE = 8192, HOLD_MS = 3 };

static void hold(void)
{
    const struct timespec pause = {.tv_nsec = HOLD_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
}

/* The first run of `size` blanks, NULL if there is none. */
static char *find_room(char *map, size_t map_size, size_t size)
{
    size_t run = 0;
    for (size_t i = 0; i < map_size; i++) {
        run = map[i] == ' ' ? run + 1 : 0;
        if (run == size)
            return map + i + 1 - size;
    }
    return NULL;
}

/* In two parts, as a program fills a structure. */
static const char *write_mapped(char *map, size_t map_size, const char *text)
{
    size_t size = strlen(text);
    char *room = find_room(map, map_size, size);
    if (room == NULL)
        return "full";
    memcpy(room, text, size / 2);
    hold();
    memcpy(room + size / 2, text + size / 2, size - size / 2);
    return "done";
}

static const char *edit(const char *path, const char *text)
{
    struct stat found;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return "gone";
    char *map = MAP_FAILED;
    if (fstat(fd, &found) == 0 && found.st_size > 0)
        map = mmap(NULL, (size_t)found.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (map == MAP_FAILED)
        return "full";
    const char *result = write_mapped(map, (size_t)found.st_size, text);
    (void)munmap(map, (size_t)found.st_size);
    return result;
}

int main(void)
{
    char line[LINE_MAX_SIZE];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *tab = strchr(line, '\t');
        if (tab == NULL)
            return 2;
        *tab = '\0';
        tab[1 + strcspn(tab + 1, "\n")] = '\0';
        if (printf("%s\n", edit(line, tab + 1)) < 0 || fflush(stdout) != 0)
            return 1;
    }
    return 0;
}
