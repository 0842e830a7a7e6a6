/* The file that this process was started from. */
#ifndef AGENT_PROGRAM_H
#define AGENT_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

/* Its absolute path. Where it was replaced, that of the file which has its name now: what
 * is started from there is the new program. False: the system does not say. */
bool program_path(char out[PATH_MAX]);

/* Whether that file was replaced or removed since, as by an update of the package (F-165).
 * Nothing is read from it later, so this process goes on as it was. */
bool program_is_replaced(void);

#endif
