#include "agent/net/browser.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/scope.h"

/* NULL where it is empty, too. */
static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != 0 ? value : NULL;
}

bool browser_has_display(void)
{
    return setting("WAYLAND_DISPLAY") != NULL || setting("DISPLAY") != NULL;
}

/* Its chatter has no place on our terminal. Not every library opens its sockets so that
 * they close on exec. */
static bool keep_quiet(posix_spawn_file_actions_t *actions)
{
    return posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0) == 0 &&
           posix_spawn_file_actions_adddup2(actions, 0, 1) == 0 &&
           posix_spawn_file_actions_adddup2(actions, 0, 2) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(actions, 3) == 0;
}

static pid_t start(char *program, char *url)
{
    char *arguments[] = {program, url, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return 0;
    if (!keep_quiet(&actions) ||
        posix_spawnp(&child, program, &actions, NULL, arguments, environ) != 0)
        child = 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    return child;
}

/* An entry with arguments of its own is a matter of xdg-open, which knows their form. */
static pid_t start_first(char *programs, char *url)
{
    pid_t child = 0;
    while (child == 0 && *programs != 0) {
        char *program = programs;
        programs += strcspn(programs, ":");
        if (*programs != 0)
            *programs++ = 0;
        if (*program != 0 && strpbrk(program, " %") == NULL)
            child = start(program, url);
    }
    return child;
}

pid_t browser_open(const char *url)
{
    char program[] = "xdg-open";
    const char *wanted = setting("BROWSER");
    if (wanted == NULL && !browser_has_display())
        return 0;
    SCOPED(scope_free) char *copy = strdup(url);
    SCOPED(scope_free)
    char *programs = wanted != NULL ? strdup(wanted) : NULL;
    if (copy == NULL)
        return 0;
    pid_t child = programs == NULL ? 0 : start_first(programs, copy);
    return child == 0 ? start(program, copy) : child;
}

void browser_reap(pid_t child)
{
    if (child > 0)
        (void)waitpid(child, NULL, WNOHANG);
}
