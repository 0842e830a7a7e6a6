/* A path as a file address (RFC 8089): for file managers and bookmarks. Pure. */
#ifndef AGENT_DESKTOP_FILE_URI_H
#define AGENT_DESKTOP_FILE_URI_H

#include <stdbool.h>
#include <stddef.h>

enum { FILE_URI_MAX = 3 * 4096 + 16 }; /* of any path that the system takes */

/* "file:///home/ana/My%20drive" of an absolute path, bytes as they are. False: no room. */
bool file_uri(const char *path, char *out, size_t out_size);

#endif
