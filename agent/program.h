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

/* First thing in main(): opens /dev/null in the place of a standard stream that whoever
 * started us has closed. The next file or socket would get its number else, and what is
 * printed or logged would be written into that. */
void program_open_streams(void);

#endif
