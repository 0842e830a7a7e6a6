/* Local resources that end with their block, so that an early return is always right:
 *
 *     SCOPED(scope_free) char *text = strdup(name);
 *
 * To give the resource away, return it through a copy and set the local to NULL (or -1).
 * The attribute is understood by gcc and clang. errno survives the release.
 */
#ifndef AGENT_SCOPE_H
#define AGENT_SCOPE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A lock or a guard is held, not used. */
#define SCOPED(release) __attribute__((cleanup(release), unused))

/* For a local that holds memory of malloc(); the argument is the address of the local. */
static inline void scope_free(void *local)
{
    void **memory = local;
    int saved = errno;
    free(*memory);
    errno = saved;
}

/* For a local descriptor, -1 none. */
static inline void scope_close(const int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        (void)close(*fd);
    errno = saved;
}

/* For a local stream that was only read; a written one must be closed and checked. */
static inline void scope_fclose(FILE **stream)
{
    int saved = errno;
    if (*stream != NULL)
        (void)fclose(*stream);
    errno = saved;
}

#endif
