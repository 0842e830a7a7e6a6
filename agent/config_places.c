#include "agent/config_places.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/log.h"
#include "agent/scope.h"
#include "agent/words.h"

/* The home folder, or NULL. Borrowed. */
static const char *find_home(void)
{
    const char *home = getenv("HOME");
    if (home != NULL && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(getuid());
    return entry == NULL ? NULL : entry->pw_dir;
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        (void)snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Drops empty components and ".", in place. False: there is a "..". */
static bool tidy(char *path)
{
    char *to = path;
    for (const char *from = path; *from != '\0';) {
        from += strspn(from, "/");
        size_t size = strcspn(from, "/");
        if (size == 2 && from[0] == '.' && from[1] == '.')
            return false;
        if (size > 0 && !(size == 1 && from[0] == '.')) {
            *to++ = '/';
            memmove(to, from, size);
            to += size;
        }
        from += size;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
    return true;
}

char *config_absolute_path(const char *text)
{
    char *path = NULL;
    if (text[0] == '/')
        path = strdup(text);
    else if (text[0] == '~' && (text[1] == '/' || text[1] == '\0'))
        path = find_home() == NULL ? NULL : join(find_home(), text + 1);
    if (path != NULL && tidy(path))
        return path;
    free(path);
    return NULL;
}

/* A path of the command line or the environment: relative to where we stand. */
static char *from_here(const char *text)
{
    char here[4096];
    if (text[0] == '/' || text[0] == '~')
        return config_absolute_path(text);
    if (getcwd(here, sizeof here) == NULL)
        return NULL;
    return join(here, text);
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool config_is_named(const struct config_places *places)
{
    return is_set(places->config_file) || is_set(getenv("AGENT_CONFIG"));
}

/* The first of command line, environment variable and the default under an XDG folder. */
static char *find_place(const char *option, const char *variable, const char *xdg_variable,
                        const char *xdg_default, const char *name)
{
    const char *given = is_set(option) ? option : getenv(variable);
    if (is_set(given))
        return from_here(given);
    const char *base = getenv(xdg_variable);
    if (base != NULL && base[0] == '/')
        return join(base, name);
    const char *home = find_home();
    SCOPED(scope_free) char *folder = home == NULL ? NULL : join(home, xdg_default);
    return folder == NULL ? NULL : join(folder, name);
}

/* Each state has its own socket: a state folder that was named keeps it inside. */
static char *find_socket(const struct config_places *places, const char *state_dir)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    bool named = is_set(places->state_dir) || is_set(getenv("AGENT_STATE_DIR"));
    if (!named && runtime != NULL && runtime[0] == '/')
        return join(runtime, "drive-agent/control.sock");
    return join(state_dir, "control.sock");
}

enum failure_kind config_find_places(const struct config_places *places,
                                     struct config *config, struct failure *failure)
{
    config->path = find_place(places->config_file, "AGENT_CONFIG", "XDG_CONFIG_HOME",
                              ".config", "drive-agent/config.ini");
    config->state_dir = find_place(places->state_dir, "AGENT_STATE_DIR", "XDG_STATE_HOME",
                                   ".local/state", "drive-agent");
    if (config->path != NULL && config->state_dir != NULL) {
        config->socket_path = find_socket(places, config->state_dir);
        config->state_socket_path = join(config->state_dir, "control.sock");
    }
    if (config->socket_path == NULL || config->state_socket_path == NULL)
        return failure_set(failure, FAILURE_CONFIG, 159,
                           "cannot tell where configuration and state lie: is HOME set? "
                           "name them with --config and --state-dir");
    return FAILURE_NONE;
}

/* The real path, with what does not exist yet appended as it is written. */
static char *resolve(const char *path)
{
    char *real = realpath(path, NULL);
    if (real != NULL || errno == ENOMEM)
        return real;
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return strdup(path);
    SCOPED(scope_free) char *parent = strndup(path, (size_t)(slash - path));
    SCOPED(scope_free) char *real_parent = parent == NULL ? NULL : resolve(parent);
    if (real_parent == NULL)
        return NULL;
    return join(strcmp(real_parent, "/") == 0 ? "" : real_parent, slash + 1);
}

static bool lies_in(const char *inner, const char *outer)
{
    size_t size = strlen(outer);
    if (strcmp(outer, "/") == 0)
        return true;
    return strncmp(inner, outer, size) == 0 && inner[size] == '/';
}

int config_folders_overlap(const char *one, const char *other)
{
    SCOPED(scope_free) char *first = resolve(one);
    SCOPED(scope_free) char *second = resolve(other);
    if (first == NULL || second == NULL)
        return 1; /* cannot be told: no is the safe answer */
    if (strcmp(first, second) == 0)
        return 1;
    return lies_in(first, second) || lies_in(second, first) ? 2 : 0;
}

const char *config_folder_fault(const struct config *config, const char *folder)
{
    SCOPED(scope_free) char *real = resolve(folder);
    SCOPED(scope_free) char *home = find_home() == NULL ? NULL : resolve(find_home());
    if (real == NULL)
        return _("cannot be resolved");
    if (strcmp(real, "/") == 0)
        return _("is the root of the file system; choose a folder of its own");
    if (home != NULL && strcmp(real, home) == 0)
        return _("is the home folder; choose a folder in it, such as ~/OneDrive");
    if (home != NULL && lies_in(home, real))
        return _("holds the home folder; choose a folder of its own");
    if (config_folders_overlap(real, config->state_dir) != 0)
        return _("overlaps the agent's state folder; choose another one");
    struct stat info;
    if (stat(real, &info) == 0 && !S_ISDIR(info.st_mode))
        return _("is not a folder; choose another name");
    return NULL;
}
