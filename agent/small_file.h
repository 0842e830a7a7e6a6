/* Small files that are read and replaced as a whole (F-08).
 *
 * A reader sees the old content or the new one, never half of either, also after a power
 * cut: temporary file beside it, fsync, rename, fsync of the folder.
 */
#ifndef AGENT_SMALL_FILE_H
#define AGENT_SMALL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/failure.h"

enum { SMALL_FILE_MAX = 1024 * 1024 }; /* bytes */

/* Reads a whole file. On FAILURE_NONE `*out` is the caller's, with a zero behind it;
 * a missing file gives NULL and size 0. FAILURE_RESOURCE otherwise. */
enum failure_kind small_file_read(const char *path, char **out, size_t *out_size,
                                  struct failure *failure);

/* Replaces or makes the file; missing folders are made with mode 0700. A link is followed,
 * so that a linked configuration stays linked. `mode` is for a new file; an existing
 * one keeps its own. FAILURE_RESOURCE: the old content is still there. */
enum failure_kind small_file_replace(const char *path, const void *data, size_t size,
                                     mode_t mode, struct failure *failure);

/* Writes all of `data` to a descriptor that blocks. False with errno: a part of it may be
 * written. */
bool small_file_write(int fd, const void *data, size_t size);

/* Makes a folder and its missing parents with mode 0700. 0, or -1 with errno. */
int small_file_make_folders(const char *path);

#endif
