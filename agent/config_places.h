/* Where things lie: paths of the configuration. Part of config.h, whose checks of folders
 * (F-96, F-159) live in the same file.
 */
#ifndef AGENT_CONFIG_PLACES_H
#define AGENT_CONFIG_PLACES_H

#include "agent/config.h"

/* "~", "~/x" or an absolute path, without double slashes, dots and a slash at the end.
 * NULL: relative, with "..", or no memory. The caller frees it. */
char *config_absolute_path(const char *text);

/* Whether the command line or the environment names the file. */
bool config_is_named(const struct config_places *places);

/* Fills path, state_dir and the paths of both sockets from command line, environment and
 * the XDG folders. */
enum failure_kind config_find_places(const struct config_places *places,
                                     struct config *config, struct failure *failure);

#endif
