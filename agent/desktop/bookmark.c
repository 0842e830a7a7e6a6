#include "agent/desktop/bookmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/desktop/file_uri.h"
#include "agent/scope.h"
#include "agent/small_file.h"

enum { BOOKMARK_MAX_PATH = 4096, BOOKMARK_MODE = 0644 };

/* False: this desktop keeps no such file. */
static bool find_file(char *out, size_t out_size)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    bool has_config = config != NULL && config[0] == '/';
    struct stat info;
    if (!has_config && (home == NULL || home[0] != '/'))
        return false;
    int size = snprintf(out, out_size, "%s%s/gtk-3.0", has_config ? config : home,
                        has_config ? "" : "/.config");
    if (size < 0 || (size_t)size + sizeof "/bookmarks" > out_size ||
        stat(out, &info) != 0 || !S_ISDIR(info.st_mode))
        return false;
    (void)snprintf(out + size, out_size - (size_t)size, "/bookmarks");
    return true;
}

/* The line of an address: the address, and maybe a blank and a name. NULL: there is none.
 */
static char *find_line(char *text, const char *uri)
{
    size_t size = strlen(uri);
    for (char *at = text; at != NULL && *at != '\0';) {
        if (strncmp(at, uri, size) == 0 && strchr(" \r\n", at[size]) != NULL)
            return at;
        char *end = strchr(at, '\n');
        at = end == NULL ? NULL : end + 1;
    }
    return NULL;
}

enum failure_kind bookmark_add(const char *folder, bool *out_done, struct failure *failure)
{
    char path[BOOKMARK_MAX_PATH];
    char uri[FILE_URI_MAX];
    SCOPED(scope_free) char *old = NULL;
    size_t size = 0;
    *out_done = false;
    if (!find_file(path, sizeof path) || !file_uri(folder, uri, sizeof uri))
        return FAILURE_NONE;
    enum failure_kind kind = small_file_read(path, &old, &size, failure);
    if (kind != FAILURE_NONE)
        return kind;
    *out_done = old != NULL && find_line(old, uri) != NULL;
    if (*out_done)
        return FAILURE_NONE;
    size_t room = size + strlen(uri) + 3;
    SCOPED(scope_free) char *text = malloc(room);
    if (text == NULL)
        return failure_set(failure, FAILURE_RESOURCE, 22, "no memory");
    bool has_end = old == NULL || size == 0 || old[size - 1] == '\n';
    int written =
        snprintf(text, room, "%s%s%s\n", old == NULL ? "" : old, has_end ? "" : "\n", uri);
    kind = small_file_replace(path, text, (size_t)written, BOOKMARK_MODE, failure);
    *out_done = kind == FAILURE_NONE;
    return kind;
}

enum failure_kind bookmark_remove(const char *folder, struct failure *failure)
{
    char path[BOOKMARK_MAX_PATH];
    char uri[FILE_URI_MAX];
    SCOPED(scope_free) char *text = NULL;
    size_t size = 0;
    if (!find_file(path, sizeof path) || !file_uri(folder, uri, sizeof uri))
        return FAILURE_NONE;
    enum failure_kind kind = small_file_read(path, &text, &size, failure);
    char *line = kind == FAILURE_NONE && text != NULL ? find_line(text, uri) : NULL;
    if (line == NULL)
        return kind;
    const char *end = strchr(line, '\n');
    end = end == NULL ? text + size : end + 1;
    size_t taken = (size_t)(end - line);
    memmove(line, end, (size_t)(text + size - end));
    return small_file_replace(path, text, size - taken, BOOKMARK_MODE, failure);
}
