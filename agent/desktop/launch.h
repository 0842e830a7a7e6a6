/* Starts programs of the desktop and shows folders, on a person's click.
 *
 * A folder is shown by the desktop's own file manager, asked over the session bus
 * (org.freedesktop.FileManager1). A program is started by the user's service manager as a
 * unit of its own, so that it does not inherit our confinement (a browser cannot live in
 * it) and does not end with us. Where neither answers, the program is our own child: no
 * shell, output to nowhere, never waited for (F-171).
 */
#ifndef AGENT_DESKTOP_LAUNCH_H
#define AGENT_DESKTOP_LAUNCH_H

#include <uv.h>

#include "agent/desktop/bus.h"

struct launch;

enum { LAUNCH_MAX_WORDS = 8 };

/* `session_bus` may be NULL and outlives it. NULL: no memory; the others accept that. */
struct launch *launch_new(uv_loop_t *loop, struct bus *session_bus);
/* Programs that were started go on. */
void launch_close(struct launch *launch);

/* `words` is NULL-terminated, at most LAUNCH_MAX_WORDS; the first is a path or a name to
 * look up. Copied. */
void launch_program(struct launch *launch, const char *const *words);
/* `path` is absolute; copied. */
void launch_folder(struct launch *launch, const char *path);

#endif
