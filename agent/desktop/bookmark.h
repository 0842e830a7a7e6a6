/* A mirror's folder among the places of the file manager: the bookmarks of GTK, which most
 * file managers read, $XDG_CONFIG_HOME/gtk-3.0/bookmarks.
 *
 * Only where the desktop keeps such a folder already; the lines of others stay as they are.
 * Part of `agent add` and `agent remove`, which a person types; nothing else touches it. A
 * bookmark is a convenience: what goes wrong with it is told and stops nothing.
 */
#ifndef AGENT_DESKTOP_BOOKMARK_H
#define AGENT_DESKTOP_BOOKMARK_H

#include <stdbool.h>

#include "agent/failure.h"

/* Adds the folder, unless it is there already. `*out_done` (written in any case): whether
 * there is a bookmark now. */
enum failure_kind bookmark_add(const char *folder, bool *out_done, struct failure *failure);
/* Takes the bookmark of the folder away, if there is one. */
enum failure_kind bookmark_remove(const char *folder, struct failure *failure);

#endif
